using System.Text;
using System.Text.RegularExpressions;
using Markdig;
using Markdig.Extensions.Tables;
using Markdig.Helpers;
using Markdig.Renderers;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace RstLab.Course.Site;

/// <summary>A heading that the page's list of sections shows.</summary>
/// <param name="Level">2 or 3.</param>
/// <param name="Id">Its anchor.</param>
/// <param name="Text">What it says.</param>
/// <param name="Language">An attribute where it is not in the page's language; else empty.</param>
internal sealed record Section(int Level, string Id, string Text, string Language = "");

/// <summary>The Markdown of one chapter or page. Its cells are parsed first and written when the C# in them has its colours.</summary>
internal sealed partial class Prose(Func<string, string?> resolve)
{
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder()
        .UsePipeTables().UseFootnotes().UseAutoLinks().UseDefinitionLists().UseAlertBlocks().UseTaskLists().UseCjkFriendlyEmphasis().Build();

    private readonly HashSet<string> ids = new(StringComparer.Ordinal) { "content" };
    private readonly List<Section> sections = [];
    private readonly List<FencedCodeBlock> fences = [];
    private int level = 1;

    /// <summary>Names headings as GitHub does, where a page is read too. A notebook has no anchors there.</summary>
    internal bool AnchorsAsOnGitHub { get; init; }

    /// <summary>The chapter's title as HTML, taken out of the text; null until a cell with a first-level heading was parsed.</summary>
    internal string? Title { get; private set; }

    /// <summary>The first paragraph after the title, as plain words: what the chapter is about; null where there is none.</summary>
    internal string? Lead { get; private set; }

    /// <summary>The sections so far.</summary>
    internal IReadOnlyList<Section> Sections => sections;

    /// <summary>The C# in fenced blocks so far.</summary>
    internal IEnumerable<string> Code => fences.Select(Text);

    /// <summary>Adds a section that is not in the notebook.</summary>
    /// <param name="text">What its heading says.</param>
    /// <param name="english">The same in English, of which its anchor is made.</param>
    internal Section Add(string text, string english)
    {
        var section = new Section(2, Unique(english), text);
        sections.Add(section);
        return section;
    }

    /// <summary>Parses one cell, or a page.</summary>
    /// <param name="markdown">The text.</param>
    /// <param name="anchors">For a translation, the anchors of the English headings: links and bookmarks are the same in every language.</param>
    /// <param name="language">An attribute where the text is not in the page's language.</param>
    internal MarkdownDocument Parse(string markdown, IEnumerable<string>? anchors = null, string language = "")
    {
        var given = new Queue<string>(anchors ?? []);
        var document = Markdown.Parse(markdown, Pipeline);
        foreach (var link in document.Descendants<LinkInline>().ToList())
        {
            Settle(link);
        }

        foreach (var html in document.Descendants<HtmlBlock>())
        {
            html.Lines = new StringLineGroup(Settle(html.Lines.ToString()));
        }

        foreach (var html in document.Descendants<HtmlInline>())
        {
            html.Tag = Settle(html.Tag);
        }

        var before = sections.LastOrDefault()?.Text;
        foreach (var heading in document.Descendants<HeadingBlock>().ToList())
        {
            if (heading.Level == 1 && Title is null)
            {
                Title = Render(heading.Inline!, new Dictionary<string, string>());
                _ = AnchorsAsOnGitHub && ids.Add(Slug(Words(heading.Inline!)));
                heading.Parent!.Remove(heading);
                continue;
            }

            // One first-level heading a page, and no step down of two.
            level = heading.Level = Math.Clamp(heading.Level, 2, level + 1);
            var words = Words(heading.Inline!);
            var begun = new Section(heading.Level, given.TryDequeue(out var anchor) && ids.Add(anchor) ? anchor : Unique(words), words, language);
            heading.GetAttributes().Id = begun.Id;
            sections.Add(begun);
        }

        foreach (var table in document.Descendants<Table>())
        {
            // A table has the name of the section that it stands in.
            var heading = document.Descendants<HeadingBlock>().LastOrDefault(heading => heading.Line < table.Line);
            table.GetAttributes().AddProperty("aria-label", heading is null ? before ?? Plain(Title ?? "") : Words(heading.Inline!));
        }

        Lead ??= Title is null ? null : document.OfType<ParagraphBlock>().Select(paragraph => Words(paragraph.Inline!)).FirstOrDefault(words => words.Length > 0);
        fences.AddRange(document.Descendants<FencedCodeBlock>().Where(IsCSharp));
        return document;
    }

    /// <summary>Writes one cell.</summary>
    /// <param name="document">What <see cref="Parse"/> gave.</param>
    /// <param name="cell">The cell's id, which keeps its footnotes apart from those of other cells.</param>
    /// <param name="coloured">The HTML of each text of <see cref="Code"/>, by its text.</param>
    /// <param name="words">The page's language.</param>
    internal static string Write(MarkdownDocument document, string cell, IReadOnlyDictionary<string, string> coloured, Words words)
    {
        var html = Render(document, coloured);
        html = Heading().Replace(html, match => $"""
            <div class="heading">{match.Value}<a class="anchor" href="#{match.Groups["id"].Value}" aria-label="{Markup.Escape(words.LinkToSection(Plain(match.Groups["text"].Value)))}">#</a></div>
            """);
        html = HeaderCell().Replace(html, "<th scope=\"col\"");
        html = html.Replace("<table", "<div class=\"scroll\"><table", StringComparison.Ordinal).Replace("</table>", "</table></div>", StringComparison.Ordinal);
        html = html.Replace("<pre class=\"scroll\">", $"<pre class=\"scroll\"{words.AsEnglish}>", StringComparison.Ordinal);
        html = Picture().Replace(html, "<img loading=\"lazy\"");
        return Footnote().Replace(html, $"$1{cell}-");
    }

    private static string Render(MarkdownObject part, IReadOnlyDictionary<string, string> coloured)
    {
        using var writer = new StringWriter();
        var renderer = new HtmlRenderer(writer);
        Pipeline.Setup(renderer);
        renderer.ObjectRenderers.Replace<CodeBlockRenderer>(new Fence(coloured));
        renderer.Render(part);
        return writer.ToString();
    }

    // A chapter's notebook becomes its page, a file of the project comes along; what cannot be reached stays as words.
    private void Settle(LinkInline link)
    {
        if (link.Url is not { Length: > 0 } url || url[0] == '#' || Absolute().IsMatch(url))
        {
            return;
        }

        if (resolve(url) is { } there)
        {
            link.Url = there;
            return;
        }

        var words = new ContainerInline();
        link.ReplaceBy(words, copyChildren: false);
        link.MoveChildrenAfter(words);
        words.Remove();
    }

    private string Settle(string html) => Reference().Replace(html, match =>
        !Absolute().IsMatch(match.Groups["url"].Value) && resolve(System.Net.WebUtility.HtmlDecode(match.Groups["url"].Value)) is { } there
            ? $"{match.Groups["attribute"].Value}=\"{Markup.Escape(there)}\""
            : match.Value);

    private string Slug(string text) => AnchorsAsOnGitHub
        ? NotOnGitHub().Replace(text.ToLowerInvariant(), "").Replace(' ', '-')
        : NotInSlug().Replace(text.ToLowerInvariant(), "-").Trim('-');

    private string Unique(string text)
    {
        var slug = Slug(text) is { Length: > 0 } some ? some : "section";
        var id = slug;
        for (var n = AnchorsAsOnGitHub ? 1 : 2; !ids.Add(id); n++)
        {
            id = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{slug}-{n}");
        }

        return id;
    }

    private static string Words(ContainerInline inline)
    {
        var words = new StringBuilder();
        foreach (var part in inline.Descendants())
        {
            _ = part switch
            {
                LiteralInline literal => words.Append(literal.Content.AsSpan()),
                CodeInline code => words.Append(code.Content),
                HtmlEntityInline entity => words.Append(entity.Transcoded.AsSpan()),
                LineBreakInline => words.Append(' '),
                _ => words,
            };
        }

        return words.ToString().Trim();
    }

    private static string Plain(string html) => System.Net.WebUtility.HtmlDecode(Tag().Replace(html, ""));

    private static bool IsCSharp(FencedCodeBlock block) => block.Info is "csharp" or "cs" or "c#" or "C#";

    private static string Text(LeafBlock block) => block.Lines.ToString().ReplaceLineEndings("\n");

    [GeneratedRegex("<h(?<level>[2-6]) id=\"(?<id>[^\"]*)\">(?<text>.*?)</h\\k<level>>", RegexOptions.Singleline)]
    private static partial Regex Heading();

    [GeneratedRegex("<th(?![a-z])(?! scope)")]
    private static partial Regex HeaderCell();

    [GeneratedRegex("((?:id=\"|href=\"#))(?=fn(?:ref)?:)")]
    private static partial Regex Footnote();

    [GeneratedRegex("^[a-z][a-z0-9+.-]*:|^//", RegexOptions.IgnoreCase)]
    private static partial Regex Absolute();

    [GeneratedRegex("[^\\p{L}\\p{N}_]+")]
    private static partial Regex NotInSlug();

    [GeneratedRegex("[^\\p{L}\\p{M}\\p{N}\\p{Pc} -]")]
    private static partial Regex NotOnGitHub();

    [GeneratedRegex("<img(?![^>]*\\sloading=)(?=\\s)")]
    private static partial Regex Picture();

    [GeneratedRegex("(?<attribute>\\b(?:href|src))=\"(?!#)(?<url>[^\"]+)\"")]
    private static partial Regex Reference();

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tag();

    /// <summary>Writes code blocks like the code of cells.</summary>
    private sealed class Fence(IReadOnlyDictionary<string, string> coloured) : HtmlObjectRenderer<CodeBlock>
    {
        protected override void Write(HtmlRenderer renderer, CodeBlock block)
        {
            var text = Text(block);
            var html = block is FencedCodeBlock fence && IsCSharp(fence) ? coloured.GetValueOrDefault(text) : null;
            renderer.EnsureLine();
            renderer.WriteLine($"""<div class="code"><p class="label">{Markup.Escape((block as FencedCodeBlock)?.Info is { Length: > 0 } info ? info : "text")}</p><pre class="scroll"><code>{html ?? Markup.Escape(text)}</code></pre></div>""");
        }
    }
}
