using System.Globalization;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using RstLab.Notebooks;

namespace RstLab.Chapters;

/// <summary>
/// The same endings, disposed through different classes of System.Net.Sockets. <c>Socket.Dispose</c> only closes;
/// <c>NetworkStream</c> and <c>TcpClient</c> call <c>Shutdown(Both)</c> first, so a FIN goes out before anything else.
/// </summary>
public static class EndingsByClass
{
    /// <summary>The ending with nothing unread and nothing pending.</summary>
    internal const string NothingUnread = "with nothing unread";

    /// <summary>The ending with bytes in the receive queue.</summary>
    internal const string Unread = "with unread data";

    /// <summary>The ending while a receive waits for data.</summary>
    internal const string Pending = "with a pending ReceiveAsync";

    /// <summary>The ending with SO_LINGER {1,0}.</summary>
    internal const string LingerZero = "with linger 0";

    /// <summary>The ending with bytes in the receive queue, after the FIN was sent by hand.</summary>
    internal const string ShutdownUnread = "with unread data, after Shutdown(Send)";

    /// <summary>The ending after a send that was given up when the buffers were full.</summary>
    internal const string SendCancelled = "after a cancelled SendAsync";

    private const int Message = 4_000_000;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private static readonly (string Name, Func<Conversation, Endpoint, Endpoint, IDisposable, Task<string>> EndAsync)[] Endings =
    [
        (NothingUnread, (_, client, _, owner) => DisposeAsync(client, owner, TcpState.CloseWait)),
        (Unread, async (_, client, server, owner) =>
        {
            await LeaveUnreadAsync(client, server).ConfigureAwait(false);
            return await DisposeAsync(client, owner, TcpState.Closed).ConfigureAwait(false);
        }),
        (Pending, async (_, client, server, owner) =>
        {
            var reading = server.ReceiveAsync();
            var seen = await DisposeAsync(client, owner, TcpState.CloseWait, TcpState.Closed).ConfigureAwait(false);
            await reading.ConfigureAwait(false);
            return seen;
        }),
        (LingerZero, (_, client, server, owner) =>
        {
            server.Socket.LingerState = new LingerOption(true, 0);
            return DisposeAsync(client, owner, TcpState.Closed);
        }),
        (ShutdownUnread, async (_, client, server, owner) =>
        {
            await LeaveUnreadAsync(client, server).ConfigureAwait(false);
            server.Shutdown(SocketShutdown.Send);
            return await DisposeAsync(client, owner, TcpState.Closed).ConfigureAwait(false);
        }),
        (SendCancelled, CancelSendAsync),
    ];

    /// <summary>
    /// Ends a connection in six ways through each class, on loopback, and keeps the table <c>02-endings-by-class</c>. Where the wire
    /// cannot be watched, the table that ships with the course takes its place.
    /// </summary>
    /// <param name="classes">A name for each class, and how it takes over a connected socket.</param>
    /// <returns>A row for each ending and class: the FIN and RST that crossed the wire, in order, and what the peer's <c>Receive</c> returned.</returns>
    /// <exception cref="TimeoutException">An ending did not reach the peer within 30 s; the message says what was awaited.</exception>
    /// <exception cref="NotPossibleHereException">The wire cannot be watched here, and no table ships.</exception>
    public static Task<ResultTable> MeasureAsync(params IReadOnlyList<(string Class, Func<Socket, IDisposable> Owner)> classes) =>
        Lab.MeasureAsync("02-endings-by-class",
            _ => Endings.SelectMany(_ => classes, (ending, one) => Row(ending.Name, ending.EndAsync, one.Class, one.Owner)),
            "ending", "class", "on the wire", "the peer's Receive");

    /// <summary>The table with a row for each ending and a column for each class.</summary>
    /// <param name="table">What <see cref="MeasureAsync"/> returned.</param>
    public static Table Compare(ResultTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        var seen = table.Texts("on the wire").Zip(table.Texts("the peer's Receive"),
            (wire, receive) => $"{wire}; Receive {(receive.StartsWith('E') ? "fails with" : "returns")} {receive}");
        var cells = table.Texts("ending").Zip(table.Texts("class"), seen).GroupBy(cell => cell.First).ToList();
        return Show.Results(table with
        {
            Columns = ["the server disposes", .. table.Texts("class").Distinct()],
            Rows = [.. cells.Select(row => (IReadOnlyList<object?>)[row.Key, .. row.Select(cell => cell.Third)])],
        }, "What the peer sees of six endings through three classes");
    }

    private static IReadOnlyList<object?> Row(
        string ending, Func<Conversation, Endpoint, Endpoint, IDisposable, Task<string>> endAsync, string name, Func<Socket, IDisposable> owner)
    {
        var seen = "";
        var recording = Lab.TryAsync("02-endings-by-class", async talk =>
        {
            var (client, server) = await talk.ConnectAsync().ConfigureAwait(false);
            seen = await endAsync(talk, client, server, talk.Open(owner(server.Socket))).ConfigureAwait(false);
        }, Deadline).GetAwaiter().GetResult();
        try
        {
            // A FIN that is sent again is still one FIN.
            var crossed = recording.SegmentsFrom("server").Select(s => s.IsReset ? "RST" : s.Letters.Contains('F', StringComparison.Ordinal) ? "FIN" : null);
            return [ending, name, string.Join(", ", crossed.OfType<string>().Distinct()), seen];
        }
        catch (WitnessAbsentException absent)
        {
            throw new NotPossibleHereException(absent.Message, absent);
        }
    }

    private static async Task LeaveUnreadAsync(Endpoint client, Endpoint server)
    {
        client.Send(5);
        await server.UntilAvailableAsync(5).ConfigureAwait(false);
    }

    private static async Task<string> DisposeAsync(Endpoint client, IDisposable owner, params TcpState[] states)
    {
        owner.Dispose();
        await client.UntilAsync(states).ConfigureAwait(false);
        var call = client.Receive();
        return call.ErrnoName ?? call.Outcome;
    }

    private static async Task<string> CancelSendAsync(Conversation talk, Endpoint client, Endpoint server, IDisposable owner)
    {
        // Small buffers are full soon. How large they are changes where the message is cut, not that it is.
        server.Socket.SendBufferSize = client.Socket.ReceiveBufferSize = 65_536;
        using var cancel = new CancellationTokenSource();
        var sending = server.Socket.SendAsync(new byte[Message], cancel.Token).AsTask();
        await talk.UntilAsync(() => !server.Socket.Poll(0, SelectMode.SelectWrite), () => "the server's send buffer to be full").ConfigureAwait(false);
        await cancel.CancelAsync().ConfigureAwait(false);
        await ((Task)sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        owner.Dispose();
        return ReadToTheEnd(client.Socket);
    }

    private static string ReadToTheEnd(Socket socket)
    {
        var buffer = new byte[65_536];
        var bytes = 0;
        try
        {
            for (int more; (more = socket.Receive(buffer)) > 0;)
            {
                bytes += more;
            }

            return bytes is > 0 and < Message ? "a part, then 0" : string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes, then 0");
        }
        catch (SocketException e)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes, then {Errno.Name(e.NativeErrorCode)}");
        }
    }
}
