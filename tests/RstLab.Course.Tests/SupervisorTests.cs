using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace RstLab.Course.Tests;

/// <summary>What a cell does to the process that runs it, with the program as a reader starts it.</summary>
public sealed class SupervisorTests : IDisposable
{
    private readonly TemporaryCourse _course = new();

    public void Dispose() => _course.Dispose();

    [Fact]
    public async Task A_cell_that_ends_the_process_costs_its_own_chapter_only()
    {
        var deaths = new Dictionary<string, (string[] Cells, int Cell, string Said)>
        {
            ["00-exit"] = (["1", "Environment.Exit(0);", "2"], 2, "Environment.Exit(0)"),
            ["01-overflow"] = (["static int Deep(int n) => n == -1 ? 0 : 1 + Deep(n + 1);", "Deep(0)"], 2, "stack overflow"),
            ["02-fail-fast"] = (["Environment.FailFast(\"enough\");"], 1, "FailFast"),
            ["03-thread"] = (["var thread = new System.Threading.Thread(() => throw new Exception());\nthread.Start();\nthread.Join();"], 1, "on a thread"),
            ["04-async-void"] = (["async void Late() { await Task.Delay(300); throw new Exception(); }\nLate();", "await Task.Delay(2000);"], 1, "async void"),
            ["05-memory"] = (["var all = new List<byte[]>();\nwhile (true) all.Add(new byte[1 << 20]);"], 1, $"{Supervisor.HeapLimitMiB} MiB"),
        };
        string[] files = [.. deaths.Select(death => _course.Write(death.Key, death.Value.Cells)), _course.Write("06-survivor", "6 * 7")];
        var (code, output, error) = await RunAsync(files);

        Assert.Equal(1, code);
        Assert.Contains("1 of 7 chapters passed", output, StringComparison.Ordinal);
        Assert.Contains("ok     06-survivor: 1/1 cells", output, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(_course.In("out", "course.json"), TestContext.Current.CancellationToken));
        foreach (var chapter in json.RootElement.GetProperty("chapters").EnumerateArray().SkipLast(1))
        {
            var (cells, cell, said) = deaths[chapter.GetProperty("id").GetString()!];
            var message = Assert.Single(chapter.GetProperty("errors").EnumerateArray()).GetString()!;
            Assert.StartsWith($"cell {cell}: this cell ", message, StringComparison.Ordinal);
            Assert.Contains(said, message, StringComparison.Ordinal);
        }

        var exit = Notebook.Load(_course.In("out", "notebooks", "00-exit.ipynb")).Cells;
        Assert.Equal("1", Assert.IsType<DisplayOutput>(exit[0].Outputs[0])["text/plain"]);
        Assert.IsType<ErrorOutput>(exit[1].Outputs[0]);
        Assert.Empty(exit[2].Outputs);
        Assert.True(File.Exists(_course.In("out", "site", "index.html")), error);
    }

    [Fact]
    public async Task A_chapter_that_kills_before_the_cell_that_had_killed_ends_the_search_too()
    {
        var counter = _course.In("runs");
        var once = $"var runs = System.IO.File.Exists(\"{counter}\");\nSystem.IO.File.WriteAllText(\"{counter}\", \"\");\nif (runs) Environment.Exit(3);";
        var (code, _, error) = await RunAsync([_course.Write("00-first", once, "Environment.Exit(4);"), _course.Write("01-second", "1")]);

        Assert.Equal(1, code);
        Assert.Contains("00-first: cell 1: this cell ended the program's process with exit code 3", error, StringComparison.Ordinal);
        Assert.True(File.Exists(_course.In("out", "notebooks", "01-second.ipynb")));
    }

    [Fact]
    public async Task The_worker_does_not_outlive_its_supervisor()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no process groups to look through.");
        var id = _course.In("id");
        var notebook = _course.Write("00-first", $"System.IO.File.WriteAllText(\"{id}.new\", Environment.ProcessId.ToString());\nSystem.IO.File.Move(\"{id}.new\", \"{id}\");\nawait Task.Delay(60_000);");
        await RunAsync([notebook], async supervisor =>
        {
            while (!File.Exists(id))
            {
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }

            supervisor.Kill();
        });

        // It is told by a pipe that ends, and then has a moment to close what its cells opened.
        using var worker = TryGet(int.Parse(await File.ReadAllTextAsync(id, TestContext.Current.CancellationToken), System.Globalization.CultureInfo.InvariantCulture));
        Assert.True(worker?.WaitForExit(TimeSpan.FromSeconds(30)) ?? true, "the worker runs on 30 s after its supervisor was killed");
    }

    [Fact]
    public async Task What_a_cell_starts_is_told_nothing_of_the_supervisor()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux has /proc.");
        var notebook = _course.Write("00-first", """
            using var child = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("sh", ["-c", "env; ls -l /proc/self/fd"]) { RedirectStandardOutput = true });
            child.StandardOutput.ReadToEnd()
            """.Replace("using var", "var", StringComparison.Ordinal));
        var (code, _, error) = await RunAsync([notebook]);

        Assert.Equal((0, ""), (code, error));
        var seen = Assert.IsType<DisplayOutput>(Notebook.Load(_course.In("out", "notebooks", "00-first.ipynb")).Cells[0].Outputs[0])["text/plain"]!;
        Assert.Contains("PATH=", seen, StringComparison.Ordinal);
        Assert.DoesNotContain(Worker.Variable, seen, StringComparison.Ordinal);
        Assert.DoesNotContain("GCHeapHardLimit", seen, StringComparison.Ordinal);
        var (_, inherited, _) = await ProgramTests.RunAsync(new ProcessStartInfo("sh", ["-c", "ls -l /proc/self/fd"]));
        Assert.Empty(Pipes(seen).Except(Pipes(inherited))); // the tests may have been started with some
    }

    /// <summary>The pipes beside standard input, output and error.</summary>
    private static IEnumerable<string> Pipes(string listing) => Regex.Matches(listing, @"\s([3-9]|\d\d+) -> (pipe:\[\d+\])").Select(match => match.Groups[2].Value);

    private static Process? TryGet(int id)
    {
        try
        {
            return Process.GetProcessById(id);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private async Task<(int Code, string Output, string Error)> RunAsync(string[] notebooks, Func<Process, Task>? during = null)
    {
        var start = new ProcessStartInfo(ProgramTests.Program, [.. notebooks, "--output", _course.In("out"), "--no-namespace"]);
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        return await ProgramTests.RunAsync(start, during, TimeSpan.FromSeconds(150));
    }
}
