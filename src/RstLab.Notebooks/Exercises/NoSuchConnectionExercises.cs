using System.Diagnostics;
using System.Globalization;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace RstLab.Notebooks;

/// <summary>The exercises of chapter 3.</summary>
public static class NoSuchConnectionExercises
{
    private static readonly Exercise OldAndNew = new("03-old-and-new", "The old connection and a new one");
    private static readonly Exercise StillThere = new("03-still-there", "Is the other side still there?");
    private static readonly Exercise PatienceBounded = new("03-within-a-second", "Notice a dead host within one second");
    private static readonly Exercise WhichCondition = new("03-which-condition", "Which condition was it?");

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    // How much longer to look, so that it can be said how late the kernel was.
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(300);

    internal static IReadOnlyList<Exercise> All => [OldAndNew, StillThere, PatienceBounded, WhichCondition];

    /// <summary>After a reboot a new client is served, and the old connection is reset for TCP_FLAGS.</summary>
    /// <param name="conversation">The reader's conversation.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> OldAndNewConnection(Func<Conversation, Task> conversation,
        [CallerArgumentExpression(nameof(conversation))] string code = "") =>
        OldAndNew.JudgeAsync(code, async check =>
        {
            var recording = await check.RunAsync(conversation).ConfigureAwait(false);
            check.Expect(
                recording, "Two connections are made to the same port.",
                r => Handshakes(r) is [var old, var fresh] && old.From == fresh.From,
                r => string.Create(CultureInfo.InvariantCulture, $"SYN and ACK on the wire: {Handshakes(r).Count}."));
            check.Expect(
                recording, "One reset crosses: it answers data of the older connection, and comes from the same port.",
                r => Handshakes(r) is [var old, ..] && Resets(r) is [var reset] && reset.From == old.From && reset.To == old.To
                    && r.Segments.Any(s => s.Length > 0 && s.From == old.To && s.T < reset.T),
                r => Resets(r) is { Count: > 0 } resets ? string.Join(", ", resets.Select(s => $"A reset from {s.From} to {s.To}")) + "." : "No reset.");
            check.Expect(
                recording, "The newer connection was there before the reset, so somebody listened.",
                r => Handshakes(r) is [_, var fresh] && Resets(r) is [var reset] && fresh.T < reset.T,
                r => (Handshakes(r), Resets(r)) switch
                {
                    ([_, var fresh, ..], [var reset, ..]) => fresh.T < reset.T ? "It was made before the reset." : "It was made after the reset.",
                    ([_, _, ..], _) => "No reset came.",
                    _ => "There was no newer one.",
                });
            check.ExpectReasons(recording, ["TCP_FLAGS"]);
        });

    /// <summary>A client asks whether the host that it is connected to is alive, has rebooted, or is silent.</summary>
    /// <param name="ask">Asks with the client that it is given, whose server sends back what it gets: <c>alive</c>, <c>rebooted</c> or <c>silent</c>.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> IsItStillThere(Func<Endpoint, string> ask, [CallerArgumentExpression(nameof(ask))] string code = "") =>
        StillThere.JudgeAsync(code, async check =>
        {
            ArgumentNullException.ThrowIfNull(ask);
            foreach (var right in Check.Shuffled("alive", "rebooted", "silent"))
            {
                var (answer, elapsed, stall) = ("", TimeSpan.Zero, TimeSpan.Zero);
                await check.RunAsync(
                    async talk =>
                    {
                        var hosts = talk.TwoHosts();
                        var (client, server) = await talk.ConnectAsync(hosts).ConfigureAwait(false);
                        var echo = Task.CompletedTask;
                        if (right == "alive")
                        {
                            echo = EchoAsync(server);
                        }
                        else
                        {
                            hosts.Crash();
                            if (right == "rebooted")
                            {
                                hosts.Reboot();
                            }
                        }

                        using var watch = new StallWatch();
                        var began = Stopwatch.GetTimestamp();
                        answer = ask(client);
                        (elapsed, stall) = (Stopwatch.GetElapsedTime(began), watch.End() ?? TimeSpan.Zero);
                        client.Dispose();
                        await echo.ConfigureAwait(false);
                    }).ConfigureAwait(false);
                check.Expect(
                    right switch
                    {
                        "alive" => "The host is up, and the service sends back what it gets: alive.",
                        "rebooted" => "The host has rebooted, without the service: rebooted.",
                        _ => "The host is down: silent.",
                    },
                    answer == right, $"The answer is {answer}.");
                check.Expect(string.Create(CultureInfo.InvariantCulture, $"The answer ({right}) is there within a second."),
                    elapsed < Second + stall, string.Create(CultureInfo.InvariantCulture, $"It took {elapsed.TotalSeconds:0.00} s."));
            }
        });

    /// <summary>A client is prepared so that it notices a dead host within a second, but survives a short outage.</summary>
    /// <param name="prepare">Prepares the client, which is connected.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> WithinASecond(Action<Endpoint> prepare, [CallerArgumentExpression(nameof(prepare))] string code = "") =>
        PatienceBounded.JudgeAsync(code, async check =>
        {
            ArgumentNullException.ThrowIfNull(prepare);
            foreach (var dies in Check.Shuffled(true, false))
            {
                if (dies)
                {
                    await JudgeDeathAsync(check, prepare).ConfigureAwait(false);
                }
                else
                {
                    await JudgeOutageAsync(check, prepare).ConfigureAwait(false);
                }
            }
        });

    /// <summary>Which of the three conditions made the reset? Asked of what crossed the wire.</summary>
    /// <param name="condition">Says which condition it was, 1, 2 or 3, from the segments in order.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> WhichConditionWasIt(Func<IReadOnlyList<Segment>, int> condition,
        [CallerArgumentExpression(nameof(condition))] string code = "") =>
        WhichCondition.JudgeAsync(code, async check =>
        {
            ArgumentNullException.ThrowIfNull(condition);
            var cases = Check.Shuffled<(string What, int Right, Func<Conversation, TwoHosts, Task> Run)>(
                ("A service was closed, and a client comes", 1, (talk, hosts) =>
                {
                    var listener = talk.Listen("service", on: hosts.Server);
                    listener.Close();
                    talk.Client(on: hosts.Client).Connect(listener.Local!);
                    return Task.CompletedTask;
                }),
                ("A server aborts", 2, async (talk, hosts) =>
                {
                    var (client, server) = await talk.ConnectAsync(hosts).ConfigureAwait(false);
                    Exchange(client, server);
                    server.Abort();
                }),
                ("A server closes with data unread", 2, async (talk, hosts) =>
                {
                    var (client, server) = await talk.ConnectAsync(hosts).ConfigureAwait(false);
                    client.Send(100);
                    await server.UntilAvailableAsync(100).ConfigureAwait(false);
                    server.Close();
                }),
                ("A server closes, and the client goes on sending", 2, async (talk, hosts) =>
                {
                    var (client, server) = await talk.ConnectAsync(hosts).ConfigureAwait(false);
                    server.Close();
                    await client.UntilAsync(TcpState.CloseWait).ConfigureAwait(false);
                    client.Send(100);
                    await client.UntilAsync(TcpState.Closed).ConfigureAwait(false);
                }),
                ("A server's host reboots, and the client goes on sending", 3, (talk, hosts) => RebootAsync(talk, hosts, listens: false)),
                ("The same, with the service started again", 3, (talk, hosts) => RebootAsync(talk, hosts, listens: true)));
            foreach (var (what, right, run) in cases)
            {
                var recording = await check.RunAsync(talk => run(talk, talk.TwoHosts())).ConfigureAwait(false);
                await check.ExpectAnswerAsync(string.Create(CultureInfo.InvariantCulture, $"{what}: condition {right}."),
                    () => condition([.. recording.Segments]), right).ConfigureAwait(false);
            }
        });

    private static async Task JudgeDeathAsync(Check check, Action<Endpoint> prepare)
    {
        var (elapsed, stall, state) = (TimeSpan.Zero, TimeSpan.Zero, TcpState.Unknown);
        SocketError? error = null;
        var recording = await check.RunAsync(async talk =>
        {
            var hosts = talk.TwoHosts();
            var (client, _) = await talk.ConnectAsync(hosts).ConfigureAwait(false);
            prepare(client);
            talk.Note("the server host dies");
            hosts.Crash();
            using var watch = new StallWatch();
            var began = Stopwatch.GetTimestamp();
            client.Send(Random.Shared.Next(10, 1000));
            while (client.State == TcpState.Established && Stopwatch.GetElapsedTime(began) < Second + Grace)
            {
                Thread.Sleep(1); // not a task's delay: the pool may be busy with other chapters
            }

            (elapsed, stall, state) = (Stopwatch.GetElapsedTime(began), watch.End() ?? TimeSpan.Zero, client.State);
            error = state == TcpState.Closed ? client.Receive().Error : null;
        }).ConfigureAwait(false);
        check.Expect(
            "When the host is dead, the client's kernel gives the connection up within a second.",
            state == TcpState.Closed && elapsed < Second + stall,
            string.Create(CultureInfo.InvariantCulture, $"After {elapsed.TotalSeconds:0.00} s the client's state was {Named(state)}."));
        check.Expect("The error is ETIMEDOUT.", error == SocketError.TimedOut, error is { } seen ? $"{seen}." : "None.");
        check.Expect(
            recording, "Nobody sends a reset, and no FIN.", r => !r.Segments.Any(s => s.IsReset || s.Letters.Contains('F')),
            r => string.Join(", ", r.Segments.Select(s => s.Letters)) + ".");
    }

    private static async Task JudgeOutageAsync(Check check, Action<Endpoint> prepare)
    {
        var (arrived, state) = (0, TcpState.Unknown);
        var bytes = Random.Shared.Next(10, 1000);
        await check.RunAsync(async talk =>
        {
            var hosts = talk.TwoHosts();
            var (client, server) = await talk.ConnectAsync(hosts).ConfigureAwait(false);
            prepare(client);
            talk.Note("the cable is out for 0.1 s");
            hosts.Server.DropIncoming();
            client.Send(bytes);
            Thread.Sleep(100); // time itself is the outage
            hosts.Server.AcceptIncoming();
            talk.Note("the cable is back");
            await talk.UntilAsync(
                () => server.Socket.Available >= bytes || client.State != TcpState.Established,
                () => "the data to arrive, or the connection to end").ConfigureAwait(false);
            (arrived, state) = (server.Socket.Available, client.State);
        }).ConfigureAwait(false);
        check.Expect(
            "When the cable is out for 0.1 s only, the connection lives on, and the data arrives.", state == TcpState.Established && arrived == bytes,
            string.Create(CultureInfo.InvariantCulture, $"{arrived} of {bytes} bytes arrived, and the client's state was {Named(state)}."));
    }

    private static string Named(TcpState state) => state == TcpState.Unknown ? "that of a closed socket" : state.ToString();

    private static void Exchange(Endpoint client, Endpoint server)
    {
        client.Send(100);
        server.Receive();
    }

    private static async Task RebootAsync(Conversation talk, TwoHosts hosts, bool listens)
    {
        var (client, server) = await talk.ConnectAsync(hosts).ConfigureAwait(false);
        var port = server.Local!.Port;
        Exchange(client, server);
        hosts.Crash();
        hosts.Reboot();
        if (listens)
        {
            talk.Listen("service", on: hosts.Server, port: port);
        }

        client.Send(100);
        await client.UntilAsync(TcpState.Closed).ConfigureAwait(false);
    }

    // Until the client ends the connection in whatever way. On a thread of its own: the answer must not wait for the pool, as time is judged.
    private static Task EchoAsync(Endpoint server) => Task.Factory.StartNew(() =>
    {
        while (server.Receive() is { Ok: true, Bytes: > 0 })
        {
            server.Send(server.Received.ToArray());
        }
    }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static List<Segment> Handshakes(Recording r) => [.. r.Segments.Where(s => s.Letters == "SA")];

    private static List<Segment> Resets(Recording r) => [.. r.Segments.Where(s => s.IsReset)];
}
