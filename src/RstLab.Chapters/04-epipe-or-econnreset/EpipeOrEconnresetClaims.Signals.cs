using System.Globalization;
using RstLab.Notebooks;

namespace RstLab.Chapters;

/// <content>SIGPIPE, and the names and numbers of the errors.</content>
public static partial class EpipeOrEconnresetClaims
{
    private static readonly string Killed = $"{128 + SignalMask.Sigpipe}";

    /// <summary>Who ignores SIGPIPE.</summary>
    /// <param name="masks">The table <c>04-sigpipe-masks</c>.</param>
    /// <param name="guess">What the reader predicted.</param>
    public static ClaimSet Masks(ResultTable masks, Prediction? guess = null) => Claims.On(masks)
        .Compare(guess, t => t.Texts("SIGPIPE") is [var own, var child, ..] ? own != "ignored" ? 1 : child == "ignored" ? 2 : 3 : 0,
            "The runtime ignores SIGPIPE for the whole process, and an ignored signal stays ignored in a program that is started (execve(2)).",
            (1, "MSG_NOSIGNAL exists for that, but it would not help where the runtime writes to a pipe."),
            (3, "Handlers go back to the default in a new program. What is ignored stays ignored."))
        .That("04-sigpipe-ignored", "A .NET process ignores SIGPIPE.", t => t.Texts("SIGPIPE")[0] == "ignored")
        .That("04-sigpipe-inherited",
            "A program that it starts with Process.Start inherits that: cat, which is not written in .NET, ignores it too.", t =>
                t.Texts("SIGPIPE")[1] == "ignored")
        .That("04-sigpipe-shell",
            "A shell that was started by .NET even survives a SIGPIPE that it sends to itself.", t => t.Texts("said")[2] == "still alive");

    /// <summary>Children that write to a broken channel.</summary>
    /// <param name="children">The table <c>04-sigpipe-children</c>.</param>
    /// <param name="guess">How many the reader predicted to be killed.</param>
    public static ClaimSet Children(ResultTable children, Prediction? guess = null) => Claims.On(children)
        .Compare(guess, t => t.Texts("exit code").Count(code => code == Killed),
            "With the default action restored, the child dies on every channel. Where it asks for no signal, ignores it or registers a handler, it lives "
                + "and sees EPIPE.")
        .That("04-child-dies",
            "With the default action restored, the child is killed by the write: exit code 141, for a TCP connection, a Unix socket and a pipe alike. So "
                + ".NET's own Send does not pass MSG_NOSIGNAL.",
            t => Of(t, "default").Select(run =>
                (run.Channel, run.Code, run.Said)).SequenceEqual([("tcp", Killed, ""), ("unix", Killed, ""), ("pipe", Killed, "")]))
        .That("04-child-nosignal", "With MSG_NOSIGNAL it lives, although the signal is not ignored: send(2) fails with EPIPE, and that is all.",
            t => Of(t, "nosignal") is { Count: 2 } runs && runs.TrueForAll(run => run.Code == "0" && run.Said == "EPIPE; SIGPIPE is not ignored"))
        .That("04-child-ignored",
            "Out of the box, .NET survives on every channel: a SocketException with EPIPE from a socket, an IOException with EPIPE from a pipe.",
            t => Of(t, "ignored") is { Count: 3 } runs
                && runs.TrueForAll(run => run.Code == "0"
                    && run.Said == $"{(run.Channel == "pipe" ? "IOException" : "SocketException")} EPIPE; SIGPIPE is ignored"))
        .That("04-child-registered",
            "A handler that is registered for SIGPIPE is not called: the signal stays ignored, and an ignored signal is not delivered.",
            t => Of(t, "registered") is [var run] && run.Said.EndsWith("; SIGPIPE is ignored; handler called 0 times", StringComparison.Ordinal));

    /// <summary>Programs whose reader has left.</summary>
    /// <param name="head">The table <c>04-head</c>.</param>
    /// <param name="guess">What the reader predicted for the console.</param>
    public static ClaimSet Head(ResultTable head, Prediction? guess = null) => Claims.On(head)
        .Compare(guess, t => t.Texts("its end")[0] == "exit code 141" ? 1 : t.Texts("what the app said")[0].Contains("EPIPE", StringComparison.Ordinal)
            ? 2 : t.Texts("its end")[0] == "exit code 0" ? 3 : 0,
            "Console.WriteLine treats EPIPE as the end of its output: it drops the error and returns.",
            (1, "The runtime ignores SIGPIPE."),
            (2, "A FileStream on the same output throws it. The console's stream drops it."))
        .That("04-head-console",
            "Console.WriteLine reports nothing of a reader that has left: the app writes all 20000 lines into the void and exits with 0.",
            t => t.Texts("what the app said")[0] == "20000 lines, no error" && t.Texts("its end")[0] == "exit code 0")
        .That("04-head-stream", "A FileStream on the same output throws an IOException with EPIPE before the end.",
            t => t.Texts("what the app said")[1] is var said && said.EndsWith("lines, IOException EPIPE", StringComparison.Ordinal)
                && !said.StartsWith("20000 ", StringComparison.Ordinal))
        .That("04-head-default", "With the default action restored, SIGPIPE ends the app as it ends a C program: exit code 141.",
            t => t.Texts("its end")[2] == "exit code 141")
        .That("04-head-yes",
            "yes, in a pipeline that .NET started, does not die by SIGPIPE either. It inherits that the signal is ignored, its write fails, "
                + "and it exits with an error code of its own.",
            t => t.Texts("its end")[3] is var end && end.StartsWith("exit code ", StringComparison.Ordinal)
                && int.TryParse(end["exit code ".Length..], CultureInfo.InvariantCulture, out var code) && code is > 0 and < 126);

    /// <summary>The names and numbers of the errors on three systems.</summary>
    /// <param name="names">The table <c>04-error-names</c>.</param>
    /// <param name="platforms">What is documented of other systems.</param>
    /// <param name="byState">The table <c>04-errno-by-state</c>.</param>
    /// <param name="guess">How many numbers the reader predicted to be the same.</param>
    public static ClaimSet Names(ResultTable names, PlatformErrors platforms, ResultTable byState, Prediction? guess = null) => Claims.On(names)
        .Compare(guess, t => t.Numbers("number here (measured)").Zip(t.Numbers("number on macOS (documented)")).Count(pair => pair.First.Equals(pair.Second)),
            "EPIPE is as old as the pipe, and 32 on both. The errors of the network came later, and each system numbered them for itself.")
        .That("04-names-match",
            "For each SocketError in the table, this runtime's native error has the name that the documents give.",
            t => t.Texts("error").SequenceEqual(platforms.Errors.Select(e => e.Name)))
        .That("04-raised",
            "In the table of states, a reset leads to three of these errors: ECONNRESET, EPIPE and ECONNREFUSED. A fourth, ENOTCONN, appears "
                + "there only for Shutdown on a connection that was never established.",
            t => t.Texts("error").Zip(t.Texts("by the table of states (measured)")).Where(row => row.Second == "raised").Select(row => row.First)
                    .SequenceEqual(["ECONNRESET", "EPIPE", "ECONNREFUSED", "ENOTCONN"])
                && HeldState.All.All(s => byState.Texts("operation").Distinct().All(o => byState.Parts(s.Name, o).Contains("ENOTCONN") == (s.IsConnecting
                    && o == "Shutdown"))))
        .That("04-numbers-differ",
            "EPIPE is 32 on Linux and on macOS. No other of these errors has the same number on two of the three systems: compare SocketError, never the "
                + "number.",
            t =>
                t.Texts("error").Zip(t.Numbers("number here (measured)"),
                    t.Numbers("number on macOS (documented)")).Zip(t.Numbers("number on Windows (documented)"))
                .All(row => row is (var (name, here, mac), var windows) && (here.Equals(mac) ? name == "EPIPE" && here.Equals(32) : name != "EPIPE")
                    && !windows.Equals(here) && !windows.Equals(mac)));

    private static List<(string Channel, string Code, string Said)> Of(ResultTable children, string handling) =>
        [.. children.Texts("channel").Zip(children.Texts("exit code"), children.Texts("said")).Zip(children.Texts("SIGPIPE")).Where(run =>
            run.Second == handling).Select(run => run.First)];
}
