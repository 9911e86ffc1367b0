using RstLab.Notebooks;

namespace RstLab.Chapters;

/// <content>WebSockets, and all stacks together.</content>
public static partial class YourStackClaims
{
    private const string Premature = "The remote party closed the WebSocket connection without completing the close handshake";

    /// <summary>WebSockets, on the client and on Kestrel.</summary>
    /// <param name="webSocket">The table <c>06-web-socket</c>.</param>
    /// <param name="guess">What the reader expects of a receive when no close frame came.</param>
    public static ClaimSet WebSockets(ResultTable webSocket, Prediction? guess = null) => Claims.On(webSocket)
        .Compare(guess, t => (t.Fin("receive, no close frame"), t.Rst("receive, no close frame")) switch
        { ({ Outcome: "(Close)" }, _) => 1, ({ Error: "" }, { Error: "ConnectionReset" }) => 2, _ => 3 },
            "A WebSocket has an end of its own, the close frame. Without it, any end is a failure; the kernel's error, if there is one, is inside.",
            (1, "ReceiveAsync returns Close only for a close frame. A FIN without one is a failure."),
            (3, "After a RST, the kernel's error is kept as the inner exception."))
        .That("06-ws-connect",
            "An ending in the opening handshake is a WebSocketException around HttpClient's exception. After a FIN the handshake has been sent four times, "
                + "after a RST once.",
            t => t.Fin("connect") is { Http: "ResponseEnded", Connections: 4 } && t.Rst("connect") is { Error: "ConnectionReset", Connections: 1 }
                && t.Both("connect").All(row => row.Outcome.StartsWith("WebSocketException > HttpRequestException", StringComparison.Ordinal)))
        .That("06-ws-closed", "After a close frame the ending does not matter: the receive returns Close.",
            t => t.Both("receive, after a close frame").All(row => row.Outcome == "(Close)"))
        .That("06-ws-premature", $"Without a close frame, '{Premature}' is thrown for both endings. Only a RST has a SocketException inside.",
            t => t.Both("receive, no close frame").All(SaysPremature)
                && t.Fin("receive, no close frame") is { Outcome: "WebSocketException", Error: "" }
                && t.Rst("receive, no close frame") is { Outcome: "WebSocketException > IOException > SocketException", Error: "ConnectionReset" })
        .That("06-ws-server", "On Kestrel the same is thrown, after a RST with Kestrel's ConnectionResetException in the middle.",
            t => t.Both("receive, on Kestrel").All(SaysPremature)
                && t.Fin("receive, on Kestrel") is { Outcome: "WebSocketException", Error: "" }
                && t.Rst("receive, on Kestrel") is { Outcome: "WebSocketException > ConnectionResetException > SocketException", Error: "ConnectionReset" })
        .That("06-ws-send",
            "Once the connection is reset, the second send throws a WebSocketException with Shutdown inside, whether the peer ended it with a "
                + "FIN or a RST.",
            t => t.Both("send, second")
                .All(row => row.Error == "Shutdown" && row.Outcome.StartsWith("WebSocketException", StringComparison.Ordinal)));

    /// <summary>All the tables of this chapter together.</summary>
    /// <param name="stacks">The table <c>06-stacks</c>.</param>
    public static ClaimSet All(ResultTable stacks) => Claims.On(stacks)
        .That("06-all-rst",
            "Every exception after a RST has the SocketException inside, except where a write was given RequestAborted: Kestrel only throws "
                + "OperationCanceledException.",
            t => t.StackRowsOf().Where(row => row is { Ending: "RST", Threw: true })
                .All(row => row.Error != ""
                    || row is { Stack: "Kestrel", Outcome: "OperationCanceledException", Situation: "response write with RequestAborted" }))
        .That("06-all-fin",
            "No exception after a FIN carries ConnectionReset, except for the upload: there the peer closed its Socket with data unread, and "
                + "its kernel sent a RST.",
            t => t.StackRowsOf().Where(row => row is { Ending: "FIN", Error: "ConnectionReset" }).Select(row => row.Situation)
                .SequenceEqual(["upload, refused with data unread"]))
        .That("06-all-http", "Of HttpRequestError's values, the endings above lead to four: ConnectionError, SecureConnectionError, ResponseEnded and Unknown.",
            t => t.StackRowsOf().Select(row => row.Http).Where(error => error != "").Distinct().Order(StringComparer.Ordinal)
                .SequenceEqual(["ConnectionError", "ResponseEnded", "SecureConnectionError", "Unknown"]))
        .That("06-all-retried", "Whatever was sent again was sent again after a FIN, and had no body.",
            t => t.StackRowsOf().Where(row => row.Retried).All(row => row.Ending == "FIN"
                && !row.Situation.Contains("with body", StringComparison.Ordinal) && !row.Situation.StartsWith("upload", StringComparison.Ordinal)));

    private static bool SaysPremature(StackRow row) => row.Messages.StartsWith(Premature, StringComparison.Ordinal);
}
