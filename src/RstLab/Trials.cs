using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace RstLab;

/// <summary>The short conversations that <see cref="Trials"/> repeats, each named after how it ends.</summary>
public enum TrialKind
{
    /// <summary>Connect to a port that is bound but not listening: <c>ECONNREFUSED</c>, as the exception that <see cref="Socket.Connect(EndPoint)"/> throws.</summary>
    Refused,

    /// <summary>
    /// The same with no exception at all: <see cref="Socket.ConnectAsync(SocketAsyncEventArgs)"/> leaves the error in
    /// <see cref="SocketAsyncEventArgs.SocketError"/>. <see cref="Socket"/> has no synchronous connect that returns its error, so
    /// the answer takes a detour over the runtime's event thread and a pool thread.
    /// </summary>
    RefusedWithoutException,

    /// <summary>
    /// The same by connect(2) itself on the socket's handle, which just returns its error number: what a refusal costs with
    /// neither the exception nor the detour. Linux only.
    /// </summary>
    RefusedNatively,

    /// <summary>The peer closes, the client sends 5000 bytes, waits for the RST that answers them, and sends again: <c>EPIPE</c> on Linux.</summary>
    BrokenPipe,

    /// <summary>The peer closes with linger 0, which sends an RST, and the client receives: <c>ECONNRESET</c>.</summary>
    Aborted,
}

/// <summary>When the peer of <see cref="Trials.BytesAccepted"/> goes away, and in which way.</summary>
public enum PeerEnding
{
    /// <summary>It has closed before the client's first write, with nothing unread: FIN first, then an RST for the first data.</summary>
    ClosesFirst,

    /// <summary>It waits for the client's first block and closes without reading it, which sends an RST at once.</summary>
    ClosesWithUnreadData,

    /// <summary>
    /// It accepts and closes in a thread of its own while the client already writes, as two programs in two terminals do: how much
    /// is accepted depends on who is faster.
    /// </summary>
    ClosesMeanwhile,

    /// <summary>It never reads, and closes when the client can write no more: the socket buffers decide.</summary>
    ClosesWhenFull,
}

/// <summary>What moves the number of bytes that are accepted before a write fails. The defaults are those of the classic demonstration.</summary>
public sealed record BytesAcceptedOptions
{
    /// <summary>Bytes of one write, from 1 up.</summary>
    public int BlockSize { get; init; } = 5000;

    /// <summary>When and how the peer goes away.</summary>
    public PeerEnding Peer { get; init; } = PeerEnding.ClosesMeanwhile;

    /// <summary>How long the peer keeps the accepted connection before it closes it; only with <see cref="PeerEnding.ClosesMeanwhile"/>. Sleeps, so it is coarse: the time itself is what is varied.</summary>
    public TimeSpan PauseBeforeClose { get; init; }

    /// <summary>How long the client sleeps after each write; below the two seconds after which a trial counts as stuck.</summary>
    public TimeSpan PauseBetweenWrites { get; init; }

    /// <summary>Whether the client waits for the RST after each write. Not with <see cref="PeerEnding.ClosesWhenFull"/>, where none comes before the buffers are full.</summary>
    public bool WaitForReset { get; init; }

    /// <summary>The client's SO_SNDBUF in bytes as it is asked for (Linux doubles it, socket(7)); null leaves it to the kernel.</summary>
    public int? SendBuffer { get; init; }

    /// <summary>The peer's SO_RCVBUF in bytes as it is asked for (Linux doubles it, socket(7)); null leaves it to the kernel.</summary>
    public int? ReceiveBuffer { get; init; }
}

/// <summary>One trial and how it ended.</summary>
/// <param name="Error">The error of the call that ended it, as .NET names it; <see cref="SocketError.Success"/> where it did not fail.</param>
/// <param name="Errno">The same as the system's error number; 0 where it did not fail.</param>
/// <param name="Elapsed">Nanoseconds that this last call took, and with it the exception where it threw one.</param>
/// <param name="Total">Nanoseconds of the whole trial, from making the client's socket to closing it.</param>
/// <param name="Bytes">Bytes that the client's kernel accepted before the failure.</param>
public readonly record struct Trial(SocketError Error, int Errno, long Elapsed, long Total, long Bytes);

/// <summary>How often an error occurred.</summary>
/// <param name="Error">The error as .NET names it; <see cref="SocketError.Success"/> counts the calls that did not fail.</param>
/// <param name="Errno">The same as the system's error number; 0 for success.</param>
/// <param name="Count">How many times.</param>
public readonly record struct ErrorCount(SocketError Error, int Errno, long Count);

/// <summary>All executions of one call of a conversation, summarised.</summary>
/// <param name="Who"><c>client</c> or <c>server</c>.</param>
/// <param name="Call">The call, such as <c>Connect</c>; <c>Send again</c> is a second send.</param>
/// <param name="Count">How many times it was made.</param>
/// <param name="Total">Nanoseconds of all of them together.</param>
/// <param name="Min">Nanoseconds of the fastest.</param>
/// <param name="Max">Nanoseconds of the slowest.</param>
/// <param name="Errors">Those that failed, by error, in the order in which the errors first occurred.</param>
public sealed record CallSummary(string Who, string Call, long Count, long Total, long Min, long Max, IReadOnlyList<ErrorCount> Errors);

/// <summary>The trials of one kind and what became of them.</summary>
public sealed record TrialRun
{
    /// <summary>How many trials there were.</summary>
    public required int Count { get; init; }

    /// <summary>Nanoseconds from the first trial's start to the last one's end.</summary>
    public required long Elapsed { get; init; }

    /// <summary>How the trials ended, by error, in the order in which the outcomes first occurred.</summary>
    public required IReadOnlyList<ErrorCount> Outcomes { get; init; }

    /// <summary>Each call of the conversation, in its order.</summary>
    public required IReadOnlyList<CallSummary> Calls { get; init; }

    /// <summary>Each trial, in order; empty where they were not kept.</summary>
    public required IReadOnlyList<Trial> Trials { get; init; }

    /// <summary>Trials per second, over the whole loop.</summary>
    public double PerSecond => Count / (Elapsed / 1e9);
}

/// <summary>
/// Repeats a short conversation that ends in a reset, many times, on the IPv4 loopback device and through <see cref="Socket"/>, and
/// summarises every call of it. Each trial makes fresh sockets and closes them with linger 0, so that none stays in TIME_WAIT.
/// </summary>
public static class Trials
{
    /// <summary>A trial in which no call ends for so long is stuck.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Repeats one conversation in this thread.</summary>
    /// <param name="kind">Which conversation.</param>
    /// <param name="count">How many trials, from 0 up.</param>
    /// <param name="keepTimes">Whether to keep each trial (32 bytes each); without, only the summary is kept and memory stays flat.</param>
    /// <param name="wire">
    /// A wire witness on the loopback device that watches along, best one that keeps nothing; null for none. It is drained often
    /// enough that its ring never fills, so <see cref="WireWitness.Dropped"/> has to be 0 afterwards.
    /// </param>
    /// <param name="cancellation">Ends the run, also in the middle of a call.</param>
    /// <exception cref="TimeoutException">A trial made no progress for two seconds; the message names the trial and the call.</exception>
    /// <exception cref="SocketException">A call failed that should not, as where the ports are used up; the message names the trial, the call and a remedy.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public static TrialRun Run(TrialKind kind, int count, bool keepTimes = true, WireWitness? wire = null, CancellationToken cancellation = default) =>
        Run(kind, count, keepTimes, Patience, target: null, wire, cancellation);

    /// <summary>
    /// How many bytes a client's kernel accepts before a write fails because the peer is gone: the client writes blocks, without
    /// blocking in a write that does not fit, until one fails.
    /// </summary>
    /// <param name="count">How many trials, from 0 up.</param>
    /// <param name="options">What is varied; null for the defaults.</param>
    /// <param name="cancellation">Ends the run, also in the middle of a call.</param>
    /// <exception cref="ArgumentException">The options do not fit together; the message says which.</exception>
    /// <exception cref="TimeoutException">A trial made no progress for two seconds; the message names the trial and the call.</exception>
    /// <exception cref="SocketException">A call failed that should not; the message names the trial, the call and a remedy.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public static TrialRun BytesAccepted(int count, BytesAcceptedOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new BytesAcceptedOptions();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.BlockSize);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.PauseBetweenWrites, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(options.PauseBetweenWrites, Patience);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.PauseBeforeClose, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(options.PauseBeforeClose, Patience);
        if (options.WaitForReset && options.Peer == PeerEnding.ClosesWhenFull)
        {
            throw new ArgumentException("A peer that closes only when the buffers are full sends no reset to wait for: leave WaitForReset out, or choose another PeerEnding.", nameof(options));
        }

        if (options.PauseBeforeClose > TimeSpan.Zero && options.Peer != PeerEnding.ClosesMeanwhile)
        {
            throw new ArgumentException($"PauseBeforeClose only has a meaning with {PeerEnding.ClosesMeanwhile}; the peer here is {options.Peer}.", nameof(options));
        }

        using var loop = new TrialLoop(listen: true, target: null, Patience, cancellation, options.SendBuffer, options.ReceiveBuffer);
        return loop.Repeat(new WriteUntilFailure(loop, options), count, keepTrials: true);
    }

    /// <summary>For tests: another target than a port that nobody listens on, and less patience.</summary>
    internal static TrialRun Run(TrialKind kind, int count, bool keepTimes, TimeSpan patience, EndPoint? target, WireWitness? wire, CancellationToken cancellation)
    {
        var refused = kind is TrialKind.Refused or TrialKind.RefusedWithoutException or TrialKind.RefusedNatively;
        using var loop = new TrialLoop(listen: !refused, target, patience, cancellation) { Wire = wire };
        TrialConversation conversation = kind switch
        {
            TrialKind.Refused => new Refused(loop),
            TrialKind.RefusedWithoutException => new RefusedWithoutException(loop),
            TrialKind.RefusedNatively => new RefusedNatively(loop),
            TrialKind.BrokenPipe => new BrokenPipe(loop),
            TrialKind.Aborted => new Aborted(loop),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such kind of trial."),
        };
        return loop.Repeat(conversation, count, keepTimes);
    }
}

/// <summary>What one trial does, between making the client's socket and closing it.</summary>
internal abstract class TrialConversation(TrialLoop loop) : IDisposable
{
    protected TrialLoop Loop { get; } = loop;

    /// <summary>Makes the calls; the last one is the trial's outcome.</summary>
    internal abstract void Talk();

    /// <summary>Ends what the conversation holds beyond one trial; nothing of it runs on afterwards.</summary>
    public virtual void Dispose()
    {
    }
}

internal sealed class Refused(TrialLoop loop) : TrialConversation(loop)
{
    private readonly CallTally _connect = loop.Tally("client", "Connect");

    internal override void Talk() => Loop.Connect(_connect);
}

internal sealed class RefusedWithoutException : TrialConversation
{
    private readonly CallTally _connect;
    private readonly ManualResetEventSlim _completed = new();
    private readonly SocketAsyncEventArgs _args;

    internal RefusedWithoutException(TrialLoop loop) : base(loop)
    {
        _connect = loop.Tally("client", "ConnectAsync");
        _args = new SocketAsyncEventArgs { RemoteEndPoint = loop.Target };
        _args.Completed += (_, _) => _completed.Set();
    }

    internal override void Talk()
    {
        Loop.Begin(_connect);
        _completed.Reset();
        if (Loop.Client.ConnectAsync(_args))
        {
            _completed.Wait(); // The loop's watch closes the socket of a stuck trial, which completes this.
        }

        Loop.End(_args.SocketError);
    }

    public override void Dispose()
    {
        _args.Dispose();
        _completed.Dispose();
        base.Dispose();
    }
}

internal sealed class RefusedNatively : TrialConversation
{
    private readonly CallTally _connect;
    private readonly byte[] _address;

    internal RefusedNatively(TrialLoop loop) : base(loop)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException($"{nameof(TrialKind.RefusedNatively)} calls Linux's C library; take {nameof(TrialKind.Refused)} elsewhere.");
        }

        _connect = loop.Tally("client", "connect(2)");
        var address = loop.Target.Serialize();
        _address = address.Buffer[..address.Size].ToArray();
    }

    internal override void Talk()
    {
        Loop.Begin(_connect);
        var result = Libc.Connect(Loop.Client.SafeHandle, _address, _address.Length);
        Loop.End(result == 0 ? SocketError.Success : Marshal.GetLastPInvokeError() switch
        {
            Libc.ECONNREFUSED => SocketError.ConnectionRefused,
            Libc.EADDRNOTAVAIL => SocketError.AddressNotAvailable,
            var errno => throw new SocketException((int)SocketError.SocketError, $"{Marshal.GetPInvokeErrorMessage(errno)} (connect(2) left {errno})"),
        });
    }
}

internal sealed class BrokenPipe(TrialLoop loop) : TrialConversation(loop)
{
    private readonly CallTally _connect = loop.Tally("client", "Connect");
    private readonly CallTally _accept = loop.Tally("server", "Accept");
    private readonly CallTally _close = loop.Tally("server", "Close");
    private readonly CallTally _send = loop.Tally("client", "Send");
    private readonly CallTally _reset = loop.Tally("client", "Poll for the reset");
    private readonly CallTally _sendAgain = loop.Tally("client", "Send again");
    private readonly byte[] _payload = new byte[5000];

    internal override void Talk()
    {
        Loop.Connect(_connect);
        Loop.Accept(_accept);
        Loop.CloseServer(_close);
        Loop.Send(_send, _payload);
        Loop.AwaitReset(_reset);
        Loop.Send(_sendAgain, _payload);
    }
}

internal sealed class Aborted(TrialLoop loop) : TrialConversation(loop)
{
    private readonly CallTally _connect = loop.Tally("client", "Connect");
    private readonly CallTally _accept = loop.Tally("server", "Accept");
    private readonly CallTally _abort = loop.Tally("server", "Abort");
    private readonly CallTally _receive = loop.Tally("client", "Receive");
    private readonly byte[] _buffer = new byte[1];

    internal override void Talk()
    {
        Loop.Connect(_connect);
        Loop.Accept(_accept);
        Loop.AbortServer(_abort);
        Loop.Begin(_receive);
        Loop.Client.Receive(_buffer, SocketFlags.None, out var error);
        Loop.End(error);
    }
}

/// <summary>The client of <see cref="Trials.BytesAccepted"/>, and its peer.</summary>
internal sealed class WriteUntilFailure : TrialConversation
{
    private readonly BytesAcceptedOptions _options;
    private readonly byte[] _block;
    private readonly CallTally _connect, _send, _writable, _reset, _pause, _accept, _readable, _close;
    private readonly Thread? _peer;

    internal WriteUntilFailure(TrialLoop loop, BytesAcceptedOptions options) : base(loop)
    {
        _options = options;
        _block = new byte[options.BlockSize];
        _connect = loop.Tally("client", "Connect");
        _accept = loop.Tally("server", "Accept");
        _send = loop.Tally("client", "Send");
        _writable = loop.Tally("client", "Poll for room");
        _reset = loop.Tally("client", "Poll for the reset");
        _pause = loop.Tally("client", "Sleep");
        _readable = loop.Tally("server", "Poll for data");
        _close = loop.Tally("server", "Close");
        if (options.Peer == PeerEnding.ClosesMeanwhile)
        {
            _peer = new Thread(AcceptAndClose) { IsBackground = true, Name = "accepts and closes" };
            _peer.Start();
        }
    }

    internal override void Talk()
    {
        Loop.Connect(_connect);
        // A blocking send that a reset cuts in two reports neither the part that was accepted nor the kernel's error.
        Loop.Client.Blocking = false;
        if (_peer is null)
        {
            Loop.Accept(_accept);
        }

        if (_options.Peer == PeerEnding.ClosesFirst)
        {
            Loop.CloseServer(_close);
        }

        SocketError error;
        while ((error = Loop.Send(_send, _block)) is SocketError.Success or SocketError.WouldBlock)
        {
            if (_options.Peer == PeerEnding.ClosesWithUnreadData && Loop.HasServer)
            {
                Loop.AwaitData(_readable);
                Loop.CloseServer(_close);
            }

            if (error == SocketError.WouldBlock)
            {
                if (_options.Peer == PeerEnding.ClosesWhenFull && Loop.HasServer)
                {
                    Loop.CloseServer(_close);
                }

                Loop.AwaitRoom(_writable);
            }
            else if (_options.WaitForReset)
            {
                Loop.AwaitReset(_reset);
            }

            if (_options.PauseBetweenWrites > TimeSpan.Zero)
            {
                Loop.Begin(_pause);
                Thread.Sleep(_options.PauseBetweenWrites);
                Loop.End(SocketError.Success);
            }
        }
    }

    public override void Dispose()
    {
        Loop.CloseListener(); // The peer's thread is in accept(2), which this ends.
        _peer?.Join();
        base.Dispose();
    }

    private void AcceptAndClose()
    {
        // These two tallies are this thread's own until it has ended.
        while (true)
        {
            var began = Stopwatch.GetTimestamp();
            try
            {
                using var connection = Loop.Listener.Accept();
                began = _accept.Add(began, SocketError.Success);
                if (_options.PauseBeforeClose > TimeSpan.Zero)
                {
                    Thread.Sleep(_options.PauseBeforeClose);
                    began = Stopwatch.GetTimestamp();
                }

                connection.Dispose();
                _close.Add(began, SocketError.Success);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return; // The listener is closed; were it anything else, the trial would be found stuck.
            }
        }
    }
}

/// <summary>Counts and times one call of a conversation.</summary>
internal sealed class CallTally(string who, string call)
{
    private readonly List<SocketError> _errors = [];
    private readonly List<long> _counts = [];
    private long _count, _total, _max, _min = long.MaxValue;

    internal string Name => $"the {who}'s {call}";

    /// <summary>Adds a call that began then and ends now; returns now.</summary>
    internal long Add(long began, SocketError error)
    {
        var now = Stopwatch.GetTimestamp();
        var elapsed = now - began;
        _count++;
        _total += elapsed;
        _min = Math.Min(_min, elapsed);
        _max = Math.Max(_max, elapsed);
        if (error != SocketError.Success)
        {
            Count(error);
        }

        return now;
    }

    internal void Count(SocketError error)
    {
        var index = _errors.IndexOf(error);
        if (index < 0)
        {
            _errors.Add(error);
            _counts.Add(1);
        }
        else
        {
            _counts[index]++;
        }
    }

    internal IReadOnlyList<ErrorCount> Errors() => [.. _errors.Zip(_counts, (e, n) => new ErrorCount(e, Errno(e), n))];

    internal CallSummary? Summary() => _count == 0 ? null : new CallSummary(
        who, call, _count, Nanoseconds(_total), Nanoseconds(_min), Nanoseconds(_max), Errors());

    internal static long Nanoseconds(long ticks) => (long)(ticks * (1e9 / Stopwatch.Frequency));

    /// <summary>The system's number for .NET's error: the exception's constructor knows the table.</summary>
    internal static int Errno(SocketError error) => error == SocketError.Success ? 0 : new SocketException((int)error).NativeErrorCode;
}

/// <summary>The repetition itself: the sockets of the trial that is going on, its calls' times, and the watch that ends a stuck one.</summary>
internal sealed class TrialLoop : IDisposable
{
    private const int LooksPerPatience = 4;

    /// <summary>A trial is at most ten segments on the wire, and the witness's ring holds thousands.</summary>
    private const int TrialsPerDrain = 64;

    private enum Ending
    {
        None,
        Stuck,
        Cancelled,
    }

    private readonly TimeSpan _patience;
    private readonly CancellationToken _cancellation;
    private readonly CancellationTokenRegistration _registration;
    private readonly Timer _watch;
    private readonly List<CallTally> _tallies = [];
    private readonly CallTally _open, _abort;
    private readonly int? _sendBuffer;
    private Socket? _client, _server;
    private CallTally _call;
    private long _began, _elapsed, _bytes;
    private SocketError _error;
    private int _trial, _progress, _seen, _looks;
    private volatile Ending _ending;
    private CallTally? _endedAt;

    internal TrialLoop(bool listen, EndPoint? target, TimeSpan patience, CancellationToken cancellation, int? sendBuffer = null, int? receiveBuffer = null)
    {
        _patience = patience;
        _cancellation = cancellation;
        _sendBuffer = sendBuffer;
        _open = _call = Tally("client", "Socket");
        _abort = new CallTally("client", "Abort");
        Listener = NewSocket();
        try
        {
            if (receiveBuffer is { } size)
            {
                Listener.ReceiveBufferSize = size; // Accepted sockets inherit it.
            }

            Listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            Target = target ?? Listener.LocalEndPoint!;
            if (listen)
            {
                Listener.Listen(128);
            }
        }
        catch
        {
            Listener.Dispose();
            throw;
        }

        _watch = new Timer(_ => Look(), null, patience / LooksPerPatience, patience / LooksPerPatience);
        _registration = cancellation.Register(() => Stop(Ending.Cancelled));
    }

    /// <summary>Bound, and listening unless the kind is a refused one.</summary>
    internal Socket Listener { get; }

    /// <summary>Where clients connect to.</summary>
    internal EndPoint Target { get; }

    /// <summary>Watches along where there is one.</summary>
    internal WireWitness? Wire { get; init; }

    /// <summary>The client of the trial that is going on.</summary>
    internal Socket Client => _client!;

    /// <summary>Whether the trial has an accepted connection that is still open.</summary>
    internal bool HasServer => _server is not null;

    /// <summary>Makes a place in the summary for a call. The order of these is the order of the summary.</summary>
    internal CallTally Tally(string who, string call)
    {
        var tally = new CallTally(who, call);
        _tallies.Add(tally);
        return tally;
    }

    internal TrialRun Repeat(TrialConversation conversation, int count, bool keepTrials)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        _cancellation.ThrowIfCancellationRequested();
        var trials = keepTrials ? new Trial[count] : [];
        var outcomes = new CallTally("", "");
        var (lastError, lastErrno) = (SocketError.Success, 0);
        long elapsed;
        Wire?.Watch(((IPEndPoint)Target).Port);
        using (conversation)
        {
            var started = Stopwatch.GetTimestamp();
            for (_trial = 0; _trial < count; _trial++)
            {
                var total = One(conversation);
                outcomes.Count(_error);
                if (_trial % TrialsPerDrain == 0)
                {
                    Wire?.Drain();
                }

                if (keepTrials)
                {
                    if (_error != lastError)
                    {
                        (lastError, lastErrno) = (_error, CallTally.Errno(_error));
                    }

                    trials[_trial] = new Trial(_error, lastErrno, CallTally.Nanoseconds(_elapsed), CallTally.Nanoseconds(total), _bytes);
                }
            }

            Wire?.Drain();
            elapsed = CallTally.Nanoseconds(Stopwatch.GetTimestamp() - started);
        }

        return new TrialRun
        {
            Count = count,
            Elapsed = elapsed,
            Outcomes = outcomes.Errors(),
            Calls = [.. _tallies.Append(_abort).Select(t => t.Summary()).OfType<CallSummary>()],
            Trials = trials,
        };
    }

    internal void Begin(CallTally call) => _call = call;

    /// <summary>The call that began last ends here. Ends are also what the watch sees as progress.</summary>
    internal void End(SocketError error)
    {
        var now = _call.Add(_began, error);
        (_elapsed, _began, _error) = (now - _began, now, error);
        Volatile.Write(ref _progress, _progress + 1);
    }

    internal void Connect(CallTally call)
    {
        Begin(call);
        var error = SocketError.Success;
        try
        {
            Client.Connect(Target);
        }
        catch (SocketException e)
        {
            error = e.SocketErrorCode;
        }

        End(error);
    }

    internal void Accept(CallTally call)
    {
        Require(_error);
        Begin(call);
        _server = Listener.Accept();
        End(SocketError.Success);
    }

    internal void CloseServer(CallTally call)
    {
        Begin(call);
        _server!.Dispose();
        _server = null;
        End(SocketError.Success);
    }

    internal void AbortServer(CallTally call)
    {
        Begin(call);
        _server!.Close(0);
        _server = null;
        End(SocketError.Success);
    }

    internal SocketError Send(CallTally call, byte[] block)
    {
        Begin(call);
        _bytes += Client.Send(block, SocketFlags.None, out var error);
        End(error);
        return error;
    }

    internal void AwaitReset(CallTally call)
    {
        Require(_error);
        Await(call, Client, SelectMode.SelectError);
    }

    internal void AwaitRoom(CallTally call) => Await(call, Client, SelectMode.SelectWrite);

    internal void AwaitData(CallTally call) => Await(call, _server!, SelectMode.SelectRead);

    internal void CloseListener() => Listener.Dispose();

    public void Dispose()
    {
        // Both wait until a Stop that is under way has closed its sockets, so that none outlives the run.
        _registration.Dispose();
        using (var ended = new ManualResetEvent(false))
        {
            if (_watch.Dispose(ended))
            {
                ended.WaitOne();
            }
        }

        _client?.Dispose();
        _server?.Dispose();
        Listener.Dispose();
    }

    /// <summary>Runs one trial; returns its whole time in ticks.</summary>
    private long One(TrialConversation conversation)
    {
        try
        {
            var began = _began = Stopwatch.GetTimestamp();
            _bytes = 0;
            Begin(_open);
            _client = NewSocket();
            if (_sendBuffer is { } size)
            {
                _client.SendBufferSize = size;
            }

            End(SocketError.Success);
            conversation.Talk();
            RequirePort();
            var (error, elapsed) = (_error, _elapsed);
            Begin(_abort);
            _client.Close(0);
            End(SocketError.Success);
            (_error, _elapsed) = (error, elapsed);
            return _ending == Ending.None ? _began - began : throw Stopped(null);
        }
        catch (Exception e) when (_ending != Ending.None && e is not (TimeoutException or OperationCanceledException))
        {
            throw Stopped(e); // What the call reported is only that its socket was closed under it.
        }
        catch (SocketException e)
        {
            throw Failed(e.SocketErrorCode, e);
        }
    }

    private void Await(CallTally call, Socket socket, SelectMode mode)
    {
        Begin(call);
        if (!socket.Poll(_patience, mode))
        {
            Stop(Ending.Stuck);
            throw Stopped(null);
        }

        End(SocketError.Success);
    }

    /// <summary>The calls up to the last one of a trial have to succeed.</summary>
    private void Require(SocketError error)
    {
        if (error != SocketError.Success)
        {
            throw Failed(error);
        }
    }

    /// <summary>No port left is never what a trial is about.</summary>
    private void RequirePort()
    {
        if (_error is SocketError.AddressNotAvailable or SocketError.AddressAlreadyInUse)
        {
            throw Failed(_error);
        }
    }

    private SocketException Failed(SocketError error, SocketException? exception = null)
    {
        exception ??= new SocketException((int)error);
        var remedy = error switch
        {
            SocketError.AddressNotAvailable or SocketError.AddressAlreadyInUse =>
                $" No local port is free towards {Target}: other programs hold them, or their closed connections are still in TIME_WAIT. Wait a minute, end what holds them (ss -tan), or widen net.ipv4.ip_local_port_range.",
            SocketError.TooManyOpenSockets => " Raise the limit of open files (ulimit -n); a trial needs two.",
            _ => "",
        };
        return new SocketException((int)error, string.Create(CultureInfo.InvariantCulture,
            $"Trial {_trial}: {_call.Name} failed with errno {exception.NativeErrorCode}: {exception.Message}.{remedy}"));
    }

    private Exception Stopped(Exception? inner) => _ending == Ending.Cancelled
        ? new OperationCanceledException(string.Create(CultureInfo.InvariantCulture, $"Cancelled in trial {_trial}, at {_endedAt?.Name}."), inner, _cancellation)
        : new TimeoutException(string.Create(CultureInfo.InvariantCulture,
            $"Trial {_trial}: {_endedAt?.Name} did not end within {_patience.TotalSeconds} s. Is a firewall dropping segments on the loopback device, or another program using {Target}?"), inner);

    /// <summary>The watch: costs a trial nothing, and bounds also the calls that know no timeout.</summary>
    private void Look()
    {
        var progress = Volatile.Read(ref _progress);
        _looks = progress == _seen ? _looks + 1 : 0;
        _seen = progress;
        if (_looks >= LooksPerPatience)
        {
            Stop(Ending.Stuck);
        }
    }

    /// <summary>Closes the trial's sockets, which ends whatever call it is in.</summary>
    private void Stop(Ending why)
    {
        if (_ending != Ending.None)
        {
            return;
        }

        _endedAt = _call;
        _ending = why;
        _client?.Dispose();
        _server?.Dispose();
        Listener.Dispose();
    }

    private static Socket NewSocket() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
}
