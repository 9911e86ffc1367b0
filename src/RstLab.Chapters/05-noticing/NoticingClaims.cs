using System.Net.Sockets;
using RstLab.Notebooks;

namespace RstLab.Chapters;

/// <summary>What chapter 5 claims: each sentence beside the condition that this run has to meet. This part is about asking a socket.</summary>
public static partial class NoticingClaims
{
    /// <summary>The ways of asking that distinguish a FIN and a RST from a FIN alone.</summary>
    private static readonly string[] TellingWays = ["Select", "SO_ERROR", "Poll for errors"];

    /// <summary>A poll and a receive after each of three endings.</summary>
    /// <param name="fin">The recording <c>05-fin</c>.</param>
    /// <param name="rst">The recording <c>05-rst</c>.</param>
    /// <param name="finThenRst">The recording <c>05-fin-then-rst</c>.</param>
    /// <param name="guess">What the reader predicted for the third.</param>
    public static ClaimSet Endings(Recording fin, Recording rst, Recording finThenRst, Prediction? guess = null) => Claims.On(fin, rst, finThenRst)
        .Compare(guess, all => all[2].CallsOf("client", "Receive")[0] switch { { Bytes: 0 } => 1, { ErrnoName: "ECONNRESET" } => 2, { ErrnoName: "EPIPE" } => 3, _ => 0 },
            "A receive checks for data, then for a FIN, then for an error. If there was a FIN it returns 0, and the error stays where it is.",
            (2, "ECONNRESET is what a RST alone leaves. Here a FIN came first, and the receive checks for it first."),
            (3, "EPIPE is there, as the pending error. But after a FIN a receive returns 0 before it checks for errors."))
        .That("05-p6-fin", "The article is right about FIN: the socket is readable, and Receive returns 0.",
            all => IsReadable(all[0]) && all[0].CallsOf("client", "Receive")[0].Bytes == 0)
        .That("05-p6-rst", "It is right about RST: the socket is readable, and Receive fails with ECONNRESET.",
            all => IsReadable(all[1]) && all[1].CallsOf("client", "Receive")[0].ErrnoName == "ECONNRESET")
        .That("05-p6-both", "It forgets the third: after a FIN and then a RST the socket is readable, and Receive returns 0. The reset does not show.",
            all => IsReadable(all[2]) && all[2].CallsOf("client", "Receive")[0].Bytes == 0)
        .That("05-p6-wire", "The reset was there all the same: it is on the wire, after the FIN.",
            all => all[2].SegmentsFrom("server") is var sent && sent[^1].IsReset && sent.Any(s => s.Letters.Contains('F', StringComparison.Ordinal)));

    /// <summary>Every way of asking, before an ending and after each of the three.</summary>
    /// <param name="asked">The recordings <c>05-ask-nothing</c>, <c>05-ask-fin</c>, <c>05-ask-rst</c> and <c>05-ask-fin-then-rst</c>, in this order.</param>
    /// <param name="guess">What the reader predicted for FIN, then RST.</param>
    public static ClaimSet WaysOfAsking(IReadOnlyList<Recording> asked, Prediction? guess = null) => Claims.On(asked)
        .Compare(guess, all => Watching.Answer(all[3], "Connected") == "False" ? 1 : Watching.Answer(all[3], "Available") != "0" ? 2
                : Watching.Answer(all[3], "Poll for errors") == "True" ? 3 : 4,
            "The kernel keeps a pending error until a call takes it. Poll for errors shows it and does not take it.",
            (1, "Connected makes no system call. It shows how the last call ended, and no call has failed yet."),
            (2, "Available counts the bytes in the queue. An ending is not a byte."),
            (4, "A receive does not report it, that is true. But the pending error is there, and Poll for errors shows it."))
        .That("05-c8-readable", "Readable is the same for all three: Poll for reading is True for FIN, RST, and RST after FIN, and False before.",
            all => Answers(all, "Poll for reading", "False", "True", "True", "True"))
        .That("05-c8-select",
            "The article's title holds all the same, on Linux: Select distinguishes a FIN from a RST, if you give it the error list. A reset "
                + "is in it, a FIN is not, and both are in the read list.",
            all => Answers(all, "Select", "write", "read+write", "read+write+error", "read+write+error"))
        .That("05-ask-writable",
            "Poll for writing distinguishes nothing: True before, and True after every ending.",
            all => Answers(all, "Poll for writing", "True", "True", "True", "True"))
        .That("05-ask-async-same",
            "It makes no difference whether ReceiveAsync was pending or comes after, or whether it throws or fills SocketAsyncEventArgs.",
            all => Answers(all, "ReceiveAsync, pending before", "pending", "0", "ECONNRESET", "0")
                && Answers(all, "ReceiveAsync, issued after", "pending", "0", "ECONNRESET", "0")
                && Answers(all, "SocketAsyncEventArgs, pending before", "pending", "0", "ConnectionReset", "0")
                && Answers(all, "SocketAsyncEventArgs, issued after", "pending", "0", "ConnectionReset", "0"))
        .That("05-ask-zero-pending",
            "A pending zero-byte receive completes with 0 for each ending, a reset included. It shows that something has arrived, not what.",
            all => Answers(all, "zero-byte ReceiveAsync, pending before", "pending", "0", "0", "0"))
        .That("05-ask-zero-issued",
            "A zero-byte receive that is issued after a RST without a FIN throws ECONNRESET: here the order matters.",
            all => Answers(all, "zero-byte ReceiveAsync, issued after", "pending", "0", "ECONNRESET", "0"))
        .That("05-ask-zero-then", "After a zero-byte receive that a reset completed with 0, the next receive throws ECONNRESET: nothing was lost.",
            all => Watching.Answer(all[2], "zero-byte ReceiveAsync, then ReceiveAsync") == "0+ECONNRESET")
        .That("05-ask-available", "Available is 0 before, and 0 after every ending. It cannot tell the end of a stream from a pause.",
            all => Answers(all, "Available", "0", "0", "0", "0"))
        .That("05-ask-connected",
            "Connected is true after every ending, until a call has failed with the error. A receive that returns 0 has not failed, so "
                + "Connected stays true after a FIN.",
            all => Answers(all, "Connected", "True", "True", "True", "True")
                && Answers(all, "Receive, then Connected", "EAGAIN+True", "0+True", "ECONNRESET+False", "0+True"))
        .That("05-ask-once",
            "The error is reported once. The first call that takes it clears it: after SO_ERROR the receive returns 0, and after the receive "
                + "Poll for errors returns False.",
            all => Watching.Answer(all[2], "SO_ERROR, then Receive") == "ECONNRESET+0"
                && Watching.Answer(all[2], "Receive, then Poll for errors") == "ECONNRESET+False")
        .That("05-ask-hidden",
            "After FIN, then RST, every receive returns 0. Of these ways of asking, only SO_ERROR (EPIPE), Poll for errors and Select's error "
                + "list differ from a FIN alone.",
            all => Watching.Ways(all[3]).Where(OnlyReceives).All(way => Watching.Answer(all[3], way) is "0" or "0+0")
                && Watching.Answer(all[3], "SO_ERROR") == "EPIPE" && Watching.Answer(all[3], "Poll for errors") == "True"
                && TellingWays.All(way => Watching.Answer(all[3], way) != Watching.Answer(all[1], way))
                && Watching.Ways(all[3]).Where(way => Watching.Answer(all[3], way) != Watching.Answer(all[1], way))
                    .All(way => way is "Select" || Names(way, "SO_ERROR") || Names(way, "Poll for errors")));

    /// <summary>A receive with a time-out of its own, and another one after it.</summary>
    /// <param name="receiveTimeout">The recording <c>05-receive-timeout</c>.</param>
    public static ClaimSet ReceiveTimeout(Recording receiveTimeout) => Claims.On(receiveTimeout)
        .That("05-receive-timeout",
            "A Receive that ends by ReceiveTimeout throws the same SocketError.TimedOut (110) as a connection that the kernel has given up.",
            r => r.CallsOf("client", "Receive")[0] is { Error: SocketError.TimedOut, Errno: 110 })
        .That("05-receive-timeout-usable", "But here nothing has ended: no RST was sent, and the next Receive returns what the server sends later.",
            r => r.CallsOf("client", "Receive")[1].Bytes == 5 && !r.Segments.Any(s => s.IsReset));

    /// <summary>What .NET sets when the program sets nothing.</summary>
    /// <param name="unset">The name of each setting and its default; <c>never</c> stands for a time that is not bounded.</param>
    /// <param name="guess">What the reader predicted.</param>
    public static ClaimSet Defaults(IReadOnlyDictionary<string, string> unset, Prediction? guess = null) => Claims.On()
        .Compare(guess, _ => (unset["Socket: SO_KEEPALIVE"] == "on" ? 1 : 3) + (unset["SocketsHttpHandler.KeepAlivePingDelay"] == "never" ? 1 : 0),
            "TCP sends no probe unless you turn keepalive on, and .NET does not turn it on. To notice a vanished peer on an idle connection, "
                + "you must turn something on.",
            (1, "Neither. Both are there, and both wait for you to set them."),
            (2, "SO_KEEPALIVE is off until you turn it on; the hours in the system's settings count only from then on."),
            (3, "KeepAlivePingDelay is infinite unless you set it."))
        .That("05-default-keepalive-off", "A new Socket has keepalive off.", _ => unset["Socket: SO_KEEPALIVE"] == "off")
        .That("05-default-no-ping",
            "HttpClient sends no ping on an idle connection unless you set KeepAlivePingDelay, and sets no limit of its own to a connect "
                + "unless you set ConnectTimeout.",
            _ => unset["SocketsHttpHandler.KeepAlivePingDelay"] == "never" && unset["SocketsHttpHandler.ConnectTimeout"] == "never")
        .That("05-default-deadline", "What it does have is HttpClient.Timeout: 100 seconds.", _ => unset["HttpClient.Timeout"] == "00:01:40")
        .That("05-default-websocket",
            "A WebSocket client sends a keep-alive frame every 30 seconds, but waits for no answer unless you set KeepAliveTimeout.",
            _ => unset["ClientWebSocket.Options.KeepAliveInterval"] == "00:00:30" && unset["ClientWebSocket.Options.KeepAliveTimeout"] == "never");

    private static bool IsReadable(Recording recording) => recording.CallsOf("client", "Poll")[0].Result == "True";

    private static bool OnlyReceives(string way) =>
        (Names(way, "Receive") || Names(way, "SocketAsyncEventArgs")) && !Names(way, "Poll") && !Names(way, "Connected") && !Names(way, "SO_ERROR");

    private static bool Names(string way, string what) => way.Contains(what, StringComparison.Ordinal);

    private static bool Answers(IReadOnlyList<Recording> asked, string way, string nothing, string fin, string rst, string finThenRst) =>
        asked.Select(recording => Watching.Answer(recording, way)).SequenceEqual([nothing, fin, rst, finThenRst]);
}
