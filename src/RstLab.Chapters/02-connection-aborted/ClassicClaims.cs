using RstLab.Notebooks;

namespace RstLab.Chapters;

/// <summary>What chapter 2 claims about the old demonstration.</summary>
public static partial class ConnectionAbortedClaims
{
    /// <summary>How many bytes were accepted before a <c>Send</c> failed.</summary>
    /// <param name="accepted">The table <c>02-bytes-accepted</c>.</param>
    /// <param name="guess">How many bytes the reader predicted where the client waits for the reset.</param>
    public static ClaimSet Accepted(ResultTable accepted, Prediction? guess = null) => Claims.On(accepted)
        .Compare(guess, t => RunsOf(t, BytesAccepted.WaitsForReset).Max(run => run.Bytes),
            "One block is accepted, as no reset has come yet. The reset that answers it ends the rest. No buffer is ever full.")
        .That("02-bytes-not-the-buffer", "When the server has closed and the client waits for the reset, exactly one block of 5000 bytes is accepted, every time.",
            t => RunsOf(t, BytesAccepted.WaitsForReset) is { Count: > 0 } runs && runs.All(run => run.Bytes == BytesAccepted.Block))
        .That("02-bytes-epipe", "There the second Send fails with EPIPE, every time.",
            t => RunsOf(t, BytesAccepted.WaitsForReset) is { Count: > 0 } runs && runs.All(run => run.Error == "EPIPE"))
        .That("02-bytes-buffers-full", "When nobody reads and the server closes only when the buffers are full, more than one block is accepted, and the error is ECONNRESET, every time.",
            t => RunsOf(t, BytesAccepted.BuffersFull) is { Count: > 0 } runs && runs.All(run => run.Bytes > BytesAccepted.Block && run.Error == "ECONNRESET"));

    /// <summary>The old demonstration's second program: write, wait for the reset, read.</summary>
    /// <param name="writeThenRead">The recording <c>02-write-then-read</c>.</param>
    /// <param name="guess">What the reader predicted for <c>Receive</c>.</param>
    public static ClaimSet WriteThenRead(Recording writeThenRead, Prediction? guess = null) => Claims.On(writeThenRead)
        .Compare(guess, r => r.CallsOf("client", "Receive")[0] is var read && read.Bytes == 0 ? 1 : read.ErrnoName switch { "ECONNRESET" => 2, "EPIPE" => 3, _ => 0 },
            "On Linux, Receive looks at the end of the stream before it looks at the error. The FIN came first, so it returns 0, and the error waits for Send.",
            (2, "That is what a Mac returns, and Linux where no FIN came before the reset."),
            (3, "EPIPE is indeed the error that is pending. Receive returns 0 for the FIN before it checks for errors."))
        .That("02-c5-fin-then-write", "The article is right that the first write after a FIN succeeds, that a RST answers it, and that the next write fails with EPIPE.",
            r => r.CallsOf("client", "Send")[0].Bytes == 5000 && FirstData(r) is { } data
                && r.SegmentsFrom("server").FirstOrDefault(s => s.T > data.T) is { IsReset: true } && r.CallsOf("client", "Send")[1].ErrnoName == "EPIPE")
        .That("02-c6-read-after-reset", "It is not right for Linux that a read after the reset fails with ECONNRESET: after a FIN it returns 0.",
            r => r.CallsOf("client", "Receive")[0].Bytes == 0);

    /// <summary>Three reads that meet a reset: one where no FIN came first, and two where one did.</summary>
    /// <param name="closeUnread">The recording <c>02-close-unread</c>.</param>
    /// <param name="writeThenRead">The recording <c>02-write-then-read</c>.</param>
    /// <param name="streamUnread">The recording <c>02-stream-unread</c>.</param>
    public static ClaimSet ReadAfterReset(Recording closeUnread, Recording writeThenRead, Recording streamUnread) => Claims.On(closeUnread, writeThenRead, streamUnread)
        .That("02-c7-only-without-fin",
            "On Linux, a read that meets a reset fails with ECONNRESET where no FIN came first, and returns 0 where one did.",
            all => Crossed(all[0]) == "RST" && all[0].CallsOf("client", "Receive")[1].ErrnoName == "ECONNRESET"
                && all.Skip(1).All(r => Crossed(r) == "FIN, RST" && r.CallsOf("client", "Receive")[0].Bytes == 0));

    private static IReadOnlyList<(string Situation, long Bytes, string Error)> RunsOf(ResultTable table, string situation) =>
        [.. BytesAccepted.Runs(table).Where(run => run.Situation == situation)];
}
