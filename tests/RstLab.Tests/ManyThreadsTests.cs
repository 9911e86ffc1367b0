using System.Diagnostics;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace RstLab.Tests;

/// <summary>A reader's conversation may use any number of threads, ports and processes at once.</summary>
public class ManyThreadsTests
{
    [Theory]
    [InlineData(2, 30)]
    [InlineData(8, 15)]
    public async Task Each_segment_is_seen_once_however_many_threads_connect_at_once(int threads, int rounds)
    {
        Assert.SkipWhen(WireWitness.WhyNot() is not null, WireWitness.WhyNot() ?? "");
        for (var round = 0; round < rounds; round++)
        {
            var recording = await Lab.RunAsync("test-threads", async talk =>
            {
                using var together = new Barrier(threads);
                await Task.WhenAll(Enumerable.Range(0, threads).Select(_ => Task.Factory.StartNew(
                    () =>
                    {
                        together.SignalAndWait();
                        talk.ConnectAsync().GetAwaiter().GetResult().Client.Send(1);
                    },
                    CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
            });

            Assert.Equal(threads, recording.Segments.Count(s => s.Letters == "S"));
            Assert.Equal(threads, recording.Segments.Count(s => s.Letters == "SA"));
            Assert.Equal(threads, recording.Segments.Count(s => s.Length == 1));
            Assert.Equal(2 * threads, recording.Participants.Count(p => p.Name != "listener"));
            Assert.Equal(recording.Segments.Count(), recording.Segments.Distinct().Count());
        }
    }

    [Fact]
    public async Task A_conversation_may_have_more_ports_than_the_filter_has_room_for()
    {
        Assert.SkipWhen(WireWitness.WhyNot() is not null, WireWitness.WhyNot() ?? "");
        const int connections = PortFilter.MostPorts + 100;
        var recording = await Lab.RunAsync(
            "test-many-ports",
            talk =>
            {
                var listener = talk.Listen();
                for (var i = 0; i < connections; i++)
                {
                    var client = talk.Client();
                    client.Connect(listener.Local!);
                    listener.Accept().Dispose();
                    client.Close(0);
                }

                return Task.CompletedTask;
            },
            TimeSpan.FromSeconds(30));

        Assert.Equal(0, recording[WitnessKind.Wire].Dropped);
        Assert.Equal(connections, recording.Segments.Count(s => s.Letters == "S"));
        Assert.Equal(connections, recording.Segments.Count(s => s.Letters == "SA"));
    }

    [Fact]
    public async Task Two_waits_at_once_are_both_named_when_the_time_is_up()
    {
        var hung = await Assert.ThrowsAsync<TimeoutException>(() => Lab.RunAsync("test-two-waits", async talk =>
        {
            var (client, server) = await talk.ConnectAsync();
            var met = client.UntilAsync(TcpState.Established); // this wait is over, and takes no other off the list
            await Task.WhenAll(client.UntilAsync(TcpState.Closed), server.UntilAvailableAsync(7), met);
        }, TimeSpan.FromSeconds(2)));

        Assert.Contains("client to be Closed; the kernel says Established", hung.Message, StringComparison.Ordinal);
        Assert.Contains("server to have 7 bytes to read; it has 0 bytes", hung.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("to be Established", hung.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wait_is_named_also_when_another_has_just_ended_and_the_code_blocks()
    {
        var hung = await Assert.ThrowsAsync<TimeoutException>(() => Lab.RunAsync("test-blocked-wait", async talk =>
        {
            var (client, server) = await talk.ConnectAsync();
            var waits = server.UntilAvailableAsync(7);
            await client.UntilAsync(TcpState.Established);
            await waits;
        }, TimeSpan.FromSeconds(2)));

        Assert.Contains("server to have 7 bytes", hung.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_other_process_that_is_started_meanwhile_keeps_a_childs_connection()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a child inherits a descriptor by fork and exec, which Windows does not have");
        List<Process> others = [];
        using var stop = new CancellationTokenSource();
        var starting = Task.Factory.StartNew(
            () =>
            {
                while (!stop.IsCancellationRequested && others.Count < 100)
                {
                    others.Add(Process.Start(new ProcessStartInfo("sleep", ["60"]))!);
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            await Lab.RunAsync("test-children", async talk =>
            {
                for (var i = 0; i < 25; i++)
                {
                    var (client, server) = await talk.ConnectAsync();
                    talk.HandToChild(server).Kill();
                    await client.UntilAsync(TcpState.CloseWait); // not before the last one who holds the other end is gone
                }
            });
            Assert.NotEmpty(others);
        }
        finally
        {
            await stop.CancelAsync();
            await starting;
            foreach (var other in others)
            {
                other.Kill();
                other.Dispose();
            }
        }
    }
}
