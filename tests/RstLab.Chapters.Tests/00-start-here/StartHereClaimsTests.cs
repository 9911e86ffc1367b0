using System.Net.Sockets;

namespace RstLab.Chapters.Tests;

public class StartHereClaimsTests
{
    [Fact]
    public void The_first_reset() => CounterExamples.To(r => StartHereClaims.FirstReset(r), Shipped.Recording("00-first-reset"))
        .Breaks("00-nothing-after", r => r with { Events = [.. r.Events, r.Segments.Last() with { T = r.Events[^1].T + 1, Flags = ControlBits.Ack }] })
        .Breaks("00-no-data", r => r.With<Segment>(s => s.IsReset, s => s with { Length = 1 }))
        .Breaks("00-receive-fails", r => r.WithCall("client", "Receive", 0, call => call.FailingWith("EPIPE", SocketError.Shutdown)))
        .Breaks("00-receive-fails", r => r.WithCall("client", "Receive", 0, call => call.Returning(0)))
        .Breaks("00-state-closed", r => r.WithReason("NO_SOCKET"))
        .Breaks("00-state-closed", r => r.WithCall("server", "Abort", 0, call => call with { Call = "Close" }))
        .Check();

    [Fact]
    public void One_clock() => CounterExamples.To(StartHereClaims.OneClock, Shipped.Recording("00-first-reset"))
        .Breaks("00-one-clock", r => r.WithCall("client", "Connect", 0, call => call with { Elapsed = 0 }))
        .Breaks("00-one-clock", r => r.WithCall("client", "Connect", 0, call => call with { T = call.T + call.Elapsed }))
        .Breaks("00-abort-then-reset", r => r.With<Segment>(s => s.IsReset, s => s with { T = r.CallsOf("server", "Abort")[0].T - 1 }))
        .Breaks("00-abort-then-reset", r => r.With<Segment>(s => s.IsReset, s => s with { T = s.T + 10_000_000_000 }))
        .Breaks("00-abort-then-reset", r => r.WithCall("client", "Receive", 0, call => call.Returning(0)))
        .Breaks("00-sent-and-received", r => r.With<KernelReset>(reset => reset.Direction == ResetDirection.Received, _ => null))
        .Breaks("00-sent-and-received", r => r.With<KernelReset>(reset => reset.Direction == ResetDirection.Sent, _ => null))
        .Check();

    [Fact]
    public void A_healthy_end() => CounterExamples.To(r => StartHereClaims.HealthyEnd(r), Shipped.Recording("00-healthy-end"))
        .Breaks("00-healthy-no-reset", r => r.With<Segment>(s => s == r.Segments.Last(), s => s with { Flags = ControlBits.Rst }))
        .Breaks("00-healthy-two-fins", r => r.WithoutSegments(s => r.SegmentsFrom("server").Contains(s) && s.Letters.Contains('F')))
        .Breaks("00-healthy-two-fins", r => r.WithoutSegments(s => r.SegmentsFrom("client").Contains(s) && s.Letters.Contains('F')))
        .Breaks("00-healthy-zero", r => r.WithCall("server", "Receive", 1, call => call.FailingWith("ECONNRESET", SocketError.ConnectionReset)))
        .Breaks("00-healthy-zero", r => r.WithCall("client", "Receive", 0, call => call.Returning(5)))
        .Check();
}
