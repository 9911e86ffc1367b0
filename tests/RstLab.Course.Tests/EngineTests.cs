using System.Globalization;
using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace RstLab.Course.Tests;

public sealed class EngineTests : IDisposable
{
    private readonly TemporaryCourse course = new();

    public void Dispose() => course.Dispose();

    [Theory]
    [InlineData("using var s = new System.IO.MemoryStream();")]
    [InlineData("1;\nusing System.IO.MemoryStream s = new();")]
    [InlineData("await using var s = new System.IO.MemoryStream();")]
    public async Task A_using_declaration_at_the_top_level_is_answered_with_what_works(string cell)
    {
        var chapter = await course.RunAsync(cell);

        Assert.Contains("CS1002", chapter.Errors[0].Message + Assert.IsType<ErrorOutput>(chapter.Notebook!.Cells[0].Outputs[0]).Value, StringComparison.Ordinal);
        Assert.EndsWith(Troubleshooting.UsingDeclaration.Message, Assert.IsType<ErrorOutput>(chapter.Notebook!.Cells[0].Outputs[0]).Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_semicolon_that_is_missing_elsewhere_is_not_answered_so()
    {
        var chapter = await course.RunAsync("int a = 1\nint b = 2;");

        Assert.DoesNotContain("using", Assert.IsType<ErrorOutput>(chapter.Notebook!.Cells[0].Outputs[0]).Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cell_sees_the_variables_types_and_usings_of_the_cells_before()
    {
        var chapter = await course.RunAsync(
            "using System.Net.Sockets;\nvar x = 40;\nint Twice(int n) => 2 * n;",
            "record Pair(int A, int B);",
            "new Pair(Twice(x), (int)SocketError.Success).A");

        Assert.Equal("80", Plain(chapter, 3));
    }

    [Theory]
    [InlineData("1 + 1", "2")]
    [InlineData("var s = \"a\"; s", "a")]
    [InlineData("await Task.FromResult(7)", "7")]
    [InlineData("null", "<null>")]
    [InlineData("(string)null", "<null>")]
    [InlineData("return 5;", "5")]
    [InlineData("1.5", "1.5")]
    public async Task A_trailing_expression_is_displayed(string cell, string plain)
    {
        var chapter = await course.RunAsync(cell);

        var output = Assert.IsType<DisplayOutput>(Assert.Single(Cell(chapter, 1).Outputs));
        Assert.Equal(plain, output["text/plain"]);
        Assert.Equal(1, output.ExecutionCount);
    }

    [Theory]
    [InlineData("_ = 1 + 1;")]
    [InlineData("var x = 1;")]
    [InlineData("// nothing")]
    [InlineData("")]
    [InlineData("Console.Write(\"\")")]
    [InlineData("await Task.Delay(1)")]
    [InlineData("void F() { }\nF()")]
    public async Task A_statement_displays_nothing(string cell)
    {
        var chapter = await course.RunAsync(cell);

        Assert.Empty(chapter.Errors);
        Assert.Empty(Cell(chapter, 1).Outputs);
    }

    [Fact]
    public async Task A_value_is_displayed_as_html_and_as_plain_text()
    {
        var chapter = await course.RunAsync("new[] { 1, 2 }");

        var output = Assert.IsType<DisplayOutput>(Cell(chapter, 1).Outputs[0]);
        Assert.Equal(["text/html", "text/plain"], output.Data.Select(form => form.MimeType));
        Assert.Contains("<pre>", output["text/html"], StringComparison.Ordinal);
        Assert.DoesNotContain("\r", output["text/html"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("new StringBuilder().Length")]
    [InlineData("new ArrayList().Count")]
    [InlineData("new List<int>().Count")]
    [InlineData("new[] { 1 }.Where(n => n > 1).Count()")]
    [InlineData("await Task.FromResult(0)")]
    [InlineData("Math.Abs(0)")]
    public async Task The_usings_of_the_kernel_are_in_scope(string cell) => Assert.Equal("0", Plain(await course.RunAsync(cell), 1));

    [Theory]
    [InlineData("File.Exists(\"a\")")]
    [InlineData("Thread.Sleep(0);")]
    [InlineData("new HttpClient()")]
    public async Task Other_usings_are_not_in_scope(string cell) => Assert.Contains("CS0", Assert.Single((await course.RunAsync(cell)).Errors).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Kestrel_and_HttpClient_work_in_a_cell()
    {
        var chapter = await course.RunAsync(
            """
            using Microsoft.AspNetCore.Builder;
            using Microsoft.AspNetCore.Http;
            using Microsoft.Extensions.Logging;
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            var app = builder.Build();
            app.Urls.Add("http://127.0.0.1:0");
            app.MapGet("/", () => "served");
            await app.StartAsync();
            """,
            """
            using System.Net.Http;
            var http = new HttpClient();
            var answer = await http.GetStringAsync(app.Urls.First());
            http.Dispose();
            await app.DisposeAsync();
            answer
            """);

        Assert.Equal("served", Plain(chapter, 2));
    }

    [Fact]
    public async Task Standard_output_and_error_are_streams_in_their_order_before_the_value()
    {
        var chapter = await course.RunAsync("Console.WriteLine(\"one\");\nConsole.Write(\"two\");\nConsole.Error.WriteLine(\"three\");\nConsole.WriteLine(4);\n5");

        Assert.Equal(
            [new StreamOutput("stdout", "one\ntwo"), new StreamOutput("stderr", "three\n"), new StreamOutput("stdout", "4\n")],
            Cell(chapter, 1).Outputs.OfType<StreamOutput>());
        Assert.IsType<DisplayOutput>(Cell(chapter, 1).Outputs[3]);
    }

    [Fact]
    public async Task What_tasks_and_threads_of_a_cell_write_is_the_cells_output()
    {
        var chapter = await course.RunAsync("await Task.Run(() => Console.Write(\"task \"));\nvar t = new System.Threading.Thread(() => Console.Write(\"thread\"));\nt.Start();\nt.Join();");

        Assert.Equal(new StreamOutput("stdout", "task thread"), Assert.Single(Cell(chapter, 1).Outputs));
    }

    [Fact]
    public async Task Chapters_that_run_at_once_do_not_mix_their_output()
    {
        string[] names = ["a", "b", "c", "d"];
        var paths = names.Select(name => course.Write($"0{name[0] - 'a'}-{name}",
            $"for (var i = 0; i < 200; i++) {{ Console.WriteLine(\"{name}\"); if (i % 20 == 0) await Task.Delay(1); }}\n\"{name}\"")).ToList();
        var result = await new CourseRun(_ => new FakeLab(), new PlainProgress(TextWriter.Null)) { Parallel = 4 }.RunAsync(paths, Machine.Environment(), TestContext.Current.CancellationToken);

        Assert.All(result.Chapters.Zip(names), pair =>
        {
            var outputs = Cell(pair.First, 1).Outputs;
            Assert.Equal(string.Concat(Enumerable.Repeat(pair.Second + "\n", 200)), Assert.IsType<StreamOutput>(outputs[0]).Text);
            Assert.Equal(pair.Second, Assert.IsType<DisplayOutput>(outputs[1])["text/plain"]);
        });
    }

    [Fact]
    public async Task A_cell_that_replaces_the_console_does_not_take_it_from_the_next()
    {
        var chapter = await course.RunAsync("Console.SetOut(new System.IO.StringWriter());\nConsole.Write(\"lost\");", "Console.Write(\"here\");");

        Assert.Equal(new StreamOutput("stdout", "here"), Assert.Single(Cell(chapter, 2).Outputs));
    }

    [Fact]
    public async Task A_loop_that_never_stops_printing_is_cut()
    {
        var chapter = await course.RunAsync("var line = new string('x', 1000);\nfor (var i = 0; i < 5000; i++) Console.WriteLine(line);");

        var text = Assert.IsType<StreamOutput>(Assert.Single(Cell(chapter, 1).Outputs)).Text;
        Assert.InRange(text.Length, 1_000_000, 1_100_000);
        Assert.EndsWith("left out)\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_compile_error_names_cell_line_and_column_and_ends_the_chapter()
    {
        var chapter = await course.RunAsync("var fine = 1;", "var x = 0;\nint y = \"text\";", "Console.Write(\"never\");");

        Assert.Equal((2, 2), (chapter.Errors[0].Cell, chapter.Errors[0].Line));
        Assert.StartsWith("CS0029", chapter.Errors[0].Message, StringComparison.Ordinal);
        var error = Assert.IsType<ErrorOutput>(Assert.Single(Cell(chapter, 2).Outputs));
        Assert.StartsWith("cell 2, line 2, column 9: error CS0029", error.Value, StringComparison.Ordinal);
        Assert.Contains("    int y = \"text\";", error.Traceback);
        Assert.Empty(Cell(chapter, 3).Outputs);
        Assert.Null(Cell(chapter, 3).ExecutionCount);
        Assert.Equal((3, 1), (chapter.Cells, chapter.CellsRun));
    }

    [Fact]
    public async Task Cells_before_a_compile_error_run()
    {
        var chapter = await course.RunAsync("Console.Write(\"ran\");", "syntax error here");

        Assert.Equal(new StreamOutput("stdout", "ran"), Assert.Single(Cell(chapter, 1).Outputs));
        Assert.Equal(2, Assert.Single(chapter.Errors).Cell);
    }

    [Fact]
    public async Task An_exception_names_cell_and_line_and_shows_the_readers_own_frames_and_the_chain()
    {
        var chapter = await course.RunAsync(
            "async Task Fail(int n)\n{\n    await Task.Yield();\n    try { _ = 1 / n; }\n    catch (Exception e) { throw new InvalidOperationException(\"outer\", e); }\n}",
            "// call it\nConsole.Write(\"before\");\nawait Fail(0);");

        Assert.Equal(new ChapterError(2, 3, "InvalidOperationException: outer"), Assert.Single(chapter.Errors));
        Assert.Equal("before", Assert.IsType<StreamOutput>(Cell(chapter, 2).Outputs[0]).Text);
        var error = Assert.IsType<ErrorOutput>(Cell(chapter, 2).Outputs[1]);
        Assert.Equal(("InvalidOperationException", "cell 2, line 3: outer"), (error.Name, error.Value));
        Assert.Contains(error.Traceback, line => line.StartsWith("   at cell 1, line 5", StringComparison.Ordinal));
        Assert.Contains(error.Traceback, line => line == "   at cell 2, line 3: await Fail(0);");
        Assert.Contains(error.Traceback, line => line.StartsWith("caused by System.DivideByZeroException", StringComparison.Ordinal));
        Assert.DoesNotContain(error.Traceback, line => line.Contains("Microsoft.CodeAnalysis", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_value_that_cannot_be_shown_is_an_error_of_its_cell()
    {
        var chapter = await course.RunAsync("IEnumerable<int> Bad() { yield return 1; throw new InvalidOperationException(\"no more\"); }\nBad()");

        Assert.Equal(new ChapterError(1, 1, "InvalidOperationException: the value cannot be shown: no more"), Assert.Single(chapter.Errors));
        Assert.IsType<ErrorOutput>(Assert.Single(Cell(chapter, 1).Outputs));
    }

    [Fact]
    public async Task A_warning_of_the_compiler_is_told_on_stderr()
    {
        var chapter = await course.RunAsync("#warning mind this\n1");

        Assert.Equal("cell 1, line 1, column 10: warning CS1030: #warning: 'mind this'\n", Assert.IsType<StreamOutput>(Cell(chapter, 1).Outputs[0]).Text);
        Assert.Equal("stderr", Assert.IsType<StreamOutput>(Cell(chapter, 1).Outputs[0]).Name);
        Assert.Equal("1", Assert.IsType<DisplayOutput>(Cell(chapter, 1).Outputs[1])["text/plain"]);
    }

    [Fact]
    public async Task A_referenced_dll_is_found_beside_the_notebook_and_holds_for_later_cells()
    {
        Compile("greeting.dll", "namespace Greeting; public static class Hello { public static string Say() => \"hello\"; }");
        var chapter = await course.RunAsync("#r \"../lib/greeting.dll\"\nusing Greeting;", "Hello.Say()");

        Assert.Equal("hello", Plain(chapter, 2));
    }

    [Fact]
    public async Task A_missing_dll_is_named()
    {
        var chapter = await course.RunAsync("#r \"../lib/none.dll\"");

        Assert.Contains("none.dll", Assert.Single(chapter.Errors).Message, StringComparison.Ordinal);
        Assert.Equal(1, chapter.Errors[0].Line);
    }

    [Fact]
    public async Task A_package_reference_in_a_cell_is_refused()
    {
        var chapter = await course.RunAsync("#r \"nuget: Plotly.NET\"");

        Assert.Contains("cannot be restored", Assert.Single(chapter.Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_librarys_types_are_the_hosts_own_types_whatever_copy_is_referenced()
    {
        // A copy of another version: nothing of it may be seen.
        Compile("RstLab.dll", "namespace RstLab; public enum Evidence { OfTheCopy }", "RstLab");
        var path = course.Write("01-own", "#r \"../lib/RstLab.dll\"\nusing RstLab;", "Evidence.Recorded", "typeof(Recording).Assembly.Location");
        var seen = new List<object?>();
        var chapter = await TemporaryCourse.RunFileAsync(path, lab: new SeeingLab(seen));

        Assert.Empty(chapter.Errors);
        Assert.Equal(Evidence.Recorded, Assert.IsType<Evidence>(seen[0]));
        Assert.Equal(typeof(Recording).Assembly.Location, seen[1]);
    }

    [Fact]
    public async Task The_claims_that_a_cell_displays_are_collected()
    {
        var lib = Directory.CreateDirectory(course.In("lib")).FullName;
        foreach (var assembly in ScriptReferences.Own.Values)
        {
            File.Copy(assembly.Location, Path.Combine(lib, Path.GetFileName(assembly.Location)));
        }

        course.WriteText("setup.csx", "#r \"../lib/RstLab.dll\"\n#r \"../lib/RstLab.Notebooks.dll\"\nusing RstLab;\nusing RstLab.Notebooks;\n");
        var path = course.Write("01-claims", "#!import \"setup.csx\"", "Claims.That(\"01-a\", \"One is one.\", true).That(\"01-b\", \"One is two.\", false, \"1\")");
        var chapter = await TemporaryCourse.RunFileAsync(path, lab: new LabScope(new LabSession()));

        Assert.Empty(chapter.Errors);
        Assert.Equal([("01-a", true, 2), ("01-b", false, 2)], chapter.Claims.Select(claim => (claim.Id, claim.Holds, claim.Cell)));
        Assert.False(chapter.Passed);
        Assert.Contains("One is two.", Assert.IsType<DisplayOutput>(Cell(chapter, 2).Outputs[0])["text/html"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_lab_in_a_cell_is_the_chapters_own()
    {
        Directory.CreateDirectory(course.In("lib"));
        File.Copy(typeof(Recording).Assembly.Location, course.In("lib", "RstLab.dll"));
        string[] cells = ["#r \"../lib/RstLab.dll\"\nusing RstLab;", "await Task.Run(() => LabSession.Current.DataFolder)"];
        var chapters = await Task.WhenAll(new[] { "01-a", "02-b" }.Select(name =>
            TemporaryCourse.RunFileAsync(course.Write(name, cells), lab: new LabScope(new LabSession { DataFolder = name }))));

        Assert.Equal(["01-a", "02-b"], chapters.Select(chapter => Plain(chapter, 2)));
    }

    [Fact]
    public async Task An_imported_script_brings_its_references_usings_and_declarations()
    {
        Compile("greeting.dll", "namespace Greeting; public static class Hello { public static string Say() => \"hello\"; }");
        course.WriteText("setup.csx", "// set up\n#r \"../lib/greeting.dll\"\nusing Greeting;\nusing System.IO;\n");
        course.WriteText("more.csx", "int Answer() => 42;\nConsole.WriteLine(\"imported\");");
        var chapter = await course.RunAsync("#!import \"setup.csx\"", "#!import \"more.csx\"", "Hello.Say() + Answer() + Path.GetFileName(\"a/b\")");

        Assert.Empty(chapter.Errors);
        Assert.Empty(Cell(chapter, 1).Outputs);
        Assert.Equal(new StreamOutput("stdout", "imported\n"), Assert.Single(Cell(chapter, 2).Outputs));
        Assert.Equal("hello42b", Plain(chapter, 3));
    }

    [Fact]
    public async Task A_reference_in_an_imported_script_resolves_against_the_scripts_folder()
    {
        Compile("greeting.dll", "public static class Hello { public static string Say() => \"hello\"; }");
        File.WriteAllText(course.In("lib", "hello.csx"), "#r \"greeting.dll\"");
        var chapter = await course.RunAsync("#!import \"../lib/hello.csx\"", "Hello.Say()");

        Assert.Equal("hello", Plain(chapter, 2));
    }

    [Fact]
    public async Task State_of_an_imported_script_is_not_shared_between_chapters()
    {
        course.WriteText("state.csx", "static class Counter { public static int Value; }");
        string[] cells = ["#!import \"state.csx\"", "++Counter.Value"];
        var (first, second) = (await TemporaryCourse.RunFileAsync(course.Write("01-a", cells)), await TemporaryCourse.RunFileAsync(course.Write("02-b", cells)));

        Assert.Equal(("1", "1"), (Plain(first, 2), Plain(second, 2)));
    }

    [Fact]
    public async Task An_imported_script_that_needs_a_package_is_left_out_with_a_note()
    {
        course.WriteText("plotly.csx", "#r \"nuget: Plotly.NET, 6.0.0\"\nusing Plotly.NET;\n");
        var chapter = await course.RunAsync("#!import \"plotly.csx\"", "1");

        Assert.Empty(chapter.Errors);
        var note = Assert.IsType<StreamOutput>(Assert.Single(Cell(chapter, 1).Outputs));
        Assert.Equal("stderr", note.Name);
        Assert.Contains("plotly.csx is left out", note.Text, StringComparison.Ordinal);
        Assert.Equal("1", Plain(chapter, 2));
    }

    [Fact]
    public async Task Errors_in_an_imported_script_name_the_script_and_its_line()
    {
        course.WriteText("broken.csx", "var fine = 1;\nint bad = \"x\";");
        course.WriteText("throws.csx", "\nthrow new InvalidOperationException(\"from script\");");
        var compile = await course.RunAsync("#!import \"broken.csx\"");
        var run = await course.RunAsync("#!import \"throws.csx\"");
        var missing = await course.RunAsync("#!import \"none.csx\"");

        Assert.StartsWith("broken.csx, line 2", Assert.IsType<ErrorOutput>(Cell(compile, 1).Outputs[0]).Value, StringComparison.Ordinal);
        Assert.Contains("   at throws.csx, line 2: throw new InvalidOperationException(\"from script\");", Assert.IsType<ErrorOutput>(Cell(run, 1).Outputs[0]).Traceback);
        Assert.Contains("none.csx", Assert.Single(missing.Errors).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("#!time\n1", "#!time", 1)]
    [InlineData("var x = 1;\n#!fsharp", "#!fsharp", 2)]
    [InlineData("#load \"a.csx\"", "#load", 1)]
    [InlineData("var x = 1;\n#!import \"a.csx\"", "first line", 2)]
    public async Task A_directive_that_is_not_portable_is_refused_with_its_line(string cell, string what, int line)
    {
        var error = Assert.Single((await course.RunAsync(cell)).Errors);

        Assert.Contains(what, error.Message, StringComparison.Ordinal);
        Assert.Equal(line, error.Line);
    }

    [Fact]
    public async Task A_type_with_a_formatter_source_by_name_shows_itself()
    {
        Compile("shown.dll", """
            using System;
            using System.Collections.Generic;
            using System.IO;
            internal sealed class TypeFormatterSourceAttribute : Attribute
            {
                public TypeFormatterSourceAttribute(Type type) => FormatterSourceType = type;
                public Type FormatterSourceType { get; }
                public string[] PreferredMimeTypes { get; set; }
            }
            internal sealed class ShownSource { public IEnumerable<object> CreateTypeFormatters() { yield return new Html(); yield return new Plain(); } }
            internal sealed class Html { public string MimeType => "text/html"; public bool Format(object o, TextWriter w) { w.Write("<b>shown</b>"); return true; } }
            internal sealed class Plain { public string MimeType => "text/plain"; public bool Format(object o, TextWriter w) { w.Write("shown plainly"); return true; } }
            [TypeFormatterSource(typeof(ShownSource))] public sealed class Shown { }
            """);
        var chapter = await course.RunAsync("#r \"../lib/shown.dll\"\nnew Shown()");

        Assert.Empty(chapter.Errors);
        Assert.Equal("<b>shown</b>", Assert.IsType<DisplayOutput>(Cell(chapter, 1).Outputs[0])["text/html"]);
        Assert.Equal("shown plainly", Plain(chapter, 1));
    }

    [Fact]
    public async Task A_chapter_that_takes_too_long_is_abandoned_with_its_cell_named_and_its_text_kept()
    {
        await course.RunAsync("1"); // the compiler's own start is not what is limited here
        var path = course.Write("03-slow", "1", "Console.Write(\"begun\");\nSystem.Threading.Thread.Sleep(60_000);", "3");
        var lab = new FakeLab();
        var chapter = await TemporaryCourse.RunFileAsync(path, TimeSpan.FromSeconds(8), lab);

        Assert.InRange(chapter.Seconds, 7.9, 50); // it neither ended before its limit, nor slept to its end
        Assert.Equal(2, Assert.Single(chapter.Errors).Cell);
        Assert.Contains("time limit of 8 s", chapter.Errors[0].Message, StringComparison.Ordinal);
        Assert.Equal(new StreamOutput("stdout", "begun"), Cell(chapter, 2).Outputs[0]);
        Assert.IsType<ErrorOutput>(Cell(chapter, 2).Outputs[1]);
        Assert.Equal((1, 1), (lab.Entered, lab.Left));
    }

    [Fact]
    public async Task A_chapter_that_is_interrupted_leaves_its_lab()
    {
        var path = course.Write("03-slow", "await Task.Delay(60_000);");
        var lab = new FakeLab();
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        var chapter = await TemporaryCourse.RunFileAsync(path, lab: lab, cancellation: stop.Token);

        Assert.Equal("interrupted", Assert.Single(chapter.Errors).Message);
        Assert.InRange(chapter.Seconds, 0, 50);
        Assert.Equal(1, lab.Left);
    }

    [Theory]
    [InlineData("tr-TR")]
    [InlineData("de-DE")]
    [InlineData("zh-CN")]
    public async Task A_cell_shows_the_same_in_every_locale(string locale)
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = new CultureInfo(locale);
        try
        {
            var chapter = await course.RunAsync("Console.WriteLine($\"{1234.5:N1} {\"I\".ToLower()}\");\n0.25", "await Task.Yield();\nawait Task.Run(() => 1.5.ToString())");

            Assert.Equal("1,234.5 i\n", Assert.IsType<StreamOutput>(Cell(chapter, 1).Outputs[0]).Text);
            Assert.Equal("0.25", Assert.IsType<DisplayOutput>(Cell(chapter, 1).Outputs[1])["text/plain"]);
            Assert.Equal("1.5", Plain(chapter, 2));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private static NotebookCell Cell(ChapterResult chapter, int number) => chapter.Notebook!.Cells.Where(cell => cell.Kind == CellKind.Code).ElementAt(number - 1);

    private static string? Plain(ChapterResult chapter, int number)
    {
        Assert.Empty(chapter.Errors);
        return Assert.IsType<DisplayOutput>(Cell(chapter, number).Outputs[^1])["text/plain"];
    }

    private void Compile(string file, string code, string? name = null)
    {
        var path = Path.Combine(Directory.CreateDirectory(course.In("lib")).FullName, file);
        var result = CSharpCompilation.Create(
            name ?? Path.GetFileNameWithoutExtension(file) + Guid.NewGuid().ToString("N"), [CSharpSyntaxTree.ParseText(code)], ScriptReferences.Framework,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary)).Emit(path);
        Assert.True(result.Success, string.Join('\n', result.Diagnostics));
    }

    private sealed class SeeingLab(List<object?> seen) : ILabScope
    {
        public IReadOnlyList<Recording> Recordings => [];

        public IReadOnlyList<ResultTable> Tables => [];

        public TimeSpan ExperimentTime => TimeSpan.Zero;

        public IDisposable Enter() => new MemoryStream();

        public IEnumerable<ClaimResult> Displayed(object? value, int cell)
        {
            seen.Add(value);
            return [];
        }
    }
}
