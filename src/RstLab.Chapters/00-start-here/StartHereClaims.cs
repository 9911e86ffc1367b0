using System.Net.Sockets;
using RstLab.Notebooks;

namespace RstLab.Chapters;

/// <summary>What chapter 0 claims: each sentence beside the condition that this run has to meet. One more is written in the notebook itself.</summary>
public static class StartHereClaims
{
    /// <summary>A server that aborts the connection, and a client that calls <c>Receive</c> after that.</summary>
    /// <param name="first">The recording <c>00-first-reset</c>.</param>
    /// <param name="guess">What the reader predicted for the segment and for the call.</param>
    public static ClaimSet FirstReset(Recording first, Prediction? guess = null) => Claims.On(first)
        .Compare(guess, r => !r.SegmentsFrom("server")[^1].IsReset ? 1 : r.CallsOf("client", "Receive")[0].Ok ? 3 : 2,
            "An abort is one segment with RST. It needs no answer, and it is an error to whoever receives it.",
            (1, "FIN is what Close sends when nothing is left unread. An abort sends RST instead."),
            (3, "0 is the end of a stream, which follows a FIN. A reset is an error."),
            (4, "The abort is sent at once. A host that has lost its power sends nothing: chapter 3."))
        .That("00-nothing-after", "Nobody answers a reset: it is the last segment on the wire.",
            r => r.Segments.Last().IsReset)
        .That("00-no-data", "The reset carries no data.",
            r => r.Segments.Single(s => s.IsReset).Length == 0)
        .That("00-receive-fails", "The client's Receive fails with ECONNRESET. .NET calls it SocketError.ConnectionReset.",
            r => r.CallsOf("client", "Receive")[0] is { ErrnoName: "ECONNRESET", Error: SocketError.ConnectionReset })
        .That("00-state-closed",
            "The kernel's reason for this reset, made by linger 0 with nothing unread, is TCP_STATE.",
            r => r.CallsOf("server", "Abort").Count == 1 && r.ReasonsSent().SequenceEqual(["TCP_STATE"]));

    /// <summary>What the three accounts of the same reset say about one another.</summary>
    /// <param name="first">The recording <c>00-first-reset</c>.</param>
    public static ClaimSet OneClock(Recording first) => Claims.On(first)
        .That("00-one-clock", "The app and the wire share one clock: the SYN crossed while Connect was running.",
            r => r.CallsOf("client", "Connect")[0] is var connect && r.Segments.First() is var syn
                && syn.Letters == "S" && syn.T >= connect.T && syn.T <= connect.T + connect.Elapsed)
        .That("00-abort-then-reset", "The reset crossed after Abort began and before Receive failed.",
            r => r.CallsOf("server", "Abort")[0] is var abort && r.CallsOf("client", "Receive")[0] is var receive
                && r.Segments.Single(s => s.IsReset) is var reset && reset.T >= abort.T && reset.T <= receive.T + receive.Elapsed && !receive.Ok)
        .That("00-sent-and-received", "The kernel reports the reset twice: when it sends it, and when it receives it.",
            r => r.Resets.Count(k => k.Direction == ResetDirection.Sent) == 1 && r.Resets.Count(k => k.Direction == ResetDirection.Received) == 1);

    /// <summary>A connection that both sides end with FIN.</summary>
    /// <param name="healthy">The recording <c>00-healthy-end</c>.</param>
    /// <param name="guess">What the reader predicted for the number of resets and FINs.</param>
    public static ClaimSet HealthyEnd(Recording healthy, Prediction? guess = null) => Claims.On(healthy)
        .Compare(guess, r => r.Segments.Any(s => s.IsReset) ? 1 : r.Segments.Count(s => s.Letters.Contains('F')) == 1 ? 2 : 3,
            "FIN ends one direction. A connection has two, so a healthy end takes two FINs and no reset.",
            (1, "When both FINs are acknowledged, the connection has ended for both sides. What remains, TIME_WAIT, ends by itself."),
            (2, "The client's FIN means only that the client has nothing more to send. The server may go on, and ends its own direction itself."))
        .That("00-healthy-no-reset", "A healthy end has no reset.", r => !r.Segments.Any(s => s.IsReset))
        .That("00-healthy-two-fins", "Each side sends one FIN.",
            r => r.SegmentsFrom("client").Count(s => s.Letters.Contains('F')) == 1 && r.SegmentsFrom("server").Count(s => s.Letters.Contains('F')) == 1)
        .That("00-healthy-zero", "The end of the stream is no error: Receive returns 0, on both sides.",
            r => r.CallsOf("server", "Receive")[1].Bytes == 0 && r.CallsOf("client", "Receive")[0].Bytes == 0);
}
