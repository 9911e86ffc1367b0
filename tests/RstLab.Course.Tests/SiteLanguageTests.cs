using System.Text.RegularExpressions;
using RstLab.Course.Site;

namespace RstLab.Course.Tests;

/// <summary>The site of a course with reference pages, solutions, hints and a translation of some of it, written once.</summary>
public sealed class TranslatedSiteFixture : IDisposable
{
    internal const string Chapter = SiteSample.First, Other = SiteSample.Second;

    public TranslatedSiteFixture()
    {
        var sample = SiteSample.Course();
        var chapter = SiteSample.Chapter(Chapter, "0 · Start here", 1, [new("00-reset-is-a-segment", "So it is.", true, Evidence.Live, null, 1)], [SiteSample.Recording("00-first-reset")], [],
            SiteSample.Markdown("# 0 · Start here\n\nWhat it is about. See [RST](glossary.md#rst-and-fin), [the other](01-nobody-listening.ipynb#predict), [solved](solutions/00-start-here.ipynb#the-way) and [the sheet](cheat-sheet.md).\n\n## What you will see\n\nText."),
            ((System.Text.Json.Nodes.JsonObject)sample.Chapters[0].Notebook!.Cells.First(cell => cell.ExecutionCount == 2).ToJson()),
            SiteSample.Markdown("""
                ## Exercise

                <details><summary>Hint 1</summary>

                Use `Abort`, *not* [this](cheat-sheet.md).

                </details>
                <details><summary>What you should see</summary>

                ![A ladder with a reset](<../data/figures/ladder & co.svg>)

                <img src="../data/figures/plain.svg" alt="Another ladder">

                | a | b |
                |---|---|
                | 1 | 2 |

                </details>
                """),
            SiteSample.Markdown("## Not translated\n\nEnglish words."));
        var solution = SiteSample.Chapter(Chapter, "Start here: solved", 1, [], [SiteSample.Recording("00-solved")], [],
            SiteSample.Markdown("# Start here: solved\n\nBack to [the chapter](../00-start-here.ipynb#exercise), or to [the words](../glossary.md).\n\n## The way"),
            SiteSample.Code("client.Abort();", 1));
        Course = sample with { Chapters = [chapter, sample.Chapters[1]], Solutions = [solution] };
        var (output, notebooks) = SiteSample.WriteProject(Folder, Course);
        File.WriteAllText(Path.Combine(Folder, "data", "figures", "plain.svg"), "<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
        Write(notebooks, "glossary.md", "# Glossary\n\nEvery term.\n\n## RST and FIN\n\nSee [the start](00-start-here.ipynb#exercise) and [below](#c-and-c).\n\n## `C#` and C++\n\n## What's \"this\"?\n\n## RST and FIN\n");
        Write(notebooks, "cheat-sheet.md", "# Cheat sheet\n\nAll at once: [words](glossary.md).\n\n| seen | means |\n|---|---|\n| 0 | the end |\n\n```csharp\nvar x = 1;\n```\n");
        Write(notebooks, "aside.md", "# Aside\n\nLast.\n");
        Write(notebooks, "zh-CN/glossary.md", "<!-- page of: 0123456789ab -->\n# 词汇表\n\n所有术语。\n\n## RST 与 FIN\n\n见[开始](../00-start-here.ipynb#exercise)、[下文](#c-and-c)和[速查表](cheat-sheet.md)。\n\n## `C#` 与 C++\n\n## “这”是什么？\n\n## RST 与 FIN\n");
        Write(notebooks, $"zh-CN/{Chapter}.md", "<!-- cell: c0 of: 0123456789ab -->\n# 0 · 从这里开始\n\n讲什么。见 [RST](glossary.md#rst-and-fin)、[另一章](01-nobody-listening.ipynb#predict)和[解答](solutions/00-start-here.ipynb#the-way)。\n\n## 你将看到\n\n**“正文”**在此。\n<!-- cell: c2 of: 0123456789ab -->\n## 练习\n\n<details><summary>提示 1</summary>\n\n用 `Abort`。\n\n</details>\n\n![时序图](<../data/figures/ladder & co.svg>)\n");
        Write(notebooks, $"zh-CN/solutions/{Chapter}.md", "<!-- cell: c0 of: 0123456789ab -->\n# 从这里开始：解答\n\n回到[本章](../00-start-here.ipynb#exercise)。\n\n## 方法\n");
        Site = Path.GetDirectoryName(SiteWriter.Write(Course, output, notebooks, plotlyFile: "no-npm.js"))!;
    }

    internal string Folder { get; } = Directory.CreateTempSubdirectory("rstlab-languages-").FullName;

    internal CourseResult Course { get; }

    internal string Site { get; }

    internal string Read(string page) => File.ReadAllText(Path.Combine(Site, page));

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static void Write(string notebooks, string name, string text)
    {
        var path = Path.Combine(notebooks, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}

public sealed class SiteLanguageTests(TranslatedSiteFixture fixture) : IClassFixture<TranslatedSiteFixture>
{
    private const string Chapter = TranslatedSiteFixture.Chapter + ".html", Solutions = "solutions/" + Chapter;

    [Fact]
    public void Every_page_is_there_in_both_languages()
    {
        string[] pages = [Chapter, SiteSample.Second + ".html", "aside.html", "cheat-sheet.html", "glossary.html", "index.html", "troubleshooting.html", Solutions];
        Assert.Equal(
            pages.Concat(pages.Select(page => "zh-CN/" + page)).Order(StringComparer.Ordinal),
            SiteStructure.PagesOf(fixture.Site).Select(page => Path.GetRelativePath(fixture.Site, page).Replace('\\', '/')).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_page_is_well_formed_and_its_links_lead_somewhere() => Assert.All(SiteStructure.PagesOf(fixture.Site), page =>
    {
        SiteStructure.ElementsClose(page);
        SiteStructure.IdsAreUnique(page);
        SiteStructure.LinksLead(page);
        SiteStructure.HeadingsStepByOne(page);
    });

    [Fact]
    public void A_page_links_to_itself_in_the_other_language_and_back()
    {
        foreach (var page in SiteStructure.PagesOf(fixture.Site))
        {
            var there = Switch(page);
            Assert.NotEqual(page, there);
            Assert.Equal(page, Switch(there));
        }

        Assert.Contains("<a class=\"language\" href=\"zh-CN/index.html\" hreflang=\"zh-CN\" lang=\"zh-CN\">中文</a>", fixture.Read("index.html"), StringComparison.Ordinal);
        Assert.Contains("<a class=\"language\" href=\"../../solutions/00-start-here.html\" hreflang=\"en\" lang=\"en\">English</a>", fixture.Read("zh-CN/" + Solutions), StringComparison.Ordinal);
    }

    [Fact]
    public void A_page_says_its_language_and_all_pages_share_their_files()
    {
        foreach (var page in SiteStructure.PagesOf(fixture.Site))
        {
            var (html, chinese) = (File.ReadAllText(page), page.Contains("zh-CN", StringComparison.Ordinal));
            Assert.StartsWith($"<!doctype html>\n<html lang=\"{(chinese ? "zh-CN" : "en")}\">", html, StringComparison.Ordinal);
            Assert.Equal(Path.Combine(fixture.Site, "site.css"), Target(page, Regex.Match(html, "<link rel=\"stylesheet\" href=\"([^\"]*)\">")));
            Assert.Equal(Path.Combine(fixture.Site, "site.js"), Target(page, Regex.Match(html, "<script defer src=\"([^\"]*site\\.js)\">")));
        }

        Assert.Empty(Directory.GetDirectories(Path.Combine(fixture.Site, "zh-CN")).Select(Path.GetFileName).Except(["solutions"]));
    }

    [Fact]
    public void Translated_cells_are_shown_and_the_others_in_English_marked_as_such()
    {
        var page = fixture.Read("zh-CN/" + Chapter);
        Assert.Contains("<title>从这里开始 · RST Lab</title>", page, StringComparison.Ordinal);
        Assert.Contains("<p class=\"eyebrow\">第 0 章</p>\n<h1>从这里开始</h1>", page, StringComparison.Ordinal);
        Assert.Contains("<meta name=\"description\" content=\"讲什么。", page, StringComparison.Ordinal);
        Assert.Contains("<p><strong>“正文”</strong>在此。</p>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("What it is about", page, StringComparison.Ordinal);
        Assert.Matches("<div class=\"as-written\" lang=\"en\"><div class=\"heading\"><h2 id=\"not-translated\">Not translated</h2>", page);
        Assert.Contains("<a href=\"#not-translated\" lang=\"en\">Not translated</a>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("lang=\"en\"", Regex.Match(fixture.Read(Chapter), "<main.*</main>", RegexOptions.Singleline).Value, StringComparison.Ordinal);
        Assert.Contains("<h1 lang=\"en\">Nobody is listening", fixture.Read($"zh-CN/{SiteSample.Second}.html"), StringComparison.Ordinal);
    }

    [Fact]
    public void Anchors_are_the_same_in_every_language()
    {
        string[] Anchors(string page) => [.. Regex.Matches(fixture.Read(page), "<h[23] id=\"([^\"]*)\"").Select(match => match.Groups[1].Value)];
        foreach (var page in new[] { Chapter, Solutions, "glossary.html", SiteSample.Second + ".html" })
        {
            Assert.Equal(Anchors(page), Anchors("zh-CN/" + page));
        }

        Assert.Equal(["what-you-will-see", "exercise", "not-translated", "the-evidence-of-this-chapter"], Anchors(Chapter));
    }

    [Fact]
    public void A_page_has_the_anchors_that_GitHub_gives_it() =>
        Assert.Equal(["rst-and-fin", "c-and-c", "whats-this", "rst-and-fin-1"], Regex.Matches(fixture.Read("glossary.html"), "<h2 id=\"([^\"]*)\"").Select(match => match.Groups[1].Value));

    [Fact]
    public void Code_and_outputs_are_English_in_every_language()
    {
        var page = fixture.Read("zh-CN/" + Chapter);
        Assert.NotEmpty(Regex.Matches(page, "<pre "));
        Assert.All(Regex.Matches(page, "<pre [^>]*>|<div class=\"html\"[^>]*>"), match => Assert.Contains("lang=\"en\"", match.Value, StringComparison.Ordinal));
        Assert.Contains("<p class=\"files\" lang=\"zh-CN\">", page, StringComparison.Ordinal);
    }

    [Fact]
    public void The_sites_own_words_are_Chinese_on_a_Chinese_page()
    {
        foreach (var page in new[] { "zh-CN/" + Chapter, "zh-CN/index.html", "zh-CN/glossary.html", "zh-CN/" + Solutions })
        {
            // What is left in Latin letters outside of what is marked as English: names, and nothing that the site says itself.
            var words = Regex.Replace(fixture.Read(page), "<head>.*?</head>|<script.*?</script>|<(\\w+)\\b[^>]*\\slang=\"en\"[^>]*>.*?</\\1>", "", RegexOptions.Singleline);
            foreach (var own in new[] { "Skip to", "Contents", "On this page", "Previous", ">Next", "Begin", "Back to", "Measured", "claims held", "cells in", "capture for", "Reference", "What happened", "evidence of" })
            {
                Assert.False(words.Contains(own, StringComparison.Ordinal), $"{page} says '{own}'");
            }
        }

        var index = fixture.Read("zh-CN/index.html");
        Assert.Contains("连接断开时", index, StringComparison.Ordinal);
        Assert.Contains("条断言中", index, StringComparison.Ordinal);
        Assert.Contains("跳到正文", index, StringComparison.Ordinal);
        Assert.Contains("\"copy\":\"复制\"", index, StringComparison.Ordinal);
    }

    [Fact]
    public void Links_stay_in_the_language_of_their_page()
    {
        var page = fixture.Read("zh-CN/" + Chapter);
        Assert.Contains("<a href=\"glossary.html#rst-and-fin\">RST</a>", page, StringComparison.Ordinal);
        Assert.Contains($"<a href=\"{SiteSample.Second}.html#predict\">另一章</a>", page, StringComparison.Ordinal);
        Assert.Contains($"<a href=\"{Solutions}#the-way\">解答</a>", page, StringComparison.Ordinal);
        Assert.Contains($"<a href=\"../{Chapter}#exercise\">本章</a>", fixture.Read("zh-CN/" + Solutions), StringComparison.Ordinal);
        Assert.Contains($"<a href=\"{Chapter}#exercise\">开始</a>", fixture.Read("zh-CN/glossary.html"), StringComparison.Ordinal);
        Assert.Contains("<a href=\"cheat-sheet.html\">速查表</a>", fixture.Read("zh-CN/glossary.html"), StringComparison.Ordinal);
        Assert.DoesNotContain(".ipynb", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Pages_beside_the_chapters_are_listed_everywhere_in_their_order()
    {
        var list = Regex.Match(fixture.Read(Chapter), "<nav class=\"side\".*?</nav>", RegexOptions.Singleline).Value;
        Assert.Equal([Chapter, SiteSample.Second + ".html", "cheat-sheet.html", "glossary.html", "troubleshooting.html", "aside.html"],
            Regex.Matches(list, "href=\"([^\"#]+)\"").Select(match => match.Groups[1].Value));
        Assert.Contains("<p class=\"group\">Reference</p>", list, StringComparison.Ordinal);
        Assert.Contains("<a href=\"../glossary.html\">词汇表</a>", fixture.Read("zh-CN/" + Solutions), StringComparison.Ordinal);
        Assert.Contains("<a href=\"cheat-sheet.html\" lang=\"en\">Cheat sheet</a>", fixture.Read("zh-CN/glossary.html"), StringComparison.Ordinal);
        Assert.Contains("<h2 id=\"reference\">Reference</h2>", fixture.Read("index.html"), StringComparison.Ordinal);
        Assert.Contains("<a href=\"glossary.html\" aria-current=\"page\">", fixture.Read("glossary.html"), StringComparison.Ordinal);
        Assert.Contains($"<a href=\"{Chapter}#exercise\">the start</a>", fixture.Read("glossary.html"), StringComparison.Ordinal);
        Assert.Contains("<div class=\"scroll\"><table aria-label=", fixture.Read("cheat-sheet.html"), StringComparison.Ordinal);
    }

    [Fact]
    public void Solutions_are_reached_from_their_chapter_and_lead_back_to_it()
    {
        var page = fixture.Read(Solutions);
        Assert.Contains($"<a href=\"{Solutions}#the-way\">solved</a>", fixture.Read(Chapter), StringComparison.Ordinal);
        Assert.Contains($"<a href=\"../{Chapter}#exercise\">the chapter</a>", page, StringComparison.Ordinal);
        Assert.Contains("<p class=\"eyebrow\">Chapter 0 · Solutions</p>\n<h1>Start here: solved</h1>", page, StringComparison.Ordinal);
        Assert.Matches($"<nav class=\"pager\"[^>]*><a class=\"prev\" rel=\"up\" href=\"../{Regex.Escape(Chapter)}\"><span>Back to the chapter</span> Start here</a>\\s*</nav>", page);
        Assert.DoesNotContain("rel=\"next\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("href=\"solutions/", Regex.Match(fixture.Read("index.html"), "<nav class=\"side\".*?</nav>", RegexOptions.Singleline).Value, StringComparison.Ordinal);
        Assert.Contains("href=\"../captures/00-first-reset.pcap\"", fixture.Read("zh-CN/" + Chapter), StringComparison.Ordinal);
    }

    [Fact]
    public void Folded_parts_have_their_Markdown_and_their_pictures()
    {
        var page = fixture.Read(Chapter);
        Assert.Matches("<details><summary>Hint 1</summary>\\s*<p>Use <code>Abort</code>, <em>not</em> <a href=\"cheat-sheet.html\">this</a>.</p>\\s*</details>", page);
        Assert.Contains("<img loading=\"lazy\" src=\"files/data/figures/ladder%20%26%20co.svg\" alt=\"A ladder with a reset\"", page, StringComparison.Ordinal);
        Assert.Contains("<img loading=\"lazy\" src=\"files/data/figures/plain.svg\" alt=\"Another ladder\">", page, StringComparison.Ordinal);
        Assert.Contains("<img loading=\"lazy\" src=\"../files/data/figures/ladder%20%26%20co.svg\" alt=\"时序图\"", fixture.Read("zh-CN/" + Chapter), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(fixture.Site, "files", "data", "figures", "plain.svg")));
    }

    [Fact]
    public void A_chapter_that_was_not_run_stays_as_words_also_where_its_notebook_is_there()
    {
        File.WriteAllText(Path.Combine(fixture.Folder, "notebooks", SiteSample.Second + ".ipynb"), "{}");
        var site = Path.GetDirectoryName(SiteWriter.Write(fixture.Course with { Chapters = [fixture.Course.Chapters[0]] }, Path.Combine(fixture.Folder, "partly"), Path.Combine(fixture.Folder, "notebooks")))!;
        Assert.Contains(", the other, <a ", File.ReadAllText(Path.Combine(site, Chapter)), StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(site, "files", "notebooks")));
    }

    [Fact]
    public void A_notebook_from_another_folder_brings_no_pages_along()
    {
        var folder = Directory.CreateDirectory(Path.Combine(fixture.Folder, "downloads")).FullName;
        File.WriteAllText(Path.Combine(folder, "private.md"), "# Private\n");
        var site = Path.GetDirectoryName(SiteWriter.Write(fixture.Course, Path.Combine(fixture.Folder, "elsewhere"), folder))!;
        Assert.False(File.Exists(Path.Combine(site, "private.html")));
    }

    private static string Switch(string page)
    {
        var html = File.ReadAllText(page);
        var link = Regex.Match(html, "<a class=\"language\" href=\"([^\"]*)\" hreflang=\"([^\"]*)\" lang=\"\\2\">");
        Assert.Contains($"<link rel=\"alternate\" hreflang=\"{link.Groups[2].Value}\" href=\"{link.Groups[1].Value}\">", html, StringComparison.Ordinal);
        return Target(page, link);
    }

    private static string Target(string page, Match link)
    {
        Assert.True(link.Success, page);
        return Path.GetFullPath(Path.Combine(Path.GetDirectoryName(page)!, link.Groups[1].Value));
    }
}
