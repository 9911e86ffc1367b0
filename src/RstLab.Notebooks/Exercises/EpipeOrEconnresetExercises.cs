using System.Globalization;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace RstLab.Notebooks;

/// <summary>The exercises of chapter 4.</summary>
public static class EpipeOrEconnresetExercises
{
    private static readonly Exercise TwoSends = new("04-reset-then-pipe", "ECONNRESET, then EPIPE");
    private static readonly Exercise PendingPipe = new("04-leave-epipe", "Have the kernel leave EPIPE");
    private static readonly Exercise OneKind = new("04-treat-alike", "Treat EPIPE and ECONNRESET as one");
    private static readonly Exercise Detector = new("04-fin-or-rst", "Tell a FIN from a RST");
    private static readonly Exercise ReadFirst = new("04-read-before-you-report", "Read before you report");
    private static readonly Exercise FoundState = new("04-which-state", "Which state did the reset find?");

    // In the states of a group a reset leaves the same.
    private static readonly TcpState[][] SameRows =
    [
        [TcpState.SynSent], [TcpState.SynReceived, TcpState.Established, TcpState.FinWait1, TcpState.FinWait2], [TcpState.CloseWait], [TcpState.Closing, TcpState.LastAck], [TcpState.TimeWait],
    ];

    internal static IReadOnlyList<Exercise> All => [TwoSends, PendingPipe, OneKind, Detector, ReadFirst, FoundState];

    /// <summary>The next two calls of <c>Send</c> fail, each with another error.</summary>
    /// <param name="prepare">The reader's conversation; returns the client that is to send.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> ResetThenPipe(Func<Conversation, Task<Endpoint>> prepare, [CallerArgumentExpression(nameof(prepare))] string code = "") =>
        TwoSends.JudgeAsync(code, async check =>
        {
            List<string> sends = [];
            var recording = await check.RunAsync(async talk =>
            {
                var client = await prepare(talk).ConfigureAwait(false);
                sends.Add(client.Send(5).Outcome);
                sends.Add(client.Send(5).Outcome);
            }).ConfigureAwait(false);
            check.Expect("The first Send of the check fails with ECONNRESET.", sends[0] == "ECONNRESET (ConnectionReset)", sends[0]);
            check.Expect("The second one fails with EPIPE.", sends[1] == "EPIPE (Shutdown)", sends[1]);
            check.Expect(recording, "A reset has crossed the wire.", r => r.Segments.Any(s => s.IsReset), Endings);
        });

    /// <summary>A reset leaves EPIPE as the pending error.</summary>
    /// <param name="prepare">The reader's conversation; returns the client whose pending error is asked for.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> LeaveEpipe(Func<Conversation, Task<Endpoint>> prepare, [CallerArgumentExpression(nameof(prepare))] string code = "") =>
        PendingPipe.JudgeAsync(code, async check =>
        {
            AppCall? pending = null, send = null;
            var recording = await check.RunAsync(async talk =>
            {
                var client = await prepare(talk).ConfigureAwait(false);
                pending = client.TakePendingError();
                send = client.Send(5);
            }).ConfigureAwait(false);
            check.Expect("The pending error of the client is EPIPE.", pending!.Result == "EPIPE", pending.Outcome);
            check.Expect("Its connection is over: the check's Send fails.", !send!.Ok, send.Outcome);
            check.Expect(recording, "The wire has a FIN, and then a reset from the same side.",
                r => r.Segments.FirstOrDefault(s => s.IsReset) is { } reset && r.Segments.Any(s => s.From == reset.From && (s.Flags & ControlBits.Fin) != 0 && s.T < reset.T), Endings);
        });

    /// <summary>A condition that is true for the exceptions of a connection that is over, and for no other.</summary>
    /// <param name="isOver">The reader's condition.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> TreatAlike(Func<Exception, bool> isOver, [CallerArgumentExpression(nameof(isOver))] string code = "") =>
        OneKind.JudgeAsync(code, async check =>
        {
            var cases = await ExceptionsAsync().ConfigureAwait(false);
            var said = new (bool Answer, string? Thrown)[cases.Count];
            foreach (var i in Check.Shuffled([.. Enumerable.Range(0, cases.Count)]))
            {
                said[i] = await AskAsync(() => isOver(cases[i].Exception)).ConfigureAwait(false);
            }

            foreach (var ((exception, from, over), (answer, thrown)) in cases.Zip(said))
            {
                check.Expect($"{Name(exception)} from {from}: {Word(over)}.", thrown is null && answer == over, thrown ?? Word(answer));
            }
        });

    /// <summary>A detector of how the other side has ended a connection, judged on endings in an unknown order.</summary>
    /// <param name="detect">The reader's detector: gets a blocking socket on which nothing is unread, and must not wait.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> FinOrRst(Func<Socket, WireEnding> detect, [CallerArgumentExpression(nameof(detect))] string code = "") =>
        Detector.JudgeAsync(code, async check =>
        {
            var endings = Check.Shuffled(WireEnding.None, WireEnding.Fin, WireEnding.Reset, WireEnding.FinThenReset);

            // One of them comes twice, so nobody can infer the last one.
            foreach (var (ending, number) in endings.Append(endings[Random.Shared.Next(4)]).Select((ending, i) => (ending, i + 1)))
            {
                WireEnding? said = null;
                await check.RunAsync(async talk =>
                {
                    var (client, _) = await EndedAsync(talk, ending).ConfigureAwait(false);
                    talk.Note("your detector is asked");
                    said = detect(client.Socket);
                    talk.Note($"it says {said}");
                }).ConfigureAwait(false);
                check.Expect(string.Create(CultureInfo.InvariantCulture, $"Connection {number}, {Letters(ending)}: {ending}."), said == ending, $"{said}");
            }
        });

    /// <summary>Code that reads what has arrived on a connection that is over, and says how it ended.</summary>
    /// <param name="read">The reader's code: gets a blocking socket whose connection has ended, and returns all bytes that have arrived, and the error.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> ReadBeforeYouReport(Func<Socket, (byte[] Arrived, SocketError Error)> read, [CallerArgumentExpression(nameof(read))] string code = "") =>
        ReadFirst.JudgeAsync(code, async check =>
        {
            var endings = Check.Shuffled((WireEnding.Fin, true), (WireEnding.Reset, true), (WireEnding.FinThenReset, true), (WireEnding.Reset, false), (WireEnding.FinThenReset, false));
            foreach (var (ending, withData) in endings)
            {
                byte[] data = [];
                (byte[] Arrived, SocketError Error) said = ([], SocketError.SocketError);
                await check.RunAsync(async talk =>
                {
                    (var client, data) = await EndedAsync(talk, ending, withData).ConfigureAwait(false);
                    talk.Note("your code is asked");
                    said = read(client.Socket);
                    talk.Note(string.Create(CultureInfo.InvariantCulture, $"it brings {said.Arrived?.Length ?? 0} bytes and {said.Error}"));
                }).ConfigureAwait(false);
                var error = ending switch { WireEnding.Reset => SocketError.ConnectionReset, WireEnding.FinThenReset => SocketError.Shutdown, _ => SocketError.Success };
                check.Expect(string.Create(CultureInfo.InvariantCulture, $"{data.Length} bytes, then {Letters(ending)}: all of the bytes, and {error}."),
                    said.Error == error && data.AsSpan().SequenceEqual(said.Arrived),
                    string.Create(CultureInfo.InvariantCulture, $"{said.Arrived?.Length ?? 0} bytes{(said.Arrived?.Length == data.Length && !data.AsSpan().SequenceEqual(said.Arrived) ? ", not those that were sent" : "")}, and {said.Error}"));
            }
        });

    /// <summary>Code that finds out in which state a reset has found a connection, judged on all states in an unknown order.</summary>
    /// <param name="found">The reader's code: gets a non-blocking socket that was reset, and returns the state. Of states that cannot be told apart any one will do.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> WhichState(Func<Socket, TcpState> found, [CallerArgumentExpression(nameof(found))] string code = "") =>
        FoundState.JudgeAsync(code, async check =>
        {
            if (LabSession.Current.Mode == LabMode.Replay)
            {
                throw new NotPossibleHereException("a replay was asked for");
            }

            var states = HeldState.All.Where(state => state.IsReset).ToArray();
            var said = new (TcpState Answer, string? Thrown)[states.Length];
            using var clients = new HeldClients(LabSession.Current.Cancellation);
            foreach (var i in Check.Shuffled([.. Enumerable.Range(0, states.Length)]))
            {
                using var socket = clients.Reset(states[i]);
                said[i] = await AskAsync(() => found(socket)).ConfigureAwait(false);
            }

            foreach (var (state, (answer, thrown)) in states.Zip(said))
            {
                var right = SameRows.Single(group => group.Contains(state.State));
                check.Expect($"Reset in {state.Name}: {string.Join(" or ", right)}.", thrown is null && right.Contains(answer), thrown ?? $"{answer}");
            }
        });

    /// <summary>A connection that has come to an ending, as far as the client's kernel knows, and what the client has not read of it.</summary>
    private static async Task<(Endpoint Client, byte[] Data)> EndedAsync(Conversation talk, WireEnding ending, bool withData = false)
    {
        var (client, server) = await talk.ConnectAsync().ConfigureAwait(false);

        // Nobody reads yet, so all of it has to fit into the client's buffer, which net.ipv4.tcp_rmem may keep small.
        var data = withData ? new byte[Random.Shared.Next(2_000, Math.Clamp(client.Socket.ReceiveBufferSize / 4, 3_000, 30_000))] : [];
        if (withData)
        {
            Random.Shared.NextBytes(data);
            server.Send(data);
            await client.UntilAvailableAsync(data.Length).ConfigureAwait(false);
        }

        if (ending == WireEnding.Reset)
        {
            server.Abort();
            await client.UntilAsync(TcpState.Closed).ConfigureAwait(false);
        }
        else if (ending is WireEnding.Fin or WireEnding.FinThenReset)
        {
            server.Close();
            await client.UntilAsync(TcpState.CloseWait).ConfigureAwait(false);
        }

        if (ending == WireEnding.FinThenReset)
        {
            client.Send(1);
            await client.UntilAsync(TcpState.Closed).ConfigureAwait(false);
        }

        return (client, data);
    }

    /// <summary>Exceptions that were really thrown, and whether they say that the connection is over.</summary>
    private static async Task<List<(Exception Exception, string From, bool Over)>> ExceptionsAsync()
    {
        List<(Exception Exception, string From, bool Over)> caught = [];
        await Lab.TryAsync(OneKind.Id, async talk =>
        {
            async Task<Socket> ClientAsync(WireEnding ending) => (await EndedAsync(talk, ending).ConfigureAwait(false)).Client.Socket;

            async Task CatchAsync(string from, bool over, Func<Task> call)
            {
                try
                {
                    await call().ConfigureAwait(false);
                }
                catch (Exception e)
                {
                    caught.Add((e, from, over));
                }
            }

            Task Catch(string from, bool over, Action call) => CatchAsync(from, over, () =>
            {
                call();
                return Task.CompletedTask;
            });

            var (reset, pipe) = (await ClientAsync(WireEnding.Reset).ConfigureAwait(false), await ClientAsync(WireEnding.FinThenReset).ConfigureAwait(false));
            await Catch("Receive", true, () => reset.Receive(new byte[1])).ConfigureAwait(false);
            await Catch("Send", true, () => reset.Send(new byte[1])).ConfigureAwait(false);
            await CatchAsync("SendAsync", true, async () => await pipe.SendAsync(new byte[1]).ConfigureAwait(false)).ConfigureAwait(false);

            var stream = new NetworkStream(await ClientAsync(WireEnding.Reset).ConfigureAwait(false));
            await Catch("NetworkStream.Read", true, () => stream.ReadByte()).ConfigureAwait(false);
            await Catch("NetworkStream.Write", true, () => stream.WriteByte(0)).ConfigureAwait(false);

            await Catch("Connect", false, () => talk.Client().Socket.Connect(talk.ClosedPort())).ConfigureAwait(false);

            var idle = await ClientAsync(WireEnding.None).ConfigureAwait(false);
            using (var given = new CancellationTokenSource())
            {
                var pending = idle.ReceiveAsync(new byte[1], given.Token).AsTask();
                await given.CancelAsync().ConfigureAwait(false);
                await CatchAsync("a cancelled ReceiveAsync", false, () => pending).ConfigureAwait(false);
            }

            var slow = await ClientAsync(WireEnding.None).ConfigureAwait(false);
            var slowStream = new NetworkStream(slow);
            slow.Blocking = false;
            await Catch("a non-blocking Receive", false, () => slow.Receive(new byte[1])).ConfigureAwait(false);
            await Catch("a non-blocking NetworkStream.Read", false, () => slowStream.ReadByte()).ConfigureAwait(false);

            slow.Dispose();
            await Catch("Send on a disposed socket", false, () => slow.Send(new byte[1])).ConfigureAwait(false);
            await Catch("a missing file", false, () => File.ReadAllBytes(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()))).ConfigureAwait(false);
        }).ConfigureAwait(false);
        return caught;
    }

    // The reader's code is given no more time than a conversation.
    private static async Task<(T? Answer, string? Thrown)> AskAsync<T>(Func<T> ask)
    {
        try
        {
            return (await Task.Run(ask).WaitAsync(Check.DefaultLimit, LabSession.Current.Cancellation).ConfigureAwait(false), null);
        }
        catch (TimeoutException)
        {
            return (default, "It did not end in time.");
        }
        catch (Exception e)
        {
            LabSession.Current.Cancellation.ThrowIfCancellationRequested();
            return (default, $"It threw {e.GetType().Name}: {e.Message}");
        }
    }

    private static string Name(Exception e) => e switch
    {
        SocketException socket => $"{socket.SocketErrorCode}",
        { InnerException: { } inner } => $"{e.GetType().Name} ({Name(inner)})",
        _ => e.GetType().Name,
    };

    private static string Word(bool over) => over ? "true" : "false";

    private static string Letters(WireEnding ending) => ending switch { WireEnding.Fin => "a FIN", WireEnding.Reset => "a RST", WireEnding.FinThenReset => "a FIN and a RST", _ => "still open" };

    private static string Endings(Recording recording) =>
        string.Join(", ", recording.Segments.Where(s => (s.Flags & (ControlBits.Fin | ControlBits.Rst)) != 0)
            .Select(s => $"{recording.Participants.LastOrDefault(p => p.Address == s.From)?.Name}: {(s.IsReset ? "RST" : "FIN")}")) is { Length: > 0 } seen ? seen : "neither FIN nor RST";
}
