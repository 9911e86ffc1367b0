using System.Net.Sockets;
using Claims = RstLab.Chapters.ConnectionAbortedClaims;

namespace RstLab.Chapters.Tests;

public class ConnectionAbortedClaimsTests
{
    [Fact]
    public void Close_then_send() => CounterExamples.To(r => Claims.CloseThenSend(r), Shipped.Recording("02-close-then-send"))
        .Breaks("02-close-is-fin", r => r.With<Segment>(s => s.Letters == "FA", s => s with { Flags = ControlBits.Rst | ControlBits.Ack }))
        .Breaks("02-first-send-ok", r => r.WithCall("client", "Send", 0, call => call.Returning(4999)))
        .Breaks("02-data-gets-reset", r => r.WithoutSegments(s => s.IsReset))
        .Breaks("02-data-gets-reset", r => r.WithoutSegments(s => s.Length > 0))
        .Breaks("02-data-gets-reset", r => r.With<Segment>(s => s.IsReset, s => s with { Flags = ControlBits.Ack }))
        .Breaks("02-second-send-epipe", r => r.WithCall("client", "Send", 1, call => call.FailingWith("ECONNRESET", SocketError.ConnectionReset)))
        .Breaks("02-second-send-epipe", r => r.WithCall("client", "Send", 1, call => call.FailingWith("EPIPE", SocketError.ConnectionReset)))
        .Breaks("02-receive-zero", r => r.WithCall("client", "Receive", 0, call => call.FailingWith("ECONNRESET", SocketError.ConnectionReset)))
        .Check();

    [Fact]
    public void Reason_by_progress() => CounterExamples.To(r => Claims.ReasonByProgress(r), Shipped.Recording("02-close-then-send"))
        .Breaks("02-reason-by-progress", r => r.WithReason("TCP_STATE"))
        .Breaks("02-reason-by-progress", r => r.WithReason(r.ReasonsSent()[0] == "TCP_ABORT_ON_DATA" ? "TCP_TIMEWAIT_SOCKET" : "TCP_ABORT_ON_DATA"))
        .Check();

    [Fact]
    public void Reason_by_progress_where_the_fin_was_acknowledged_first()
    {
        var shipped = Shipped.Recording("02-close-then-send");
        var fin = shipped.SegmentsFrom("server").Single(s => s.Letters == "FA");
        var acknowledgement = fin with { T = fin.T + 1, From = fin.To, To = fin.From, Flags = ControlBits.Ack, Seq = fin.Ack, Ack = fin.Seq + 1 };

        Assert.False(Claims.ReasonByProgress(shipped with { Events = [.. shipped.Events, acknowledgement] }).Hold);
        Assert.True(Claims.ReasonByProgress((shipped with { Events = [.. shipped.Events, acknowledgement] }).WithReason("TCP_TIMEWAIT_SOCKET")).Hold);
    }

    [Fact]
    public void Close_with_unread_data() => CounterExamples.To(r => Claims.CloseUnread(r), Shipped.Recording("02-close-unread"))
        .Breaks("02-unread-rst", r => r.With<Segment>(s => s.IsReset, s => s with { Flags = ControlBits.Fin | ControlBits.Ack }))
        .Breaks("02-unread-rst", r => r.WithFinBefore(s => s.IsReset))
        .Breaks("02-unread-reason", r => r.WithReason("TCP_STATE"))
        .Breaks("02-unread-answer", r => r.WithCall("client", "Receive", 0, call => call.FailingWith("ECONNRESET", SocketError.ConnectionReset)))
        .Breaks("02-unread-econnreset", r => r.WithCall("client", "Receive", 1, call => call.FailingWith("EPIPE", SocketError.Shutdown)))
        .Breaks("02-unread-once", r => r.WithCall("client", "Receive", 2, call => call.FailingWith("ECONNRESET", SocketError.ConnectionReset)))
        .Breaks("02-unread-once", r => r.WithCall("client", "Receive", 1, call => call.Returning(0)))
        .Check();

    [Fact]
    public void Close_with_unread_data_then_send() => CounterExamples.To(r => Claims.UnreadThenSend(r), Shipped.Recording("02-close-unread-then-send"))
        .Breaks("02-unread-send-first", r => r.WithCall("client", "Send", 1, call => call.FailingWith("EPIPE", SocketError.Shutdown)))
        .Breaks("02-unread-send-second", r => r.WithCall("client", "Send", 2, call => call.FailingWith("ECONNRESET", SocketError.ConnectionReset)))
        .Check();

    [Fact]
    public void Abort_on_purpose() => CounterExamples.To(
            both => Claims.OnPurpose(both.Linger, both.CloseZero), (Linger: Shipped.Recording("02-linger-zero"), CloseZero: Shipped.Recording("02-close-zero")))
        .Breaks("02-purpose-same", both => (both.Linger.WithFinBefore(s => s.IsReset), both.CloseZero))
        .Breaks("02-purpose-same", both => (both.Linger, both.CloseZero.With<Segment>(s => s.IsReset, s => s with { Flags = ControlBits.Fin | ControlBits.Ack })))
        .Breaks("02-purpose-reason", both => (both.Linger.WithReason("TCP_ABORT_ON_LINGER"), both.CloseZero))
        .Breaks("02-purpose-reason", both => (both.Linger, both.CloseZero.WithReason("TCP_ABORT_ON_CLOSE")))
        .Breaks("02-purpose-econnreset", both => (both.Linger, both.CloseZero.WithCall("client", "Receive", 0, call => call.Returning(0))))
        .Check();

    [Fact]
    public void Dispose_with_a_pending_receive() => CounterExamples.To(r => Claims.DisposePending(r), Shipped.Recording("02-dispose-pending"))
        .Breaks("02-dispose-aborts", r => r.With<Segment>(s => s.IsReset, s => s with { Flags = ControlBits.Fin | ControlBits.Ack }))
        .Breaks("02-dispose-aborts", r => r.WithFinBefore(s => s.IsReset))
        .Breaks("02-dispose-pending-call", r => r.WithCall("server", "ReceiveAsync", 0, call => call.Returning(0)))
        .Breaks("02-dispose-peer", r => r.WithCall("client", "Receive", 0, call => call.Returning(0)))
        .Check();

    [Fact]
    public void Leaked_socket() => CounterExamples.To(r => Claims.Leaked(r), Shipped.Recording("02-leaked-socket"))
        .Breaks("02-leaked-aborts", r => r.With<Segment>(s => s.IsReset, s => s with { Flags = ControlBits.Fin | ControlBits.Ack }))
        .Breaks("02-leaked-aborts", r => r.WithFinBefore(s => s.IsReset))
        .Breaks("02-leaked-reason", r => r.WithReason("TCP_ABORT_ON_CLOSE"))
        .Check();

    [Fact]
    public void Listener_with_a_queue() => CounterExamples.To(r => Claims.ListenerQueue(r), Shipped.Recording("02-listener-queue"))
        .Breaks("02-queue-connected", r => r.WithCall("client 3", "Connect", 0, call => call.FailingWith("ECONNREFUSED", SocketError.ConnectionRefused)))
        .Breaks("02-queue-connected", r => r.WithCall("server", "Close", 0, call => call with { Call = "Accept" }))
        .Breaks("02-queue-reset", r => r.WithCall("client 2", "Receive", 0, call => call.Returning(0)))
        .Breaks("02-queue-reset", r => r.WithoutSegments(s => s.IsReset && s.To == r.Participants.Single(p => p.Name == "client 3").Address))
        .Breaks("02-queue-reset", r => r.WithFinBefore(s => s.IsReset && s.To == r.Participants.Single(p => p.Name == "client 1").Address))
        .Check();

    [Fact]
    public void Killed_process() => CounterExamples.To(
            both => Claims.Killed(both.Read, both.Unread), (Read: Shipped.Recording("02-killed-process"), Unread: Shipped.Recording("02-killed-process-unread")))
        .Breaks("02-killed-fin", both => (both.Read.With<Segment>(s => s.Letters == "FA", s => s with { Flags = ControlBits.Rst | ControlBits.Ack }), both.Unread))
        .Breaks("02-killed-fin", both => (both.Read.WithCall("client", "Receive", 0, call => call.FailingWith("ECONNRESET", SocketError.ConnectionReset)), both.Unread))
        .Breaks("02-killed-unread-rst", both => (both.Read, both.Unread.WithReason("TCP_STATE")))
        .Breaks("02-killed-unread-rst", both => (both.Read, both.Unread.WithCall("client", "Receive", 0, call => call.Returning(0))))
        .Check();

    [Fact]
    public void Network_stream_with_unread_data() => CounterExamples.To(r => Claims.StreamUnread(r), Shipped.Recording("02-stream-unread"))
        .Breaks("02-stream-unread-wire", r => r.WithoutSegments(s => s.Letters == "FA"))
        .Breaks("02-stream-unread-wire", r => r.WithoutSegments(s => s.IsReset))
        .Breaks("02-stream-unread-zero", r => r.WithCall("client", "Receive", 0, call => call.FailingWith("ECONNRESET", SocketError.ConnectionReset)))
        .Breaks("02-stream-unread-zero", r => r.WithCall("client", "SO_ERROR", 0, call => call.Returning("ECONNRESET")))
        .Check();

    [Fact]
    public void Network_stream_with_a_pending_read() => CounterExamples.To(r => Claims.StreamPending(r), Shipped.Recording("02-stream-pending"))
        .Breaks("02-stream-pending-fin", r => r.With<Segment>(s => s.Letters == "FA", s => s with { Flags = ControlBits.Rst | ControlBits.Ack }))
        .Breaks("02-stream-pending-fin", r => r.WithCall("client", "Receive", 0, call => call.FailingWith("ECONNRESET", SocketError.ConnectionReset)))
        .Breaks("02-stream-pending-call", r => r.WithCall("server", "ReadAsync", 0, call => call.FailingWith("ECONNRESET", SocketError.ConnectionReset)))
        .Breaks("02-stream-pending-call", r => r.WithCall("server", "ReadAsync", 0, call => call.Returning("pending")))
        .Check();

    [Fact]
    public void Endings_by_class() => CounterExamples.To(t => Claims.ByClass(t), Shipped.Table("02-endings-by-class"))
        .Breaks("02-class-socket-resets", t => t.With(Row(EndingsByClass.Unread, "Socket"), "on the wire", "FIN, RST"))
        .Breaks("02-class-socket-resets", t => t.With(Row(EndingsByClass.Pending, "Socket"), "on the wire", "FIN"))
        .Breaks("02-class-socket-resets", t => t.With(Row(EndingsByClass.LingerZero, "Socket"), "the peer's Receive", "0"))
        .Breaks("02-class-stream-fin-first", t => t.With(Row(EndingsByClass.Unread, "TcpClient"), "on the wire", "RST"))
        .Breaks("02-class-stream-fin-first", t => t.With(Row(EndingsByClass.Pending, "NetworkStream"), "on the wire", "FIN, RST"))
        .Breaks("02-class-stream-fin-first", t => t.With(Row(EndingsByClass.LingerZero, "NetworkStream"), "the peer's Receive", "ECONNRESET"))
        .Breaks("02-class-shutdown-first", t => t.With(Row(EndingsByClass.ShutdownUnread, "Socket"), "on the wire", "RST"))
        .Breaks("02-class-shutdown-first", t => t.With(Row(EndingsByClass.ShutdownUnread, "TcpClient"), "the peer's Receive", "ECONNRESET"))
        .Breaks("02-class-cut-message", t => t.With(Row(EndingsByClass.SendCancelled, "Socket"), "the peer's Receive", "4000000 bytes, then 0"))
        .Breaks("02-class-cut-message", t => t.With(Row(EndingsByClass.SendCancelled, "NetworkStream"), "on the wire", "RST"))
        .Breaks("02-class-same-when-idle", t => t.With(Row(EndingsByClass.NothingUnread, "TcpClient"), "on the wire", "RST"))
        .Check();

    [Fact]
    public void Bytes_accepted() => CounterExamples.To(t => Claims.Accepted(t), Shipped.Table("02-bytes-accepted"))
        .Breaks("02-bytes-not-the-buffer", t => t.With(In(BytesAccepted.WaitsForReset), "accepted (bytes)", 10_000L))
        .Breaks("02-bytes-epipe", t => t.With(In(BytesAccepted.WaitsForReset), "error", "ECONNRESET"))
        .Breaks("02-bytes-buffers-full", t => t.With(In(BytesAccepted.BuffersFull), "accepted (bytes)", 5_000L))
        .Breaks("02-bytes-buffers-full", t => t.With(In(BytesAccepted.BuffersFull), "error", "EPIPE"))
        .Check();

    [Fact]
    public void Write_then_read() => CounterExamples.To(r => Claims.WriteThenRead(r), Shipped.Recording("02-write-then-read"))
        .Breaks("02-c5-fin-then-write", r => r.WithCall("client", "Send", 0, call => call.FailingWith("EPIPE", SocketError.Shutdown)))
        .Breaks("02-c5-fin-then-write", r => r.WithoutSegments(s => s.IsReset))
        .Breaks("02-c5-fin-then-write", r => r.WithCall("client", "Send", 1, call => call.FailingWith("ECONNRESET", SocketError.ConnectionReset)))
        .Breaks("02-c6-read-after-reset", r => r.WithCall("client", "Receive", 0, call => call.FailingWith("ECONNRESET", SocketError.ConnectionReset)))
        .Check();

    [Fact]
    public void Read_after_a_reset() => CounterExamples.To(
            all => Claims.ReadAfterReset(all.Unread, all.Written, all.Stream),
            (Unread: Shipped.Recording("02-close-unread"), Written: Shipped.Recording("02-write-then-read"), Stream: Shipped.Recording("02-stream-unread")))
        .Breaks("02-c7-only-without-fin", all => (all.Unread.WithFinBefore(s => s.IsReset), all.Written, all.Stream))
        .Breaks("02-c7-only-without-fin", all => (all.Unread.WithCall("client", "Receive", 1, call => call.Returning(0)), all.Written, all.Stream))
        .Breaks("02-c7-only-without-fin", all => (all.Unread, all.Written.WithCall("client", "Receive", 0, call => call.FailingWith("ECONNRESET", SocketError.ConnectionReset)), all.Stream))
        .Breaks("02-c7-only-without-fin", all => (all.Unread, all.Written, all.Stream.WithCall("client", "Receive", 0, call => call.FailingWith("ECONNRESET", SocketError.ConnectionReset))))
        .Check();

    private static Func<Func<string, object?>, bool> Row(string ending, string name) => row => (string?)row("ending") == ending && (string?)row("class") == name;

    private static Func<Func<string, object?>, bool> In(string situation) => row => (string?)row("situation") == situation;
}
