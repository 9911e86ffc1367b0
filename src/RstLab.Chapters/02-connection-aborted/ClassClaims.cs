using System.Net.Sockets;
using RstLab.Notebooks;

namespace RstLab.Chapters;

/// <summary>What chapter 2 claims about the class that disposes: Socket, NetworkStream or TcpClient.</summary>
public static partial class ConnectionAbortedClaims
{
    /// <summary>A <c>NetworkStream</c> that is disposed with unread data.</summary>
    /// <param name="streamUnread">The recording <c>02-stream-unread</c>.</param>
    /// <param name="guess">What the reader predicted for the peer's <c>Receive</c>.</param>
    public static ClaimSet StreamUnread(Recording streamUnread, Prediction? guess = null) => Claims.On(streamUnread)
        .Compare(guess, r => r.CallsOf("client", "Receive")[0] switch { { ErrnoName: "ECONNRESET" } => 1, { ErrnoName: "EPIPE" } => 2, { Bytes: 0 } => 3, _ => 0 },
            "When it owns its socket, NetworkStream.Dispose calls Shutdown(Both) before it closes it. The FIN goes out first, and on Linux "
                + "Receive returns 0 after a FIN, even if a RST follows.",
            (1, "That is what Socket.Dispose leads to, where no FIN comes first."),
            (2, "EPIPE is the error that the RST leaves after the FIN. But Receive returns 0 for the FIN before it checks for errors."))
        .That("02-stream-unread-wire",
            "Dispose of a NetworkStream that owns its socket, with unread data and nothing left to send, sends a FIN, and then a RST.", r => Crossed(r) == "FIN, RST")
        .That("02-stream-unread-zero",
            "The peer's Receive returns 0. It does not report the error that the RST leaves; SO_ERROR does: EPIPE.",
            r => r.CallsOf("client", "Receive")[0].Bytes == 0 && r.CallsOf("client", "SO_ERROR")[0].Result == "EPIPE");

    /// <summary>A <c>NetworkStream</c> that is disposed while a read is pending on it.</summary>
    /// <param name="streamPending">The recording <c>02-stream-pending</c>.</param>
    public static ClaimSet StreamPending(Recording streamPending) => Claims.On(streamPending)
        .That("02-stream-pending-fin",
            "Dispose of a NetworkStream that owns its socket, with a pending read, sends a FIN and no RST, and the peer's Receive returns 0.",
            r => Crossed(r) == "FIN" && r.CallsOf("client", "Receive")[0].Bytes == 0)
        .That("02-stream-pending-call",
            "The pending read ends without the peer's help: it returns 0 for the shutdown, or fails with OperationAborted if Dispose cancels it first.",
            r => r.CallsOf("server", "ReadAsync")[0] is { Bytes: 0 } or { Error: SocketError.OperationAborted });

    /// <summary>Six endings through three classes.</summary>
    /// <param name="byClass">The table <c>02-endings-by-class</c>, with the classes <c>Socket</c>, <c>NetworkStream</c> and <c>TcpClient</c>.</param>
    public static ClaimSet ByClass(ResultTable byClass) => Claims.On(byClass)
        .That("02-class-socket-resets", "A Socket that is disposed with unread data, with a pending receive or with linger 0 sends a RST alone, and the peer's Receive fails with ECONNRESET.",
            t => new[] { EndingsByClass.Unread, EndingsByClass.Pending, EndingsByClass.LingerZero }.All(ending => Seen(t, ending, "Socket") == ("RST", "ECONNRESET")))
        .That("02-class-stream-fin-first",
            "A NetworkStream that owns its socket, and a TcpClient, send a FIN first in each of these cases, and the peer's Receive returns 0.",
            t => Streams.All(name => Seen(t, EndingsByClass.Unread, name) == ("FIN, RST", "0") && Seen(t, EndingsByClass.Pending, name) == ("FIN", "0")
                && Seen(t, EndingsByClass.LingerZero, name) == ("FIN, RST", "0")))
        .That("02-class-shutdown-first", "After Shutdown(Send), a Socket that is disposed with unread data does what the others do: a FIN, then a RST, and the peer's Receive returns 0.",
            t => Streams.Append("Socket").All(name => Seen(t, EndingsByClass.ShutdownUnread, name) == ("FIN, RST", "0")))
        .That("02-class-cut-message", "After a cancelled SendAsync, Dispose of each class sends a FIN behind what was queued: the peer reads a part of the message, and then 0.",
            t => Streams.Append("Socket").All(name => Seen(t, EndingsByClass.SendCancelled, name) == ("FIN", "a part, then 0")))
        .That("02-class-same-when-idle", "With nothing unread and nothing pending the class makes no difference: a FIN, and the peer's Receive returns 0.",
            t => Streams.Append("Socket").All(name => Seen(t, EndingsByClass.NothingUnread, name) == ("FIN", "0")));

    private static string[] Streams => ["NetworkStream", "TcpClient"];

    /// <summary>The FIN and RST that the server sent, in order; one that is sent again is named once.</summary>
    private static string Crossed(Recording recording) =>
        string.Join(", ", recording.SegmentsFrom("server").Where(s => s.IsReset || HasFin(s)).Select(s => s.IsReset ? "RST" : "FIN").Distinct());

    private static (string Wire, string Receive) Seen(ResultTable table, string ending, string name)
    {
        var (endings, classes) = (table.Texts("ending"), table.Texts("class"));
        var row = Enumerable.Range(0, endings.Count).Single(i => endings[i] == ending && classes[i] == name);
        return (table.Texts("on the wire")[row], table.Texts("the peer's Receive")[row]);
    }
}
