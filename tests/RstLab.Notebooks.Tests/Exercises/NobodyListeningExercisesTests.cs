using System.Net.Sockets;

namespace RstLab.Notebooks.Tests.Exercises;

[Collection("Exercises")]
public class NobodyListeningExercisesTests
{
    private const AddressFamily V6 = AddressFamily.InterNetworkV6;

    private static readonly TimeSpan HalfASecond = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(20);

    public NobodyListeningExercisesTests() => Progress.Folder = null;

    private static Task<Attempt> SecondWith(Action<Endpoint> between) => NobodyListeningExercises.RefuseTheSecond(talk =>
    {
        var listener = talk.Listen(family: V6);
        var address = listener.Local!;
        talk.Client("client-1", V6).Connect(address);
        between(listener);
        talk.Client("client-2", V6).Connect(address);
        return Task.CompletedTask;
    });

    [Fact]
    public async Task Accepting_before_the_listener_closes_saves_the_first_client() => (await SecondWith(listener =>
    {
        listener.Accept();
        listener.Close();
    })).MustPass();

    [Fact]
    public async Task The_starter_refuses_nobody() => (await NobodyListeningExercises.RefuseTheSecond(talk =>
    {
        var listener = talk.Listen(family: V6);
        var address = listener.Local!;
        talk.Client("client-1", V6).Connect(address);
        // TODO: see to it that client-2 is refused, and client-1 stays connected
        talk.Client("client-2", V6).Connect(address);
        return Task.CompletedTask;
    })).MustBeOpen();

    [Fact]
    public async Task Closing_the_listener_alone_resets_the_first_client_too() => (await SecondWith(listener => listener.Close())).MustFailFor("this connection is not reset");

    [Fact]
    public async Task Accepting_alone_refuses_nobody() => (await SecondWith(listener => listener.Accept())).MustFailFor("The second SYN");

    [Fact]
    public async Task The_second_client_goes_to_the_same_port() => (await NobodyListeningExercises.RefuseTheSecond(talk =>
    {
        talk.Client("client-1", V6).Connect(talk.Listen(family: V6).Local!);
        talk.Client("client-2", V6).Connect(talk.ClosedPort(V6));
        return Task.CompletedTask;
    })).MustFailFor("to the same port");

    [Fact]
    public async Task One_more_than_the_backlog_fills_the_queue() => (await NobodyListeningExercises.FillTheQueue(async (talk, listener, backlog) =>
    {
        for (var i = 0; i <= backlog; i++)
        {
            talk.Client($"client-{i}").Connect(listener.Local!);
        }

        var late = talk.Client("late");
        _ = late.ConnectAsync(listener.Local!);
        await late.UntilAsync(System.Net.NetworkInformation.TcpState.SynSent);
    })).MustPass();

    [Fact]
    public async Task The_starter_of_the_queue_fills_one_place() => (await NobodyListeningExercises.FillTheQueue(async (talk, listener, backlog) =>
    {
        talk.Client("client-1").Connect(listener.Local!);
        // TODO: fill the queue, and let one client more try
        await Task.CompletedTask;
    })).MustBeOpen();

    [Fact]
    public async Task As_many_as_the_backlog_do_not_fill_it() => (await NobodyListeningExercises.FillTheQueue((talk, listener, backlog) =>
    {
        for (var i = 0; i <= backlog; i++)
        {
            talk.Client($"client-{i}").Connect(listener.Local!);
        }

        return Task.CompletedTask;
    })).MustFailFor("One client more");

    [Fact]
    public async Task The_backlog_is_not_always_the_same() => (await NobodyListeningExercises.FillTheQueue(async (talk, listener, backlog) =>
    {
        foreach (var i in Enumerable.Range(0, 4))
        {
            await Task.WhenAny(talk.Client($"client-{i}").ConnectAsync(listener.Local!), Task.Delay(100));
        }
    })).MustFailFor("wait to be accepted", "nothing came back");

    [Fact]
    public async Task A_connect_that_blocks_is_told() => (await NobodyListeningExercises.FillTheQueue((talk, listener, backlog) =>
    {
        for (var i = 0; i <= backlog + 1; i++)
        {
            talk.Client($"client-{i}").Connect(listener.Local!);
        }

        return Task.CompletedTask;
    })).MustFailFor("comes to its end");

    [Fact]
    public async Task A_token_and_a_close_give_up_in_time() => (await NobodyListeningExercises.GiveUpInTime(async (client, address, clock) =>
    {
        using var limit = new CancellationTokenSource(HalfASecond, clock);
        if (!(await client.ConnectAsync(address, limit.Token)).Ok)
        {
            client.Close();
        }
    })).MustPass();

    [Fact]
    public async Task A_limit_that_wakes_up_late_is_kept_all_the_same() => (await NobodyListeningExercises.GiveUpInTime(async (client, address, clock) =>
    {
        using var limit = new CancellationTokenSource(HalfASecond, clock);
        var connecting = client.ConnectAsync(address, limit.Token);
        await Task.Delay(1200, TestContext.Current.CancellationToken); // as on a machine that has no time for it: the SYN goes out again meanwhile
        if (!(await connecting).Ok)
        {
            client.Close();
        }
    })).MustPass();

    [Fact]
    public async Task A_token_alone_ends_the_wait_but_not_the_attempt() => (await NobodyListeningExercises.GiveUpInTime(async (client, address, clock) =>
    {
        using var limit = new CancellationTokenSource(HalfASecond, clock);
        await client.ConnectAsync(address, limit.Token);
    })).MustFailFor("Then its kernel no longer tries");

    [Fact]
    public async Task The_starter_waits_for_the_kernel() => (await NobodyListeningExercises.GiveUpInTime(async (client, address, clock) =>
    {
        await client.ConnectAsync(address); // TODO: give up after half a second
    })).MustBeOpen();

    [Fact]
    public async Task To_look_away_is_not_to_give_up() => (await NobodyListeningExercises.GiveUpInTime(
        (client, address, clock) => Task.WhenAny(client.ConnectAsync(address), Task.Delay(HalfASecond, clock)))).MustFailFor("Then its kernel no longer tries");

    [Theory]
    [InlineData(50)]
    [InlineData(499)]
    [InlineData(501)]
    [InlineData(1500)]
    public async Task To_give_up_sooner_or_later_is_not_half_a_second(int milliseconds) => (await NobodyListeningExercises.GiveUpInTime(async (client, address, clock) =>
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(milliseconds), clock);
        if (!(await client.ConnectAsync(address, limit.Token)).Ok)
        {
            client.Close();
        }
    })).MustFailFor("after half a second by the clock");

    [Fact]
    public async Task Another_clock_cannot_be_judged_so_it_fails() => (await NobodyListeningExercises.GiveUpInTime(async (client, address, clock) =>
    {
        using var limit = new CancellationTokenSource(HalfASecond);
        if (!(await client.ConnectAsync(address, limit.Token)).Ok)
        {
            client.Close();
        }
    })).MustFailFor("after half a second by the clock");

    [Fact]
    public async Task To_wait_without_connecting_is_no_way() => (await NobodyListeningExercises.GiveUpInTime(async (client, _, clock) =>
    {
        await Task.Delay(HalfASecond, clock);
        client.Close();
    })).MustFailFor("With a service that listens");

    [Fact]
    public async Task To_wait_although_the_service_answered_is_told() => (await NobodyListeningExercises.GiveUpInTime(async (client, address, clock) =>
    {
        var connecting = client.ConnectAsync(address);
        await Task.Delay(HalfASecond, clock);
        if (!connecting.IsCompleted)
        {
            client.Close();
        }
    })).MustFailFor("With a service that listens");

    [Fact]
    public async Task Doubling_the_pause_finds_the_late_service() => (await NobodyListeningExercises.RetryWithPauses(async (connect, clock) =>
    {
        for (var (attempt, pause) = (1, First); !connect().Ok && attempt < 5; attempt++, pause *= 2)
        {
            await Task.Delay(pause, clock);
        }
    })).MustPass();

    [Fact]
    public async Task A_pause_after_the_last_attempt_does_no_harm() => (await NobodyListeningExercises.RetryWithPauses(async (connect, clock) =>
    {
        for (var (attempt, pause) = (1, First); attempt <= 5 && !connect().Ok; attempt++, pause *= 2)
        {
            await Task.Delay(pause, clock);
        }
    })).MustPass();

    [Fact]
    public async Task The_starter_of_the_retry_tries_once() => (await NobodyListeningExercises.RetryWithPauses(async (connect, clock) =>
    {
        connect();
        await Task.Delay(First, clock);
        // TODO: try again while the answer is a refusal
    })).MustBeOpen();

    [Fact]
    public async Task A_loop_without_a_pause_is_told() => (await NobodyListeningExercises.RetryWithPauses((connect, clock) =>
    {
        for (var attempt = 0; attempt < 5 && !connect().Ok; attempt++)
        {
        }

        return Task.CompletedTask;
    })).MustFailFor("Between the attempts");

    [Theory]
    [InlineData(20, 1)]
    [InlineData(40, 1)]
    [InlineData(10, 2)]
    [InlineData(19, 2)]
    [InlineData(21, 2)]
    [InlineData(40, 2)]
    [InlineData(20, 3)]
    public async Task Any_other_pauses_are_told(int milliseconds, int factor) => (await NobodyListeningExercises.RetryWithPauses(async (connect, clock) =>
    {
        var pause = TimeSpan.FromMilliseconds(milliseconds);
        for (var attempt = 0; attempt < 5 && !connect().Ok; attempt++)
        {
            await Task.Delay(pause, clock);
            pause *= factor;
        }
    })).MustFailFor("Between the attempts");

    [Fact]
    public async Task A_pause_that_nobody_awaits_is_none() => (await NobodyListeningExercises.RetryWithPauses((connect, clock) =>
    {
        for (var (attempt, pause) = (1, First); !connect().Ok && attempt < 5; attempt++, pause *= 2)
        {
            _ = Task.Delay(pause, clock);
        }

        return Task.CompletedTask;
    })).MustFailFor("Between the attempts");

    [Fact]
    public async Task A_retry_without_an_end_is_told() => (await NobodyListeningExercises.RetryWithPauses(async (connect, clock) =>
    {
        for (var pause = First; !connect().Ok; pause *= 2)
        {
            await Task.Delay(pause, clock);
        }
    })).MustFailFor("The service never comes");

    [Fact]
    public async Task What_succeeded_is_not_tried_again() => (await NobodyListeningExercises.RetryWithPauses(async (connect, clock) =>
    {
        for (var (attempt, pause) = (0, First); attempt < 5; attempt++, pause *= 2)
        {
            connect();
            await Task.Delay(pause, clock);
        }
    })).MustFailFor("there at attempt 1");

    [Fact]
    public async Task The_kernel_counts_the_resets_of_its_own_tcp() =>
        (await NobodyListeningExercises.ClosedPortOrFirewall(r => !r.Counters.ContainsKey("TcpOutRsts"))).MustPass();

    [Fact]
    public async Task The_kernel_names_the_resets_of_its_own_tcp() =>
        (await NobodyListeningExercises.ClosedPortOrFirewall(r => !r.Resets.Any(k => k.Direction == ResetDirection.Sent))).MustPass();

    [Fact]
    public async Task The_starter_blames_the_port() => (await NobodyListeningExercises.ClosedPortOrFirewall(recording =>
    {
        return false; // TODO: did a firewall make the reset?
    })).MustBeOpen();

    [Fact]
    public async Task A_firewall_is_not_always_to_blame() => (await NobodyListeningExercises.ClosedPortOrFirewall(_ => true)).MustFailFor("A port is closed");

    [Fact]
    public async Task The_wire_does_not_tell_them_apart() =>
        (await NobodyListeningExercises.ClosedPortOrFirewall(r => r.Segments.Last() is { Letters: "RA", Seq: 0, Window: 0, Ttl: 64 })).MustFailFor("A port is closed");

    [Fact]
    public async Task The_app_does_not_tell_them_apart() =>
        (await NobodyListeningExercises.ClosedPortOrFirewall(r => r.CallsOf("client", "Connect")[0].ErrnoName != "ECONNREFUSED")).MustFailFor("A firewall rejects");
}
