using System.Net.Sockets;

namespace RstLab.Chapters.Tests;

public class EpipeOrEconnresetClaimsTests
{
    private static ResultTable ByState => Shipped.Table("04-errno-by-state");

    [Fact]
    public void One_segment() => CounterExamples.To(
            two =>
                EpipeOrEconnresetClaims.OneSegment(two.Alone, two.AfterFin), (Alone: Shipped.Recording("04-reset-alone"),
                    AfterFin: Shipped.Recording("04-fin-then-reset")))
        .Breaks("04-one-reset-each", two => two with { Alone = two.Alone.WithoutSegments(s => s.IsReset) })
        .Breaks("04-one-reset-each",
            two => two with { AfterFin = two.AfterFin.With<Segment>(s => s.Letters.Contains('F'), s => s with { Flags = ControlBits.Ack }) })
        .Breaks("04-one-reset-each", two => two with { AfterFin = two.AfterFin.With<Segment>(s => s.IsReset, s => s with { From = s.To, To = s.From }) })
        .Breaks("04-alone-econnreset", two => two with { Alone = two.Alone.WithCall("client", "Receive", 0, Pipe) })
        .Breaks("04-alone-econnreset", two => two with { Alone = two.Alone.WithCall("client", "Send", 1, Reset) })
        .Breaks("04-fin-hides-reset", two => two with { AfterFin = two.AfterFin.WithCall("client", "Receive", 0, Reset) })
        .Breaks("04-fin-hides-reset", two => two with { AfterFin = two.AfterFin.WithCall("client", "Send", 0, Reset) })
        .Check();

    [Fact]
    public void Every_state() => CounterExamples.To(t => EpipeOrEconnresetClaims.ByState(t), ByState)
        .Breaks("04-refused", t => t.Cell("SYN_SENT", "send+send", "ECONNRESET+EPIPE"))
        .Breaks("04-error-once", t => t.Cell("FIN_WAIT_2", "send+send", "ECONNRESET+ECONNRESET"))
        .Breaks("04-error-once", t => t.Cell("SYN_RECEIVED", "receive+receive+send", "ECONNREFUSED+0+EPIPE"))
        .Breaks("04-error-once", t => t.Cell("ESTABLISHED", "send+receive", "ECONNRESET+ECONNRESET"))
        .Breaks("04-receive-never-tells", t => t.Cell("LAST_ACK", "receive+receive", "0+ECONNRESET"))
        .Breaks("04-only-close-wait", t => t.Cell("CLOSE_WAIT", "SO_ERROR+SO_ERROR+send", "ECONNRESET+0+EPIPE"))
        .Breaks("04-only-close-wait", t => t.Cell("FIN_WAIT_1", "SO_ERROR+SO_ERROR+send", "EPIPE+0+EPIPE"))
        .Breaks("04-only-close-wait", t => t.Cell("LAST_ACK", "send+send", "EPIPE+EPIPE"))
        .Breaks("04-unread-first", t => t.Cell("ESTABLISHED with unread bytes", "receive+receive", "ECONNRESET+0"))
        .Breaks("04-unread-first", t => t.Cell("CLOSE_WAIT with unread bytes", "receive+receive", "5+EPIPE"))
        .Breaks("04-unread-after-error", t => t.Cell("CLOSE_WAIT with unread bytes", "send+receive", "EPIPE+0"))
        .Breaks("04-time-wait-deaf", t => t.Cell("TIME_WAIT", "SO_ERROR+SO_ERROR+send", "ECONNRESET+0+EPIPE"))
        .Breaks("04-time-wait-deaf", t => t.Cell("TIME_WAIT", "poll read+poll write+poll error", "True+True+True"))
        .Check();

    [Fact]
    public void States_with_the_same_rows() => CounterExamples.To(EpipeOrEconnresetClaims.SameRows, ByState)
        .Breaks("04-same-rows", t => t.Cell("FIN_WAIT_2", "Shutdown", "ENOTCONN"))
        .Breaks("04-same-rows", t => t.Cell("CLOSING", "send+send", "EPIPE+EPIPE"))
        .Breaks("04-so-error-takes", t => t.Cell("ESTABLISHED", "SO_ERROR+SO_ERROR+send", "ECONNRESET+ECONNRESET+EPIPE"))
        .Breaks("04-so-error-takes", t => t.Cell("CLOSING", "SO_ERROR+SO_ERROR+send", "ECONNRESET+0+ECONNRESET"))
        .Breaks("04-poll-all", t => t.Cell("LAST_ACK", "poll read+poll write+poll error", "True+True+False"))
        .Breaks("04-poll-after", t => t.Cell("LAST_ACK", "SO_ERROR+poll read+poll write+poll error", "ECONNRESET+True+True+True"))
        .Breaks("04-connected-remembers", t => t.Cell("ESTABLISHED", "Connected", "False"))
        .Breaks("04-connected-remembers", t => t.Cell("FIN_WAIT_1", "Connected", "True"))
        .Breaks("04-available", t => t.Cell("CLOSE_WAIT with unread bytes", "Available", "0"))
        .Breaks("04-available", t => t.Cell("LAST_ACK", "Available", "ECONNRESET"))
        .Breaks("04-control", t => t.Cell("CLOSE_WAIT, no reset", "send+send", "5+EPIPE"))
        .Breaks("04-control", t => t.Cell("CLOSE_WAIT, no reset", "SO_ERROR+SO_ERROR+send", "EPIPE+0+5"))
        .Breaks("04-control", t => t.Cell("ESTABLISHED, no reset", "poll read+poll write+poll error", "True+True+False"))
        .Check();

    [Fact]
    public void Connected_and_the_pending_error() => CounterExamples.To(t => EpipeOrEconnresetClaims.Connected(t), Shipped.Table("04-connected-by-state"))
        .Breaks("04-connected-takes", t => t.Cell("SYN_SENT", "Connected+SO_ERROR+send", "False+ECONNREFUSED+EPIPE"))
        .Breaks("04-connected-takes", t => t.Cell("SYN_RECEIVED", "Connected+SO_ERROR+send", "False+ECONNRESET+EPIPE"))
        .Breaks("04-connected-leaves", t => t.Cell("CLOSE_WAIT", "Connected+SO_ERROR+send", "True+0+EPIPE"))
        .Check();

    [Fact]
    public void The_rule()
    {
        // What ships is a rule that predicts it.
        var shipped = ByState;
        CounterExamples.To(t => EpipeOrEconnresetClaims.Rule(t, (state, operation) => StateTable.Cell(shipped, state.Name, operation)), shipped)
            .Breaks("04-rule", t => t.Cell("LAST_ACK", "send+send", "EPIPE+EPIPE"))
            .Breaks("04-rule", t => t with { Rows = [.. t.Rows.Where(row => (string?)row[0] != "TIME_WAIT")] })
            .Check();
    }

    [Fact]
    public void The_kernel_and_dotnet() => CounterExamples.To(
            all =>
                EpipeOrEconnresetClaims.Kernel(all.Kernel, all.ByState, all.Dotnet), (Kernel: Shipped.Table("04-kernel-by-state"), ByState,
                    Dotnet: Shipped.Table("04-dotnet-by-state")))
        .Breaks("04-same-number", all => all with { Kernel = all.Kernel.Cell("LAST_ACK", "send+send", "EPIPE+EPIPE", "system call") })
        .Breaks("04-shutdown-hidden", all => all with { Kernel = all.Kernel.Cell("CLOSE_WAIT", "Shutdown", "0", "system call") })
        .Breaks("04-shutdown-hidden", all => all with { ByState = all.ByState.Cell("CLOSE_WAIT", "Shutdown", "ENOTCONN") })
        .Breaks("04-epipe-is-shutdown", all => all with { Dotnet = all.Dotnet.Cell("CLOSE_WAIT", "send+send", "Shutdown+ConnectionReset") })
        .Breaks("04-epipe-is-shutdown", all => all with { Dotnet = all.Dotnet.Cell("SYN_SENT", "Shutdown", "Shutdown") })
        .Breaks("04-poll-hup", all => all with { Kernel = all.Kernel.Cell("CLOSE_WAIT, no reset", "poll", "IN|OUT|HUP|RDHUP", "system call") })
        .Breaks("04-poll-hup", all => all with { Kernel = all.Kernel.Cell("LAST_ACK", "poll", "IN|OUT|HUP|RDHUP", "system call") })
        .Check();

    [Fact]
    public void Who_ignores_SIGPIPE() => CounterExamples.To(t => EpipeOrEconnresetClaims.Masks(t), Shipped.Table("04-sigpipe-masks"))
        .Breaks("04-sigpipe-ignored", t => t.With(row => (string?)row("process") == "this .NET process", "SIGPIPE", "default"))
        .Breaks("04-sigpipe-inherited", t => t.With(row => (string?)row("process") == "cat, its child", "SIGPIPE", "default"))
        .Breaks("04-sigpipe-shell", t => t.With(row => (string?)row("said") == "still alive", "said", ""))
        .Check();

    [Fact]
    public void Children_that_write() => CounterExamples.To(t => EpipeOrEconnresetClaims.Children(t), Shipped.Table("04-sigpipe-children"))
        .Breaks("04-child-dies", t => t.With(row => (string?)row("SIGPIPE") == "default" && (string?)row("channel") == "unix", "exit code", 0))
        .Breaks("04-child-nosignal", t => t.With(row => (string?)row("SIGPIPE") == "nosignal" && (string?)row("channel") == "tcp", "exit code", 141))
        .Breaks("04-child-nosignal",
            t => t.With(row => (string?)row("SIGPIPE") == "nosignal" && (string?)row("channel") == "tcp", "said", "EPIPE; SIGPIPE is ignored"))
        .Breaks("04-child-ignored", t => t.With(row => (string?)row("SIGPIPE") == "ignored" && (string?)row("channel") == "pipe", "exit code", 141))
        .Breaks("04-child-ignored",
            t => t.With(row => (string?)row("SIGPIPE") == "ignored"
                && (string?)row("channel") == "pipe", "said", "SocketException EPIPE; SIGPIPE is ignored"))
        .Breaks("04-child-registered",
            t => t.With(row => (string?)row("SIGPIPE") == "registered", "said", "SocketException EPIPE; SIGPIPE is ignored; handler called 1 times"))
        .Check();

    [Fact]
    public void A_reader_that_has_left() => CounterExamples.To(t => EpipeOrEconnresetClaims.Head(t), Shipped.Table("04-head"))
        .Breaks("04-head-console", t => t.With(row => (string?)row("command") == "child lines 20000 console", "what the app said", "700 lines, no error"))
        .Breaks("04-head-console", t => t.With(row => (string?)row("command") == "child lines 20000 console", "its end", "exit code 141"))
        .Breaks("04-head-stream", t => t.With(row => (string?)row("command") == "child lines 20000 stream", "what the app said", "20000 lines, no error"))
        .Breaks("04-head-default", t => t.With(row => (string?)row("command") == "child lines 20000 default", "its end", "exit code 0"))
        .Breaks("04-head-yes", t => t.With(row => (string?)row("command") == "yes", "its end", "exit code 141"))
        .Breaks("04-head-yes", t => t.With(row => (string?)row("command") == "yes", "its end", "exit code 0"))
        .Check();

    [Fact]
    public void Names_and_numbers() => CounterExamples.To(
            two =>
                EpipeOrEconnresetClaims.Names(two.Names, PlatformErrors.Load(Path.Combine(Shipped.Root, "data", "platforms.json")), two.ByState),
                    (Names: Shipped.Table("04-error-names"), ByState))
        .Breaks("04-names-match", two => two with { Names = two.Names.With(row => (string?)row("error") == "EPIPE", "error", "ESHUTDOWN") })
        .Breaks("04-raised",
            two => two with { Names = two.Names.With(row => (string?)row("error") == "ETIMEDOUT", "by the table of states (measured)", "raised") })
        .Breaks("04-raised", two => two with { ByState = two.ByState.Cell("ESTABLISHED", "Shutdown", "ENOTCONN") })
        .Breaks("04-raised", two => two with { ByState = two.ByState.Cell("SYN_SENT", "receive+receive", "ENOTCONN+0") })
        .Breaks("04-numbers-differ", two => two with { Names = two.Names.With(row => (string?)row("error") == "EPIPE", "number on macOS (documented)", 58) })
        .Breaks("04-numbers-differ",
            two => two with { Names = two.Names.With(row => (string?)row("error") == "ECONNRESET", "number on macOS (documented)", 104) })
        .Breaks("04-numbers-differ",
            two => two with { Names = two.Names.With(row => (string?)row("error") == "ECONNRESET", "number on Windows (documented)", 104) })
        .Check();

    [Fact]
    public void What_a_stream_throws() => CounterExamples.To(r => EpipeOrEconnresetClaims.Exceptions(r), Shipped.Recording("04-exceptions"))
        .Breaks("04-exception-stream", r => r.WithCall("client", "NetworkStream.Read", 0, Reset))
        .Breaks("04-exception-stream", r => r.WithCall("client", "NetworkStream.Write", 0, call => call with { Error = SocketError.ConnectionReset }))
        .Breaks("04-exception-socket", r => r.WithCall("client", "Send", 0, call => call with { Exception = "System.IO.IOException" }))
        .Check();

    [Fact]
    public void A_socket_that_is_disposed_of() => CounterExamples.To(
            two =>
                EpipeOrEconnresetClaims.Disposed(two.Blocked, two.Pending), (Blocked: Shipped.Recording("04-dispose-blocked"),
                    Pending: Shipped.Recording("04-dispose-pending")))
        .Breaks("04-dispose-blocked", two => two with { Blocked = two.Blocked.WithCall("client", "Receive", 0, Cancelled) })
        .Breaks("04-dispose-pending", two => two with { Pending = two.Pending.WithCall("client", "ReceiveAsync", 0, Reset) })
        .Breaks("04-dispose-own-reset", two => two with { Blocked = two.Blocked.With<Segment>(s => s.IsReset, s => s with { From = s.To, To = s.From }) })
        .Breaks("04-dispose-own-reset",
            two => two with { Pending = two.Pending.With<Segment>(s => s.IsReset, s => s with { Flags = ControlBits.Fin | ControlBits.Ack }) })
        .Breaks("04-dispose-own-reset", two => two with { Pending = two.Pending.WithCall("server", "Receive", 0, call => call.Returning(0)) })
        .Check();

    [Fact]
    public void An_error_that_lies() => CounterExamples.To(
            two =>
                EpipeOrEconnresetClaims.Lie(two.Lie, two.Truth), (Lie: Shipped.Recording("04-error-that-lies"),
                    Truth: Shipped.Recording("04-system-call-tells")))
        .Breaks("04-lie-timed-out", two => two with { Lie = two.Lie.WithCall("client", "Send", 0, Reset) })
        .Breaks("04-lie-timed-out", two => two with { Lie = two.Lie.WithoutSegments(s => s.IsReset) })
        .Breaks("04-lie-no-timeout", two => two with { Lie = two.Lie.WithCall("client", "SendTimeout", 0, call => call.Returning(100)) })
        .Breaks("04-lie-truth", two => two with { Truth = two.Truth.WithCall("client", "send(2)", 0, call => call.Returning(4_000_000)) })
        .Breaks("04-lie-truth", two => two with { Truth = two.Truth.WithCall("client", "send(2)", 1, Pipe) })
        .Breaks("04-lie-gone", two => two with { Lie = two.Lie.WithCall("client", "SO_ERROR", 0, call => call.Returning("ECONNRESET")) })
        .Check();

    [Fact]
    public void Other_ways_to_send() => CounterExamples.To(
            r => EpipeOrEconnresetClaims.Honest(r[0], r[1], r[2], r[3]),
            (Recording[])[.. new[] { "04-cut-stream", "04-cut-stream-async", "04-cut-async", "04-cut-after-async" }.Select(Shipped.Recording)])
        .Breaks("04-honest-stream-lies", r => [r[0].WithCall("client", "NetworkStream.Write", 0, Reset), r[1], r[2], r[3]])
        .Breaks("04-honest-async", r => [r[0], r[1].WithCall("client", "NetworkStream.WriteAsync", 0, TimedOut), r[2], r[3]])
        .Breaks("04-honest-async", r => [r[0], r[1], r[2].WithCall("client", "SendAsync", 0, TimedOut), r[3]])
        .Breaks("04-honest-after-async", r => [r[0], r[1], r[2], r[3].WithCall("client", "Send", 0, TimedOut)])
        .Check();

    private static AppCall Reset(AppCall call) => call.FailingWith("ECONNRESET", SocketError.ConnectionReset);

    private static AppCall Pipe(AppCall call) => call.FailingWith("EPIPE", SocketError.Shutdown);

    private static AppCall TimedOut(AppCall call) => call.FailingWith("ETIMEDOUT", SocketError.TimedOut);

    private static AppCall Cancelled(AppCall call) => call.FailingWith("ECANCELED", SocketError.OperationAborted);
}

/// <summary>Changes to the tables of every state and call.</summary>
file static class ChangedTable
{
    internal static ResultTable Cell(this ResultTable table, string state, string operation, string outcome, string column = "operation") =>
        table.With(row => (string?)row("state") == state && (string?)row(column) == operation, "outcome", outcome);
}
