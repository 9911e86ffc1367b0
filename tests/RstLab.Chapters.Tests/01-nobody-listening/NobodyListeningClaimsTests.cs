using System.Net.Sockets;

namespace RstLab.Chapters.Tests;

public class NobodyListeningClaimsTests
{
    private static readonly Recording Refused = Shipped.Recording("01-refused");

    [Fact]
    public void A_refused_connection() => CounterExamples.To(r => NobodyListeningClaims.Refused(r), Refused)
        .Breaks("01-refused-error", r => r.WithCall("client", "Connect", 0, call => call.FailingWith("ETIMEDOUT", SocketError.TimedOut)))
        .Breaks("01-refused-two-segments", r => r with { Events = [.. r.Events, .. r.Segments] })
        .Breaks("01-refused-two-segments", r => r.With<Segment>(s => s.IsReset, s => s with { Flags = ControlBits.Syn | ControlBits.Ack }))
        .Breaks("01-refused-two-segments", r => r.With<Segment>(s => s.IsReset, s => s with { From = "127.0.0.1:9" }))
        .Breaks("01-refused-numbers", r => r.With<Segment>(s => s.IsReset, s => s with { Seq = 1 }))
        .Breaks("01-refused-numbers", r => r.With<Segment>(s => s.IsReset, s => s with { Ack = s.Ack - 1 }))
        .Breaks("01-refused-reason", r => r.WithReason("TCP_STATE"))
        .Breaks("01-refused-reason", r => r.With<KernelReset>(reset => reset.Direction == ResetDirection.Sent, _ => null))
        .Check();

    [Fact]
    public void Over_IPv6() => CounterExamples.To(r => NobodyListeningClaims.RefusedOverIPv6(r), Shipped.Recording("01-refused-v6"))
        .Breaks("01-v6-same", r => r.WithoutSegments(s => s.IsReset))
        .Breaks("01-v6-same", r => r.With<Segment>(s => true, s => s with { From = s.From.Replace("[::1]", "127.0.0.1", StringComparison.Ordinal) }))
        .Breaks("01-v6-same", r => r.WithCall("client", "Connect", 0, call => call.FailingWith("EHOSTUNREACH", SocketError.HostUnreachable)))
        .Breaks("01-v6-reason", r => r.WithReason("TCP_STATE"))
        .Breaks("01-v6-reason", r => r.With<KernelReset>(_ => true, k => k with { From = "127.0.0.1:9" }))
        .Check();

    [Fact]
    public void A_listener_that_has_been_closed() => CounterExamples.To(r => NobodyListeningClaims.Stopped(r), Shipped.Recording("01-listener-closed"))
        .Breaks("01-stopped-same", r => r.WithCall("client", "Connect", 0, call => call.Returning("from 127.0.0.1:9")))
        .Breaks("01-stopped-same", r => r.WithoutSegments(s => s.IsReset))
        .Breaks("01-stopped-same", r => r.WithCall("client", "Connect", 0, call => call with { T = r.CallsOf("listener", "Close")[0].T - 1 }))
        .Breaks("01-stopped-reason", r => r.WithReason("TCP_STATE"))
        .Check();

    [Fact]
    public void A_full_queue() => CounterExamples.To(r => NobodyListeningClaims.FullQueue(r), Shipped.Recording("01-full-accept-queue"))
        .Breaks("01-full-no-reset", r => r.With<Segment>(s => s == r.Segments.Last(), s => s with { Flags = ControlBits.Rst }))
        .Breaks("01-full-syn-again", r => r.WithoutSegments(s => s == Syns(r)[1]))
        .Breaks("01-full-syn-again", r => r.With<Segment>(s => s == Syns(r)[1], s => s with { Seq = s.Seq + 1 }))
        .Breaks("01-full-syn-again", r => r.With<Segment>(s => s.Letters == "SA" && s.To == Syns(r)[0].From, s => s with { T = Syns(r)[0].T + 1 }))
        .Breaks("01-full-one-second", r => r.With<Segment>(s => s == Syns(r)[1], s => s with { T = Syns(r)[0].T + 500_000_000 }))
        .Breaks("01-full-connects", r => r.WithCall("client-2", "ConnectAsync", 0, call => call.FailingWith("ETIMEDOUT", SocketError.TimedOut)))
        .Breaks("01-full-connects", r => r.WithCall("client-2", "ConnectAsync", 0, call => call with { Elapsed = 1_000_000 }))
        .Breaks("01-full-connects", r => r.WithCall("listener", "Accept", 0, call => call with { T = Syns(r)[1].T + 1 }))
        .Breaks("01-full-connects", r => r.WithoutSegments(s => s.Letters == "SA" && s.To == Syns(r)[0].From))
        .Check();

    [Fact]
    public void A_firewall() => CounterExamples.To(r => NobodyListeningClaims.Firewall(r, Refused), Shipped.Recording("01-firewall-reject"))
        .Breaks("01-firewall-same-error", r => r.WithCall("client", "Connect", 0, call => call.FailingWith("EHOSTUNREACH", SocketError.HostUnreachable)))
        .Breaks("01-firewall-same-wire", r => r.With<Segment>(s => s.IsReset, s => s with { Flags = ControlBits.Rst }))
        .Breaks("01-firewall-same-wire", r => r.With<Segment>(s => s.IsReset, s => s with { Seq = 1 }))
        .Breaks("01-firewall-same-wire", r => r.With<Segment>(s => s.IsReset, s => s with { Ack = s.Ack + 1 }))
        .Breaks("01-firewall-same-wire", r => r.With<Segment>(s => s.IsReset, s => s with { Length = 1 }))
        .Breaks("01-firewall-same-wire", r => r.With<Segment>(s => s.IsReset, s => s with { Window = 1 }))
        .Breaks("01-firewall-same-wire", r => r.With<Segment>(s => s.IsReset, s => s with { Ttl = 63 }))
        .Breaks("01-firewall-no-event", r => r with { Events = [.. r.Events, r.Resets.Single() with { Direction = ResetDirection.Sent }] })
        .Breaks("01-firewall-no-event", r => r.With<KernelReset>(_ => true, _ => null))
        .Check();

    [Fact]
    public void A_closed_port_does_send_its_reset() => CounterExamples.To(r => NobodyListeningClaims.Firewall(Shipped.Recording("01-firewall-reject"), r), Refused)
        .Breaks("01-firewall-same-error", r => r.WithCall("client", "Connect", 0, call => call.FailingWith("ETIMEDOUT", SocketError.TimedOut)))
        .Breaks("01-firewall-same-wire", r => r.WithoutSegments(s => s.IsReset))
        .Breaks("01-firewall-no-event", r => r.With<KernelReset>(reset => reset.Direction == ResetDirection.Sent, _ => null))
        .Check();

    [Fact]
    public void The_times() => CounterExamples.To(t => RefusalTimes.Claims(t), Shipped.Table("01-refusal-times"))
        .Breaks("01-times-all-refused", t => t with { Rows = [.. t.Rows.Skip(1)] })
        .Breaks("01-times-all-refused", t => t with { Rows = [.. t.Rows.Skip(1), [t.Rows[0][0], t.Rows[0][1], "TimedOut"]] })
        .Breaks("01-times-exception-costs", t => t.With(row => (string?)row("call") == "connect(2)", "elapsed (us)", 1e6))
        .Breaks("01-times-detour-costs-more", t => t.With(row => (string?)row("call") == "ConnectAsync, no exception", "elapsed (us)", 0.1))
        .Check();

    private static List<Segment> Syns(Recording r) => [.. r.SegmentsFrom("client-2").Where(s => s.Letters == "S")];
}
