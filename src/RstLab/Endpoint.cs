using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;

namespace RstLab;

/// <summary>
/// A thin wrapper of a <see cref="System.Net.Sockets.Socket"/>. Each call is made as it stands and logged as one event of the
/// app witness; a call that fails does not throw but returns what it failed with. Nothing else is added: the raw
/// <see cref="Socket"/> stays reachable, and what is done with it directly is not logged.
/// </summary>
public sealed class Endpoint : IDisposable
{
    private readonly Conversation _talk;

    internal Endpoint(Conversation talk, string name, Side side, Socket socket)
    {
        (_talk, Name, Side, Socket) = (talk, name, side, socket);
        _talk.Register(this);
    }

    /// <summary>The name that its events carry, such as <c>client</c>.</summary>
    public string Name { get; }

    /// <summary>The lifeline that it belongs to.</summary>
    public Side Side { get; }

    /// <summary>The raw socket.</summary>
    public Socket Socket { get; }

    /// <summary>Its own address and port; null before it is bound.</summary>
    public IPEndPoint? Local { get; private set; }

    /// <summary>What the last successful receive brought.</summary>
    public ReadOnlyMemory<byte> Received { get; private set; }

    /// <summary>The connection's state as the kernel tells it; <see cref="TcpState.Unknown"/> once closed. Not logged.</summary>
    public TcpState State => SocketState.Of(Socket);

    /// <summary>Connects, blocking (connect(2)).</summary>
    /// <param name="to">The address and port.</param>
    public AppCall Connect(IPEndPoint to) => Call("Connect", Text(to), () =>
    {
        Socket.Connect(to);
        return Named();
    });

    /// <summary>Connects without blocking a thread.</summary>
    /// <param name="to">The address and port.</param>
    /// <param name="cancellation">Gives up the attempt.</param>
    public Task<AppCall> ConnectAsync(IPEndPoint to, CancellationToken cancellation = default) => CallAsync("ConnectAsync", Text(to), async () =>
    {
        await Socket.ConnectAsync(to, cancellation).ConfigureAwait(false);
        return Named();
    });

    /// <summary>Takes the next connection off a listener's queue, blocking until there is one (accept(2)).</summary>
    /// <param name="name">The new endpoint's name.</param>
    /// <exception cref="SocketException">Accepting failed. The failure is logged, too.</exception>
    public Endpoint Accept(string name = "server")
    {
        Socket? accepted = null;
        var call = Call("Accept", null, () =>
        {
            accepted = Socket.Accept();
            return Text((IPEndPoint)accepted.RemoteEndPoint!);
        });
        return accepted is null
            ? throw new SocketException((int)(call.Error ?? SocketError.SocketError), $"{Name}.Accept failed: {call.Outcome}")
            : new Endpoint(_talk, name, Side.Server, accepted).KnowsItsAddress();
    }

    /// <summary>Sends zero bytes of payload value: as many as asked for, blocking until the kernel has taken them (send(2)).</summary>
    /// <param name="bytes">How many bytes.</param>
    public AppCall Send(int bytes) => Send(new byte[bytes]);

    /// <summary>Sends data, blocking until the kernel has taken it (send(2)).</summary>
    /// <param name="data">The data.</param>
    public AppCall Send(byte[] data) => Call("Send", Count(data.Length), () => Number(Socket.Send(data)));

    /// <summary>Sends a text as UTF-8.</summary>
    /// <param name="text">The text.</param>
    public AppCall Send(string text) => Send(Encoding.UTF8.GetBytes(text));

    /// <summary>Sends without blocking a thread.</summary>
    /// <param name="bytes">How many zero bytes.</param>
    public Task<AppCall> SendAsync(int bytes) =>
        CallAsync("SendAsync", Count(bytes), async () => Number(await Socket.SendAsync(new byte[bytes]).ConfigureAwait(false)));

    /// <summary>Receives, blocking until there is data, the end of the stream (0) or an error (recv(2)).</summary>
    /// <param name="most">How many bytes at the most; 0 waits for readability without taking data.</param>
    public AppCall Receive(int most = 65536) => Call("Receive", $"up to {Count(most)}", () =>
    {
        var buffer = new byte[most];
        var bytes = Socket.Receive(buffer);
        Received = buffer.AsMemory(0, bytes);
        return Number(bytes);
    });

    /// <summary>Receives without blocking a thread.</summary>
    /// <param name="most">How many bytes at the most; 0 waits for readability without taking data.</param>
    public Task<AppCall> ReceiveAsync(int most = 65536) => CallAsync("ReceiveAsync", $"up to {Count(most)}", async () =>
    {
        var buffer = new byte[most];
        var bytes = await Socket.ReceiveAsync(buffer).ConfigureAwait(false);
        Received = buffer.AsMemory(0, bytes);
        return Number(bytes);
    });

    /// <summary>Ends one direction or both (shutdown(2)).</summary>
    /// <param name="how">Which direction.</param>
    public AppCall Shutdown(SocketShutdown how) => Call("Shutdown", how.ToString(), () =>
    {
        Socket.Shutdown(how);
        return "ok";
    });

    /// <summary>Closes the socket as <see cref="Socket.Close()"/> does: what is unsent still goes out.</summary>
    public AppCall Close() => Call("Close", null, () =>
    {
        Socket.Close();
        return "ok";
    });

    /// <summary>Closes the socket as <see cref="Socket.Close(int)"/> does.</summary>
    /// <param name="seconds">How long unsent data may still go out, in seconds; 0 aborts the connection.</param>
    public AppCall Close(int seconds) => Call("Close", Number(seconds), () =>
    {
        Socket.Close(seconds);
        return "ok";
    });

    /// <summary>Aborts the connection: SO_LINGER with zero seconds, then close (RFC 9293 section 3.10.5, socket(7)).</summary>
    public AppCall Abort() => Call("Abort", "SO_LINGER {1,0} + Close", () =>
    {
        Socket.LingerState = new LingerOption(true, 0);
        Socket.Close();
        return "ok";
    });

    /// <summary>Asks whether the socket is ready (poll(2)). Waits until it is, or for the given time.</summary>
    /// <param name="mode">Readable, writable or in error.</param>
    /// <param name="atMost">How long to wait; zero asks and returns. Null waits up to a second.</param>
    public AppCall Poll(SelectMode mode, TimeSpan? atMost = null) =>
        Call("Poll", mode.ToString(), () => Socket.Poll(atMost ?? TimeSpan.FromSeconds(1), mode).ToString());

    /// <summary>
    /// Asks about this socket with <see cref="Socket.Select(System.Collections.IList, System.Collections.IList, System.Collections.IList, TimeSpan)"/>,
    /// in all three lists at once, and returns at once. The result names the lists that it is still in: <c>read</c>, <c>write</c>,
    /// <c>error</c>, joined by <c>+</c>, or <c>none</c>.
    /// </summary>
    public AppCall Select() => Call("Select", null, () =>
    {
        List<Socket> read = [Socket], write = [Socket], error = [Socket];
        Socket.Select(read, write, error, TimeSpan.Zero);
        var ready = string.Join('+', new[] { (read, "read"), (write, "write"), (error, "error") }.Where(l => l.Item1.Count > 0).Select(l => l.Item2));
        return ready.Length == 0 ? "none" : ready;
    });

    /// <summary>
    /// Receives with a <see cref="SocketAsyncEventArgs"/>, which throws nothing: the result is the bytes, or the name of the
    /// <see cref="SocketError"/> that its property holds.
    /// </summary>
    /// <param name="most">How many bytes at the most.</param>
    public Task<AppCall> ReceiveWithEventArgsAsync(int most = 65536) => CallAsync("ReceiveAsync(e)", $"up to {Count(most)}", async () =>
    {
        using var e = new SocketAsyncEventArgs();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        e.SetBuffer(new byte[most]);
        e.Completed += (_, _) => done.SetResult();
        if (Socket.ReceiveAsync(e))
        {
            await done.Task.ConfigureAwait(false);
        }

        return e.SocketError == SocketError.Success ? Number(e.BytesTransferred) : e.SocketError.ToString();
    });

    /// <summary>
    /// Turns keepalive on: after an idle time the kernel probes the peer, and gives up with ETIMEDOUT when so many probes in a
    /// row stay unanswered (SO_KEEPALIVE, socket(7); TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT, tcp(7)).
    /// </summary>
    /// <param name="idle">How long nothing has to arrive before the first probe, in seconds; 1 to 32767 on Linux.</param>
    /// <param name="interval">The time between two probes, and from the last one to the end, in seconds; 1 to 32767 on Linux.</param>
    /// <param name="count">How many probes; 1 to 127 on Linux.</param>
    public AppCall KeepAlive(int idle, int interval, int count) => Call("KeepAlive", $"{Number(idle)} s + {Number(count)} x {Number(interval)} s", () =>
    {
        Socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        Socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, idle);
        Socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, interval);
        Socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, count);
        return "ok";
    });

    /// <summary>
    /// Bounds how long data that was sent may stay unacknowledged before the kernel gives the connection up with ETIMEDOUT
    /// (TCP_USER_TIMEOUT, tcp(7), RFC 5482). .NET has no name for it, so it is set by number, and on Linux only: elsewhere the
    /// call is logged as failed.
    /// </summary>
    /// <param name="milliseconds">The bound in milliseconds; 0 for the system's own.</param>
    public AppCall UserTimeout(int milliseconds) => Call("TCP_USER_TIMEOUT", $"{Number(milliseconds)} ms", () =>
    {
        const int tcpUserTimeout = 18; // include/uapi/linux/tcp.h
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException("TCP_USER_TIMEOUT is an option of Linux: macOS has TCP_RXT_CONNDROPTIME, Windows TCP_MAXRT.");
        }

        Socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, tcpUserTimeout, BitConverter.GetBytes(milliseconds));
        return "ok";
    });

    /// <summary>Takes the pending error off the socket (SO_ERROR). The call succeeds; its result is the error's name or number, <c>0</c> for none.</summary>
    public AppCall TakePendingError() => Call("SO_ERROR", null, () =>
    {
        var errno = SocketState.TakePendingError(Socket);
        return errno == 0 ? "0" : Errno.Name(errno) ?? Number(errno);
    });

    /// <summary>Sets an option (setsockopt(2)).</summary>
    /// <param name="level">The option's level.</param>
    /// <param name="name">The option.</param>
    /// <param name="value">Its value.</param>
    public AppCall SetOption(SocketOptionLevel level, SocketOptionName name, int value) => Call("SetOption", $"{level}.{name} = {Number(value)}", () =>
    {
        Socket.SetSocketOption(level, name, value);
        return "ok";
    });

    /// <summary>Makes any other call on the socket and logs it under a name of its own.</summary>
    /// <param name="call">The name in the log.</param>
    /// <param name="action">The call; its result is logged as text in the invariant culture, or as <c>ok</c> where it has none.</param>
    public AppCall Do(string call, Func<Socket, object?> action) =>
        Call(call, null, () => action(Socket) is { } result ? Convert.ToString(result, CultureInfo.InvariantCulture)! : "ok");

    /// <summary>
    /// Waits until the kernel reports a state of this connection, by asking it again and again. Bounded by the conversation's deadline.
    /// </summary>
    /// <param name="states">The states awaited; any of them will do.</param>
    /// <exception cref="TimeoutException">The state did not come; the message says which one was seen instead.</exception>
    public async Task UntilAsync(params TcpState[] states)
    {
        TcpState seen = State;
        await _talk.UntilAsync(
            () => states.Contains(seen = State),
            () => $"{Name} to be {string.Join(" or ", states)}; the kernel says {seen}").ConfigureAwait(false);
    }

    /// <summary>Waits until the socket has at least so many bytes to read (FIONREAD). Bounded by the conversation's deadline.</summary>
    /// <param name="bytes">How many bytes.</param>
    /// <exception cref="TimeoutException">They did not come.</exception>
    public async Task UntilAvailableAsync(int bytes)
    {
        var seen = 0;
        await _talk.UntilAsync(
            () => (seen = Socket.Available) >= bytes,
            () => $"{Name} to have {Count(bytes)} to read; it has {Count(seen)}").ConfigureAwait(false);
    }

    /// <summary>Closes the socket without an entry in the log.</summary>
    public void Dispose() => Socket.Dispose();

    internal Endpoint KnowsItsAddress()
    {
        Local = (IPEndPoint)Socket.LocalEndPoint!;
        _talk.Joined(this);
        return this;
    }

    private AppCall Call(string call, string? arguments, Func<string> make) => _talk.Call(Name, call, arguments, make);

    private Task<AppCall> CallAsync(string call, string? arguments, Func<Task<string>> make) => _talk.CallAsync(Name, call, arguments, make);

    private string Named() => $"from {Text((IPEndPoint)Socket.LocalEndPoint!)}";

    private static string Text(IPEndPoint end) => end.ToString();

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Count(int bytes) => $"{Number(bytes)} {(bytes == 1 ? "byte" : "bytes")}";
}
