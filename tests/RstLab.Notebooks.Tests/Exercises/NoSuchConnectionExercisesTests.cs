using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace RstLab.Notebooks.Tests.Exercises;

[Collection("Exercises")]
public class NoSuchConnectionExercisesTests
{
    public NoSuchConnectionExercisesTests() => Progress.Folder = null;

    private static Task<Attempt> AfterReboot(Action<Conversation, TwoHosts, int> then) => NoSuchConnectionExercises.OldAndNewConnection(async talk =>
    {
        var hosts = talk.TwoHosts();
        var (client, server) = await talk.ConnectAsync(hosts);
        var port = server.Local!.Port;
        hosts.Crash();
        hosts.Reboot();
        then(talk, hosts, port);
        client.Send(100);
        await client.UntilAsync(TcpState.Closed);
    });

    [Fact]
    public async Task A_listener_takes_the_new_connection_and_resets_the_old_one() => (await AfterReboot((talk, hosts, port) =>
    {
        var service = talk.Listen("service", on: hosts.Server, port: port);
        talk.Client("new client", on: hosts.Client).Connect(service.Local!);
    })).MustPass();

    [Fact]
    public async Task The_starter_meets_a_host_without_the_service() => (await NoSuchConnectionExercises.OldAndNewConnection(async talk =>
    {
        var hosts = talk.TwoHosts();
        var (client, server) = await talk.ConnectAsync(hosts);
        var port = server.Local!.Port;
        hosts.Crash();
        hosts.Reboot();
        // TODO: serve a new client on the old port
        client.Send(100);
        await client.UntilAsync(TcpState.Closed);
    })).MustBeOpen();

    [Fact]
    public async Task Another_port_saves_nobody() => (await AfterReboot((talk, hosts, _) =>
    {
        var service = talk.Listen("service", on: hosts.Server);
        talk.Client("new client", on: hosts.Client).Connect(service.Local!);
    })).MustFailFor("to the same port");

    [Fact]
    public async Task A_listener_without_a_new_client_is_half_of_it() => (await AfterReboot((talk, hosts, port) => talk.Listen("service", on: hosts.Server, port: port)))
        .MustFailFor("Two connections");

    [Fact]
    public async Task An_abort_is_not_what_the_listener_does() => (await NoSuchConnectionExercises.OldAndNewConnection(async talk =>
    {
        var hosts = talk.TwoHosts();
        var service = talk.Listen("service", on: hosts.Server);
        var client = talk.Client(on: hosts.Client);
        client.Connect(service.Local!);
        var server = service.Accept();
        client.Send(100);
        server.Receive();
        talk.Client("new client", on: hosts.Client).Connect(service.Local!);
        server.Abort();
    })).MustFailFor("TCP_FLAGS");

    [Fact]
    public async Task One_byte_finds_out() => (await NoSuchConnectionExercises.IsItStillThere(client =>
    {
        client.Send(1);
        return client.Poll(SelectMode.SelectRead, TimeSpan.FromMilliseconds(300)).Result != "True" ? "silent" : client.Receive().Ok ? "alive" : "rebooted";
    })).MustPass();

    [Fact]
    public async Task The_starter_only_looks() => (await NoSuchConnectionExercises.IsItStillThere(client =>
    {
        // TODO: find out which it is
        return client.Poll(SelectMode.SelectRead, TimeSpan.FromMilliseconds(100)).Result == "True" ? "rebooted" : "alive";
    })).MustBeOpen();

    [Fact]
    public async Task Connected_says_nothing() => (await NoSuchConnectionExercises.IsItStillThere(client => client.Socket.Connected ? "alive" : "silent")).MustFailFor("The host is down");

    [Fact]
    public async Task A_send_that_succeeds_says_nothing() => (await NoSuchConnectionExercises.IsItStillThere(client => client.Send(1).Ok ? "alive" : "rebooted")).MustFailFor("has rebooted");

    [Fact]
    public async Task Waiting_without_a_bound_takes_too_long() => (await NoSuchConnectionExercises.IsItStillThere(client =>
    {
        client.Send(1);
        return client.Receive() is { Ok: true } ? "alive" : "rebooted";
    })).MustFailFor("comes to its end");

    [Fact]
    public async Task One_answer_for_all_is_wrong() => (await NoSuchConnectionExercises.IsItStillThere(_ => "alive")).MustFailFor("has rebooted");

    [Theory]
    [InlineData(100)]
    [InlineData(400)]
    public async Task A_bound_on_what_is_unacknowledged_notices_in_time(int milliseconds)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "TCP_USER_TIMEOUT is Linux's");
        (await NoSuchConnectionExercises.WithinASecond(client => client.UserTimeout(milliseconds))).MustPass();
    }

    [Fact]
    public async Task The_starter_waits_for_the_kernels_own_limit() => (await NoSuchConnectionExercises.WithinASecond(client =>
    {
        // TODO: bound how long the kernel waits for an acknowledgement
    })).MustBeOpen();

    [Fact]
    public async Task A_bound_of_minutes_is_too_long() => (await NoSuchConnectionExercises.WithinASecond(client => client.UserTimeout(60_000))).MustFailFor("within a second");

    [Fact]
    public async Task A_bound_of_a_second_ends_later_than_that() => (await NoSuchConnectionExercises.WithinASecond(client => client.UserTimeout(1000))).MustFailFor("within a second");

    [Fact]
    public async Task Keepalive_is_silent_while_data_is_unacknowledged() => (await NoSuchConnectionExercises.WithinASecond(client => client.KeepAlive(1, 1, 1))).MustFailFor("within a second");

    [Fact]
    public async Task A_limit_on_the_call_does_not_end_the_connection() => (await NoSuchConnectionExercises.WithinASecond(client => client.Socket.ReceiveTimeout = 500)).MustFailFor("within a second");

    [Fact]
    public async Task Giving_up_beforehand_is_no_notice() => (await NoSuchConnectionExercises.WithinASecond(client => client.Abort())).MustFailFor("ETIMEDOUT");

    [Fact]
    public async Task What_came_before_the_reset_tells_the_condition() => (await NoSuchConnectionExercises.WhichConditionWasIt(segments =>
    {
        var reset = segments.First(s => s.IsReset);
        return segments.All(s => s.Letters != "SA") ? 1
            : reset.Letters == "RA" || segments.Any(s => s.From == reset.From && s.Letters.Contains('F')) ? 2
            : 3;
    })).MustPass();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task One_condition_for_all_is_wrong(int always) => (await NoSuchConnectionExercises.WhichConditionWasIt(_ => always)).MustFailFor($"condition {(always % 3) + 1}");

    [Fact]
    public async Task The_starter_says_1() => (await NoSuchConnectionExercises.WhichConditionWasIt(segments =>
    {
        return 1; // TODO: 1, 2 or 3?
    })).MustBeOpen();

    [Fact]
    public async Task The_flags_of_the_reset_alone_do_not_tell() => (await NoSuchConnectionExercises.WhichConditionWasIt(segments =>
        segments.Count == 2 ? 1 : segments.First(s => s.IsReset).Letters == "RA" ? 2 : 3)).MustFailFor("goes on sending: condition 2");

    [Fact]
    public async Task A_fin_alone_does_not_tell() => (await NoSuchConnectionExercises.WhichConditionWasIt(segments =>
        segments.Count == 2 ? 1 : segments.Any(s => s.Letters.Contains('F')) ? 2 : 3)).MustFailFor("A server aborts");

    [Fact]
    public async Task Data_before_the_reset_does_not_tell() => (await NoSuchConnectionExercises.WhichConditionWasIt(segments =>
        segments.Count == 2 ? 1 : segments[^2].Length > 0 ? 3 : 2)).MustFailFor("goes on sending: condition 2");
}
