using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using RstLab.Course.Site;

namespace RstLab.Course.Tests;

/// <summary>The site of <see cref="SiteSample"/>, written once.</summary>
public sealed class SiteFixture : IDisposable
{
    public SiteFixture()
    {
        Course = SiteSample.Course();
        var (output, notebooks) = SiteSample.WriteProject(Folder, Course);
        Index = SiteWriter.Write(Course, output, notebooks, plotlyFile: Path.Combine(Folder, "no-npm.js"));
        Site = Path.GetDirectoryName(Index)!;
    }

    internal string Folder { get; } = Directory.CreateTempSubdirectory("rstlab-site-").FullName;

    internal CourseResult Course { get; }

    internal string Index { get; }

    internal string Site { get; }

    internal IReadOnlyList<string> Pages => [.. Directory.GetFiles(Site, "*.html").Order(StringComparer.Ordinal)];

    /// <summary>The same, in every language.</summary>
    internal IReadOnlyList<string> AllPages => SiteStructure.PagesOf(Site);

    internal string Read(string page) => File.ReadAllText(Path.Combine(Site, page));

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}

public sealed class SiteTests(SiteFixture fixture) : IClassFixture<SiteFixture>
{
    private const string First = SiteSample.First + ".html", Second = SiteSample.Second + ".html", Third = SiteSample.Third + ".html";

    [Fact]
    public void There_is_a_page_for_each_chapter_and_an_index() =>
        Assert.Equal([First, Second, Third, "index.html", "troubleshooting.html"], fixture.Pages.Select(Path.GetFileName));

    [Fact]
    public void Every_element_that_is_opened_is_closed_in_order() => Assert.All(fixture.AllPages, SiteStructure.ElementsClose);

    [Fact]
    public void Ids_are_unique_on_a_page() => Assert.All(fixture.AllPages, SiteStructure.IdsAreUnique);

    [Fact]
    public void Every_link_leads_to_a_file_of_the_site_and_every_anchor_exists() => Assert.All(fixture.AllPages, SiteStructure.LinksLead);

    [Fact]
    public void Nothing_is_asked_of_the_network_but_plotly_from_the_cdn_with_its_hash()
    {
        foreach (var page in fixture.Pages)
        {
            var html = File.ReadAllText(page);
            var absolute = Regex.Matches(html, "(?:src|href)=\"(?:https?:)?//[^\"]*\"").Select(match => match.Value).ToList();
            Assert.Equal(html.Contains("rstlab-plotly", StringComparison.Ordinal) ? [$"src=\"{PlotlyScript.Cdn}\""] : [], absolute);
            Assert.Equal(absolute.Count, Regex.Count(html, $"integrity=\"{Regex.Escape(PlotlyScript.Integrity)}\" crossorigin=\"anonymous\""));
        }

        Assert.DoesNotContain("url(", fixture.Read("site.css"), StringComparison.Ordinal);
    }

    [Fact]
    public void With_the_script_from_npm_the_pages_need_no_network()
    {
        var output = Directory.CreateDirectory(Path.Combine(fixture.Folder, "with-npm")).FullName;
        var script = Path.Combine(fixture.Folder, "plotly-of-the-build.js");
        File.WriteAllText(script, "window.Plotly = {};");
        var site = Path.GetDirectoryName(SiteWriter.Write(fixture.Course, output, null, script))!;
        var page = File.ReadAllText(Path.Combine(site, First));
        Assert.Contains($"<script defer src=\"{PlotlyScript.FileName}\"></script>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("cdn.", page, StringComparison.Ordinal);
        Assert.Equal("window.Plotly = {};", File.ReadAllText(Path.Combine(site, PlotlyScript.FileName)));
    }

    [Fact]
    public void The_hash_is_that_of_the_file_in_the_npm_package()
    {
        if (!File.Exists(PlotlyScript.BuiltFile))
        {
            Assert.Skip("the build could not get plotly.js from npm here");
        }

        Assert.Equal(PlotlyScript.Integrity, "sha384-" + Convert.ToBase64String(SHA384.HashData(File.ReadAllBytes(PlotlyScript.BuiltFile))));
        Assert.Contains($"v{PlotlyScript.Version}", File.ReadAllText(PlotlyScript.BuiltFile)[..200], StringComparison.Ordinal);
    }

    [Fact]
    public void Previous_next_and_contents_lead_through_the_chapters_in_order()
    {
        Assert.Equal((null, Second), Neighbours(fixture.Read(First)));
        Assert.Equal((First, Third), Neighbours(fixture.Read(Second)));
        Assert.Equal((Second, null), Neighbours(fixture.Read(Third)));
        Assert.Contains("<a class=\"prev\" href=\"index.html\">", fixture.Read(First), StringComparison.Ordinal);
        Assert.Contains("<a class=\"next\" href=\"index.html\">", fixture.Read(Third), StringComparison.Ordinal);
        Assert.Equal((null, First), Neighbours(fixture.Read("index.html")));
        Assert.Contains($"<a href=\"{Second}\" aria-current=\"page\">", fixture.Read(Second), StringComparison.Ordinal);
    }

    [Fact]
    public void The_number_of_a_chapter_is_shown_once()
    {
        Assert.Contains("<p class=\"eyebrow\">Chapter 2</p>\n<h1>The connection was aborted</h1>", fixture.Read(Third), StringComparison.Ordinal);
        Assert.Contains($"<a href=\"{Third}\"><span class=\"number\">2</span> The connection was aborted</a>", fixture.Read(First), StringComparison.Ordinal);
    }

    [Fact]
    public void A_page_has_one_first_heading_and_no_step_of_two() => Assert.All(fixture.AllPages, SiteStructure.HeadingsStepByOne);

    [Fact]
    public void The_sections_of_a_page_are_listed_and_headings_of_the_same_words_keep_apart()
    {
        var page = fixture.Read(First);
        var here = Regex.Match(page, "<nav class=\"here\".*?</nav>", RegexOptions.Singleline).Value;
        Assert.Equal(["#what-you-will-see", "#run", "#explain", "#explain-2", "#the-evidence-of-this-chapter"],
            Regex.Matches(here, "href=\"([^\"]*)\"").Select(match => match.Groups[1].Value));
        Assert.Contains("<h3 id=\"the-order-of-the-accounts\">", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Links_to_notebooks_lead_to_pages_and_what_is_not_there_stays_as_words()
    {
        var page = fixture.Read(First);
        Assert.Contains($"<a href=\"{Second}#predict\">Nobody is listening</a>", page, StringComparison.Ordinal);
        Assert.Contains("or jump to a chapter that this run left out.", page, StringComparison.Ordinal);
        Assert.DoesNotContain(".ipynb", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Pictures_of_the_project_come_along()
    {
        Assert.Contains("src=\"files/data/figures/ladder%20%26%20co.svg\" alt=\"A ladder: SYN to the right, RST back\"", fixture.Read(First), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(fixture.Site, "files", "data", "figures", "ladder & co.svg")));
    }

    [Fact]
    public void A_link_out_of_the_project_is_not_followed()
    {
        var files = new PageLinks(new ProjectFiles(fixture.Site, fixture.Folder, Path.Combine(fixture.Folder, "notebooks")), new Edition(fixture.Course, Words.English, null), SiteSample.First);
        File.WriteAllText(fixture.Folder + ".outside", "");
        try
        {
            Assert.Null(files.Resolve($"../../{Path.GetFileName(fixture.Folder)}.outside"));
            Assert.Null(files.Resolve("/etc/hostname"));
        }
        finally
        {
            File.Delete(fixture.Folder + ".outside");
        }
    }

    [Fact]
    public void The_capture_and_the_recording_of_each_ladder_are_linked_and_copied()
    {
        foreach (var recording in fixture.Course.Chapters.SelectMany(chapter => chapter.Recordings))
        {
            Assert.Equal([0xd4, 0xc3, 0xb2, 0xa1], File.ReadAllBytes(Path.Combine(fixture.Site, "captures", recording.Id + ".pcap")));
            Assert.Equal(recording.Id, RstLab.Recording.Load(Path.Combine(fixture.Site, "recordings", recording.Id + ".json")).Id);
        }

        Assert.Equal(2, Regex.Count(fixture.Read(First), "href=\"captures/00-first-reset.pcap\"")); // below the ladder and in the evidence
        Assert.Contains("href=\"results/01-refusal-times.csv\"", fixture.Read(Second), StringComparison.Ordinal);
    }

    [Fact]
    public void A_recording_that_was_not_made_here_links_to_the_shipped_one()
    {
        var folder = Directory.CreateDirectory(Path.Combine(fixture.Folder, "replayed")).FullName;
        var shipped = Directory.CreateDirectory(Path.Combine(folder, "data", "recordings")).FullName;
        var notebooks = Directory.CreateDirectory(Path.Combine(folder, "notebooks")).FullName;
        File.WriteAllBytes(Path.Combine(shipped, "01-refused.pcap"), [1, 2, 3]);
        var site = Path.GetDirectoryName(SiteWriter.Write(fixture.Course, Path.Combine(folder, "artifacts"), notebooks))!;
        Assert.Equal([1, 2, 3], File.ReadAllBytes(Path.Combine(site, "captures", "01-refused.pcap")));
        Assert.DoesNotContain("captures/01-full-queue.pcap", File.ReadAllText(Path.Combine(site, Second)), StringComparison.Ordinal);
    }

    [Fact]
    public void Each_claim_has_an_anchor_that_the_index_leads_to_and_its_state_in_words()
    {
        var index = fixture.Read("index.html");
        foreach (var chapter in fixture.Course.Chapters)
        {
            foreach (var claim in chapter.Claims)
            {
                Assert.Contains($"id=\"claim-{claim.Id}\"", fixture.Read(chapter.Id + ".html"), StringComparison.Ordinal);
                Assert.Contains($"<a class=\"rstlab-claim-id\" href=\"#claim-{claim.Id}\">", fixture.Read(chapter.Id + ".html"), StringComparison.Ordinal);
                Assert.Contains($"{(claim.Holds ? "held" : "broken")}</span> <a href=\"{chapter.Id}.html#claim-{claim.Id}\">", index, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void The_totals_of_claims_evidence_and_errors_are_told()
    {
        var index = fixture.Read("index.html");
        Assert.Contains("4 of 5 claims held", index, StringComparison.Ordinal);
        Assert.Contains("4 live", index, StringComparison.Ordinal);
        Assert.Contains("1 recorded", index, StringComparison.Ordinal);
        Assert.Contains("1 error", index, StringComparison.Ordinal);
        Assert.Contains("2 of 3 claims held", fixture.Read(Second), StringComparison.Ordinal);
        Assert.Contains("tracefs is not mounted here", fixture.Read(Second), StringComparison.Ordinal);
        Assert.Contains("<a href=\"#cell-1\">cell 1, line 1: SocketException: Connection reset by &lt;peer&gt;</a>", fixture.Read(Third), StringComparison.Ordinal);
        Assert.Contains(SiteSample.Environment.Kernel, index, StringComparison.Ordinal);
    }

    [Fact]
    public void Code_is_escaped_coloured_and_otherwise_the_same()
    {
        var source = fixture.Course.Chapters[0].Notebook!.Cells.First(cell => cell.Source.StartsWith("var first", StringComparison.Ordinal)).Source;
        var code = Regex.Matches(fixture.Read(First), "<code>(<span.*?)</code></pre>", RegexOptions.Singleline).Select(match => match.Groups[1].Value).First(html => html.Contains("first-reset", StringComparison.Ordinal));
        Assert.Equal(source, System.Net.WebUtility.HtmlDecode(Regex.Replace(code, "<[^>]*>", "")));
        Assert.Contains("<span class=\"k\">await</span>", code, StringComparison.Ordinal);
        Assert.Contains("<span class=\"t\">Lab</span>", code, StringComparison.Ordinal);
        Assert.Contains("<span class=\"m\">RunAsync</span>", code, StringComparison.Ordinal);
        Assert.Contains("<span class=\"s\">&quot;00-first-reset&quot;</span>", code, StringComparison.Ordinal);
        Assert.Contains("<span class=\"c\">// bound once, then let go</span>", code, StringComparison.Ordinal);
        Assert.Contains("<span class=\"k\">using</span> <span class=\"k\">var</span>", fixture.Read(First), StringComparison.Ordinal); // the fenced block
    }

    [Fact]
    public void A_cell_that_is_not_finished_does_not_spill_into_the_next()
    {
        string[] cells = ["#!import \"setup.csx\"", "var s = \"open", "if (true) {", "recording", "int n = 1; // <end>", ""];
        var coloured = CSharpColours.Colour(cells);
        Assert.Equal(cells, coloured.Select(html => System.Net.WebUtility.HtmlDecode(Regex.Replace(html, "<[^>]*>", ""))));
        Assert.StartsWith("<span class=\"k\">int</span>", coloured[4], StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_cells_said_is_escaped_but_for_html()
    {
        var (first, second, third) = (fixture.Read(First), fixture.Read(Second), fixture.Read(Third));
        Assert.Contains("client &lt; 40312 &amp; 32</pre>", first, StringComparison.Ordinal);
        Assert.Contains("<svg viewBox=\"0 0 700 170\"", first, StringComparison.Ordinal);
        Assert.Contains("stderr</p><pre class=\"scroll\">warning: &lt;tracefs&gt; is not mounted</pre>", second, StringComparison.Ordinal);
        Assert.Contains("2000 &lt; 3000</pre>", second, StringComparison.Ordinal);
        Assert.Contains("<title>Nobody is listening: &lt;refused&gt; &amp; why · RST Lab</title>", second, StringComparison.Ordinal);
        Assert.Contains("<strong>SocketException</strong> cell 1, line 1: Connection reset by &lt;peer&gt;", third, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", third, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_code_of_claims_is_folded_and_not_the_claims()
    {
        var page = fixture.Read(First);
        var folded = Regex.Matches(page, "<details class=\"setup\"><summary>How the claims are checked</summary>(.*?)</details>", RegexOptions.Singleline);

        Assert.NotEmpty(folded);
        Assert.All(folded, f => Assert.DoesNotContain("rstlab-claims", f.Groups[1].Value, StringComparison.Ordinal));
    }

    [Fact]
    public void The_setup_cell_is_folded() =>
        Assert.Matches("<details class=\"setup\"><summary>[^<]+</summary><div class=\"code\">.*?setup\\.csx", fixture.Read(First));

    [Fact]
    public void A_style_sheet_that_every_output_brings_is_given_once_and_its_script_not_at_all()
    {
        Assert.Equal(1, Regex.Count(fixture.Read(Second), Regex.Escape("<style>.rstlab-figure{")));
        Assert.Equal(1, Regex.Count(fixture.Read(Second), Regex.Escape("<style>.rstlab-claims{")));
        Assert.DoesNotContain("rstlabDraw", fixture.Read(Second), StringComparison.Ordinal);
    }

    [Fact]
    public void The_colours_of_code_do_not_reach_into_drawings_whose_classes_are_as_short() =>
        Assert.DoesNotMatch(@"(?m)^\.[a-z0-9]{1,2}[ ,{]", fixture.Read("site.css"));

    [Fact]
    public void Header_cells_say_what_they_head()
    {
        foreach (var page in fixture.Pages)
        {
            Assert.DoesNotMatch("<th(?! scope=)[ >]", File.ReadAllText(page));
        }
    }

    [Fact]
    public void A_chapter_that_could_not_be_read_still_has_a_page()
    {
        var course = fixture.Course with { Chapters = [new ChapterResult { Id = "07-broken", Title = "07-broken", Errors = [new(null, null, "07-broken.ipynb: line 3 is not JSON.")] }] };
        var site = Path.GetDirectoryName(SiteWriter.Write(course, Path.Combine(fixture.Folder, "broken")))!;
        Assert.Contains("07-broken.ipynb: line 3 is not JSON.", File.ReadAllText(Path.Combine(site, "07-broken.html")), StringComparison.Ordinal);
        Assert.Contains("no claim was judged", File.ReadAllText(Path.Combine(site, "index.html")), StringComparison.Ordinal);
        Assert.Contains("href=\"07-broken.html\"", File.ReadAllText(Path.Combine(site, "index.html")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tr-TR")]
    [InlineData("zh-CN")]
    [InlineData("de-DE")]
    public void Another_locale_writes_the_same_pages(string name)
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(name);
            var site = Path.GetDirectoryName(SiteWriter.Write(fixture.Course, Path.Combine(fixture.Folder, "artifacts"), Path.Combine(fixture.Folder, "notebooks"), "no-npm.js"))!;
            Assert.Contains("6.24 s", File.ReadAllText(Path.Combine(site, "index.html")), StringComparison.Ordinal);
            Assert.Contains("2026-03-04 05:06 UTC", File.ReadAllText(Path.Combine(site, "index.html")), StringComparison.Ordinal);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Writing_again_replaces_the_files_and_leaves_nothing_beside_them()
    {
        var before = Directory.GetFiles(fixture.Site, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToList();
        SiteWriter.Write(fixture.Course, Path.Combine(fixture.Folder, "artifacts"), Path.Combine(fixture.Folder, "notebooks"), "no-npm.js");
        Assert.Equal(before, Directory.GetFiles(fixture.Site, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_build_without_npm_says_so_and_goes_on()
    {
        var project = Project();
        if (project is null)
        {
            Assert.Skip("the project's sources are not beside the tests");
        }

        var artifacts = Path.Combine(fixture.Folder, "no-npm");
        var (exit, said) = Run("dotnet", "msbuild", project, "-t:FetchPlotly", "-nologo", "-v:m", "-warnaserror", "-nodeReuse:false",
            "-p:NpmCommand=no-such-npm-here", $"-p:ArtifactsPath={artifacts}");
        Assert.True(exit == 0, said);
        Assert.Contains("plotly.js was not fetched", said, StringComparison.Ordinal);
        Assert.DoesNotContain("warning", said, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void The_lock_file_names_no_registry()
    {
        var project = Project();
        if (project is null)
        {
            Assert.Skip("the project's sources are not beside the tests");
        }

        var locked = File.ReadAllText(Path.Combine(Path.GetDirectoryName(project)!, "Site", "package-lock.json"));
        Assert.DoesNotContain("resolved", locked, StringComparison.Ordinal);
        Assert.DoesNotContain("://", locked, StringComparison.Ordinal);
        Assert.Contains($"\"plotly.js-cartesian-dist-min\": \"{PlotlyScript.Version}\"", locked, StringComparison.Ordinal);
    }

    private static (string? Previous, string? Next) Neighbours(string page)
    {
        string? Of(string relation) => Regex.Match(page, $"<link rel=\"{relation}\" href=\"([^\"]*)\">") is { Success: true } match ? match.Groups[1].Value : null;
        return (Of("prev"), Of("next"));
    }

    private static string? Project()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var project = Path.Combine(folder.FullName, "src", "RstLab.Course", "RstLab.Course.csproj");
            if (File.Exists(project))
            {
                return project;
            }
        }

        return null;
    }

    private static (int Exit, string Said) Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var complained = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        if (!process.WaitForExit(TimeSpan.FromSeconds(120)))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} did not end within 120 s");
        }

        return (process.ExitCode, said.GetAwaiter().GetResult() + complained.GetAwaiter().GetResult());
    }
}
