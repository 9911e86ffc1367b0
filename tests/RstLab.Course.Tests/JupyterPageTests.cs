using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using RstLab.Course.Jupyter;

namespace RstLab.Course.Tests;

/// <summary>A chapter in Jupyter's web page, as a reader opens it: Debian's notebook server and a headless Chromium, driven by WebDriver.</summary>
public sealed partial class JupyterPageTests(JupyterClients clients) : IClassFixture<JupyterClients>
{
    /// <summary>The claims of chapter 0's first experiment, which its prediction is compared in.</summary>
    private const string FirstClaims = "StartHereClaims.FirstReset(first";

    private const string Cells = "Jupyter.notebook.get_cells().filter(cell => cell.cell_type === 'code')";

    [Fact]
    public async Task A_reader_runs_a_chapter_predicts_fails_an_exercise_passes_it_and_sees_the_progress()
    {
        foreach (var (program, package) in new[] { ("/usr/bin/jupyter-notebook", "jupyter-notebook"), ("/usr/bin/chromedriver", "chromium-driver") })
        {
            Assert.SkipUnless(File.Exists(program), $"{program} is not here (Debian: {package}).");
        }

        new KernelSpec(KernelSpec.FolderIn(clients.Prefix), KernelCommand.Program()).Install(KernelSpec.SharedName); // as the chapter asks for
        var port = FreePort();
        using var server = clients.Start("/usr/bin/jupyter-notebook",
            ["--allow-root", "--no-browser", "--ip=127.0.0.1", $"--port={port}", "--NotebookApp.port_retries=0", "--NotebookApp.token=test", Path.Combine(CourseFolder.Find().Root, "notebooks")]);
        server.BeginErrorReadLine(); // its log must not fill the pipe
        server.BeginOutputReadLine();
        using var driver = clients.Start("/usr/bin/chromedriver", ["--port=0"]);
        try
        {
            using var browser = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{await PortOfAsync(driver)}/"), Timeout = TimeSpan.FromSeconds(320) };
            await UntilServedAsync(port);
            var session = await CallAsync(browser, "session", JsonNode.Parse("""
                {"capabilities": {"alwaysMatch": {"timeouts": {"script": 300000}, "goog:chromeOptions": {"args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--window-size=1200,900"]}}}}
                """)!);
            var page = $"session/{session["sessionId"]}";
            await CallAsync(browser, page + "/url", new JsonObject { ["url"] = $"http://127.0.0.1:{port}/notebooks/00-start-here.ipynb?token=test" });

            await UntilAsync(browser, page, "window.Jupyter && Jupyter.notebook && Jupyter.notebook.kernel && Jupyter.notebook.kernel.is_connected()");
            await RunAsync(browser, page, "Jupyter.notebook.set_autosave_interval(0); Jupyter.notebook.execute_all_cells();");
            await UntilAsync(browser, page, $"!Jupyter.notebook.kernel_busy && {Cells}.every(cell => Number.isInteger(cell.input_prompt_number))");

            Assert.Equal(".net-csharp", (string?)await RunAsync(browser, page, "return Jupyter.notebook.kernel.name"));
            Assert.Equal(0, (int)(await RunAsync(browser, page, $"return {Cells}.flatMap(cell => cell.output_area.outputs).filter(output => output.output_type === 'error').length"))!);
            Assert.Equal(0, (int)(await RunAsync(browser, page, "return document.querySelectorAll('[data-holds=false]').length"))!);
            Assert.InRange((int)(await RunAsync(browser, page, "return document.querySelectorAll('[data-holds=true]').length"))!, 10, 1000);

            // Drawn, and large enough to be seen.
            await UntilAsync(browser, page, "[...document.querySelectorAll('.output svg')].filter(svg => svg.getBoundingClientRect().height > 150).length >= 5");

            // Predicts, and reads how it came out.
            await ChangeAsync(browser, page, "Predict.Choice(\"00-first\"", "text.replace('answer: 0', 'answer: 1')", FirstClaims);
            Assert.Contains("That is not what you predicted.", await TextAsync(browser, page, FirstClaims), StringComparison.Ordinal);
            await ChangeAsync(browser, page, "Predict.Choice(\"00-first\"", "text.replace('answer: 1', 'answer: 2')", FirstClaims);
            Assert.Contains("You were right.", await TextAsync(browser, page, FirstClaims), StringComparison.Ordinal);

            // Tries an exercise: first the wrong side, then the right one.
            const string Exercise = "StartHereExercises.FirstAbort";
            Assert.Equal("open", await StatusAsync(browser, page, Exercise));
            await ChangeAsync(browser, page, Exercise, "text.replace(/\\/\\/ TODO:.*/, 'server.Abort();')");
            Assert.Equal("failed", await StatusAsync(browser, page, Exercise));
            Assert.Contains("Compare what was expected with what was seen", await TextAsync(browser, page, Exercise), StringComparison.Ordinal);
            await ChangeAsync(browser, page, Exercise, "text.replace('server.Abort();', 'client.Abort(); await server.UntilAsync(TcpState.Closed);')");
            Assert.Equal("passed", await StatusAsync(browser, page, Exercise));
            await UntilAsync(browser, page, $"[...{Cell(Exercise)}.element[0].querySelectorAll('svg')].some(svg => svg.getBoundingClientRect().height > 150)");

            await ChangeAsync(browser, page, "Progress.Show()", "text");
            Assert.Contains("Your progress: 1 of ", await TextAsync(browser, page, "Progress.Show()"), StringComparison.Ordinal);
            Assert.True(File.Exists(Path.Combine(clients.Prefix, ".local", "share", "rst-lab", "progress.json")), "kept in the reader's own folder");
            await browser.DeleteAsync(new Uri(page, UriKind.Relative), TestContext.Current.CancellationToken);
        }
        finally
        {
            driver.Kill(entireProcessTree: true);
            server.Kill(entireProcessTree: true); // and the kernel with it
        }
    }

    private static string Cell(string code) => $"{Cells}.find(cell => cell.get_text().includes({JsonValue.Create(code).ToJsonString()}))";

    /// <summary>Changes a cell as a reader types, runs it and what follows from it, and waits for the end of both.</summary>
    private static async Task ChangeAsync(HttpClient browser, string page, string code, string change, params string[] run)
    {
        var before = await RunAsync(browser, page, $"return Math.max(...{Cells}.map(cell => cell.input_prompt_number))");
        var others = string.Concat(run.Select(other => $"{Cell(other)}.execute();"));
        await RunAsync(browser, page, $"const changed = {Cell(code)}; const text = changed.get_text(); changed.set_text({change}); changed.execute(); {others}");
        await UntilAsync(browser, page, $"!Jupyter.notebook.kernel_busy && {Cells}.every(cell => Number.isInteger(cell.input_prompt_number)) && {Cell(run.LastOrDefault() ?? code)}.input_prompt_number > {before}");
    }

    private static async Task<string> TextAsync(HttpClient browser, string page, string code) =>
        (string)(await RunAsync(browser, page, $"return {Cell(code)}.element[0].querySelector('.output').textContent"))!;

    private static async Task<string?> StatusAsync(HttpClient browser, string page, string code) =>
        (string?)await RunAsync(browser, page, $"return {Cell(code)}.element[0].querySelector('[data-exercise-id]')?.dataset.status");

    private static Task<JsonNode?> RunAsync(HttpClient browser, string page, string script) => ValueOfAsync(browser, page + "/execute/sync", new JsonObject { ["script"] = script, ["args"] = new JsonArray() });

    private static async Task UntilAsync(HttpClient browser, string page, string condition)
    {
        for (var until = Environment.TickCount64 + 300_000; (bool?)await RunAsync(browser, page, $"return !!({condition})") != true;)
        {
            Assert.True(Environment.TickCount64 < until, $"waited in vain for {condition}");
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }
    }

    private static async Task<JsonNode> CallAsync(HttpClient browser, string path, JsonNode body) => await ValueOfAsync(browser, path, body) ?? new JsonObject();

    private static async Task<JsonNode?> ValueOfAsync(HttpClient browser, string path, JsonNode body)
    {
        using var content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"); // of known length, as chromedriver takes no other
        using var answer = await browser.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!["value"];
    }

    private static async Task<string> PortOfAsync(Process driver)
    {
        while (await driver.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken) is { } line)
        {
            if (OnPort().Match(line) is { Success: true } found)
            {
                return found.Groups[1].Value;
            }
        }

        throw new InvalidOperationException($"chromedriver did not start: {await driver.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)}");
    }

    private static async Task UntilServedAsync(int port)
    {
        for (var until = Environment.TickCount64 + 60_000; ;)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync("127.0.0.1", port, TestContext.Current.CancellationToken);
                return;
            }
            catch (SocketException) when (Environment.TickCount64 < until)
            {
                await Task.Delay(100, TestContext.Current.CancellationToken);
            }
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex(@"started successfully on port (\d+)")]
    private static partial Regex OnPort();
}
