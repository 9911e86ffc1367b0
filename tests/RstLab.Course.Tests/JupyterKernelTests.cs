using System.Text.RegularExpressions;
using RstLab.Course.Jupyter;

namespace RstLab.Course.Tests;

/// <summary>The kernel, driven by Jupyter's own clients. What is checked stands in the scripts of Jupyter/.</summary>
public sealed partial class JupyterKernelTests(JupyterClients clients) : IClassFixture<JupyterClients>
{
    [Fact]
    public Task It_answers_every_request_of_the_protocol() => clients.CheckAsync("conversation.py", []);

    [Fact]
    public Task It_can_be_interrupted_and_shut_down()
    {
        Assert.SkipWhen(Interrupts.AreIgnored, Interrupts.WhyIgnored);
        return clients.CheckAsync("interruption.py", []);
    }

    [Fact]
    public Task It_bears_a_thousand_executions_and_ten_megabytes() => clients.CheckAsync("load.py", []);

    [Fact]
    public async Task It_is_live_for_an_ordinary_user_too()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Becoming an ordinary user takes root on Linux.");
        foreach (var (program, why) in new[] { ("unshare -Urn true", "An ordinary user may not make a network namespace here"), ($"test -x {KernelCommand.Program()[0]}", "An ordinary user cannot start the program where it lies") })
        {
            Assert.SkipUnless((await clients.RunAsync("setpriv", [.. JupyterClients.Nobody, .. program.Split(' ')], TimeSpan.FromSeconds(20))).Code == 0, why + ".");
        }

        await clients.CheckAsync("ordinary_user.py", [], asNobody: true);
    }

    [Fact]
    public Task It_passes_Jupyters_tests_of_kernels() => clients.CheckAsync("kernel_tests.py", [], module: "jupyter_kernel_test");
}

/// <summary>The chapters in nbconvert, with our kernel.</summary>
public sealed partial class JupyterChapterTests(JupyterClients clients) : IClassFixture<JupyterClients>
{
    [Fact]
    public async Task Every_chapter_runs_and_every_claim_holds()
    {
        const string NbConvert = "/usr/bin/jupyter-nbconvert";
        Assert.SkipUnless(File.Exists(NbConvert), "nbconvert is not here (Debian: jupyter-nbconvert).");
        var output = Path.Combine(clients.Prefix, "executed");
        var failures = new System.Collections.Concurrent.ConcurrentBag<string>();
        await Parallel.ForEachAsync(CourseFolder.Find().Notebooks, new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = TestContext.Current.CancellationToken }, async (notebook, _) =>
        {
            var name = Path.GetFileName(notebook);
            var (code, said) = await clients.RunAsync(NbConvert, ["--to", "notebook", "--execute", "--ExecutePreprocessor.kernel_name=rstlab-csharp", "--output-dir", output, notebook], TimeSpan.FromSeconds(400));
            var held = code == 0 ? Holds().Matches(File.ReadAllText(Path.Combine(output, name))).Select(found => found.Groups[1].Value).ToList() : [];
            if (code != 0 || held.Count == 0 || held.Contains("false"))
            {
                failures.Add($"{name}: exit code {code}, {held.Count(value => value == "true")} of {held.Count} claims held\n{said}");
            }
        });
        Assert.True(failures.IsEmpty, string.Join('\n', failures));
    }

    [GeneratedRegex(@"data-holds=\\?""(true|false)")]
    private static partial Regex Holds();
}
