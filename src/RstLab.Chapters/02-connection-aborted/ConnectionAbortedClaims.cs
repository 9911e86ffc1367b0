using System.Net.Sockets;
using RstLab.Notebooks;

namespace RstLab.Chapters;

/// <summary>What chapter 2 claims: each sentence beside the condition that this run has to meet.</summary>
public static partial class ConnectionAbortedClaims
{
    /// <summary>A peer that closes with nothing unread, and two calls of <c>Send</c> after that.</summary>
    /// <param name="closeThenSend">The recording <c>02-close-then-send</c>.</param>
    /// <param name="guess">What the reader predicted for the two calls.</param>
    public static ClaimSet CloseThenSend(Recording closeThenSend, Prediction? guess = null) => Claims.On(closeThenSend)
        .Compare(guess, r => r.CallsOf("client", "Send") is [var one, var two] ? !one.Ok ? 4 : two.Ok ? 1 : two.ErrnoName == "EPIPE" ? 2 : 3 : 0,
            "The client may still send after a FIN, so the first Send succeeds. Its data is answered by a RST, and a RST that arrives in "
                + "CLOSE_WAIT, after the FIN, leaves EPIPE.",
            (1, "The first block had nobody to go to. Its answer is a RST, and from then on the connection is over."),
            (3, "ECONNRESET is what a RST leaves when no FIN came before it."),
            (4, "A FIN ends one direction only. It does not show that the server has closed the other one, too."))
        .That("02-close-is-fin",
            "Close with nothing unread and nothing pending sends FIN, not RST.",
            r => r.SegmentsFrom("server").FirstOrDefault(s => s.Letters is not ("SA" or "A"))?.Letters == "FA")
        .That("02-first-send-ok", "The first Send after the peer's close succeeds: all 5000 bytes are accepted.",
            r => r.CallsOf("client", "Send")[0].Bytes == 5000)
        .That("02-data-gets-reset", "The data crosses the wire, and its answer is a RST.",
            r => FirstData(r) is { } data && r.SegmentsFrom("server").FirstOrDefault(s => s.T > data.T) is { IsReset: true })
        .That("02-second-send-epipe", "The second Send fails with EPIPE, Broken pipe. .NET calls it SocketError.Shutdown.",
            r => r.CallsOf("client", "Send")[1] is { ErrnoName: "EPIPE", Error: SocketError.Shutdown })
        .That("02-receive-zero",
            "Receive returns 0, even after the reset and the Send that failed.",
            r => r.CallsOf("client", "Receive")[0].Bytes == 0);

    /// <summary>Why the kernel answered the data with a reset.</summary>
    /// <param name="closeThenSend">The recording <c>02-close-then-send</c>.</param>
    public static ClaimSet ReasonByProgress(Recording closeThenSend) => Claims.On(closeThenSend)
        .That("02-reason-by-progress",
            "After Close: if the FIN was acknowledged before the data came, the reason is TCP_TIMEWAIT_SOCKET (only a small remainder of the "
                + "socket was left); if not, it is TCP_ABORT_ON_DATA.",
            r => r.ReasonsSent() is [var first, ..] && first == (AcknowledgedBeforeData(r) ? "TCP_TIMEWAIT_SOCKET" : "TCP_ABORT_ON_DATA"));

    /// <summary>A <c>Socket</c> that closes with unread data, and three calls of <c>Receive</c> at the peer.</summary>
    /// <param name="closeUnread">The recording <c>02-close-unread</c>.</param>
    /// <param name="guess">What the reader predicted for the three calls.</param>
    public static ClaimSet CloseUnread(Recording closeUnread, Prediction? guess = null) => Claims.On(closeUnread)
        .Compare(guess, r => r.CallsOf("client", "Receive") is [var one, var two, var three]
                ? one.Bytes != 3 ? one.ErrnoName == "ECONNRESET" ? 3 : 0 : two.Bytes == 0 ? 1 : three.Bytes == 0 ? 2 : three.ErrnoName == "ECONNRESET" ? 4 : 0 : 0,
            "Closing a Socket with unread data sends a RST in place of the FIN. On Linux what came before it can still be read, and then the error is reported once.",
            (1, "0 is the answer to a FIN. A kernel that has to throw away data sends none."),
            (3, "The answer was in the client's receive queue before the reset came, and Linux leaves it there. Other systems do not all do so."),
            (4, "The error is reported once; reporting it clears it."))
        .That("02-unread-rst", "Closing a Socket with unread data sends a RST and no FIN at all.",
            r => r.SegmentsFrom("server") is [.., { IsReset: true }] sent && !sent.Any(s => s.Letters.Contains('F', StringComparison.Ordinal)))
        .That("02-unread-reason", "The kernel's reason is TCP_ABORT_ON_CLOSE.", r => r.ReasonsSent().SequenceEqual(["TCP_ABORT_ON_CLOSE"]))
        .That("02-unread-answer", "On Linux the answer that was queued before the reset can still be read: the first Receive returns its 3 bytes.",
            r => r.CallsOf("client", "Receive")[0].Bytes == 3)
        .That("02-unread-econnreset", "The next Receive fails with ECONNRESET.", r => r.CallsOf("client", "Receive")[1].ErrnoName == "ECONNRESET")
        .That("02-unread-once", "The error is reported once. After that, Receive returns 0, as if the stream had ended well.",
            r => r.CallsOf("client", "Receive") is [_, { Ok: false }, { Bytes: 0 }]);

    /// <summary>The same end, where the client goes on sending instead of reading.</summary>
    /// <param name="unreadThenSend">The recording <c>02-close-unread-then-send</c>.</param>
    /// <param name="guess">What the reader predicted for the two calls.</param>
    public static ClaimSet UnreadThenSend(Recording unreadThenSend, Prediction? guess = null) => Claims.On(unreadThenSend)
        .Compare(guess, r => r.CallsOf("client", "Send") is [_, var one, var two]
                ? one.Ok ? 4 : (one.ErrnoName, two.ErrnoName) switch { ("EPIPE", "EPIPE") => 1, ("ECONNRESET", "ECONNRESET") => 2, ("ECONNRESET", "EPIPE") => 3, _ => 0 } : 0,
            "A RST with no FIN before it leaves ECONNRESET. The first call takes it; what is left for every later Send is EPIPE.",
            (1, "EPIPE is what a RST leaves after a FIN. This server has sent none."),
            (2, "The error is reported once; reporting it clears it."),
            (4, "A Send succeeds after a FIN. Here the RST has arrived already, and it has ended the connection for the client's kernel."))
        .That("02-unread-send-first", "The first Send after this reset fails with ECONNRESET, not with EPIPE.", r => r.CallsOf("client", "Send")[1].ErrnoName == "ECONNRESET")
        .That("02-unread-send-second", "The second Send fails with EPIPE: the error was taken, but the connection is still over.",
            r => r.CallsOf("client", "Send")[2].ErrnoName == "EPIPE");

    private static Segment? FirstData(Recording recording) => recording.SegmentsFrom("client").FirstOrDefault(s => s.Length > 0);

    private static bool AcknowledgedBeforeData(Recording recording) =>
        recording.SegmentsFrom("server").First(s => s.Letters.Contains('F', StringComparison.Ordinal)) is var fin && FirstData(recording) is { } data
            && recording.SegmentsFrom("client").Any(s => s.Length == 0 && s.Letters == "A" && s.Ack == fin.Seq + 1 && s.T < data.T);
}
