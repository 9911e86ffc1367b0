using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace RstLab;

/// <summary>
/// A scripted exchange between endpoints of this process. It makes the endpoints, logs their calls on one clock, tells the
/// wire witness which ports to look at, and closes everything that was opened when the exchange ends, however it ends.
/// </summary>
public sealed class Conversation
{
    /// <summary>So many connections are far fewer segments than the witness's ring has places.</summary>
    private const int PortsPerDrain = 64;

    private readonly Lock _gate = new();
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly List<LabEvent> _events = [];
    private readonly List<Pending> _pending = [];
    private readonly Stack<IDisposable> _opened = [];
    private readonly List<Participant> _participants = [];
    private readonly List<WireWitness> _wires = [];
    private readonly List<Func<string>> _awaited = [];
    private readonly HashSet<int> _ports = [];
    private readonly HashSet<string> _open = [];
    private readonly CancellationToken _cancellation;
    private readonly bool _watchWire;
    private TwoHosts? _hosts;
    private bool _over;

    internal Conversation(bool watchWire, CancellationToken cancellation) => (_watchWire, _cancellation) = (watchWire, cancellation);

    /// <summary>Signalled when the conversation's deadline has passed or the run is being cancelled.</summary>
    public CancellationToken Cancellation => _cancellation;

    /// <summary>Nanoseconds since the conversation began, on the monotonic clock.</summary>
    public long Now => (long)Stopwatch.GetElapsedTime(_start).TotalNanoseconds;

    internal long Start => _start;

    /// <summary>
    /// Whether something between two addresses belongs to this conversation. Ports are shared: while a connection here holds one,
    /// another program may be given the same for another connection, so one address that is ours is not enough.
    /// </summary>
    internal bool Concerns(string? from, string? to)
    {
        lock (_gate)
        {
            return Open(from) || Open(to) || (Known(from) && Known(to));
        }

        bool Open(string? address) => address is not null && _open.Contains(address);

        // The kernel's trace does not know every address.
        bool Known(string? address) => address is null || _participants.Exists(p => p.Address == address);
    }

    /// <summary>The addresses, with their ports, of all who have taken part so far.</summary>
    internal IReadOnlySet<string> Addresses()
    {
        lock (_gate)
        {
            return _participants.Select(p => p.Address).ToHashSet();
        }
    }

    internal TwoHosts? Hosts => _hosts;

    /// <summary>
    /// A client and a server, connected over loopback. The listener that this takes is closed as soon as it has accepted.
    /// </summary>
    /// <param name="family">IPv4 (<see cref="AddressFamily.InterNetwork"/>) or IPv6 (<see cref="AddressFamily.InterNetworkV6"/>).</param>
    public Task<(Endpoint Client, Endpoint Server)> ConnectAsync(AddressFamily family = AddressFamily.InterNetwork)
    {
        using var listener = Listener("listener", family, null, 0, 1);
        return Task.FromResult(Connect(listener, Client(family: family)));
    }

    /// <summary>A client on the one host and a server on the other, connected over the veth pair.</summary>
    /// <param name="hosts">The hosts.</param>
    /// <param name="port">The server's port; 0 lets the kernel choose.</param>
    public Task<(Endpoint Client, Endpoint Server)> ConnectAsync(TwoHosts hosts, int port = 0)
    {
        ArgumentNullException.ThrowIfNull(hosts);
        using var listener = Listener("listener", AddressFamily.InterNetwork, hosts.Server, port, 1);
        var pair = Connect(listener, Client(on: hosts.Client));
        hosts.Server.Own(pair.Server.Socket);
        return Task.FromResult(pair);
    }

    /// <summary>An endpoint that listens, on a port that the kernel chooses.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="backlog">How many connections may wait to be accepted (listen(2)).</param>
    /// <param name="family">IPv4 or IPv6.</param>
    /// <param name="on">The host; null for this machine's loopback.</param>
    /// <param name="port">The port; 0 lets the kernel choose.</param>
    /// <exception cref="NotPossibleHereException">This machine has no IPv6.</exception>
    /// <exception cref="IOException">No port is free, or this one is taken; the message says what helps.</exception>
    public Endpoint Listen(string name = "listener", int backlog = 128, AddressFamily family = AddressFamily.InterNetwork, Host? on = null, int port = 0)
    {
        // What this machine cannot do is no outcome of a call.
        var endpoint = Bound(name, Side.Server, family, on, port);
        var call = Call(name, "Listen", null, () =>
        {
            endpoint.Socket.Listen(backlog);
            return endpoint.Local!.ToString();
        });
        return call.Ok
            ? endpoint
            : throw new SocketException((int)(call.Error ?? SocketError.SocketError), $"{name} cannot listen: {call.Outcome}. {call.Message}");
    }

    /// <summary>An endpoint that can connect. It is bound at once, so that its port is known before its first segment.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="family">IPv4 or IPv6.</param>
    /// <param name="on">The host; null for this machine's loopback.</param>
    /// <exception cref="NotPossibleHereException">This machine has no IPv6.</exception>
    /// <exception cref="IOException">No port is free; the message says what helps.</exception>
    public Endpoint Client(string name = "client", AddressFamily family = AddressFamily.InterNetwork, Host? on = null) =>
        Bound(name, Side.Client, family, on, 0);

    /// <summary>
    /// The address of a port on loopback that nobody listens on: a socket holds it, so that nothing else can take it, but never listens.
    /// </summary>
    /// <param name="family">IPv4 or IPv6.</param>
    public IPEndPoint ClosedPort(AddressFamily family = AddressFamily.InterNetwork) => Bound("closed port", Side.Server, family, null, 0).Local!;

    /// <summary>
    /// Two hosts of their own kernel state, joined by a cable: see <see cref="RstLab.TwoHosts"/>. The wire witness watches the client's end of it.
    /// </summary>
    /// <exception cref="NotPossibleHereException">This machine does not allow it; the recording that ships speaks instead.</exception>
    public TwoHosts TwoHosts()
    {
        if (RstLab.TwoHosts.WhyNot() is { } why)
        {
            throw new NotPossibleHereException(why);
        }

        _hosts = Open(new TwoHosts());
        if (_watchWire)
        {
            Watch(_hosts.Client.Run(() => new WireWitness(_hosts.Client.DeviceName, _start)));
        }

        return _hosts;
    }

    /// <summary>A peer whose TCP is written by hand, on the server host. The wire shows what it sends; its calls are not logged.</summary>
    /// <param name="hosts">The hosts.</param>
    /// <param name="port">Its port.</param>
    public CraftedPeer CraftedPeer(TwoHosts hosts, int port = 8000)
    {
        ArgumentNullException.ThrowIfNull(hosts);
        var peer = Open(new CraftedPeer(hosts, port));
        Watch(port, "peer", peer.Address.Address);
        return peer;
    }

    /// <summary>Makes a call of any .NET stack and logs it as an event: what it returned, or the error found in what it threw.</summary>
    /// <param name="who">Whose call it is.</param>
    /// <param name="call">The call's name.</param>
    /// <param name="arguments">The arguments that matter.</param>
    /// <param name="make">The call; its result as text.</param>
    /// <returns>The event. A call that throws is an event like any other.</returns>
    public AppCall Call(string who, string call, string? arguments, Func<string> make)
    {
        ArgumentNullException.ThrowIfNull(make);
        var begun = Begin(who, call, arguments);
        try
        {
            return End(begun, make(), null);
        }
        catch (Exception e)
        {
            return End(begun, null, e);
        }
    }

    /// <summary>Makes an asynchronous call of any .NET stack and logs it as an event.</summary>
    /// <param name="who">Whose call it is.</param>
    /// <param name="call">The call's name.</param>
    /// <param name="arguments">The arguments that matter.</param>
    /// <param name="make">The call; its result as text.</param>
    /// <returns>The event. A call that throws is an event like any other.</returns>
    public async Task<AppCall> CallAsync(string who, string call, string? arguments, Func<Task<string>> make)
    {
        ArgumentNullException.ThrowIfNull(make);
        var begun = Begin(who, call, arguments);
        try
        {
            return End(begun, await make().ConfigureAwait(false), null);
        }
        catch (Exception e)
        {
            return End(begun, null, e);
        }
    }

    /// <summary>Enters what the experiment itself does into the log, such as pulling a cable.</summary>
    /// <param name="what">What is done, in a few words.</param>
    public void Note(string what) => End(Begin("lab", what, null), "", null);

    /// <summary>Waits until a condition on the kernel holds, asking again and again. Bounded by the conversation's deadline.</summary>
    /// <param name="condition">The condition; it must be quick and have no effect.</param>
    /// <param name="awaited">What is awaited and what was seen last, for the message of the failure.</param>
    /// <exception cref="TimeoutException">The condition did not come true in time.</exception>
    public async Task UntilAsync(Func<bool> condition, Func<string> awaited)
    {
        ArgumentNullException.ThrowIfNull(condition);
        ArgumentNullException.ThrowIfNull(awaited);
        lock (_gate)
        {
            _awaited.Add(awaited);
        }

        var unmet = false;
        try
        {
            for (var asked = 0; !condition(); asked++)
            {
                unmet = _cancellation.IsCancellationRequested;
                if (unmet)
                {
                    throw new TimeoutException($"Waited for {awaited()}.");
                }

                // What loopback does is mostly there at the first question. After that the processor is left to others.
                if (asked < 100)
                {
                    await Task.Yield();
                }
                else
                {
                    await Task.Delay(1, CancellationToken.None).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            // What was not met stays: the message for the reader names all that was awaited when the time was up.
            lock (_gate)
            {
                _ = unmet || _awaited.Remove(awaited);
            }
        }
    }

    /// <summary>
    /// Gives the connection to a process of its own, so that the process can be killed: a child inherits the socket's
    /// descriptor and this process lets go of it. The child is <c>sleep</c>, which knows nothing of sockets; what becomes of
    /// the connection when it dies is the kernel's doing alone.
    /// </summary>
    /// <param name="endpoint">The endpoint to give away. Its own calls fail from then on.</param>
    /// <returns>The child; it is killed at the end of the conversation at the latest.</returns>
    /// <exception cref="NotPossibleHereException">Only Linux and macOS can do it.</exception>
    public ChildProcess HandToChild(Endpoint endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        ChildProcess? child = null;
        var call = Call(endpoint.Name, "HandToChild", null, () =>
        {
            child = Open(ChildProcess.Inheriting(endpoint.Socket));
            endpoint.Socket.Dispose();
            return $"process {child.Id}";
        });
        return child ?? throw new NotPossibleHereException(call.Message ?? "the child could not be started");
    }

    /// <summary>Has something closed when the conversation ends, whatever happens.</summary>
    /// <param name="opened">What is to be closed. The last one opened is closed first.</param>
    public T Open<T>(T opened) where T : IDisposable
    {
        lock (_gate)
        {
            if (!_over)
            {
                _opened.Push(opened);
                return opened;
            }
        }

        opened.Dispose();
        throw new ObjectDisposedException(nameof(Conversation), "The conversation is over; nothing more can be opened in it.");
    }

    /// <summary>Has the witnesses look at the segments of a port that no endpoint of this conversation owns, such as a web server's.</summary>
    /// <param name="port">The port.</param>
    /// <param name="name">Who is there.</param>
    /// <param name="address">The address; null for IPv4 loopback.</param>
    public void Watch(int port, string name = "server", IPAddress? address = null)
    {
        var participant = new Participant(name, new IPEndPoint(address ?? IPAddress.Loopback, port).ToString(), Side.Server);
        lock (_gate)
        {
            _open.Add(participant.Address); // who connects to it is not known
        }

        Join(participant, port);
    }

    internal void Register(Endpoint endpoint) => Open(endpoint);

    internal void Joined(Endpoint endpoint) => Join(new Participant(endpoint.Name, endpoint.Local!.ToString(), endpoint.Side), endpoint.Local.Port);

    /// <summary>Whether something is awaited, or was when the deadline came.</summary>
    internal bool IsAwaiting
    {
        get
        {
            lock (_gate)
            {
                return _awaited.Count > 0;
            }
        }
    }

    /// <summary>What was awaited when the deadline came, for the message.</summary>
    internal string WhatWasAwaited()
    {
        lock (_gate)
        {
            List<string> awaited =
            [
                .. _awaited.Select(Describe),
                .. _pending.Select(p => $"{p.Event.Who}.{p.Event.Call} to return (begun after {p.Event.T / 1e6:0.0} ms)"),
            ];
            return awaited.Count > 0 ? string.Join("; and for ", awaited) : "the experiment's own code to return";
        }

        static string Describe(Func<string> awaited)
        {
            try
            {
                return awaited();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return $"something on a socket that is closed by now ({e.Message})";
            }
        }
    }

    /// <summary>Ends the log: calls that have not returned are entered as pending, and what happens from here on is not seen.</summary>
    internal (IReadOnlyList<LabEvent> Events, IReadOnlyList<Participant> Participants, IReadOnlyList<CapturedFrame> Frames, long Dropped) Finish()
    {
        List<CapturedFrame> frames = [];
        long dropped = 0;
        lock (_gate)
        {
            _over = true;
            _events.AddRange(_pending.Select(p => p.Event with { Result = "pending", Elapsed = Now - p.Event.T }));
            _pending.Clear();
            foreach (var wire in _wires)
            {
                wire.Drain();
                foreach (var (segment, frame) in wire.Segments.Zip(wire.Frames).Where(seen => Concerns(seen.First.From, seen.First.To)))
                {
                    _events.Add(segment);
                    frames.Add(frame);
                }

                dropped += wire.Dropped;
            }

            return ([.. _events], [.. _participants], frames, dropped);
        }
    }

    /// <summary>Closes everything that was opened, last first. Never throws, as it runs on the way out of a failure too.</summary>
    internal void CloseAll()
    {
        while (true)
        {
            IDisposable opened;
            lock (_gate)
            {
                _over = true;
                if (!_opened.TryPop(out opened!))
                {
                    return;
                }
            }

            try
            {
                if (opened is Endpoint endpoint)
                {
                    // No TIME_WAIT is left behind for the next experiment to run into.
                    endpoint.Socket.LingerState = new LingerOption(true, 0);
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Listeners and half-open sockets may refuse the option; closing them is what matters.
            }

            try
            {
                opened.Dispose();
            }
            catch (Exception e)
            {
                Debug.WriteLine($"Closing {opened}: {e.Message}");
            }
        }
    }

    private static (Endpoint Client, Endpoint Server) Connect(Endpoint listener, Endpoint client)
    {
        var call = client.Connect(listener.Local!);
        return call.Ok
            ? (client, listener.Accept())
            : throw new SocketException((int)(call.Error ?? SocketError.SocketError), $"The connection that the experiment starts from could not be made: {call.Outcome}. {call.Message}");
    }

    private Endpoint Listener(string name, AddressFamily family, Host? on, int port, int backlog)
    {
        var endpoint = Bound(name, Side.Server, family, on, port);
        endpoint.Socket.Listen(backlog);
        return endpoint;
    }

    private Endpoint Bound(string name, Side side, AddressFamily family, Host? on, int port)
    {
        if (family == AddressFamily.InterNetworkV6 && on is null && Machine.IPv6WhyNot() is { } why)
        {
            throw new NotPossibleHereException(why);
        }

        var endpoint = new Endpoint(this, name, side, NewSocket(family, on));
        var address = on?.Address ?? (family == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Loopback : IPAddress.Loopback);
        try
        {
            endpoint.Socket.Bind(new IPEndPoint(address, port));
        }
        catch (SocketException e) when (port != 0 && e.SocketErrorCode is (SocketError.AddressAlreadyInUse or SocketError.AddressNotAvailable))
        {
            throw new IOException(Obstacle.PortTaken.Saying($"{port}", $"{address}", $"{Errno.Name(e.NativeErrorCode)}", $"{port}"), e);
        }
        catch (SocketException e) when (Machine.WhyNot(e, $"{address}") is { } obstacle)
        {
            throw new IOException(obstacle, e);
        }

        return endpoint.KnowsItsAddress();
    }

    private static Socket NewSocket(AddressFamily family, Host? on)
    {
        try
        {
            return on is null
                ? new Socket(family, SocketType.Stream, ProtocolType.Tcp)
                : on.CreateSocket(family, SocketType.Stream, ProtocolType.Tcp);
        }
        catch (SocketException e) when (Machine.WhyNot(e) is { } obstacle)
        {
            throw new IOException(obstacle, e);
        }
    }

    private void Watch(WireWitness wire)
    {
        lock (_gate)
        {
            _wires.Add(Open(wire));
        }
    }

    private void Join(Participant participant, int port)
    {
        lock (_gate)
        {
            if (!_participants.Contains(participant))
            {
                _participants.Add(participant);
            }

            if (_over || !_ports.Add(port))
            {
                return;
            }

            // Still locked: two threads that connect at once must not both open a witness, nor go on before it watches their port.
            if (_watchWire && _wires.Count == 0)
            {
                Watch(new WireWitness(WireWitness.Loopback, _start));
            }

            foreach (var wire in _wires)
            {
                wire.Watch(port);
                if (_ports.Count % PortsPerDrain == 0)
                {
                    wire.Drain();
                }
            }
        }
    }

    private Pending Begin(string who, string call, string? arguments)
    {
        var pending = new Pending(new AppCall(Now, who, call) { Arguments = arguments });
        lock (_gate)
        {
            _pending.Add(pending);
        }

        return pending;
    }

    private AppCall End(Pending pending, string? result, Exception? exception)
    {
        var elapsed = Now - pending.Event.T;
        var socket = exception is null ? null : Errno.Find(exception);
        var done = pending.Event with
        {
            Result = result,
            Elapsed = elapsed,
            Error = socket?.SocketErrorCode,
            Errno = socket?.NativeErrorCode,
            ErrnoName = socket is null ? null : RstLab.Errno.Name(socket.NativeErrorCode),
            Exception = exception?.GetType().FullName,
            Message = exception?.Message,
        };
        lock (_gate)
        {
            // What is still called when the conversation is over is not seen any more.
            if (_pending.Remove(pending) && !_over)
            {
                _events.Add(done);
            }
        }

        return done;
    }

    private sealed class Pending(AppCall begun)
    {
        public AppCall Event { get; } = begun;
    }
}

/// <summary>This machine does not allow an experiment. The recording that ships with the course speaks for it.</summary>
public sealed class NotPossibleHereException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="why">Why not, in words that a reader can act on.</param>
    /// <param name="inner">What the system said.</param>
    public NotPossibleHereException(string why, Exception? inner = null) : base(why, inner)
    {
    }
}
