using System.Net.Http;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace RstLab.Tests;

public class StackTrialTests
{
    [Theory]
    [InlineData(Ending.Fin, "(0 bytes)", null)]
    [InlineData(Ending.Reset, "IOException > SocketException", SocketError.ConnectionReset)]
    public async Task The_ending_that_is_asked_for_is_the_one_that_arrives(Ending ending, string outcome, SocketError? error)
    {
        TcpState seen = default;
        var trial = await StackTrial.RunAsync(new("NetworkStream", "read", End, async trial =>
        {
            await using var stream = await trial.ConnectAsync();
            await trial.UntilEndedAsync();
            seen = SocketState.Of(trial.Near);
            return $"{await stream.ReadAsync(new byte[10])} bytes";
        }), ending);

        Assert.Equal((outcome, error), (trial.ExceptionChain, trial.SocketError));
        Assert.Equal(ending == Ending.Fin ? TcpState.CloseWait : TcpState.Closed, seen);
        Assert.Equal((1, false, null), (trial.Connections, trial.Retried, trial.HttpRequestError));
    }

    [Fact]
    public async Task A_request_that_is_sent_again_is_counted()
    {
        var trial = await StackTrial.RunAsync(new("HttpClient", "no response", async peer => { await peer.ReceiveUntilAsync(); peer.End(); }, async trial =>
        {
            using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, ConnectCallback = (_, stop) => trial.ConnectAsync(stop) });
            return await client.GetStringAsync(trial.Url);
        }), Ending.Fin);

        Assert.True(trial.Retried);
        Assert.True(trial.Connections > 1);
        Assert.Equal(HttpRequestError.ResponseEnded, trial.HttpRequestError);
        Assert.Equal(["HttpClient", "no response", "FIN", "HttpRequestException > HttpIOException", null, "ResponseEnded", "yes", trial.Connections, "Fin", trial.Diagnosis!.Headline, trial.Messages], trial.Values);
        Assert.Contains(" > The response ended prematurely", trial.Messages, StringComparison.Ordinal);
        Assert.Equal(StackOutcome.Columns.Length, trial.Values.Count);
    }

    [Fact]
    public async Task A_peer_can_connect_to_a_stack_that_listens()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();

        var trial = await StackTrial.RunAsync(new("TcpListener", "read", async peer => { await peer.SendAsync("hello"); peer.End(); }, async trial =>
        {
            trial.PeerConnects((System.Net.IPEndPoint)listener.LocalEndpoint);
            using var client = await listener.AcceptTcpClientAsync();
            using var reader = new StreamReader(client.GetStream());
            return await reader.ReadToEndAsync();
        }), Ending.Fin);

        Assert.Equal("hello", trial.Result);
    }

    [Fact]
    public async Task A_script_that_fails_is_not_taken_for_an_outcome()
    {
        var e = await Assert.ThrowsAsync<InvalidOperationException>(() => StackTrial.RunAsync(new("NetworkStream", "read", async peer =>
        {
            await peer.SendAsync("hello");
            throw new FormatException("the script is wrong");
        }, async trial =>
        {
            await using var stream = await trial.ConnectAsync();
            await stream.ReadExactlyAsync(new byte[5]);
            await StackTrial.UntilAsync(() => trial.ScriptFailure is not null, () => "the script to fail");
            return "";
        }), Ending.Fin));

        Assert.Contains("NetworkStream, read, Fin", e.Message, StringComparison.Ordinal);
        Assert.Contains("the script is wrong", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wait_that_does_not_come_true_says_what_was_awaited()
    {
        var e = await Assert.ThrowsAsync<TimeoutException>(() => StackTrial.UntilAsync(() => false, () => "the moon (it is new)", TimeSpan.FromMilliseconds(20)));

        Assert.Contains("the moon (it is new)", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_table_has_a_row_for_each_ending()
    {
        var table = await StackTrial.MeasureAsync("test-stacks", new StackSituation("NetworkStream", "read", End, async trial =>
        {
            await using var stream = await trial.ConnectAsync();
            return $"{await stream.ReadAsync(new byte[10])} bytes";
        }));

        Assert.Equal(StackOutcome.Columns, table.Columns);
        Assert.Equal(["FIN", "RST"], table.Texts("ending"));
        Assert.Equal(["(0 bytes)", "IOException > SocketException"], table.Texts("exception_chain"));
        Assert.Equal(["", "Reset"], table.Texts("diagnosed"));
    }

    private static Task End(BarePeer peer)
    {
        peer.End();
        return Task.CompletedTask;
    }
}
