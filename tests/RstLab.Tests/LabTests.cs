using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace RstLab.Tests;

public class LabTests
{
    [Fact]
    public async Task Close_then_send_is_seen_by_all_three_witnesses()
    {
        var recording = await Lab.RunAsync("test-close-then-send", async talk =>
        {
            var (client, server) = await talk.ConnectAsync();
            server.Close();
            await client.UntilAsync(TcpState.CloseWait);
            client.Send(5000);
            await client.UntilAsync(TcpState.Closed);
            client.Send(5000);
        });
        foreach (var e in recording.Events) TestContext.Current.TestOutputHelper!.WriteLine(e.ToString());
        foreach (var e in recording.Witnesses) TestContext.Current.TestOutputHelper!.WriteLine(e.ToString());
        foreach (var e in recording.Counters) TestContext.Current.TestOutputHelper!.WriteLine(e.ToString());
        Assert.Equal("EPIPE (Shutdown)", recording.CallsOf("client", "Send")[1].Outcome);
        Assert.Equal(["TCP_ABORT_ON_DATA"], recording.ReasonsSent());
    }
}
