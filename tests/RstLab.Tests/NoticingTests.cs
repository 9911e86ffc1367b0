using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace RstLab.Tests;

public class NoticingTests
{
    [Theory]
    [InlineData("nothing", "write")]
    [InlineData("FIN", "read+write")]
    [InlineData("RST", "read+write+error")]
    public async Task Select_names_the_lists_that_the_socket_is_left_in(string ending, string ready)
    {
        AppCall? call = null;
        await Lab.RunAsync("test-select", async talk =>
        {
            var (client, server) = await talk.ConnectAsync();
            await EndAsync(ending, client, server);
            call = client.Select();
        });

        Assert.Equal((true, ready), (call!.Ok, call.Result));
    }

    [Theory]
    [InlineData("FIN", "0")]
    [InlineData("RST", "ConnectionReset")]
    public async Task A_receive_with_event_args_throws_nothing_and_says_the_error(string ending, string result)
    {
        List<AppCall> calls = [];
        await Lab.RunAsync("test-event-args", async talk =>
        {
            var (client, server) = await talk.ConnectAsync();
            var pending = client.ReceiveWithEventArgsAsync();
            await EndAsync(ending, client, server);
            calls.Add(await pending);
        });
        await Lab.RunAsync("test-event-args", async talk =>
        {
            var (client, server) = await talk.ConnectAsync();
            await EndAsync(ending, client, server);
            calls.Add(await client.ReceiveWithEventArgsAsync());
        });

        Assert.All(calls, c => Assert.Equal((true, result), (c.Ok, c.Result)));
    }

    [Fact]
    public async Task Keepalive_is_turned_on_with_its_three_knobs() => await Lab.RunAsync("test-keepalive", async talk =>
    {
        var (client, _) = await talk.ConnectAsync();

        Assert.True(client.KeepAlive(idle: 7, interval: 3, count: 5).Ok);

        int Option(SocketOptionLevel level, SocketOptionName name) => (int)client.Socket.GetSocketOption(level, name)!;
        Assert.NotEqual(0, Option(SocketOptionLevel.Socket, SocketOptionName.KeepAlive));
        Assert.Equal(7, Option(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime));
        Assert.Equal(3, Option(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval));
        Assert.Equal(5, Option(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount));
    });

    [Fact]
    public async Task A_keepalive_time_that_the_kernel_refuses_is_a_failed_call()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the range is Linux's");
        await Lab.RunAsync("test-keepalive-range", async talk =>
        {
            var (client, _) = await talk.ConnectAsync();

            Assert.Equal("EINVAL", client.KeepAlive(idle: 0, interval: 1, count: 1).ErrnoName);
        });
    }

    [Fact]
    public async Task The_user_timeout_is_set_on_Linux_and_refused_elsewhere() => await Lab.RunAsync("test-user-timeout", async talk =>
    {
        var (client, _) = await talk.ConnectAsync();

        var call = client.UserTimeout(1234);

        if (OperatingSystem.IsLinux())
        {
            var value = new byte[4];
            client.Socket.GetRawSocketOption(6, 18, value);
            Assert.Equal((true, 1234), (call.Ok, BitConverter.ToInt32(value)));
        }
        else
        {
            Assert.Equal(typeof(PlatformNotSupportedException).FullName, call.Exception);
        }
    });

    [Fact]
    public void The_documented_sysctls_come_to_the_documented_limits()
    {
        Assert.Equal(924.6, TcpTimeouts.Documented.RetransmissionLimit.TotalSeconds, 6); // ip-sysctl.rst, tcp_retries2
        Assert.Equal(7875, TcpTimeouts.Documented.KeepAliveLimit.TotalSeconds, 6);
    }

    [Theory]
    [InlineData(0, 120, 0.2)]
    [InlineData(3, 120, 3.0)]
    [InlineData(8, 120, 102.2)]
    [InlineData(15, 1, 13.0 + 1.4)]
    public void Retransmission_timeouts_double_up_to_their_maximum(int retries, double maximum, double seconds) =>
        Assert.Equal(seconds, (TcpTimeouts.Documented with { Retries = retries, RetransmissionMax = TimeSpan.FromSeconds(maximum) }).RetransmissionLimit.TotalSeconds, 6);

    [Fact]
    public void This_machine_s_sysctls_are_read()
    {
        const string file = "/proc/sys/net/ipv4/tcp_keepalive_time";
        Assert.SkipUnless(File.Exists(file), "there are no sysctls here");

        Assert.Equal(double.Parse(File.ReadAllText(file), System.Globalization.CultureInfo.InvariantCulture), TcpTimeouts.OfThisMachine().KeepAliveTime.TotalSeconds);
    }

    private static async Task EndAsync(string ending, Endpoint client, Endpoint server)
    {
        if (ending == "FIN")
        {
            server.Close();
            await client.UntilAsync(TcpState.CloseWait);
        }
        else if (ending == "RST")
        {
            server.Abort();
            await client.UntilAsync(TcpState.Closed);
        }
    }
}
