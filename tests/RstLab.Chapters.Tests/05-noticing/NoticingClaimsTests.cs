using System.Net.Sockets;

namespace RstLab.Chapters.Tests;

public class NoticingClaimsTests
{
    private const string Ping = "ping after 0.25 s, answer within 0.25 s";

    [Fact]
    public void Endings() => CounterExamples.To(
        all => NoticingClaims.Endings(all[0], all[1], all[2]), Of("05-fin", "05-rst", "05-fin-then-rst"))
        .Breaks("05-p6-fin", all => With(all, 0, r => r.WithCall("client", "Poll", 0, call => call.Returning("False"))))
        .Breaks("05-p6-fin", all => With(all, 0, r => r.WithCall("client", "Receive", 0, Reset)))
        .Breaks("05-p6-rst", all => With(all, 1, r => r.WithCall("client", "Poll", 0, call => call.Returning("False"))))
        .Breaks("05-p6-rst", all => With(all, 1, r => r.WithCall("client", "Receive", 0, call => call.Returning(0))))
        .Breaks("05-p6-both", all => With(all, 2, r => r.WithCall("client", "Poll", 0, call => call.Returning("False"))))
        .Breaks("05-p6-both", all => With(all, 2, r => r.WithCall("client", "Receive", 0, Reset)))
        .Breaks("05-p6-wire", all => With(all, 2, r => r.WithoutSegments(s => s.IsReset)))
        .Breaks("05-p6-wire", all => With(all, 2, r => r.WithoutSegments(s => s.Letters.Contains('F'))))
        .Check();

    [Fact]
    public void Ways_of_asking() => CounterExamples.To(
        all => NoticingClaims.WaysOfAsking(all), Of("05-ask-nothing", "05-ask-fin", "05-ask-rst", "05-ask-fin-then-rst"))
        .Breaks("05-c8-readable", all => With(all, 1, r => r.WithCall("Poll for reading", "Poll", 0, call => call.Returning("False"))))
        .Breaks("05-c8-readable", all => With(all, 0, r => r.WithCall("Poll for reading", "Poll", 0, call => call.Returning("True"))))
        .Breaks("05-c8-select", all => With(all, 1, r => r.WithCall("Select", "Select", 0, call => call.Returning("read+write+error"))))
        .Breaks("05-c8-select", all => With(all, 2, r => r.WithCall("Select", "Select", 0, call => call.Returning("read+write"))))
        .Breaks("05-c8-select", all => With(all, 3, r => r.WithCall("Select", "Select", 0, call => call.Returning("read+write"))))
        .Breaks("05-ask-writable", all => With(all, 2, r => r.WithCall("Poll for writing", "Poll", 0, call => call.Returning("False"))))
        .Breaks("05-ask-async-same", all => With(all, 2, r => r.WithCall("ReceiveAsync, issued after", "ReceiveAsync", 0, call => call.Returning(0))))
        .Breaks("05-ask-async-same",
            all => With(all, 2, r => r.WithCall("SocketAsyncEventArgs, pending before", "ReceiveAsync(e)", 0, call => call.Returning(0))))
        .Breaks("05-ask-zero-pending", all => With(all, 2, r => r.WithCall("zero-byte ReceiveAsync, pending before", "ReceiveAsync", 0, Reset)))
        .Breaks("05-ask-zero-issued",
            all => With(all, 2, r => r.WithCall("zero-byte ReceiveAsync, issued after", "ReceiveAsync", 0, call => call.Returning(0))))
        .Breaks("05-ask-zero-then",
            all => With(all, 2, r => r.WithCall("zero-byte ReceiveAsync, then ReceiveAsync", "ReceiveAsync", 1, call => call.Returning(0))))
        .Breaks("05-ask-available", all => With(all, 1, r => r.WithCall("Available", "Available", 0, call => call.Returning(1))))
        .Breaks("05-ask-connected", all => With(all, 2, r => r.WithCall("Connected", "Connected", 0, call => call.Returning("False"))))
        .Breaks("05-ask-connected", all => With(all, 2, r => r.WithCall("Receive, then Connected", "Connected", 0, call => call.Returning("True"))))
        .Breaks("05-ask-connected", all => With(all, 1, r => r.WithCall("Receive, then Connected", "Connected", 0, call => call.Returning("False"))))
        .Breaks("05-ask-once", all => With(all, 2, r => r.WithCall("SO_ERROR, then Receive", "Receive", 0, Reset)))
        .Breaks("05-ask-once", all => With(all, 2, r => r.WithCall("Receive, then Poll for errors", "Poll", 0, call => call.Returning("True"))))
        .Breaks("05-ask-hidden", all => With(all, 3, r => r.WithCall("Receive, twice", "Receive", 1, Reset)))
        .Breaks("05-ask-hidden",
            all => With(all, 3, r => r.WithCall("SocketAsyncEventArgs, pending before", "ReceiveAsync(e)", 0, call => call.Returning("ConnectionReset"))))
        .Breaks("05-ask-hidden", all => With(all, 3, r => r.WithCall("SO_ERROR", "SO_ERROR", 0, call => call.Returning("ECONNRESET"))))
        .Breaks("05-ask-hidden", all => With(all, 3, r => r.WithCall("Connected", "Connected", 0, call => call.Returning("False"))))
        .Check();

    [Fact]
    public void Receive_timeout() => CounterExamples.To(r => NoticingClaims.ReceiveTimeout(r), Shipped.Recording("05-receive-timeout"))
        .Breaks("05-receive-timeout", r => r.WithCall("client", "Receive", 0, call => call.FailingWith("EAGAIN", SocketError.WouldBlock)))
        .Breaks("05-receive-timeout", r => r.WithCall("client", "Receive", 0, call => call with { Errno = 11 }))
        .Breaks("05-receive-timeout-usable", r => r.WithCall("client", "Receive", 1, call => call.Returning(0)))
        .Breaks("05-receive-timeout-usable", r => r.With<Segment>(s => s.Length > 0, s => s with { Flags = ControlBits.Rst }))
        .Check();

    [Fact]
    public void Defaults() => CounterExamples.To(unset => NoticingClaims.Defaults(unset), new Dictionary<string, string>
    {
        ["Socket: SO_KEEPALIVE"] = "off",
        ["SocketsHttpHandler.ConnectTimeout"] = "never",
        ["SocketsHttpHandler.KeepAlivePingDelay"] = "never",
        ["HttpClient.Timeout"] = "00:01:40",
        ["ClientWebSocket.Options.KeepAliveInterval"] = "00:00:30",
        ["ClientWebSocket.Options.KeepAliveTimeout"] = "never",
    })
        .Breaks("05-default-keepalive-off", unset => new(unset) { ["Socket: SO_KEEPALIVE"] = "on" })
        .Breaks("05-default-no-ping", unset => new(unset) { ["SocketsHttpHandler.KeepAlivePingDelay"] = "00:01:00" })
        .Breaks("05-default-no-ping", unset => new(unset) { ["SocketsHttpHandler.ConnectTimeout"] = "00:00:15" })
        .Breaks("05-default-deadline", unset => new(unset) { ["HttpClient.Timeout"] = "never" })
        .Breaks("05-default-websocket", unset => new(unset) { ["ClientWebSocket.Options.KeepAliveInterval"] = "never" })
        .Breaks("05-default-websocket", unset => new(unset) { ["ClientWebSocket.Options.KeepAliveTimeout"] = "00:00:20" })
        .Check();

    [Fact]
    public void Keepalive_alone() => CounterExamples.To(r => NoticingClaims.KeepAliveAlone(r), Shipped.Recording("05-keepalive"))
        .Breaks("05-keepalive-probe", r => r.With<Segment>(IsLate, s => s with { Seq = s.Seq + 1 }))
        .Breaks("05-keepalive-probe", r => r.With<Segment>(IsLate, s => s with { Length = 1 }))
        .Breaks("05-keepalive-probe", r => r.With<Segment>(IsLate, s => s with { T = 900_000_000 }))
        .Breaks("05-keepalive-etimedout", r => r.WithCall("client", "ReceiveAsync", 0, Reset))
        .Breaks("05-keepalive-etimedout", r => r.WithCall("client", "ReceiveAsync", 0, call => call with { Elapsed = 1_500_000_000 }))
        .Breaks("05-keepalive-reset", r => r.WithoutSegments(s => s.IsReset))
        .Breaks("05-keepalive-reset", r => r.With<Segment>(s => s.IsReset, s => s with { From = s.To, To = s.From }))
        .Breaks("05-keepalive-reason", r => r.WithReason("TCP_STATE"))
        .Breaks("05-keepalive-two-seconds", r => r.WithCall("client", "ReceiveAsync", 0, call => call with { Elapsed = 1_900_000_000 }))
        .Breaks("05-keepalive-two-seconds", r => r.WithoutSegments(IsLate))
        .Check();

    [Fact]
    public void Keepalive_answered() => CounterExamples.To(
        r => NoticingClaims.KeepAliveAnswered(r, Shipped.Recording("05-keepalive")), Shipped.Recording("05-keepalive-answered"))
        .Breaks("05-answered-ack", r => r.WithoutSegments(s => s.T > 2_000_000_000 && s.From == r.SegmentsFrom("server")[0].From))
        .Breaks("05-answered-ack",
            r => r.With<Segment>(s => s.T > 2_000_000_000 && s.From == r.SegmentsFrom("server")[0].From, s => s with { Flags = ControlBits.Rst }))
        .Breaks("05-answered-ack", r => r.With<AppCall>(call => call.Call == "KeepAlive", call => call with { Who = "server" }))
        .Breaks("05-answered-ack", r => r.WithoutSegments(s => s.T > 900_000_000))
        .Breaks("05-answered-never", r => r.WithCall("client", "ReceiveAsync", 0, TimedOut))
        .Breaks("05-answered-never", r => r.WithCall("client", "ReceiveAsync", 0, call => call with { Elapsed = 1_500_000_000 }))
        .Check();

    [Fact]
    public void Full_window() => CounterExamples.To(r => NoticingClaims.FullWindow(r), Shipped.Recording("05-full-window"))
        .Breaks("05-full-etimedout",
            r => r.WithCall("client", "Send", r.CallsOf("client", "Send").Count - 1, call => call.FailingWith("EPIPE", SocketError.Shutdown)))
        .Breaks("05-full-etimedout", r => r.With<Segment>(s => s.Window == 0, s => s with { Window = 1 }))
        .Breaks("05-full-etimedout", r => r.With<Segment>(s => s.Window == 0, s => s with { Ack = s.Ack - 1 }))
        .Breaks("05-full-no-reset", r => r.With<Segment>(s => ReferenceEquals(s, r.Segments.Last()), s => s with { Flags = ControlBits.Rst | ControlBits.Ack }))
        .Check();

    [Fact]
    public void Messages() => CounterExamples.To(all => NoticingClaims.Messages(all[0], all[1]), Of("05-notice-closed", "05-notice-reset"))
        .Breaks("05-notice-message", all => With(all, 0, r => r.WithCall("wait in Receive", "ReceiveAsync", 0, call => call.Returning("pending"))))
        .Breaks("05-notice-message", all => With(all, 0, r => r.WithCall("wait in Receive", "ReceiveAsync", 0, Reset)))
        .Breaks("05-notice-message", all => With(all, 0, r => r.WithCall("a deadline of 1 s", "WaitAsync", 0, Late)))
        .Breaks("05-notice-message", all => With(all, 1, r => r.WithCall("wait in Receive", "ReceiveAsync", 0, TimedOut)))
        .Check();

    [Fact]
    public void Silent() => CounterExamples.To(r => NoticingClaims.Silent(r), Shipped.Recording("05-notice-silent"))
        .Breaks("05-notice-silent", r => r.WithCall("keepalive 1 s + 1 x 1 s", "ReceiveAsync", 0, TimedOut))
        .Breaks("05-notice-silent", r => r.WithCall("a deadline of 1 s", "WaitAsync", 0, call => call.Returning("pending")))
        .Breaks("05-notice-silent", r => r.WithCall(Ping, "Ping", 0, call => call.Returning("pending")))
        .Check();

    [Fact]
    public void Vanished() => CounterExamples.To(r => NoticingClaims.Vanished(r), Shipped.Recording("05-notice-vanished"))
        .Breaks("05-c10-never-writes", r => r.WithCall("wait in Receive", "ReceiveAsync", 0, Reset))
        .Breaks("05-c10-silence", r => r.With<Segment>(s => s.From == Address(r, "wait in Receive"), s => s with { T = 1_000_000_000 }))
        .Breaks("05-c10-silence", r => r.With<Segment>(s => s.To == Address(r, "wait in Receive"), s => s with { T = 1_000_000_000 }))
        .Breaks("05-c10-one-write", r => r.WithCall("write once, then wait", "ReceiveAsync", 0, TimedOut))
        .Breaks("05-c10-one-write", r => r.WithoutSegments(s => s.From == Address(r, "write once, then wait") && s.Length > 0))
        .Breaks("05-vanished-again", r => r.WithoutSegments(s => s.From == Address(r, "write once, then wait") && s.T > 400_000_000))
        .Breaks("05-vanished-again",
            r => r.With<Segment>(s => s.From == Address(r, "write once, then wait") && s.T > 1_500_000_000, s => s with { T = 1_000_000_000 }))
        .Breaks("05-notice-keepalive", r => r.WithCall("keepalive 1 s + 1 x 1 s", "ReceiveAsync", 0, call => call.Returning("pending")))
        .Breaks("05-notice-keepalive", r => r.WithCall("keepalive 1 s + 1 x 1 s", "ReceiveAsync", 0, call => call with { Elapsed = 1_900_000_000 }))
        .Breaks("05-notice-keepalive-write", r => r.WithCall("keepalive 1 s + 1 x 1 s, one write", "ReceiveAsync", 0, TimedOut))
        .Breaks("05-notice-keepalive-write",
            r => r.With<Segment>(s => s.From == Address(r, "keepalive 1 s + 1 x 1 s, one write") && s.T > 1_500_000_000, s => s with { Length = 0 }))
        .Breaks("05-notice-keepalive-write", r => r.WithoutSegments(s => s.From == Address(r, "keepalive 1 s + 1 x 1 s") && s.T > 900_000_000))
        .Breaks("05-notice-user-timeout", r => r.WithCall("TCP_USER_TIMEOUT 0.5 s, one write", "ReceiveAsync", 0, call => call.Returning("pending")))
        .Breaks("05-vanished-late", r => r.WithCall("TCP_USER_TIMEOUT 0.5 s, one write", "ReceiveAsync", 0, call => call with { Elapsed = 800_000_000 }))
        .Breaks("05-notice-user-timeout-idle", r => r.WithCall("TCP_USER_TIMEOUT 0.5 s, no write", "ReceiveAsync", 0, TimedOut))
        .Breaks("05-notice-both-knobs",
            r => r.WithCall("keepalive 1 s + 9 x 1 s, TCP_USER_TIMEOUT 1.5 s", "ReceiveAsync", 0, call => call.Returning("pending")))
        .Breaks("05-notice-both-knobs",
            r => r.WithCall("keepalive 1 s + 9 x 1 s, TCP_USER_TIMEOUT 1.5 s", "ReceiveAsync", 0, call => call with { Elapsed = 1_200_000_000 }))
        .Breaks("05-notice-both-knobs", WithNineProbes)
        .Breaks("05-vanished-only-keepalive-resets", r => r.WithoutSegments(s => s.IsReset && s.From == Address(r, "keepalive 1 s + 1 x 1 s")))
        .Breaks("05-vanished-only-keepalive-resets", r => r.With<Segment>(
            s => s.From == Address(r, "TCP_USER_TIMEOUT 0.5 s, one write") && s.T > 900_000_000, s => s with { Flags = ControlBits.Rst }))
        .Check();

    [Fact]
    public void Pings() => CounterExamples.To(
        all => NoticingClaims.Pings(all[0], all[1], all[2], all[3]), Of("05-notice-closed", "05-notice-reset", "05-notice-vanished", "05-notice-silent"))
        .Breaks("05-notice-ping", all => With(all, 0, r => r.WithCall(Ping, "ReceiveAsync", 0, call => call.Returning("pending"))))
        .Breaks("05-notice-ping", all => With(all, 3, r => r.WithCall(Ping, "Ping", 0, call => call.Returning("pending"))))
        .Breaks("05-notice-ping", all => With(all, 2, r => r.WithoutSegments(s => s.From == Address(r, Ping) && s.Length > 0)))
        .Check();

    [Fact]
    public void Rows_of_the_times_agree_with_those_that_ship()
    {
        (string, string)[] peers =
            [("closed", "05-notice-closed"), ("reset", "05-notice-reset"), ("vanished", "05-notice-vanished"), ("silent but alive", "05-notice-silent")];
        var shipped = Shipped.Table("05-time-to-notice").Rows.Where(row => (string)row[2]! != "computed");

        var rows = peers.SelectMany(peer => Watching.Rows(peer.Item1, Shipped.Recording(peer.Item2)));

        Assert.Equal(shipped.Select(row => (row[0], row[1], row[2], row[4])), rows.Select(row => (row[0], row[1], row[2], row[4])));
    }

    private static IReadOnlyList<Recording> Of(params string[] ids) => [.. ids.Select(Shipped.Recording)];

    private static IReadOnlyList<Recording> With(IReadOnlyList<Recording> all, int index, Func<Recording, Recording> change) =>
        [.. all.Select((recording, i) => i == index ? change(recording) : recording)];

    private static string Address(Recording recording, string who) => recording.Participants.Single(one => one.Name == who).Address;

    private static bool IsLate(Segment segment) => segment.T > 900_000_000 && !segment.IsReset;

    private static AppCall Reset(AppCall call) => call.FailingWith("ECONNRESET", SocketError.ConnectionReset);

    private static AppCall TimedOut(AppCall call) => call.FailingWith("ETIMEDOUT", SocketError.TimedOut);

    private static AppCall Late(AppCall call) => call with { Result = null, Exception = typeof(TimeoutException).FullName };

    private static Recording WithNineProbes(Recording recording)
    {
        var probe = recording.SegmentsFrom("keepalive 1 s + 9 x 1 s, TCP_USER_TIMEOUT 1.5 s").Last(s => !s.IsReset);
        return recording with { Events = [.. recording.Events.SelectMany(e => Enumerable.Repeat(e, ReferenceEquals(e, probe) ? 9 : 1))] };
    }
}
