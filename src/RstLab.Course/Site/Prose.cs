using System.Text;
using System.Text.RegularExpressions;
using Markdig;
using Markdig.Extensions.Tables;
using Markdig.Renderers;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace RstLab.Course.Site;

/// <summary>A heading that the page's list of sections shows.</summary>
/// <param name="Level">2 or 3.</param>
/// <param name="Id">Its anchor.</param>
/// <param name="Text">What it says.</param>
internal sealed record Section(int Level, string Id, string Text);

/// <summary>The Markdown of one chapter. Its cells are parsed first and written when the C# in them has its colours.</summary>
internal sealed partial class Prose(Func<string, string?> resolve)
{
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder()
        .UsePipeTables().UseFootnotes().UseAutoLinks().UseDefinitionLists().UseAlertBlocks().UseTaskLists().Build();

    private readonly HashSet<string> ids = new(StringComparer.Ordinal) { "content", "sections", "evidence" };
    private readonly List<Section> sections = [];
    private readonly List<FencedCodeBlock> fences = [];
    private int level = 1;

    /// <summary>The chapter's title as HTML, taken out of the text; null until a cell with a first-level heading was parsed.</summary>
    internal string? Title { get; private set; }

    /// <summary>The first paragraph after the title, as plain words: what the chapter is about; null where there is none.</summary>
    internal string? Lead { get; private set; }

    /// <summary>The sections so far.</summary>
    internal IReadOnlyList<Section> Sections => sections;

    /// <summary>The C# in fenced blocks so far.</summary>
    internal IEnumerable<string> Code => fences.Select(Text);

    /// <summary>Adds a section that is not in the notebook.</summary>
    internal Section Add(string text)
    {
        var section = new Section(2, Unique(text), text);
        sections.Add(section);
        return section;
    }

    /// <summary>Parses one cell.</summary>
    internal MarkdownDocument Parse(string markdown)
    {
        var document = Markdown.Parse(markdown, Pipeline);
        foreach (var link in document.Descendants<LinkInline>().ToList())
        {
            Settle(link);
        }

        var section = sections.LastOrDefault()?.Text;
        foreach (var heading in document.Descendants<HeadingBlock>().ToList())
        {
            if (heading.Level == 1 && Title is null)
            {
                Title = Render(heading.Inline!, new Dictionary<string, string>());
                heading.Parent!.Remove(heading);
                continue;
            }

            // One first-level heading a page, and no step down of two.
            level = heading.Level = Math.Clamp(heading.Level, 2, level + 1);
            var begun = new Section(heading.Level, Unique(Words(heading.Inline!)), Words(heading.Inline!));
            heading.GetAttributes().Id = begun.Id;
            sections.Add(begun);
        }

        foreach (var table in document.Descendants<Table>())
        {
            // A table has the name of the section that it stands in.
            var heading = document.Descendants<HeadingBlock>().LastOrDefault(heading => heading.Line < table.Line);
            table.GetAttributes().AddProperty("aria-label", heading is null ? section ?? Plain(Title ?? "") : Words(heading.Inline!));
        }

        Lead ??= Title is null ? null : document.OfType<ParagraphBlock>().Select(paragraph => Words(paragraph.Inline!)).FirstOrDefault(words => words.Length > 0);
        fences.AddRange(document.Descendants<FencedCodeBlock>().Where(IsCSharp));
        return document;
    }

    /// <summary>Writes one cell.</summary>
    /// <param name="document">What <see cref="Parse"/> gave.</param>
    /// <param name="cell">The cell's id, which keeps its footnotes apart from those of other cells.</param>
    /// <param name="coloured">The HTML of each text of <see cref="Code"/>, by its text.</param>
    internal static string Write(MarkdownDocument document, string cell, IReadOnlyDictionary<string, string> coloured)
    {
        var html = Render(document, coloured);
        html = Heading().Replace(html, match => $"""
            <div class="heading">{match.Value}<a class="anchor" href="#{match.Groups["id"].Value}" aria-label="Link to the section {Markup.Escape(Plain(match.Groups["text"].Value))}">#</a></div>
            """);
        html = HeaderCell().Replace(html, "<th scope=\"col\"");
        html = html.Replace("<table ", "<div class=\"scroll\"><table ", StringComparison.Ordinal).Replace("</table>", "</table></div>", StringComparison.Ordinal);
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

    private string Unique(string text)
    {
        var slug = NotInSlug().Replace(text.ToLowerInvariant(), "-").Trim('-');
        slug = slug.Length == 0 ? "section" : slug;
        var id = slug;
        for (var n = 2; !ids.Add(id); n++)
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
