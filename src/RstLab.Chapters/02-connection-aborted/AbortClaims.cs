using System.Net.Sockets;
using RstLab.Notebooks;

namespace RstLab.Chapters;

/// <summary>What chapter 2 claims about aborts: on purpose, by accident, and by the death of a process.</summary>
public static partial class ConnectionAbortedClaims
{
    /// <summary>An abort that the program asks for, in two ways.</summary>
    /// <param name="linger">The recording <c>02-linger-zero</c>.</param>
    /// <param name="closeZero">The recording <c>02-close-zero</c>.</param>
    /// <param name="guess">What the reader predicted for the wire.</param>
    public static ClaimSet OnPurpose(Recording linger, Recording closeZero, Prediction? guess = null) => Claims.On(linger, closeZero)
        .Compare(guess, both => both.Select(r => string.Concat(r.SegmentsFrom("server").Skip(1).Select(s => s.IsReset ? 'R' : HasFin(s) ? 'F' : '-'))).ToArray() switch
            { ["R", "R"] => 1, ["R", "F"] => 2, ["FR", "FR"] => 3, ["F", "F"] => 4, _ => 0 },
            "Linger 0 asks for an abort, and Close(0) is linger 0 in one call. The abort of a Socket is one segment, a RST.",
            (2, "The 0 is the time that the data may still take to go out. None at all is an abort."),
            (3, "Closing a Socket announces no end of the stream before the abort."),
            (4, "Unread data is not the only reason to send a RST. Here the program asks for it."))
        .That("02-purpose-same", "Linger 0 and Close(0) put the same segments on the wire: the handshake and one RST.",
            both => both.All(r => r.Segments.Select(s => s.Letters).SequenceEqual(["S", "SA", "A", "RA"])))
        .That("02-purpose-reason", "The kernel's reason for both is TCP_STATE.", both => both.All(r => r.ReasonsSent().SequenceEqual(["TCP_STATE"])))
        .That("02-purpose-econnreset", "The client's Receive fails with ECONNRESET.", both => both.All(r => r.CallsOf("client", "Receive")[0].ErrnoName == "ECONNRESET"));

    /// <summary>A <c>Socket</c> that is disposed while a receive is pending on it.</summary>
    /// <param name="disposePending">The recording <c>02-dispose-pending</c>.</param>
    /// <param name="guess">What the reader predicted for the two receives.</param>
    public static ClaimSet DisposePending(Recording disposePending, Prediction? guess = null) => Claims.On(disposePending)
        .Compare(guess, r => (r.CallsOf("server", "ReceiveAsync")[0], r.CallsOf("client", "Receive")[0]) switch
            {
                ({ Bytes: 0 }, { Bytes: 0 }) => 1,
                ({ Error: SocketError.OperationAborted }, { Bytes: 0 }) => 2,
                ({ Error: SocketError.OperationAborted }, { ErrnoName: "ECONNRESET" }) => 3,
                ({ Error: SocketError.ConnectionReset }, { ErrnoName: "ECONNRESET" }) => 4,
                _ => 0,
            },
            "Socket.Dispose cancels the pending receive, which fails with OperationAborted. As it had to cancel something, .NET then closes abortively: the peer gets a RST.",
            (1, "0 means that the peer has ended. It has not: this side cancelled its own receive."),
            (2, "Socket.Dispose sends a FIN when nothing is pending and nothing is unread. The pending receive makes the difference."),
            (4, "ECONNRESET is for whoever receives a RST. This side sends it."))
        .That("02-dispose-aborts",
            "Socket.Dispose with a pending receive, and without a Shutdown of sending before, sends a RST and no FIN.",
            r => r.SegmentsFrom("server") is [.., { IsReset: true }] sent && !sent.Any(HasFin))
        .That("02-dispose-pending-call", "The pending receive fails with OperationAborted.",
            r => r.CallsOf("server", "ReceiveAsync")[0].Error == SocketError.OperationAborted)
        .That("02-dispose-peer", "The peer's Receive fails with ECONNRESET.", r => r.CallsOf("client", "Receive")[0].ErrnoName == "ECONNRESET");

    /// <summary>A socket that nobody disposes.</summary>
    /// <param name="leaked">The recording <c>02-leaked-socket</c>.</param>
    /// <param name="guess">Which reason the reader predicted.</param>
    public static ClaimSet Leaked(Recording leaked, Prediction? guess = null) => Claims.On(leaked)
        .Compare(guess, r => r.ReasonsSent() switch { ["TCP_ABORT_ON_CLOSE"] => 1, ["TCP_STATE"] => 2, ["TCP_ABORT_ON_DATA"] => 3, [] => 4, _ => 0 },
            "A finalizer must not block, so .NET sets linger 0 before it closes a handle that nobody disposed.",
            (1, "TCP_ABORT_ON_CLOSE needs unread data, and there is none."),
            (3, "That reason needs data that comes after the end. The client has sent nothing."),
            (4, "That is Close and Dispose. The finalizer takes another way."))
        .That("02-leaked-aborts", "The finalizer of a leaked Socket sends RST, not FIN.", r => r.SegmentsFrom("server") is [.., { IsReset: true }] sent && !sent.Any(HasFin))
        .That("02-leaked-reason", "The kernel's reason is TCP_STATE, as for linger 0.", r => r.ReasonsSent().SequenceEqual(["TCP_STATE"]));

    /// <summary>A listener that closes with clients in its queue.</summary>
    /// <param name="listenerQueue">The recording <c>02-listener-queue</c>.</param>
    /// <param name="guess">What the reader predicted for the clients' calls.</param>
    public static ClaimSet ListenerQueue(Recording listenerQueue, Prediction? guess = null) => Claims.On(listenerQueue)
        .Compare(guess, r => !r.CallsOf("client 1", "Connect")[0].Ok ? 1
                : r.CallsOf("client 1", "Receive")[0] is { Bytes: 0 } ? 2 : r.CallsOf("client 1", "Receive")[0].ErrnoName switch { "ECONNRESET" => 3, "ECONNREFUSED" => 4, _ => 0 },
            "The kernel completes the handshake before anybody accepts. A listener that closes aborts what is in its queue.",
            (1, "Connect waits for the handshake, and the handshake is the kernel's."),
            (2, "A FIN would mean that a program has no more to send. No program has ever had this connection."),
            (4, "ECONNREFUSED is the answer to a SYN. This connection is established."))
        .That("02-queue-connected", "Each Connect succeeds although nobody accepts: the kernel completes the handshake, not the program.",
            r => Clients(r) is { Count: > 1 } clients && clients.All(c => r.CallsOf(c.Name, "Connect")[0].Ok) && r.Calls.All(c => c.Call is not ("Accept" or "AcceptAsync")))
        .That("02-queue-reset", "When the listener closes, each connection in its queue is reset, and each client's Receive fails with ECONNRESET.",
            r => Clients(r) is { Count: > 1 } clients && clients.All(c => r.CallsOf(c.Name, "Receive")[0].ErrnoName == "ECONNRESET"
                && r.SegmentsFrom("server").Where(s => s.To == c.Address) is var sent && sent.Last().IsReset && !sent.Any(HasFin)));

    /// <summary>A process that is killed, with nothing unread and with unread data.</summary>
    /// <param name="killed">The recording <c>02-killed-process</c>.</param>
    /// <param name="killedUnread">The recording <c>02-killed-process-unread</c>.</param>
    /// <param name="guess">What the reader predicted for the wire.</param>
    public static ClaimSet Killed(Recording killed, Recording killedUnread, Prediction? guess = null) => Claims.On(killed, killedUnread)
        .Compare(guess, both => both.Select(r => r.SegmentsFrom("server").Any(s => s.IsReset) ? 'R' : r.SegmentsFrom("server").Any(HasFin) ? 'F' : '-').ToArray() switch
            { ['-', '-'] => 1, ['R', 'R'] => 2, ['F', 'F'] => 3, ['F', 'R'] => 4, _ => 0 },
            "The process ends, but not its kernel, which closes every descriptor as close(2) does: with a FIN, or with a RST where data is unread.",
            (1, "The kernel outlives its processes. Only a host that loses its power falls silent."),
            (2, "No call of the process asks for an abort. What counts is what is unread."),
            (3, "Unread data is lost, and the kernel reports it as it does for Close."))
        .That("02-killed-fin", "A killed process with nothing unread ends its connections with FIN. The peer's Receive returns 0: it looks like a healthy end.",
            both => both[0].SegmentsFrom("server") is var sent && sent.Any(HasFin) && !sent.Any(s => s.IsReset) && both[0].CallsOf("client", "Receive")[0].Bytes == 0)
        .That("02-killed-unread-rst",
            "When a process is killed with unread data, its kernel sends a RST and no FIN: TCP_ABORT_ON_CLOSE, as for Close. The peer's "
                + "Receive fails with ECONNRESET.",
            both => both[1].SegmentsFrom("server").Any(s => s.IsReset) && !both[1].SegmentsFrom("server").Any(HasFin)
                && both[1].ReasonsSent().SequenceEqual(["TCP_ABORT_ON_CLOSE"]) && both[1].CallsOf("client", "Receive")[0].ErrnoName == "ECONNRESET");

    private static bool HasFin(Segment segment) => segment.Letters.Contains('F', StringComparison.Ordinal);

    private static List<Participant> Clients(Recording recording) => [.. recording.Participants.Where(p => p.Side == Side.Client)];
}
