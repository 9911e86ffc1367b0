using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace RstLab;

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
