using System.Globalization;
using System.Runtime.CompilerServices;

namespace RstLab.Notebooks;

/// <summary>The exercises of chapter 0.</summary>
public static class StartHereExercises
{
    private static readonly Exercise OneMoreReset = new("00-first-abort", "Make a reset of your own");
    private static readonly Exercise AHealthyEnd = new("00-healthy-ending", "End it without a reset");
    private static readonly Exercise ResetsCounted = new("00-count-resets", "Count the resets");
    private static readonly Exercise TheSender = new("00-who-sent-it", "Ask the right witness");

    internal static IReadOnlyList<Exercise> All => [OneMoreReset, AHealthyEnd, ResetsCounted, TheSender];

    /// <summary>The client aborts the connection.</summary>
    /// <param name="conversation">The reader's conversation.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> FirstAbort(Func<Conversation, Task> conversation, [CallerArgumentExpression(nameof(conversation))] string code = "") =>
        OneMoreReset.JudgeAsync(code, async check =>
        {
            var recording = await check.RunAsync(conversation).ConfigureAwait(false);
            check.Expect(recording, "The last segment on the wire is a reset.", r => r.Segments.LastOrDefault() is { IsReset: true }, r => r.Segments.LastOrDefault()?.Letters ?? "no segment");
            check.Expect(
                recording, "The reset comes from the side that sent the SYN, the client.",
                r => r.Segments.LastOrDefault() is { IsReset: true } last && r.Segments.Any(s => s.Letters == "S" && s.From == last.From), Senders);
            check.ExpectReasons(recording, ["TCP_STATE"]);
        });

    /// <summary>The server, then the client, closes without a reset, although the client has sent something.</summary>
    /// <param name="ending">Ends the connection; it is given the client and the server.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> HealthyEnding(Action<Endpoint, Endpoint> ending, [CallerArgumentExpression(nameof(ending))] string code = "") =>
        AHealthyEnd.JudgeAsync(code, async check =>
        {
            ArgumentNullException.ThrowIfNull(ending);
            var closed = false;
            var recording = await check.RunAsync(async talk =>
            {
                var (client, server) = await talk.ConnectAsync().ConfigureAwait(false);
                client.Send("hello");
                ending(client, server);
                closed = client.Socket.SafeHandle.IsClosed && server.Socket.SafeHandle.IsClosed;
            }).ConfigureAwait(false);
            check.Expect("Both sockets are closed.", closed, closed ? "They are." : "They are not.");
            check.Expect(recording, "No reset crosses the wire.", r => !r.Segments.Any(s => s.IsReset), Senders);
            check.Expect(
                recording, "Two segments carry FIN: first the server's, then the client's.",
                r => Finishers(r).SequenceEqual(["server", "client"]), r => Finishers(r) is [_, ..] who ? $"FIN from {string.Join(", then from ", who)}" : "No FIN.");

            static List<string> Finishers(Recording r) => [.. r.Segments.Where(s => s.Letters.Contains('F')).Select(s => Sender(r, s))];
        });

    /// <summary>How many resets are there? Asked of connections that end in either way.</summary>
    /// <param name="count">Counts the resets of a recording.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> CountResets(Func<Recording, int> count, [CallerArgumentExpression(nameof(count))] string code = "") =>
        ResetsCounted.JudgeAsync(code, async check =>
        {
            ArgumentNullException.ThrowIfNull(count);
            foreach (var resets in Check.Shuffled(0, 1, Random.Shared.Next(2, 5)))
            {
                var recording = await check.RunAsync(async talk =>
                {
                    foreach (var number in Check.Shuffled([.. Enumerable.Range(0, resets + 1)]))
                    {
                        var (client, server) = await talk.ConnectAsync().ConfigureAwait(false);
                        if (number > 1)
                        {
                            server.Abort();
                            continue;
                        }

                        if (number == 1)
                        {
                            client.Send("hello"); // unread, so closing sends a reset without a call of Abort
                        }

                        server.Close();
                        client.Close();
                    }
                }).ConfigureAwait(false);
                await check.ExpectAnswerAsync(
                    string.Create(CultureInfo.InvariantCulture, $"{resets + 1} {(resets == 0 ? "connection" : "connections")}, one of them with a healthy end: {resets}."), () => count(recording), resets).ConfigureAwait(false);
            }
        });

    /// <summary>Who sent the reset? Asked of connections that are aborted, closed too early, or ended well.</summary>
    /// <param name="sender">Says of a recording who sent the reset: <c>client</c>, <c>server</c> or <c>nobody</c>.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> WhoSentIt(Func<Recording, string> sender, [CallerArgumentExpression(nameof(sender))] string code = "") =>
        TheSender.JudgeAsync(code, async check =>
        {
            ArgumentNullException.ThrowIfNull(sender);
            var cases = Check.Shuffled<(string What, string Right, Action<Endpoint, Endpoint> End)>(
                ("The client aborts, and the server does nothing", "client", (client, _) => client.Abort()),
                ("The server aborts, and the client calls Receive", "server", (client, server) =>
                {
                    server.Abort();
                    client.Receive();
                }),
                ("The server closes without reading what was sent", "server", (client, server) =>
                {
                    client.Send("hello");
                    server.Close();
                }),
                ("Both close, and nothing is left unread", "nobody", (client, server) =>
                {
                    client.Close();
                    server.Receive();
                    server.Close();
                }));
            foreach (var (what, right, end) in cases)
            {
                var recording = await check.RunAsync(async talk =>
                {
                    var (client, server) = await talk.ConnectAsync().ConfigureAwait(false);
                    end(client, server);
                }).ConfigureAwait(false);
                await check.ExpectAnswerAsync($"{what}: {right}.", () => sender(recording), right).ConfigureAwait(false);
            }
        });

    private static string Senders(Recording r) => r.Segments.Where(s => s.IsReset).Select(s => Sender(r, s)).ToList() is [_, ..] who ? $"A reset from {string.Join(", and one from ", who)}." : "No reset.";

    private static string Sender(Recording r, Segment segment) => r.Segments.Any(s => s.Letters == "S" && s.From == segment.From) ? "client" : "server";
}
