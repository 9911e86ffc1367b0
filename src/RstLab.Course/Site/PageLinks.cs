using System.Text.RegularExpressions;

namespace RstLab.Course.Site;

/// <summary>Where the links of one page lead: to other pages of its language, and to files that all languages share.</summary>
internal sealed partial class PageLinks
{
    private readonly ProjectFiles files;
    private readonly Edition edition;
    private readonly string[] folders;

    /// <summary>Begins a page.</summary>
    /// <param name="files">The files that come along.</param>
    /// <param name="edition">The language.</param>
    /// <param name="place">The page's name in its language, without its ending, such as <c>solutions/01-nobody-listening</c>.</param>
    internal PageLinks(ProjectFiles files, Edition edition, string place)
    {
        (this.files, this.edition) = (files, edition);
        var folder = Path.GetDirectoryName(place)!;
        // A translated cell has the links of its cell; a translated page may have those of its own place.
        folders = edition.Words.Folder.Length == 0 ? [folder] : [folder, Path.Combine(edition.Words.Folder, folder)];
        ToEdition = string.Concat(Enumerable.Repeat("../", place.Count(c => c == '/')));
        ToSite = ToEdition + (edition.Words.Folder.Length == 0 ? "" : "../");
    }

    /// <summary>From the page to the folder of its language: empty or <c>../</c>.</summary>
    internal string ToEdition { get; }

    /// <summary>From the page to the site's folder, in which shared files are.</summary>
    internal string ToSite { get; }

    /// <summary>The capture of a recording; null when none was written or shipped.</summary>
    internal string? Capture(string id) => Shared(files.Capture(id));

    /// <summary>The JSON of a recording; null when none was written or shipped.</summary>
    internal string? Recording(string id) => Shared(files.Recording(id));

    /// <summary>A table of results; null when it was not written.</summary>
    internal string? Results(string id) => Shared(files.Results(id));

    /// <summary>
    /// Where a relative link of a notebook or page leads in the site: a notebook and a page to their pages, a file of the project
    /// to its copy; null when there is nothing to lead to.
    /// </summary>
    internal string? Resolve(string url)
    {
        var end = url.IndexOfAny(['#', '?']);
        var (path, rest) = end < 0 ? (url, "") : (url[..end], url[end..]);
        path = Uri.UnescapeDataString(path);
        return folders.Select(folder => PageAt(folder, path)).FirstOrDefault(page => page is not null) is { } page ? page + rest
            : Path.GetExtension(path) == ".ipynb" ? null // a chapter that this run left out; its source is nothing to read in a browser
            : folders.Select(folder => files.OfProject(Path.Combine(folder, path))).FirstOrDefault(file => file is not null) is { } file ? ToSite + file + rest
            : null;
    }

    /// <summary>The same for the links and pictures in an output's HTML.</summary>
    internal string ResolveAll(string html) => Reference().Replace(html, match =>
        Resolve(System.Net.WebUtility.HtmlDecode(match.Groups["url"].Value)) is { } there
            ? $"{match.Groups["attribute"].Value}=\"{Markup.Escape(there)}\""
            : match.Value);

    private string? PageAt(string folder, string path)
    {
        if (Path.GetExtension(path) is not (".ipynb" or ".md") || Path.IsPathRooted(path))
        {
            return null;
        }

        var place = Path.GetRelativePath("/", Path.GetFullPath(Path.Combine("/notebooks", folder, path))).Replace('\\', '/');
        if (!place.StartsWith("notebooks/", StringComparison.Ordinal))
        {
            return null;
        }

        place = Path.ChangeExtension(place["notebooks/".Length..], null);
        var translated = place.StartsWith(Words.Chinese.Folder, StringComparison.Ordinal);
        place = translated ? place[Words.Chinese.Folder.Length..] : place;
        return edition.Has(place) ? (translated ? ToSite + Words.Chinese.Folder : ToEdition) + Uri.EscapeDataString(place).Replace("%2F", "/", StringComparison.Ordinal) + ".html" : null;
    }

    private string? Shared(string? file) => file is null ? null : ToSite + file;

    [GeneratedRegex("(?<attribute>\\b(?:href|src))=\"(?![a-zA-Z][a-zA-Z0-9+.-]*:|#|//)(?<url>[^\"]+)\"")]
    private static partial Regex Reference();
}
