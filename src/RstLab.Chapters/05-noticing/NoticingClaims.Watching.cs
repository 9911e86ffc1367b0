using System.Net.Sockets;
using RstLab.Notebooks;

namespace RstLab.Chapters;

/// <summary>This part is about peers that send nothing. Time is the subject: each lower bound allows one tick of the kernel's clock for each timer.</summary>
public static partial class NoticingClaims
{
    private const string Wait = "wait in Receive";
    private const string Write = "write once, then wait";
    private const string KeepAlive = "keepalive 1 s + 1 x 1 s";
    private const string KeepAliveWrite = "keepalive 1 s + 1 x 1 s, one write";
    private const string UserTimeout = "TCP_USER_TIMEOUT 0.5 s, no write";
    private const string UserTimeoutWrite = "TCP_USER_TIMEOUT 0.5 s, one write";
    private const string BothKnobs = "keepalive 1 s + 9 x 1 s, TCP_USER_TIMEOUT 1.5 s";
    private const string Deadline = "a deadline of 1 s";
    private const string Ping = "ping after 0.25 s, answer within 0.25 s";

    private const int Written = 100;
    private const long Second = 1_000_000_000;

    /// <summary>The longest tick of a Linux kernel, at 100 Hz. A timer of the kernel counts whole ticks, so it may end that much too early.</summary>
    private const long Tick = 10_000_000;

    /// <summary>Keepalive against a host that vanished.</summary>
    /// <param name="keepalive">The recording <c>05-keepalive</c>.</param>
    /// <param name="guess">How many seconds the reader predicted.</param>
    public static ClaimSet KeepAliveAlone(Recording keepalive, Prediction? guess = null) => Claims.On(keepalive)
        .Compare(guess, r => Math.Round((Watching.End(r.CallsOf("client", "ReceiveAsync")[0]) - r.CallsOf("client", "Connect")[0].T) / 1e9, 1),
            "Add them up: the idle time, and for each probe the interval that it has for its answer. The last probe has its interval, too.")
        .That("05-keepalive-probe",
            "After a second of silence the client's kernel sends a probe: an ACK without data, with a sequence number that is one too low, so that a "
            + "living peer has to answer.",
            r => Probes(r, "client") is [.., { Letters: "A" } probe] && probe.T - r.Segments.Last(s => s.T < probe.T).T >= Second - Tick)
        .That("05-keepalive-etimedout",
            "A second later it gives up. Receive fails with ETIMEDOUT, not with ECONNRESET: no RST has arrived.",
            r => r.CallsOf("client", "ReceiveAsync")[0] is { ErrnoName: "ETIMEDOUT", Error: SocketError.TimedOut } failed
                && Probes(r, "client") is [.., var probe] && Watching.End(failed) - probe.T >= Second - Tick)
        .That("05-keepalive-reset", "And it sends a RST of its own, to nobody.",
            r => r.SegmentsFrom("client")[^1] is { IsReset: true } reset && r.Segments.Count(s => s.IsReset) == 1 && r.Segments.All(s => s.T <= reset.T))
        .That("05-keepalive-reason", "The kernel's reason is TCP_KEEPALIVE_TIMEOUT.",
            r => r.ReasonsSent().SequenceEqual(["TCP_KEEPALIVE_TIMEOUT"]))
        .That("05-keepalive-two-seconds", "One second of silence and one unanswered probe with a second to answer make two seconds, and not less.",
            r => Probes(r, "client").Count(probe => probe.T > LastSignOfLife(r, "client")) == 1
                && Watching.End(r.CallsOf("client", "ReceiveAsync")[0]) - LastSignOfLife(r, "client") >= 2 * (Second - Tick));

    /// <summary>Keepalive against a process that hangs.</summary>
    /// <param name="answered">The recording <c>05-keepalive-answered</c>.</param>
    /// <param name="keepalive">The recording <c>05-keepalive</c>, for the comparison.</param>
    /// <param name="guess">Which of the two the reader thinks keepalive notices.</param>
    public static ClaimSet KeepAliveAnswered(Recording answered, Recording keepalive, Prediction? guess = null) => Claims.On(answered)
        .Compare(guess, r => (GaveUp(keepalive), GaveUp(r)) switch { (true, false) => 1, (false, true) => 2, (true, true) => 3, _ => 4 },
            "Keepalive asks the other kernel. As long as the host is up, that kernel answers, whatever its programs do.",
            (2, "It is the kernel that answers a probe, and the kernel of a hanging program works. Nobody answers for a host that is gone."),
            (3, "A probe is not a message to the program. The silent one's kernel answers it, so there is nothing to notice."),
            (4, "Nobody answers for a host that is gone, and that is what keepalive waits for: the receive failed with ETIMEDOUT."))
        .That("05-answered-ack", "Each probe is answered with an ACK, and nothing crosses in between. The process made no call: its kernel answered.",
            r => r.Segments.ToList() is var all && Probes(r, "client") is { Count: > 0 } probes && r.CallsOf("server").Count == 0
                && probes.All(probe => all.ElementAtOrDefault(all.IndexOf(probe) + 1) is { Letters: "A", Length: 0 } answer && answer.From == probe.To))
        .That("05-answered-never",
            "So keepalive does not notice that the process hangs: after more than the two seconds that it gives a vanished host, the receive is still "
            + "pending.",
            r => r.CallsOf("client", "ReceiveAsync")[0] is { Result: "pending", Elapsed: >= 2 * Second });

    /// <summary>TCP_USER_TIMEOUT against a peer that does not read.</summary>
    /// <param name="full">The recording <c>05-full-window</c>.</param>
    /// <param name="guess">What the reader predicted for the connection.</param>
    public static ClaimSet FullWindow(Recording full, Prediction? guess = null) => Claims.On(full)
        .Compare(guess, r => EndedBy(r)?.ErrnoName != "ETIMEDOUT" ? 1 : r.Segments.Any(s => s.IsReset) ? 2 : 3,
            "TCP_USER_TIMEOUT counts how long data makes no progress, not whether the peer lives. When it ends a connection by itself, without "
                + "keepalive, it sends no RST.",
            (1, "An ACK with a window of 0 is no progress. Linux counts the time that the window stays closed, too."),
            (2, "Of the two, it is keepalive that sends a RST when it gives up."))
        .That("05-full-etimedout",
            "TCP_USER_TIMEOUT ends the connection to a slow reader with ETIMEDOUT, although the reader's kernel has answered: it acknowledged all that "
            + "was sent, and reported a closed window.",
            r => EndedBy(r)?.ErrnoName == "ETIMEDOUT" && r.SegmentsFrom("server")[^1] is { Window: 0 } closed
                && r.SegmentsFrom("client").Where(s => s.Length > 0).All(s => unchecked((int)(closed.Ack - s.Seq)) >= s.Length))
        .That("05-full-no-reset",
            "Here no RST is sent: the reader's kernel does not learn that the connection has ended.",
            r => !r.Segments.Any(s => s.IsReset));

    /// <summary>Peers that close or reset, under all watchers.</summary>
    /// <param name="closed">The recording <c>05-notice-closed</c>.</param>
    /// <param name="reset">The recording <c>05-notice-reset</c>.</param>
    public static ClaimSet Messages(Recording closed, Recording reset) => Claims.On(closed, reset)
        .That("05-notice-message",
            "A peer that closes or resets is noticed by every way, with or without a knob, and no time-out is needed: the receive returns 0 for the "
            + "FIN, and a call fails with ECONNRESET for the RST.",
            all => Watching.Ways(all[0]).All(way => Watching.FirstSign(all[0], way) is { Ok: true, Result: "0" })
                && Watching.Ways(all[1]).All(way => Watching.FirstSign(all[1], way) is { ErrnoName: "ECONNRESET" }));

    /// <summary>A peer whose process hangs, under all watchers.</summary>
    /// <param name="silent">The recording <c>05-notice-silent</c>.</param>
    public static ClaimSet Silent(Recording silent) => Claims.On(silent)
        .That("05-notice-silent", "A process that hangs is noticed by a deadline or by a ping of your own, and as long as we looked by nothing else.",
            r => Watching.WaysThatNoticed(r).SequenceEqual([Deadline, Ping]));

    /// <summary>A peer whose host vanished, under all watchers.</summary>
    /// <param name="vanished">The recording <c>05-notice-vanished</c>.</param>
    public static ClaimSet Vanished(Recording vanished) => Claims.On(vanished)
        .That("05-c10-never-writes",
            "Without keepalive, the article is right that a client that does not write never notices that the host died: as long as we looked, "
                + "Receive did not return.",
            r => Watching.FirstSign(r, Wait) is null)
        .That("05-c10-silence",
            "The waiting client received nothing, and its kernel sent nothing: no segment of that connection crossed after the ending.",
            r => Watching.SegmentsAfterTheEnding(r, Wait).Count == 0)
        .That("05-c10-one-write",
            "Writing once is not enough to notice it soon: as long as we looked, the kernel sent the data again and reported nothing.",
            r => Watching.FirstSign(r, Write) is null && DataSent(r, Write).Count > 1)
        .That("05-vanished-again", "The kernel of the client that wrote sent its data again and again, and the last gap is the longest.",
            r => DataSent(r, Write).Select(s => s.T).ToArray() is { Length: >= 4 } sent
                && sent.Skip(1).Zip(sent, (later, earlier) => later - earlier).ToArray() is var gaps
                && gaps[..^1].All(gap => gap < gaps[^1]))
        .That("05-notice-keepalive", "Keepalive of 1 s + 1 x 1 s notices it, and no sooner than two seconds after the last sign of life.",
            r => Watching.FirstSign(r, KeepAlive) is { ErrnoName: "ETIMEDOUT" } sign
                && Watching.End(sign) - LastSignOfLife(r, KeepAlive) >= 2 * (Second - Tick))
        .That("05-notice-keepalive-write",
            "The same keepalive does not help a client that has written: while data is unacknowledged its kernel sends no probe, only the data again, "
            + "and reports nothing as long as we looked.",
            r => Watching.FirstSign(r, KeepAliveWrite) is null && DataSent(r, KeepAliveWrite).Count > 1 && Probes(r, KeepAlive).Count > 0
                && r.SegmentsFrom(KeepAliveWrite).SkipWhile(s => s.Length != Written).All(s => s.Length == Written))
        .That("05-notice-user-timeout", "TCP_USER_TIMEOUT notices it too, if something was written.",
            r => Watching.FirstSign(r, UserTimeoutWrite) is { ErrnoName: "ETIMEDOUT" })
        .That("05-vanished-late",
            "TCP_USER_TIMEOUT's half second does not begin with the write: it ends no sooner than half a second after the data was sent for the third "
            + "time.",
            r => Watching.FirstSign(r, UserTimeoutWrite) is { } sign && DataSent(r, UserTimeoutWrite) is { Count: >= 3 } sent
                && Watching.End(sign) - sent[2].T >= (Second / 2) - Tick)
        .That("05-notice-user-timeout-idle", "Without data to acknowledge TCP_USER_TIMEOUT does nothing: as long as we looked, the idle connection stayed.",
            r => Watching.FirstSign(r, UserTimeout) is null)
        .That("05-notice-both-knobs",
            "Together with keepalive, TCP_USER_TIMEOUT replaces the number of probes: of nine probes fewer were sent, and the kernel gave up no sooner "
            + "than 1.5 s after the last sign of life.",
            r => Watching.FirstSign(r, BothKnobs) is { ErrnoName: "ETIMEDOUT" } sign && Probes(r, BothKnobs).Count is > 0 and < 9
                && Watching.End(sign) - LastSignOfLife(r, BothKnobs) >= (Second * 3 / 2) - Tick)
        .That("05-vanished-only-keepalive-resets",
            "Of all the watchers' connections, those with keepalive send a RST when the kernel gives up. With TCP_USER_TIMEOUT alone, no RST is sent.",
            r => Watching.FirstSign(r, UserTimeoutWrite) is { ErrnoName: "ETIMEDOUT" }
                && Watching.Ways(r).Where(way => r.SegmentsFrom(way).Any(s => s.IsReset)).SequenceEqual([KeepAlive, BothKnobs]));

    /// <summary>A ping of the program's own, against all four peers.</summary>
    /// <param name="closed">The recording <c>05-notice-closed</c>.</param>
    /// <param name="reset">The recording <c>05-notice-reset</c>.</param>
    /// <param name="vanished">The recording <c>05-notice-vanished</c>.</param>
    /// <param name="silent">The recording <c>05-notice-silent</c>.</param>
    public static ClaimSet Pings(Recording closed, Recording reset, Recording vanished, Recording silent) => Claims.On(closed, reset, vanished, silent)
        .That("05-notice-ping", "The ping notices all four peers, and where no message comes it has asked before it gives up: its four bytes went out first.",
            all => all.All(r => Watching.FirstSign(r, Ping) is not null)
                && all.Skip(2).All(r => Watching.FirstSign(r, Ping) is { Call: "Ping", Ok: false } sign
                    && r.SegmentsFrom(Ping).Any(s => s.Length == 4 && s.T < Watching.End(sign))));

    private static bool GaveUp(Recording recording) => recording.CallsOf("client", "ReceiveAsync")[0].Result != "pending";

    /// <summary>The Send that reported the end of the connection. EAGAIN comes before it, unless filling the buffers took longer than the time-out.</summary>
    private static AppCall? EndedBy(Recording recording) => recording.CallsOf("client", "Send").FirstOrDefault(call => !call.Ok && call.ErrnoName != "EAGAIN");

    /// <summary>The keepalive probes of one client: without data, and one below the sequence number that follows its SYN.</summary>
    private static IReadOnlyList<Segment> Probes(Recording recording, string who)
    {
        var sent = recording.SegmentsFrom(who);
        return [.. sent.Skip(1).Where(s => s.Length == 0 && !s.IsReset && s.Seq == sent[0].Seq)];
    }

    private static IReadOnlyList<Segment> DataSent(Recording recording, string who) => [.. recording.SegmentsFrom(who).Where(s => s.Length == Written)];

    /// <summary>When the last segment of its peer reached a client.</summary>
    private static long LastSignOfLife(Recording recording, string who) =>
        recording.Segments.Last(s => s.To == recording.Participants.Single(one => one.Name == who).Address).T;
}
