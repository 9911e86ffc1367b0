using System.Globalization;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;

namespace RstLab.Notebooks;

/// <summary>The exercises of chapter 2.</summary>
public static class ConnectionAbortedExercises
{
    private const int Block = 50_000;

    /// <summary>A bound only: what is to come has come within milliseconds.</summary>
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a client hesitates, so that a server that does not wait for it can close first. A server that does wait is judged the same
    /// however long this is.
    /// </summary>
    private static readonly TimeSpan Hesitation = TimeSpan.FromMilliseconds(500);

    private static readonly Exercise UnreadAtClose = new("02-abort-on-close", "Close, and leave something unread");
    private static readonly Exercise DataAfterTheEnd = new("02-abort-on-data", "Data for a side that has stopped reading");
    private static readonly Exercise PendingRead = new("02-end-the-read", "Close under a pending read, without a reset");
    private static readonly Exercise StoppingService = new("02-empty-the-queue", "Stop a service, and tell those who wait");
    private static readonly Exercise RefusedUpload = new("02-drain", "Have the 413 arrive");

    internal static IReadOnlyList<Exercise> All => [UnreadAtClose, DataAfterTheEnd, PendingRead, StoppingService, RefusedUpload];

    /// <summary>One side closes with unread data.</summary>
    /// <param name="conversation">The reader's conversation.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> AbortOnClose(Func<Conversation, Task> conversation, [CallerArgumentExpression(nameof(conversation))] string code = "") =>
        UnreadAtClose.JudgeAsync(code, async check =>
        {
            var recording = await check.RunAsync(conversation).ConfigureAwait(false);
            check.Expect(recording, "A reset crosses the wire, and its sender has sent no FIN before.",
                r => r.Segments.FirstOrDefault(s => s.IsReset) is { } reset && !r.Segments.Any(s => s.From == reset.From && IsFin(s)), Letters);
            check.ExpectReasons(recording, ["TCP_ABORT_ON_CLOSE"], "TCPAbortOnClose");
        });

    /// <summary>Data arrives at a side that has ended both directions.</summary>
    /// <param name="conversation">The reader's conversation.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> AbortOnData(Func<Conversation, Task> conversation, [CallerArgumentExpression(nameof(conversation))] string code = "") =>
        DataAfterTheEnd.JudgeAsync(code, async check =>
        {
            var recording = await check.RunAsync(conversation).ConfigureAwait(false);

            // The kernel counts an abort by linger 0 as TCPAbortOnData, too; the FIN tells them apart where there are only counters.
            check.Expect(recording, "After a FIN, data from the other side is answered by a reset.",
                r => r.Segments.FirstOrDefault(s => s.IsReset) is { } reset && r.Segments.FirstOrDefault(s => s.From == reset.From && IsFin(s)) is { } fin
                    && r.Segments.Any(s => s.From == reset.To && s.Length > 0 && s.T > fin.T && s.T < reset.T), Letters);
            check.ExpectReasons(recording, ["TCP_ABORT_ON_DATA"], "TCPAbortOnData");
        });

    /// <summary>A server ends a connection on which a task of its own is reading.</summary>
    /// <param name="stop">The reader's code: gets the server's endpoint and the task that reads from it until the end.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> EndTheRead(Func<Endpoint, Task, Task> stop, [CallerArgumentExpression(nameof(stop))] string code = "") =>
        PendingRead.JudgeAsync(code, async check =>
        {
            var lastWords = Random.Shared.Next(1_000, 20_000);
            AppCall? told = null;
            (int Bytes, AppCall Last)? read = null;
            var closed = false;
            using var waits = new ManualResetEventSlim();
            var recording = await check.RunAsync(async talk =>
            {
                var (client, server) = await talk.ConnectAsync().ConfigureAwait(false);
                var reading = ReadToTheEndAsync(server);
                var peer = Task.Run(() =>
                {
                    told = client.Receive();
                    if (told.Bytes == 0)
                    {
                        // It speaks when the server's code waits for something, or blocks, so one that waits for nothing has closed before.
                        waits.Wait(Hesitation);
                        SpinWait.SpinUntil(() => server.Socket.SafeHandle.IsClosed, Hesitation);
                        client.Send(lastWords);
                    }

                    client.Close();
                });
                var stopping = stop(server, reading);
                waits.Set();
                await stopping.ConfigureAwait(false);
                closed = server.Socket.SafeHandle.IsClosed;
                await peer.ConfigureAwait(false);
                read = await reading.ConfigureAwait(false);
            }, Bound).ConfigureAwait(false);

            check.Expect("The client is told of the end in order: its Receive returns 0.", told?.Bytes == 0, told?.Outcome ?? "It was told nothing.");
            check.Expect(string.Create(CultureInfo.InvariantCulture, $"The server's task reads the client's last {lastWords} bytes."),
                read?.Bytes == lastWords, string.Create(CultureInfo.InvariantCulture, $"It read {read?.Bytes ?? 0} bytes."));
            check.Expect("The task comes to its own end: its last receive returns 0.", read?.Last.Bytes == 0, read?.Last.Outcome ?? "It did not end.");
            check.Expect("When your code has ended, the server's socket is closed.", closed, closed ? "It is closed." : "It is open.");
            ExpectNoReset(check, recording);
        });

    /// <summary>A service stops while clients are in its listener's queue.</summary>
    /// <param name="stop">The reader's code: gets the listener.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> EmptyTheQueue(Func<Endpoint, Task> stop, [CallerArgumentExpression(nameof(stop))] string code = "") =>
        StoppingService.JudgeAsync(code, async check =>
        {
            var waiting = Random.Shared.Next(2, 5);
            List<(string Name, string Answer, AppCall End)> told = [];
            var closed = false;
            var recording = await check.RunAsync(async talk =>
            {
                var listener = talk.Listen("server");
                List<Endpoint> clients = [];
                for (var i = 1; i <= waiting; i++)
                {
                    var client = talk.Client(string.Create(CultureInfo.InvariantCulture, $"client {i}"));
                    client.Connect(listener.Local!);
                    client.Send(Random.Shared.Next(10, 1_000));
                    clients.Add(client);
                }

                await talk.UntilAsync(() => !OperatingSystem.IsLinux() || SocketState.Waiting(listener.Socket) == waiting, () => "the clients to be in the queue").ConfigureAwait(false);
                await stop(listener).ConfigureAwait(false);
                closed = listener.Socket.SafeHandle.IsClosed;
                foreach (var client in clients)
                {
                    // An answer in two pieces is an answer.
                    var text = "";
                    var call = client.Receive();
                    for (; call.Bytes > 0; call = client.Receive())
                    {
                        text += Encoding.UTF8.GetString(client.Received.Span);
                    }

                    told.Add((client.Name, text, call));
                }
            }, Bound).ConfigureAwait(false);

            foreach (var (name, answer, end) in told)
            {
                check.Expect($"What {name} reads is 503 and then 0, the end of the stream.", answer == "503" && end.Bytes == 0, $"{(answer.Length > 0 ? $"{answer}, then " : "")}{end.Outcome}");
            }

            check.Expect("The listener is closed.", closed, closed ? "It is closed." : "It is open.");
            ExpectNoReset(check, recording);
        });

    /// <summary>A server refuses an upload; its answer is to arrive although the client is still sending.</summary>
    /// <param name="refuse">The reader's code: gets the server's endpoint and how many bytes it may drain.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> Drain(Func<Endpoint, int, Task> refuse, [CallerArgumentExpression(nameof(refuse))] string code = "") =>
        RefusedUpload.JudgeAsync(code, async check =>
        {
            var limit = Random.Shared.Next(200_000, 400_000);

            // The ladder of the one that ends is the one to show when all is well, so it comes last.
            var tooMuch = limit + 2_000_000;
            var endless = await UploadAsync(check, refuse, limit, limit + 4_000_000, quietly: true).ConfigureAwait(false);
            check.Expect(string.Create(CultureInfo.InvariantCulture, $"The server drains about {limit} bytes: less than {tooMuch} are taken from a client that never stops."),
                endless.Sent < tooMuch, Bytes(endless.Sent));

            var upload = await UploadAsync(check, refuse, limit, limit - Block, quietly: false).ConfigureAwait(false);
            check.Expect(string.Create(CultureInfo.InvariantCulture, $"A client with a body of less than {limit} bytes can send all of it."),
                upload.Failed is null, upload.Failed is null ? Bytes(upload.Sent) : $"{Bytes(upload.Sent)} Then {upload.Failed.Outcome}");
            check.Expect("Then it reads the answer, 413.", upload.Answer == "413", upload.Answer ?? "It gave up before.");
            check.Expect("And then it is told that nothing more will come: Receive returns 0.", upload.End?.Bytes == 0,
                upload.End?.Outcome ?? (upload.Failed is null ? $"Nothing came within {Bound.TotalSeconds / 2:0} s." : "It gave up before."));
            check.Expect("The server's socket is closed.", upload.Closed, upload.Closed ? "It is closed." : "It is open.");
            ExpectNoReset(check, upload.Recording);
        });

    private static async Task<Upload> UploadAsync(Check check, Func<Endpoint, int, Task> refuse, int limit, int body, bool quietly)
    {
        AppCall? failed = null, end = null;
        string? answer = null;
        var closed = false;
        var sent = 0;
        var recording = await check.RunAsync(async talk =>
        {
            var (client, server) = await talk.ConnectAsync().ConfigureAwait(false);
            if (quietly)
            {
                // What the buffers hold is taken as well; it must not matter.
                client.Socket.SendBufferSize = server.Socket.ReceiveBufferSize = 65536;
            }

            var refusing = Task.Run(() => refuse(server, limit));
            client.Send(Block);
            sent = Block;

            // So it is certain that the client is still sending when the answer comes. Like most clients, it looks only when it has sent all.
            await talk.UntilAsync(() => client.Socket.Available > 0 || client.State != TcpState.Established || refusing.IsCompleted, () => "the server's answer").ConfigureAwait(false);
            for (; sent < body && failed is null; sent += failed is null ? Block : 0)
            {
                var block = Math.Min(Block, body - sent);
                if (!quietly && block == body - sent)
                {
                    // The client hesitates before its last block: a server that only drains what has come so far closes meanwhile.
                    SpinWait.SpinUntil(() => server.Socket.SafeHandle.IsClosed, Hesitation);
                }

                failed = quietly ? Quietly(client.Socket, block) : client.Send(block) is { Ok: false } call ? call : null;
            }

            if (failed is null && !quietly)
            {
                answer = client.Receive() is { Bytes: > 0 } ? Encoding.UTF8.GetString(client.Received.Span) : "Receive brought nothing.";
                end = client.Poll(SelectMode.SelectRead, Bound / 2).Result == "True" ? client.Receive() : null;
            }

            client.Close();
            await refusing.ConfigureAwait(false);
            closed = server.Socket.SafeHandle.IsClosed;
        }, Bound).ConfigureAwait(false);
        return new(recording, Math.Min(sent, body), failed, answer, end, closed);
    }

    // Hundreds of calls are no ladder to read.
    private static AppCall? Quietly(Socket socket, int bytes)
    {
        try
        {
            socket.Send(new byte[bytes]);
            return null;
        }
        catch (SocketException e)
        {
            return new AppCall(0, "client", "Send") { Error = e.SocketErrorCode };
        }
    }

    private static async Task<(int Bytes, AppCall Last)> ReadToTheEndAsync(Endpoint server)
    {
        var bytes = 0;
        while (true)
        {
            var call = await server.ReceiveAsync().ConfigureAwait(false);
            if (call.Bytes is not > 0)
            {
                return (bytes, call);
            }

            bytes += call.Bytes.Value;
        }
    }

    private static void ExpectNoReset(Check check, Recording recording) =>
        check.Expect(recording, "No reset crosses the wire.", r => !r.Segments.Any(s => s.IsReset), r => r.Segments.Any(s => s.IsReset) ? Letters(r) : "There was none.");

    private static bool IsFin(Segment segment) => (segment.Flags & ControlBits.Fin) != 0;

    private static string Letters(Recording recording) =>
        string.Join(", ", recording.Segments.Where(s => s.IsReset || IsFin(s) || s.Length > 0)
            .Select(s => $"{recording.Participants.LastOrDefault(p => p.Address == s.From)?.Name}: {(s.IsReset ? "RST" : IsFin(s) ? "FIN" : "data")}").Distinct()) is { Length: > 0 } seen ? seen : "neither data nor FIN nor RST";

    private static string Bytes(int sent) => string.Create(CultureInfo.InvariantCulture, $"{sent} bytes were taken.");

    private sealed record Upload(Recording Recording, int Sent, AppCall? Failed, string? Answer, AppCall? End, bool Closed);
}
