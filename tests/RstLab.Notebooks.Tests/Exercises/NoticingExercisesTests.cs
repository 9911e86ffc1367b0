using System.Net.Sockets;
using System.Text;

namespace RstLab.Notebooks.Tests.Exercises;

[Collection("Exercises")]
public class NoticingExercisesTests
{
    public NoticingExercisesTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "what the calls answer here is Linux's");
        Progress.Folder = null;
    }

    [Fact]
    public async Task Ten_seconds_and_three_probes_two_seconds_apart_make_sixteen() =>
        (await NoticingExercises.KeepAliveSettings(client => client.KeepAlive(idle: 10, interval: 2, count: 3))).MustPass();

    [Fact]
    public async Task The_starter_of_the_settings_takes_the_machines_hours() => (await NoticingExercises.KeepAliveSettings(client =>
        // TODO: give it the three numbers
        client.SetOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, 1))).MustBeOpen();

    [Fact]
    public async Task Two_probes_three_seconds_apart_are_not_three() =>
        (await NoticingExercises.KeepAliveSettings(client => client.KeepAlive(10, 3, 2))).MustFailFor("three probes");

    [Fact]
    public async Task The_sum_counts_every_probe() =>
        (await NoticingExercises.KeepAliveSettings(client => client.KeepAlive(10, 6, 3))).MustFailFor("16 s");

    [Fact]
    public async Task Numbers_alone_turn_nothing_on() => (await NoticingExercises.KeepAliveSettings(client =>
    {
        client.SetOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 10);
        client.SetOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 2);
        return client.SetOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
    })).MustFailFor("Keepalive is on.");

    [Fact]
    public async Task The_error_list_tells_a_reset_and_readable_without_data_a_fin() => (await NoticingExercises.TellWithoutTaking(socket =>
        socket.Poll(0, SelectMode.SelectError) ? "RST"
        : !socket.Poll(0, SelectMode.SelectRead) ? "nothing"
        : socket.Available > 0 ? "data"
        : "FIN")).MustPass();

    [Fact]
    public async Task The_starter_that_asks_for_readability_alone_tells_too_little() => (await NoticingExercises.TellWithoutTaking(socket =>
    {
        // TODO: tell data, FIN and RST apart
        return socket.Poll(0, SelectMode.SelectRead) ? "data" : "nothing";
    })).MustBeOpen();

    [Fact]
    public async Task A_receive_takes_the_data_and_the_error() => (await NoticingExercises.TellWithoutTaking(socket =>
    {
        socket.Blocking = false;
        var bytes = socket.Receive(new byte[10], SocketFlags.None, out var error);
        return error == SocketError.WouldBlock ? "nothing" : error != SocketError.Success ? "RST" : bytes > 0 ? "data" : "FIN";
    })).MustFailFor("takes nothing");

    [Fact]
    public async Task A_peek_does_not_see_the_reset_behind_a_fin() => (await NoticingExercises.TellWithoutTaking(socket =>
    {
        socket.Blocking = false;
        var bytes = socket.Receive(new byte[10], 0, 10, SocketFlags.Peek, out var error);
        return error == SocketError.WouldBlock ? "nothing" : error != SocketError.Success ? "RST" : bytes > 0 ? "data" : "FIN";
    })).MustFailFor("a FIN and then a RST");

    [Fact]
    public async Task One_answer_to_all_is_no_detector() =>
        (await NoticingExercises.TellWithoutTaking(_ => "RST")).MustFailFor("When there is a FIN, it says FIN.");

    [Fact]
    public async Task A_receive_of_no_bytes_waits_and_the_next_one_tells() => (await NoticingExercises.WaitWithoutBuffer(async (socket, rent) =>
    {
        try
        {
            await socket.ReceiveAsync(Memory<byte>.Empty);
            var buffer = rent();
            var bytes = await socket.ReceiveAsync(buffer);
            return bytes == 0 ? "FIN" : Encoding.UTF8.GetString(buffer, 0, bytes);
        }
        catch (SocketException)
        {
            return "RST";
        }
    })).MustPass();

    [Fact]
    public async Task The_starter_holds_a_buffer_while_it_waits() => (await NoticingExercises.WaitWithoutBuffer(async (socket, rent) =>
    {
        // TODO: wait without a buffer, and say RST where one came
        var buffer = rent();
        var bytes = await socket.ReceiveAsync(buffer);
        return bytes == 0 ? "FIN" : Encoding.UTF8.GetString(buffer, 0, bytes);
    })).MustBeOpen();

    [Fact]
    public async Task The_zero_of_a_receive_of_no_bytes_is_no_fin() => (await NoticingExercises.WaitWithoutBuffer(async (socket, rent) =>
    {
        try
        {
            if (await socket.ReceiveAsync(Memory<byte>.Empty) == 0)
            {
                return "FIN";
            }

            var buffer = rent();
            return Encoding.UTF8.GetString(buffer, 0, await socket.ReceiveAsync(buffer));
        }
        catch (SocketException)
        {
            return "RST";
        }
    })).MustFailFor("When data comes");

    [Fact]
    public async Task The_wait_itself_may_throw() => (await NoticingExercises.WaitWithoutBuffer(async (socket, rent) =>
    {
        await socket.ReceiveAsync(Memory<byte>.Empty);
        try
        {
            var buffer = rent();
            var bytes = await socket.ReceiveAsync(buffer);
            return bytes == 0 ? "FIN" : Encoding.UTF8.GetString(buffer, 0, bytes);
        }
        catch (SocketException)
        {
            return "RST";
        }
    })).MustFailFor("When a RST has come before it begins");

    [Fact]
    public async Task A_buffer_of_ones_own_is_a_buffer() => (await NoticingExercises.WaitWithoutBuffer(async (socket, _) =>
    {
        try
        {
            var buffer = new byte[1000];
            var bytes = await socket.ReceiveAsync(buffer);
            return bytes == 0 ? "FIN" : Encoding.UTF8.GetString(buffer, 0, bytes);
        }
        catch (SocketException)
        {
            return "RST";
        }
    })).MustFailFor("A buffer is taken only when");

    [Fact]
    public async Task A_write_that_nobody_acknowledges_tells_of_the_vanished_host() => (await NoticingExercises.VanishedHost(async client =>
    {
        client.UserTimeout(300);
        client.Send("question");
        return (await client.ReceiveAsync()).Ok ? Encoding.UTF8.GetString(client.Received.Span) : "gone";
    })).MustPass();

    [Fact]
    public async Task The_starter_waits_for_the_vanished_host() => (await NoticingExercises.VanishedHost(async client =>
    {
        // TODO: set what bounds it
        client.Send("question");
        return (await client.ReceiveAsync()).Ok ? Encoding.UTF8.GetString(client.Received.Span) : "gone";
    })).MustBeOpen();

    [Fact]
    public async Task A_deadline_gives_up_on_the_slow_host_too() => (await NoticingExercises.VanishedHost(async client =>
    {
        client.Send("question");
        var read = client.ReceiveAsync();
        await Task.WhenAny(read, Task.Delay(800));
        return read.IsCompletedSuccessfully ? Encoding.UTF8.GetString(client.Received.Span) : "gone";
    })).MustFailFor("its program takes 1.2 s");

    [Fact]
    public async Task Keepalive_does_not_probe_while_the_question_is_unacknowledged() => (await NoticingExercises.VanishedHost(async client =>
    {
        client.KeepAlive(1, 1, 1);
        client.Send("question");
        return (await client.ReceiveAsync()).Ok ? Encoding.UTF8.GetString(client.Received.Span) : "gone";
    })).MustFailFor("the host has vanished");

    [Fact]
    public async Task An_idle_connection_has_nothing_that_could_go_unacknowledged() => (await NoticingExercises.VanishedHost(async client =>
    {
        client.UserTimeout(300);
        return (await client.ReceiveAsync()).Ok ? Encoding.UTF8.GetString(client.Received.Span) : "gone";
    })).MustFailFor("the host has vanished");

    [Fact]
    public async Task A_ping_after_each_silence_tells_slow_from_hanging() => (await NoticingExercises.Ping(async client =>
    {
        while (true)
        {
            var read = client.ReceiveAsync();
            await Task.WhenAny(read, Task.Delay(200));
            if (!read.IsCompleted)
            {
                client.Send("?");
                await Task.WhenAny(read, Task.Delay(500));
            }

            if (!read.IsCompleted)
            {
                return "hangs";
            }

            var call = await read;
            if (!call.Ok || call.Bytes == 0)
            {
                return call.Ok ? "closed" : "reset";
            }

            var text = Encoding.UTF8.GetString(client.Received.Span).Trim('.');
            if (text.Length > 0)
            {
                return text;
            }
        }
    })).MustPass();

    [Fact]
    public async Task The_starter_without_a_ping_waits_for_ever() => (await NoticingExercises.Ping(async client =>
    {
        // TODO: ask when nothing comes
        var call = await client.ReceiveAsync();
        return !call.Ok ? "reset" : call.Bytes == 0 ? "closed" : Encoding.UTF8.GetString(client.Received.Span).Trim('.');
    })).MustBeOpen();

    [Fact]
    public async Task A_deadline_without_a_ping_gives_up_on_the_slow_program() => (await NoticingExercises.Ping(async client =>
    {
        var read = client.ReceiveAsync();
        await Task.WhenAny(read, Task.Delay(900));
        return !read.IsCompleted ? "hangs" : !(await read).Ok ? "reset" : (await read).Bytes == 0 ? "closed" : Encoding.UTF8.GetString(client.Received.Span);
    })).MustFailFor("takes 1.2 s for its answer");

    [Fact]
    public async Task The_kernel_acknowledges_a_ping_for_a_program_that_hangs() => (await NoticingExercises.Ping(async client =>
    {
        client.UserTimeout(300);
        client.Send("?");
        string text;
        do
        {
            var call = await client.ReceiveAsync();
            if (!call.Ok || call.Bytes == 0)
            {
                return call.ErrnoName == "ETIMEDOUT" ? "hangs" : call.Ok ? "closed" : "reset";
            }

            text = Encoding.UTF8.GetString(client.Received.Span).Trim('.');
        }
        while (text.Length == 0);
        return text;
    })).MustFailFor("the program hangs");

    [Fact]
    public async Task The_answer_to_a_ping_is_not_the_answer() => (await NoticingExercises.Ping(async client =>
    {
        client.Send("?");
        var read = client.ReceiveAsync();
        await Task.WhenAny(read, Task.Delay(700));
        return !read.IsCompleted ? "hangs" : !(await read).Ok ? "reset" : (await read).Bytes == 0 ? "closed" : Encoding.UTF8.GetString(client.Received.Span);
    })).MustFailFor("takes 1.2 s for its answer");
}
