using System.Security.Cryptography;
using System.Text;
using RstLab.Course.Lint;

namespace RstLab.Course.Tests;

public sealed class OverlayTests : IDisposable
{
    private const string Some = "<!-- cell: c0 of: 0123456789ab -->";

    private readonly TemporaryCourse course = new();

    public void Dispose() => course.Dispose();

    [Fact]
    public void The_hash_is_that_of_the_text_in_UTF8_with_line_feeds_and_nothing_at_its_end()
    {
        var expected = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes("# Reset · 重置\n\nText")))[..12].ToLowerInvariant();
        Assert.Equal(expected, Overlay.HashOf("# Reset · 重置\n\nText"));
        Assert.Equal(expected, Overlay.HashOf("# Reset · 重置\r\n\r\nText \n\n"));
        Assert.NotEqual(expected, Overlay.HashOf("# Reset · 重置\n\ntext"));
        Assert.Equal("ba7816bf8f01", Overlay.HashOf("abc")); // FIPS 180-2, appendix B.1
    }

    [Fact]
    public void Cells_are_read_with_their_hashes_and_lines()
    {
        var overlay = Overlay.Parse($"\uFEFF\n{Some}\r\n\r\n# 标题\r\n\r\n正文 <!-- 注释 -->\r\n\r\n<!-- cell: more_2 of: ba7816bf8f01 -->\n~~~\n代码\n~~~\n\n", "a.md");

        Assert.Equal(["c0", "more_2"], overlay.Cells.Keys);
        Assert.Equal(new TranslatedText("0123456789ab", "# 标题\n\n正文 <!-- 注释 -->", 2, 4), overlay.Cells["c0"]);
        Assert.Equal(new TranslatedText("ba7816bf8f01", "~~~\n代码\n~~~", 8, 9), overlay.Cells["more_2"]);
    }

    [Theory]
    [InlineData(1, "belongs to no cell", "正文\n" + Some + "\n正文")]
    [InlineData(4, "is no marker", Some + "\n正文\n\n<!-- cell: c1 -->\n正文")]
    [InlineData(1, "is no marker", "<!-- cell: c0 of: 0123456789AB -->\n正文")]
    [InlineData(1, "is no marker", "<!-- cell: c0 of: 0123 -->\n正文")]
    [InlineData(1, "is no marker", "  " + Some + "\n正文")]
    [InlineData(1, "is no marker", "<!-- Cell: c0 of: 0123456789ab -->\n正文")]
    [InlineData(3, "in line 1; keep one", Some + "\n正文\n" + Some + "\n又一次")]
    [InlineData(1, "nothing follows", Some + "\n\n<!-- cell: c1 of: 0123456789ab -->\n正文")]
    [InlineData(3, "nothing follows", Some + "\n正文\n<!-- cell: c1 of: 0123456789ab -->\n")]
    public void What_is_no_overlay_is_told_with_file_line_and_remedy(int line, string what, string text)
    {
        var e = Assert.Throws<OverlayException>(() => Overlay.Parse(text, "zh-CN/01-a.md"));

        Assert.StartsWith($"zh-CN/01-a.md, line {line}: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(what, e.Message, StringComparison.Ordinal);
        Assert.Equal(line, e.Line);
    }

    [Fact]
    public void A_page_says_in_its_first_line_what_it_was_translated_from()
    {
        Assert.Equal(new TranslatedText("ba7816bf8f01", "# 词汇表", 1, 2), Overlay.ParsePage("<!-- page of: ba7816bf8f01 -->\n# 词汇表\n", "glossary.md"));
        var e = Assert.Throws<OverlayException>(() => Overlay.ParsePage("# 词汇表\n", "glossary.md"));
        Assert.StartsWith("glossary.md, line 1: ", e.Message, StringComparison.Ordinal);
        Assert.Contains("<!-- page of: HASH -->", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unknown_missing_and_outdated_cells_are_found_with_the_marker_to_write()
    {
        course.Write("01-a", "# Title", "1 + 1", "# Changed since", "# Not translated");
        var overlay = Write("01-a.md", $"<!-- cell: c0 of: {Overlay.HashOf("# Title")} -->\n# 标题\n<!-- cell: c1 of: 0123456789ab -->\n代码\n<!-- cell: c2 of: 0123456789ab -->\n# 已改\n");

        Assert.Equal(
            [("translation-unknown", 3, "'c1'"), ("translation-outdated", 5, $"<!-- cell: c2 of: {Overlay.HashOf("# Changed since")} -->"), ("translation-missing", 1, $"<!-- cell: c3 of: {Overlay.HashOf("# Not translated")} -->")],
            NotebookLint.Check(overlay, "a").Where(finding => finding.Rule.StartsWith("translation", StringComparison.Ordinal))
                .Select(finding => (finding.Rule, finding.Line, finding.Message.Contains("<!--", StringComparison.Ordinal) ? finding.Message[finding.Message.IndexOf("<!--", StringComparison.Ordinal)..] : finding.Message.Split(' ')[6].TrimEnd(';'))));
    }

    [Fact]
    public void A_translation_has_the_headings_and_the_links_of_its_original()
    {
        course.Write("01-a", "# Title\n\n## There");
        course.WriteText("glossary.md", "# Glossary\n\n## RST\n");
        string Check(string translation) => string.Join(", ", NotebookLint.Check(Write("01-a.md", $"<!-- cell: c0 of: {Overlay.HashOf("# Title\n\n## There")} -->\n\n{translation}"), "a").Select(finding => $"{finding.Rule} {finding.Line}"));

        Assert.Equal("", Check("# 标题\n\n## 那里\n\n[此处](01-a.ipynb#there)，[词](glossary.md#rst)"));
        Assert.Equal("translation-headings 3", Check("# 标题"));
        Assert.Equal("link 7", Check("# 标题\n\n## 那里\n\n[此处](01-a.ipynb#那里)"));
    }

    [Fact]
    public void A_translated_page_is_checked_against_its_original()
    {
        course.WriteText("glossary.md", "# Glossary\n\n## RST\n");
        var hash = Overlay.HashOf("# Glossary\n\n## RST");
        string Check(string text) => string.Join(", ", NotebookLint.Check(Write("glossary.md", text), "a").Select(finding => $"{finding.Rule} {finding.Line} {(finding.Message.Contains(hash, StringComparison.Ordinal) ? "stamp" : "")}".TrimEnd()));

        Assert.Equal("", Check($"<!-- page of: {hash} -->\n# 词汇表\n\n## RST\n\n[见](glossary.md#rst)，[原文](../glossary.md#rst)\n"));
        Assert.Equal("translation-outdated 1 stamp", Check("<!-- page of: 0123456789ab -->\n# 词汇表\n\n## RST\n"));
        Assert.Equal("translation-headings 2", Check($"<!-- page of: {hash} -->\n# 词汇表\n"));
        Assert.Equal("translation-format 1", Check("# 词汇表\n\n## RST\n"));
        Assert.StartsWith("translation-unknown 1", string.Join(' ', NotebookLint.Check(Write("none.md", "# 无"), "a").Select(finding => $"{finding.Rule} {finding.Line}")), StringComparison.Ordinal);
    }

    [Fact]
    public void Translations_and_solutions_are_among_what_is_checked()
    {
        course.Write("01-a", "# Title");
        Directory.CreateDirectory(course.In("notebooks", "solutions"));
        File.WriteAllText(course.In("notebooks", "solutions", "01-a.ipynb"), "{}");
        Write("01-a.md", "");
        Directory.CreateDirectory(course.In("notebooks", "zh-CN", "solutions"));
        File.WriteAllText(course.In("notebooks", "zh-CN", "solutions", "01-a.md"), "");

        Assert.Equal(
            ["01-a.ipynb", "solutions/01-a.ipynb", "zh-CN/01-a.md", "zh-CN/solutions/01-a.md"],
            NotebookLint.In(course.In("notebooks")).Select(file => Path.GetRelativePath(course.In("notebooks"), file).Replace('\\', '/')));
    }

    [Fact]
    public async Task A_translation_that_cannot_be_read_ends_the_run_with_its_place()
    {
        course.Write("01-a", "# Title", "1");
        Write("01-a.md", "no marker\n");
        var (code, _, error) = await course.RunProgramAsync("--output", course.In("out"));

        Assert.Equal(1, code);
        Assert.Contains($"{Path.Combine("zh-CN", "01-a.md")}, line 1: ", error, StringComparison.Ordinal);
    }

    /// <summary>Every notebook and page of the course, with where its translation belongs.</summary>
    public static TheoryData<string> Originals => [.. NotebookLint.In(Notebooks).Where(file => Overlay.OriginalOf(file) is null && Path.GetExtension(file) is ".ipynb" or ".md").Select(file => Path.GetRelativePath(Notebooks, file))];

    // What is there already is held to its original by LintTests; this one asks for all of it.
    [Theory]
    [MemberData(nameof(Originals))]
    public void Every_notebook_and_page_is_translated_in_full_and_up_to_date(string original)
    {
        var file = Overlay.PathOf(Path.Combine(Notebooks, original), Notebooks);
        Assert.True(File.Exists(file), $"{original} is not translated: there is no {Path.GetRelativePath(Notebooks, file)}");
        LintTests.NoFinding(file, Path.GetRelativePath(Notebooks, file));
    }

    private static string Notebooks => Path.Combine(CourseFolder.Find().Root, "notebooks");

    private string Write(string name, string text)
    {
        Directory.CreateDirectory(course.In("notebooks", Overlay.Folder));
        return course.WriteText(Path.Combine(Overlay.Folder, name), text);
    }
}
