namespace RstLab.Notebooks.Tests;

/// <summary>Writes every kind of output to artifacts/look, for a person or a browser to look at.</summary>
public class LookTests
{
    [Fact]
    public void Every_kind_of_output_can_be_looked_at()
    {
        if (Environment.GetEnvironmentVariable("RSTLAB_LOOK") is not { Length: > 0 } folder)
        {
            Assert.Skip("set RSTLAB_LOOK to a folder to write the pages there");
            return;
        }

        Directory.CreateDirectory(folder);
        var refused = Samples.Refused;
        var shown = new (string Name, IDisplayed Shown)[]
        {
            ("ladder", Figure.Ladder(Samples.CloseThenSend, "The server closes, the client goes on sending")),
            ("refused", Figure.Ladder(refused)),
            ("long", Figure.Ladder(Samples.Long)),
            ("recorded", Figure.Ladder(Samples.WithoutWire(Samples.CloseThenSend))),
            ("absent", Figure.Ladder(Samples.WithoutWire(null))),
            ("claims", Claims.On(Samples.CloseThenSend)
                .That("02-fin-first", "The server's close sends FIN, not RST.", r => r.SegmentsFrom("server").Any(s => s.Letters == "FA"))
                .That("02-second-send", "The second send throws ConnectionReset.", r => r.CallsOf("client", "Send")[1].Error == System.Net.Sockets.SocketError.ConnectionReset)),
            ("calls", Table.OfCalls(Samples.CloseThenSend)),
        };
        foreach (var (name, item) in shown)
        {
            using var html = File.CreateText(Path.Combine(folder, $"{name}.html"));
            item.WriteHtml(html);
            using var text = File.CreateText(Path.Combine(folder, $"{name}.txt"));
            item.WriteText(text);
            (item as Figure)?.SaveSvg(Path.Combine(folder, $"{name}.svg"));
        }
    }
}
