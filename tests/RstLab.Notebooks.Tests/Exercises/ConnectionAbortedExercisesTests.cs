using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace RstLab.Notebooks.Tests.Exercises;

[Collection("Exercises")]
public class ConnectionAbortedExercisesTests
{
    public ConnectionAbortedExercisesTests() => Progress.Folder = null;

    [Fact]
    public async Task A_close_with_unread_data_aborts() => (await ConnectionAbortedExercises.AbortOnClose(async talk =>
    {
        var (client, server) = await talk.ConnectAsync();
        client.Send(1);
        await server.UntilAvailableAsync(1);
        server.Close();
        await client.UntilAsync(TcpState.Closed);
    })).MustPass();

    [Fact]
    public async Task The_starter_of_the_abort_on_close_leaves_it_to_be_done() => (await ConnectionAbortedExercises.AbortOnClose(async talk =>
    {
        var (client, server) = await talk.ConnectAsync();
        // TODO: leave something unread
        server.Close();
        await client.UntilAsync(TcpState.CloseWait, TcpState.Closed);
    })).MustBeOpen();

    [Fact]
    public async Task Linger_zero_is_no_abort_on_close() => (await ConnectionAbortedExercises.AbortOnClose(async talk =>
    {
        var (_, server) = await talk.ConnectAsync();
        server.Abort();
    })).MustFailFor("TCP_ABORT_ON_CLOSE");

    [Fact]
    public async Task A_close_after_all_was_read_is_a_fin() => (await ConnectionAbortedExercises.AbortOnClose(async talk =>
    {
        var (client, server) = await talk.ConnectAsync();
        client.Send(1);
        server.Receive();
        server.Close();
    })).MustFailFor("no FIN before");

    [Fact]
    public async Task A_log_entry_is_no_abort_on_close() => (await ConnectionAbortedExercises.AbortOnClose(async talk =>
    {
        await talk.ConnectAsync();
        talk.Call("server", "Close", null, () => "TCP_ABORT_ON_CLOSE");
    })).MustFailFor("A reset crosses the wire");

    [Fact]
    public async Task Data_for_a_side_that_has_shut_down_both_directions_aborts() => (await ConnectionAbortedExercises.AbortOnData(async talk =>
    {
        var (client, server) = await talk.ConnectAsync();
        server.Shutdown(SocketShutdown.Both);
        await client.UntilAsync(TcpState.CloseWait);
        client.Send(1);
        await client.UntilAsync(TcpState.Closed);
    })).MustPass();

    [Fact]
    public async Task The_starter_of_the_abort_on_data_leaves_it_to_be_done() => (await ConnectionAbortedExercises.AbortOnData(async talk =>
    {
        var (client, server) = await talk.ConnectAsync();
        server.Shutdown(SocketShutdown.Send); // TODO: this end can still read
        await client.UntilAsync(TcpState.CloseWait);
        client.Send(1);
    })).MustBeOpen();

    [Fact]
    public async Task Linger_zero_is_no_abort_on_data_though_the_kernel_counts_it_as_one() => (await ConnectionAbortedExercises.AbortOnData(async talk =>
    {
        var (_, server) = await talk.ConnectAsync();
        server.Abort();
    })).MustFailFor("After a FIN, data");

    [Fact]
    public async Task What_is_left_of_a_closed_socket_resets_for_another_reason() => (await ConnectionAbortedExercises.AbortOnData(async talk =>
    {
        var (client, server) = await talk.ConnectAsync();
        server.Shutdown(SocketShutdown.Send);
        await server.UntilAsync(TcpState.FinWait2);
        server.Close();
        client.Send(1);
        await client.UntilAsync(TcpState.Closed);
    })).MustFailFor("TCP_ABORT_ON_DATA");

    [Fact]
    public async Task Shutdown_then_the_end_of_the_read_then_close_needs_no_reset() => (await ConnectionAbortedExercises.EndTheRead(async (server, reading) =>
    {
        server.Shutdown(SocketShutdown.Send);
        await reading;
        server.Close();
    })).MustPass();

    [Fact]
    public async Task The_starter_of_the_pending_read_leaves_it_to_be_done() => (await ConnectionAbortedExercises.EndTheRead(async (server, reading) =>
    {
        // TODO: this is a reset
        server.Close();
        await reading;
    })).MustBeOpen();

    [Fact]
    public async Task A_shutdown_alone_does_not_save_a_pending_read() => (await ConnectionAbortedExercises.EndTheRead(async (server, reading) =>
    {
        server.Shutdown(SocketShutdown.Send);
        server.Close();
        await reading;
    })).MustFailFor("The task comes to its own end");

    [Fact]
    public async Task A_shutdown_of_both_directions_loses_the_clients_last_words() => (await ConnectionAbortedExercises.EndTheRead(async (server, reading) =>
    {
        server.Shutdown(SocketShutdown.Both);
        await reading;
        server.Close();
    })).MustFailFor("The server's task reads");

    [Fact]
    public async Task A_socket_that_nobody_closes_is_left_open() => (await ConnectionAbortedExercises.EndTheRead(async (server, reading) =>
    {
        server.Shutdown(SocketShutdown.Send);
        await reading;
    })).MustFailFor("the server's socket is closed");

    [Fact]
    public async Task To_wait_for_the_read_alone_is_to_wait_for_ever()
    {
        var attempt = await ConnectionAbortedExercises.EndTheRead(async (server, reading) => await reading);

        attempt.MustFailFor("The code comes to its end");
        Assert.Contains("server.ReceiveAsync", attempt.Expectations[^1].Seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_is_accepted_heard_and_told_is_not_reset() => (await ConnectionAbortedExercises.EmptyTheQueue(async listener =>
    {
        while (listener.Socket.Poll(0, SelectMode.SelectRead))
        {
            var server = listener.Accept();
            await server.ReceiveAsync();
            server.Send("503");
            server.Close();
        }

        listener.Close();
    })).MustPass();

    [Fact]
    public async Task The_starter_of_the_queue_leaves_it_to_be_done() => (await ConnectionAbortedExercises.EmptyTheQueue(async listener =>
    {
        // TODO: those in the queue
        listener.Close();
        await Task.CompletedTask;
    })).MustBeOpen();

    [Fact]
    public async Task An_answer_to_a_request_that_was_not_read_is_followed_by_a_reset() => (await ConnectionAbortedExercises.EmptyTheQueue(async listener =>
    {
        while (listener.Socket.Poll(0, SelectMode.SelectRead))
        {
            var server = listener.Accept();
            server.Send("503");
            server.Close();
        }

        listener.Close();
        await Task.CompletedTask;
    })).MustFailFor("is 503 and then 0");

    [Fact]
    public async Task Whoever_is_left_in_the_queue_is_reset() => (await ConnectionAbortedExercises.EmptyTheQueue(async listener =>
    {
        var server = listener.Accept();
        await server.ReceiveAsync();
        server.Send("503");
        server.Close();
        listener.Close();
    })).MustFailFor("is 503 and then 0");

    [Fact]
    public async Task A_service_that_goes_on_listening_has_not_stopped() => (await ConnectionAbortedExercises.EmptyTheQueue(async listener =>
    {
        while (listener.Socket.Poll(0, SelectMode.SelectRead))
        {
            var server = listener.Accept();
            await server.ReceiveAsync();
            server.Send("503");
            server.Close();
        }
    })).MustFailFor("The listener is closed.");

    [Fact]
    public async Task An_answer_arrives_when_the_rest_is_drained() => (await ConnectionAbortedExercises.Drain(async (server, limit) =>
    {
        await server.ReceiveAsync(100);
        server.Send("413");
        server.Shutdown(SocketShutdown.Send);
        for (var drained = 0; drained < limit;)
        {
            if ((await server.ReceiveAsync()).Bytes is not (> 0 and int bytes))
            {
                break;
            }

            drained += bytes;
        }

        server.Close();
    })).MustPass();

    [Fact]
    public async Task The_starter_of_the_upload_leaves_it_to_be_done() => (await ConnectionAbortedExercises.Drain(async (server, limit) =>
    {
        await server.ReceiveAsync(100);
        server.Send("413");
        // TODO: the rest of the body
        server.Close();
    })).MustBeOpen();

    [Fact]
    public async Task A_shutdown_alone_does_not_drain() => (await ConnectionAbortedExercises.Drain(async (server, limit) =>
    {
        await server.ReceiveAsync(100);
        server.Send("413");
        server.Shutdown(SocketShutdown.Send);
        server.Close();
    })).MustFailFor("can send all of it");

    [Fact]
    public async Task To_drain_what_has_come_so_far_is_too_little() => (await ConnectionAbortedExercises.Drain(async (server, limit) =>
    {
        await server.ReceiveAsync(100);
        server.Send("413");
        while (server.Socket.Available > 0)
        {
            await server.ReceiveAsync();
        }

        server.Close();
    })).MustFailFor("can send all of it", "No reset");

    [Fact]
    public async Task A_drain_without_a_limit_serves_whoever_never_stops() => (await ConnectionAbortedExercises.Drain(async (server, limit) =>
    {
        await server.ReceiveAsync(100);
        server.Send("413");
        server.Shutdown(SocketShutdown.Send);
        while ((await server.ReceiveAsync()).Bytes > 0)
        {
        }

        server.Close();
    })).MustFailFor("a client that never stops");

    [Fact]
    public async Task A_drain_without_a_shutdown_keeps_the_client_waiting() => (await ConnectionAbortedExercises.Drain(async (server, limit) =>
    {
        await server.ReceiveAsync(100);
        server.Send("413");
        for (var drained = 0; drained < limit;)
        {
            if ((await server.ReceiveAsync()).Bytes is not (> 0 and int bytes))
            {
                break;
            }

            drained += bytes;
        }

        server.Close();
    })).MustFailFor("nothing more will come");
}
