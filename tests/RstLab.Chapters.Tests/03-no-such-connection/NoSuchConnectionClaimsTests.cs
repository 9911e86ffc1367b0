using System.Net.Sockets;

namespace RstLab.Chapters.Tests;

public class NoSuchConnectionClaimsTests
{
    private static Recording Reboot => Shipped.Recording("03-reboot");

    [Fact]
    public void A_reboot() => CounterExamples.To(r => NoSuchConnectionClaims.Reboot(r), Reboot)
        .Breaks("03-reboot-silent", r => r.With<Segment>(s => s.IsReset, s => s with { T = r.CallsOf("lab")[1].T }))
        .Breaks("03-reboot-send-ok", r => r.WithCall("client", "Send", 1, call => call.FailingWith("ECONNRESET", SocketError.ConnectionReset)))
        .Breaks("03-reboot-reset", r => r.WithoutSegments(s => s.IsReset))
        .Breaks("03-reboot-reset", r => r.With<Segment>(s => s.IsReset, s => s with { Flags = ControlBits.Fin | ControlBits.Ack }))
        .Breaks("03-reboot-reset", r => r.WithoutSegments(s => s.Length > 0 && s.T > r.CallsOf("lab")[1].T))
        .Breaks("03-reboot-seq", r => r.With<Segment>(s => s.IsReset, s => s with { Seq = s.Seq + 1 }))
        .Breaks("03-reboot-reason", r => r.WithReason("TCP_FLAGS"))
        .Breaks("03-reboot-error", r => r.WithCall("client", "Receive", 0, call => call.FailingWith("EPIPE", SocketError.Shutdown)))
        .Check();

    [Fact]
    public void The_service_back() => CounterExamples.To(two =>
        NoSuchConnectionClaims.ServiceBack(two.Service, two.Reboot), (Service: Shipped.Recording("03-reboot-service-back"), Reboot))
        .Breaks("03-service-reset", two => two with { Service = two.Service.WithoutSegments(s => s.IsReset) })
        .Breaks("03-service-reason", two => two with { Service = two.Service.WithReason("NO_SOCKET") })
        .Breaks("03-service-reason", two => two with { Reboot = two.Reboot.WithReason("TCP_FLAGS") })
        .Breaks("03-service-error", two => two with { Service = two.Service.WithCall("client", "Receive", 0, call => call.Returning(0)) })
        .Breaks("03-service-error",
            two => two with { Reboot = two.Reboot.WithCall("client", "Receive", 0, call => call.FailingWith("ETIMEDOUT", SocketError.TimedOut)) })
        .Check();

    [Fact]
    public void A_client_that_never_learns() => CounterExamples.To(r => NoSuchConnectionClaims.NeverLearns(r), Shipped.Recording("03-never-learns"))
        .Breaks("03-never-nothing", r => r.With<Segment>(s => s.Letters == "A", s => s with { T = r.CallsOf("client", "State")[0].T }))
        .Breaks("03-never-no-news", r => r.WithCall("client", "Poll", 0, call => call.Returning(true)))
        .Breaks("03-never-no-news", r => r.WithCall("client", "SO_ERROR", 0, call => call.Returning("ECONNRESET")))
        .Breaks("03-never-established", r => r.WithCall("client", "State", 0, call => call.Returning("Closed")))
        .Breaks("03-never-established", r => r.WithCall("client", "Connected", 0, call => call.Returning(false)))
        .Check();

    [Fact]
    public void A_host_that_stays_down() => CounterExamples.To(r => NoSuchConnectionClaims.StaysDown(r), Shipped.Recording("03-stays-down"))
        .Breaks("03-down-no-reset",
            r => r.With<Segment>(s => s.Letters == "SA", s => s with { Flags = ControlBits.Rst, T = r.CallsOf("client", "Send")[0].T }))
        .Breaks("03-down-no-reset",
            r => r.With<Segment>(s => s.Letters == "SA", s => s with { Flags = ControlBits.Ack, T = r.CallsOf("client", "Send")[0].T }))
        .Breaks("03-down-again", r => r.WithoutSegments(s => s.Length == 100 && s != r.Segments.First(first => first.Length == 100)))
        .Breaks("03-down-again", r => r.With<Segment>(s => s == r.Segments.Last(last => last.Length == 100), s => s with { Seq = s.Seq + 100 }))
        .Breaks("03-down-timeout", r => r.WithCall("client", "Receive", 0, call => call.FailingWith("ECONNRESET", SocketError.ConnectionReset)))
        .Check();

    [Fact]
    public void A_program_that_is_restarted() => CounterExamples.To(two =>
        NoSuchConnectionClaims.Restart(two.Restart, two.Reboot), (Restart: Shipped.Recording("03-restart-program"), Reboot))
        .Breaks("03-restart-old-state", two => two with { Restart = two.Restart.WithReason("TCP_FLAGS") })
        .Breaks("03-restart-old-state", two => two with { Restart = two.Restart.WithReason("NO_SOCKET") })
        .Breaks("03-restart-other-error",
            two => two with { Restart = two.Restart.WithCall("client", "Receive", 0, call => call.FailingWith("ECONNRESET", SocketError.ConnectionReset)) })
        .Breaks("03-restart-other-error", two => two with { Restart = two.Restart.WithoutSegments(s => s.Letters == "FA") })
        .Breaks("03-restart-other-error", two => two with { Reboot = two.Reboot.WithCall("client", "Receive", 0, call => call.Returning(0)) })
        .Check();
}
