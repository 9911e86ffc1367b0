using System.Net.Sockets;
using RstLab.Notebooks;

namespace RstLab.Chapters;

/// <summary>What chapter 1 claims: each sentence beside the condition that this run has to meet.</summary>
public static class NobodyListeningClaims
{
    /// <summary>How much earlier than asked for a timer of the kernel may end: one tick, at 100 Hz.</summary>
    private const long Tick = 10_000_000;

    /// <summary>A client that connects to a port where nobody listens.</summary>
    /// <param name="refused">The recording <c>01-refused</c>.</param>
    /// <param name="guess">What the reader predicted for the answer.</param>
    public static ClaimSet Refused(Recording refused, Prediction? guess = null) => Claims.On(refused)
        .Compare(guess, r => r.Segments.Count(s => s.Letters == "S") > 1 ? 3 : r.Segments.Any(s => s.IsReset) ? 2 : 1,
            "The kernel answers for a closed port: one RST for one SYN. Connect has nothing left to wait for.",
            (1, "Nothing comes back from a dropping firewall or a dead host. Here the host is up, and its kernel answers for the port."),
            (3, "That is reported of Windows; this course has not measured it. Linux takes the first refusal for an answer. A program that wants "
                + "to try again calls Connect again."))
        .That("01-refused-error", "Connect fails with ECONNREFUSED. .NET calls it SocketError.ConnectionRefused.",
            r => r.CallsOf("client", "Connect")[0] is { ErrnoName: "ECONNREFUSED", Error: SocketError.ConnectionRefused })
        .That("01-refused-two-segments", "Two segments cross and no more: a SYN, and a RST that answers it.",
            IsRefusal)
        .That("01-refused-numbers", "The reset has sequence number 0 and acknowledges the SYN, as RFC 9293 section 3.10.7.1 asks.",
            r => r.Segments.First() is var syn && r.Segments.Single(s => s.IsReset) is var rst && rst.Seq == 0 && rst.Ack == syn.Seq + 1)
        .That("01-refused-reason", "The kernel's reason is NO_SOCKET: there was no socket that the SYN was for.",
            r => r.ReasonsSent().SequenceEqual(["NO_SOCKET"]));

    /// <summary>The same over IPv6.</summary>
    /// <param name="refusedV6">The recording <c>01-refused-v6</c>.</param>
    /// <param name="guess">What the reader predicted for the answer.</param>
    public static ClaimSet RefusedOverIPv6(Recording refusedV6, Prediction? guess = null) => Claims.On(refusedV6)
        .Compare(guess, r => !IsRefusal(r) ? 2 : r.CallsOf("client", "Connect")[0].ErrnoName == "ECONNREFUSED" ? 1 : 3,
            "The reset is TCP's own answer, and TCP is the same over both.",
            (2, "ICMP is how a closed UDP port answers, over IPv4 and IPv6 alike."),
            (3, "The error comes from what TCP was doing when the reset came, which was SYN_SENT in both."))
        .That("01-v6-same", "Over IPv6 the same two segments cross, and the error is the same: a SYN, a RST that answers it, ECONNREFUSED.",
            r => IsRefusal(r) && r.Segments.All(s => s.From.StartsWith("[::1]:", StringComparison.Ordinal))
                && r.CallsOf("client", "Connect")[0].ErrnoName == "ECONNREFUSED")
        .That("01-v6-reason", "Over IPv6 the kernel's reason is NO_SOCKET, too.",
            r => r.Resets.All(k => k.From?.StartsWith("[::1]:", StringComparison.Ordinal) != false) && r.ReasonsSent().SequenceEqual(["NO_SOCKET"]));

    /// <summary>A client that connects to a port whose listener has just been closed.</summary>
    /// <param name="stopped">The recording <c>01-listener-closed</c>.</param>
    /// <param name="guess">What the reader predicted for the port.</param>
    public static ClaimSet Stopped(Recording stopped, Prediction? guess = null) => Claims.On(stopped)
        .Compare(guess, r => r.Segments.Any(s => s.Letters == "SA") ? 2 : r.Segments.Any(s => s.IsReset) ? 3 : 1,
            "A listener is a socket like any other. When it is closed, no socket listens on the port.",
            (1, "TIME_WAIT is a state of a connection that has ended. A listener is not a connection."),
            (2, "The kernel makes connections only for a socket that listens. Connections that it made and nobody accepted are reset when the listener closes."))
        .That("01-stopped-same", "The port of a listener that has just been closed refuses as if nobody had ever listened: a SYN, a RST, ECONNREFUSED.",
            r => r.CallsOf("listener", "Listen")[0].Ok && r.CallsOf("listener", "Close")[0] is { Ok: true } close
                && r.CallsOf("client", "Connect")[0] is { ErrnoName: "ECONNREFUSED" } connect && close.T < connect.T && IsRefusal(r))
        .That("01-stopped-reason", "The kernel's reason is NO_SOCKET again.",
            r => r.ReasonsSent().SequenceEqual(["NO_SOCKET"]));

    /// <summary>A client that finds a full accept queue, in which there is room a moment later.</summary>
    /// <param name="fullQueue">The recording <c>01-full-accept-queue</c>.</param>
    /// <param name="guess">What the reader predicted for the client.</param>
    public static ClaimSet FullQueue(Recording fullQueue, Prediction? guess = null) => Claims.On(fullQueue)
        .Compare(guess, r => r.Segments.Any(s => s.IsReset) ? 1 : LateSyns(r).Count > 1 ? 2 : 3,
            "The kernel drops a SYN that finds the queue full. The client's kernel takes it for lost, and sends it again.",
            (1, "A refusal means that nobody listens. Here somebody does, and may accept in a moment."),
            (3, "The kernel does make connections without the program, but only as many as the queue can hold."))
        .That("01-full-no-reset",
            "The kernel sends no reset for a SYN that finds the accept queue full.", r => LateSyns(r).Count > 1 && !r.Segments.Any(s => s.IsReset))
        .That("01-full-syn-again", "The kernel drops the SYN without an answer, and the client's kernel sends it again.",
            r => LateSyns(r) is [var one, var again, ..] && one.Seq == again.Seq && !ToLate(r).Any(s => s.T < again.T))
        .That("01-full-one-second",
            "The SYN goes out again no sooner than after a second: the initial retransmission timeout of RFC 6298.",
            r => LateSyns(r)[1].T - LateSyns(r)[0].T >= 1_000_000_000 - Tick)
        .That("01-full-connects",
            "Once there is room, the next SYN is answered and ConnectAsync succeeds. To the app it was only a slow connect.",
            r => r.CallsOf("client-2", "ConnectAsync")[0] is { Ok: true } connect && r.CallsOf("listener", "Accept")[0] is { Ok: true } accept
                && LateSyns(r) is [var one, .., var last] && LateSyns(r).Find(s => s.T > accept.T + accept.Elapsed) == last
                && ToLate(r) is [{ Letters: "SA" } answer, ..] && answer.T > last.T
                && connect.T <= one.T && answer.T <= connect.T + connect.Elapsed);

    /// <summary>A firewall that rejects with a reset, compared with a closed port.</summary>
    /// <param name="firewall">The recording <c>01-firewall-reject</c>.</param>
    /// <param name="refused">The recording <c>01-refused</c>.</param>
    /// <param name="guess">Which witness the reader expected to tell the difference.</param>
    public static ClaimSet Firewall(Recording firewall, Recording refused, Prediction? guess = null) => Claims.On(firewall, refused)
        .Compare(guess, all => all[0].CallsOf("client", "Connect")[0].ErrnoName != "ECONNREFUSED" ? 1
                : !IsRefusal(all[0]) ? 2 : !all[0].Resets.Any(k => k.Direction == ResetDirection.Sent) ? 3 : 4,
            "A firewall on the host itself writes the reset that TCP would have written, so the two look the same wherever they arrive. Only "
                + "on that host can they be distinguished.",
            (1, "The error comes from the segment, and the segment is the same."),
            (2, "A reject with tcp reset copies what a closed port answers, number by number."),
            (4, "The trace point is in the kernel's TCP. A reset that TCP did not make does not pass it."))
        .That("01-firewall-same-error",
            "The app sees no difference: ECONNREFUSED, as from a closed port.",
            all => all.All(r => r.CallsOf("client", "Connect")[0].ErrnoName == "ECONNREFUSED"))
        .That("01-firewall-same-wire",
            "Nor does the wire show one, where the firewall is on the server's host: a SYN, and a RST with the flags, sequence number, "
                + "acknowledgment, length, window and TTL of a closed port's.",
            all => all.All(IsRefusal) && Answer(all[0]) == Answer(all[1]))
        .That("01-firewall-no-event",
            "Only the kernel's trace shows it: TCP received a reset and sent none. The firewall made it.",
            all => all[0].Resets.Select(k => k.Direction).SequenceEqual([ResetDirection.Received]) && all[1].Resets.Any(k => k.Direction == ResetDirection.Sent));

    private static bool IsRefusal(Recording r) => r.Segments.ToList() is [{ Letters: "S" } syn, { Letters: "RA" } rst]
        && rst.From == syn.To && rst.To == syn.From && rst.Ack == syn.Seq + 1;

    private static List<Segment> LateSyns(Recording r) => [.. r.SegmentsFrom("client-2").Where(s => s.Letters == "S")];

    private static List<Segment> ToLate(Recording r) => r.SegmentsFrom("client-2")[0].From is var late ? [.. r.Segments.Where(s => s.To == late)] : [];

    /// <summary>What a closed port's answer has in common with every other: all but the addresses and the client's own number.</summary>
    private static (string Letters, uint Seq, uint AckOfSyn, int Length, int Window, int Ttl) Answer(Recording r) =>
        r.Segments.Last() is var rst ? (rst.Letters, rst.Seq, rst.Ack - r.Segments.First().Seq, rst.Length, rst.Window, rst.Ttl) : default;
}
