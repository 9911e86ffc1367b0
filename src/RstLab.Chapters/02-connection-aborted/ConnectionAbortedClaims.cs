using System.Net.Sockets;
using RstLab.Notebooks;

namespace RstLab.Chapters;

/// <summary>What chapter 2 claims: each sentence beside the condition that this run has to meet.</summary>
public static class ConnectionAbortedClaims
{
    /// <summary>A peer that closes with nothing unread, and two calls of <c>Send</c> after that.</summary>
    /// <param name="closeThenSend">The recording <c>02-close-then-send</c>.</param>
    /// <param name="guess">What the reader predicted for the two calls.</param>
    public static ClaimSet CloseThenSend(Recording closeThenSend, Prediction? guess = null) => Claims.On(closeThenSend)
        .Compare(guess, r => r.CallsOf("client", "Send") is [var one, var two] ? !one.Ok ? 4 : two.Ok ? 1 : two.ErrnoName == "EPIPE" ? 2 : 3 : 0,
            "A FIN forbids nothing to the client, so the first Send is taken. Its data is answered by a RST, and a RST that comes after a FIN leaves EPIPE.",
            (1, "The first block had nobody to go to. Its answer is a RST, and from then on the connection is over."),
            (3, "ECONNRESET is what a RST leaves when no FIN came before it."),
            (4, "A FIN ends one direction only. TCP does not know that the server has closed the other one, too."))
        .That("02-close-is-fin", "Close with nothing unread sends FIN, not RST.",
            r => r.SegmentsFrom("server").First(s => s.Letters != "SA" && s.Letters != "A").Letters == "FA")
        .That("02-first-send-ok", "The first Send after the peer's close succeeds: all 5000 bytes are accepted.",
            r => r.CallsOf("client", "Send")[0].Bytes == 5000)
        .That("02-data-gets-reset", "The data crosses the wire, and its answer is a RST.",
            r => r.SegmentsFrom("client").Any(s => s.Length == 5000) && r.Segments.Last().IsReset && r.SegmentsFrom("server")[^1].IsReset)
        .That("02-second-send-epipe", "The second Send fails with EPIPE, Broken pipe. .NET calls it SocketError.Shutdown.",
            r => r.CallsOf("client", "Send")[1] is { ErrnoName: "EPIPE", Error: SocketError.Shutdown })
        .That("02-receive-zero", "Receive returns 0, even after the reset: on Linux the FIN came first, and the end of the stream stays what it is.",
            r => r.CallsOf("client", "Receive")[0].Bytes == 0);

    /// <summary>Why the kernel answered the data with a reset.</summary>
    /// <param name="closeThenSend">The recording <c>02-close-then-send</c>.</param>
    public static ClaimSet ReasonByProgress(Recording closeThenSend) => Claims.On(closeThenSend)
        .That("02-reason-by-progress",
            "If the FIN was acknowledged before the data came, the reason is TCP_TIMEWAIT_SOCKET (only a small remainder of the socket was left); if not, it is TCP_ABORT_ON_DATA.",
            r => r.SegmentsFrom("server").First(s => s.Letters.Contains('F')) is var fin
                && r.SegmentsFrom("client").Any(s => s.Length == 0 && s.Letters == "A" && s.Ack == fin.Seq + 1) is var acknowledged
                && r.ReasonsSent().Single() == (acknowledged ? "TCP_TIMEWAIT_SOCKET" : "TCP_ABORT_ON_DATA"));
}
