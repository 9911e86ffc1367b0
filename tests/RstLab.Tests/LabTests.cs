using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace RstLab.Tests;

public class LabTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Close_then_send_is_seen_by_all_three_witnesses_on_one_clock()
    {
        Assert.SkipWhen(WireWitness.WhyNot() is not null, WireWitness.WhyNot() ?? "");
        Assert.SkipWhen(KernelWitness.WhyNot() is not null, KernelWitness.WhyNot() ?? "");

        var recording = await Lab.RunAsync("test-close-then-send", CloseThenSend);

        Assert.All(recording.Witnesses, w => Assert.Equal((Evidence.Live, 0L), (w.Evidence, w.Dropped)));
        Assert.Equal("5000", recording.CallsOf("client", "Send")[0].Outcome);
        Assert.Equal("EPIPE (Shutdown)", recording.CallsOf("client", "Send")[1].Outcome);
        Assert.Equal(["S", "SA", "A"], recording.Segments.Take(3).Select(s => s.Letters));
        var reset = Assert.Single(recording.Segments, s => s.IsReset);
        var sent = Assert.Single(recording.Resets, r => r.Direction == ResetDirection.Sent);
        Assert.Contains(sent.Reason, (string[])["TCP_ABORT_ON_DATA", "TCP_TIMEWAIT_SOCKET"]);
        Assert.Equal((reset.From, reset.To), (sent.From, sent.To));
        var received = Assert.Single(recording.Resets, r => r.Direction == ResetDirection.Received);
        Assert.Equal((reset.From, reset.To), (received.From, received.To));

        // The order of the three accounts: the kernel decides, the segment crosses, the other side receives it, the app is told.
        var events = recording.Events.ToList();
        Assert.True(events.IndexOf(sent) < events.IndexOf(reset));
        Assert.True(events.IndexOf(reset) < events.IndexOf(received));
        Assert.True(events.IndexOf(received) < events.IndexOf(recording.CallsOf("client", "Send")[1]));
        Assert.Equal(0, events[0].T);
        Assert.Equal(events.OrderBy(e => e.T), events);
        Assert.Equal(2, recording.SegmentsFrom("server").Count(s => s.Letters is "SA" or "FA"));
        Assert.Equal(recording.Frames.Count, recording.Segments.Count());
    }

    [Fact]
    public async Task Without_wire_and_trace_the_shipped_recording_is_asked()
    {
        var live = await Lab.RunAsync("test-shipped", CloseThenSend);
        var shipped = live with
        {
            Witnesses = [new(WitnessKind.App, Evidence.Live), new(WitnessKind.Wire, Evidence.Live), new(WitnessKind.Kernel, Evidence.Live) { Method = KernelMethod.Trace }],
        };
        var partly = live with
        {
            Witnesses = [new(WitnessKind.App, Evidence.Live), new(WitnessKind.Wire, Evidence.Recorded, "no"), new(WitnessKind.Kernel, Evidence.Live, "no") { Method = KernelMethod.Counters }],
            Events = [.. live.Calls],
            Shipped = shipped,
        };

        Assert.Equal(WitnessKind.Wire, Assert.Throws<WitnessAbsentException>(() => partly.Segments).Kind);
        Assert.Equal(WitnessKind.Kernel, Assert.Throws<WitnessAbsentException>(() => partly.Resets).Kind);
        Assert.NotEmpty(partly.Calls);
    }

    [Fact]
    public async Task A_conversation_that_hangs_ends_at_its_deadline_and_says_what_was_awaited()
    {
        var hung = await Assert.ThrowsAsync<TimeoutException>(() => Lab.RunAsync("test-hang", async talk =>
        {
            var (client, _) = await talk.ConnectAsync();
            client.Receive(); // nobody sends
        }, TimeSpan.FromSeconds(2)));

        Assert.Contains("test-hang did not end within 2 s", hung.Message, StringComparison.Ordinal);
        Assert.Contains("client.Receive", hung.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_state_that_does_not_come_is_named_with_the_one_that_was_seen()
    {
        var hung = await Assert.ThrowsAsync<TimeoutException>(() => Lab.RunAsync("test-state", async talk =>
        {
            var (client, _) = await talk.ConnectAsync();
            await client.UntilAsync(TcpState.Closed);
        }, TimeSpan.FromSeconds(2)));

        Assert.Contains("client to be Closed; the kernel says Established", hung.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_experiment_throws_comes_through_and_everything_is_closed()
    {
        Socket? raw = null;
        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => Lab.RunAsync("test-throws", async talk =>
        {
            var (client, _) = await talk.ConnectAsync();
            raw = client.Socket;
            throw new InvalidOperationException("mine");
        }));

        Assert.Equal("mine", thrown.Message);
        Assert.Throws<ObjectDisposedException>(() => raw!.Send(new byte[1]));
    }

    [Fact]
    public async Task A_call_that_has_not_returned_is_entered_as_pending()
    {
        var recording = await Lab.RunAsync("test-pending", async talk =>
        {
            var (client, _) = await talk.ConnectAsync();
            _ = client.ReceiveAsync();
        });

        Assert.Equal("pending", Assert.Single(recording.CallsOf("client", "ReceiveAsync")).Outcome);
    }

    [Fact]
    public async Task Experiments_leave_no_descriptor_behind()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "descriptors are counted in /proc/self/fd, which is Linux'");
        await Lab.RunAsync("test-descriptors", CloseThenSend); // what opens once stays open: epoll, tracefs
        for (var i = 0; i < 20; i++)
        {
            await Lab.RunAsync("test-descriptors", CloseThenSend);
        }

        // Other tests run at the same time, so it is the sockets with our ports that count, not their number: none may be left.
        var recording = await Lab.RunAsync("test-descriptors", CloseThenSend);
        var port = recording.Participants[0].Address[(recording.Participants[0].Address.LastIndexOf(':') + 1)..];
        var table = await File.ReadAllTextAsync("/proc/self/net/tcp", Stop);
        Assert.DoesNotContain($":{int.Parse(port, System.Globalization.CultureInfo.InvariantCulture):X4} ", table, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_killed_child_ends_the_connection_that_it_inherited()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a child inherits a descriptor by fork and exec, which Windows does not have");
        var recording = await Lab.RunAsync("test-killed", async talk =>
        {
            var (client, server) = await talk.ConnectAsync();
            var child = talk.HandToChild(server);
            Assert.Equal(TcpState.Established, client.State);
            child.Kill();
            await client.UntilAsync(TcpState.CloseWait);
            client.Receive();
        });

        Assert.Equal(0, recording.CallsOf("client", "Receive")[0].Bytes);
    }

    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public async Task A_closed_port_refuses_over_both_families(AddressFamily family)
    {
        Assert.SkipWhen(family == AddressFamily.InterNetworkV6 && Machine.IPv6WhyNot() is not null, Machine.IPv6WhyNot() ?? "");
        var recording = await Lab.RunAsync("test-refused", talk =>
        {
            talk.Client(family: family).Connect(talk.ClosedPort(family));
            return Task.CompletedTask;
        });

        Assert.Equal(SocketError.ConnectionRefused, recording.CallsOf("client", "Connect")[0].Error);
        if (recording[WitnessKind.Wire].Evidence == Evidence.Live)
        {
            Assert.Equal(["S", "RA"], recording.Segments.Select(s => s.Letters));
        }
    }

    [Fact]
    public async Task A_taken_port_is_named_with_the_command_that_shows_by_whom()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        taken.Listen();
        var port = ((System.Net.IPEndPoint)taken.LocalEndPoint!).Port;

        var thrown = await Assert.ThrowsAnyAsync<Exception>(() => Lab.RunAsync("test-taken", talk =>
        {
            talk.Listen(port: port);
            return Task.CompletedTask;
        }));

        Assert.Contains($"sport = :{port}", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_others_do_on_a_shared_port_is_left_out()
    {
        Assert.SkipWhen(WireWitness.WhyNot() is not null, WireWitness.WhyNot() ?? "");
        var recording = await Lab.RunAsync("test-shared-port", async talk =>
        {
            var (_, server) = await talk.ConnectAsync();
            using var stranger = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            Assert.Throws<SocketException>(() => stranger.Connect(server.Local!)); // its listener is gone
        });

        Assert.DoesNotContain(recording.Segments, s => s.IsReset);
        Assert.Equal(recording.Segments.Count(), recording.Frames.Count);
        if (recording[WitnessKind.Kernel].Method == KernelMethod.Trace)
        {
            Assert.Empty(recording.Resets);
        }
    }

    [Fact]
    public async Task A_replay_runs_nothing_and_says_so()
    {
        var data = Directory.CreateTempSubdirectory("rstlab-test");
        try
        {
            var made = await Lab.RunAsync("test-replay", CloseThenSend);
            made.Save(Path.Combine(data.FullName, "recordings", "test-replay.json"));
            using var entered = new LabSession { Mode = LabMode.Replay, DataFolder = data.FullName }.Enter();

            var replayed = await Lab.RunAsync("test-replay", _ => throw new InvalidOperationException("must not run"));

            Assert.All(replayed.Witnesses, w => Assert.Equal((Evidence.Recorded, "a replay was asked for"), (w.Evidence, w.Why)));
            Assert.Equal(made.Events, replayed.Events);
            Assert.Equal(replayed, Assert.Single(LabSession.Current.Recordings));
            var missing = await Assert.ThrowsAsync<NotPossibleHereException>(() => Lab.RunAsync("test-missing", CloseThenSend));
            Assert.Contains("--record", missing.Message, StringComparison.Ordinal);
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task An_impossible_experiment_is_spoken_for_by_its_recording()
    {
        var data = Directory.CreateTempSubdirectory("rstlab-test");
        try
        {
            (await Lab.RunAsync("test-impossible", CloseThenSend)).Save(Path.Combine(data.FullName, "recordings", "test-impossible.json"));
            using var entered = new LabSession { DataFolder = data.FullName }.Enter();

            var recording = await Lab.RunAsync("test-impossible", _ => throw new NotPossibleHereException("no such thing here"));

            Assert.All(recording.Witnesses, w => Assert.Equal((Evidence.Recorded, "no such thing here"), (w.Evidence, w.Why)));
            Assert.NotEmpty(recording.Calls);
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Cancelling_the_session_ends_an_experiment_at_once()
    {
        using var cancel = new CancellationTokenSource();
        using var entered = new LabSession { Cancellation = cancel.Token }.Enter();
        var running = Lab.RunAsync("test-cancel", async talk =>
        {
            var (client, _) = await talk.ConnectAsync();
            client.Receive();
        });
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(TimeSpan.FromSeconds(5), Stop));
    }

    internal static async Task CloseThenSend(Conversation talk)
    {
        var (client, server) = await talk.ConnectAsync();
        server.Close();
        await client.UntilAsync(TcpState.CloseWait);
        client.Send(5000);
        await client.UntilAsync(TcpState.Closed);
        client.Send(5000);
    }
}
