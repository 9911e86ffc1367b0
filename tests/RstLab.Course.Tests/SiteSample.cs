using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace RstLab.Course.Tests;

/// <summary>A small course as a run would leave it: every kind of cell and output, one broken claim, one failed cell.</summary>
internal static class SiteSample
{
    internal const string First = "00-start-here", Second = "01-nobody-listening", Third = "02-connection-aborted";

    internal static readonly LabEnvironment Environment = new("Debian GNU/Linux 12 (bookworm)", "Linux 6.18.44", "x64", ".NET 10.0.12", 2, "root",
        new DateTimeOffset(2026, 3, 4, 5, 6, 7, TimeSpan.Zero));

    internal static CourseResult Course() => new()
    {
        Environment = Environment,
        Chapters = [Start(), Refused(), Aborted()],
        Seconds = 6.24,
        PeakMemoryMb = 212,
    };

    /// <summary>The folder of a project around a run: captures, recordings and results in <c>artifacts/</c>, and what the text links to.</summary>
    internal static (string Output, string Notebooks) WriteProject(string folder, CourseResult course)
    {
        var output = Path.Combine(folder, "artifacts");
        var notebooks = Directory.CreateDirectory(Path.Combine(folder, "notebooks")).FullName;
        Directory.CreateDirectory(Path.Combine(folder, "data", "figures"));
        File.WriteAllText(Path.Combine(folder, "data", "figures", "ladder & co.svg"), "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 600 90\"><path d=\"M20 10v70M580 10v70M20 45h560\" stroke=\"#789\" fill=\"none\" stroke-width=\"3\"/></svg>");
        foreach (var chapter in course.Chapters)
        {
            foreach (var recording in chapter.Recordings)
            {
                recording.Save(Path.Combine(output, "recordings", recording.Id + ".json"));
                Directory.CreateDirectory(Path.Combine(output, "captures"));
                File.WriteAllBytes(Path.Combine(output, "captures", recording.Id + ".pcap"), [0xd4, 0xc3, 0xb2, 0xa1]);
            }

            foreach (var table in chapter.Tables)
            {
                table.Save(Path.Combine(output, "results", table.Id + ".csv"));
            }
        }

        return (output, notebooks);
    }

    internal static Recording Recording(string id, Evidence kernel = Evidence.Live) => new()
    {
        Id = id,
        Environment = Environment,
        Witnesses =
        [
            new(WitnessKind.App, Evidence.Live),
            new(WitnessKind.Wire, Evidence.Live),
            new(WitnessKind.Kernel, kernel, kernel == Evidence.Live ? null : "tracefs is not mounted here, and mounting it takes root"),
        ],
        Events = [new AppCall(0, "client", "Connect") { Error = SocketError.ConnectionRefused, Errno = 111, ErrnoName = "ECONNREFUSED", Elapsed = 40_000 }],
    };

    private static ChapterResult Start() => Chapter(First, "Start here", 0.84,
        [new("00-reset-is-a-segment", "A reset is one segment with the RST flag, and it is never answered.", true, Evidence.Live, null, 2)],
        [Recording("00-first-reset")], [],
        Markdown("""
            # Start here

            A *reset* is the way in which TCP says “there is nothing here for you”. This book shows each one from three places at once, and judges every sentence on **your own kernel**. Read on in [Nobody is listening](01-nobody-listening.ipynb#predict), or jump to a [chapter that this run left out](09-not-run.ipynb).

            ## What you will see

            Three witnesses watch one conversation:

            | witness | says | needs |
            |---|---|---|
            | app | what .NET reported, with `SocketError` and errno | nothing |
            | wire | which segments crossed | `CAP_NET_RAW` |
            | kernel | why Linux sent the reset | root, kernel 6.10 |

            > [!NOTE]
            > A witness that cannot be called is never faked.[^1]

            [^1]: The recording that ships with the course speaks for it, and the page says so.
            """),
        Code("#!import \"setup.csx\"", 1),
        Markdown("""
            ## Run

            Five lines make the first reset. Nobody listens on the port, so the kernel answers for it.

            ![A ladder: SYN to the right, RST back](<../data/figures/ladder & co.svg>)
            """),
        Code("""
            var first = await Lab.RunAsync("00-first-reset", async talk =>
            {
                var port = talk.UnusedPort();        // bound once, then let go
                var client = talk.NewClient();
                client.Connect(port, timeout: TimeSpan.FromSeconds(2));
                Console.WriteLine($"{client.Name} < {port} & {1 + 0x1F}");
            });
            first
            """, 2, Stream("stdout", "client < 40312 & 32\n"), Html(Ladder("00-first-reset")), Html(Claims(
                ("00-reset-is-a-segment", "A reset is one segment with the RST flag, and it is never answered.", true, "live", null)))),
        Markdown("""
            ## Explain

            ### The order of the accounts

            The kernel decides, the wire carries, the app learns last. A fenced block is coloured like a cell:

            ```csharp
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.LingerState = new LingerOption(enable: true, seconds: 0); // Close will send a RST
            ```

            ```sh
            tshark -r captures/00-first-reset.pcap -Y 'tcp.flags.reset == 1'
            ```

            ## Explain

            A second heading with the same words gets an anchor of its own.
            """));

    private static ChapterResult Refused() => Chapter(Second, "Nobody is listening: <refused> & why", 1.2,
        [
            new("01-refused-errno", "A SYN to a port without a listener is answered by RST, and connect fails with ECONNREFUSED.", true, Evidence.Live, null, 2),
            new("01-refused-reason", "The kernel's reason is NO_SOCKET.", true, Evidence.Recorded, null, 2),
            new("01-full-queue", "A full accept queue sends no RST & the client <waits>.", false, Evidence.Live, "saw RA", 3),
        ],
        [Recording("01-refused", Evidence.Recorded), Recording("01-full-queue")],
        [new ResultTable { Id = "01-refusal-times", Columns = ["trial", "elapsed (us)"], Rows = [[1, 20.5], [2, 21.5]], Environment = Environment }],
        Markdown("# Nobody is listening: &lt;refused&gt; &amp; why\n\nWhat does `Connect` say?\n\n## Predict\n\nWrite it down first. Was it the same in [the start](00-start-here.ipynb)?\n"),
        Code("#!import \"setup.csx\"", 1, Stream("stderr", "warning: <tracefs> is not mounted\n")),
        Code("refused", 2, Html(Ladder("01-refused")), Html(Claims(
            ("01-refused-errno", "A SYN to a port without a listener is answered by RST, and connect fails with ECONNREFUSED.", true, "live", null),
            ("01-refused-reason", "The kernel's reason is NO_SOCKET.", true, "recorded", null)))),
        Code("// < > & \"\nvar times = Trials.Of(2000).Select(trial => trial.Elapsed.TotalMicroseconds).OrderBy(t => t).ToArray(); // a long line that has to be scrolled on a phone\ntimes.Length", 3,
            Text("2000 < 3000"), Html(Claims(("01-full-queue", "A full accept queue sends no RST &amp; the client &lt;waits&gt;.", false, "live", "saw RA")))));

    private static ChapterResult Aborted() => Chapter(Third, "2 · The connection was aborted", 2.5,
        [new("02-linger-zero", "Close with linger 0 sends a RST.", true, Evidence.Live, null, 1)], [], [],
        Markdown("# 2 · The connection was aborted\n\n### A step too deep\n\nText.\n"),
        Code("throw new SocketException(104);", 1, Html(Claims(("02-linger-zero", "Close with linger 0 sends a RST.", true, "live", null))),
            new JsonObject
            {
                ["output_type"] = "error",
                ["ename"] = "SocketException",
                ["evalue"] = "cell 1, line 1: Connection reset by <peer>",
                ["traceback"] = new JsonArray("\u001b[31m   at Submission#1, line 1\u001b[0m"),
            })) with
    {
        Errors = [new(1, 1, "SocketException: Connection reset by <peer>")],
    };

    internal static ChapterResult Chapter(string id, string title, double seconds, ClaimResult[] claims, Recording[] recordings, ResultTable[] tables, params JsonObject[] cells)
    {
        for (var i = 0; i < cells.Length; i++)
        {
            cells[i]["id"] = $"c{i}";
        }

        var notebook = new JsonObject { ["nbformat"] = 4, ["nbformat_minor"] = 5, ["metadata"] = new JsonObject(), ["cells"] = new JsonArray(cells) };
        var code = cells.Count(cell => (string)cell["cell_type"]! == "code");
        return new()
        {
            Id = id,
            Title = title,
            Notebook = Notebook.Parse(notebook.ToJsonString(), id),
            Seconds = seconds,
            Cells = code,
            CellsRun = code,
            Claims = claims,
            Recordings = recordings,
            Tables = tables,
        };
    }

    internal static JsonObject Markdown(string source) => new() { ["cell_type"] = "markdown", ["metadata"] = new JsonObject(), ["source"] = source };

    internal static JsonObject Code(string source, int count, params JsonNode[] outputs) => new()
    {
        ["cell_type"] = "code",
        ["metadata"] = new JsonObject(),
        ["source"] = source,
        ["execution_count"] = count,
        ["outputs"] = new JsonArray(outputs),
    };

    private static JsonObject Stream(string name, string text) => new() { ["output_type"] = "stream", ["name"] = name, ["text"] = text };

    private static JsonObject Html(string html) => Display("text/html", html);

    private static JsonObject Text(string text) => Display("text/plain", text);

    private static JsonObject Display(string type, string content) => new()
    {
        ["output_type"] = "display_data",
        ["metadata"] = new JsonObject(),
        ["data"] = new JsonObject { [type] = content },
    };

    private static string Ladder(string recording) => $$$"""
        <figure class="rstlab-figure" data-recording="{{{recording}}}"><style>.rstlab-figure{margin:0}.rstlab-figure[data-drawn] .rstlab-static{display:none}</style><figcaption>A port without a listener</figcaption>
        <div class="rstlab-drawing rstlab-static"><svg viewBox="0 0 700 170" role="img" aria-label="Ladder" style="width:100%;height:auto"><g fill="none" stroke="currentColor" stroke-width="1.4"><path d="M120 30v130M580 30v130" opacity=".4"/><path d="M122 70h450"/><path d="M578 120H128" stroke="#b83c00" stroke-dasharray="7 4"/></g><g fill="currentColor" font-family="sans-serif" font-size="13"><text x="120" y="20" text-anchor="middle">client</text><text x="580" y="20" text-anchor="middle">server</text><text x="350" y="62" text-anchor="middle">SYN</text><text x="350" y="112" text-anchor="middle">RST, ACK (NO_SOCKET)</text></g></svg></div>
        <script type="application/json" class="rstlab-plotly">{"data":[{"type":"scatter","mode":"lines+markers","x":[0,1],"y":[1,0],"line":{"color":"#b83c00"}}],"layout":{"title":{"text":"A port without a listener"},"height":260,"xaxis":{"title":{"text":"side"}},"yaxis":{"title":{"text":"event"} } },"config":{}}</script>
        <p class="rstlab-alt">The client sends a SYN; the server's kernel answers with a RST, because of NO_SOCKET.</p><script>(function(){window.rstlabDraw=function(){}})();</script></figure>
        """;

    private static string Claims(params (string Id, string Text, bool Holds, string Evidence, string? Detail)[] claims) =>
        "<div class=\"rstlab-box\"><style>.rstlab-claims{list-style:none}</style><ul class=\"rstlab-claims\">" + string.Concat(claims.Select(c => $"""
            <li class="rstlab-claim" id="claim-{c.Id}" data-claim-id="{c.Id}" data-holds="{(c.Holds ? "true" : "false")}" data-evidence="{c.Evidence}"><span class="rstlab-badge rstlab-{(c.Holds ? "held" : "broken")}"><span aria-hidden="true">{(c.Holds ? "✓" : "✗")}</span> {(c.Holds ? "held" : "broken")}</span> <span class="rstlab-badge rstlab-{c.Evidence}">{c.Evidence}</span> <span class="rstlab-claim-text">{c.Text}</span> <code class="rstlab-claim-id">{c.Id}</code></li>
            """)) + "</ul></div>";
}
