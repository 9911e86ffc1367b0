using System.Net;
using System.Net.Http;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;

namespace RstLab;

/// <summary>How one side ends a connection.</summary>
public enum Ending
{
    /// <summary>It closes with nothing unread: a FIN, and a RST for whatever is sent to it afterwards.</summary>
    Fin,

    /// <summary>It aborts (SO_LINGER with zero seconds): a RST at once.</summary>
    Reset,
}

/// <summary>
/// One connection's end without any stack above it, for experiments with a stack at the other end: it sends what it is told
/// to, and ends the connection when and how it is told to.
/// </summary>
public sealed class BarePeer : IDisposable
{
    internal BarePeer(Socket socket, Ending ending, int number) => (Socket, Ending, Number) = (socket, ending, number);

    /// <summary>The raw socket.</summary>
    public Socket Socket { get; }

    /// <summary>How <see cref="End"/> ends the connection.</summary>
    public Ending Ending { get; }

    /// <summary>Which connection of the trial this is, from 1.</summary>
    public int Number { get; }

    /// <summary>Sends a text as ISO 8859-1, so that a character is a byte.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="SocketException">The connection is over.</exception>
    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>Sends bytes.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <exception cref="SocketException">The connection is over.</exception>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await Socket.SendAsync(bytes).ConfigureAwait(false)..];
        }
    }

    /// <summary>Receives until a text has come, such as the blank line after a request's head; nothing after it is taken.</summary>
    /// <param name="last">The text.</param>
    /// <returns>All that has come, the text included, as ISO 8859-1.</returns>
    /// <exception cref="EndOfStreamException">The connection ended before that.</exception>
    /// <exception cref="SocketException">The connection was reset before that.</exception>
    public async Task<string> ReceiveUntilAsync(string last = "\r\n\r\n")
    {
        var text = new StringBuilder();
        var one = new byte[1];
        while (!text.ToString().EndsWith(last, StringComparison.Ordinal))
        {
            // Byte by byte, as what comes after it has to stay unread.
            if (await Socket.ReceiveAsync(one).ConfigureAwait(false) == 0)
            {
                throw new EndOfStreamException($"The stack's side ended after {text.Length} bytes, before '{last.ReplaceLineEndings(" ")}' came.");
            }

            text.Append((char)one[0]);
        }

        return text.ToString();
    }

    /// <summary>Receives whatever has come, at least some bytes.</summary>
    /// <param name="least">How many at the least.</param>
    /// <exception cref="EndOfStreamException">The connection ended before that.</exception>
    /// <exception cref="SocketException">The connection was reset before that.</exception>
    public async Task ReceiveAsync(int least)
    {
        var buffer = new byte[65536];
        for (var received = 0; received < least;)
        {
            var bytes = await Socket.ReceiveAsync(buffer).ConfigureAwait(false);
            received += bytes > 0 ? bytes : throw new EndOfStreamException($"The stack's side ended after {received} of {least} bytes.");
        }
    }

    /// <summary>Receives exactly some bytes; what comes after them stays unread.</summary>
    /// <param name="bytes">How many.</param>
    /// <exception cref="EndOfStreamException">The connection ended before that.</exception>
    /// <exception cref="SocketException">The connection was reset before that.</exception>
    public async Task<byte[]> ReceiveExactlyAsync(int bytes)
    {
        var received = new byte[bytes];
        for (var count = 0; count < bytes;)
        {
            var more = await Socket.ReceiveAsync(received.AsMemory(count)).ConfigureAwait(false);
            count += more > 0 ? more : throw new EndOfStreamException($"The stack's side ended after {count} of {bytes} bytes.");
        }

        return received;
    }

    /// <summary>Waits until bytes lie unread in the kernel.</summary>
    /// <param name="bytes">How many at the least.</param>
    /// <exception cref="TimeoutException">They did not come.</exception>
    public Task UntilUnreadAsync(int bytes) =>
        StackTrial.UntilAsync(() => Socket.Available >= bytes, () => $"{bytes} bytes to be unread (there are {Socket.Available})");

    /// <summary>Waits until the connection is in one of some states, as the kernel tells it.</summary>
    /// <param name="states">The states.</param>
    /// <exception cref="TimeoutException">It did not get there.</exception>
    public Task UntilAsync(params TcpState[] states) =>
        StackTrial.UntilAsync(() => states.Contains(SocketState.Of(Socket)), () => $"the bare peer's connection to be {string.Join(" or ", states)} (it is {SocketState.Of(Socket)})");

    /// <summary>Ends the connection as the trial asks.</summary>
    public void End()
    {
        if (Ending == Ending.Reset)
        {
            Socket.LingerState = new LingerOption(true, 0);
        }

        Socket.Dispose();
    }

    /// <summary>Closes the socket if it is still open.</summary>
    public void Dispose() => Socket.Dispose();
}

/// <summary>A stack in a situation that ends: who does what. It is tried once with each ending.</summary>
/// <param name="Stack">The stack, such as <c>HttpClient</c>.</param>
/// <param name="Situation">What it is doing, in a few words.</param>
/// <param name="Peer">The bare peer's script.</param>
/// <param name="Use">What the stack is used for; its result in a few words.</param>
public sealed record StackSituation(string Stack, string Situation, Func<BarePeer, Task> Peer, Func<StackTrial, Task<string>> Use)
{
    /// <summary>How many connections it takes when the stack sends nothing twice.</summary>
    public int Connections { get; init; } = 1;

    /// <summary>The endings that it is tried with.</summary>
    public IReadOnlyList<Ending> Endings { get; init; } = [Ending.Fin, Ending.Reset];
}

/// <summary>What a stack made of an ending.</summary>
/// <param name="Stack">The stack, such as <c>HttpClient</c>.</param>
/// <param name="Situation">What it was doing.</param>
/// <param name="Ending">What the other side did.</param>
/// <param name="Result">What the call returned; null when it threw.</param>
/// <param name="Exception">What it threw; null when it returned.</param>
/// <param name="Connections">How many connections it took.</param>
/// <param name="Retried">Whether the stack sent the request again on another connection, by itself.</param>
public sealed record StackOutcome(string Stack, string Situation, Ending Ending, string? Result, Exception? Exception, int Connections = 1, bool Retried = false)
{
    /// <summary>The names of the columns of <see cref="Values"/>.</summary>
    public static string[] Columns => ["stack", "situation", "ending", "exception_chain", "socket_error", "http_request_error", "retried", "connections", "diagnosed", "diagnosis"];

    /// <summary>The exceptions from the outermost to the cause, such as <c>IOException &gt; SocketException</c>; in parentheses what the call returned when it did not throw.</summary>
    public string ExceptionChain => Exception is null ? $"({Result})" : string.Join(" > ", Chain(Exception).Select(e => e.GetType().Name));

    /// <summary>The socket's error; null where no exception carries one.</summary>
    public SocketError? SocketError => Exception is null ? null : Errno.Find(Exception)?.SocketErrorCode;

    /// <summary>What HttpClient classed it as, such as <see cref="HttpRequestError.ResponseEnded"/>; null for other stacks.</summary>
    public HttpRequestError? HttpRequestError => Exception is null ? null : Chain(Exception).Select(e => e switch
    {
        HttpRequestException request => request.HttpRequestError,
        HttpIOException response => response.HttpRequestError,
        _ => (HttpRequestError?)null,
    }).FirstOrDefault(e => e is not null);

    /// <summary>One row of a table with the <see cref="Columns"/>.</summary>
    public IReadOnlyList<object?> Values =>
        [Stack, Situation, Ending == Ending.Fin ? "FIN" : "RST", ExceptionChain, SocketError?.ToString(), HttpRequestError?.ToString(), Retried ? "yes" : "no",
            Connections, Diagnosis?.Wire.ToString(), Diagnosis?.Headline];

    /// <summary>What is read from the exception; null when there is none.</summary>
    public ResetDiagnosis? Diagnosis => Exception is null ? null : ResetDiagnosis.Of(Exception);

    private static IEnumerable<Exception> Chain(Exception exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            yield return e;
        }
    }
}

/// <summary>
/// A stack against a bare peer, on loopback: the peer plays its script and ends the connection; what the stack's call returned
/// or threw is the outcome. Every wait is for the kernel and bounded; a trial that does not end fails loudly.
/// </summary>
public sealed class StackTrial : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _near = [];
    private readonly List<BarePeer> _peers = [];
    private readonly List<Task> _scripts = [];
    private readonly SemaphoreSlim _connected = new(0);
    private readonly Func<BarePeer, Task> _script;
    private readonly Ending _ending;
    private bool _over;

    private StackTrial(Func<BarePeer, Task> script, Ending ending)
    {
        (_script, _ending) = (script, ending);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
    }

    /// <summary>Where the bare peer listens.</summary>
    public IPEndPoint Address => (IPEndPoint)_listener.LocalEndPoint!;

    /// <summary>The same as an address for HTTP.</summary>
    public Uri Url => new($"http://{Address}/");

    /// <summary>How many connections the peer has accepted so far.</summary>
    public int Connections
    {
        get
        {
            lock (_gate)
            {
                return _peers.Count;
            }
        }
    }

    /// <summary>The stack's own socket of the latest connection that <see cref="ConnectAsync"/> made.</summary>
    /// <exception cref="InvalidOperationException">There is none yet.</exception>
    public Socket Near
    {
        get
        {
            lock (_gate)
            {
                return _near.Count > 0 ? _near[^1] : throw new InvalidOperationException("The stack has no connection yet; make it connect first.");
            }
        }
    }

    /// <summary>Tries situations with each of their endings, and keeps the table: a run leaves it behind as <c>results/ID.csv</c>.</summary>
    /// <param name="id">A name in kebab case that begins with the chapter's number.</param>
    /// <param name="situations">The situations.</param>
    /// <returns>A table with the columns <see cref="StackOutcome.Columns"/>.</returns>
    /// <exception cref="TimeoutException">A trial did not end.</exception>
    /// <exception cref="InvalidOperationException">A bare peer's script failed.</exception>
    public static Task<ResultTable> MeasureAsync(string id, params StackSituation[] situations) =>
        Lab.MeasureAsync(id, stop => Outcomes(situations, stop), StackOutcome.Columns);

    /// <summary>Tries one situation with one ending.</summary>
    /// <param name="situation">The situation.</param>
    /// <param name="ending">What the bare peer does.</param>
    /// <exception cref="TimeoutException">It did not end.</exception>
    /// <exception cref="InvalidOperationException">The bare peer's script failed.</exception>
    public static async Task<StackOutcome> RunAsync(StackSituation situation, Ending ending)
    {
        ArgumentNullException.ThrowIfNull(situation);
        var what = $"{situation.Stack}, {situation.Situation}, {ending}";
        using var trial = new StackTrial(situation.Peer, ending);
        _ = trial.AcceptAsync();
        var running = Task.Run(() => situation.Use(trial));
        using var late = new CancellationTokenSource();
        var ended = await Task.WhenAny(running, Task.Delay(Deadline, late.Token)).ConfigureAwait(false);
        await late.CancelAsync().ConfigureAwait(false);
        trial.ThrowIfScriptFailed(what);
        if (ended != running)
        {
            throw new TimeoutException($"{what}: not ended after {Deadline.TotalSeconds:0} s.");
        }

        string? result = null;
        Exception? exception = null;
        try
        {
            result = await running.ConfigureAwait(false);
        }
        catch (Exception e) when (e is not TimeoutException)
        {
            exception = e;
        }

        return new(situation.Stack, situation.Situation, ending, result, exception, trial.Connections, trial.Connections > situation.Connections);
    }

    /// <summary>Connects to the bare peer, and keeps the socket so that the kernel can be asked about it.</summary>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The connection as a stream that owns its socket.</returns>
    public async ValueTask<Stream> ConnectAsync(CancellationToken cancellation = default)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        lock (_gate)
        {
            _near.Add(socket);
        }

        await socket.ConnectAsync(Address, cancellation).ConfigureAwait(false);
        _connected.Release();
        return new NetworkStream(socket, ownsSocket: true);
    }

    /// <summary>The bare peer connects to a stack that listens, and plays its script.</summary>
    /// <param name="address">Where the stack listens.</param>
    public void PeerConnects(IPEndPoint address)
    {
        ArgumentNullException.ThrowIfNull(address);
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Play(socket, async () => await socket.ConnectAsync(address).ConfigureAwait(false));
    }

    /// <summary>Waits until the peer's ending has arrived at the stack's socket, or the stack has closed it already.</summary>
    /// <exception cref="TimeoutException">It did not arrive.</exception>
    public Task UntilEndedAsync() => _ending == Ending.Fin
        ? UntilAsync(TcpState.CloseWait, TcpState.LastAck, TcpState.Closed)
        : UntilAsync(TcpState.Closed);

    /// <summary>Waits until the stack's socket is in one of some states, or the stack has closed it already.</summary>
    /// <param name="states">The states.</param>
    /// <exception cref="TimeoutException">It did not get there.</exception>
    public Task UntilAsync(params TcpState[] states)
    {
        var near = Near;
        return UntilAsync(
            () => SocketState.Of(near) is var state && (state == TcpState.Unknown || states.Contains(state)),
            () => $"the stack's socket to be {string.Join(" or ", states)} (it is {SocketState.Of(near)})");
    }

    /// <summary>Closes the listener and all that was connected.</summary>
    public void Dispose()
    {
        _listener.Dispose();
        lock (_gate)
        {
            _over = true;
            _peers.ForEach(p => p.Dispose());
            _near.ForEach(s => s.Dispose());
        }
    }

    /// <summary>Waits until a condition on the kernel or on a stack holds, asking again and again.</summary>
    /// <param name="condition">The condition; it must be quick and have no effect.</param>
    /// <param name="awaited">What is awaited and what was seen last, for the message of the failure.</param>
    /// <exception cref="TimeoutException">It did not come true within 10 s.</exception>
    public static Task UntilAsync(Func<bool> condition, Func<string> awaited) => UntilAsync(condition, awaited, Deadline);

    internal static async Task UntilAsync(Func<bool> condition, Func<string> awaited, TimeSpan deadline)
    {
        ArgumentNullException.ThrowIfNull(condition);
        ArgumentNullException.ThrowIfNull(awaited);
        var end = Environment.TickCount64 + (long)deadline.TotalMilliseconds;
        for (var asked = 0; !condition(); asked++)
        {
            if (Environment.TickCount64 > end)
            {
                throw new TimeoutException($"Waited {deadline.TotalSeconds:0.##} s for {awaited()}.");
            }

            await Task.Delay(asked < 10 ? 0 : 1).ConfigureAwait(false);
        }
    }

    private static IEnumerable<IReadOnlyList<object?>> Outcomes(StackSituation[] situations, CancellationToken stop)
    {
        foreach (var situation in situations)
        {
            foreach (var ending in situation.Endings)
            {
                stop.ThrowIfCancellationRequested();
                yield return RunAsync(situation, ending).GetAwaiter().GetResult().Values;
            }
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync().ConfigureAwait(false);
                Play(socket, async () =>
                {
                    // A peer that ends at once would otherwise be a failure to connect, now and then.
                    await _connected.WaitAsync(Deadline).ConfigureAwait(false);
                });
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The trial is over.
        }
    }

    private void Play(Socket socket, Func<Task> first)
    {
        lock (_gate)
        {
            if (_over)
            {
                socket.Dispose();
                return;
            }

            var peer = new BarePeer(socket, _ending, _peers.Count + 1);
            _peers.Add(peer);
            _scripts.Add(Task.Run(async () =>
            {
                await first().ConfigureAwait(false);
                await _script(peer).ConfigureAwait(false);
            }));
        }
    }

    private void ThrowIfScriptFailed(string what)
    {
        lock (_gate)
        {
            if (_scripts.Find(s => s.IsFaulted)?.Exception?.GetBaseException() is { } failed)
            {
                throw new InvalidOperationException($"{what}: the bare peer's script failed: {failed.Message}", failed);
            }
        }
    }
}
