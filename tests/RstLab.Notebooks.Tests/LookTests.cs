namespace RstLab.Notebooks.Tests;

/// <summary>
/// Writes every kind of output to artifacts/look, for a person or a browser to look at; and the ladders of the recordings in the
/// folder that RSTLAB_LOOK names, when it is set.
/// </summary>
public class LookTests
{
    [Fact]
    public void Every_kind_of_output_is_left_to_be_looked_at()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "look");
        Directory.CreateDirectory(folder);
        var refused = Samples.Refused;
        List<(string Name, IDisplayed Shown)> shown =
        [
            ("ladder", Figure.Ladder(Samples.CloseThenSend, "The server closes, the client goes on sending")),
            ("refused", Figure.Ladder(refused)),
            ("long", Figure.Ladder(Samples.Long)),
            ("recorded", Figure.Ladder(Samples.WithoutWire(Samples.CloseThenSend))),
            ("absent", Figure.Ladder(Samples.WithoutWire(null))),
            ("claims", Claims.On(Samples.CloseThenSend)
                .That("02-fin-first", "The server's close sends FIN, not RST.", r => r.SegmentsFrom("server").Any(s => s.Letters == "FA"))
                .That("02-second-send", "The second send throws ConnectionReset.", r => r.CallsOf("client", "Send")[1].Error == System.Net.Sockets.SocketError.ConnectionReset)),
            ("calls", Show.Calls(Samples.CloseThenSend)),
            ("endings", Figure.Endings(("close, then the peer sends", Samples.CloseThenSend), ("nobody listens", Samples.Refused), ("reboot", Samples.Long), ("an ordinary user", Samples.WithoutWire(null)), ("recorded", Samples.WithoutWire(Samples.CloseThenSend)))),
            ("ecdf", Figure.Ecdf(Samples.Trials, "elapsed (us)", group: "call", logarithmic: true, title: "How long a refused connect takes")),
            ("histogram", Figure.Histogram(Samples.Trials, "elapsed (us)", group: "call", logarithmic: true)),
            ("histogram-one", Figure.Histogram(Samples.Trials with { Rows = [.. Samples.Trials.Rows.Where(r => (string)r[0]! == "Connect, throws")] }, "elapsed (us)")),
            ("bars", Figure.Bars(Samples.Rates, "conversation", "trials (1/s)", group: "program", error: "spread (1/s)", title: "Trials a second, the library against C")),
            ("bars-one", Figure.Bars("01-refusal-medians", "The middle of the distribution", "call", "elapsed (us)", Samples.Here, [("Connect, throws", 61.2), ("ConnectAsync, no exception", 33.9)])),
            ("durations", Figure.Durations(Samples.Durations, "peer", "way", "after (s)", "known", "How long it takes to notice")),
        ];
        if (Environment.GetEnvironmentVariable("RSTLAB_LOOK") is { Length: > 0 } recordings)
        {
            var made = Directory.GetFiles(recordings, "*.json").Order(StringComparer.Ordinal).Select(Recording.Load).ToList();
            shown.AddRange(made.Select(r => (r.Id, (IDisplayed)Figure.Ladder(r))));
            shown.Add(("all-endings", Figure.Endings([.. made.Select(r => (r.Id, r))])));
        }

        foreach (var (name, item) in shown)
        {
            using var html = File.CreateText(Path.Combine(folder, $"{name}.html"));
            item.WriteHtml(html);
            using var text = File.CreateText(Path.Combine(folder, $"{name}.txt"));
            item.WriteText(text);
            Assert.NotEmpty(item.ToString()!);
            (item as Figure)?.SaveSvg(Path.Combine(folder, $"{name}.svg"));
        }
    }
}
