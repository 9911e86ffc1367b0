using System.ComponentModel;
using System.Net.Http;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;
using System.Text;

namespace RstLab;

/// <summary>What ended a connection, as far as an exception can tell.</summary>
public enum WireEnding
{
    /// <summary>Nothing on the wire: the exception is about something else, or about this side alone.</summary>
    None,

    /// <summary>A RST, with no FIN before it as far as the exception tells.</summary>
    Reset,

    /// <summary>
    /// Sending was over before the call. On a TCP connection the usual cause is a FIN, and then a RST that answered what was sent after
    /// it. It is a likelihood, not a proof: a reset that an earlier call has reported, this side's own Shutdown and a socket that was
    /// never connected leave the same exception.
    /// </summary>
    FinThenReset,

    /// <summary>A FIN in the middle of something. A RST may have followed it: a read returns 0 in both cases.</summary>
    Fin,

    /// <summary>No answer at all.</summary>
    Silence,

    /// <summary>A RST or no answer: the exception is the same for both.</summary>
    ResetOrSilence,
}

/// <summary>The three classic conditions in which TCP sends a RST.</summary>
[Flags]
public enum ResetConditions
{
    /// <summary>None: there was no reset.</summary>
    None = 0,

    /// <summary>Condition 1: a SYN came to a port where nobody listens.</summary>
    NobodyListening = 1,

    /// <summary>Condition 2: TCP gave up a connection that it had.</summary>
    ConnectionAborted = 2,

    /// <summary>Condition 3: a segment came for a connection that the host does not have.</summary>
    NoSuchConnection = 4,
}

/// <summary>Whose doing an ending was.</summary>
public enum EndedBy
{
    /// <summary>The exception does not tell, or no connection was ended.</summary>
    Unknown,

    /// <summary>This process or this host.</summary>
    ThisSide,

    /// <summary>The other side's program or kernel.</summary>
    OtherSide,

    /// <summary>The other side, or a firewall, load balancer or NAT on the way that spoke in its name.</summary>
    OtherSideOrBetween,
}

/// <summary>
/// What an exception of a .NET network stack says about the wire, in plain words. One line in a program is enough:
/// <c>Console.Error.WriteLine(ResetDiagnosis.Of(exception));</c>
/// </summary>
/// <remarks>
/// It knows the exceptions of Socket, NetworkStream, SslStream, HttpClient, WebSocket, Pipelines and Kestrel, and what the same
/// error means on Linux, macOS and Windows. It reads the exception only and touches no network. Chapter 6 of the course holds
/// each answer against a measured ending.
/// </remarks>
public sealed record ResetDiagnosis
{
    private ResetDiagnosis(string headline, WireEnding wire, ResetConditions conditions, EndedBy by)
    {
        (Headline, Wire, Conditions, By) = (headline, wire, conditions, by);
    }

    /// <summary>The answer in one sentence.</summary>
    public string Headline { get; private init; }

    /// <summary>What ended the connection.</summary>
    public WireEnding Wire { get; }

    /// <summary>Which of the three conditions a reset can have been; <see cref="ResetConditions.None"/> when there was none.</summary>
    public ResetConditions Conditions { get; }

    /// <summary>Which side did it.</summary>
    public EndedBy By { get; }

    /// <summary>What happened, in a few sentences.</summary>
    public string Story { get; private init; } = "";

    /// <summary>How to confirm it: a command to run, a capture to take. PORT stands for the server's port.</summary>
    public IReadOnlyList<string> Confirm { get; private init; } = [];

    /// <summary>What to do about it.</summary>
    public IReadOnlyList<string> Remedies { get; private init; } = [];

    /// <summary>The exceptions that it was read from, such as <c>HttpRequestException &gt; SocketException (ConnectionRefused)</c>; empty when there is none.</summary>
    public string Evidence { get; private init; } = "";

    /// <summary>
    /// Whether the exception proves a reset of a TCP connection or of an attempt to connect. False does not mean that there was none:
    /// <see cref="WireEnding.FinThenReset"/>, <see cref="WireEnding.Fin"/> and <see cref="WireEnding.ResetOrSilence"/> leave it open.
    /// </summary>
    public bool IsReset => Wire == WireEnding.Reset;

    /// <summary>Reads an exception. Never throws.</summary>
    /// <param name="exception">Any exception, of a network stack or not; null is answered, too.</param>
    public static ResetDiagnosis Of(Exception? exception) =>
        Of(exception, OperatingSystem.IsWindows() ? Platform.Windows : OperatingSystem.IsMacOS() ? Platform.Mac : Platform.Linux);

    internal static ResetDiagnosis Of(Exception? exception, Platform platform)
    {
        if (exception is null)
        {
            return Unrelated("There is no exception, so there is nothing to diagnose.", "A call that ended with a reset may still have returned without one: a read that returns 0 bytes is how a FIN looks, and on Linux also a RST that came after it.");
        }

        // Of several exceptions, such as one for each address that was tried, the first that tells of the wire speaks.
        var all = exception is AggregateException many ? (IReadOnlyList<Exception>)many.Flatten().InnerExceptions : [exception];
        var read = all.Select(e => Read(Chain(e), platform) with { Evidence = Describe(e) }).ToList();
        return read.Find(d => d.Wire != WireEnding.None) ?? read.Find(d => d.By != EndedBy.Unknown) ?? read.FirstOrDefault() ?? Read([exception], platform);
    }

    /// <summary>The whole diagnosis as text of several lines.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Headline).Append('\n').Append(Story);
        if (Wire is not WireEnding.None and not WireEnding.Fin)
        {
            text.Append(Wire is WireEnding.Reset or WireEnding.Silence ? "\nCondition: " : "\nCondition, if it was a reset: ")
                .Append(Conditions == ResetConditions.None ? "none of the three; nothing came back" : string.Join(", or ", Named(Conditions)));
        }

        if (By != EndedBy.Unknown)
        {
            text.Append("\nDone by: ").Append(By switch
            {
                EndedBy.ThisSide => "this side",
                EndedBy.OtherSide => "the other side, its program or its kernel",
                _ => "the other side, or a firewall, load balancer or NAT on the way",
            });
        }

        foreach (var line in Confirm)
        {
            text.Append("\nConfirm: ").Append(line);
        }

        foreach (var line in Remedies)
        {
            text.Append("\nDo: ").Append(line);
        }

        return (Evidence.Length == 0 ? text : text.Append("\nRead from: ").Append(Evidence)).ToString();
    }

    private static IEnumerable<string> Named(ResetConditions conditions)
    {
        if (conditions.HasFlag(ResetConditions.NobodyListening))
        {
            yield return "1, nobody listens on the port";
        }

        if (conditions.HasFlag(ResetConditions.ConnectionAborted))
        {
            yield return "2, the connection was aborted";
        }

        if (conditions.HasFlag(ResetConditions.NoSuchConnection))
        {
            yield return "3, the other host no longer had the connection";
        }
    }

    private static List<Exception> Chain(Exception exception)
    {
        var chain = new List<Exception>();
        for (var e = exception; e is not null && chain.Count < 100; e = e is AggregateException { InnerExceptions.Count: > 0 } many ? many.InnerExceptions[0] : e.InnerException)
        {
            chain.Add(e);
        }

        return chain;
    }

    private static string Describe(Exception exception) => string.Join(" > ", Chain(exception).Select(e => e switch
    {
        SocketException socket => $"{e.GetType().Name} ({socket.SocketErrorCode})",
        HttpRequestException { HttpRequestError: not HttpRequestError.Unknown } request => $"{e.GetType().Name} ({request.HttpRequestError})",
        HttpIOException response => $"{e.GetType().Name} ({response.HttpRequestError})",
        WebSocketException socket => $"{e.GetType().Name} ({socket.WebSocketErrorCode})",
        _ => e.GetType().Name,
    }));

    /// <summary>From the cause outwards: what the kernel said counts for more than what a stack made of it.</summary>
    private static ResetDiagnosis Read(List<Exception> chain, Platform platform)
    {
        var request = chain.OfType<HttpRequestException>().FirstOrDefault()?.HttpRequestError
            ?? chain.OfType<HttpIOException>().FirstOrDefault()?.HttpRequestError;
        if (request == HttpRequestError.NameResolutionError)
        {
            return NoSuchName;
        }

        // What this side gave up tells of nothing else: the errors inside are the noise of its own connection being torn down.
        if (IsCancellation(chain[0]) && Stopped(chain, platform) is { } given)
        {
            return given;
        }

        // Streams and connections inside HTTP/2 and QUIC have resets of their own. Kestrel's types are known by name, as this library does not reference it.
        if (chain.Exists(e => e is HttpProtocolException || e.GetType().Name is "Http2StreamErrorException" or "Http2ConnectionErrorException"))
        {
            return HttpStream;
        }

        if (chain.Exists(e => e.GetType().FullName is "System.Net.Quic.QuicException"))
        {
            return Quic;
        }

        // .NET on Unix writes to pipes through sockets, so a pipe's error looks like a connection's.
        if (WasThrownBy([.. chain.OfType<IOException>()], "System.IO.Pipes.PipeStream."))
        {
            return BrokenPipeOfProcess;
        }

        if (chain.OfType<SocketException>().LastOrDefault() is { } socket)
        {
            return OfSocket(socket.SocketErrorCode, chain, request, platform);
        }

        // A WebSocketException is a Win32Exception, too, but its number is whatever the thread's last error was.
        if (chain.OfType<Win32Exception>().LastOrDefault(e => e is not WebSocketException) is { } system && Translate(system.NativeErrorCode, platform) is { } error)
        {
            return OfSocket(error, chain, request, platform);
        }

        var handshake = request == HttpRequestError.SecureConnectionError;
        if (chain.Exists(e => IsNamed(e, "ConnectionResetException")))
        {
            return Reset(platform, handshake);
        }

        if (chain.Exists(e => IsNamed(e, "ConnectionAbortedException")))
        {
            return AbortedHere(platform);
        }

        if (Stopped(chain, platform) is { } stopped)
        {
            return stopped;
        }

        // The stream ended, and no error of a socket is behind it: that is what a FIN leaves.
        if (chain.Exists(e => e is HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded } or EndOfStreamException
                or WebSocketException { WebSocketErrorCode: WebSocketError.ConnectionClosedPrematurely })
            || request == HttpRequestError.ResponseEnded
            || (request == HttpRequestError.Unknown && chain[^1] is HttpRequestException && chain[^1].Message.Contains("did not complete the HTTP/2 handshake", StringComparison.Ordinal))
            || chain.Exists(e => IsNamed(e, "BadHttpRequestException") && e.Message.StartsWith("Unexpected end of request content", StringComparison.Ordinal))
            || chain.Exists(e => e.GetType() == typeof(IOException) && e.InnerException is null && e.Source == "System.Net.Security"))
        {
            return EndedEarly(platform, handshake, request == HttpRequestError.ResponseEnded, any: chain[^1] is EndOfStreamException);
        }

        if (chain.Exists(e => e is AuthenticationException) || handshake)
        {
            return Unrelated("The TLS handshake failed, but not by a reset.", "Both sides were there and talked: a certificate, a protocol version or a name was refused.",
                "read the innermost message; `openssl s_client -connect HOST:PORT` shows the server's certificate and its alert.");
        }

        if (chain.Exists(e => e is ObjectDisposedException))
        {
            return Disposed(platform);
        }

        return request == HttpRequestError.InvalidResponse
            ? Unrelated("What came back is no valid HTTP response. It is not about a reset.", "The server speaks another protocol on this port, or the response was damaged.", "look at the first bytes: `curl -v --http0.9 URL`.")
            : Unrelated("This is not about a reset.", "Nothing in the exception tells of a connection that ended.");
    }

    /// <summary>An operation that this side ended itself. A socket then says OperationAborted, which alone would mean that it was disposed.</summary>
    private static ResetDiagnosis? Stopped(List<Exception> chain, Platform platform) =>
        chain.Exists(e => e is TimeoutException) ? OwnTimeLimit(platform) : chain.Exists(IsCancellation) ? Canceled : null;

    // Kestrel's ConnectionAbortedException is one by its type, and says more by its name.
    private static bool IsCancellation(Exception e) => e is OperationCanceledException && !IsNamed(e, "ConnectionAbortedException");

    private static bool IsNamed(Exception e, string name) => e.GetType().Name == name;

    private static ResetDiagnosis OfSocket(SocketError error, List<Exception> chain, HttpRequestError? request, Platform platform)
    {
        var handshake = request == HttpRequestError.SecureConnectionError;
        return error switch
        {
            SocketError.ConnectionRefused => Refused(platform),
            SocketError.ConnectionReset => Reset(platform, handshake),
            SocketError.Shutdown when platform == Platform.Windows => ShutDownHere,
            SocketError.Shutdown => BrokenPipe(platform),
            SocketError.ConnectionAborted => platform == Platform.Windows ? AbortedOnWindows : Aborted(platform, chain),
            SocketError.TimedOut when WasBlockingSend(chain) => TimedOutSending(platform),
            SocketError.TimedOut when WasBlockingReceive(chain) => TimedOutReceiving(platform),
            SocketError.TimedOut or SocketError.NetworkReset => TimedOut(platform),
            SocketError.OperationAborted or SocketError.Interrupted => Stopped(chain, platform) ?? Disposed(platform),
            SocketError.NotConnected => NotConnected,
            SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.HostDown or SocketError.NetworkDown => Unreachable(platform),
            SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData or SocketError.NoRecovery => NoSuchName,
            _ => Unrelated($"This is not about a reset: the socket's error is {error}.", "Nothing in the exception tells of a connection that the other side ended."),
        };
    }

    /// <summary>An exception that carries the system's number but is no SocketException.</summary>
    private static SocketError? Translate(int number, Platform platform) => (platform, number) switch
    {
        (Platform.Windows, > 10000 and < 11100) => (SocketError)number,
        (Platform.Windows, _) => null,
        (_, 32) => SocketError.Shutdown,
        (Platform.Linux, 104) or (Platform.Mac, 54) => SocketError.ConnectionReset,
        (Platform.Linux, 111) or (Platform.Mac, 61) => SocketError.ConnectionRefused,
        (Platform.Linux, 103) or (Platform.Mac, 53) => SocketError.ConnectionAborted,
        (Platform.Linux, 110) or (Platform.Mac, 60) => SocketError.TimedOut,
        (Platform.Linux, 125) or (Platform.Mac, 89) => SocketError.OperationAborted,
        (Platform.Linux, 107) or (Platform.Mac, 57) => SocketError.NotConnected,
        (Platform.Linux, 113) or (Platform.Mac, 65) => SocketError.HostUnreachable,
        (Platform.Linux, 101) or (Platform.Mac, 51) => SocketError.NetworkUnreachable,
        (Platform.Linux, 102) or (Platform.Mac, 52) => SocketError.NetworkReset,
        _ => null,
    };

    // Only a blocking send of .NET reports TimedOut for a reset (chapter 4), so where it was thrown matters.
    private static bool WasBlockingSend(List<Exception> chain) =>
        WasThrownBy(chain, "System.Net.Sockets.Socket.Send(") || WasThrownBy(chain, "System.Net.Sockets.NetworkStream.Write(");

    // ReceiveTimeout limits blocking calls only.
    private static bool WasBlockingReceive(List<Exception> chain) =>
        WasThrownBy(chain, "System.Net.Sockets.Socket.Receive(") || WasThrownBy(chain, "System.Net.Sockets.NetworkStream.Read(");

    private static bool WasThrownBy(List<Exception> chain, string method) =>
        chain.Exists(e => e.StackTrace?.Contains($" {method}", StringComparison.Ordinal) == true);

    private static string Capture(Platform platform) => platform switch
    {
        Platform.Windows => "`pktmon filter add -p PORT` and `pktmon start --capture`, then `pktmon stop` and `pktmon etl2pcap PktMon.etl`; in Wireshark filter for `tcp.flags.reset == 1 || tcp.flags.fin == 1`",
        Platform.Mac => "`sudo tcpdump -ni any 'tcp port PORT'` shows R for a reset and F for a FIN, and who sent it",
        _ => "`sudo tcpdump -ni any 'tcp port PORT'` shows R for a reset and F for a FIN, and who sent it",
    };

    private static string[] WhySent(Platform platform) => platform == Platform.Linux
        ? [Capture(platform), "on the host that you suspect, `sudo perf record -ae tcp:tcp_send_reset -- sleep 60` and then `sudo perf script` name the reason of each reset that it sent (Linux 6.10 and newer, in full from 6.12); if it sent none, a device on the way did"]
        : [Capture(platform), "take the capture on both hosts: a reset that the other host never sent came from a device on the way"];

    private static ResetDiagnosis Refused(Platform platform) => new(
        "Connection refused: the SYN was answered by a RST.", WireEnding.Reset, ResetConditions.NobodyListening, EndedBy.OtherSideOrBetween)
    {
        Story = "The host was reached, and nobody listens on that address and port, or a firewall rejects in its name. "
            + "No connection existed, and nothing was sent, so trying again is always safe.",
        Confirm =
        [
            platform switch
            {
                Platform.Windows => "on the server: `Get-NetTCPConnection -LocalPort PORT -State Listen`",
                Platform.Mac => "on the server: `lsof -nP -iTCP:PORT -sTCP:LISTEN`",
                _ => "on the server: `ss -ltn 'sport = :PORT'` shows who listens and on which address",
            },
            Capture(platform),
        ],
        Remedies =
        [
            "See that the service runs, and listens on the address that you connect to: 127.0.0.1 and [::1] differ, and a container's localhost is its own.",
            "If it is starting or restarting, try again with a growing pause.",
        ],
    };

    private static ResetDiagnosis Reset(Platform platform, bool handshake) => new(
        handshake ? "Connection reset in the TLS handshake." : "Connection reset: a RST ended a connection that was established.",
        WireEnding.Reset, ResetConditions.ConnectionAborted | ResetConditions.NoSuchConnection, EndedBy.OtherSideOrBetween)
    {
        Story = (platform == Platform.Linux
                ? "No FIN came before the reset, unless this side had shut down sending itself."
                : "A reset ended the connection; on this system a FIN may have come before it.")
            + " Either the other side aborted: it closed with data unread or with linger 0, disposed a Socket with an operation pending, "
            + "or was killed with data unread."
            + " Or it no longer knew the connection: it was rebooted, or a NAT or load balancer forgot an idle connection."
            + " What you sent last may or may not have been processed. (A Unix domain socket reports the same error, without any segment.)",
        Confirm = [.. WhySent(platform), "a reset at once after your data on a connection that was idle for minutes points to condition 3 or to a device on the way; in the middle of an exchange, to condition 2"],
        Remedies = handshake
            ? ["No request was sent yet, so trying again is safe.", "Look for something on the way or on the server that refuses by the name in the ClientHello (SNI) or by address, and for a server that is out of capacity."]
            :
            [
                "Repeat only what may be done twice (GET, PUT, an idempotency key).",
                "If the connection had been idle: close it earlier than the other side does (SocketsHttpHandler.PooledConnectionIdleTimeout), or keep it busy (TCP keepalive, HTTP/2 or WebSocket pings).",
                "If it happens when an upload is refused: have the server read the rest before it closes.",
            ],
    };

    private static ResetDiagnosis BrokenPipe(Platform platform) => new(
        "Broken pipe: you wrote where nothing could be sent any more.", WireEnding.FinThenReset,
        ResetConditions.ConnectionAborted | ResetConditions.NoSuchConnection, EndedBy.Unknown)
    {
        Story = (platform == Platform.Mac
                ? "Most often the other side had ended the connection, with or without a FIN, and a RST had come."
                : "Most often the other side had closed (a FIN), and a RST answered an earlier write of yours, which was accepted and lost. "
                + "Or an earlier call on this connection has reported a reset or a time-out already.")
            + " The exception does not prove any of this: this side's own Shutdown(Send) leaves the same error with no reset at all, "
            + (platform == Platform.Mac ? "" : "a socket that was never connected or whose Connect failed does, ")
            + "and so does a Unix domain socket whose other end is closed.",
        Confirm =
        [
            "in your own code, look for an earlier error on the same connection, for Shutdown(Send) or Shutdown(Both), and for a Connect that failed",
            .. WhySent(platform),
        ],
        Remedies =
        [
            "Read while you write: the other side's last word, such as a 413 or 401, may be waiting to be read.",
            "Treat it as connection reset: the connection is over, and you do not know what was processed.",
            "If you write to connections that have been idle, watch for their end with a pending read.",
        ],
    };

    private static ResetDiagnosis BrokenPipeOfProcess => new(
        "The other end of a pipe is closed. It is not about a reset.", WireEnding.None, ResetConditions.None, EndedBy.OtherSide)
    {
        Story = "A pipe connects processes of one machine, and no segment crosses a network. "
            + "Most often the process that should read, such as a child with a redirected standard input, has ended or closed its end.",
        Confirm = ["Process.HasExited and Process.ExitCode show whether the child has ended, and how"],
        Remedies = ["Look for the reason in that process; it may have written it to its standard error."],
    };

    private static ResetDiagnosis EndedEarly(Platform platform, bool handshake, bool http, bool any) => new(
        handshake ? "The other side closed in the TLS handshake: a FIN came." : "The other side closed in the middle: a FIN came.",
        WireEnding.Fin, ResetConditions.None, EndedBy.OtherSide)
    {
        Story = "The FIN came before the protocol above TCP was done: the rest of a response, a close frame or a close_notify is missing."
            + " A RST may have followed the FIN"
            + (platform == Platform.Linux ? ", because a read returns 0 then, too: a TcpClient that is closed with data unread sends both." : ".")
            + (any ? " (If it was no connection that was read from, but a file or memory, the exception only means that it was too short.)" : "")
            + " A killed process looks like this, too, if it had nothing unread; so does a server that closes an idle connection just when you use it."
            + (http ? " HttpClient may have sent a request that has no body several times by now." : ""),
        Confirm = [Capture(platform), "the other side's log at that moment: a crash, a deployment, a limit of time or size"],
        Remedies =
        [
            handshake ? "No request was sent yet, so trying again is safe; see whether the port speaks TLS at all." : "Repeat only what may be done twice (GET, PUT, an idempotency key).",
            "Discard what has come so far: it is not complete.",
            "If it happens when an upload is refused: have the server read the rest before it closes.",
        ],
    };

    /// <summary>ECONNABORTED on Unix. Accepting a connection that its client has reset does not fail with it on Linux; on macOS it may.</summary>
    private static ResetDiagnosis Aborted(Platform platform, List<Exception> chain) =>
        platform == Platform.Mac && WasThrownBy(chain, "System.Net.Sockets.Socket.Accept(") ? new("Connection aborted before it was accepted.", WireEnding.Reset, ResetConditions.ConnectionAborted, EndedBy.OtherSideOrBetween)
        {
            Story = "A client connected and reset its connection while it waited to be accepted.",
            Confirm = [Capture(platform)],
            Remedies = ["Go on accepting: it is about that one client.", "If there are many, look for a health check or a port scan that connects and resets."],
        }
        : new("Connection aborted on this side.", WireEnding.None, ResetConditions.None, EndedBy.ThisSide)
        {
            Story = "Most often this process closed or disposed the socket while another thread was blocked in Receive, Read or Send."
                + (platform == Platform.Linux ? " An administrator of this host can also have ended the connection with `ss -K`." : "")
                + " The other side gets a RST or a FIN, depending on the class that was disposed.",
            Confirm = ["look for a Dispose, Close or using block that runs while another thread is blocked in a call on the same socket", Capture(platform)],
            Remedies = ["End in order: Shutdown(SocketShutdown.Send), let the reading thread come to 0 bytes, then Dispose."],
        };

    private static ResetDiagnosis AbortedOnWindows => new(
        "Connection aborted: this host's own TCP gave it up.", WireEnding.ResetOrSilence, ResetConditions.ConnectionAborted | ResetConditions.NoSuchConnection, EndedBy.Unknown)
    {
        Story = "Windows says so when data was not acknowledged in time, when a local filter such as a virus scanner cut the connection, and when you write after the other side has closed and reset.",
        Confirm = [Capture(Platform.Windows)],
        Remedies = ["Treat it as connection reset: the connection is over, and you do not know what was processed."],
    };

    private static ResetDiagnosis AbortedHere(Platform platform) => new(
        "The server's own code aborted the connection.", WireEnding.None, ResetConditions.None, EndedBy.ThisSide)
    {
        Story = "Kestrel reports this for HttpContext.Abort(), for a limit that was passed, such as a data rate that was too low, and at shutdown. The client is sent a RST or a FIN by it.",
        Confirm = ["the inner message and Kestrel's log at level Debug (category Microsoft.AspNetCore.Server.Kestrel) tell why", Capture(platform)],
        Remedies = ["Look at the limits (KestrelServerLimits) and at who calls Abort."],
    };

    private static ResetDiagnosis Disposed(Platform platform) => new(
        "This side closed the socket under a pending operation.", WireEnding.None, ResetConditions.None, EndedBy.ThisSide)
    {
        Story = "This process disposed the socket while an operation was pending, or aborted the operation. "
            + "Socket.Dispose then aborts the connection, so the other side gets a RST; a NetworkStream that owns its socket and a TcpClient send a FIN.",
        Confirm = ["look for a Dispose, a using block or a time-out that runs while another task reads or writes", Capture(platform)],
        Remedies = ["End in order: Shutdown(SocketShutdown.Send), let the reading task come to 0 bytes, then Dispose."],
    };

    private static ResetDiagnosis TimedOut(Platform platform) => new(
        "Timed out: nothing came back.", WireEnding.Silence, ResetConditions.None, EndedBy.Unknown)
    {
        Story = "No acknowledgement came, and no reset either: the other host or the way to it is gone, a firewall drops silently, or an accept queue is full. If the connection was established, keepalive, TCP_USER_TIMEOUT or the retransmission limit ended it.",
        Confirm = [Capture(platform) + "; repeated segments without an answer are what you look for", platform == Platform.Linux ? "`ss -tino 'dport = :PORT'` shows retransmissions and timers" : "`netstat -an` shows the connection's state"],
        Remedies = ["Set time limits of your own: Linux gives up sending only after some 15 minutes (net.ipv4.tcp_retries2), unless TCP_USER_TIMEOUT says otherwise.", "Use keepalive where a silent end has to be noticed."],
    };

    private static ResetDiagnosis TimedOutReceiving(Platform platform) => TimedOut(platform) with
    {
        Headline = "Timed out: nothing was received in time.",
        Story = "Either ReceiveTimeout has passed: then the other side is only slow or silent, and the connection is still usable. "
            + "Or this host's TCP gave the connection up because nothing came back: keepalive, TCP_USER_TIMEOUT or the retransmission limit. "
            + "The exception is the same. No reset came.",
        Remedies =
        [
            "If you set ReceiveTimeout: decide whether to read again or to close.",
            "Otherwise the connection is over: connect again, and look for a host or a way that is gone.",
        ],
    };

    private static ResetDiagnosis TimedOutSending(Platform platform) => new(
        "A blocking send reports a time-out, which may stand for a reset.", WireEnding.ResetOrSilence,
        ResetConditions.ConnectionAborted | ResetConditions.NoSuchConnection, EndedBy.Unknown)
    {
        Story = "When a RST cuts a blocking Send or NetworkStream.Write midway, .NET on Unix reports TimedOut although the kernel's error is ECONNRESET. "
            + "A SendTimeout that has passed, and TCP_USER_TIMEOUT or the retransmission limit without any answer, look the same.",
        Confirm =
        [
            Capture(platform),
            platform == Platform.Linux ? "`strace -f -e trace=network,poll -p PID` shows the error that the kernel returned" : "compare with SendAsync, which reports the kernel's error",
        ],
        Remedies = ["Use SendAsync or WriteAsync: they report ConnectionReset for a reset, and TimedOut only for a time-out."],
    };

    private static ResetDiagnosis OwnTimeLimit(Platform platform) => new(
        "A time limit of this side ran out. It is not about a reset.", WireEnding.None, ResetConditions.None, EndedBy.ThisSide)
    {
        Story = "No ending had been seen on the connection by then: the other side is slow, or silent. Giving up may itself send a RST to it.",
        Confirm = [Capture(platform) + "; segments without an answer mean that the other side is gone, acknowledgements without data that it is slow"],
        Remedies = ["See which limit it was (HttpClient.Timeout, ConnectTimeout, a CancelAfter) and whether the other side was working or gone."],
    };

    private static ResetDiagnosis Canceled => Unrelated("This side gave up the operation. It is not about a reset.",
        "A cancellation token was signalled. In ASP.NET Core that can be HttpContext.RequestAborted, which is signalled when the client's connection has ended, by a reset or not.",
        "look at who cancels the token");

    private static ResetDiagnosis Unreachable(Platform platform) => new(
        "Unreachable: there was no way to the host.", WireEnding.Silence, ResetConditions.None, EndedBy.Unknown)
    {
        Story = "A router, or this host's own routing table, said that there is no way there. No TCP segment came back, so no reset either.",
        Confirm = [platform == Platform.Windows ? "`Find-NetRoute -RemoteIPAddress ADDRESS` and `tracert ADDRESS`" : platform == Platform.Mac ? "`route get ADDRESS` and `traceroute ADDRESS`" : "`ip route get ADDRESS` and `tracepath ADDRESS`"],
        Remedies = ["See to the network: address, route, VPN, firewall. Nothing was sent, so trying again is safe."],
    };

    private static ResetDiagnosis NotConnected => new(
        "Not connected: there is no connection to do this on.", WireEnding.None, ResetConditions.None, EndedBy.Unknown)
    {
        Story = "The socket was never connected, or its connection is over already.",
        Confirm = ["look for an earlier error on the same connection"],
        Remedies = ["Dispose the socket; do not shut down a connection that has failed."],
    };

    private static ResetDiagnosis ShutDownHere => new(
        "This side has shut down sending. It is not about a reset.", WireEnding.None, ResetConditions.None, EndedBy.ThisSide)
    {
        Story = "On Windows this error (WSAESHUTDOWN) means that Shutdown was called on this side before. "
            + "A reset by the other side would be ConnectionReset or ConnectionAborted.",
        Confirm = ["look for Shutdown(Send) or Shutdown(Both) in your own code"],
        Remedies = ["Send first, then shut down."],
    };

    private static ResetDiagnosis HttpStream => new(
        "An HTTP/2 or HTTP/3 stream or connection was ended by its own protocol. It is not a TCP reset.", WireEnding.None, ResetConditions.None, EndedBy.OtherSide)
    {
        Story = "RST_STREAM and GOAWAY are frames inside the connection. The TCP connection may live on.",
        Confirm = ["the exception's ErrorCode (RFC 9113, section 7) tells why"],
        Remedies = ["REFUSED_STREAM and a GOAWAY below your stream's number mean that nothing was processed: trying again is safe."],
    };

    private static ResetDiagnosis Quic => new(
        "This is QUIC, which runs over UDP and has no TCP reset.", WireEnding.None, ResetConditions.None, EndedBy.Unknown)
    {
        Story = "A QUIC connection or stream ended by its own protocol or by a time limit.",
        Confirm = ["QuicException.QuicError and ApplicationErrorCode tell why"],
        Remedies = ["Look there, not for a RST."],
    };

    private static ResetDiagnosis NoSuchName => new(
        "The name was not found. It is not about a reset.", WireEnding.None, ResetConditions.None, EndedBy.Unknown)
    {
        Story = "The address of the host could not be looked up, so no segment was sent.",
        Confirm = ["`nslookup NAME`"],
        Remedies = ["See to the name, or to the resolver. Nothing was sent, so trying again is safe."],
    };

    private static ResetDiagnosis Unrelated(string headline, string story, string? confirm = null) =>
        new(headline, WireEnding.None, ResetConditions.None, EndedBy.Unknown) { Story = story, Confirm = confirm is null ? [] : [confirm] };

    /// <summary>The families of systems that differ in what an error means.</summary>
    internal enum Platform
    {
        Linux,
        Mac,
        Windows,
    }
}
