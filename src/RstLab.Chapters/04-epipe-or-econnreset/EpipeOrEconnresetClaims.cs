using System.Net.Sockets;
using RstLab.Notebooks;

namespace RstLab.Chapters;

/// <summary>What chapter 4 claims: each sentence beside the condition that this run has to meet.</summary>
public static partial class EpipeOrEconnresetClaims
{
    /// <summary>Two connections that are reset, one of them after a FIN.</summary>
    /// <param name="resetAlone">The recording <c>04-reset-alone</c>.</param>
    /// <param name="finThenReset">The recording <c>04-fin-then-reset</c>.</param>
    /// <param name="guess">What the reader predicted for the six calls.</param>
    public static ClaimSet OneSegment(Recording resetAlone, Recording finThenReset, Prediction? guess = null) => Claims.On(resetAlone, finThenReset)
        .Compare(guess, both => string.Join(" | ", both.Select(r => string.Join(' ', r.CallsOf("client").Where(c => c.Call is "Receive" or "Send").Select(c =>
            c.ErrnoName ?? c.Result)))) switch
            {
                "ECONNRESET EPIPE EPIPE | ECONNRESET EPIPE EPIPE" => 1,
                "ECONNRESET ECONNRESET ECONNRESET | EPIPE EPIPE EPIPE" => 2,
                "ECONNRESET EPIPE EPIPE | 0 ECONNRESET EPIPE" => 3,
                "ECONNRESET EPIPE EPIPE | 0 EPIPE EPIPE" => 4,
                _ => 0,
            },
            "Receive checks for the end of the stream before it checks for an error, so after a FIN it returns 0. In CLOSE_WAIT the reset "
                + "leaves EPIPE, in ESTABLISHED it leaves ECONNRESET; the error is reported once.",
            (1, "The FIN stays. Receive sees it first, and returns 0."),
            (2, "An error is reported once, and Receive does not fail with EPIPE: after a FIN it returns 0."),
            (3, "What the reset leaves depends on the state that it arrives in. After a FIN that is CLOSE_WAIT, and the error is EPIPE."))
        .That("04-one-reset-each", "On both wires there is exactly one reset, and it comes from the peer. On the second, the peer's FIN came before it.",
            both => both.All(r => r.Segments.Count(s => s.IsReset) == 1 && r.SegmentsFrom("peer")[^1].IsReset)
                && !both[0].SegmentsFrom("peer").Any(s => s.Letters.Contains('F')) && both[1].SegmentsFrom("peer").Any(s => s.Letters.Contains('F')))
        .That("04-alone-econnreset", "A reset alone: Receive fails with ECONNRESET, and both sends with EPIPE.",
            both => both[0].CallsOf("client", "Receive")[0].ErrnoName == "ECONNRESET"
                && both[0].CallsOf("client", "Send").Select(c => c.ErrnoName).SequenceEqual(["EPIPE", "EPIPE"]))
        .That("04-fin-hides-reset", "A FIN before it: Receive returns 0, as if all were well, and both sends fail with EPIPE. ECONNRESET never appears.",
            both => both[1].CallsOf("client", "Receive")[0].Bytes == 0
                && both[1].CallsOf("client", "Send").Select(c => c.ErrnoName).SequenceEqual(["EPIPE", "EPIPE"])
                && !both[1].CallsOf("client").Any(c => c.ErrnoName == "ECONNRESET"));

    /// <summary>What a stream and a socket throw after a reset.</summary>
    /// <param name="exceptions">The recording <c>04-exceptions</c>.</param>
    /// <param name="guess">What the reader predicted for the three exceptions.</param>
    public static ClaimSet Exceptions(Recording exceptions, Prediction? guess = null) => Claims.On(exceptions)
        .Compare(guess, r => r.CallsOf("client").Where(c => !c.Ok).Select(c => c.Error).ToArray() switch
            {
                [SocketError.ConnectionReset, SocketError.ConnectionReset, SocketError.ConnectionReset] => 1,
                [SocketError.ConnectionReset, SocketError.Shutdown, SocketError.ConnectionReset] => 2,
                [SocketError.ConnectionReset, SocketError.Shutdown, SocketError.Shutdown] => 3,
                _ => 0,
            },
            "The error belongs to the socket, and is reported once, to whichever call asks first. A stream only wraps it.",
            (1, "Once reported, the error is gone. Later writes find EPIPE, which .NET calls Shutdown."),
            (2, "The stream has no error of its own. It makes the socket's calls."))
        .That("04-exception-stream", "NetworkStream wraps: Read throws an IOException around ConnectionReset, Write one around Shutdown.",
            r => r.CallsOf("client", "NetworkStream.Read")[0] is { Exception: "System.IO.IOException", Error: SocketError.ConnectionReset }
                && r.CallsOf("client", "NetworkStream.Write")[0] is { Exception: "System.IO.IOException", Error: SocketError.Shutdown })
        .That("04-exception-socket", "Socket throws the SocketException itself.",
            r => r.CallsOf("client", "Send")[0] is { Exception: "System.Net.Sockets.SocketException", Error: SocketError.Shutdown });

    /// <summary>A socket that its own process disposes of while a receive waits.</summary>
    /// <param name="blocked">The recording <c>04-dispose-blocked</c>: a synchronous call waits.</param>
    /// <param name="pending">The recording <c>04-dispose-pending</c>: an asynchronous one does.</param>
    public static ClaimSet Disposed(Recording blocked, Recording pending) => Claims.On(blocked, pending)
        .That("04-dispose-blocked", "A blocked Receive fails with ConnectionAborted (ECONNABORTED) when its own socket is disposed of.",
            both => both[0].CallsOf("client", "Receive")[0] is { Error: SocketError.ConnectionAborted, ErrnoName: "ECONNABORTED" })
        .That("04-dispose-pending", "A pending ReceiveAsync fails with OperationAborted (ECANCELED) instead.",
            both => both[1].CallsOf("client", "ReceiveAsync")[0] is { Error: SocketError.OperationAborted, ErrnoName: "ECANCELED" })
        .That("04-dispose-own-reset",
            "Both times the only reset comes from the client itself, and no FIN crosses. The server's Receive fails with ECONNRESET.",
            both => both.All(r => r.Segments.Where(s => s.IsReset).ToList() is [var reset] && r.SegmentsFrom("client").Contains(reset)
                && !r.Segments.Any(s => s.Letters.Contains('F')) && r.CallsOf("server", "Receive")[0].ErrnoName == "ECONNRESET"));

    /// <summary>A blocking send that a reset cuts midway, by .NET and by the bare system call.</summary>
    /// <param name="lie">The recording <c>04-error-that-lies</c>.</param>
    /// <param name="truth">The recording <c>04-system-call-tells</c>.</param>
    /// <param name="guess">What the reader predicted for the error.</param>
    public static ClaimSet Lie(Recording lie, Recording truth, Prediction? guess = null) => Claims.On(lie, truth)
        .Compare(guess, both => both[0].CallsOf("client", "Send")[0] is { Ok: true } ? 4 : both[0].CallsOf("client", "Send")[0].Error switch
            { SocketError.ConnectionReset => 1, SocketError.Shutdown => 2, SocketError.TimedOut => 3, _ => 0 },
            "A blocking Send repeats send(2) until all is taken. Once a part was taken, .NET drops the later call's error, and reads the failure as a "
                + "time-out.",
            (1, "That is what the kernel returns. .NET does not pass it on here."),
            (2, "The kernel returns ECONNRESET first; EPIPE would be its next answer. .NET passes on neither."),
            (4, "send(2) does so. A blocking Socket.Send returns only when all is taken; otherwise it throws."))
        .That("04-lie-timed-out", "The blocking Send throws TimedOut (ETIMEDOUT), although a reset came.",
            both => both[0].CallsOf("client", "Send")[0] is { Error: SocketError.TimedOut, ErrnoName: "ETIMEDOUT" }
                && both[0].SegmentsFrom("server").Any(s => s.IsReset))
        .That("04-lie-no-timeout", "No time-out of the socket's has passed: it has no send time-out.",
            both => both[0].CallsOf("client", "SendTimeout")[0].Result == "0")
        .That("04-lie-truth",
            "The kernel reported it correctly: send(2) returns how much it has taken, less than all, and the next send(2) fails with ECONNRESET.",
            both => both[1].CallsOf("client", "send(2)") is [{ Bytes: > 0 and < 4_000_000 }, { ErrnoName: "ECONNRESET" }])
        .That("04-lie-gone", "After that the true error can no longer be had: SO_ERROR is 0.",
            both => both[0].CallsOf("client", "SO_ERROR")[0].Result == "0");

    /// <summary>Four other ways to send what a reset cuts midway.</summary>
    /// <param name="stream">The recording <c>04-cut-stream</c>.</param>
    /// <param name="streamAsync">The recording <c>04-cut-stream-async</c>.</param>
    /// <param name="sendAsync">The recording <c>04-cut-async</c>.</param>
    /// <param name="afterAsync">The recording <c>04-cut-after-async</c>.</param>
    /// <param name="guess">Which of them the reader predicted to throw <c>TimedOut</c>.</param>
    public static ClaimSet Honest(Recording stream, Recording streamAsync, Recording sendAsync, Recording afterAsync, Prediction? guess = null) =>
        Claims.On(stream, streamAsync, sendAsync, afterAsync)
        .Compare(guess, all => all.Select(r => r.CallsOf("client").Last(c => !c.Ok).Error == SocketError.TimedOut).ToArray() switch
            { [true, false, false, false] => 1, [true, false, false, true] => 2, [true, true, false, false] => 3, [false, false, false, false] => 4, _ => 0 },
            "The wrong error comes from the way .NET waits on a blocking socket. The first asynchronous operation changes that for good: .NET makes the "
                + "socket non-blocking beneath, and does the waiting itself.",
            (2, "After one SendAsync, the socket is no longer blocking as far as the kernel knows. The blocking Send then waits in another way, and "
                + "keeps the error."),
            (3, "WriteAsync is SendAsync in a wrapper, as Write is Send."),
            (4, "NetworkStream.Write is nothing but the socket's blocking Send."))
        .That("04-honest-stream-lies", "NetworkStream.Write throws the same TimedOut.",
            all => all[0].CallsOf("client", "NetworkStream.Write")[0] is { Error: SocketError.TimedOut, ErrnoName: "ETIMEDOUT" })
        .That("04-honest-async",
            "SendAsync and NetworkStream.WriteAsync throw one of the two errors that a reset leaves, ConnectionReset or Shutdown, and not TimedOut.",
            all => IsOfAReset(all[1].CallsOf("client", "NetworkStream.WriteAsync")[0]) && IsOfAReset(all[2].CallsOf("client", "SendAsync")[0]))
        .That("04-honest-after-async",
            "So does a blocking Send once a SendAsync has been done on the socket: .NET then no longer leaves the waiting to the kernel.",
            all => IsOfAReset(all[3].CallsOf("client", "Send")[0]));

    private static bool IsOfAReset(AppCall call) => call.Error is SocketError.ConnectionReset or SocketError.Shutdown;
}
