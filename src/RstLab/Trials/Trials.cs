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
