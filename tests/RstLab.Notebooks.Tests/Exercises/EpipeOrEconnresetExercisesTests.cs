using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace RstLab.Notebooks.Tests.Exercises;

[Collection("Exercises")]
public class EpipeOrEconnresetExercisesTests
{
    public EpipeOrEconnresetExercisesTests() => Progress.Folder = null;

    [Fact]
    public async Task After_an_abort_Send_says_ECONNRESET_and_then_EPIPE() => (await EpipeOrEconnresetExercises.ResetThenPipe(async talk =>
    {
        var (client, server) = await talk.ConnectAsync();
        server.Abort();
        await client.UntilAsync(TcpState.Closed);
        return client;
    })).MustPass();

    [Fact]
    public async Task The_starter_of_the_two_sends_leaves_it_to_be_done() => (await EpipeOrEconnresetExercises.ResetThenPipe(async talk =>
    {
        var (client, server) = await talk.ConnectAsync();
        // TODO: reset the connection
        return client;
    })).MustBeOpen();

    [Fact]
    public async Task Who_receives_first_takes_the_error_from_Send() => (await EpipeOrEconnresetExercises.ResetThenPipe(async talk =>
    {
        var (client, server) = await talk.ConnectAsync();
        server.Abort();
        await client.UntilAsync(TcpState.Closed);
        client.Receive();
        return client;
    })).MustFailFor("The first Send");

    [Fact]
    public async Task After_a_close_the_first_Send_succeeds() => (await EpipeOrEconnresetExercises.ResetThenPipe(async talk =>
    {
        var (client, server) = await talk.ConnectAsync();
        server.Close();
        await client.UntilAsync(TcpState.CloseWait);
        return client;
    })).MustFailFor("The first Send");

    [Fact]
    public async Task An_entry_in_the_log_is_no_failing_Send() => (await EpipeOrEconnresetExercises.ResetThenPipe(async talk =>
    {
        var (client, _) = await talk.ConnectAsync();
        talk.Call("client", "Send", "5 bytes", () => throw new SocketException((int)SocketError.ConnectionReset));
        return client;
    })).MustFailFor("A reset has crossed the wire.");

    [Fact]
    public async Task A_reset_after_a_FIN_leaves_EPIPE() => (await EpipeOrEconnresetExercises.LeaveEpipe(async talk =>
    {
        var (client, server) = await talk.ConnectAsync();
        server.Close();
        await client.UntilAsync(TcpState.CloseWait);
        client.Send(5);
        await client.UntilAsync(TcpState.Closed);
        return client;
    })).MustPass();

    [Fact]
    public async Task The_starter_of_the_pending_EPIPE_leaves_it_to_be_done() => (await EpipeOrEconnresetExercises.LeaveEpipe(async talk =>
    {
        var (client, server) = await talk.ConnectAsync();
        server.Abort(); // TODO: this leaves ECONNRESET
        await client.UntilAsync(TcpState.Closed);
        return client;
    })).MustBeOpen();

    [Fact]
    public async Task The_EPIPE_of_ones_own_shutdown_is_not_pending() => (await EpipeOrEconnresetExercises.LeaveEpipe(async talk =>
    {
        var (client, _) = await talk.ConnectAsync();
        client.Shutdown(SocketShutdown.Send);
        return client;
    })).MustFailFor("The pending error");

    [Fact]
    public async Task A_failing_Send_takes_EPIPE_away() => (await EpipeOrEconnresetExercises.LeaveEpipe(async talk =>
    {
        var (client, server) = await talk.ConnectAsync();
        server.Close();
        await client.UntilAsync(TcpState.CloseWait);
        client.Send(5);
        await client.UntilAsync(TcpState.Closed);
        client.Send(5);
        return client;
    })).MustFailFor("The pending error");

    [Fact]
    public async Task A_condition_on_the_socket_error_at_any_depth_is_right() => (await EpipeOrEconnresetExercises.TreatAlike(e =>
        (e as SocketException ?? e.InnerException as SocketException)?.SocketErrorCode
            is SocketError.ConnectionReset or SocketError.Shutdown or SocketError.ConnectionAborted)).MustPass();

    [Fact]
    public async Task The_starter_of_the_condition_leaves_it_to_be_done() => (await EpipeOrEconnresetExercises.TreatAlike(e =>
    {
        // TODO: this is one of them
        return e is SocketException { SocketErrorCode: SocketError.ConnectionReset };
    })).MustBeOpen();

    [Fact]
    public async Task A_condition_that_forgets_the_streams_is_wrong() => (await EpipeOrEconnresetExercises.TreatAlike(e =>
        e is SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.Shutdown })).MustFailFor("IOException (ConnectionReset)");

    [Fact]
    public async Task A_condition_on_any_IOException_is_wrong() => (await EpipeOrEconnresetExercises.TreatAlike(e =>
        e is IOException or SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.Shutdown })).MustFailFor("FileNotFoundException");

    [Theory]
    [InlineData(true, "ConnectionRefused")]
    [InlineData(false, "Shutdown from Send")]
    public async Task A_constant_is_no_condition(bool always, string wrong) => (await EpipeOrEconnresetExercises.TreatAlike(_ => always)).MustFailFor(wrong);

    [Fact]
    public async Task A_condition_that_throws_is_told_so()
    {
        var attempt = await EpipeOrEconnresetExercises.TreatAlike(e => ((SocketException)e).SocketErrorCode == SocketError.Shutdown);

        attempt.MustFailFor("OperationCanceledException");
        Assert.Contains(attempt.Expectations, e => e.Seen.Contains("InvalidCastException", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Receive_and_then_SO_ERROR_tell_the_endings_apart() => (await EpipeOrEconnresetExercises.FinOrRst(socket =>
    {
        if (!socket.Poll(0, SelectMode.SelectRead))
        {
            return WireEnding.None;
        }

        try
        {
            socket.Receive(new byte[1]);
        }
        catch (SocketException)
        {
            return WireEnding.Reset;
        }

        return SocketState.TakePendingError(socket) == 0 ? WireEnding.Fin : WireEnding.FinThenReset;
    })).MustPass();

    [Fact]
    public async Task The_starter_of_the_detector_leaves_it_to_be_done() => (await EpipeOrEconnresetExercises.FinOrRst(socket =>
    {
        // TODO: look at the socket
        return WireEnding.None;
    })).MustBeOpen();

    [Theory]
    [InlineData(WireEnding.None)]
    [InlineData(WireEnding.Fin)]
    [InlineData(WireEnding.Reset)]
    [InlineData(WireEnding.FinThenReset)]
    public async Task A_constant_is_no_detector(WireEnding always) => (await EpipeOrEconnresetExercises.FinOrRst(_ => always)).MustFailFor(always == WireEnding.Fin ? ": Reset." : ": Fin.");

    [Fact]
    public async Task A_detector_that_trusts_a_0_misses_the_reset_behind_it() => (await EpipeOrEconnresetExercises.FinOrRst(socket =>
    {
        if (!socket.Poll(0, SelectMode.SelectRead))
        {
            return WireEnding.None;
        }

        try
        {
            socket.Receive(new byte[1]);
            return WireEnding.Fin;
        }
        catch (SocketException)
        {
            return WireEnding.Reset;
        }
    })).MustFailFor("a FIN and a RST: FinThenReset.");

    [Fact]
    public async Task A_detector_that_waits_is_cut_short() => (await EpipeOrEconnresetExercises.FinOrRst(socket =>
    {
        try
        {
            return socket.Receive(new byte[1]) == 0 && SocketState.TakePendingError(socket) != 0 ? WireEnding.FinThenReset : WireEnding.Fin;
        }
        catch (SocketException)
        {
            return WireEnding.Reset;
        }
    })).MustFailFor("The code comes to its end");

    [Fact]
    public async Task Who_reads_to_the_end_and_then_asks_has_all() => (await EpipeOrEconnresetExercises.ReadBeforeYouReport(socket =>
    {
        List<byte> arrived = [];
        var buffer = new byte[4096];
        try
        {
            for (int bytes; (bytes = socket.Receive(buffer)) > 0;)
            {
                arrived.AddRange(buffer.AsSpan(0, bytes));
            }

            return ([.. arrived], (SocketError)(int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!);
        }
        catch (SocketException e)
        {
            return ([.. arrived], e.SocketErrorCode);
        }
    })).MustPass();

    [Fact]
    public async Task The_starter_of_the_report_leaves_it_to_be_done() => (await EpipeOrEconnresetExercises.ReadBeforeYouReport(socket =>
    {
        // TODO: read first
        var error = (SocketError)(int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
        return ([], error);
    })).MustBeOpen();

    [Fact]
    public async Task One_Receive_is_not_all_that_has_arrived() => (await EpipeOrEconnresetExercises.ReadBeforeYouReport(socket =>
    {
        var error = (SocketError)(int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
        var buffer = new byte[1024];
        return (buffer[..socket.Receive(buffer)], error);
    })).MustFailFor("then a RST: all of the bytes");

    [Fact]
    public async Task Receive_alone_does_not_tell_of_a_reset_after_a_FIN() => (await EpipeOrEconnresetExercises.ReadBeforeYouReport(socket =>
    {
        List<byte> arrived = [];
        var buffer = new byte[4096];
        try
        {
            for (int bytes; (bytes = socket.Receive(buffer)) > 0;)
            {
                arrived.AddRange(buffer.AsSpan(0, bytes));
            }

            return ([.. arrived], SocketError.Success);
        }
        catch (SocketException e)
        {
            return ([.. arrived], e.SocketErrorCode);
        }
    })).MustFailFor("a FIN and a RST: all of the bytes, and Shutdown");

    [Fact]
    public async Task Bytes_of_the_right_number_are_not_the_bytes() => (await EpipeOrEconnresetExercises.ReadBeforeYouReport(socket =>
    {
        var bytes = new byte[socket.Available];
        return (bytes, (SocketError)(int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!);
    })).MustFailFor("then a FIN: all of the bytes");

    [Fact]
    public async Task Receive_and_then_SO_ERROR_tell_the_states_apart() => (await EpipeOrEconnresetExercises.WhichState(StateOf)).MustPass();

    [Fact]
    public async Task The_starter_of_the_state_leaves_it_to_be_done() => (await EpipeOrEconnresetExercises.WhichState(socket =>
    {
        // TODO: ask the socket
        return TcpState.Established;
    })).MustBeOpen();

    [Fact]
    public async Task SO_ERROR_alone_does_not_tell_a_FIN() => (await EpipeOrEconnresetExercises.WhichState(socket => SocketState.TakePendingError(socket) switch
    {
        0 => TcpState.TimeWait,
        var errno => Errno.Name(errno) switch { "EPIPE" => TcpState.CloseWait, "ECONNREFUSED" => TcpState.SynSent, _ => TcpState.Established },
    })).MustFailFor("Reset in CLOSING");

    [Fact]
    public async Task Who_looks_at_Connected_first_throws_the_refusal_away() =>
        (await EpipeOrEconnresetExercises.WhichState(socket => socket.Connected ? StateOf(socket) : StateOf(socket))).MustFailFor("Reset in SYN_SENT");

    [Fact]
    public async Task What_the_kernel_says_now_is_not_what_the_reset_found() => (await EpipeOrEconnresetExercises.WhichState(SocketState.Of)).MustFailFor("Reset in CLOSE_WAIT");

    private static TcpState StateOf(Socket socket)
    {
        try
        {
            while (socket.Receive(new byte[100]) > 0)
            {
            }
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionRefused ? TcpState.SynSent : TcpState.Established;
        }

        return Errno.Name(SocketState.TakePendingError(socket)) switch { "EPIPE" => TcpState.CloseWait, "ECONNRESET" => TcpState.Closing, _ => TcpState.TimeWait };
    }
}
