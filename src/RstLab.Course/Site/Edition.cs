namespace RstLab.Course.Site;

/// <summary>The course in one language: what its chapters, solutions and pages are called in it, and what of them is translated.</summary>
internal sealed class Edition
{
    /// <summary>The folder, of the notebooks and of the site, that the solutions are in, with the slash behind.</summary>
    internal const string Solutions = "solutions/";

    // What a reader looks up most; pages that are not named here follow by name.
    private static readonly string[] Order = ["cheat-sheet", "glossary", "troubleshooting", "first-ten-minutes"];

    private readonly Dictionary<string, Overlay> overlays = new(StringComparer.Ordinal);
    private readonly HashSet<string> places;

    /// <summary>Reads what there is in a language.</summary>
    /// <param name="course">The run.</param>
    /// <param name="words">The language.</param>
    /// <param name="notebooks">The folder that the chapters were read from; null for none, which has neither pages nor translations.</param>
    /// <exception cref="OverlayException">A translation cannot be read.</exception>
    internal Edition(CourseResult course, Words words, string? notebooks)
    {
        (Course, Words) = (course, words);
        var places = course.Chapters.Select(chapter => chapter.Id).Concat(course.Solutions.Select(solution => Solutions + solution.Id)).ToList();
        // A notebook that lies anywhere else brings no neighbours along.
        if (notebooks is not null && Path.GetFileName(Path.TrimEndingDirectorySeparator(notebooks)) == "notebooks" && Directory.Exists(notebooks))
        {
            foreach (var place in places)
            {
                var file = Overlay.PathOf(Path.Combine(notebooks, place + ".ipynb"), notebooks);
                if (words != Words.English && File.Exists(file))
                {
                    overlays.Add(place, Overlay.Load(file));
                }
            }

            Reference = [.. Directory.EnumerateFiles(notebooks, "*.md").Select(file => Read(file, words, notebooks))
                .Append(new ReferenceText("troubleshooting", Troubleshooting.ToMarkdown(), null))
                .OrderBy(page => Array.IndexOf(Order, page.Id) is >= 0 and var at ? at : Order.Length).ThenBy(page => page.Id, StringComparer.Ordinal)];
        }

        this.places = [.. places, .. Reference.Select(page => page.Id)];
    }

    internal CourseResult Course { get; }

    internal Words Words { get; }

    /// <summary>The pages that are no chapters, in the order in which they are listed.</summary>
    internal IReadOnlyList<ReferenceText> Reference { get; } = [];

    /// <summary>Whether the site has a page of this name, such as <c>solutions/01-nobody-listening</c>.</summary>
    internal bool Has(string place) => places.Contains(place);

    /// <summary>The translation of a cell; null where there is none.</summary>
    /// <param name="place">The notebook's name in the notebooks' folder, without its ending.</param>
    /// <param name="cell">The cell's id.</param>
    internal string? Translation(string place, string cell) => overlays.TryGetValue(place, out var overlay) && overlay.Cells.TryGetValue(cell, out var text) ? text.Text : null;

    /// <summary>A notebook's title in this language, as plain words without its number; in English where it is not translated.</summary>
    internal string Title(string place, ChapterResult chapter) => Page.Name(TranslatedTitle(place) ?? chapter.Title);

    /// <summary>The same as HTML, which says so where it is English among words of another language.</summary>
    internal string TitleElement(string place, ChapterResult chapter) =>
        TranslatedTitle(place) is null && Words.AsEnglish.Length > 0
            ? $"<span{Words.AsEnglish}>{Markup.Escape(Title(place, chapter))}</span>"
            : Markup.Escape(Title(place, chapter));

    /// <summary>An attribute for a page's title that is English among words of another language; else empty.</summary>
    internal string LanguageOf(ReferenceText page) => page.Translation is null ? Words.AsEnglish : "";

    private string? TranslatedTitle(string place) =>
        overlays.TryGetValue(place, out var overlay) ? overlay.Cells.Values.Select(cell => ReferenceText.TitleOf(cell.Text)).FirstOrDefault(title => title is not null) : null;

    private static ReferenceText Read(string file, Words words, string notebooks)
    {
        var english = File.ReadAllText(file).ReplaceLineEndings("\n");
        var path = Overlay.PathOf(file, notebooks);
        var translation = words != Words.English && File.Exists(path) ? Overlay.ParsePage(File.ReadAllText(path), path).Text : null;
        return new ReferenceText(Path.GetFileNameWithoutExtension(file), english, translation);
    }
}

/// <summary>A page beside the chapters, such as the glossary.</summary>
/// <param name="Id">The file's name without its ending.</param>
/// <param name="English">Its Markdown.</param>
/// <param name="Translation">The same in the edition's language; null in English, and where it is not translated.</param>
internal sealed record ReferenceText(string Id, string English, string? Translation)
{
    /// <summary>What it is called: its first heading, else its id.</summary>
    internal string Title => (Translation is null ? null : TitleOf(Translation)) ?? TitleOf(English) ?? Id;

    /// <summary>The first heading of the first level; null where there is none.</summary>
    internal static string? TitleOf(string markdown) => markdown.Split('\n').FirstOrDefault(line => line.StartsWith("# ", StringComparison.Ordinal))?[2..].Trim();
}
