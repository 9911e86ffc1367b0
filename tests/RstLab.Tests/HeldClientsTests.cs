using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace RstLab.Tests;

public class HeldClientsTests
{
    [Fact]
    public void Every_state_is_held_and_leaves_the_error_that_the_kernel_has_for_it()
    {
        Assert.SkipWhen(TwoHosts.WhyNot() is not null, TwoHosts.WhyNot() ?? "");
        using var clients = new HeldClients(TestContext.Current.CancellationToken);

        var errors = HeldState.All.Select(state =>
        {
            using var client = clients.Reset(state);
            return $"{state}: {client.Available} {Errno.Name(SocketState.TakePendingError(client)) ?? "-"}";
        });

        Assert.Equal(
        [
            "SYN_SENT: 0 ECONNREFUSED", "SYN_RECEIVED: 0 ECONNRESET", "ESTABLISHED: 0 ECONNRESET", "ESTABLISHED with unread bytes: 5 ECONNRESET",
            "CLOSE_WAIT: 0 EPIPE", "CLOSE_WAIT with unread bytes: 5 EPIPE", "FIN_WAIT_1: 0 ECONNRESET", "FIN_WAIT_2: 0 ECONNRESET",
            "CLOSING: 0 ECONNRESET", "LAST_ACK: 0 ECONNRESET", "TIME_WAIT: 0 -", "ESTABLISHED, no reset: 0 -", "CLOSE_WAIT, no reset: 0 -",
        ], errors);
    }

    [Fact]
    public void A_held_client_is_over_after_the_reset_and_the_control_is_not()
    {
        Assert.SkipWhen(TwoHosts.WhyNot() is not null, TwoHosts.WhyNot() ?? "");
        using var clients = new HeldClients(TestContext.Current.CancellationToken);
        using var reset = clients.Reset(new HeldState(TcpState.FinWait1));
        using var control = clients.Reset(new HeldState(TcpState.Established, IsReset: false));

        Assert.Equal(TcpState.Closed, SocketState.Of(reset));
        Assert.Equal(TcpState.Established, SocketState.Of(control));
        Assert.False(control.Blocking, "no call on a held client may hang");
    }

    [Fact]
    public void Any_number_of_unread_bytes_is_held()
    {
        Assert.SkipWhen(TwoHosts.WhyNot() is not null, TwoHosts.WhyNot() ?? "");
        using var clients = new HeldClients(TestContext.Current.CancellationToken);
        using var client = clients.Reset(new HeldState(TcpState.CloseWait, Unread: 1000));

        Assert.Equal(1000, client.Receive(new byte[2000]));
        Assert.Equal(0, client.Receive(new byte[2000]));
    }

    [Fact]
    public void A_cancelled_run_holds_nobody()
    {
        Assert.SkipWhen(TwoHosts.WhyNot() is not null, TwoHosts.WhyNot() ?? "");
        using var clients = new HeldClients(new CancellationToken(canceled: true));

        Assert.Throws<OperationCanceledException>(() => clients.Reset(HeldState.All[0]));
    }

    [Fact]
    public void The_system_calls_say_what_the_kernel_says()
    {
        Assert.SkipWhen(TwoHosts.WhyNot() is not null, TwoHosts.WhyNot() ?? "");
        using var clients = new HeldClients(TestContext.Current.CancellationToken);
        using var reset = clients.Reset(new HeldState(TcpState.Established, Unread: 5));
        using var control = clients.Reset(new HeldState(TcpState.Established, IsReset: false));

        Assert.Equal("IN|OUT|ERR|HUP|RDHUP", SystemCall.Poll(reset));
        Assert.Equal("ECONNRESET", SystemCall.Send(reset, 5));
        Assert.Equal("EPIPE", SystemCall.Send(reset, 5, noSignal: true));
        Assert.Equal("5", SystemCall.Receive(reset, 100));
        Assert.Equal("0", SystemCall.Receive(reset, 100));
        Assert.Equal("ENOTCONN", SystemCall.Shutdown(reset));
        Assert.Equal("OUT", SystemCall.Poll(control));
        Assert.Equal("5", SystemCall.Send(control, 5));
        Assert.Equal("EAGAIN", SystemCall.Receive(control, 5));
        Assert.Equal("0", SystemCall.Shutdown(control));
    }
}
