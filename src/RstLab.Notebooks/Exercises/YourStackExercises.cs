using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RstLab.Notebooks;

/// <summary>The exercises of chapter 6.</summary>
public static class YourStackExercises
{
    private const string Head = "\r\n\r\n";
    private const int MostDrained = 1 << 20;

    // Only a bound: a server has a time limit or has none. One that has none is waited for this long.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly string[] Methods = ["GET", "PUT", "DELETE", "POST"];

    private static readonly Exercise OneLine = new("06-one-line", "One line that says what happened");
    private static readonly Exercise Framing = new("06-whole-or-cut", "Whole or cut?");
    private static readonly Exercise Asking = new("06-ask-first", "Ask before you upload");
    private static readonly Exercise Repeating = new("06-retry-rule", "Write the retry rule");
    private static readonly Exercise Draining = new("06-drain-in-time", "Mend the server, so that HttpClient gets its 413");

    internal static IReadOnlyList<Exercise> All => [OneLine, Framing, Asking, Repeating, Draining];

    /// <summary>Says from an exception what ended the connection.</summary>
    /// <param name="say">The reader's line.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> WhatHappened(Func<Exception, WireEnding> say, [CallerArgumentExpression(nameof(say))] string code = "") =>
        OneLine.JudgeAsync(code, async check =>
        {
            foreach (var failure in Check.Shuffled(Refused, FinInHandshake, FinNoResponse, ResetInBody, WrittenTwice, GivenUp, NotFound))
            {
                AppCall? said = null;
                await check.RunAsync(async talk =>
                {
                    var exception = await failure.Make(talk).ConfigureAwait(false);
                    said = talk.Call("client", "your code", exception.GetType().Name, () => say(exception).ToString());
                }).ConfigureAwait(false);
                check.ExpectResult($"{failure.What}: {failure.Wire}.", said!, failure.Wire.ToString());
            }
        });

    /// <summary>
    /// Reads one message, four digits and as many bytes of text, and says the text, or <c>cut by FIN</c> or <c>cut by RST</c> where it is not whole.
    /// </summary>
    /// <param name="read">The reader's code.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> WholeOrCut(Func<Stream, Task<string>> read, [CallerArgumentExpression(nameof(read))] string code = "") =>
        Framing.JudgeAsync(code, async check =>
        {
            var text = string.Create(CultureInfo.InvariantCulture, $"{Random.Shared.Next(2, 2000)} pears for order {Random.Shared.Next(2, 2000)}");
            var message = string.Create(CultureInfo.InvariantCulture, $"{text.Length:0000}{text}");
            (string What, string Said, string[] Parts, Ending Ending)[] cases = Check.Shuffled<(string, string, string[], Ending)>(
                ("whole, then a FIN", text, [message], Ending.Fin),
                ("whole, then a RST", text, [message], Ending.Reset),
                ("whole in three segments, then a FIN", text, [message[..2], message[2..9], message[9..]], Ending.Fin),
                ("cut in the text by a FIN", "cut by FIN", [message[..^3]], Ending.Fin),
                ("cut in the text by a RST", "cut by RST", [message[..^3]], Ending.Reset),
                ("cut in the length by a FIN", "cut by FIN", [message[..2]], Ending.Fin),
                ("cut in the length by a RST", "cut by RST", [message[..2]], Ending.Reset));
            foreach (var it in cases)
            {
                AppCall? said = null;
                await check.RunAsync(async talk =>
                {
                    var (client, server) = await talk.ConnectAsync().ConfigureAwait(false);
                    server.Socket.NoDelay = true; // a reset throws away what waits to be sent
                    using var stream = new NetworkStream(client.Socket);
                    var reading = talk.CallAsync("client", "your code", null, () => read(stream));
                    foreach (var part in it.Parts)
                    {
                        server.Send(part);
                        await talk.UntilAsync(() => reading.IsCompleted || client.Socket.Available == 0, () => "your code to read what has come").ConfigureAwait(false);
                    }

                    _ = it.Ending == Ending.Fin ? server.Close() : server.Abort();
                    said = await reading.ConfigureAwait(false);
                }).ConfigureAwait(false);
                check.ExpectResult($"A message {it.What}: it says {(it.Said == text ? "its text" : it.Said)}.", said!, it.Said);
            }
        });

    /// <summary>Uploads a file to a server that takes it or refuses it, and returns the status; a server that refuses it is sent nothing of it.</summary>
    /// <param name="upload">The reader's code; it is given a client and the file.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> AskFirst(Func<HttpClient, HttpContent, Task<int>> upload, [CallerArgumentExpression(nameof(upload))] string code = "") =>
        Asking.JudgeAsync(code, async check =>
        {
            var (refused, accepted) = (Random.Shared.GetItems([401, 403, 413, 507], 1)[0], Random.Shared.GetItems([200, 201, 202], 1)[0]);
            foreach (var (status, taken) in Check.Shuffled((refused, false), (accepted, true)))
            {
                var file = new byte[Random.Shared.Next(1_000_000, 2_000_000)];
                Random.Shared.NextBytes(file);
                AppCall? said = null;
                byte[] body = [];
                await check.RunAsync(async talk =>
                {
                    var (client, server) = await talk.ConnectAsync().ConfigureAwait(false);
                    (client.Socket.SendBufferSize, server.Socket.ReceiveBufferSize) = (65536, 65536); // the file does not fit in between
                    using var http = ClientOf(client);
                    using var content = new ByteArrayContent(file);
                    var sending = talk.CallAsync("client", "your code", null, async () => (await upload(http, content).ConfigureAwait(false)).ToString(CultureInfo.InvariantCulture));
                    var serving = ServeAsync(server, status, taken);
                    said = await sending.ConfigureAwait(false);
                    client.Dispose(); // a server that still waits for the request is told that none comes
                    body = await serving.ConfigureAwait(false);
                }).ConfigureAwait(false);
                check.ExpectResult(string.Create(CultureInfo.InvariantCulture, $"The server answers {status}: it returns {status}."), said!, status.ToString(CultureInfo.InvariantCulture));
                check.Expect(taken ? "The file arrives whole." : "Nothing of the file is sent.", taken ? body.AsSpan().SequenceEqual(file) : body.Length == 0,
                    string.Create(CultureInfo.InvariantCulture, $"{body.Length} bytes of {file.Length} came{(taken ? "" : " before the server refused it")}"));
            }
        });

    /// <summary>Says whether a request that failed may be sent again.</summary>
    /// <param name="mayRepeat">The reader's rule: the exception that the request ended with, and its method.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> RetryRule(Func<Exception, HttpMethod, bool> mayRepeat, [CallerArgumentExpression(nameof(mayRepeat))] string code = "") =>
        Repeating.JudgeAsync(code, async check =>
        {
            foreach (var failure in Check.Shuffled(Refused, FinInHandshake, ResetInHandshake, NotTrusted, FinNoResponse, ResetNoResponse, ResetInBody, GivenUp, NotFound))
            {
                var expected = List(Methods.Where(method => failure.Repeat == Repeat.Always || (failure.Repeat == Repeat.Idempotent && method != "POST")));
                AppCall? said = null;
                await check.RunAsync(async talk =>
                {
                    var exception = await failure.Make(talk).ConfigureAwait(false);
                    said = talk.Call("client", "your code", exception.GetType().Name, () => List(Methods.Where(method => mayRepeat(exception, new HttpMethod(method)))));
                }).ConfigureAwait(false);
                check.ExpectResult($"{failure.What}: it repeats {expected}.", said!, expected);
            }

            static string List(IEnumerable<string> methods) => string.Join(", ", methods) is { Length: > 0 } some ? some : "nothing";
        });

    /// <summary>A server that refuses an upload: its answer reaches a client that is still writing, and a client that stalls or never ends is not waited for.</summary>
    /// <param name="serve">The reader's server; it is given the connection.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> Drain(Func<Endpoint, Task> serve, [CallerArgumentExpression(nameof(serve))] string code = "") =>
        Draining.JudgeAsync(code, async check =>
        {
            await StalledAsync(check, serve).ConfigureAwait(false);
            await EndlessAsync(check, serve).ConfigureAwait(false);
            await RefusedAsync(check, serve).ConfigureAwait(false);
        });

    private static async Task StalledAsync(Check check, Func<Endpoint, Task> serve)
    {
        var (closed, ended) = (false, false);
        await check.RunAsync(async talk =>
        {
            var (client, server) = await talk.ConnectAsync().ConfigureAwait(false);
            client.Send("POST / HTTP/1.1\r\nHost: server\r\nContent-Length: 1000" + Head + "the first part, and nothing more");
            var serving = Task.Run(() => serve(server), CancellationToken.None); // it may block
            await Task.WhenAny(serving, Task.Delay(Patience, CancellationToken.None)).ConfigureAwait(false);
            (closed, ended) = (server.Socket.SafeHandle.IsClosed, serving.IsCompleted);
            await (ended ? serving : Task.CompletedTask).ConfigureAwait(false);
        }, 2 * Patience).ConfigureAwait(false);
        check.Expect("A client that stalls is not waited for: the server closes the connection.", closed, closed ? "It did."
            : string.Create(CultureInfo.InvariantCulture, $"The connection was still open {(ended ? "when your code ended" : $"after {Patience.TotalSeconds:0} s")}."));
    }

    private static async Task EndlessAsync(Check check, Func<Endpoint, Task> serve)
    {
        var sent = 0;
        await check.RunAsync(async talk =>
        {
            var (client, server) = await talk.ConnectAsync().ConfigureAwait(false);
            (client.Socket.SendBufferSize, server.Socket.ReceiveBufferSize) = (65536, 65536); // what is sent is nearly what was read
            client.Socket.SendTimeout = (int)Patience.TotalMilliseconds / 2;
            client.Send("POST / HTTP/1.1\r\nHost: server\r\nContent-Length: 1000000000000" + Head);
            var sending = Task.Run(() =>
            {
                try
                {
                    for (var block = new byte[16384]; sent < 8 * MostDrained;)
                    {
                        sent += client.Socket.Send(block);
                    }
                }
                catch (SocketException)
                {
                    // The server has closed, or does not read: an end of what it takes.
                }

                client.Abort();
            });
            await Task.Run(() => serve(server), CancellationToken.None).ConfigureAwait(false);
            await sending.ConfigureAwait(false);
        }, 2 * Patience).ConfigureAwait(false);
        check.Expect("From a client that never ends, the server takes about 1 MB at the most.", sent <= 2 * MostDrained,
            sent >= 8 * MostDrained ? "It took more than 8 MB." : string.Create(CultureInfo.InvariantCulture, $"The client could send {sent / 1000} kB."));
    }

    private static async Task RefusedAsync(Check check, Func<Endpoint, Task> serve)
    {
        AppCall? posted = null;
        var closed = false;
        var length = Random.Shared.Next(100_000, 300_000);
        var recording = await check.RunAsync(async talk =>
        {
            var (client, server) = await talk.ConnectAsync().ConfigureAwait(false);
            using var http = ClientOf(client);
            using var file = new Paced(length, () => client.State is TcpState.Closed or TcpState.Unknown || Taken(server.Socket));
            var posting = talk.CallAsync("client", "PostAsync", string.Create(CultureInfo.InvariantCulture, $"{length} bytes"), async () =>
            {
                using var response = await http.PostAsync((Uri?)null, file).ConfigureAwait(false);
                return ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
            });
            await Task.Run(() => serve(server), CancellationToken.None).ConfigureAwait(false);
            posted = await posting.ConfigureAwait(false);
            closed = server.Socket.SafeHandle.IsClosed;
        }, 2 * Patience).ConfigureAwait(false);
        check.ExpectResult("HttpClient, which is still writing, gets the 413.", posted!, "413");
        check.Expect("The server has closed the connection.", closed, closed ? "It has." : "It is open.");
        check.Expect(recording, "No reset crosses the wire.", r => !r.Segments.Any(s => s.IsReset), r => string.Create(CultureInfo.InvariantCulture, $"{r.Segments.Count(s => s.IsReset)} of them"));
    }

    /// <summary>What may be sent again after a failure.</summary>
    private enum Repeat
    {
        /// <summary>Nothing: the network is not to blame.</summary>
        Never,

        /// <summary>What may be done twice: the request may have been processed.</summary>
        Idempotent,

        /// <summary>Everything: no request was sent.</summary>
        Always,
    }

    /// <summary>A failure that is made anew, live, for each check.</summary>
    private sealed record Failure(string What, WireEnding Wire, Repeat Repeat, Func<Conversation, Task<Exception>> Make);

    private static Failure Refused => new("A connect is refused", WireEnding.Reset, Repeat.Always, async talk =>
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        return await ThrownAsync(() => client.GetStringAsync(new Uri($"http://{talk.ClosedPort()}/"))).ConfigureAwait(false);
    });

    private static Failure FinInHandshake => new("A FIN in the TLS handshake", WireEnding.Fin, Repeat.Always, talk => HandshakeAsync(talk, Ending.Fin));

    private static Failure ResetInHandshake => new("A RST in the TLS handshake", WireEnding.Reset, Repeat.Always, talk => HandshakeAsync(talk, Ending.Reset));

    private static Failure NotTrusted => new("The client does not trust the server's certificate", WireEnding.None, Repeat.Never, talk => FailAsync(talk, Ending.Fin, async peer =>
    {
        using var certificate = SelfSigned();
        using var stream = new SslStream(new NetworkStream(peer.Socket));
        try
        {
            await stream.AuthenticateAsServerAsync(certificate).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            // The client ended the handshake: the end that is wanted.
        }

        peer.End();
    }, GetByTlsAsync));

    private static Failure FinNoResponse => new("A FIN instead of the response", WireEnding.Fin, Repeat.Idempotent, talk => PostAsync(talk, Ending.Fin, ""));

    private static Failure ResetNoResponse => new("A RST instead of the response", WireEnding.Reset, Repeat.Idempotent, talk => PostAsync(talk, Ending.Reset, ""));

    private static Failure ResetInBody => new("A RST in the response's body", WireEnding.Reset, Repeat.Idempotent,
        talk => PostAsync(talk, Ending.Reset, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"));

    private static Failure WrittenTwice => new("A second write after a FIN", WireEnding.FinThenReset, Repeat.Idempotent, talk => FailAsync(talk, Ending.Fin, peer =>
    {
        peer.End();
        return Task.CompletedTask;
    }, async trial =>
    {
        var stream = await trial.ConnectAsync().ConfigureAwait(false);
        await trial.UntilEndedAsync().ConfigureAwait(false);
        await stream.WriteAsync("once"u8.ToArray()).ConfigureAwait(false);
        await trial.UntilAsync(TcpState.Closed).ConfigureAwait(false);
        await stream.WriteAsync("twice"u8.ToArray()).ConfigureAwait(false);
    }));

    private static Failure GivenUp => new("The caller cancels the request", WireEnding.None, Repeat.Never, async talk =>
    {
        using var stop = new CancellationTokenSource();
        return await FailAsync(talk, Ending.Fin, async peer =>
        {
            await peer.ReceiveUntilAsync(Head).ConfigureAwait(false);
            await stop.CancelAsync().ConfigureAwait(false);
        }, async trial =>
        {
            using var client = ClientOf(trial);
            using var response = await client.GetAsync((Uri?)null, stop.Token).ConfigureAwait(false);
        }).ConfigureAwait(false);
    });

    private static Failure NotFound => new("The server answers 404", WireEnding.None, Repeat.Never, talk => PostAsync(talk, Ending.Fin, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));

    private static Task<Exception> HandshakeAsync(Conversation talk, Ending ending) => FailAsync(talk, ending, async peer =>
    {
        var record = await peer.ReceiveExactlyAsync(5).ConfigureAwait(false); // type, version, length: the hello may take several segments
        await peer.ReceiveExactlyAsync((record[3] << 8) | record[4]).ConfigureAwait(false);
        peer.End();
    }, GetByTlsAsync);

    private static async Task GetByTlsAsync(StackTrial trial)
    {
        using var client = ClientOf(trial);
        using var response = await client.GetAsync(new Uri($"https://{trial.Address}/")).ConfigureAwait(false);
    }

    // In memory, and known to this process alone. An ephemeral key would do for Linux, but not for every system.
    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }

    // A POST with a body, as HttpClient sends anything else again by itself.
    private static Task<Exception> PostAsync(Conversation talk, Ending ending, string response) => FailAsync(talk, ending, async peer =>
    {
        await peer.ReceiveUntilAsync("order").ConfigureAwait(false);
        await peer.SendAsync(response).ConfigureAwait(false);
        peer.End();
    }, async trial =>
    {
        using var client = ClientOf(trial);
        using var answer = await client.PostAsync((Uri?)null, new StringContent("order")).ConfigureAwait(false);
        answer.EnsureSuccessStatusCode();
    });

    private static HttpClient ClientOf(StackTrial trial) =>
        new(new SocketsHttpHandler { UseProxy = false, ConnectCallback = (_, stop) => trial.ConnectAsync(stop) }) { BaseAddress = trial.Url };

    private static HttpClient ClientOf(Endpoint client) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        Expect100ContinueTimeout = Patience, // after the default of 1 s a client on a busy machine would send a file that was refused
        ConnectCallback = (_, _) => ValueTask.FromResult<Stream>(new NetworkStream(client.Socket, ownsSocket: true)),
    })
    { BaseAddress = new("http://server/") };

    private static async Task<Exception> FailAsync(Conversation talk, Ending ending, Func<BarePeer, Task> peer, Func<StackTrial, Task> use)
    {
        var outcome = await StackTrial.RunAsync(new("stack", "exercise", peer, async trial =>
        {
            talk.Watch(trial.Address.Port);
            await use(trial).ConfigureAwait(false);
            return "no exception";
        }), ending).ConfigureAwait(false);
        return outcome.Exception ?? throw new InvalidOperationException("The failure that the check makes did not come.");
    }

    private static async Task<Exception> ThrownAsync(Func<Task> call)
    {
        try
        {
            await call().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            return e;
        }

        throw new InvalidOperationException("The failure that the check makes did not come.");
    }

    /// <summary>Reads a request's head and answers; the body is read where the request is taken, after a 100 Continue where it was asked for.</summary>
    /// <returns>What has come of the body; of one that is refused, what lay unread.</returns>
    private static async Task<byte[]> ServeAsync(Endpoint server, int status, bool taken)
    {
        var peer = new BarePeer(server.Socket, Ending.Fin, 1);
        string head;
        try
        {
            head = await peer.ReceiveUntilAsync(Head).ConfigureAwait(false);
        }
        catch (EndOfStreamException)
        {
            return []; // nobody asked
        }

        var asked = head.Contains("Expect: 100-continue", StringComparison.OrdinalIgnoreCase);
        var length = head.Split("\r\n").Select(line => line.Split(": ")).FirstOrDefault(field => field[0] == "Content-Length") is { } told ? int.Parse(told[1], CultureInfo.InvariantCulture) : 0;
        byte[] body;
        if (taken)
        {
            if (asked)
            {
                server.Send("HTTP/1.1 100 Continue" + Head);
            }

            body = await peer.ReceiveExactlyAsync(length).ConfigureAwait(false);
        }
        else
        {
            await peer.UntilUnreadAsync(asked ? 0 : Math.Min(length, 1000)).ConfigureAwait(false);
            body = new byte[server.Socket.Available];
        }

        server.Send(string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {status} Decided\r\nContent-Length: 0\r\nConnection: close{Head}"));
        server.Close();
        return body;
    }

    private static bool Taken(Socket socket)
    {
        try
        {
            return socket.Available == 0;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false; // closed: what it does to the client will show
        }
    }

    /// <summary>A file that is sent in blocks, each when the server has taken the one before, or has ended the connection.</summary>
    private sealed class Paced(int length, Func<bool> next) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            var patient = true;
            for (var sent = 0; sent < length;)
            {
                var block = new byte[Math.Min(65536, length - sent)];
                await stream.WriteAsync(block).ConfigureAwait(false);
                await stream.FlushAsync().ConfigureAwait(false);
                sent += block.Length;
                try
                {
                    await (patient ? StackTrial.UntilAsync(next, () => "the server to read", Patience / 2) : Task.CompletedTask).ConfigureAwait(false);
                }
                catch (TimeoutException)
                {
                    patient = false; // a server that neither reads nor closes
                }
            }
        }

        protected override bool TryComputeLength(out long value)
        {
            value = length;
            return true;
        }
    }
}
