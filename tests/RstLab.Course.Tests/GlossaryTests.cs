using System.Text.RegularExpressions;
using Markdig;
using Markdig.Extensions.Tables;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace RstLab.Course.Tests;

/// <summary>
/// The glossary and the chapters' links to it. A term is the text of a heading of level 2 or one of the forms in the line
/// <c>*Also: …*</c> below it. It occurs where it stands in a chapter's prose as a whole word (the first letter may be of either
/// case), or where it is all that a code span outside of tables says. Headings, links, other code and what stands in a cell under a
/// heading that begins with <c>Predict</c> or <c>Exercise</c> are not prose: there the reader answers, and is not sent elsewhere.
/// Of several terms at one place the longest counts.
/// </summary>
public sealed partial class GlossaryTests
{
    private const string Page = "glossary.md";

    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().UsePipeTables().UsePreciseSourceLocation().Build();
    private static readonly string Folder = Path.Combine(CourseFolder.Find().Root, "notebooks");
    private static readonly List<Term> Terms = ReadTerms();

    [Fact]
    public void Terms_stand_in_the_order_of_the_alphabet_and_each_once()
    {
        var names = Terms.Select(term => term.Name).ToList();
        Assert.Equal(names.Order(StringComparer.OrdinalIgnoreCase), names);
        Assert.Empty(Terms.SelectMany(term => term.Forms).GroupBy(form => form, StringComparer.OrdinalIgnoreCase).Where(same => same.Count() > 1).Select(same => same.Key));
    }

    [Fact]
    public void Each_term_is_explained_in_at_most_three_sentences_and_says_where_to_read_on()
    {
        foreach (var term in Terms)
        {
            Assert.True(term.Text.Contains(" See [", StringComparison.Ordinal) || term.Text.Contains(" See chapters [", StringComparison.Ordinal), $"{term.Name} does not say where to read on");
            var explained = term.Text[..term.Text.LastIndexOf(" See ", StringComparison.Ordinal)];
            Assert.InRange(SentenceEnd().Count(explained + " "), 1, 3);
        }
    }

    [Fact]
    public void Each_term_is_used_by_the_course()
    {
        var used = Chapters().SelectMany(chapter => chapter.Cells).Select(cell => cell.Source)
            .Concat(Directory.EnumerateFiles(Folder, "*.md").Where(file => Path.GetFileName(file) != Page).Select(File.ReadAllText)).ToList();
        Assert.Empty(Terms.Where(term => !used.Exists(text => term.Pattern.IsMatch(text))).Select(term => term.Name));
    }

    [Fact]
    public void Each_term_of_a_chapter_is_linked_where_it_is_used_first()
    {
        var missing = new List<string>();
        foreach (var chapter in Chapters())
        {
            var seen = new HashSet<Term>();
            foreach (var cell in chapter.Cells.Where(cell => cell.Kind == CellKind.Markdown))
            {
                foreach (var found in Occurrences(cell.Source))
                {
                    if (seen.Add(found.Term) && !found.Linked)
                    {
                        missing.Add($"{chapter.Id} cell {cell.Id} at {found.At}, length {found.Length}: {cell.Source.Substring(found.At, found.Length)} -> {Page}#{found.Term.Anchor}");
                    }
                }
            }
        }

        Assert.True(missing.Count == 0, $"These first uses of a term are not linked to {Page}:\n{string.Join('\n', missing)}");
    }

    [Fact]
    public void Each_link_to_the_glossary_leads_to_a_term()
    {
        var anchors = Terms.Select(term => term.Anchor).ToHashSet();
        var texts = Directory.EnumerateFiles(Folder, "*.ipynb", SearchOption.AllDirectories).SelectMany(file => Notebook.Load(file).Cells.Select(cell => cell.Source))
            .Concat(Directory.EnumerateFiles(Folder, "*.md").Select(File.ReadAllText)).ToList();
        var links = texts.SelectMany(text => Link().Matches(text)).Select(link => link.Groups["anchor"].Value)
            .Concat(InPage().Matches(File.ReadAllText(Path.Combine(Folder, Page))).Select(link => link.Groups["anchor"].Value)).ToList();
        Assert.True(links.Count > Terms.Count);
        Assert.All(links, anchor => Assert.Contains(anchor, anchors));
    }

    [Theory]
    [InlineData("A segment and a SEGMENT.", "segment")]
    [InlineData("**FIN** says so", "FIN")]
    [InlineData("`seq` counts, `seq + 1` too", "`seq`")]
    [InlineData("Windows has no window", "window")]
    [InlineData("A zero-byte receive, FIN_WAIT_2", "zero-byte receive|FIN_WAIT_2")]
    [InlineData("| `RST` | a RST |\n|---|---|\n| `FIN` | a FIN |", "RST|FIN")]
    [InlineData("# FIN\n\n[a FIN](x.md), `a FIN`, <b title=\"FIN\">b</b>", "")]
    [InlineData("## Predict: RST\n\nA FIN?\n\n## Run\n\nA RST", "RST")]
    [InlineData("### Exercise 1 · RST\n\nA FIN", "")]
    [InlineData("the kernel's own reason, the kernel", "kernel's own reason|kernel")]
    public void Terms_are_found_in_prose_and_nowhere_else(string markdown, string expected) =>
        Assert.Equal(expected, string.Join('|', Occurrences(markdown).Where(found => !found.Linked).Select(found => markdown.Substring(found.At, found.Length))));

    [Fact]
    public void A_link_to_the_term_counts_as_its_use() =>
        Assert.Equal([("FIN", true), ("FIN", false)], Occurrences("A [FIN](glossary.md#fin), then a FIN").Select(found => (found.Term.Name, found.Linked)));

    private static IEnumerable<(string Id, IReadOnlyList<NotebookCell> Cells)> Chapters() =>
        CourseFolder.Find().Notebooks.Select(file => (Path.GetFileNameWithoutExtension(file), Notebook.Load(file).Cells));

    private static List<Term> ReadTerms()
    {
        var parts = File.ReadAllText(Path.Combine(Folder, Page)).ReplaceLineEndings("\n").Split("\n## ")[1..];
        return [.. parts.Select(part =>
        {
            var (name, text) = (part[..part.IndexOf('\n')], part[part.IndexOf('\n')..].Trim());
            var also = Also().Match(text);
            return new Term(name, [name, .. also.Groups["forms"].Value.Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(form => form.Trim('`'))], also.Success ? text[also.Length..].Trim() : text);
        })];
    }

    private static List<Occurrence> Occurrences(string markdown)
    {
        var found = new List<Occurrence>();
        var asked = false;
        foreach (var block in Markdown.Parse(markdown, Pipeline).Descendants<LeafBlock>())
        {
            if (block is HeadingBlock heading)
            {
                asked = Question().IsMatch(markdown.AsSpan(heading.Span.Start, heading.Span.Length));
                continue;
            }

            if (block is not ParagraphBlock || asked)
            {
                continue;
            }

            var inTable = block.Parent is TableCell;
            var text = markdown.ToCharArray();
            var start = block.Inline!.FirstChild is { } first ? first.Span.Start : 0;
            var end = block.Inline.LastChild is { } last ? last.Span.End + 1 : 0;
            foreach (var inline in block.Inline.Descendants())
            {
                var (at, length) = (inline.Span.Start, inline.Span.Length);
                if (inline is LinkInline link)
                {
                    if (Terms.Find(term => link.Url == $"{Page}#{term.Anchor}") is { } linked)
                    {
                        found.Add(new Occurrence(linked, at, length, Linked: true));
                    }

                    text.AsSpan(at, length).Clear();
                }
                else if (inline is CodeInline code)
                {
                    if (!inTable && !IsLinked(code) && Terms.Find(term => term.Forms.Contains(code.Content)) is { } said)
                    {
                        found.Add(new Occurrence(said, at, length, Linked: false));
                    }

                    text.AsSpan(at, length).Clear();
                }
                else if (inline is HtmlInline or AutolinkInline)
                {
                    text.AsSpan(at, length).Clear();
                }
            }

            var prose = new string(text);
            var taken = new bool[prose.Length];
            foreach (var (term, form) in Terms.SelectMany(term => term.Forms.Select(form => (term, form))).OrderByDescending(it => it.form.Length))
            {
                foreach (Match match in Word(form).Matches(prose))
                {
                    if (match.Index >= start && match.Index + match.Length <= end && !taken[match.Index])
                    {
                        taken.AsSpan(match.Index, match.Length).Fill(true);
                        found.Add(new Occurrence(term, match.Index, match.Length, Linked: false));
                    }
                }
            }
        }

        return [.. found.OrderBy(occurrence => occurrence.At)];
    }

    private static bool IsLinked(Inline inline) => inline.Parent is { } parent && (parent is LinkInline || IsLinked(parent));

    private static Regex Word(string form) =>
        new($@"(?<![\p{{L}}\p{{N}}_-])[{char.ToUpperInvariant(form[0])}{char.ToLowerInvariant(form[0])}]{Regex.Escape(form[1..])}(?![\p{{L}}\p{{N}}_-])", RegexOptions.CultureInvariant);

    private sealed record Term(string Name, IReadOnlyList<string> Forms, string Text)
    {
        /// <summary>The heading's anchor, as GitHub names it.</summary>
        internal string Anchor => NotInAnchor().Replace(Name.ToLowerInvariant(), "").Replace(' ', '-');

        internal Regex Pattern => new(string.Join('|', Forms.Select(form => Word(form).ToString())), RegexOptions.CultureInvariant);
    }

    private sealed record Occurrence(Term Term, int At, int Length, bool Linked);

    [GeneratedRegex(@"\A\*Also: (?<forms>.+)\*$", RegexOptions.Multiline)]
    private static partial Regex Also();

    [GeneratedRegex(@"[^\p{L}\p{N}_ -]")]
    private static partial Regex NotInAnchor();

    [GeneratedRegex(@"\]\((?:\.\./)?glossary\.md#(?<anchor>[^)]*)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\]\(#(?<anchor>[^)]*)\)")]
    private static partial Regex InPage();

    [GeneratedRegex("^#+ (?:Predict|Exercise)")]
    private static partial Regex Question();

    [GeneratedRegex(@"[.?!]\)?\s")]
    private static partial Regex SentenceEnd();
}
