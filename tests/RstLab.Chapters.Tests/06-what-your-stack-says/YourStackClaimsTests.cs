using System.Net.Sockets;

namespace RstLab.Chapters.Tests;

public class YourStackClaimsTests
{
    private const string Idle = "pooled, ended while idle, ";
    private const string InUse = "pooled, ended in use, ";

    [Fact]
    public void Reads() => CounterExamples.To(t => YourStackClaims.Reads(t), Shipped.Table("06-reads"))
        .Breaks("06-read-fin-zero", t => t.WithOutcome("read", "FIN", "IOException"))
        .Breaks("06-read-fin-zero", t => t.WithOutcome("read, pending", "FIN", "IOException"))
        .Breaks("06-read-rst-throws", t => t.WithOutcome("read", "RST", "(0 bytes)"))
        .Breaks("06-read-rst-throws", t => t.WithError("read", "RST", "Shutdown"))
        .Breaks("06-read-rst-throws", t => t.WithOutcome("read, pending", "RST", "(0 bytes)"))
        .Breaks("06-read-rst-once", t => t.WithOutcome("read", "RST", "(0 bytes)"))
        .Breaks("06-read-rst-once", t => t.WithOutcome("read, again", "RST", "IOException > SocketException"))
        .Breaks("06-read-rst-once", t => t.WithOutcome("read, again", "FIN", "IOException > SocketException"))
        .Breaks("06-read-data-first", t => t.WithOutcome("read, data came before", "FIN", "(0 bytes)"))
        .Breaks("06-read-data-first", t => t.WithOutcome("read, data came before", "RST", "IOException > SocketException"))
        .Breaks("06-read-exactly", t => t.WithOutcome("read exactly, half came", "FIN", "IOException"))
        .Breaks("06-read-exactly", t => t.WithError("read exactly, half came", "FIN", "ConnectionReset"))
        .Breaks("06-read-exactly", t => t.WithError("read exactly, half came", "RST", null))
        .Breaks("06-pipes-pass-on", t => t.WithOutcome("PipeReader", "FIN", "(not completed, 5 bytes)"))
        .Breaks("06-pipes-pass-on", t => t.WithOutcome("PipeReader", "RST", "(completed, 5 bytes)"))
        .Breaks("06-pipes-pass-on", t => t.WithError("PipeReader", "RST", "Shutdown"))
        .Check();

    [Fact]
    public void Writes() => CounterExamples.To(t => YourStackClaims.Writes(t), Shipped.Table("06-writes"))
        .Breaks("06-write-fin-accepted", t => t.WithOutcome("write, first", "FIN", "IOException > SocketException"))
        .Breaks("06-write-fin-accepted", t => t.WithOutcome("write, second", "FIN", "(written)"))
        .Breaks("06-write-fin-accepted", t => t.WithError("write, second", "FIN", "ConnectionReset"))
        .Breaks("06-write-rst", t => t.WithError("write, first", "RST", "Shutdown"))
        .Breaks("06-write-rst", t => t.WithError("write, second", "RST", "ConnectionReset"))
        .Breaks("06-write-pipes", t => t.WithError("PipeWriter, second", "FIN", "ConnectionReset"))
        .Breaks("06-write-pipes", t => t.WithOutcome("PipeWriter, second", "RST", "(written)"))
        .Check();

    [Fact]
    public void Tls() => CounterExamples.To(t => YourStackClaims.Tls(t), Shipped.Table("06-tls"))
        .Breaks("06-tls-handshake-fin", t => t.WithOutcome("handshake, client", "FIN", "AuthenticationException"))
        .Breaks("06-tls-handshake-fin", t => t.WithError("handshake, server", "FIN", "ConnectionReset"))
        .Breaks("06-tls-handshake-rst", t => t.WithOutcome("handshake, client", "RST", "AuthenticationException > IOException > SocketException"))
        .Breaks("06-tls-handshake-rst", t => t.WithOutcome("handshake, server", "RST", "AuthenticationException"))
        .Breaks("06-tls-handshake-rst", t => t.WithError("handshake, server", "RST", null))
        .Breaks("06-tls-truncated", t => t.WithOutcome("read, no close_notify", "FIN", "IOException"))
        .Breaks("06-tls-truncated", t => t.WithOutcome("read, after close_notify", "FIN", "IOException"))
        .Breaks("06-tls-farewell", t => t.WithOutcome("read, after close_notify", "RST", "IOException > SocketException"))
        .Breaks("06-tls-farewell", t => t.WithOutcome("read, no close_notify", "RST", "(0 bytes)").WithError("read, no close_notify", "RST", null))
        .Breaks("06-tls-half-record", t => t.WithOutcome("read, half a record", "FIN", "(0 bytes)"))
        .Breaks("06-tls-half-record", t => t.WithError("read, half a record", "FIN", "ConnectionReset"))
        .Breaks("06-tls-write", t => t.WithOutcome("write, second", "FIN", "(written)"))
        .Breaks("06-tls-write", t => t.WithError("write, second", "RST", "ConnectionReset"))
        .Check();

    [Fact]
    public void Http() => CounterExamples.To(t => YourStackClaims.Http(t), Shipped.Table("06-http"))
        .Breaks("06-http-refused", t => t.WithHttp("nobody listens", "RST", "Unknown"))
        .Breaks("06-http-refused", t => t.WithError("nobody listens", "RST", "TimedOut"))
        .Breaks("06-http-secure", t => t.WithHttp("TLS handshake", "FIN", "ResponseEnded"))
        .Breaks("06-http-secure", t => t.WithHttp("TLS handshake", "RST", "Unknown"))
        .Breaks("06-http-secure", t => t.WithError("TLS handshake", "FIN", "ConnectionReset"))
        .Breaks("06-http-secure", t => t.WithError("TLS handshake", "RST", null))
        .Breaks("06-http-untrusted", t => t.WithHttp("TLS, untrusted certificate", "FIN", "Unknown"))
        .Breaks("06-http-untrusted", t => t.WithOutcome("TLS, untrusted certificate", "FIN", "HttpRequestException > IOException"))
        .Breaks("06-http-response-ended", t => t.WithHttp("GET, no response", "FIN", "Unknown"))
        .Breaks("06-http-response-ended", t => t.WithHttp("in the body, as a stream", "FIN", "Unknown"))
        .Breaks("06-http-response-ended", t => t.WithError("in the headers", "FIN", "ConnectionReset"))
        .Breaks("06-http-response-ended", t => t.With("between two chunks", "FIN", "messages", "An error occurred while sending the request."))
        .Breaks("06-http-reset-unknown", t => t.WithHttp("in the status line", "RST", "ResponseEnded"))
        .Breaks("06-http-reset-unknown", t => t.WithError("in the body", "RST", null))
        .Breaks("06-http-reset-unknown", t => t.WithOutcome("POST with body, no response", "RST", "IOException > SocketException"))
        .Breaks("06-http-get-four", t => t.WithConnections("GET, no response", "FIN", 1))
        .Breaks("06-http-get-four", t => t.WithConnections("GET, no response", "FIN", 3))
        .Breaks("06-http-post-four", t => t.WithConnections("POST without body, no response", "FIN", 1))
        .Breaks("06-http-post-once", t => t.WithConnections("POST with body, no response", "FIN", 2))
        .Breaks("06-http-reset-once", t => t.WithConnections("GET, no response", "RST", 2))
        .Breaks("06-http-reset-once", t => t.WithConnections("POST without body, no response", "RST", 4))
        .Breaks("06-http-reset-once", t => t.WithConnections("in the headers", "RST", 2))
        .Breaks("06-http-begun-once", t => t.WithConnections("in the status line", "FIN", 2))
        .Breaks("06-http-begun-once", t => t.WithConnections("between two chunks", "FIN", 4))
        .Breaks("06-http-stream-bare", t => t.WithOutcome("in the body, as a stream", "FIN", "HttpRequestException > HttpIOException"))
        .Breaks("06-http-stream-bare", t => t.WithOutcome("in the body, as a stream", "RST", "HttpRequestException > IOException > SocketException"))
        .Breaks("06-http-unknown-length", t => t.WithOutcome("body of unknown length", "FIN", "HttpRequestException > HttpIOException"))
        .Breaks("06-http-unknown-length", t => t.WithOutcome("body of unknown length", "RST", "(hello)").WithError("body of unknown length", "RST", null))
        .Breaks("06-http-proxy", t => t.WithHttp("CONNECT to a proxy", "FIN", "ProxyTunnelError"))
        .Breaks("06-http-proxy", t => t.WithHttp("CONNECT to a proxy", "RST", "ProxyTunnelError"))
        .Breaks("06-http-proxy", t => t.WithError("CONNECT to a proxy", "RST", null))
        .Breaks("06-http-proxy", t => t.WithConnections("CONNECT to a proxy", "FIN", 4))
        .Breaks("06-http-proxy", t => t.WithConnections("CONNECT to a proxy", "RST", 16))
        .Breaks("06-http-after", t => t.WithOutcome("after the response", "FIN", "HttpRequestException"))
        .Breaks("06-http-after", t => t.WithOutcome("after the response", "RST", "HttpRequestException"))
        .Check();

    [Fact]
    public void Pool() => CounterExamples.To(t => YourStackClaims.Pool(t), Shipped.Table("06-pool"))
        .Breaks("06-pool-idle", t => t.WithOutcome(Idle + "GET", "FIN", "HttpRequestException"))
        .Breaks("06-pool-idle", t => t.WithOutcome(Idle + "POST with body", "RST", "HttpRequestException"))
        .Breaks("06-pool-idle", t => t.With(Idle + "GET", "RST", "connections", 1))
        .Breaks("06-pool-use-get", t => t.WithOutcome(InUse + "GET", "FIN", "HttpRequestException > HttpIOException"))
        .Breaks("06-pool-use-get", t => t.WithConnections(InUse + "GET", "FIN", 1))
        .Breaks("06-pool-use-post", t => t.WithConnections(InUse + "POST with body", "FIN", 2))
        .Breaks("06-pool-use-post", t => t.WithOutcome(InUse + "POST with body", "FIN", "(200)"))
        .Breaks("06-pool-use-post", t => t.WithHttp(InUse + "POST with body", "FIN", "Unknown"))
        .Breaks("06-pool-use-rst", t => t.WithConnections(InUse + "GET", "RST", 2))
        .Breaks("06-pool-use-rst", t => t.WithConnections(InUse + "POST with body", "RST", 2))
        .Breaks("06-pool-use-rst", t => t.WithError(InUse + "POST without body", "RST", null))
        .Check();

    [Fact]
    public void Http2() => CounterExamples.To(t => YourStackClaims.Http2(t), Shipped.Table("06-http2"))
        .Breaks("06-http2-same", t => t.WithHttp("HTTP/2, request on its way", "FIN", "Unknown"))
        .Breaks("06-http2-same", t => t.WithError("HTTP/2, request on its way", "FIN", "ConnectionReset"))
        .Breaks("06-http2-same", t => t.WithError("HTTP/2, request on its way", "RST", null))
        .Breaks("06-http2-once", t => t.WithConnections("HTTP/2, request on its way", "FIN", 2))
        .Breaks("06-http2-once", t => t.WithConnections("HTTP/2, request on its way", "RST", 2))
        .Check();

    [Fact]
    public void Upload_refused() => CounterExamples.To(r => YourStackClaims.UploadRefused(r), Shipped.Recording("06-upload-refused"))
        .Breaks("06-upload-answer-arrived", r => r.WithoutSegments(s => s.Length > 0 && r.SegmentsFrom("server").Contains(s)))
        .Breaks("06-upload-answer-arrived", r => r.With<Segment>(s => s.Length > 0 && r.SegmentsFrom("server").Contains(s), s => s with { Length = s.Length - 1 }))
        .Breaks("06-upload-answer-arrived", r => r.WithoutSegments(s => s.IsReset))
        .Breaks("06-upload-answer-lost", r => r.WithCall("client", "PostAsync", 0, call => call.Returning("RequestEntityTooLarge")))
        .Breaks("06-upload-answer-lost", r => r.WithCall("client", "PostAsync", 0, call => call.FailingWith("EPIPE", SocketError.Shutdown)))
        .Breaks("06-upload-answer-lost", r => r.With<Segment>(s => s.Length >= 1000 && r.SegmentsFrom("client").Contains(s), s => s with { Length = s.Length + 1000 }))
        .Check();

    [Fact]
    public void Uploads() => CounterExamples.To(t => YourStackClaims.Uploads(t), Shipped.Table("06-upload"))
        .Breaks("06-upload-unread", t => t.WithOutcome("upload, refused with data unread", "FIN", "(413, 2000 bytes written)"))
        .Breaks("06-upload-unread", t => t.WithError("upload, refused with data unread", "FIN", "Shutdown"))
        .Breaks("06-upload-unread", t => t.WithError("upload, refused with data unread", "RST", "Shutdown"))
        .Breaks("06-upload-unread-stream", t => t.WithError("upload, refused by NetworkStream, data unread", "FIN", "ConnectionReset"))
        .Breaks("06-upload-unread-stream", t => t.WithOutcome("upload, refused by NetworkStream, data unread", "FIN", "(413, 2000 bytes written)"))
        .Breaks("06-upload-drained", t => t.WithOutcome("upload, refused, the rest is read", "FIN", "HttpRequestException > IOException > SocketException"))
        .Breaks("06-upload-expect", t => t.WithOutcome("upload, Expect: 100-continue", "FIN", "(413, 2000 bytes written)"))
        .Breaks("06-upload-expect", t => t.WithOutcome("upload, Expect: 100-continue", "FIN", "(200, 0 bytes written)"))
        .Breaks("06-upload-all-sent", t => t.WithOutcome("upload, refused when all was sent", "FIN", "HttpRequestException"))
        .Breaks("06-upload-all-sent", t => t.WithOutcome("upload, refused when all was sent", "RST", "HttpRequestException"))
        .Check();

    [Fact]
    public void Kestrel() => CounterExamples.To(t => YourStackClaims.Kestrel(t), Shipped.Table("06-kestrel"))
        .Breaks("06-kestrel-body-fin", t => t.WithOutcome("body read", "FIN", "(all read)"))
        .Breaks("06-kestrel-body-fin", t => t.With("body read", "FIN", "messages", "Request body too large."))
        .Breaks("06-kestrel-body-rst", t => t.WithOutcome("body read", "RST", "BadHttpRequestException"))
        .Breaks("06-kestrel-body-rst", t => t.WithError("body read", "RST", null))
        .Breaks("06-kestrel-write-silent", t => t.WithOutcome("response write", "FIN", "IOException"))
        .Breaks("06-kestrel-write-silent", t => t.WithOutcome("response write", "RST", "IOException"))
        .Breaks("06-kestrel-aborted", t => t.WithOutcome("response write with RequestAborted", "FIN", "(written)"))
        .Breaks("06-kestrel-aborted", t => t.WithOutcome("response write with RequestAborted", "RST", "(written)"))
        .Check();

    [Fact]
    public void Kestrel_upload() => CounterExamples.To(t => YourStackClaims.KestrelUpload(t), Shipped.Table("06-kestrel-upload"))
        .Breaks("06-kestrel-drains", t => t.With(row => (string?)row("the handler") == "answers 413", "times (of 10)", 9))
        .Breaks("06-kestrel-drains", t => t.With(row => (string?)row("the handler") == "answers 413", "the client gets", "ConnectionReset"))
        .Check();

    [Fact]
    public void Connection() => CounterExamples.To(t => YourStackClaims.Connection(t), Shipped.Table("06-connection"))
        .Breaks("06-connection-read", t => t.WithOutcome("ConnectionHandler, read", "FIN", "(not completed, 0 bytes)"))
        .Breaks("06-connection-read", t => t.WithOutcome("ConnectionHandler, read", "RST", "(completed, 0 bytes)"))
        .Breaks("06-connection-write", t => t.WithOutcome("ConnectionHandler, write", "FIN", "IOException > SocketException"))
        .Breaks("06-connection-write", t => t.WithOutcome("ConnectionHandler, write", "RST", "ConnectionResetException > SocketException"))
        .Check();

    [Fact]
    public void Log() => CounterExamples.To(t => YourStackClaims.Log(t), Shipped.Table("06-kestrel-log"))
        .Breaks("06-log-quiet", t => t.With("no request", "RST", "loudest line", "Information"))
        .Breaks("06-log-quiet", t => t.With("no TLS handshake", "FIN", "loudest line", "Debug, Warning").WithTimes("no TLS handshake", "FIN", 1))
        .Breaks("06-log-quiet", t => t.With("no request", "FIN", "the ending's line", "Trace ConnectionReadFin"))
        .Breaks("06-log-quiet", t => t.With("no TLS handshake", "RST", "the ending's line", ""))
        .Breaks("06-log-body-fin", t => t.WithTimes("body, unhandled exception", "FIN", 1))
        .Breaks("06-log-caught", t => t.WithTimes("body, exception caught", "FIN", 1))
        .Breaks("06-log-caught", t => t.WithTimes("body, exception caught", "RST", 1))
        .Breaks("06-log-websocket", t => t.WithTimes("WebSocket, unhandled exception", "FIN", 9))
        .Breaks("06-log-websocket", t => t.With("WebSocket, unhandled exception", "RST", "loudest line", "Warning"))
        .Breaks("06-log-connection", t => t.WithTimes("ConnectionHandler, unhandled exception", "RST", 9))
        .Breaks("06-log-connection", t => t.With("ConnectionHandler, unhandled exception", "RST", "loudest line", "Warning"))
        .Check();

    [Fact]
    public void Web_sockets() => CounterExamples.To(t => YourStackClaims.WebSockets(t), Shipped.Table("06-web-socket"))
        .Breaks("06-ws-connect", t => t.WithConnections("connect", "FIN", 1))
        .Breaks("06-ws-connect", t => t.WithConnections("connect", "RST", 4))
        .Breaks("06-ws-connect", t => t.WithHttp("connect", "FIN", "Unknown"))
        .Breaks("06-ws-connect", t => t.WithError("connect", "RST", null))
        .Breaks("06-ws-connect", t => t.WithOutcome("connect", "RST", "HttpRequestException > IOException > SocketException"))
        .Breaks("06-ws-closed", t => t.WithOutcome("receive, after a close frame", "FIN", "WebSocketException"))
        .Breaks("06-ws-closed", t => t.WithOutcome("receive, after a close frame", "RST", "WebSocketException > IOException > SocketException"))
        .Breaks("06-ws-premature", t => t.With("receive, no close frame", "FIN", "messages", "The WebSocket is in an invalid state."))
        .Breaks("06-ws-premature", t => t.With("receive, no close frame", "RST", "messages", "Connection reset by peer"))
        .Breaks("06-ws-premature", t => t.WithError("receive, no close frame", "FIN", "ConnectionReset"))
        .Breaks("06-ws-premature", t => t.WithOutcome("receive, no close frame", "RST", "WebSocketException").WithError("receive, no close frame", "RST", null))
        .Breaks("06-ws-server", t => t.With("receive, on Kestrel", "FIN", "messages", "The WebSocket is in an invalid state."))
        .Breaks("06-ws-server", t => t.WithOutcome("receive, on Kestrel", "FIN", "(Close)"))
        .Breaks("06-ws-server", t => t.WithOutcome("receive, on Kestrel", "RST", "WebSocketException > IOException > SocketException"))
        .Breaks("06-ws-send", t => t.WithError("send, second", "FIN", "ConnectionReset"))
        .Breaks("06-ws-send", t => t.WithOutcome("send, second", "RST", "IOException > SocketException"))
        .Check();

    [Fact]
    public void All() => CounterExamples.To(t => YourStackClaims.All(t), Shipped.Table("06-stacks"))
        .Breaks("06-all-rst", t => t.WithError("in the headers", "RST", null))
        .Breaks("06-all-rst", t => t.WithOutcome("response write", "RST", "OperationCanceledException"))
        .Breaks("06-all-fin", t => t.WithError("upload, refused by NetworkStream, data unread", "FIN", "ConnectionReset"))
        .Breaks("06-all-fin", t => t.WithError("upload, refused with data unread", "FIN", "Shutdown"))
        .Breaks("06-all-http", t => t.WithHttp("CONNECT to a proxy", "FIN", "ProxyTunnelError"))
        .Breaks("06-all-http", t => t.With(row => (string?)row("http_request_error") == "ConnectionError", "http_request_error", "Unknown"))
        .Breaks("06-all-retried", t => t.With("GET, no response", "RST", "retried", "yes"))
        .Breaks("06-all-retried", t => t.With("POST with body, no response", "FIN", "retried", "yes"))
        .Check();
}
