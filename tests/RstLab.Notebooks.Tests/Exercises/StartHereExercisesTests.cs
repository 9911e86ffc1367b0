using System.Net.Sockets;

namespace RstLab.Notebooks.Tests.Exercises;

[Collection("Exercises")]
public class StartHereExercisesTests
{
    public StartHereExercisesTests() => Progress.Folder = null;

    [Fact]
    public async Task An_abort_of_the_client_is_a_reset_of_ones_own() => (await StartHereExercises.FirstAbort(async talk =>
    {
        var (client, _) = await talk.ConnectAsync();
        client.Abort();
    })).MustPass();

    [Fact]
    public async Task The_starter_of_the_first_abort_leaves_it_to_be_done() => (await StartHereExercises.FirstAbort(async talk =>
    {
        var (client, server) = await talk.ConnectAsync();
        // TODO: end the connection with a reset from the client
    })).MustBeOpen();

    [Fact]
    public async Task An_abort_of_the_server_is_not_the_clients() => (await StartHereExercises.FirstAbort(async talk =>
    {
        var (_, server) = await talk.ConnectAsync();
        server.Abort();
    })).MustFailFor("the side that sent the SYN");

    [Fact]
    public async Task A_close_is_no_abort() => (await StartHereExercises.FirstAbort(async talk =>
    {
        var (client, _) = await talk.ConnectAsync();
        client.Close();
    })).MustFailFor("The last segment on the wire is a reset.");

    [Fact]
    public async Task A_close_with_data_unread_resets_for_another_reason() => (await StartHereExercises.FirstAbort(async talk =>
    {
        var (client, server) = await talk.ConnectAsync();
        server.Send(5);
        client.Close();
    })).MustFailFor("TCP_STATE");

    [Fact]
    public async Task An_entry_in_the_log_resets_nothing() => (await StartHereExercises.FirstAbort(async talk =>
    {
        await talk.ConnectAsync();
        talk.Call("client", "Abort", "SO_LINGER {1,0} + Close", () => "ok");
    })).MustFailFor("The last segment on the wire is a reset.");

    [Fact]
    public async Task Reading_before_closing_makes_a_healthy_end() => (await StartHereExercises.HealthyEnding((client, server) =>
    {
        server.Receive();
        server.Close();
        client.Close();
    })).MustPass();

    [Fact]
    public async Task The_starter_of_the_healthy_end_ends_nothing() => (await StartHereExercises.HealthyEnding((client, server) =>
    {
        // TODO: end it well: the server first, then the client
    })).MustBeOpen();

    [Fact]
    public async Task Closing_without_reading_is_not_healthy() => (await StartHereExercises.HealthyEnding((client, server) =>
    {
        server.Close();
        client.Close();
    })).MustFailFor("No reset");

    [Fact]
    public async Task The_client_may_not_go_first() => (await StartHereExercises.HealthyEnding((client, server) =>
    {
        client.Close();
        server.Receive();
        server.Close();
    })).MustFailFor("first the server's");

    [Fact]
    public async Task A_shutdown_leaves_the_sockets_open() => (await StartHereExercises.HealthyEnding((client, server) =>
    {
        server.Shutdown(SocketShutdown.Send);
        client.Shutdown(SocketShutdown.Send);
    })).MustFailFor("Both sockets are closed.");

    [Fact]
    public async Task Waiting_for_the_end_of_a_stream_that_nobody_ends_is_told() => (await StartHereExercises.HealthyEnding((client, server) =>
    {
        server.Receive();
        server.Receive();
        server.Close();
        client.Close();
    })).MustFailFor("comes to its end");

    [Fact]
    public async Task Resets_are_counted_on_the_wire() => (await StartHereExercises.CountResets(recording => recording.Segments.Count(s => s.IsReset))).MustPass();

    [Fact]
    public async Task The_starter_of_the_count_is_a_constant() => (await StartHereExercises.CountResets(recording =>
    {
        return 0; // TODO: how many resets crossed the wire?
    })).MustBeOpen();

    [Fact]
    public async Task Any_other_constant_is_wrong_too() => (await StartHereExercises.CountResets(_ => 1)).MustFailFor("1 connection,");

    [Fact]
    public async Task Calls_of_abort_are_not_all_resets() => (await StartHereExercises.CountResets(r => r.Calls.Count(c => c.Call == "Abort"))).MustFailFor("2 connections");

    [Fact]
    public async Task Every_segment_is_too_many() => (await StartHereExercises.CountResets(r => r.Segments.Count())).MustFailFor("1 connection,");

    [Fact]
    public async Task What_a_counter_throws_is_told() => (await StartHereExercises.CountResets(r => r.Segments.Single(s => s.IsReset).Length + 1)).MustFailFor("1 connection,");

    [Fact]
    public async Task The_wire_knows_who_sent_the_reset() => (await StartHereExercises.WhoSentIt(recording =>
        recording.SegmentsFrom("client").Any(s => s.IsReset) ? "client" : recording.SegmentsFrom("server").Any(s => s.IsReset) ? "server" : "nobody")).MustPass();

    [Fact]
    public async Task The_starter_says_nobody() => (await StartHereExercises.WhoSentIt(recording =>
    {
        // TODO: who sent the reset?
        return "nobody";
    })).MustBeOpen();

    [Theory]
    [InlineData("client", "The server aborts")]
    [InlineData("server", "The client aborts")]
    [InlineData("nobody", "The server aborts")]
    public async Task One_answer_for_all_is_wrong(string always, string missed) => (await StartHereExercises.WhoSentIt(_ => always)).MustFailFor(missed);

    [Fact]
    public async Task The_calls_of_abort_do_not_tell_who_reset() => (await StartHereExercises.WhoSentIt(r => r.Calls.FirstOrDefault(c => c.Call == "Abort")?.Who ?? "nobody"))
        .MustFailFor("closes without reading");

    [Fact]
    public async Task The_errors_do_not_tell_who_reset() => (await StartHereExercises.WhoSentIt(r => r.Calls.FirstOrDefault(c => !c.Ok) is { } failed ? failed.Who == "client" ? "server" : "client" : "nobody"))
        .MustFailFor("The client aborts");
}
