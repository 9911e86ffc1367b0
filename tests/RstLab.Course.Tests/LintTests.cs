using System.Text.Json.Nodes;
using RstLab.Course.Lint;

namespace RstLab.Course.Tests;

public sealed class LintTests : IDisposable
{
    private readonly TemporaryCourse course = new();

    public void Dispose() => course.Dispose();

    public static TheoryData<string> Committed => [.. NotebookLint.In(Path.Combine(CourseFolder.Find().Root, "notebooks")).Select(file => Path.GetRelativePath(Path.Combine(CourseFolder.Find().Root, "notebooks"), file))];

    [Theory]
    [MemberData(nameof(Committed))]
    public void What_is_committed_works_in_every_executor(string file) => NoFinding(Path.Combine(CourseFolder.Find().Root, "notebooks", file), file);

    /// <summary>Asserts that a file has no finding; the message names all of them in full, so that it can be worked through.</summary>
    internal static void NoFinding(string path, string name)
    {
        var findings = NotebookLint.Check(path, name);
        Assert.True(findings.Count == 0, string.Join('\n', findings));
    }

    [Fact]
    public void A_notebook_within_the_portable_subset_has_no_finding()
    {
        course.WriteText("setup.csx", "#r \"../lib/NOT BUILT/../a.dll\"\n#r \"System.Net.Http\"\nusing System.Net;\n");
        course.WriteText("picture.svg", "<svg/>");
        Write(
            "# Title\n\nSee [below](#what-to-see), [the picture](picture.svg), [there](https://example.org) and [the other](other.ipynb#its-place), [its claim](other.ipynb#claim-02-held).\n\n## What to see\n\n![a picture](picture.svg)\n\n### Deeper\n\n## And up",
            "#!import \"setup.csx\"",
            "#r \"../lib/a.dll\"\n#r \"../lib/b.dll\"",
            "// a comment first\n#r \"../lib/a.dll\"\nvar text = \"\"\"\n  display(1) and await (x) in a string\n  \"\"\";",
            "record Point(int X, int Y);\nFunc<Task> wait = async () => await Task.Yield();\nasync Task<int> TwiceAsync(Task<int> x) { using var s = new System.IO.MemoryStream(); return 2 * await (x); }\nawait TwiceAsync(Task.FromResult(1))",
            "static int Half(this int x) => x / 2;\nint[] all = [1, 2];\nint Sum() { Span<int> s = all; return s.Length; }\nList<Memory<int>> parts = [];\nFigure.Ladder(all)");
        course.Write("other", "# Other\n\n<a id=\"its-place\"></a>", "Claims.That(\"02-held\", \"So it is.\", true)");

        Assert.Empty(Check());
    }

    // One bad notebook for each rule, with the line that its finding names.
    [Theory]
    [InlineData("await-parentheses", 2, "var t = Task.FromResult(1);\nawait (t)")]
    [InlineData("await-parentheses", 1, "var x = await (Task.FromResult(1));")]
    [InlineData("top-level-using", 1, "using var s = new System.IO.MemoryStream();")]
    [InlineData("top-level-using", 2, "var a = 1;\nusing System.IO.MemoryStream s = new();")]
    [InlineData("top-level-using", 1, "await using var s = new System.IO.MemoryStream();")]
    [InlineData("top-level-span", 2, "int[] all = [1];\nSpan<int> s = all;")]
    [InlineData("top-level-span", 2, "int[] all = [1];\nvar s = all.AsSpan();")]
    [InlineData("top-level-span", 1, "System.ReadOnlySpan<char> s = \"a\";")]
    [InlineData("namespace", 1, "namespace Mine { class A { } }")]
    [InlineData("namespace", 1, "namespace Mine;\nclass A { }")]
    [InlineData("extension-method", 3, "static class Ends\n{\n    public static int Half(this int x) => x / 2;\n}")]
    [InlineData("extension-method", 3, "static class Ends\n{\n    extension(int x) { public int Half => x / 2; }\n}")]
    [InlineData("package", 1, "#r \"nuget: Plotly.NET\"")]
    [InlineData("reference", 1, "#r \"/opt/lib/a.dll\"")]
    [InlineData("reference", 1, "#r \"System.Net.Http\"")]
    [InlineData("reference", 2, "var a = 1;\n#r \"../lib/a.dll\"")]
    [InlineData("import", 2, "var a = 1;\n#!import \"there.csx\"")]
    [InlineData("import", 1, "#!import \"there.csx\"\nvar a = 1;")]
    [InlineData("import", 1, "#!import \"there.ipynb\"")]
    [InlineData("import", 1, "#!import \"none.csx\"")]
    [InlineData("import", 1, "#!import \"spaced.csx\"")]
    [InlineData("load", 1, "#load \"there.csx\"")]
    [InlineData("magic", 1, "#!time\n1")]
    [InlineData("magic", 2, "var a = 1;\n  #!fsharp")]
    [InlineData("magic", 1, "#i \"nuget: /feed\"")]
    [InlineData("display", 1, "display(1);")]
    [InlineData("display", 1, "1.Display();")]
    [InlineData("display", 1, "\"<b>\".DisplayAs(\"text/html\");")]
    [InlineData("display", 1, "Formatter.Register<int>((x, w) => w.Write(x), \"text/html\");")]
    [InlineData("display", 1, "void Show(DisplayedValue shown) => shown.Update(2);")]
    [InlineData("two-figures", 2, "Figure.Ladder(first)\n    ; Figure.Ladder(second)")]
    [InlineData("exit", 1, "System.Environment.Exit(0);")]
    [InlineData("exit", 1, "Environment.FailFast(\"now\");")]
    [InlineData("async-void", 1, "async void Go() { await Task.Yield(); }")]
    [InlineData("async-void", 1, "Action go = async () => await Task.Yield();")]
    [InlineData("async-void", 1, "new System.Threading.Thread(async () => await Task.Yield()).Start();")]
    [InlineData("async-void", 1, "Console.CancelKeyPress += async (_, _) => await Task.Yield();")]
    [InlineData("syntax", 2, "var a = 1;\nvar b = ;")]
    [InlineData("syntax", 2, "var a = 1;\nusing System.IO;")]
    public void A_cell_that_is_not_portable_is_found(string rule, int line, string cell)
    {
        course.WriteText("there.csx", "1");
        course.WriteText("spaced.csx", "namespace Mine { }");
        Write("# Title", cell);

        Assert.All(Check(), finding => Assert.Equal((2, "c1", rule, line), (finding.Cell, finding.CellId, finding.Rule, finding.Line)));
        Assert.NotEmpty(Check());
    }

    [Theory]
    [InlineData("link", 3, "# Title\n\n[there](none.ipynb)")]
    [InlineData("link", 3, "# Title\n\n[there](#no-such-heading)")]
    [InlineData("link", 3, "# Title\n\n[there](other.ipynb#no-such-heading)")]
    [InlineData("link", 3, "# Title\n\n[there](other.ipynb#claim-02-no-such-claim)")]
    [InlineData("link", 3, "# Title\n\n[there](/notebooks/other.ipynb)")]
    [InlineData("link", 3, "# Title\n\n[there](file:///notebooks/other.ipynb)")]
    [InlineData("link", 3, "# Title\n\n[there](../artifacts/course.json)")]
    [InlineData("link", 3, "# Title\n\n[there]()")]
    [InlineData("link", 3, "# Title\n\n<a href=\"none.ipynb\">there</a>")]
    [InlineData("link", 3, "# Title\n\n[there][1]\n\n[1]: none.svg")]
    [InlineData("image-text", 3, "# Title\n\n![](picture.svg)")]
    [InlineData("image-text", 3, "# Title\n\n<img src=\"picture.svg\" alt=\"\">")]
    [InlineData("heading-order", 3, "# Title\n\n### Too deep")]
    [InlineData("heading-order", 3, "# Title\n\n# Another title")]
    public void A_text_that_leads_nowhere_is_found(string rule, int line, string text)
    {
        course.WriteText("picture.svg", "<svg/>");
        Directory.CreateDirectory(course.In("artifacts"));
        File.WriteAllText(course.In("artifacts", "course.json"), "{}");
        course.Write("other", "# Other\n\n## Its place");
        Write(text);

        Assert.All(Check(), finding => Assert.Equal((1, rule, line), (finding.Cell, finding.Rule, finding.Line)));
        Assert.NotEmpty(Check());
    }

    [Theory]
    [InlineData("heading-order", "1")]
    [InlineData("heading-order", "## Not a title", "1")]
    public void A_notebook_begins_with_its_title(string rule, params string[] cells)
    {
        var json = TemporaryCourse.Json(cells);
        json["cells"]![0]!["cell_type"] = cells[0][0] == '#' ? "markdown" : "code";
        Write(json);

        Assert.Contains(Check(), finding => finding is { Cell: 1, Line: 1 } && finding.Rule == rule);
    }

    [Theory]
    [InlineData("cell-id", 2, "\"id\":\"c1\",", "")]
    [InlineData("cell-id", 2, "\"id\":\"c1\"", "\"id\":\"a b\"")]
    [InlineData("cell-id", 2, "\"id\":\"c1\"", "\"id\":\"c0\"")]
    [InlineData("outputs", 2, "\"outputs\":[]", "\"outputs\":[{\"output_type\":\"stream\",\"name\":\"stdout\",\"text\":\"1\"}]")]
    [InlineData("outputs", 2, ",\"outputs\":[]", "")]
    [InlineData("outputs", 2, "\"execution_count\":null", "\"execution_count\":3")]
    [InlineData("editor-metadata", 2, "\"metadata\":{},\"source\":\"1\"", "\"metadata\":{\"polyglot_notebook\":{\"kernelName\":\"csharp\"}},\"source\":\"1\"")]
    [InlineData("editor-metadata", null, "\"metadata\":{\"kernelspec\"", "\"metadata\":{\"polyglot_notebook\":{},\"kernelspec\"")]
    [InlineData("kernelspec", null, ".net-csharp", "python3")]
    [InlineData("language-info", null, "text/x-csharp", "text/x-python")]
    [InlineData("format", null, "\"nbformat_minor\":5", "\"nbformat_minor\":4")]
    [InlineData("format", null, "\"cells\"", "\"worksheets\"")]
    [InlineData("format", null, "{\"cells\"", "{{\"cells\"")]
    [InlineData("format", 2, "\"cell_type\":\"code\"", "\"cell_type\":\"chart\"")]
    public void What_only_a_program_writes_is_found(string rule, int? cell, string good, string bad)
    {
        var text = Portable("# Title", "1").ToJsonString();
        Assert.Contains(good, text, StringComparison.Ordinal);
        course.WriteText("01-bad.ipynb", text.Replace(good, bad, StringComparison.Ordinal));

        Assert.Equal((rule, cell, 1), Assert.Single(Check().Select(finding => (finding.Rule, finding.Cell, finding.Line))));
    }

    [Fact]
    public void An_imported_script_is_checked_too()
    {
        var path = course.WriteText("setup.csx", "// packages may be here\n#r \"nuget: Plotly.NET\"\nnamespace Mine { }");

        Assert.Equal(("namespace", 3), Assert.Single(NotebookLint.Check(path, "setup.csx").Select(finding => (finding.Rule, finding.Line))));
    }

    [Fact]
    public void A_script_references_files_and_parts_of_dotnet_and_nothing_else()
    {
        var path = course.WriteText("setup.csx", "#r \"System.Net.Http\"\n#r \"../lib/a.dll\"\n#r \"No.Such.Part\"");

        Assert.Equal(("reference", 3), Assert.Single(NotebookLint.Check(path, "setup.csx").Select(finding => (finding.Rule, finding.Line))));
    }

    [Fact]
    public async Task The_command_names_notebook_cell_and_line_and_ends_with_1()
    {
        Write("# Title", "1;\ndisplay(2);");
        var (code, output, error) = await course.RunProgramAsync("lint");

        Assert.Equal((1, ""), (code, error));
        Assert.StartsWith($"{Path.Combine("notebooks", "01-bad.ipynb")}: cell 2 (c1), line 2: not every executor has it; end the cell with the value instead [display]\n", output, StringComparison.Ordinal);
        Assert.EndsWith("1 files, 1 findings.\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_ends_with_0_where_all_is_well_and_with_2_for_a_file_that_is_not_there()
    {
        Write("# Title", "1");

        Assert.Equal((0, "1 files, 0 findings.\n", ""), await course.RunProgramAsync("lint", course.In("notebooks", "01-bad.ipynb")));
        Assert.Equal(2, (await course.RunProgramAsync("lint", course.In("notebooks", "none.ipynb"))).Code);
    }

    private static JsonObject Portable(params string[] cells)
    {
        var json = TemporaryCourse.Json(cells);
        json["metadata"]!["language_info"] = new JsonObject { ["name"] = "C#", ["file_extension"] = ".cs", ["mimetype"] = "text/x-csharp", ["pygments_lexer"] = "csharp" };
        return json;
    }

    private void Write(params string[] cells) => Write(Portable(cells));

    private void Write(JsonObject json) => course.WriteText("01-bad.ipynb", json.ToJsonString());

    private IReadOnlyList<Finding> Check() => NotebookLint.Check(course.In("notebooks", "01-bad.ipynb"), "01-bad.ipynb");
}
