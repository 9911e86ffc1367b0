using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace RstLab.Tests;

public class CraftedPeerTests
{
    private const ControlBits Ack = ControlBits.Ack, Fin = ControlBits.Fin, Rst = ControlBits.Rst;

    /// <summary>Each state that a client can be held in, and the errors that an exact RST leaves there.</summary>
    public static TheoryData<TcpState, string> Held => new()
    {
        { TcpState.Established, "ECONNRESET" },
        { TcpState.CloseWait, "EPIPE" },
        { TcpState.FinWait1, "ECONNRESET" },
        { TcpState.FinWait2, "ECONNRESET" },
        { TcpState.Closing, "ECONNRESET" },
        { TcpState.LastAck, "ECONNRESET" },
    };

    [Theory]
    [MemberData(nameof(Held))]
    public async Task It_holds_a_client_in_any_state_and_resets_it_there(TcpState state, string error)
    {
        Assert.SkipWhen(TwoHosts.WhyNot() is not null, TwoHosts.WhyNot() ?? "");
        var pending = "";
        var recording = await Lab.RunAsync("test-held", async talk =>
        {
            var hosts = talk.TwoHosts();
            var peer = talk.CraftedPeer(hosts);
            var client = talk.Client(on: hosts.Client);
            var connecting = client.ConnectAsync(peer.Address);
            peer.Accept();
            await connecting;
            if (state is TcpState.CloseWait or TcpState.LastAck)
            {
                peer.Send(Fin | Ack);
                await client.UntilAsync(TcpState.CloseWait);
            }

            if (state is not (TcpState.Established or TcpState.CloseWait))
            {
                client.Shutdown(SocketShutdown.Send);
                var fin = peer.Await("the client's FIN", s => s.Letters.Contains('F'));
                if (state == TcpState.FinWait2)
                {
                    peer.Send(Ack);
                }
                else if (state == TcpState.Closing)
                {
                    peer.Send(Fin | Ack, ack: fin.Seq);
                }
            }

            await client.UntilAsync(state);
            peer.Send(Rst);
            await client.UntilAsync(TcpState.Closed);
            pending = client.TakePendingError().Result!;
        });

        Assert.Equal(error, pending);
        if (recording[WitnessKind.Kernel].Method == KernelMethod.Trace)
        {
            Assert.Contains(recording.Resets, r => r.Direction == ResetDirection.Received);
        }
    }

    [Fact]
    public async Task What_an_earlier_client_still_sends_is_not_for_the_connection_of_the_next()
    {
        Assert.SkipWhen(TwoHosts.WhyNot() is not null, TwoHosts.WhyNot() ?? "");
        await Lab.RunAsync("test-two-clients", async talk =>
        {
            var hosts = talk.TwoHosts();
            var peer = talk.CraftedPeer(hosts);
            var clients = new[] { talk.Client("earlier", on: hosts.Client), talk.Client("next", on: hosts.Client) };
            foreach (var client in clients)
            {
                var connecting = client.ConnectAsync(peer.Address);
                peer.Accept();
                await connecting;
            }

            clients[0].Send(10);
            clients[1].Send(10);

            Assert.Equal(clients[1].Local!.ToString(), peer.Await("10 bytes", s => s.Length == 10).From);
        });
    }

    [Fact]
    public async Task A_segment_that_does_not_come_is_named_with_what_came_instead()
    {
        Assert.SkipWhen(TwoHosts.WhyNot() is not null, TwoHosts.WhyNot() ?? "");
        var thrown = await Assert.ThrowsAsync<TimeoutException>(() => Lab.RunAsync("test-awaited", async talk =>
        {
            var hosts = talk.TwoHosts();
            var peer = talk.CraftedPeer(hosts);
            var client = talk.Client(on: hosts.Client);
            var connecting = client.ConnectAsync(peer.Address);
            peer.Accept();
            await connecting;
            peer.Await("a FIN", s => s.Letters.Contains('F'));
        }, TimeSpan.FromSeconds(8)));

        Assert.Contains("a FIN", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("It saw nothing", thrown.Message, StringComparison.Ordinal);
    }
}
