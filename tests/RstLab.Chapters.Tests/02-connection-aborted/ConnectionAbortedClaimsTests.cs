using System.Net.Sockets;

namespace RstLab.Chapters.Tests;

public class ConnectionAbortedClaimsTests
{
    [Fact]
    public void Close_then_send() => CounterExamples.To(r => ConnectionAbortedClaims.CloseThenSend(r), Shipped.Recording("02-close-then-send"))
        .Breaks("02-close-is-fin", r => r.With<Segment>(s => s.Letters == "FA", s => s with { Flags = ControlBits.Rst | ControlBits.Ack }))
        .Breaks("02-first-send-ok", r => r.WithCall("client", "Send", 0, call => call.Returning(4999)))
        .Breaks("02-data-gets-reset", r => r.WithoutSegments(s => s.IsReset))
        .Breaks("02-data-gets-reset", r => r.WithoutSegments(s => s.Length > 0))
        .Breaks("02-second-send-epipe", r => r.WithCall("client", "Send", 1, call => call.FailingWith("ECONNRESET", SocketError.ConnectionReset)))
        .Breaks("02-receive-zero", r => r.WithCall("client", "Receive", 0, call => call.FailingWith("ECONNRESET", SocketError.ConnectionReset)))
        .Check();

    [Fact]
    public void Reason_by_progress() => CounterExamples.To(r => ConnectionAbortedClaims.ReasonByProgress(r), Shipped.Recording("02-close-then-send"))
        .Breaks("02-reason-by-progress", r => r.WithReason("TCP_STATE"))
        .Check();
}
