using System.Text.RegularExpressions;
using Markdig;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using RstLab.Course.Site;

namespace RstLab.Course.Lint;

/// <summary>What Markdown has to be for every reader: links that lead somewhere, headings in order, pictures that are said in words too.</summary>
internal sealed partial class MarkdownRules
{
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder()
        .UsePipeTables().UseFootnotes().UseAutoLinks().UseDefinitionLists().UseAlertBlocks().UseTaskLists().UseCjkFriendlyEmphasis().UsePreciseSourceLocation().Build();

    private readonly string file;
    private int level;

    /// <summary>Begins a page.</summary>
    /// <param name="file">The notebook or Markdown file, which links are relative to.</param>
    internal MarkdownRules(string file) => this.file = Path.GetFullPath(file);

    /// <summary>Checks the next cell of the page.</summary>
    /// <param name="source">The text, lines separated by <c>\n</c>.</param>
    internal IEnumerable<Fault> Check(string source)
    {
        foreach (var part in Markdown.Parse(source, Pipeline).Descendants())
        {
            var faults = part switch
            {
                HeadingBlock heading => Heading(heading.Level),
                LinkInline { IsImage: true } image => [.. Image(Words(image)), .. Link(image.Url)],
                LinkInline link => Link(link.Url),
                HtmlBlock html => Html(html.Lines.ToString()),
                HtmlInline html => Html(html.Tag),
                _ => [],
            };
            foreach (var (rule, message) in faults)
            {
                yield return new Fault(part.Line + 1, rule, message);
            }
        }
    }

    private IEnumerable<(string, string)> Heading(int next)
    {
        var before = level;
        level = next;
        if (before == 0 && next != 1)
        {
            yield return ("heading-order", $"the first heading is of level {next}; a page begins with its title: # Title");
        }
        else if (before > 0 && next == 1)
        {
            yield return ("heading-order", "a second heading of level 1; a page has one title");
        }
        else if (before > 0 && next > before + 1)
        {
            yield return ("heading-order", $"a heading of level {next} follows one of level {before}; go down one level at a time");
        }
    }

    private static IEnumerable<(string, string)> Image(string words) =>
        words.Trim().Length > 0 ? [] : [("image-text", "a picture without alternative text says nothing to those who do not see it: ![what it shows](file)")];

    private IEnumerable<(string, string)> Html(string html) =>
    [
        .. ImageTag().Matches(html).Where(tag => !Alternative().IsMatch(tag.Value)).SelectMany(_ => Image("")),
        .. Target().Matches(html).SelectMany(target => Link(System.Net.WebUtility.HtmlDecode(target.Groups["url"].Value))),
    ];

    private IEnumerable<(string, string)> Link(string? url)
    {
        if (string.IsNullOrEmpty(url))
        {
            yield return ("link", "the link leads nowhere");
            yield break;
        }

        if (Absolute().Match(url) is { Success: true } scheme)
        {
            if (scheme.Value.StartsWith("file:", StringComparison.OrdinalIgnoreCase))
            {
                yield return ("link", $"{url} is a file of one machine; link relative to the notebook");
            }

            yield break;
        }

        var parts = url.Split('#', 2);
        var path = Uri.UnescapeDataString(parts[0].Split('?')[0]);
        var target = path.Length == 0 ? file : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, path));
        if (Path.IsPathRooted(path))
        {
            yield return ("link", $"{url} begins at the root of the disk or of the site; link relative to the notebook");
        }
        else if (!File.Exists(target) && !Directory.Exists(target))
        {
            yield return ("link", $"{url} leads to no file");
        }
        else if (path.Split('/').Contains("artifacts"))
        {
            yield return ("link", $"{url} leads to what a build or a run writes, which a reader of the repository does not have");
        }
        else if (parts is [_, { Length: > 0 } anchor] && Anchors(target) is { } anchors && !anchors.Contains(Uri.UnescapeDataString(anchor)))
        {
            yield return ("link", $"{url}: there is no heading and no claim of that name in {Path.GetFileName(target)}");
        }
    }

    /// <summary>What can be linked to in a page, as the site names it; null where that is not known.</summary>
    private static HashSet<string>? Anchors(string target)
    {
        IReadOnlyList<string> texts;
        var anchors = new HashSet<string>(StringComparer.Ordinal);
        switch (Path.GetExtension(target))
        {
            case ".ipynb":
                try
                {
                    var cells = Notebook.Load(target).Cells;
                    texts = [.. cells.Where(cell => cell.Kind == CellKind.Markdown).Select(cell => cell.Source)];
                    var code = cells.Where(cell => cell.Kind == CellKind.Code).Select(cell => cell.Source).Concat(ClaimsOf(target));
                    anchors.UnionWith(code.SelectMany(source => ClaimId().Matches(source)).Select(claim => "claim-" + claim.Groups["id"].Value));
                }
                catch (InvalidDataException)
                {
                    return null; // it has findings of its own
                }

                break;
            case ".md":
                // A translation keeps the anchors of its original, so that a link is the same in every language.
                texts = [File.ReadAllText(Overlay.OriginalOf(target) is { } original && File.Exists(original) ? original : target)];
                break;
            default:
                return null;
        }

        var prose = new Prose(static url => url) { AnchorsAsOnGitHub = Path.GetExtension(target) == ".md" };
        foreach (var text in texts)
        {
            prose.Parse(text);
            anchors.UnionWith(NamedPlace().Matches(text).Select(place => place.Groups["id"].Value));
        }

        anchors.UnionWith(prose.Sections.Select(section => section.Id));
        return anchors;
    }

    /// <summary>The code of the chapter's folder, where its claims stand.</summary>
    private static IEnumerable<string> ClaimsOf(string notebook) =>
        new DirectoryInfo(Path.Combine(Path.GetDirectoryName(notebook)!, "..", "src", "RstLab.Chapters", Path.GetFileNameWithoutExtension(notebook))) is { Exists: true } folder
            ? folder.EnumerateFiles("*.cs").Select(file => File.ReadAllText(file.FullName))
            : [];

    private static string Words(LinkInline image) => string.Concat(image.Descendants().Select(part => part switch
    {
        LiteralInline literal => literal.Content.ToString(),
        CodeInline code => code.Content,
        _ => "",
    }));

    [GeneratedRegex("^(?:[a-z][a-z0-9+.-]*:|//)", RegexOptions.IgnoreCase)]
    private static partial Regex Absolute();

    [GeneratedRegex("<img\\b[^>]*>", RegexOptions.IgnoreCase)]
    private static partial Regex ImageTag();

    [GeneratedRegex("\\balt\\s*=\\s*(?:\"\\s*[^\"\\s]|'\\s*[^'\\s])", RegexOptions.IgnoreCase)]
    private static partial Regex Alternative();

    [GeneratedRegex("\\b(?:href|src)\\s*=\\s*\"(?<url>[^\"]*)\"", RegexOptions.IgnoreCase)]
    private static partial Regex Target();

    [GeneratedRegex("\"(?<id>[0-9]{2}-[a-z0-9]+(?:-[a-z0-9]+)*)\"")]
    private static partial Regex ClaimId();

    [GeneratedRegex("<a\\s[^>]*\\b(?:id|name)\\s*=\\s*\"(?<id>[^\"]+)\"", RegexOptions.IgnoreCase)]
    private static partial Regex NamedPlace();
}
