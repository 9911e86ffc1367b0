using System.Net.NetworkInformation;
using RstLab.Notebooks;

namespace RstLab.Chapters;

/// <content>The tables of every state and call.</content>
public static partial class EpipeOrEconnresetClaims
{
    private static readonly string[] WithoutFin = ["SYN_RECEIVED", "ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2"];
    private static readonly string[] AfterFin = ["CLOSE_WAIT", "CLOSING", "LAST_ACK", "TIME_WAIT"];
    private static readonly string[] SendsAndReceives = ["send+send", "receive+receive", "receive+receive+send", "send+receive"];

    /// <summary>What a reset leaves, by the state that it arrived in.</summary>
    /// <param name="byState">The table <c>04-errno-by-state</c>.</param>
    /// <param name="guess">What the reader predicted for LAST_ACK.</param>
    public static ClaimSet ByState(ResultTable byState, Prediction? guess = null) => Claims.On(byState)
        .Compare(guess, t => t.Cell("LAST_ACK", "send+send") switch
            { "EPIPE+EPIPE" => 1, "ECONNRESET+EPIPE" => 2, "EPIPE+ECONNRESET" => 3, "5+EPIPE" => 4, _ => 0 },
            "The state alone decides what a reset leaves, and only CLOSE_WAIT leaves EPIPE. In LAST_ACK it is ECONNRESET, although a FIN came first.",
            (1, "'A FIN came first' is a good rule for Receive. For the error that is left, it is the state that counts."),
            (3, "EPIPE is what Send fails with when no error is left. It comes last."),
            (4, "In LAST_ACK the client has shut down its own sending side. No Send can succeed there, with or without a reset."))
        .That("04-refused", "A reset in SYN_SENT leaves ECONNREFUSED.",
            t => t.InAll("receive+receive", "ECONNREFUSED+0", "SYN_SENT") && t.InAll("send+send", "ECONNREFUSED+EPIPE", "SYN_SENT"))
        .That("04-error-once",
            "After the handshake's first step, where no FIN came first and nothing is unread, the first Send or Receive fails with ECONNRESET. After "
                + "that, Receive returns 0 and Send fails with EPIPE: the error is reported once.",
            t => t.InAll("receive+receive+send", "ECONNRESET+0+EPIPE", WithoutFin) && t.InAll("send+send", "ECONNRESET+EPIPE", WithoutFin)
                && t.InAll("send+receive", "ECONNRESET+0", WithoutFin))
        .That("04-receive-never-tells",
            "Where the peer's FIN came first and all data has been read, Receive returns 0 and goes on returning 0. It never reports the reset.",
            t => t.InAll("receive+receive", "0+0", AfterFin))
        .That("04-only-close-wait",
            "Only in CLOSE_WAIT is the error that the reset leaves EPIPE. In CLOSING and LAST_ACK the FIN came first too, and still the first Send fails "
                + "with ECONNRESET.",
            t => StateTable.Resets.All(s => (t.Parts(s, "SO_ERROR+SO_ERROR+send")[0] == "EPIPE") == s.StartsWith("CLOSE_WAIT", StringComparison.Ordinal))
                && t.InAll("send+send", "ECONNRESET+EPIPE", "CLOSING", "LAST_ACK"))
        .That("04-unread-first", "Unread bytes survive the reset. Receive delivers them first, and only then the error, or the end of the stream.",
            t => t.InAll("receive+receive", "5+ECONNRESET", "ESTABLISHED with unread bytes")
                && t.InAll("receive+receive", "5+0", "CLOSE_WAIT with unread bytes"))
        .That("04-unread-after-error", "A Send that fails does not cost you the unread bytes: the Receive after it still delivers them.",
            t => t.InAll("send+receive", "ECONNRESET+5", "ESTABLISHED with unread bytes")
                && t.InAll("send+receive", "EPIPE+5", "CLOSE_WAIT with unread bytes"))
        .That("04-time-wait-deaf",
            "A reset in TIME_WAIT leaves nothing: SO_ERROR is 0, and Poll for errors returns False.",
            t => t.InAll("SO_ERROR+SO_ERROR+send", "0+0+EPIPE", "TIME_WAIT") && t.InAll("poll read+poll write+poll error", "True+True+False", "TIME_WAIT"));

    /// <summary>What several states have in common.</summary>
    /// <param name="byState">The table <c>04-errno-by-state</c>.</param>
    public static ClaimSet SameRows(ResultTable byState) => Claims.On(byState)
        .That("04-same-rows",
            "FIN_WAIT_1 and FIN_WAIT_2 share every cell: whether the client's FIN was acknowledged makes no difference. CLOSING and LAST_ACK "
                + "share every cell, too: whose FIN came first makes no difference.",
            t => t.Texts("operation").Distinct().All(o => t.Cell("FIN_WAIT_1", o) == t.Cell("FIN_WAIT_2", o)
                && t.Cell("CLOSING", o) == t.Cell("LAST_ACK", o)))
        .That("04-so-error-takes", "SO_ERROR takes the error: asked twice, it is 0 the second time, and the Send after it is left with EPIPE.",
            t => StateTable.ResetsOfTheSocket.All(s => t.Parts(s, "SO_ERROR+SO_ERROR+send") is [not "0", "0", "EPIPE"]))
        .That("04-poll-all", "After a reset in any state but TIME_WAIT, the socket is readable, writable and in error at once.",
            t => t.InAll("poll read+poll write+poll error", "True+True+True", StateTable.ResetsOfTheSocket))
        .That("04-poll-after", "Once the error is taken, the socket stays readable and writable, but is no longer in error.",
            t => StateTable.ResetsOfTheSocket.All(s => t.Parts(s, "SO_ERROR+poll read+poll write+poll error") is [not "0", "True", "True", "False"]))
        .That("04-connected-remembers",
            "Once a socket was connected, a reset alone does not change Connected: it stays true until a call fails, unless this app itself "
                + "has shut down its sending side.",
            t => HeldState.All.All(s => t.Cell(s.Name, "Connected") == (s.IsConnecting || s.HasSentFin ? "False" : "True")))
        .That("04-available",
            "In every state, Available returns the number of unread bytes and does not fail.",
            t => HeldState.All.All(s => t.Cell(s.Name, "Available") == $"{s.Unread}"))
        .That("04-control",
            "The controls, without a reset: sends succeed and no error is pending. In CLOSE_WAIT the socket is readable, for the end of the "
                + "stream; in ESTABLISHED it is not.",
            t => t.InAll("send+send", "5+5", "ESTABLISHED, no reset", "CLOSE_WAIT, no reset")
                && t.InAll("SO_ERROR+SO_ERROR+send", "0+0+5", "ESTABLISHED, no reset", "CLOSE_WAIT, no reset")
                && t.InAll("poll read+poll write+poll error", "False+True+False", "ESTABLISHED, no reset")
                && t.InAll("poll read+poll write+poll error", "True+True+False", "CLOSE_WAIT, no reset")
                && t.InAll("receive+receive", "0+0", "CLOSE_WAIT, no reset"));

    /// <summary>Whether it matters that <c>Connected</c> was read.</summary>
    /// <param name="propertyByState">The table <c>04-connected-by-state</c>.</param>
    /// <param name="guess">What the reader predicted.</param>
    public static ClaimSet Connected(ResultTable propertyByState, Prediction? guess = null) => Claims.On(propertyByState)
        .Compare(guess, t => HeldState.All.Where(s => s.IsReset && !SameAfterConnected(t, s)).ToArray() switch
            {
                [] => 1,
                var states when states.All(s => s.IsConnecting) => 3,
                var states when states.All(s => s.State == TcpState.CloseWait) => 4,
                var states => states.Length == StateTable.Resets.Length ? 2 : 0,
            },
            "Connected returns what .NET has stored. While an attempt to connect is under way, it reads SO_ERROR instead, and that clears the error.",
            (1, "To find out how an attempt ended it reads SO_ERROR, and that clears the error."),
            (2, "Once connected, the property makes no system call."),
            (4, "In CLOSE_WAIT no attempt to connect is under way, so the property makes no system call."))
        .That("04-connected-takes",
            "In .NET 10, reading Connected after a reset in SYN_SENT or SYN_RECEIVED clears the pending error: the property uses SO_ERROR to "
                + "find out how the attempt ended, and ECONNREFUSED or ECONNRESET is lost.",
            t => !t.Environment.Runtime.StartsWith(".NET 10.", StringComparison.Ordinal)
                || (t.InAll("SO_ERROR+send", "ECONNREFUSED+EPIPE", "SYN_SENT") && t.InAll("SO_ERROR+send", "ECONNRESET+EPIPE", "SYN_RECEIVED")
                    && t.InAll("Connected+SO_ERROR+send", "False+0+EPIPE", "SYN_SENT", "SYN_RECEIVED")))
        .That("04-connected-leaves",
            "In every other state, reading Connected leaves the pending error in place.",
            t => HeldState.All.Where(s => !s.IsConnecting).All(s => SameAfterConnected(t, s)));

    /// <summary>One rule for every state and call.</summary>
    /// <param name="byState">The table <c>04-errno-by-state</c>.</param>
    /// <param name="rule">What the rule predicts for a state and the calls, joined by <c>+</c>.</param>
    public static ClaimSet Rule(ResultTable byState, Func<HeldState, string, string> rule) => Claims.On(byState)
        .That("04-rule", "The rule predicts every cell of the table.",
            t => t.Rows.Count > 0 && HeldState.All.All(s => t.Texts("state").Contains(s.Name)) && t.Differences(rule).Count == 0,
            t => $"{t.Differences(rule).Count} of {t.Rows.Count} differ: {string.Join("; ", t.Differences(rule))}");

    /// <summary>What the kernel returns, beside what .NET makes of it.</summary>
    /// <param name="kernelByState">The table <c>04-kernel-by-state</c>.</param>
    /// <param name="byState">The table <c>04-errno-by-state</c>.</param>
    /// <param name="dotnetByState">The table <c>04-dotnet-by-state</c>.</param>
    /// <param name="guess">What the reader predicted that differs.</param>
    public static ClaimSet Kernel(ResultTable kernelByState, ResultTable byState, ResultTable dotnetByState, Prediction? guess = null) =>
        Claims.On(kernelByState)
        .Compare(guess, t => SendsAndReceives.Append("Shutdown").Where(o => HeldState.All.Any(s =>
            OfTheKernel(t, s, o) != byState.Cell(s.Name, o).Replace("ok", "0", StringComparison.Ordinal))).ToArray() switch
            {
                [] => 1,
                ["Shutdown"] => 4,
                var columns when columns.All(o => o.Contains("send", StringComparison.Ordinal)) => 2,
                var columns => columns.All(o => o.Contains("receive", StringComparison.Ordinal)) ? 3 : 0,
            },
            "On a socket that does not block, Send and Receive pass on the kernel's number. Shutdown hides ENOTCONN on a connection that was "
                + "once established.",
            (1, "If you shut down a connection that has been reset, .NET reports nothing. The kernel does report something."),
            (2, "The number that Send throws is the kernel's."),
            (3, "The number that Receive throws is the kernel's, and so is the 0."))
        .That("04-same-number",
            "On a socket that does not block, the number that Send and Receive pass on is the kernel's own, in every state.",
            t => HeldState.All.All(s => SendsAndReceives.All(o => OfTheKernel(t, s, o) == byState.Cell(s.Name, o))))
        .That("04-shutdown-hidden",
            "After a reset, shutdown(2) fails with ENOTCONN, and .NET's Shutdown throws nothing if the connection was once established.",
            t => HeldState.All.Where(s => s.IsReset && !s.IsConnecting).All(s => OfTheKernel(t, s, "Shutdown") == "ENOTCONN"
                && byState.Cell(s.Name, "Shutdown") == "ok"))
        .That("04-epipe-is-shutdown",
            "EPIPE has no name of its own in .NET: in every cell it is SocketError.Shutdown. ECONNRESET, ECONNREFUSED and ENOTCONN are ConnectionReset, "
                + "ConnectionRefused and NotConnected.",
            _ => byState.Texts("operation").Distinct().All(o => HeldState.All.All(s =>
                dotnetByState.Parts(s.Name, o).SequenceEqual(byState.Parts(s.Name, o).Zip(o.Split('+'), InWordsOfDotnet)))))
        .That("04-poll-hup", "poll(2) reports HUP where both directions are over, and ERR where an error is pending.",
            t => HeldState.All.All(s => OfTheKernel(t, s, "poll").Split('|') is var bits && bits.Contains("HUP") == s.IsReset
                && bits.Contains("ERR") == (byState.Parts(s.Name, "SO_ERROR+SO_ERROR+send")[0] != "0")));

    private static bool SameAfterConnected(ResultTable t, HeldState s) =>
        t.Parts(s.Name, "Connected+SO_ERROR+send").Skip(1).SequenceEqual(t.Parts(s.Name, "SO_ERROR+send"));

    private static string OfTheKernel(ResultTable t, HeldState s, string call) => t.Cell(s.Name, call, "system call");

    private static string InWordsOfDotnet(string outcome, string call) => (outcome, call) switch
    {
        ("ECONNRESET", _) => "ConnectionReset",
        ("ECONNREFUSED", _) => "ConnectionRefused",
        ("EPIPE", _) => "Shutdown",
        ("ENOTCONN", _) => "NotConnected",
        ("EAGAIN", _) => "WouldBlock",
        ("0", "SO_ERROR") => "Success",
        _ => outcome,
    };
}
