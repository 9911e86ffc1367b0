using System.Diagnostics;
using System.Text.Json;

namespace RstLab.Course.Tests;

public sealed class ProgramTests : IDisposable
{
    private readonly TemporaryCourse course = new();

    public void Dispose() => course.Dispose();

    [Fact]
    public async Task A_course_whose_claims_hold_ends_with_0_and_leaves_its_files()
    {
        course.Write("00-first", "# The first", "\"claim 00-a held\"");
        course.Write("01-second", "\"claim 01-a held\"");
        course.Write("draft", "throw new Exception();");
        var (code, output, error) = await course.RunProgramAsync();

        Assert.Equal((0, ""), (code, error));
        Assert.Contains("ok     00-first: 1/1 cells, 1/1 claims held", output, StringComparison.Ordinal);
        Assert.Contains("2 of 2 chapters passed, 2 of 2 claims held", output, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(File.ReadAllText(course.In("artifacts", "course.json")));
        var chapter = json.RootElement.GetProperty("chapters")[0];
        Assert.Equal(
            ("00-first", "The first", 1, 0, 0, 0),
            (chapter.GetProperty("id").GetString(), chapter.GetProperty("title").GetString(), chapter.GetProperty("cells").GetInt32(), chapter.GetProperty("errors").GetArrayLength(), chapter.GetProperty("exercises").GetArrayLength(), chapter.GetProperty("recordings").GetArrayLength()));
        Assert.True(chapter.GetProperty("seconds").GetDouble() > 0);
        Assert.Equal(
            """{"id":"00-a","text":"The sentence of 00-a.","holds":true,"evidence":"live"}""",
            JsonSerializer.Serialize(chapter.GetProperty("claims")[0]));
        Assert.Equal(1, Notebook.Load(course.In("artifacts", "notebooks", "00-first.ipynb")).Cells[1].ExecutionCount);
        Assert.Empty(Notebook.Load(course.In("notebooks", "00-first.ipynb")).Cells[1].Outputs);
    }

    [Fact]
    public async Task A_broken_claim_ends_with_1_and_is_listed()
    {
        course.Write("00-first", "1", "\"claim 00-a broken\"");
        var (code, _, error) = await course.RunProgramAsync();

        Assert.Equal(1, code);
        Assert.Equal("00-first: cell 2: broken claim 00-a: The sentence of 00-a.\n", error);
    }

    [Fact]
    public async Task A_failing_cell_ends_its_chapter_only()
    {
        course.Write("00-first", "1;\n", "throw new TimeoutException(\"too late\");", "2");
        course.Write("01-second", "\"claim 01-a held\"");
        var (code, output, error) = await course.RunProgramAsync();

        Assert.Equal(1, code);
        Assert.StartsWith("00-first: cell ", error, StringComparison.Ordinal);
        Assert.Contains("ok     01-second", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_claim_id_that_is_used_twice_is_an_error()
    {
        course.Write("00-first", "\"claim same held\"");
        course.Write("01-second", "1", "\"claim same held\"");
        var (code, _, error) = await course.RunProgramAsync();

        Assert.Equal(1, code);
        Assert.Equal("01-second: cell 2: the claim id 'same' was used before, in 00-first, cell 1; ids are unique over the course\n", error);
    }

    [Theory]
    [InlineData("01")]
    [InlineData("01-second")]
    [InlineData("run", "01")]
    public async Task A_chapter_goes_by_its_number_and_by_its_name(params string[] arguments)
    {
        course.Write("00-first", "throw new Exception();");
        course.Write("01-second", "1");
        var (code, output, _) = await course.RunProgramAsync(arguments);

        Assert.Equal(0, code);
        Assert.Contains("1 of 1 chapters passed", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_chapter_goes_by_its_file()
    {
        var (code, _, _) = await course.RunProgramAsync("run", course.Write("anywhere", "1"));

        Assert.Equal(0, code);
        Assert.True(File.Exists(course.In("artifacts", "notebooks", "anywhere.ipynb")));
    }

    [Fact]
    public async Task The_chapters_themselves_are_never_written_over()
    {
        var chapter = course.Write("00-first", "1");
        var before = await File.ReadAllTextAsync(chapter, TestContext.Current.CancellationToken);
        var (code, _, error) = await course.RunProgramAsync("--output", Path.GetDirectoryName(Path.GetDirectoryName(chapter))!);

        Assert.Equal(1, code);
        Assert.Contains("Give another folder with --output", error, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllTextAsync(chapter, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task An_unknown_chapter_ends_with_2_and_lists_those_that_exist()
    {
        course.Write("00-first", "1");
        course.Write("01-second", "1");
        var (code, _, error) = await course.RunProgramAsync("02");

        Assert.Equal(2, code);
        Assert.Contains("There is no chapter '02'. There are: 00-first, 01-second.", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(course.In("artifacts")));
    }

    [Fact]
    public async Task A_course_without_chapters_ends_with_2() => Assert.Equal(2, (await course.RunProgramAsync()).Code);

    [Theory]
    [InlineData("--nonsense")]
    [InlineData("--output")]
    [InlineData("--record", "--replay")]
    [InlineData("doctor", "--nonsense")]
    public async Task A_wrong_command_line_ends_with_2(params string[] arguments)
    {
        course.Write("00-first", "1");
        var (code, _, error) = await course.RunProgramAsync(arguments);

        Assert.Equal(2, code);
        Assert.Contains("--help", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_tells_of_each_witness()
    {
        var (code, output, _) = await course.RunProgramAsync("doctor");

        Assert.Equal(0, code);
        Assert.All(Machine.Capabilities(), capability => Assert.Contains(capability.Name, output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Help_ends_with_0_and_names_the_options()
    {
        var (code, output, _) = await course.RunProgramAsync("--help");

        Assert.Equal(0, code);
        Assert.All(["run", "doctor", "--record", "--replay", "--output", "chapter"], word => Assert.Contains(word, output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_broken_notebook_fails_alone_and_is_named()
    {
        course.WriteText("00-broken.ipynb", "{");
        course.Write("01-second", "1");
        var (code, output, error) = await course.RunProgramAsync();

        Assert.Equal(1, code);
        Assert.Contains("00-broken.ipynb: line 1", error, StringComparison.Ordinal);
        Assert.Contains("ok     01-second", output, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(File.ReadAllText(course.In("artifacts", "course.json")));
        Assert.Equal(1, json.RootElement.GetProperty("chapters")[0].GetProperty("errors").GetArrayLength());
    }

    [Fact]
    public async Task An_output_folder_without_a_name_ends_with_1_before_anything_runs()
    {
        course.Write("00-first", "1");
        var (code, output, error) = await course.RunProgramAsync("--output", "");

        Assert.Equal((1, ""), (code, output));
        Assert.Contains("The output folder '' cannot be written to", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"source\":\"1\"", "\"source\":\"\\udc00\"", "holds half of a character")]
    [InlineData("\"nbformat_minor\":5", "\"nbformat_minor\":\"5\"", "nbformat_minor")]
    public async Task A_notebook_with_a_part_of_the_wrong_kind_fails_alone_and_is_named(string good, string bad, string named)
    {
        var broken = TemporaryCourse.Json("1").ToJsonString();
        Assert.Contains(good, broken, StringComparison.Ordinal);
        course.WriteText("00-broken.ipynb", broken.Replace(good, bad, StringComparison.Ordinal));
        course.Write("01-second", "1");
        var (code, output, error) = await course.RunProgramAsync();

        Assert.Equal(1, code);
        Assert.Contains("00-broken.ipynb: ", error, StringComparison.Ordinal);
        Assert.Contains(named, error, StringComparison.Ordinal);
        Assert.Contains("ok     01-second", output, StringComparison.Ordinal);
        Assert.True(File.Exists(course.In("artifacts", "notebooks", "01-second.ipynb")));
        Assert.Equal(1, (await course.RunProgramAsync("lint", course.In("notebooks", "00-broken.ipynb"))).Code);
    }

    [Fact]
    public async Task An_output_folder_that_cannot_be_written_ends_with_1_before_anything_runs()
    {
        course.Write("00-first", "System.IO.File.WriteAllText(System.IO.Path.Combine(System.IO.Path.GetTempPath(), \"never\"), \"\");");
        var file = course.WriteText("in-the-way", "");
        var (code, output, error) = await course.RunProgramAsync("--output", Path.Combine(file, "out"));

        Assert.Equal((1, ""), (code, output));
        Assert.Contains("cannot be written to", error, StringComparison.Ordinal);
        Assert.Contains("--output", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_run_into_the_same_folder_is_refused_and_the_first_is_not_hurt()
    {
        course.Write("00-first", "1");
        using (OutputFolder.Open(course.In("artifacts"), []))
        {
            var (code, _, error) = await course.RunProgramAsync();

            Assert.Equal(1, code);
            Assert.Contains("Another run is writing to", error, StringComparison.Ordinal);
        }

        Assert.Equal(0, (await course.RunProgramAsync()).Code);
    }

    [Fact]
    public async Task An_interrupted_run_ends_with_130_and_loses_no_file()
    {
        course.Write("00-first", "1");
        Assert.Equal(0, (await course.RunProgramAsync()).Code);
        var before = File.ReadAllText(course.In("artifacts", "course.json"));
        course.Write("00-first", "await Task.Delay(20_000);");
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        var (code, _, error) = await course.RunProgramAsync(TimeSpan.FromSeconds(30), stop.Token);

        Assert.Equal(130, code);
        Assert.Contains("Interrupted", error, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(course.In("artifacts", "course.json")));
    }

    [Fact]
    public async Task The_program_writes_the_same_in_a_turkish_locale()
    {
        var (code, output, error) = await RunProcessAsync(course.Write("00-first", "Console.WriteLine(1234.5);\nSystem.Globalization.CultureInfo.CurrentCulture.Name"), process =>
        {
            process.Environment["LANG"] = "tr_TR.UTF-8";
            process.Environment["LC_ALL"] = "tr_TR.UTF-8";
        });

        Assert.Equal((0, ""), (code, error));
        Assert.Matches(@"ok     00-first: 1/1 cells, 0/0 claims held, \d+\.\d s", output);
        using var json = JsonDocument.Parse(File.ReadAllText(course.In("out", "course.json")));
        Assert.True(json.RootElement.GetProperty("seconds").GetDouble() < 60);
        Assert.Equal(new StreamOutput("stdout", "1234.5\n"), Notebook.Load(course.In("out", "notebooks", "00-first.ipynb")).Cells[0].Outputs[0]);
    }

    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public async Task A_signal_ends_the_process_in_order(string signal, int expected)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no kill(1).");
        Assert.SkipWhen(signal == "INT" && Interrupts.AreIgnored, Interrupts.WhyIgnored);
        var started = course.In("started");
        var notebook = course.Write("00-first", $"System.IO.File.WriteAllText(\"{started}\", \"\");\nSystem.Threading.Thread.Sleep(30_000);");
        var watch = Stopwatch.StartNew();
        var (code, _, error) = await RunProcessAsync(notebook, _ => { }, async process =>
        {
            while (!File.Exists(started) && watch.Elapsed < TimeSpan.FromSeconds(20))
            {
                await Task.Delay(20);
            }

            // Twice, as timeout(1) and some terminals do.
            var id = process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture);
            Process.Start("kill", ["-s", signal, id]).WaitForExit();
            Process.Start("kill", ["-s", signal, id]).WaitForExit();
        });

        Assert.Equal(expected, code);
        Assert.Contains("Interrupted", error, StringComparison.Ordinal);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 25);
    }

    [Fact]
    public async Task An_ordinary_user_runs_the_course_in_a_network_namespace_of_its_own()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Becoming an ordinary user takes root on Linux.");
        Assert.SkipUnless(File.Exists("/usr/bin/setpriv"), "There is no setpriv(1).");
        var (mayUnshare, _, why) = await RunAsync(new ProcessStartInfo("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", "unshare", "-Urn", "true"]));
        Assert.SkipUnless(mayUnshare == 0, $"This system does not let an ordinary user make a namespace: {why}");
        Assert.SkipUnless((await RunAsync(new ProcessStartInfo("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", "test", "-x", Program]))).Code == 0, $"An ordinary user cannot start {Program}.");

        var notebook = course.Write("00-first", "Console.Write(Environment.IsPrivilegedProcess);\nConsole.Write(System.IO.File.ReadAllLines(\"/proc/net/dev\").Length);\nnew System.Net.Sockets.UdpClient().Connect(System.Net.IPAddress.Loopback, 9);", "throw new Exception(\"to see the code\");");
        Process.Start("chmod", ["0777", course.Root]).WaitForExit();
        var (code, _, error) = await RunAsync(AsNobody(notebook));
        var inside = Assert.IsType<StreamOutput>(Notebook.Load(course.In("out", "notebooks", "00-first.ipynb")).Cells[0].Outputs[0]).Text;
        var (outsideCode, _, _) = await RunAsync(AsNobody(notebook, "--no-namespace"));
        var outside = Assert.IsType<StreamOutput>(Notebook.Load(course.In("out", "notebooks", "00-first.ipynb")).Cells[0].Outputs[0]).Text;

        Assert.Equal((1, 1), (code, outsideCode));
        Assert.Contains("to see the code", error, StringComparison.Ordinal);
        Assert.Equal("True3", inside);
        Assert.StartsWith("False", outside, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dumb", 1)]
    [InlineData("xterm", 2)]
    public async Task A_terminal_that_cannot_move_its_cursor_gets_one_line_for_each_chapter(string terminal, int atLeast)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "There is no script(1), which makes a terminal.");
        var notebook = course.Write("00-first", "await Task.Delay(600);");
        var start = new ProcessStartInfo("script", ["-qec", $"{Program} {notebook} --output {course.In("out")} --no-namespace", "/dev/null"]);
        start.Environment["TERM"] = terminal;
        var (code, output, _) = await RunAsync(start);

        Assert.True(code == 0, output);
        var lines = output.Split('\n').Count(line => line.Contains("00-first", StringComparison.Ordinal));
        Assert.InRange(lines, atLeast, atLeast == 1 ? 1 : 1000);
    }

    [Fact]
    public async Task An_ordinary_user_without_unshare_is_told_that_it_is_missing()
    {
        SkipUnlessNobodyCanRun();
        var start = AsNobody(course.Write("00-first", "1"));
        start.Environment["PATH"] = course.In("notebooks");
        var (code, output, error) = await RunAsync(start);

        Assert.True(code == 0, output + error);
        Assert.Equal(Troubleshooting.NoUnshare.Message, error.Trim());
    }

    [Theory]
    [InlineData("doctor")]
    [InlineData("run")]
    public async Task An_ordinary_user_finds_nothing_left_in_the_temporary_folder(string command)
    {
        SkipUnlessNobodyCanRun();
        var start = AsNobody(course.Write("00-first", "Environment.ProcessId"));
        start.ArgumentList[^3] = command == "doctor" ? "doctor" : start.ArgumentList[^3];
        start.Environment["TMPDIR"] = Directory.CreateDirectory(course.In("tmp")).FullName;
        Process.Start("chmod", ["0777", course.In("tmp")]).WaitForExit();
        var (code, output, error) = await RunAsync(start);

        Assert.True(code == 0, output + error);
        Assert.Empty(Directory.EnumerateFileSystemEntries(course.In("tmp"), "dotnet-diagnostic-*"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(course.In("tmp"), "clr-debug-pipe-*"));
    }

    private void SkipUnlessNobodyCanRun()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && File.Exists("/usr/bin/setpriv"), "Becoming an ordinary user takes root on Linux and setpriv(1).");
        Process.Start("chmod", ["0777", course.Root]).WaitForExit();
        using var trial = Process.Start("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", "test", "-x", Program]);
        trial.WaitForExit();
        Assert.SkipUnless(trial.ExitCode == 0, $"An ordinary user cannot start {Program}.");
    }

    internal static string Program => Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "RstLab.Course.exe" : "RstLab.Course");

    private ProcessStartInfo AsNobody(string notebook, params string[] more)
    {
        var start = new ProcessStartInfo("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", Program, notebook, "--output", course.In("out"), .. more]);
        start.Environment["HOME"] = course.Root;
        return start;
    }

    private Task<(int Code, string Output, string Error)> RunProcessAsync(string notebook, Action<ProcessStartInfo> prepare, Func<Process, Task>? during = null)
    {
        var start = new ProcessStartInfo(Program, [notebook, "--output", course.In("out"), "--no-namespace"]);
        prepare(start);
        return RunAsync(start, during);
    }

    internal static async Task<(int Code, string Output, string Error)> RunAsync(ProcessStartInfo start, Func<Process, Task>? during = null, TimeSpan? patience = null)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(patience ?? TimeSpan.FromSeconds(40));
        try
        {
            var (output, error) = (process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
            await (during?.Invoke(process) ?? Task.CompletedTask);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
