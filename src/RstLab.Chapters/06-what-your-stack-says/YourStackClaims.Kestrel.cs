using RstLab.Notebooks;

namespace RstLab.Chapters;

/// <content>Kestrel: what its handlers see, and what it logs.</content>
public static partial class YourStackClaims
{
    private const string Loud = "Warning or above, of 10";

    /// <summary>A request's body and a response, when the client goes away.</summary>
    /// <param name="kestrel">The table <c>06-kestrel</c>.</param>
    /// <param name="guess">Which of the two the reader expects to throw.</param>
    public static ClaimSet Kestrel(ResultTable kestrel, Prediction? guess = null) => Claims.On(kestrel)
        .Compare(guess, t => (t.Rst("body read").Threw, t.Rst("response write").Threw) switch
        { (true, false) => 1, (false, true) => 2, (true, true) => 3, _ => 4 },
            "A read throws because the body is incomplete. A write only copies into Kestrel's buffer and returns; that call does not report "
                + "what becomes of the bytes.",
            (2, "The write goes into a buffer, and succeeds. RequestAborted is the signal that the client has gone."),
            (3, "Only the read. The write goes into a buffer, and succeeds."),
            (4, "A body that is not whole cannot be hidden: the read throws."))
        .That("06-kestrel-body-fin",
            "After a FIN in a request's body, the read throws BadHttpRequestException: Unexpected end of request content.",
            t => t.Fin("body read") is { Outcome: "BadHttpRequestException", Error: "" } row
                && row.Messages.Contains("Unexpected end of request content", StringComparison.Ordinal))
        .That("06-kestrel-body-rst",
            "After a RST in a request's body, the read throws ConnectionResetException, with the SocketException inside.",
            t => t.Rst("body read") is { Outcome: "ConnectionResetException > SocketException", Error: "ConnectionReset" })
        .That("06-kestrel-write-silent",
            "When the client has gone, a handler can write and flush its response, and neither call throws, after a FIN or after a RST.",
            t => t.Both("response write").All(row => row.Outcome == "(written)"))
        .That("06-kestrel-aborted",
            "RequestAborted is signalled after a FIN and after a RST. Pass it to the write, and the write throws OperationCanceledException.",
            t => t.Both("response write with RequestAborted").All(row => row.Outcome == "OperationCanceledException"));

    /// <summary>A refused upload to Kestrel.</summary>
    /// <param name="refusals">The table <c>06-kestrel-upload</c>.</param>
    /// <param name="guess">How many of ten clients the reader expects to get the 413.</param>
    public static ClaimSet KestrelUpload(ResultTable refusals, Prediction? guess = null) => Claims.On(refusals)
        .Compare(guess, t => Answered(t),
            "Kestrel reads what your handler leaves unread and discards it, within a limit of time. So nothing is unread, and no reset is sent.")
        .That("06-kestrel-drains", "When a handler answers without reading, Kestrel reads the rest itself: all 10 clients get their 413.",
            t => Answered(t) == 10 && t.Texts("the handler").Count(handler => handler == "answers 413") == 1);

    /// <summary>A ConnectionHandler.</summary>
    /// <param name="connection">The table <c>06-connection</c>.</param>
    public static ClaimSet Connection(ResultTable connection) => Claims.On(connection)
        .That("06-connection-read",
            "In a ConnectionHandler, the read completes after a FIN and throws ConnectionResetException after a RST.",
            t => t.Fin("ConnectionHandler, read").Outcome == "(completed, 0 bytes)"
                && t.Rst("ConnectionHandler, read") is { Outcome: "ConnectionResetException > SocketException", Error: "ConnectionReset" })
        .That("06-connection-write", "Its writes do not throw. Sooner or later FlushResult.IsCompleted is true, after a FIN and after a RST.",
            t => t.Both("ConnectionHandler, write").All(row => row.Outcome == "(completed)"));

    /// <summary>What Kestrel writes to its log.</summary>
    /// <param name="log">The table <c>06-kestrel-log</c>.</param>
    /// <param name="guess">Which ending the reader expects to be logged at Warning or above every time.</param>
    public static ClaimSet Log(ResultTable log, Prediction? guess = null) => Claims.On(log)
        .Compare(guess,
            t => Times(t, "no request", "FIN") == 10 ? 1 : Times(t, "body, unhandled exception", "FIN") == 10 ? 2
                : Times(t, "WebSocket, unhandled exception", "FIN") == 10 ? 3 : 4,
            "What Kestrel itself notices is logged at Debug. An exception that your code does not catch is logged as an Error, unless it is a "
                + "BadHttpRequestException or the request is already marked as aborted.",
            (1, "Clients come and go. Kestrel logs it at Debug."),
            (2, "This exception is Kestrel's own BadHttpRequestException, and counts as the client's fault."),
            (4, "Kestrel has no special case for a WebSocketException. It logs it as a failure of your handler."))
        .That("06-log-quiet",
            "When a client goes away before its request, or before its TLS handshake, Kestrel logs the ending at Debug, as ConnectionReadFin or "
                + "ConnectionReset, and nothing above.",
            t => IsDebug(t, "no request", "FIN", "Debug ConnectionReadFin") && IsDebug(t, "no request", "RST", "Debug ConnectionReset")
                && IsDebug(t, "no TLS handshake", "FIN", "Debug ConnectionReadFin") && IsDebug(t, "no TLS handshake", "RST", "Debug ConnectionReset"))
        .That("06-log-body-fin",
            "Kestrel logs a FIN in the body below Warning, even if the exception is not caught.",
            t => Times(t, "body, unhandled exception", "FIN") == 0)
        .That("06-log-caught",
            "If the handler catches the IOException and calls Abort, Kestrel logs neither a FIN nor a RST in the body at Warning or above.",
            t => Times(t, "body, exception caught", "FIN") == 0 && Times(t, "body, exception caught", "RST") == 0)
        .That("06-log-websocket", "An unhandled exception of a WebSocket is an Error every time, after a FIN and after a RST.",
            t => IsError(t, "WebSocket, unhandled exception", "FIN") && IsError(t, "WebSocket, unhandled exception", "RST"))
        .That("06-log-connection", "An unhandled ConnectionResetException of a ConnectionHandler is an Error every time.",
            t => IsError(t, "ConnectionHandler, unhandled exception", "RST"));

    private static double Answered(ResultTable t) => Enumerable.Range(0, t.Rows.Count)
        .Where(row => t.Texts("the handler")[row] == "answers 413" && t.Texts("the client gets")[row] == "413").Sum(row => t.Numbers("times (of 10)")[row]);

    private static int IndexOf(ResultTable t, string situation, string ending) =>
        t.StackRowsOf().Single(row => row.Situation == situation && row.Ending == ending).Index;

    private static double Times(ResultTable t, string situation, string ending) => t.Numbers(Loud)[IndexOf(t, situation, ending)];

    private static bool IsDebug(ResultTable t, string situation, string ending, string line) => Times(t, situation, ending) == 0
        && t.Texts("loudest line")[IndexOf(t, situation, ending)] == "Debug" && t.Texts("the ending's line")[IndexOf(t, situation, ending)] == line;

    private static bool IsError(ResultTable t, string situation, string ending) =>
        Times(t, situation, ending) == 10 && t.Texts("loudest line")[IndexOf(t, situation, ending)] == "Error";
}
