using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace RstLab;

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

    private StackTrial(Func<BarePeer, Task> script, Ending ending) => (_script, _ending) = (script, ending);

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
    /// <exception cref="IOException">
    /// The machine kept the stack from connecting, as when no port is free, which is no outcome of the stack. The message says what helps.
    /// </exception>
    public static async Task<StackOutcome> RunAsync(StackSituation situation, Ending ending)
    {
        ArgumentNullException.ThrowIfNull(situation);
        var what = $"{situation.Stack}, {situation.Situation}, {ending}";
        using var trial = Open(situation.Peer, ending, what);
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
            // An error of the machine must not pass as what the stack makes of an ending.
            exception = Machine.WhyNot(e) is { } why ? throw new IOException($"{what}: {why}", e) : e;
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
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
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
        lock (_gate)
        {
            _over = true;
            _listener.Dispose();
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

    private static StackTrial Open(Func<BarePeer, Task> script, Ending ending, string what)
    {
        StackTrial? trial = null;
        try
        {
            trial = new StackTrial(script, ending);
            trial._listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            trial._listener.Listen();
            return Machine.LoopbackWhyNot() is { } why ? throw new IOException($"{what}: {why}") : trial;
        }
        catch (Exception e)
        {
            trial?.Dispose();
            throw Machine.WhyNot(e) is { } why ? new IOException($"{what}: {why}", e) : e;
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
            lock (_gate)
            {
                // When the trial is over, its listener is closed. Before that, nobody is served any more: the trial has failed.
                _scripts.Add(_over ? Task.CompletedTask : Task.FromException(e));
            }
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

            // Nagle's algorithm would hold a second small segment back, and a reset throws away what was held back.
            socket.NoDelay = true;
            var peer = new BarePeer(socket, _ending, _peers.Count + 1);
            _peers.Add(peer);
            _scripts.Add(Task.Run(async () =>
            {
                await first().ConfigureAwait(false);
                await _script(peer).ConfigureAwait(false);
            }));
        }
    }

    /// <summary>What a bare peer's script threw; null where none did.</summary>
    internal Exception? ScriptFailure
    {
        get
        {
            lock (_gate)
            {
                return _scripts.Find(s => s.IsFaulted)?.Exception?.GetBaseException();
            }
        }
    }

    private void ThrowIfScriptFailed(string what)
    {
        if (ScriptFailure is { } failed)
        {
            throw Machine.WhyNot(failed) is { } why
                ? new IOException($"{what}: {why}", failed)
                : new InvalidOperationException($"{what}: the bare peer's script failed: {failed.Message}", failed);
        }
    }
}
