using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace RstLab.Tests;

/// <summary>Alone, because open sockets and memory are counted over the whole process.</summary>
[CollectionDefinition(nameof(TrialsAlone), DisableParallelization = true)]
public sealed class TrialsAlone;

[Collection(nameof(TrialsAlone))]
public sealed class TrialsTests
{
    private const int ECONNREFUSED = 111, EPIPE = 32, ECONNRESET = 104, EADDRNOTAVAIL = 99;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(TrialKind.Refused, SocketError.ConnectionRefused, ECONNREFUSED)]
    [InlineData(TrialKind.RefusedWithoutException, SocketError.ConnectionRefused, ECONNREFUSED)]
    [InlineData(TrialKind.RefusedNatively, SocketError.ConnectionRefused, ECONNREFUSED)]
    [InlineData(TrialKind.BrokenPipe, SocketError.Shutdown, EPIPE)]
    [InlineData(TrialKind.Aborted, SocketError.ConnectionReset, ECONNRESET)]
    public void Each_kind_ends_as_Linux_says_in_100_of_100_trials(TrialKind kind, SocketError error, int errno)
    {
        OnLinux();
        var run = Trials.Run(kind, 100, cancellation: Cancellation);
        Assert.Equal(new ErrorCount(error, errno, 100), Assert.Single(run.Outcomes));
        Assert.All(run.Trials, t => Assert.Equal((error, errno), (t.Error, t.Errno)));
        Assert.Equal(kind == TrialKind.BrokenPipe ? 5000 : 0, run.Trials[99].Bytes);
    }

    [Theory]
    [InlineData(TrialKind.Refused, "client Socket, client Connect, client Abort")]
    [InlineData(TrialKind.RefusedWithoutException, "client Socket, client ConnectAsync, client Abort")]
    [InlineData(TrialKind.RefusedNatively, "client Socket, client connect(2), client Abort")]
    [InlineData(TrialKind.BrokenPipe, "client Socket, client Connect, server Accept, server Close, client Send, client Poll for the reset, client Send again, client Abort")]
    [InlineData(TrialKind.Aborted, "client Socket, client Connect, server Accept, server Abort, client Receive, client Abort")]
    public void Every_call_is_in_the_summary_and_the_counts_and_times_add_up(TrialKind kind, string calls)
    {
        OnLinux();
        const int count = 50;
        var run = Trials.Run(kind, count, cancellation: Cancellation);
        Assert.Equal(calls, string.Join(", ", run.Calls.Select(c => $"{c.Who} {c.Call}")));
        Assert.Equal(count, run.Count);
        Assert.Equal(count, run.Trials.Count);
        Assert.Equal(count, run.Outcomes.Sum(o => o.Count));
        Assert.All(run.Calls, c => Assert.Equal(count, c.Count));
        Assert.All(run.Calls, c => Assert.InRange(c.Total, c.Min * count, c.Max * count));
        Assert.Single(run.Calls, c => c.Errors.Count > 0);
        var failing = run.Calls.Single(c => c.Errors.Count > 0);
        Assert.Equal(count, failing.Errors.Sum(e => e.Count));

        // Rounding costs at most a nanosecond for each number.
        Assert.InRange(run.Trials.Sum(t => t.Elapsed), failing.Total - count, failing.Total + count);
        Assert.InRange(run.Trials.Sum(t => t.Total), run.Calls.Sum(c => c.Total) - count * 10, run.Elapsed);
        Assert.Equal(count / (run.Elapsed / 1e9), run.PerSecond);
    }

    [Fact]
    public void Without_times_nothing_of_a_trial_is_kept_and_each_allocates_little()
    {
        OnLinux();
        Trials.Run(TrialKind.BrokenPipe, 200, keepTimes: false, cancellation: Cancellation);
        foreach (var kind in Enum.GetValues<TrialKind>())
        {
            var allocated = GC.GetTotalAllocatedBytes(precise: true);
            var heap = GC.GetTotalMemory(forceFullCollection: true);
            var run = Trials.Run(kind, 3000, keepTimes: false, cancellation: Cancellation);
            allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
            heap = GC.GetTotalMemory(forceFullCollection: true) - heap;
            Assert.Empty(run.Trials);
            Assert.Equal(3000, Assert.Single(run.Outcomes).Count);
            Assert.InRange(allocated / 3000, 0, 8_000);
            Assert.InRange(heap, long.MinValue, 300_000);
        }
    }

    [Theory]
    [InlineData(TrialKind.Refused, 2)]
    [InlineData(TrialKind.RefusedWithoutException, 2)]
    [InlineData(TrialKind.RefusedNatively, 2)]
    [InlineData(TrialKind.BrokenPipe, 6)]
    [InlineData(TrialKind.Aborted, 4)]
    public void The_wire_witness_sees_one_reset_a_trial_and_drops_nothing(TrialKind kind, int leastSegments)
    {
        Assert.SkipWhen(WireWitness.WhyNot() is not null, WireWitness.WhyNot() ?? "");
        using var wire = new WireWitness(WireWitness.Loopback, Stopwatch.GetTimestamp(), keep: false);
        Trials.Run(kind, 3000, keepTimes: false, wire, Cancellation);
        Assert.Equal((0, 3000), (wire.Dropped, wire.Resets));
        Assert.InRange(wire.Seen, leastSegments * 3000, 10 * 3000);
    }

    [Fact]
    public void No_socket_is_left_by_any_kind()
    {
        OnLinux();
        var before = OpenSockets();
        foreach (var kind in Enum.GetValues<TrialKind>())
        {
            Trials.Run(kind, 300, cancellation: Cancellation);
        }

        foreach (var peer in Enum.GetValues<PeerEnding>())
        {
            Trials.BytesAccepted(20, new BytesAcceptedOptions { Peer = peer }, Cancellation);
        }

        AssertNoSocketSince(before);
    }

    [Theory]
    [InlineData(TrialKind.Refused, "Trial 0: the client's Connect did not end within 0.2 s.")]
    [InlineData(TrialKind.RefusedWithoutException, "Trial 0: the client's ConnectAsync did not end within 0.2 s.")]
    [InlineData(TrialKind.RefusedNatively, "Trial 0: the client's connect(2) did not end within 0.2 s.")]
    public void A_stuck_connect_fails_with_the_trial_and_the_call_and_leaves_no_socket(TrialKind kind, string message)
    {
        OnLinux();
        using var full = FullListener(out var connected);
        using var _ = connected;
        var before = OpenSockets();
        var error = Assert.Throws<TimeoutException>(() =>
            Trials.Run(kind, 10, keepTimes: true, TimeSpan.FromSeconds(0.2), full.LocalEndPoint, null, Cancellation));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        AssertNoSocketSince(before);
    }

    [Fact]
    public void A_stuck_accept_fails_with_the_trial_and_the_call_and_leaves_no_socket()
    {
        OnLinux();
        using var elsewhere = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        elsewhere.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        elsewhere.Listen();
        var before = OpenSockets();
        var error = Assert.Throws<TimeoutException>(() =>
            Trials.Run(TrialKind.Aborted, 10, keepTimes: true, TimeSpan.FromSeconds(0.2), elsewhere.LocalEndPoint, null, Cancellation));
        Assert.StartsWith("Trial 0: the server's Accept did not end within 0.2 s.", error.Message, StringComparison.Ordinal);
        AssertNoSocketSince(before);
    }

    [Fact]
    public void An_unexpected_error_names_the_trial_the_call_and_the_error()
    {
        OnLinux();
        using var bound = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        bound.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var error = Assert.Throws<SocketException>(() =>
            Trials.Run(TrialKind.BrokenPipe, 10, keepTimes: true, TimeSpan.FromSeconds(2), bound.LocalEndPoint, null, Cancellation));
        Assert.Equal(SocketError.ConnectionRefused, error.SocketErrorCode);
        Assert.StartsWith("Trial 0: the client's Connect failed with errno 111: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Used_up_ports_get_an_error_with_a_remedy()
    {
        OnLinux();
        SocketException? error = null;
        string? skipped = null;
        var cancellation = Cancellation;
        // A thread's network namespace is its own; with the thread it goes.
        var thread = new Thread(() =>
        {
            if (Libc.Unshare(Libc.CLONE_NEWNET) != 0)
            {
                skipped = "a network namespace takes CAP_SYS_ADMIN";
                return;
            }

            try
            {
                using (var up = Process.Start("ip", "link set lo up"))
                {
                    up.WaitForExit();
                }

                File.WriteAllText("/proc/sys/net/ipv4/ip_local_port_range", "40000 40001");
                using var holder = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                holder.Bind(new IPEndPoint(IPAddress.Loopback, 0));
                error = Assert.Throws<SocketException>(() => Trials.Run(TrialKind.Refused, 10, cancellation: cancellation));
            }
            catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException or UnauthorizedAccessException)
            {
                skipped = e.Message;
            }
        });
        thread.Start();
        thread.Join();
        Assert.SkipWhen(skipped is not null, skipped ?? "");
        Assert.Equal(EADDRNOTAVAIL, error!.NativeErrorCode);
        Assert.StartsWith("Trial 0: the client's Connect failed with errno 99: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("ip_local_port_range", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_is_cancelled_before_it_begins()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => Trials.Run(TrialKind.Refused, 1, cancellation: cancelled.Token));
    }

    [Fact]
    public void A_run_is_cancelled_between_calls()
    {
        OnLinux();
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        foreach (var kind in Enum.GetValues<TrialKind>())
        {
            var error = Assert.Throws<OperationCanceledException>(() => Trials.Run(kind, int.MaxValue, keepTimes: false, cancellation: soon.Token));
            Assert.Equal(soon.Token, error.CancellationToken);
        }
    }

    [Fact]
    public void A_run_is_cancelled_in_the_middle_of_a_call()
    {
        OnLinux();
        using var full = FullListener(out var connected);
        using var _ = connected;
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        Assert.Throws<OperationCanceledException>(() =>
            Trials.Run(TrialKind.Refused, 1, keepTimes: true, TimeSpan.FromSeconds(60), full.LocalEndPoint, null, soon.Token));
    }

    [Theory]
    [InlineData(PeerEnding.ClosesFirst, EPIPE)]
    [InlineData(PeerEnding.ClosesWithUnreadData, ECONNRESET)]
    public void One_block_is_accepted_when_the_reset_is_there_before_the_second(PeerEnding peer, int errno)
    {
        OnLinux();
        var run = Trials.BytesAccepted(50, new BytesAcceptedOptions { Peer = peer, BlockSize = 777, WaitForReset = true }, Cancellation);
        Assert.All(run.Trials, t => Assert.Equal((777L, errno), (t.Bytes, t.Errno)));
    }

    [Fact]
    public void The_buffers_decide_how_much_is_accepted_when_the_peer_closes_only_then()
    {
        OnLinux();
        long Median(int buffer)
        {
            var run = Trials.BytesAccepted(5, new BytesAcceptedOptions { Peer = PeerEnding.ClosesWhenFull, SendBuffer = buffer, ReceiveBuffer = buffer }, Cancellation);
            Assert.All(run.Trials, t => Assert.Equal(ECONNRESET, t.Errno));
            return run.Trials.Select(t => t.Bytes).Order().ElementAt(2);
        }

        Assert.InRange(Median(16_384), 1, Median(131_072) / 2);
    }

    [Fact]
    public void A_peer_that_closes_meanwhile_ends_every_trial_with_a_reset_or_a_broken_pipe()
    {
        OnLinux();
        var run = Trials.BytesAccepted(100, cancellation: Cancellation);
        Assert.Equal(100, run.Outcomes.Sum(o => o.Count));
        Assert.All(run.Outcomes, o => Assert.Contains(o.Errno, new[] { EPIPE, ECONNRESET }));
        Assert.All(run.Trials, t => Assert.InRange(t.Bytes, 5000, int.MaxValue));
        Assert.Equal(100, run.Calls.Single(c => (c.Who, c.Call) == ("server", "Accept")).Count);
        Assert.Equal(100, run.Calls.Single(c => (c.Who, c.Call) == ("server", "Close")).Count);
    }

    [Fact]
    public void Pauses_are_calls_of_the_summary()
    {
        OnLinux();
        var run = Trials.BytesAccepted(3, new BytesAcceptedOptions
        {
            PauseBeforeClose = TimeSpan.FromMilliseconds(1),
            PauseBetweenWrites = TimeSpan.FromMilliseconds(1),
        }, Cancellation);
        Assert.InRange(run.Calls.Single(c => c.Call == "Sleep").Count, 3, int.MaxValue);
    }

    [Fact]
    public void Arguments_out_of_range_are_refused_by_name()
    {
        Assert.Throws<ArgumentOutOfRangeException>("count", () => Trials.Run(TrialKind.Refused, -1, cancellation: Cancellation));
        Assert.Throws<ArgumentOutOfRangeException>("kind", () => Trials.Run((TrialKind)99, 1, cancellation: Cancellation));
        Assert.Throws<ArgumentOutOfRangeException>(() => Trials.BytesAccepted(1, new BytesAcceptedOptions { BlockSize = 0 }, Cancellation));
        Assert.Throws<ArgumentOutOfRangeException>(() => Trials.BytesAccepted(1, new BytesAcceptedOptions { PauseBetweenWrites = TimeSpan.FromSeconds(2) }, Cancellation));
        Assert.Throws<ArgumentException>(() => Trials.BytesAccepted(1, new BytesAcceptedOptions { Peer = PeerEnding.ClosesWhenFull, WaitForReset = true }, Cancellation));
        Assert.Throws<ArgumentException>(() => Trials.BytesAccepted(1, new BytesAcceptedOptions { Peer = PeerEnding.ClosesFirst, PauseBeforeClose = TimeSpan.FromTicks(1) }, Cancellation));
    }

    private static void OnLinux() => Assert.SkipUnless(OperatingSystem.IsLinux(), "the outcomes are those of Linux");

    /// <summary>A listener whose accept queue is full: Linux drops the SYNs of further clients.</summary>
    private static Socket FullListener(out Socket connected)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(0);
        connected = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        connected.Connect(listener.LocalEndPoint!);
        return listener;
    }

    /// <summary>The open sockets by inode, such as <c>socket:[4711]</c>. Other files the runtime opens as it loads assemblies.</summary>
    private static HashSet<string> OpenSockets() =>
        [.. new DirectoryInfo("/proc/self/fd").EnumerateFileSystemInfos().Select(f => f.LinkTarget ?? "").Where(l => l.StartsWith("socket:", StringComparison.Ordinal))];

    private static void AssertNoSocketSince(HashSet<string> before) => Assert.Empty(OpenSockets().Except(before));
}
