using RstLab.Notebooks;

namespace RstLab.Chapters;

/// <content>HttpClient: one request, a pooled connection, and HTTP/2.</content>
public static partial class YourStackClaims
{
    private static readonly string[] BeforeAByte = ["GET, no response", "POST without body, no response", "POST with body, no response"];
    private static readonly string[] InTheResponse = ["in the status line", "in the headers", "in the body", "between two chunks"];

    /// <summary>HttpClient and one request.</summary>
    /// <param name="http">The table <c>06-http</c>.</param>
    /// <param name="guess">How often the reader thinks that the GET was sent.</param>
    public static ClaimSet Http(ResultTable http, Prediction? guess = null) => Claims.On(http)
        .Compare(guess, t => t.Fin("GET, no response").Connections,
            "A connection that ends with a FIN before the first byte of a response may have been an idle one that the server closed just then. "
                + "So HttpClient tries again on another, up to three times, where there is no body that it would have to send twice.")
        .That("06-http-refused", "A refused connect is HttpRequestError.ConnectionError with SocketError.ConnectionRefused inside.",
            t => t.Rst("nobody listens") is { Http: "ConnectionError", Error: "ConnectionRefused" })
        .That("06-http-secure",
            "An ending in the TLS handshake is HttpRequestError.SecureConnectionError. After a RST there is a SocketException inside, after a FIN "
                + "there is none.",
            t => t.Fin("TLS handshake") is { Http: "SecureConnectionError", Error: "" }
                && t.Rst("TLS handshake") is { Http: "SecureConnectionError", Error: "ConnectionReset" })
        .That("06-http-untrusted", "A certificate that the client does not trust is SecureConnectionError, too, but with an AuthenticationException inside.",
            t => t.Fin("TLS, untrusted certificate") is { Http: "SecureConnectionError", Outcome: "HttpRequestException > AuthenticationException" })
        .That("06-http-response-ended",
            "A FIN before a response, or in one that has a Content-Length or chunks, is HttpRequestError.ResponseEnded, with no socket's "
                + "error, and the message 'The response ended prematurely' is in the chain.",
            t => t.Fins([.. BeforeAByte, .. InTheResponse, "in the body, as a stream"]).All(row =>
                row is { Http: "ResponseEnded", Error: "" } && row.Messages.Contains("The response ended prematurely", StringComparison.Ordinal)))
        .That("06-http-reset-unknown",
            "A RST at the same places, except in a body read as a stream, is an HttpRequestException with HttpRequestError.Unknown and ConnectionReset inside.",
            t => t.Rsts([.. BeforeAByte, .. InTheResponse]).All(row => row is { Http: "Unknown", Error: "ConnectionReset" } && IsRequestException(row)))
        .That("06-http-get-four",
            "A GET is sent four times, once and three times again, if each of its connections ends with a FIN before the first byte of the response.",
            t => t.Fin("GET, no response") is { Retried: true, Connections: 4 })
        .That("06-http-post-four", "A POST without a body is sent four times, too.",
            t => t.Fin("POST without body, no response") is { Retried: true, Connections: 4 })
        .That("06-http-post-once",
            "A POST whose body has been sent is not sent again.",
            t => t.Fin("POST with body, no response") is { Retried: false, Connections: 1 })
        .That("06-http-reset-once",
            "After a RST instead of the response, or in the middle of it, the request is not sent again, not even a GET: there is one connection.",
            t => t.Rsts([.. BeforeAByte, .. InTheResponse]).All(row => row is { Threw: true, Retried: false, Connections: 1 }))
        .That("06-http-begun-once", "Once a byte of the response has come, the request is not sent again after a FIN either.",
            t => t.Fins(InTheResponse).All(row => row is { Threw: true, Retried: false, Connections: 1 }))
        .That("06-http-stream-bare",
            "Reading a body as a stream does not throw an HttpRequestException: it throws HttpIOException after a FIN and IOException after a "
                + "RST. A catch for HttpRequestException alone misses both.",
            t => t.Fin("in the body, as a stream").Outcome == "HttpIOException" && t.Rst("in the body, as a stream").Outcome == Wrapped)
        .That("06-http-unknown-length",
            "A body without a Content-Length and without chunks ends with the connection: if a FIN cuts it, it passes for complete. If a RST "
                + "cuts it, the read throws.",
            t => t.Fin("body of unknown length").Outcome == "(hello)" && t.Rst("body of unknown length") is { Threw: true, Error: "ConnectionReset" })
        .That("06-http-proxy",
            "A proxy that ends the connection instead of answering CONNECT is not reported as ProxyTunnelError. A FIN gives ResponseEnded, "
                + "after 16 connections; a RST gives ConnectionReset, after one.",
            t => t.Fin("CONNECT to a proxy") is { Http: "ResponseEnded", Connections: 16 }
                && t.Rst("CONNECT to a proxy") is { Http: "Unknown", Error: "ConnectionReset", Connections: 1 })
        .That("06-http-after", "After a complete response the ending does not matter: the response is returned after a FIN and after a RST.",
            t => t.Both("after the response").All(row => row.Outcome == "(hello)"));

    /// <summary>HttpClient and a pooled connection.</summary>
    /// <param name="pool">The table <c>06-pool</c>.</param>
    /// <param name="guess">Which of the two cases the reader expects to see.</param>
    public static ClaimSet Pool(ResultTable pool, Prediction? guess = null) => Claims.On(pool)
        .Compare(guess, t => (t.Fin("pooled, ended while idle, POST with body").Threw, t.Fin("pooled, ended in use, POST with body").Threw) switch
        { (true, true) => 1, (true, false) => 2, (false, true) => 3, _ => 4 },
            "An ending that is there before you send is noticed, and costs a new connection. One that comes after you have sent cannot be mended by sending "
                + "a body twice.",
            (1, "Before it uses a pooled connection, HttpClient checks whether it has ended. One that ended while idle is replaced, without an error."),
            (2, "It is the other way round: what ended while idle is found out before anything is sent on it."),
            (4, "The server may have done the work already. A POST with a body is sent once."))
        .That("06-pool-idle",
            "A pooled connection that ended while idle is noticed and replaced, after a FIN and after a RST, for GET and POST: the request succeeds on a "
                + "second connection.",
            t => t.Both("pooled, ended while idle, GET", "pooled, ended while idle, POST with body")
                .All(row => row is { Outcome: "(200)", Connections: 2 }))
        .That("06-pool-use-get", "If it ends with a FIN while the request is on its way, a GET is sent again on a new connection, and succeeds.",
            t => t.Fin("pooled, ended in use, GET") is { Outcome: "(200)", Retried: true, Connections: 2 })
        .That("06-pool-use-post", "A POST with a body is not sent again: it fails with ResponseEnded.",
            t => t.Fin("pooled, ended in use, POST with body") is { Threw: true, Http: "ResponseEnded", Retried: false, Connections: 1 })
        .That("06-pool-use-rst", "If it ends with a RST, nothing is sent again, not even a GET: ConnectionReset.",
            t => t.Rsts("pooled, ended in use, GET", "pooled, ended in use, POST without body", "pooled, ended in use, POST with body")
                .All(row => row is { Error: "ConnectionReset", Retried: false, Connections: 1 }));

    /// <summary>HttpClient over HTTP/2.</summary>
    /// <param name="http2">The table <c>06-http2</c>.</param>
    /// <param name="guess">Whether the reader expects the request to be sent again.</param>
    public static ClaimSet Http2(ResultTable http2, Prediction? guess = null) => Claims.On(http2)
        .Compare(guess, t => t.Fin("HTTP/2, request on its way").Retried ? 1 : 2,
            "HTTP/2 has frames that mean 'not processed, send it again': GOAWAY and REFUSED_STREAM. A FIN without them does not mean that.",
            (1, "What HttpClient does for HTTP/1.1 is a guess at an idle connection that was closed just then. HTTP/2 need not guess, so it does not."))
        .That("06-http2-same", "Over HTTP/2 a FIN is ResponseEnded, and a RST has ConnectionReset inside.",
            t => t.Fin("HTTP/2, request on its way") is { Http: "ResponseEnded", Error: "" } && t.Rst("HTTP/2, request on its way").Error == "ConnectionReset")
        .That("06-http2-once", "Over HTTP/2 a GET is not sent again, neither after a FIN nor after a RST.",
            t => t.Both("HTTP/2, request on its way").All(row => row is { Retried: false, Connections: 1 }));

    private static bool IsRequestException(StackRow row) => row.Outcome.StartsWith("HttpRequestException", StringComparison.Ordinal);
}
