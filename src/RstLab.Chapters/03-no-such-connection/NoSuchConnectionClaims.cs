using System.Net.Sockets;
using RstLab.Notebooks;

namespace RstLab.Chapters;

/// <summary>What chapter 3 claims: each sentence beside the condition that this run has to meet.</summary>
public static class NoSuchConnectionClaims
{
    /// <summary>A server host that crashes and comes back without the service, and a client that sends.</summary>
    /// <param name="reboot">The recording <c>03-reboot</c>; its first note marks the crash.</param>
    /// <param name="guess">What the reader predicted for the client's send.</param>
    public static ClaimSet Reboot(Recording reboot, Prediction? guess = null) => Claims.On(reboot)
        .Compare(guess, r => !r.CallsOf("client", "Send")[1].Ok ? 1 : r.SegmentsFrom("server")[^1] is { IsReset: true }
            ? 2 : r.SegmentsFrom("server")[^1].Letters.Contains('F') ? 4 : 3,
            "Send only hands data to the client's kernel, which still believes in the connection. The rebooted kernel finds no socket for the data, and "
                + "a kernel that finds none answers with RST.",
            (1, "Send does not ask the other side. It fails only when this kernel already has an error for the connection."),
            (3, "A segment for which there is no socket is not ignored: RFC 9293 asks for a reset, so that the sender need not wait in vain."),
            (4, "A FIN ends a connection that its sender has. The rebooted host has none."))
        .That("03-reboot-silent", "A host that crashes sends nothing: between the crash and the client's next write no segment of the connection crosses.",
            r => r.CallsOf("lab")[0].T is var crash && r.CallsOf("client", "Send")[1].T is var next && !r.Segments.Any(s => s.T > crash && s.T < next))
        .That("03-reboot-send-ok",
            "The client's Send succeeds: its kernel takes all 100 bytes.",
            r => r.CallsOf("client", "Send")[1].Bytes == 100)
        .That("03-reboot-reset", "The rebooted host answers the data with a RST.",
            r => AnsweredByReset(r, after: r.CallsOf("lab")[0].T))
        .That("03-reboot-seq",
            "The reset's sequence number is what the client had acknowledged: the rebooted host takes it from the segment that it answers, as it has no "
                + "memory of its own.",
            r => r.SegmentsFrom("client").Last(s => s.Length > 0) is var data && r.Segments.Last(s => s.IsReset).Seq == data.Ack)
        .That("03-reboot-reason", "The kernel's reason is NO_SOCKET: there is no socket that the data could be for.",
            r => r.ReasonsSent().SequenceEqual(["NO_SOCKET"]))
        .That("03-reboot-error", "The client's next call fails with ECONNRESET.",
            r => r.CallsOf("client", "Receive")[0].ErrnoName == "ECONNRESET");

    /// <summary>The same, with the service started again before the client sends.</summary>
    /// <param name="serviceBack">The recording <c>03-reboot-service-back</c>; its first note marks the crash.</param>
    /// <param name="reboot">The recording <c>03-reboot</c>, to compare with.</param>
    /// <param name="guess">What the reader predicted for the listener.</param>
    public static ClaimSet ServiceBack(Recording serviceBack, Recording reboot, Prediction? guess = null) => Claims.On(serviceBack, reboot)
        .Compare(guess, both => both[0] is var r && !r.Segments.Any(s => s.IsReset)
                ? r.SegmentsFrom("service").Any(s => s.T > r.CallsOf("client", "Send")[0].T) ? 1 : 2
                : r.ReasonsSent().SequenceEqual(["NO_SOCKET"]) ? 3 : 4,
            "A listener takes SYNs. Any segment with ACK that reaches it belongs to a connection that it does not have, and is answered with RST.",
            (1, "A connection is more than a port: sequence numbers, windows, what was acknowledged. The crash has taken that away."),
            (2, "Silence would leave the client waiting. RFC 9293 asks for a reset here (section 3.10.7.2)."),
            (3, "On the wire it is the same. But a socket was found this time, so the kernel has another reason."))
        .That("03-service-reset", "A listener does not save the old connection: the data is answered with RST.",
            both => AnsweredByReset(both[0], after: both[0].CallsOf("lab")[0].T))
        .That("03-service-reason",
            "But the reason differs from NO_SOCKET, which it was without the service. It is TCP_FLAGS: a socket was found, the listener, and a segment "
                + "with ACK is not what a listener accepts.",
            both => both[0].ReasonsSent().SequenceEqual(["TCP_FLAGS"]) && both[1].ReasonsSent().SequenceEqual(["NO_SOCKET"]))
        .That("03-service-error", "The app cannot tell the two apart: with the service and without it, the error is ECONNRESET.",
            both => both.All(r => r.CallsOf("client", "Receive")[0] is { ErrnoName: "ECONNRESET", Error: SocketError.ConnectionReset }));

    /// <summary>A client that writes nothing after the server host has crashed and come back.</summary>
    /// <param name="neverLearns">The recording <c>03-never-learns</c>; its first note marks the crash.</param>
    /// <param name="guess">What the reader predicted that the client learns.</param>
    public static ClaimSet NeverLearns(Recording neverLearns, Prediction? guess = null) => Claims.On(neverLearns)
        .Compare(guess, r => r.CallsOf("client", "Poll")[0].Result == "False" ? 3 : r.Segments.Any(s => s.IsReset) ? 1 : 2,
            "The reset of a rebooted host answers a segment. Without a segment there is none.",
            (1, "The rebooted host has no record of the connection, so it has no address to send a reset to."),
            (2, "The end of the stream takes a FIN, and a host without power sends none."))
        .That("03-never-nothing",
            "Without a write, and without keepalive, nothing crosses the wire, and so nothing can come back.",
            r => r.CallsOf("lab")[0].T is var crash && !r.Segments.Any(s => s.T > crash))
        .That("03-never-no-news", "The socket does not become readable, and no error is pending.",
            r => r.CallsOf("client", "Poll")[0].Result == "False" && r.CallsOf("client", "SO_ERROR")[0].Result == "0")
        .That("03-never-established", "The kernel reports ESTABLISHED, and Socket.Connected is true, for a connection whose other end is gone.",
            r => r.CallsOf("client", "State")[0].Result == "Established" && r.CallsOf("client", "Connected")[0].Result == "True");

    /// <summary>A server host that does not come back, and a client whose kernel gives up after a bounded time.</summary>
    /// <param name="staysDown">The recording <c>03-stays-down</c>; its first note marks the crash.</param>
    /// <param name="guess">What the reader predicted for the error.</param>
    public static ClaimSet StaysDown(Recording staysDown, Prediction? guess = null) => Claims.On(staysDown)
        .Compare(guess, r => r.CallsOf("client", "Receive")[0] is { Ok: true }
            ? 4 : r.CallsOf("client", "Receive")[0].ErrnoName switch { "ECONNRESET" => 1, "ETIMEDOUT" => 2, "EPIPE" => 3, _ => 0 },
            "Without an answer there is no reset. The client's kernel sends the data again until its time is up, and then the error is its own.",
            (1, "ECONNRESET takes a segment with RST, and nobody is left to send one."),
            (3, "EPIPE takes a FIN first, or an error that was already reported."),
            (4, "0 takes a FIN."))
        .That("03-down-no-reset", "A host that stays down sends no reset, and nothing else.",
            r => r.CallsOf("lab")[0].T is var crash && !r.SegmentsFrom("server").Any(s => s.T > crash))
        .That("03-down-again", "Before it gives up, the client's kernel sends the same data again.",
            r => r.SegmentsFrom("client").Where(s => s.Length == 100).ToList() is { Count: >= 2 } sent && sent.TrueForAll(s => s.Seq == sent[0].Seq))
        .That("03-down-timeout",
            "Where no answer and no ICMP message comes, the error is ETIMEDOUT, not ECONNRESET: the client's kernel gave up.",
            r => r.CallsOf("client", "Receive")[0] is { ErrnoName: "ETIMEDOUT", Error: SocketError.TimedOut });

    /// <summary>A server that closes and whose program is started again, while its host stays up.</summary>
    /// <param name="restart">The recording <c>03-restart-program</c>.</param>
    /// <param name="reboot">The recording <c>03-reboot</c>, to compare with.</param>
    /// <param name="guess">Whose reset the reader predicted it to be.</param>
    public static ClaimSet Restart(Recording restart, Recording reboot, Prediction? guess = null) => Claims.On(restart, reboot)
        .Compare(guess, both => both[0].ReasonsSent()[0] switch { "TCP_FLAGS" => 1, "NO_SOCKET" => 2, _ => 3 },
            "When a connection is closed with FIN, the kernel keeps what is left of it for about a minute, whatever becomes of the program.",
            (1, "The data finds the rest of the old connection first: it has the client's address, a listener has none."),
            (2, "Close ends the program's hold on the connection, not the connection."))
        .That("03-restart-old-state",
            "The data is answered by what the kernel still keeps of the old connection, so this is condition 2, not condition 3: the reason of the first "
                + "reset is TCP_TIMEWAIT_SOCKET or TCP_ABORT_ON_DATA.",
            both => both[0].ReasonsSent() is ["TCP_TIMEWAIT_SOCKET" or "TCP_ABORT_ON_DATA", ..])
        .That("03-restart-other-error",
            "The error shows it, too: the old server's FIN came before the reset, so Receive returns 0. After a crash and a reboot there is no "
                + "FIN, and it fails with ECONNRESET.",
            both => both[0].CallsOf("client", "Receive")[0].Bytes == 0 && both[1].CallsOf("client", "Receive")[0].ErrnoName == "ECONNRESET"
                && FinBeforeReset(both[0]) && !FinBeforeReset(both[1]));

    /// <summary>Whether the last segment is a reset of the server's side, and data of the client came after a moment and before it.</summary>
    private static bool AnsweredByReset(Recording r, long after) =>
        r.Segments.Last() is { IsReset: true } reset && r.SegmentsFrom("server").Contains(reset)
            && r.SegmentsFrom("client").Any(s => s.Length > 0 && s.T > after && s.T < reset.T);

    private static bool FinBeforeReset(Recording r) =>
        r.Segments.First(s => s.IsReset) is var reset && r.Segments.Any(s => s.From == reset.From && s.Letters.Contains('F') && s.T < reset.T);
}
