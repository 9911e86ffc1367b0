using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace RstLab.Notebooks;

/// <summary>The exercises of chapter 1.</summary>
public static class NobodyListeningExercises
{
    private const int Attempts = 5;

    private static readonly TimeSpan HalfASecond = TimeSpan.FromSeconds(0.5);

    private static readonly Exercise OnlyTheSecond = new("01-refuse-the-second", "Refuse the second client only");
    private static readonly Exercise AFullQueue = new("01-fill-the-queue", "Make a SYN go unanswered");
    private static readonly Exercise GivingUp = new("01-give-up-in-time", "Give up in time");
    private static readonly Exercise TryingAgain = new("01-retry-with-pauses", "Try again, with pauses that grow");
    private static readonly Exercise PortOrFirewall = new("01-port-or-firewall", "Closed port or firewall?");

    internal static IReadOnlyList<Exercise> All => [OnlyTheSecond, AFullQueue, GivingUp, TryingAgain, PortOrFirewall];

    /// <summary>Over IPv6, the first client is served and stays connected; the second is refused.</summary>
    /// <param name="conversation">The reader's conversation.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> RefuseTheSecond(Func<Conversation, Task> conversation, [CallerArgumentExpression(nameof(conversation))] string code = "") =>
        OnlyTheSecond.JudgeAsync(code, async check =>
        {
            if (Machine.IPv6WhyNot() is { } why)
            {
                throw new NotPossibleHereException(why);
            }

            var recording = await check.RunAsync(conversation).ConfigureAwait(false);
            check.Expect(
                recording, "Over IPv6, two SYNs go to the same port.",
                r => Syns(r) is [var first, var second] && first.To == second.To && first.To.StartsWith("[::1]", StringComparison.Ordinal),
                r => Syns(r) is { Count: > 0 } syns ? $"SYNs to {string.Join(" and ", syns.Select(s => s.To))}." : "No SYN.");
            check.Expect(
                recording, "The first SYN is answered by SYN and ACK, and this connection is not reset.",
                r => Syns(r) is [var first, ..] && Answers(r, first) is [{ Letters: "SA" }, ..] answers && !answers.Any(s => s.IsReset),
                r => Syns(r) is [var first, ..] ? Told(Answers(r, first)) : "No SYN.");
            check.Expect(
                recording, "The second SYN is answered by a reset.",
                r => Syns(r) is [_, var second] && Answers(r, second) is [{ IsReset: true }],
                r => Syns(r) is [_, var second, ..] ? Told(Answers(r, second)) : "No second SYN.");
            check.ExpectReasons(recording, ["NO_SOCKET"]);
        });

    /// <summary>A listener's accept queue is filled, so that one more SYN is dropped.</summary>
    /// <param name="clients">The reader's clients; it is given the conversation, the listener and its backlog.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> FillTheQueue(Func<Conversation, Endpoint, int, Task> clients, [CallerArgumentExpression(nameof(clients))] string code = "") =>
        AFullQueue.JudgeAsync(code, async check =>
        {
            ArgumentNullException.ThrowIfNull(clients);
            foreach (var backlog in Check.Shuffled(Random.Shared.Next(1, 3), Random.Shared.Next(3, 6)))
            {
                var recording = await check.RunAsync(async talk =>
                {
                    var listener = talk.Listen(backlog: backlog);
                    await clients(talk, listener, backlog).ConfigureAwait(false);
                }).ConfigureAwait(false);
                check.Expect(
                    recording, string.Create(CultureInfo.InvariantCulture, $"With a backlog of {backlog}, {backlog + 1} clients are connected and wait to be accepted."),
                    r => Answered(r) == backlog + 1 && r.CallsOf("listener", "Accept").Count == 0, r => string.Create(CultureInfo.InvariantCulture, $"SYNs that were answered: {Answered(r)}."));
                check.Expect(
                    recording, "One client more has sent its SYN, and nothing came back.",
                    r => Unanswered(r) == 1, r => string.Create(CultureInfo.InvariantCulture, $"Clients without an answer: {Unanswered(r)}."));
                check.Expect(recording, "Nobody is reset.", r => !r.Segments.Any(s => s.IsReset), r => Told([.. r.Segments.Where(s => s.IsReset)]));
            }

            static int Answered(Recording r) => Syns(r).DistinctBy(s => s.From).Count(syn => Answers(r, syn) is [{ Letters: "SA" }, ..]);
            static int Unanswered(Recording r) => Syns(r).DistinctBy(s => s.From).Count(syn => Answers(r, syn) is []);
        });

    /// <summary>A client connects, but gives up after half a second without an answer.</summary>
    /// <param name="connect">Connects the client that it is given to the address, and takes its time from the clock.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> GiveUpInTime(Func<Endpoint, IPEndPoint, TimeProvider, Task> connect, [CallerArgumentExpression(nameof(connect))] string code = "") =>
        GivingUp.JudgeAsync(code, async check =>
        {
            ArgumentNullException.ThrowIfNull(connect);
            foreach (var drops in Check.Shuffled(true, false))
            {
                // Where the service answers, the clock is slow. So code that waits for it in vain differs from code that only sets
                // itself a limit, however long this machine takes to go on.
                var clock = new ObservedClock(drops ? TimeSpan.Zero : TimeSpan.FromSeconds(5));
                var (ended, state) = (false, TcpState.Unknown);
                await check.RunAsync(
                    async talk =>
                    {
                        var hosts = talk.TwoHosts();
                        var listener = talk.Listen("service", on: hosts.Server);
                        if (drops)
                        {
                            hosts.Server.DropIncoming();
                        }

                        var client = talk.Client(on: hosts.Client);
                        ended = await EndsAsync(Task.Run(() => connect(client, listener.Local!, clock)), clock).ConfigureAwait(false);
                        state = client.State;
                    },
                    TimeSpan.FromSeconds(15)).ConfigureAwait(false);
                var seen = string.Create(CultureInfo.InvariantCulture,
                    $"{(ended ? $"The code waited for {clock.Waited.TotalSeconds:0.###} s of the clock" : "The code did not ask the clock, and did not end")}. Then the client's state was {(state == TcpState.Unknown ? "that of a closed socket" : state)}.");
                if (drops)
                {
                    check.Expect("Behind a firewall that drops everything, the code gives up after half a second by the clock that it is given.", ended && clock.Waited == HalfASecond, seen);
                    check.Expect("Then its kernel no longer tries.", ended && state is not (TcpState.Established or TcpState.SynSent), seen);
                }
                else
                {
                    check.Expect("With a service that listens, the client is connected, without waiting for anything.", state == TcpState.Established && clock.Waited == TimeSpan.Zero, seen);
                }
            }
        });

    /// <summary>
    /// Waits for the end of code that a clock ends. Code that does not ask the clock for anything is left after a hundred beats. A
    /// machine that stands still holds up one beat only, so it does not make the code look idle.
    /// </summary>
    private static async Task<bool> EndsAsync(Task code, ObservedClock clock)
    {
        for (var beat = 0; !code.IsCompleted && clock.Waits.Count == 0; beat++)
        {
            if (beat == 100)
            {
                return false;
            }

            await Task.WhenAny(code, Task.Delay(15)).ConfigureAwait(false);
        }

        await code.ConfigureAwait(false);
        return true;
    }

    /// <summary>Connects to a service that is not there yet: at most five attempts, with pauses of 20, 40, 80 and 160 ms between them.</summary>
    /// <param name="retry">The reader's rule; it is given what makes one attempt and returns how that ended, and the clock for its pauses.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> RetryWithPauses(Func<Func<AppCall>, TimeProvider, Task> retry, [CallerArgumentExpression(nameof(retry))] string code = "") =>
        TryingAgain.JudgeAsync(code, async check =>
        {
            ArgumentNullException.ThrowIfNull(retry);
            foreach (var refusals in Check.Shuffled(0, Random.Shared.Next(2, Attempts), int.MaxValue))
            {
                var clock = new ObservedClock();
                List<int> asked = []; // at each attempt, how many pauses the code had asked for
                List<bool> early = []; // and whether one of them was not over
                var recording = await check.RunAsync(
                    async talk =>
                    {
                        var tooMany = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                        var attempt = Service(talk, refusals);
                        var running = Task.Run(() => retry(
                            () =>
                            {
                                var waits = clock.Waits;
                                asked.Add(waits.Count);
                                early.Add(waits.Any(wait => !wait.Over));
                                var call = attempt();
                                if (asked.Count > Attempts)
                                {
                                    tooMany.TrySetResult(); // nothing that comes after it can be right
                                }

                                return call;
                            },
                            clock));
                        await (await Task.WhenAny(running, tooMany.Task).ConfigureAwait(false)).ConfigureAwait(false);
                    },
                    TimeSpan.FromSeconds(15)).ConfigureAwait(false);
                ExpectAttempts(check, recording, refusals);
                if (refusals > 0)
                {
                    var pauses = asked.Zip(asked.Skip(1), (from, to) => clock.Waits.Take(to).Skip(from).Sum(wait => wait.For.TotalMilliseconds)).ToList();
                    check.Expect(
                        "Between the attempts the code waits for 20 ms, then 40, 80 and 160, by the clock that it is given.",
                        pauses.Count > 0 && pauses.Zip(Enumerable.Range(0, Attempts - 1)).All(pair => pair.First == 20 << pair.Second) && !early.Contains(true),
                        pauses.Count == 0 ? "There was one attempt."
                            : $"{string.Join(", ", pauses.Take(8).Select(pause => pause.ToString("0.###", CultureInfo.InvariantCulture)))} ms{(early.Contains(true) ? ", but it did not await the end of each" : "")}.");
                }
            }
        });

    /// <summary>A service that begins to listen after so many refusals.</summary>
    /// <returns>Makes one attempt to connect to it.</returns>
    private static Func<AppCall> Service(Conversation talk, int refusals)
    {
        // One socket holds the port all the time, so that nobody else can take it before the service comes.
        var service = talk.Open(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        service.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var address = (IPEndPoint)service.LocalEndPoint!;
        talk.Watch(address.Port, "service");
        var attempts = 0;
        return () =>
        {
            if (attempts++ == refusals)
            {
                talk.Call("service", "Listen", null, () =>
                {
                    service.Listen();
                    return address.ToString();
                });
            }

            return talk.Client().Connect(address);
        };
    }

    private static void ExpectAttempts(Check check, Recording recording, int refusals)
    {
        var never = refusals == int.MaxValue;
        var expected = never ? Attempts : refusals + 1;
        check.Expect(
            recording,
            never ? $"The service never comes: {Attempts} attempts, and no more."
                : string.Create(CultureInfo.InvariantCulture, $"The service is there at attempt {expected}: {expected} {(expected == 1 ? "SYN" : "SYNs")}, and the last one is answered by SYN and ACK."),
            r => Syns(r).Count == expected && (never || Answers(r, Syns(r)[^1]) is [{ Letters: "SA" }, ..]),
            r => string.Create(CultureInfo.InvariantCulture, $"SYNs: {Syns(r).Count}, answered by SYN and ACK: {Syns(r).Count(syn => Answers(r, syn) is [{ Letters: "SA" }, ..])}."));
    }

    /// <summary>Who refused: the server host's TCP, as nobody listens, or its firewall? Asked of connections over two hosts.</summary>
    /// <param name="isFirewall">Says of a recording whether a firewall made the reset. The recording's counters are the server host's.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> ClosedPortOrFirewall(Func<Recording, bool> isFirewall, [CallerArgumentExpression(nameof(isFirewall))] string code = "") =>
        PortOrFirewall.JudgeAsync(code, async check =>
        {
            ArgumentNullException.ThrowIfNull(isFirewall);
            foreach (var (firewall, listens) in Check.Shuffled((true, true), (true, false), (false, false), (false, false)))
            {
                Dictionary<string, long> counted = [];
                var recording = await check.RunAsync(talk =>
                {
                    var hosts = talk.TwoHosts();
                    var service = talk.Listen("service", on: hosts.Server);
                    if (firewall)
                    {
                        hosts.Server.RejectWithReset(service.Local!.Port);
                    }

                    if (!listens)
                    {
                        service.Dispose(); // not logged: the calls are the same in all cases
                    }

                    var before = hosts.Server.Run(KernelWitness.ReadCounters);
                    talk.Client(on: hosts.Client).Connect(service.Local!);
                    counted = hosts.Server.Run(KernelWitness.ReadCounters).Select(c => (c.Key, Grew: c.Value - before.GetValueOrDefault(c.Key))).Where(c => c.Grew != 0).ToDictionary();
                    return Task.CompletedTask;
                }).ConfigureAwait(false);
                var shown = recording with { Counters = counted };
                await check.ExpectAnswerAsync(
                    firewall ? "A firewall rejects, with a service behind it or without: True." : "A port is closed: False.", () => isFirewall(shown), firewall).ConfigureAwait(false);
            }
        });

    private static List<Segment> Syns(Recording r) => [.. r.Segments.Where(s => s.Letters == "S")];

    private static List<Segment> Answers(Recording r, Segment syn) => [.. r.Segments.Where(s => s.From == syn.To && s.To == syn.From && s.T > syn.T)];

    private static string Told(List<Segment> answers) => answers.Count == 0 ? "Nothing." : string.Join(", ", answers.Take(6).Select(s => s.Letters)) + ".";
}
