using System.Diagnostics;
using System.Globalization;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;

namespace RstLab.Notebooks;

/// <summary>The exercises of chapter 5.</summary>
public static class NoticingExercises
{
    /// <summary>What a slow peer takes longer than a second, so that who gives up on every silence gives up on it.</summary>
    private static readonly TimeSpan Longer = TimeSpan.FromMilliseconds(200);

    /// <summary>How long the code may take to return once its peer has done all that it does, and how long an attempt may take: bounds only.</summary>
    private static readonly (TimeSpan Return, TimeSpan Attempt) AtMost = (TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30));

    private static readonly Exercise Settings = new("05-keepalive-settings", "Give up after sixteen seconds");
    private static readonly Exercise Telling = new("05-tell-without-taking", "Tell FIN from RST and take nothing");
    private static readonly Exercise Waiting = new("05-wait-without-buffer", "Wait without a buffer, then tell the ending");
    private static readonly Exercise Vanished = new("05-vanished-host", "Notice within one second that a host vanished");
    private static readonly Exercise Pinging = new("05-ping", "Notice within one second that a program hangs");

    internal static IReadOnlyList<Exercise> All => [Settings, Telling, Waiting, Vanished, Pinging];

    /// <summary>Keepalive on one connection: the first probe after 10 s, three probes, the end after 16 s. The kernel is asked what it has.</summary>
    /// <param name="settings">The reader's settings of a connected client.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> KeepAliveSettings(Func<Endpoint, AppCall> settings, [CallerArgumentExpression(nameof(settings))] string code = "") =>
        Settings.JudgeAsync(code, async check =>
        {
            (bool On, int Idle, int Interval, int Count) set = default;
            await check.RunAsync(async talk =>
            {
                var (client, _) = await talk.ConnectAsync().ConfigureAwait(false);
                settings(client);
                int Option(SocketOptionLevel level, SocketOptionName name) => (int)client.Socket.GetSocketOption(level, name)!;
                set = (Option(SocketOptionLevel.Socket, SocketOptionName.KeepAlive) != 0, Option(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime),
                    Option(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval), Option(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount));
            }).ConfigureAwait(false);
            check.Expect("Keepalive is on.", set.On, set.On ? "on" : "off");
            check.Expect("The first probe goes out after 10 s of silence.", set.Idle == 10, Seconds(set.Idle));
            check.Expect("There are three probes.", set.Count == 3, string.Create(CultureInfo.InvariantCulture, $"{set.Count}"));
            check.Expect("The kernel gives up 16 s after the last sign of life.", set.Idle + (set.Count * set.Interval) == 16,
                string.Create(CultureInfo.InvariantCulture, $"{set.Idle} s + {set.Count} x {set.Interval} s = {set.Idle + (set.Count * set.Interval)} s"));
        });

    /// <summary>Says what has come to a socket: <c>nothing</c>, <c>data</c>, <c>FIN</c> or <c>RST</c>. It is all there for the next call.</summary>
    /// <param name="tell">The reader's detector.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> TellWithoutTaking(Func<Socket, string> tell, [CallerArgumentExpression(nameof(tell))] string code = "") =>
        Telling.JudgeAsync(code, async check =>
        {
            (string What, string Said, Func<Endpoint, Endpoint, Task> Make)[] cases = Check.Shuffled<(string, string, Func<Endpoint, Endpoint, Task>)>(
                ("nothing", "nothing", (_, _) => Task.CompletedTask),
                ("some data", "data", (client, server) =>
                {
                    server.Send("hello");
                    return client.UntilAvailableAsync(5);
                }),
                ("a FIN", "FIN", Finished),
                ("a RST", "RST", Reset),
                ("a FIN and then a RST", "RST", async (client, server) =>
                {
                    await Finished(client, server).ConfigureAwait(false);
                    client.Send(1); // nobody is there to take it
                    await client.UntilAsync(TcpState.Closed).ConfigureAwait(false);
                }));
            var taken = false;
            foreach (var it in cases)
            {
                AppCall? said = null;
                (int Available, string Error) before = default, after = default;
                await check.RunAsync(async talk =>
                {
                    var (client, server) = await talk.ConnectAsync().ConfigureAwait(false);
                    await it.Make(client, server).ConfigureAwait(false);
                    before = (client.Socket.Available, it.Said == "RST" ? "an error" : "no error");
                    said = talk.Call("client", "your code", null, () => tell(client.Socket));
                    after = (client.Socket.Available, SocketState.TakePendingError(client.Socket) == 0 ? "no error" : "an error");
                }).ConfigureAwait(false);
                check.ExpectResult($"When there is {it.What}, it says {it.Said}.", said!, it.Said);
                if (before != after)
                {
                    check.Expect($"It takes nothing: {Left(before)} are there for the next call.", false, Left(after));
                    taken = true;
                }
            }

            if (!taken)
            {
                check.Expect("It takes nothing: data and errors are there for the next call.", true, "All of it is there.");
            }
        });

    /// <summary>Waits for what comes without a buffer, and then says what it was: the text, <c>FIN</c> or <c>RST</c>.</summary>
    /// <param name="next">The reader's code; it is given the socket, and where a buffer is to be had.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> WaitWithoutBuffer(Func<Socket, Func<byte[]>, Task<string>> next, [CallerArgumentExpression(nameof(next))] string code = "") =>
        Waiting.JudgeAsync(code, async check =>
        {
            var text = Words();
            (string What, string Said, bool Before, Func<Endpoint, Endpoint, Task> Make)[] cases = Check.Shuffled<(string, string, bool, Func<Endpoint, Endpoint, Task>)>(
                ("data comes", text, false, (_, server) => Task.FromResult(server.Send(text))),
                ("a FIN comes", "FIN", false, Finished),
                ("a RST comes", "RST", false, Reset),
                ("a RST has come before it begins", "RST", true, Reset));
            var (early, taken) = (0, 0);
            foreach (var it in cases)
            {
                AppCall? said = null;
                await check.RunAsync(async talk =>
                {
                    var (client, server) = await talk.ConnectAsync().ConfigureAwait(false);
                    byte[] Rent()
                    {
                        taken++;
                        early += client.Socket.Poll(0, SelectMode.SelectRead) || client.State == TcpState.Closed ? 0 : 1;
                        return new byte[1000];
                    }

                    if (it.Before)
                    {
                        await it.Make(client, server).ConfigureAwait(false);
                    }

                    var waiting = talk.CallAsync("client", "your code", null, () => next(client.Socket, Rent));
                    if (!it.Before)
                    {
                        await it.Make(client, server).ConfigureAwait(false);
                    }

                    said = await waiting.ConfigureAwait(false);
                }).ConfigureAwait(false);
                check.ExpectResult($"When {it.What}, it says {(it.Said == text ? $"what has come: {text}" : it.Said)}.", said!, it.Said);
            }

            check.Expect("A buffer is taken only when there is something to read.", early == 0 && taken > 0, taken == 0 ? "None was taken." : string.Create(CultureInfo.InvariantCulture, $"{taken} taken, {early} of them too early"));
        });

    /// <summary>Waits for an answer, and says <c>gone</c> within a second where the host has vanished; a slow one is waited for.</summary>
    /// <param name="ask">The reader's code; it is given a connected client.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> VanishedHost(Func<Endpoint, Task<string>> ask, [CallerArgumentExpression(nameof(ask))] string code = "") =>
        Vanished.JudgeAsync(code, async check =>
        {
            var answer = Words();
            Watched[] watched = [];
            TimeSpan second = default;
            await check.RunAsync(async talk =>
            {
                // Each has two hosts of its own: neither its address nor its name tells which one it is.
                Func<int, Task<Watched>>[] cases = Check.Shuffled<Func<int, Task<Watched>>>(
                    async number =>
                    {
                        var (hosts, client, server) = await OnTwoHosts(talk, number).ConfigureAwait(false);
                        hosts.Server.Own(server.Socket);
                        talk.Note($"the server host of {client.Name} vanishes");
                        hosts.Crash();
                        return new("the host has vanished", "gone", client, WithinASecond: true);
                    },
                    async number =>
                    {
                        var (_, client, server) = await OnTwoHosts(talk, number).ConfigureAwait(false);
                        return new("the host is up and its program takes 1.2 s", answer, client) { Peer = second => AnswerLate(second, talk, server, answer) };
                    });
                watched = [await cases[0](1).ConfigureAwait(false), await cases[1](2).ConfigureAwait(false)];
                second = await WatchAsync(talk, watched, ask).ConfigureAwait(false);
            }, AtMost.Attempt).ConfigureAwait(false);
            ExpectAll(check, watched, second);
        });

    /// <summary>Waits for an answer, pings meanwhile, and says <c>hangs</c> within a second where the program does not answer the ping.</summary>
    /// <param name="ask">The reader's code; it is given a connected client.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> Ping(Func<Endpoint, Task<string>> ask, [CallerArgumentExpression(nameof(ask))] string code = "") =>
        Pinging.JudgeAsync(code, async check =>
        {
            var answer = Words();
            Watched[] watched = [];
            TimeSpan second = default;
            await check.RunAsync(async talk =>
            {
                var cases = Check.Shuffled<(string What, string Said, Func<Endpoint, Task, Task> Peer)>(
                    ("the program hangs", "hangs", (_, _) => Task.CompletedTask),
                    ("the program answers pings at once and takes 1.2 s for its answer", answer, (server, second) =>
                    {
                        _ = AnswerPings(server);
                        return AnswerLate(second, talk, server, answer);
                    }),
                    ("the program closes", "closed", (server, _) => Task.FromResult(server.Close())),
                    ("the program resets", "reset", (server, _) => Task.FromResult(server.Abort())));
                var made = new List<Watched>();
                foreach (var it in cases)
                {
                    var listener = talk.Listen($"listener {made.Count + 1}");
                    var client = talk.Client($"client {made.Count + 1}");
                    client.Connect(listener.Local!);
                    var server = listener.Accept($"server {made.Count + 1}");
                    server.Socket.NoDelay = true;
                    made.Add(new(it.What, it.Said, client, WithinASecond: it.Said == "hangs") { Peer = second => it.Peer(server, second) });
                }

                watched = [.. made];
                second = await WatchAsync(talk, watched, ask).ConfigureAwait(false);
            }, AtMost.Attempt).ConfigureAwait(false);
            ExpectAll(check, watched, second);
        });

    private static async Task<(TwoHosts Hosts, Endpoint Client, Endpoint Server)> OnTwoHosts(Conversation talk, int number)
    {
        var hosts = talk.TwoHosts();
        var listener = talk.Listen($"listener {number}", on: hosts.Server);
        var client = talk.Client($"client {number}", on: hosts.Client);
        await client.ConnectAsync(listener.Local!).ConfigureAwait(false);
        return (hosts, client, listener.Accept($"server {number}"));
    }

    /// <summary>Runs the reader's code on all clients at the same time, until each has ended or has had the time that it may take.</summary>
    /// <returns>How long a second took here meanwhile: the control that <c>within 1 s</c> is judged by.</returns>
    private static async Task<TimeSpan> WatchAsync(Conversation talk, Watched[] watched, Func<Endpoint, Task<string>> ask)
    {
        var second = Task.Run(ASecondAsync);
        foreach (var it in watched)
        {
            it.Running = Task.Run(async () =>
            {
                var began = Stopwatch.GetTimestamp();
                var call = await talk.CallAsync(it.Client.Name, "your code", null, () => ask(it.Client)).ConfigureAwait(false);
                return (call, Stopwatch.GetElapsedTime(began));
            });
        }

        await Task.WhenAll(watched.Select(it => it.Peer(second))).ConfigureAwait(false);
        await second.ConfigureAwait(false);
        await Task.WhenAny(
            Task.WhenAll(watched.Where(it => !it.WithinASecond).Select(it => it.Running)), Task.Delay(AtMost.Return, talk.Cancellation)).ConfigureAwait(false);
        foreach (var it in watched)
        {
            // What ends later is ended by the check, which closes its sockets.
            it.Ended = it.Running.IsCompletedSuccessfully ? await it.Running.ConfigureAwait(false) : null;
        }

        return await second.ConfigureAwait(false);
    }

    /// <summary>A second in four steps. A busy machine delays each step, as it delays each step of the code that it is compared with.</summary>
    private static async Task<TimeSpan> ASecondAsync()
    {
        var began = Stopwatch.GetTimestamp();
        for (var step = 0; step < 4; step++)
        {
            await Task.Delay(250).ConfigureAwait(false); // time itself is the experiment
        }

        var took = Stopwatch.GetElapsedTime(began);
        return took > TimeSpan.FromSeconds(1) ? took : TimeSpan.FromSeconds(1); // a timer may end early
    }

    private static void ExpectAll(Check check, Watched[] watched, TimeSpan second)
    {
        var slowed = second.TotalSeconds < 1.1 ? "" : $"; this machine was busy, and took {Seconds(second.TotalSeconds)} for a second";
        foreach (var it in watched.OrderBy(it => it.What, StringComparer.Ordinal))
        {
            check.Expect(
                $"Where {it.What}, it says {it.Said}{(it.WithinASecond ? " within 1 s" : "")}.",
                it.Ended is var (returned, took) && returned.Result == it.Said && (!it.WithinASecond || took <= second),
                (it.Ended is var (call, after) ? $"{Check.Told(call)} after {Seconds(after.TotalSeconds)}" : "It was still waiting at the end.") + slowed);
        }
    }

    /// <summary>A client that the reader's code runs on, and what is expected of it.</summary>
    private sealed record Watched(string What, string Said, Endpoint Client, bool WithinASecond = false)
    {
        /// <summary>What the other side does; it is given the second that is measured meanwhile.</summary>
        public Func<Task, Task> Peer { get; init; } = _ => Task.CompletedTask;

        public Task<(AppCall Call, TimeSpan Took)> Running { get; set; } = new TaskCompletionSource<(AppCall, TimeSpan)>().Task; // until it begins

        public (AppCall Call, TimeSpan Took)? Ended { get; set; }
    }

    private static async Task AnswerLate(Task second, Conversation talk, Endpoint server, string answer)
    {
        await second.ConfigureAwait(false);
        await Task.Delay(Longer, talk.Cancellation).ConfigureAwait(false); // time itself is the experiment
        server.Send(answer);
    }

    private static async Task AnswerPings(Endpoint server)
    {
        while ((await server.ReceiveAsync().ConfigureAwait(false)).Bytes is > 0)
        {
            var pings = Encoding.UTF8.GetString(server.Received.Span).Count(c => c == '?');
            if (pings > 0)
            {
                server.Send(new string('.', pings));
            }
        }
    }

    private static Task Finished(Endpoint client, Endpoint server)
    {
        server.Close();
        return client.UntilAsync(TcpState.CloseWait, TcpState.Unknown); // the reader's code may have closed it
    }

    private static Task Reset(Endpoint client, Endpoint server)
    {
        server.Abort();
        return client.UntilAsync(TcpState.Closed, TcpState.Unknown);
    }

    private static string Words() => string.Create(CultureInfo.InvariantCulture, $"answer {Random.Shared.Next(1000, 10000)}");

    private static string Left((int Available, string Error) left) => string.Create(CultureInfo.InvariantCulture, $"{left.Available} bytes, {left.Error}");

    private static string Seconds(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.##} s");
}
