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

    /// <summary>An attribute where that sentence is not in the page's language; else empty.</summary>
    internal string LanguageOfDescription { get; init; } = "";

    /// <summary>Its name in its edition, without its ending: <c>index</c>, a chapter's id, <c>solutions/</c> and a chapter's id, or a page's id.</summary>
    internal required string Place { get; init; }

    internal required Edition Edition { get; init; }

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

    /// <summary>The page's file in the site's folder.</summary>
    internal string File => $"{Edition.Words.Folder}{Place}.html";

    // A glossary has more, and would push all that follows out of sight.
    private const int MostSections = 40;

    private Words Words => Edition.Words;

    private IReadOnlyList<ChapterResult> Chapters => Edition.Course.Chapters;

    private bool IsIndex => Place == "index";

    private string ToEdition => string.Concat(Enumerable.Repeat("../", Place.Count(c => c == '/')));

    private string ToSite => string.Concat(Enumerable.Repeat("../", File.Count(c => c == '/')));

    public override string ToString()
    {
        var (previous, next) = Around();
        var other = Markup.Escape($"{ToSite}{Words.Other.Folder}{Place}.html");
        return $"""
            <!doctype html>
            <html lang="{Words.Language}">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{Markup.Escape(Title)}</title>
            <meta name="description" content="{Markup.Escape(Description)}">
            <meta name="color-scheme" content="light dark">
            <link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32' fill='none' stroke='%23c2412d' stroke-width='3.4' stroke-linecap='round'%3E%3Cpath d='M5 3v26M27 3v26' stroke='%237a8791'/%3E%3Cpath d='M7 11h9M14 8l6 6M20 8l-6 6'/%3E%3C/svg%3E">
            <link rel="alternate" hreflang="{Words.Other.Language}" href="{other}">
            {Link("prev", previous)}{Link("next", next)}<script>try{"{"}document.documentElement.dataset.theme=localStorage.getItem("rstlab-theme")||""{"}"}catch{"{}"}</script>
            {string.Concat(OutputStyles)}<link rel="stylesheet" href="{ToSite}site.css">
            <script type="application/json" class="words">{Words.ForScript}</script>
            <script defer src="{ToSite}site.js"></script>
            {(Plotly.Length == 0 ? "" : $"{Plotly}<script defer src=\"{ToSite}figures.js\"></script>")}
            </head>
            <body{(Place == "cheat-sheet" ? " class=\"sheet\"" : "")}>
            {Markup.Icons}
            <a class="skip" href="#content">{Words.Skip}</a>
            <header class="top">
            <a class="brand" href="{ToEdition}index.html"{(IsIndex ? " aria-current=\"page\"" : "")}>{Mark}RST Lab</a>
            <a class="language" href="{other}" hreflang="{Words.Other.Language}" lang="{Words.Other.Language}">{Words.Other.Name}</a>
            <button class="theme" type="button" hidden></button>
            <details class="menu"><summary>{Words.Contents}</summary><nav aria-label="{Words.Contents}">{Contents()}</nav></details>
            </header>
            <div class="frame">
            <nav class="side" aria-label="{Words.Contents}">{Contents()}</nav>
            <main id="content" tabindex="-1">
            {Content}
            {Pager(previous, next)}
            </main>
            {Here()}
            </div>
            <footer class="foot"><p>{Words.MeasuredOn(Markup.Escape(Edition.Course.Environment.ToString()))}</p></footer>
            </body>
            </html>

            """;
    }

    // Two lifelines and a segment that is cut off.
    private const string Mark = """<svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><path class="life" d="M5 3v26M27 3v26"/><path d="M7 11h8M14 8l6 6M20 8l-6 6"/></svg>""";

    private (ChapterResult? Previous, ChapterResult? Next) Around()
    {
        var here = -1;
        for (var i = 0; i < Chapters.Count; i++)
        {
            here = Chapters[i].Id == Place ? i : here;
        }

        return here < 0 && !IsIndex ? (null, null)
            : (here > 0 ? Chapters[here - 1] : null, here + 1 < Chapters.Count ? Chapters[here + 1] : null);
    }

    private static string Link(string relation, ChapterResult? chapter) =>
        chapter is null ? "" : $"<link rel=\"{relation}\" href=\"{Markup.Escape(chapter.Id)}.html\">\n";

    private string Contents()
    {
        var list = new StringWriter(CultureInfo.InvariantCulture);
        void Entry(string id, string before, string title, string language = "")
        {
            var current = id == Place;
            list.Write($"""
                <li><a href="{ToEdition}{Markup.Escape(id)}.html"{language}{(current ? " aria-current=\"page\"" : "")}>{before}{title}</a>{(current && Sections.Count <= MostSections ? SectionList() : "")}</li>
                """);
        }

        list.Write("<ol class=\"chapters\">");
        foreach (var chapter in Chapters)
        {
            Entry(chapter.Id, $"<span class=\"number\">{Number(chapter.Id)}</span> ", Edition.TitleElement(chapter.Id, chapter));
        }

        list.Write("</ol>");
        if (Edition.Reference.Count > 0)
        {
            list.Write($"<p class=\"group\">{Words.Reference}</p><ul class=\"chapters\">");
            foreach (var page in Edition.Reference)
            {
                Entry(page.Id, "", Markup.Escape(page.Title), Edition.LanguageOf(page));
            }

            list.Write("</ul>");
        }

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
            list.Write($"""<li><a href="#{Markup.Escape(section.Id)}"{section.Language}>{Markup.Escape(section.Text)}</a></li>""");
        }

        list.Write("</ul>");
        return list.ToString();
    }

    private string Here() => SectionList() is { Length: > 0 } list
        ? $"""<nav class="here" aria-label="{Words.OnThisPage}"><p>{Words.OnThisPage}</p>{list}</nav>"""
        : "";

    private string Pager(ChapterResult? previous, ChapterResult? next)
    {
        string Step(string side, string relation, string word, ChapterResult chapter) => $"""
            <a class="{side}" rel="{relation}" href="{ToEdition}{Markup.Escape(chapter.Id)}.html"><span>{word}</span> {Edition.TitleElement(chapter.Id, chapter)}</a>
            """;
        string Back(string side) => $"<a class=\"{side}\" href=\"{ToEdition}index.html\"><span>{Words.BackTo}</span> {Words.Contents}</a>";
        var solved = Place.StartsWith(Edition.Solutions, StringComparison.Ordinal) ? Chapters.FirstOrDefault(chapter => Edition.Solutions + chapter.Id == Place) : null;
        var isChapter = Chapters.Any(chapter => chapter.Id == Place);
        return $"""
            <nav class="pager" aria-label="{Words.PreviousAndNext}">{(IsIndex ? "" : solved is not null ? Step("prev", "up", Words.BackToChapter, solved) : previous is null ? Back("prev") : Step("prev", "prev", Words.Previous, previous))}{(next is not null ? Step("next", "next", IsIndex ? Words.Begin : Words.Next, next) : isChapter || IsIndex ? Back("next") : "")}</nav>
            """;
    }

    [GeneratedRegex("^\\s*(?:Chapter\\s+)?\\d+\\s*[.:：、·–—-]\\s*(?=\\S)", RegexOptions.IgnoreCase)]
    private static partial Regex LeadingNumber();
}
