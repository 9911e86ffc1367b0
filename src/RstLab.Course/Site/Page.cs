using System.Globalization;
using System.Text.RegularExpressions;

namespace RstLab.Course.Site;

/// <summary>What every page has around its content: head, contents of the course, list of sections, foot.</summary>
internal sealed partial class Page
{
    /// <summary>The text of the title bar and of search results.</summary>
    internal required string Title { get; init; }

    /// <summary>One sentence for search results.</summary>
    internal required string Description { get; init; }

    /// <summary>The chapter's id; null for the index.</summary>
    internal required string? Chapter { get; init; }

    internal required CourseResult Course { get; init; }

    internal required IReadOnlyList<Section> Sections { get; init; }

    /// <summary>The style sheets that outputs brought along, each once.</summary>
    internal IReadOnlyCollection<string> OutputStyles { get; init; } = [];

    /// <summary>The element that loads plotly.js; empty where the page has no figure.</summary>
    internal string Plotly { get; init; } = "";

    /// <summary>The content of the main element.</summary>
    internal required string Content { get; init; }

    /// <summary>A chapter's number: the digits that its id begins with, without leading zeros but for zero itself; empty where it has none.</summary>
    internal static string Number(string id)
    {
        var digits = id.AsSpan(0, id.AsSpan().IndexOfAnyExceptInRange('0', '9') is var end && end < 0 ? id.Length : end);
        return digits.Length == 0 ? "" : digits.TrimStart('0') is { Length: > 0 } rest ? rest.ToString() : "0";
    }

    /// <summary>A chapter's name without the number that it may begin with (<c>1 · Nobody is listening</c>): pages show that on its own.</summary>
    internal static string Name(string title) => LeadingNumber().Replace(title, "");

    public override string ToString()
    {
        var (previous, next) = Around();
        return $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{Markup.Escape(Title)}</title>
            <meta name="description" content="{Markup.Escape(Description)}">
            <meta name="color-scheme" content="light dark">
            <link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32' fill='none' stroke='%23c2412d' stroke-width='3.4' stroke-linecap='round'%3E%3Cpath d='M5 3v26M27 3v26' stroke='%237a8791'/%3E%3Cpath d='M7 11h9M14 8l6 6M20 8l-6 6'/%3E%3C/svg%3E">
            {Link("prev", previous)}{Link("next", next)}<script>try{"{"}document.documentElement.dataset.theme=localStorage.getItem("rstlab-theme")||""{"}"}catch{"{}"}</script>
            {string.Concat(OutputStyles)}<link rel="stylesheet" href="site.css">
            <script defer src="site.js"></script>
            {(Plotly.Length == 0 ? "" : Plotly + "<script defer src=\"figures.js\"></script>")}
            </head>
            <body>
            {Markup.Icons}
            <a class="skip" href="#content">Skip to the content</a>
            <header class="top">
            <a class="brand" href="index.html"{(Chapter is null ? " aria-current=\"page\"" : "")}>{Mark}RST Lab</a>
            <button class="theme" type="button" hidden></button>
            <details class="menu"><summary>Contents</summary><nav aria-label="Contents">{Contents()}</nav></details>
            </header>
            <div class="frame">
            <nav class="side" aria-label="Contents">{Contents()}</nav>
            <main id="content" tabindex="-1">
            {Content}
            {Pager(previous, next)}
            </main>
            {Here()}
            </div>
            <footer class="foot"><p>Measured on {Markup.Escape(Course.Environment.ToString())}. Run the course to see what your own kernel does.</p></footer>
            </body>
            </html>

            """;
    }

    // Two lifelines and a segment that is cut off.
    private const string Mark = """<svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><path class="life" d="M5 3v26M27 3v26"/><path d="M7 11h8M14 8l6 6M20 8l-6 6"/></svg>""";

    private (ChapterResult? Previous, ChapterResult? Next) Around()
    {
        var here = -1;
        for (var i = 0; i < Course.Chapters.Count; i++)
        {
            here = Course.Chapters[i].Id == Chapter ? i : here;
        }

        return (here > 0 ? Course.Chapters[here - 1] : null, here + 1 < Course.Chapters.Count ? Course.Chapters[here + 1] : null);
    }

    private static string Link(string relation, ChapterResult? chapter) =>
        chapter is null ? "" : $"<link rel=\"{relation}\" href=\"{Markup.Escape(chapter.Id)}.html\">\n";

    private string Contents()
    {
        var list = new StringWriter(CultureInfo.InvariantCulture);
        list.Write("<ol class=\"chapters\">");
        foreach (var chapter in Course.Chapters)
        {
            var current = chapter.Id == Chapter;
            list.Write($"""
                <li><a href="{Markup.Escape(chapter.Id)}.html"{(current ? " aria-current=\"page\"" : "")}><span class="number">{Number(chapter.Id)}</span> {Markup.Escape(Name(chapter.Title))}</a>
                """);
            if (current)
            {
                list.Write(SectionList());
            }

            list.Write("</li>");
        }

        list.Write("</ol>");
        return list.ToString();
    }

    private string SectionList()
    {
        if (!Sections.Any(section => section.Level == 2))
        {
            return "";
        }

        var list = new StringWriter(CultureInfo.InvariantCulture);
        list.Write("<ul class=\"sections\">");
        foreach (var section in Sections.Where(section => section.Level == 2))
        {
            list.Write($"""<li><a href="#{Markup.Escape(section.Id)}">{Markup.Escape(section.Text)}</a></li>""");
        }

        list.Write("</ul>");
        return list.ToString();
    }

    private string Here() => SectionList() is { Length: > 0 } list
        ? $"""<nav class="here" aria-label="On this page"><p>On this page</p>{list}</nav>"""
        : "";

    private string Pager(ChapterResult? previous, ChapterResult? next)
    {
        string Step(string relation, string word, ChapterResult? chapter) => chapter is null ? "" : $"""
            <a class="{relation}" rel="{relation}" href="{Markup.Escape(chapter.Id)}.html"><span>{word}</span> {Markup.Escape(Name(chapter.Title))}</a>
            """;
        return $"""
            <nav class="pager" aria-label="Previous and next">{(Chapter is null ? "" : previous is null ? "<a class=\"prev\" href=\"index.html\"><span>Back to the</span> Contents</a>" : Step("prev", "Previous", previous))}{(Chapter is null ? Step("next", "Begin", next) : next is null ? "<a class=\"next\" href=\"index.html\"><span>Back to the</span> Contents</a>" : Step("next", "Next", next))}</nav>
            """;
    }

    [GeneratedRegex("^\\s*(?:Chapter\\s+)?\\d+\\s*[.:·–—-]\\s*(?=\\S)", RegexOptions.IgnoreCase)]
    private static partial Regex LeadingNumber();
}
