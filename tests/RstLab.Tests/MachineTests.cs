using System.Diagnostics;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;

namespace RstLab.Tests;

/// <summary>What a machine cannot do is named with its remedy, and never passes as the outcome of an experiment.</summary>
public class MachineTests
{
    private const string LowLimit = "RSTLAB_TEST_LOW_LIMIT";

    [Fact]
    public void Without_IPv6_an_experiment_over_it_is_not_possible_and_over_IPv4_it_is()
    {
        using var machine = Namespace();
        machine.Run(() =>
        {
            File.WriteAllText("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
            var talk = new Conversation(watchWire: false, CancellationToken.None);
            try
            {
                Assert.Contains("EADDRNOTAVAIL", Machine.IPv6WhyNot(), StringComparison.Ordinal);
                Assert.Equal(Machine.IPv6WhyNot(), Assert.Throws<NotPossibleHereException>(() => talk.Listen(family: AddressFamily.InterNetworkV6)).Message);
                Assert.Throws<NotPossibleHereException>(() => talk.Client(family: AddressFamily.InterNetworkV6));
                Assert.Throws<NotPossibleHereException>(() => talk.ClosedPort(AddressFamily.InterNetworkV6));
                Assert.True(talk.Client().Connect(talk.Listen().Local!).Ok);
                Assert.Null(Machine.WhyNothingRuns());
            }
            finally
            {
                talk.CloseAll();
            }

            return 0;
        });
    }

    [Fact]
    public void A_loopback_device_that_is_down_keeps_everything_from_running()
    {
        using var machine = Namespace();
        machine.SetLink("lo", up: false);

        var why = machine.Run(Machine.WhyNothingRuns);

        Assert.Contains("`ip link set lo up`", why, StringComparison.Ordinal);
    }

    [Fact]
    public void No_free_port_keeps_everything_from_running()
    {
        using var machine = Namespace();
        machine.Run(() =>
        {
            File.WriteAllText("/proc/sys/net/ipv4/ip_local_port_range", "60000 60000");
            Assert.Null(Machine.WhyNothingRuns());
            var talk = new Conversation(watchWire: false, CancellationToken.None);
            try
            {
                talk.Listen();
                Assert.StartsWith("No port is free on 127.0.0.1 (EADDRINUSE)", Machine.WhyNothingRuns(), StringComparison.Ordinal);
                Assert.Equal(Machine.WhyNothingRuns(), Assert.Throws<IOException>(() => talk.Listen()).Message);
                Assert.Equal(Machine.WhyNothingRuns(), Assert.Throws<IOException>(() => talk.Client()).Message);
            }
            finally
            {
                talk.CloseAll();
            }

            return 0;
        });
    }

    [Theory]
    [InlineData(SocketError.AddressNotAvailable, "No port is free")]
    [InlineData(SocketError.TooManyOpenSockets, "Too many open files (E")]
    [InlineData(SocketError.NetworkUnreachable, "`ip link set lo up`")]
    public async Task What_the_machine_refuses_is_no_outcome_of_a_stack(SocketError error, string obstacle)
    {
        var refused = new StackSituation("HttpClient", "connecting", _ => Task.CompletedTask, _ => throw new HttpRequestException("no", new SocketException((int)error)));
        var failed = new StackSituation("HttpClient", "connecting", _ => throw new SocketException((int)error), async trial =>
        {
            using var stream = await trial.ConnectAsync();
            await StackTrial.UntilAsync(() => trial.ScriptFailure is not null, () => "the script to fail");
            return "";
        });

        var inTheStack = await Assert.ThrowsAsync<IOException>(() => StackTrial.RunAsync(refused, Ending.Fin));
        var inTheScript = await Assert.ThrowsAsync<IOException>(() => StackTrial.RunAsync(failed, Ending.Fin));

        Assert.All([inTheStack, inTheScript], e => Assert.Contains(obstacle, e.Message, StringComparison.Ordinal));
        Assert.All([inTheStack, inTheScript], e => Assert.StartsWith("HttpClient, connecting, Fin: ", e.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(SocketError.ConnectionRefused)]
    [InlineData(SocketError.ConnectionReset)]
    [InlineData(SocketError.Shutdown)]
    [InlineData(SocketError.TimedOut)]
    public void What_experiments_are_about_is_no_obstacle(SocketError error) => Assert.Null(Machine.WhyNot(new IOException("x", new SocketException((int)error))));

    [Fact]
    public async Task Too_low_a_limit_of_open_files_is_named_with_the_number_that_is_needed()
    {
        if (Environment.GetEnvironmentVariable(LowLimit) is not null)
        {
            Assert.Contains($"may open 256 at once, and the course needs {Machine.OpenFilesNeeded}", Machine.WhyNothingRuns(), StringComparison.Ordinal);
            return;
        }

        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/bin/sh"), "the limit is set by a shell of Linux");
        using var low = Process.Start(new ProcessStartInfo(
            "/bin/sh", ["-c", "ulimit -n 256; exec \"$@\"", "sh", Environment.ProcessPath!, "-method", "*.Too_low_a_limit_of_open_files_is_named*"])
        {
            RedirectStandardOutput = true,
            Environment = { [LowLimit] = "1" },
        })!;
        var output = await low.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await low.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(low.ExitCode == 0, output);
        Assert.Contains("Total: 1", output, StringComparison.Ordinal);
    }

    // A machine of its own: what is switched off in it is switched off for no other test.
    private static NetworkNamespace Namespace()
    {
        Assert.SkipWhen(TwoHosts.WhyNot() is not null, TwoHosts.WhyNot() ?? "");
        return NetworkNamespace.Create();
    }
}
