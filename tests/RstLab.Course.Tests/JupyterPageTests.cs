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
    private const string Cells = "Jupyter.notebook.get_cells().filter(cell => cell.cell_type === 'code')";

    [Fact]
    public async Task A_reader_runs_a_chapter_sees_the_ladders_changes_a_cell_and_runs_it_again()
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
            await CallAsync(browser, page + "/url", new JsonObject { ["url"] = $"http://127.0.0.1:{port}/notebooks/01-nobody-listening.ipynb?token=test" });

            await UntilAsync(browser, page, "window.Jupyter && Jupyter.notebook && Jupyter.notebook.kernel && Jupyter.notebook.kernel.is_connected()");
            await RunAsync(browser, page, "Jupyter.notebook.set_autosave_interval(0); Jupyter.notebook.execute_all_cells();");
            await UntilAsync(browser, page, $"!Jupyter.notebook.kernel_busy && {Cells}.every(cell => Number.isInteger(cell.input_prompt_number))");

            Assert.Equal(".net-csharp", (string?)await RunAsync(browser, page, "return Jupyter.notebook.kernel.name"));
            Assert.Equal(0, (int)(await RunAsync(browser, page, $"return {Cells}.flatMap(cell => cell.output_area.outputs).filter(output => output.output_type === 'error').length"))!);
            Assert.Equal(0, (int)(await RunAsync(browser, page, "return document.querySelectorAll('[data-holds=false]').length"))!);
            Assert.InRange((int)(await RunAsync(browser, page, "return document.querySelectorAll('[data-holds=true]').length"))!, 10, 1000);

            // Drawn, and large enough to be seen.
            await UntilAsync(browser, page, "[...document.querySelectorAll('.output svg')].filter(svg => svg.getBoundingClientRect().height > 150).length >= 5");

            await RunAsync(browser, page, $$"""
                const cell = {{Cells}}[1];
                cell.set_text('Console.WriteLine("changed by the reader");\n' + cell.get_text());
                cell.execute();
                """);
            await UntilAsync(browser, page, $"!Jupyter.notebook.kernel_busy && {Cells}[1].input_prompt_number > {Cells}.length");
            Assert.Equal("changed by the reader\n", (string?)await RunAsync(browser, page, $"return {Cells}[1].output_area.outputs[0].text"));
            await UntilAsync(browser, page, $"[...{Cells}[1].element[0].querySelectorAll('svg')].some(svg => svg.getBoundingClientRect().height > 150)");
            await browser.DeleteAsync(new Uri(page, UriKind.Relative), TestContext.Current.CancellationToken);
        }
        finally
        {
            driver.Kill(entireProcessTree: true);
            server.Kill(entireProcessTree: true); // and the kernel with it
        }
    }

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
