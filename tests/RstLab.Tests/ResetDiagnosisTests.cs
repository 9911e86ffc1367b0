using System.ComponentModel;
using System.IO.Pipelines;
using System.Net;
using System.Net.Http;
using System.Net.NetworkInformation;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace RstLab.Tests;

public class ResetDiagnosisTests
{
    private const ResetConditions TwoOrThree = ResetConditions.ConnectionAborted | ResetConditions.NoSuchConnection;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // What each stack really throws; the wire is what the bare peer really did.
    public static TheoryData<string, Ending, WireEnding> Measured => new()
    {
        { "NetworkStream read", Ending.Reset, WireEnding.Reset },
        { "NetworkStream read exactly", Ending.Fin, WireEnding.Fin },
        { "NetworkStream read exactly", Ending.Reset, WireEnding.Reset },
        { "NetworkStream second write", Ending.Fin, WireEnding.FinThenReset },
        { "PipeReader", Ending.Reset, WireEnding.Reset },
        { "PipeWriter", Ending.Fin, WireEnding.FinThenReset },
        { "TLS handshake, client", Ending.Fin, WireEnding.Fin },
        { "TLS handshake, client", Ending.Reset, WireEnding.Reset },
        { "TLS handshake, server", Ending.Fin, WireEnding.Fin },
        { "TLS handshake, server", Ending.Reset, WireEnding.Reset },
        { "TLS half a record", Ending.Fin, WireEnding.Fin },
        { "TLS half a record", Ending.Reset, WireEnding.Reset },
        { "HttpClient TLS handshake", Ending.Fin, WireEnding.Fin },
        { "HttpClient TLS handshake", Ending.Reset, WireEnding.Reset },
        { "HttpClient no response", Ending.Fin, WireEnding.Fin },
        { "HttpClient no response", Ending.Reset, WireEnding.Reset },
        { "HttpClient body", Ending.Fin, WireEnding.Fin },
        { "HttpClient body", Ending.Reset, WireEnding.Reset },
        { "HttpClient body as a stream", Ending.Fin, WireEnding.Fin },
        { "HttpClient body as a stream", Ending.Reset, WireEnding.Reset },
        { "HttpClient not HTTP", Ending.Fin, WireEnding.None },
        { "WebSocket connect", Ending.Fin, WireEnding.Fin },
        { "WebSocket connect", Ending.Reset, WireEnding.Reset },
        { "WebSocket receive", Ending.Fin, WireEnding.Fin },
        { "WebSocket receive", Ending.Reset, WireEnding.Reset },
        { "WebSocket second send", Ending.Fin, WireEnding.FinThenReset },
    };

    [Theory]
    [MemberData(nameof(Measured))]
    public async Task What_a_stack_throws_is_read_back_into_what_the_peer_did(string situation, Ending ending, WireEnding wire)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the endings are those of Linux");
        var (peer, use) = Situations[situation];

        var outcome = await StackTrial.RunAsync(new(situation, situation, peer, use), ending);

        Assert.True(outcome.Exception is not null, $"nothing was thrown; it returned {outcome.Result}");
        var diagnosis = ResetDiagnosis.Of(outcome.Exception);
        Assert.True(diagnosis.Wire == wire, $"{diagnosis}\n{outcome.Exception}");
        Assert.Equal(wire == WireEnding.Reset, diagnosis.IsReset);
        Assert.Equal(wire is WireEnding.Reset or WireEnding.FinThenReset ? TwoOrThree : ResetConditions.None, diagnosis.Conditions);
        Assert.Equal(
            wire switch { WireEnding.Reset => EndedBy.OtherSideOrBetween, WireEnding.Fin => EndedBy.OtherSide, _ => EndedBy.Unknown },
            diagnosis.By);
        Assert.Contains(outcome.Exception.GetType().Name, diagnosis.Evidence, StringComparison.Ordinal);
    }

    private static readonly byte[] Buffer = new byte[1000];

    private static readonly X509Certificate2 Certificate = MakeCertificate();

    private static Dictionary<string, (Func<BarePeer, Task> Peer, Func<StackTrial, Task<string>> Use)> Situations { get; } = new()
    {
        ["NetworkStream read"] = (End, async trial => { await using var s = await trial.ConnectAsync(); return $"{await s.ReadAsync(Buffer)}"; }),
        ["NetworkStream read exactly"] = (async peer => { await peer.SendAsync("hello"); peer.End(); },
            async trial => { await using var s = await trial.ConnectAsync(); await s.ReadExactlyAsync(new byte[10]); return ""; }),
        ["NetworkStream second write"] = (End, async trial => { await using var s = await trial.ConnectAsync(); await WriteTwice(trial, () => s.WriteAsync(new byte[1])); return ""; }),
        ["PipeReader"] = (End, async trial => $"{(await PipeReader.Create(await trial.ConnectAsync()).ReadAsync()).IsCompleted}"),
        ["PipeWriter"] = (End, async trial =>
        {
            var writer = PipeWriter.Create(await trial.ConnectAsync());
            await WriteTwice(trial, async () => await writer.WriteAsync(new byte[1]));
            return "";
        }),
        ["TLS handshake, client"] = (EndAfterSome, async trial => { using var tls = await Authenticated(trial); return ""; }),
        ["TLS handshake, server"] = (End, async trial => { using var tls = new SslStream(await trial.ConnectAsync()); await tls.AuthenticateAsServerAsync(Certificate); return ""; }),
        ["TLS half a record"] = (async peer =>
        {
            using var tls = new SslStream(new NetworkStream(peer.Socket));
            await tls.AuthenticateAsServerAsync(Certificate);
            await tls.ReadExactlyAsync(new byte[1]);
            await peer.SendAsync("\u0017\u0003\u0003\u0001\u0000half");
            peer.End();
        }, async trial => { using var tls = await Authenticated(trial); await tls.WriteAsync(new byte[1]); return $"{await tls.ReadAsync(Buffer)}"; }),
        ["HttpClient TLS handshake"] = (EndAfterSome, async trial => { using var client = Client(trial); return await client.GetStringAsync($"https://{trial.Address}/"); }),
        ["HttpClient no response"] = (peer => Answer(peer, ""), Get),
        ["HttpClient body"] = (peer => Answer(peer, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"), Get),
        ["HttpClient body as a stream"] = (peer => Answer(peer, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"), async trial =>
        {
            using var client = Client(trial);
            await using var stream = await client.GetStreamAsync("/");
            await stream.CopyToAsync(Stream.Null);
            return "";
        }),
        ["HttpClient HTTP/2 handshake"] = (EndAfterSome, async trial =>
        {
            using var client = Client(trial);
            using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            using var response = await client.SendAsync(request);
            return "";
        }),
        ["HttpClient not HTTP"] = (peer => Answer(peer, "SSH-2.0-OpenSSH_9.2\r\n"), Get),
        ["WebSocket connect"] = (async peer => { await peer.ReceiveUntilAsync(); peer.End(); }, async trial => { using var socket = await OpenWebSocket(trial); return ""; }),
        ["WebSocket receive"] = (async peer => { await Upgrade(peer); peer.End(); },
            async trial => { using var socket = await OpenWebSocket(trial); return $"{(await socket.ReceiveAsync(Buffer.AsMemory(), default)).Count}"; }),
        ["WebSocket second send"] = (async peer => { await Upgrade(peer); peer.End(); }, async trial =>
        {
            using var socket = await OpenWebSocket(trial);
            await WriteTwice(trial, () => socket.SendAsync(Buffer.AsMemory(0, 1), WebSocketMessageType.Binary, true, default));
            return "";
        }),
    };

    [Fact]
    public async Task A_refused_connect_is_condition_1_through_every_client()
    {
        using var nobody = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        nobody.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var address = (IPEndPoint)nobody.LocalEndPoint!;
        using var tcp = new TcpClient();
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var webSocket = new ClientWebSocket();
        webSocket.Options.Proxy = null;

        foreach (var connect in (Func<Task>[])
            [() => tcp.ConnectAsync(address), () => http.GetStringAsync($"http://{address}/", Stop), () => webSocket.ConnectAsync(new Uri($"ws://{address}/"), Stop)])
        {
            var diagnosis = ResetDiagnosis.Of(await Record.ExceptionAsync(connect));

            Assert.Equal((WireEnding.Reset, ResetConditions.NobodyListening, EndedBy.OtherSideOrBetween), (diagnosis.Wire, diagnosis.Conditions, diagnosis.By));
            Assert.Contains("Condition: 1, nobody listens", diagnosis.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_blocking_send_that_reports_a_time_out_is_not_believed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the lie is one of .NET on Unix");
        Exception? thrown = null;
        await Lab.RunAsync("test-the-error-that-lies", async talk =>
        {
            var (client, server) = await talk.ConnectAsync();
            var sending = Task.Factory.StartNew(() => Record.Exception(() => { client.Socket.Send(new byte[64 << 20]); }), Stop, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            await server.UntilAvailableAsync(1 << 16);
            server.Abort();
            thrown = await sending;
        });

        Assert.Equal(SocketError.TimedOut, Assert.IsType<SocketException>(thrown).SocketErrorCode);
        var diagnosis = ResetDiagnosis.Of(thrown);
        Assert.Equal((WireEnding.ResetOrSilence, TwoOrThree), (diagnosis.Wire, diagnosis.Conditions));
        Assert.Equal(WireEnding.Silence, ResetDiagnosis.Of(new SocketException((int)SocketError.TimedOut)).Wire);
    }

    [Fact]
    public async Task A_socket_disposed_under_a_pending_read_is_this_sides_doing()
    {
        var outcome = await StackTrial.RunAsync(new("Socket", "dispose, receive pending", peer => Task.CompletedTask, async trial =>
        {
            await trial.ConnectAsync();
            var receiving = trial.Near.ReceiveAsync(Buffer);
            trial.Near.Dispose();
            return $"{await receiving}";
        }), Ending.Fin);

        var diagnosis = ResetDiagnosis.Of(outcome.Exception);
        Assert.Equal((WireEnding.None, EndedBy.ThisSide), (diagnosis.Wire, diagnosis.By));
        Assert.Contains("Done by: this side", diagnosis.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_socket_disposed_under_a_blocked_call_is_this_sides_doing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the error is that of .NET on Unix");
        Action<Socket>[] calls =
        [
            socket => socket.Receive(new byte[1]), socket => new NetworkStream(socket).ReadExactly(new byte[1]), socket => socket.Send(new byte[64 << 20]),
        ];
        foreach (var call in calls)
        {
            Exception? thrown = null;
            await Lab.RunAsync("test-dispose-under-a-blocked-call", async talk =>
            {
                var (_, server) = await talk.ConnectAsync();
                var socket = server.Socket;
                var handle = socket.Handle;
                var caller = new Thread(() => thrown = Record.Exception(() => call(socket))) { IsBackground = true };
                caller.Start();
                await talk.UntilAsync(() => IsInSystemCallOn(handle), () => "a thread to be in a system call on the socket");
                socket.Dispose();
                Assert.True(caller.Join(TimeSpan.FromSeconds(30)), "the blocked call did not end");
            });

            var socket = Assert.IsType<SocketException>(thrown as SocketException ?? thrown?.InnerException);
            Assert.Equal(SocketError.ConnectionAborted, socket.SocketErrorCode);
            var diagnosis = ResetDiagnosis.Of(thrown);
            Assert.Equal((WireEnding.None, ResetConditions.None, EndedBy.ThisSide, false), (diagnosis.Wire, diagnosis.Conditions, diagnosis.By, diagnosis.IsReset));
        }
    }

    [Fact]
    public async Task A_broken_pipe_is_not_blamed_on_the_other_side()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the errors are those of Linux");
        using var never = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var thrown = new List<Exception?> { Record.Exception(() => { never.Send(new byte[1]); }) };
        await Lab.RunAsync("test-own-shutdown", async talk =>
        {
            var (client, _) = await talk.ConnectAsync();
            var stream = new NetworkStream(client.Socket);
            client.Socket.Shutdown(SocketShutdown.Send);
            thrown.Add(Record.Exception(() => { client.Socket.Send(new byte[1]); }));
            thrown.Add(await Record.ExceptionAsync(() => stream.WriteAsync(new byte[1], Stop).AsTask()));
        });

        Assert.All(thrown, e =>
        {
            Assert.Contains("SocketException (Shutdown)", ResetDiagnosis.Of(e).Evidence, StringComparison.Ordinal);
            Assert.Equal((EndedBy.Unknown, false), (ResetDiagnosis.Of(e).By, ResetDiagnosis.Of(e).IsReset));
            Assert.Contains("does not prove", ResetDiagnosis.Of(e).Story, StringComparison.Ordinal);
            Assert.Contains("Condition, if it was a reset:", ResetDiagnosis.Of(e).ToString(), StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task A_pipe_to_a_child_that_has_ended_is_not_a_connection()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the child is a program of Linux");
        using var child = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("true") { RedirectStandardInput = true })!;
        await child.WaitForExitAsync(Stop);
        var first = Record.Exception(() =>
        {
            child.StandardInput.Write('x');
            child.StandardInput.Flush();
        });
        var second = Record.Exception(() => child.StandardInput.BaseStream.WriteByte(1));

        Assert.All([first, second], e =>
        {
            Assert.IsType<IOException>(e);
            Assert.Equal((WireEnding.None, ResetConditions.None, false), (ResetDiagnosis.Of(e).Wire, ResetDiagnosis.Of(e).Conditions, ResetDiagnosis.Of(e).IsReset));
            Assert.Contains("pipe", ResetDiagnosis.Of(e).Headline, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_TcpClient_that_closes_with_data_unread_sends_a_FIN_and_a_RST_of_which_a_read_does_not_tell(bool isHttp)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the ending is that of Linux");
        var outcome = await StackTrial.RunAsync(new("HttpClient", "unread", async peer =>
        {
            await peer.UntilUnreadAsync(8);
            using var server = new TcpClient { Client = peer.Socket };
            server.GetStream();
        }, async trial =>
        {
            using var client = Client(trial);
            if (isHttp)
            {
                using var content = new StringContent("an order");
                using var response = await client.PostAsync("/", content, Stop);
                return "";
            }

            await using var stream = await trial.ConnectAsync(Stop);
            await stream.WriteAsync("an order"u8.ToArray(), Stop);
            await stream.ReadExactlyAsync(new byte[1], Stop);
            return "";
        }), Ending.Fin);

        var diagnosis = ResetDiagnosis.Of(outcome.Exception);
        Assert.Equal((WireEnding.Fin, EndedBy.OtherSide, false), (diagnosis.Wire, diagnosis.By, diagnosis.IsReset));
        Assert.Contains("A RST may have followed the FIN", diagnosis.Story, StringComparison.Ordinal);
        Assert.All((string[])[diagnosis.Headline, diagnosis.Story], text => Assert.DoesNotContain("no reset", text, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task A_receive_that_ran_into_its_own_limit_is_not_told_from_a_silent_network()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the error is that of Linux");
        Exception? thrown = null;
        byte[] read = new byte[10];
        var count = 0;
        await Lab.RunAsync("test-receive-timeout", async talk =>
        {
            var (client, server) = await talk.ConnectAsync();
            client.Socket.ReceiveTimeout = 50;
            thrown = Record.Exception(() => { client.Socket.Receive(read); });
            server.Send("hello");
            await client.UntilAvailableAsync(5);
            count = client.Socket.Receive(read);
        });

        Assert.Equal((SocketError.TimedOut, 5), (Assert.IsType<SocketException>(thrown).SocketErrorCode, count));
        var diagnosis = ResetDiagnosis.Of(thrown);
        Assert.Equal((WireEnding.Silence, EndedBy.Unknown), (diagnosis.Wire, diagnosis.By));
        Assert.Contains("ReceiveTimeout", diagnosis.Story, StringComparison.Ordinal);
        Assert.Contains("still usable", diagnosis.Story, StringComparison.Ordinal);
    }

    [Fact]
    public void Windows_is_not_said_to_have_tried_again()
    {
        // The sources disagree on what Windows does with a refused SYN.
        Assert.Equal(
            ResetDiagnosis.Of(Of(SocketError.ConnectionRefused), ResetDiagnosis.Platform.Linux).Story,
            ResetDiagnosis.Of(Of(SocketError.ConnectionRefused), ResetDiagnosis.Platform.Windows).Story);
    }

    [Fact]
    public async Task An_ending_in_the_handshake_of_HTTP_2_is_told_whichever_way_it_shows()
    {
        var (peer, use) = Situations["HttpClient HTTP/2 handshake"];

        var outcome = await StackTrial.RunAsync(new("HttpClient", "HTTP/2 handshake", peer, use), Ending.Fin);

        // What the client sends after the peer has closed turns the FIN into a RST, or not: a race.
        Assert.True(ResetDiagnosis.Of(outcome.Exception).Wire is WireEnding.Fin or WireEnding.FinThenReset or WireEnding.Reset, outcome.Exception?.ToString());
    }

    [Fact]
    public void What_this_side_gave_up_is_not_blamed_on_the_other()
    {
        foreach (var inner in (Exception[])[new HttpIOException(HttpRequestError.ResponseEnded), new IOException("x", Of(SocketError.OperationAborted)), new IOException("x", Of(SocketError.ConnectionReset))])
        {
            Assert.Equal(WireEnding.None, ResetDiagnosis.Of(new TaskCanceledException("x", inner)).Wire);
            Assert.Equal(EndedBy.ThisSide, ResetDiagnosis.Of(new TaskCanceledException("x", new TimeoutException("x", new TaskCanceledException("x", inner)))).By);
        }
    }

    [Fact]
    public async Task A_time_limit_of_ones_own_is_not_a_reset()
    {
        var outcome = await StackTrial.RunAsync(new("HttpClient", "silent", peer => Task.CompletedTask, async trial =>
        {
            using var client = Client(trial);
            client.Timeout = TimeSpan.FromMilliseconds(50);
            return await client.GetStringAsync("/");
        }), Ending.Fin);

        var diagnosis = ResetDiagnosis.Of(outcome.Exception);
        Assert.Equal((WireEnding.None, EndedBy.ThisSide), (diagnosis.Wire, diagnosis.By));
        Assert.Contains("time limit", diagnosis.Headline, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancellation_of_ones_own_is_not_a_reset()
    {
        var outcome = await StackTrial.RunAsync(new("HttpClient", "silent", peer => Task.CompletedTask, async trial =>
        {
            using var client = Client(trial);
            using var cancel = new CancellationTokenSource(50);
            return await client.GetStringAsync("/", cancel.Token);
        }), Ending.Fin);

        Assert.Equal(WireEnding.None, ResetDiagnosis.Of(outcome.Exception).Wire);
        Assert.Contains("gave up", ResetDiagnosis.Of(outcome.Exception).Headline, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_that_is_refused_is_not_a_reset()
    {
        var outcome = await StackTrial.RunAsync(new("SslStream", "certificate", async peer =>
        {
            using var tls = new SslStream(new NetworkStream(peer.Socket));
            await Record.ExceptionAsync(() => tls.AuthenticateAsServerAsync(Certificate));
        }, async trial =>
        {
            using var tls = new SslStream(await trial.ConnectAsync());
            await tls.AuthenticateAsClientAsync("localhost");
            return "";
        }), Ending.Fin);

        Assert.IsType<AuthenticationException>(outcome.Exception);
        Assert.Equal(WireEnding.None, ResetDiagnosis.Of(outcome.Exception).Wire);
        Assert.Contains("TLS", ResetDiagnosis.Of(outcome.Exception).Headline, StringComparison.Ordinal);
    }

    [Fact]
    public void No_exception_and_unrelated_ones_are_answered()
    {
        foreach (var e in (Exception?[])[null, new FormatException("x"), new AggregateException(), new AggregateException(new FormatException()), new InvalidOperationException("x", new ArgumentException("y"))])
        {
            var diagnosis = ResetDiagnosis.Of(e);

            Assert.Equal((WireEnding.None, ResetConditions.None, EndedBy.Unknown, false), (diagnosis.Wire, diagnosis.Conditions, diagnosis.By, diagnosis.IsReset));
            Assert.DoesNotContain("Condition:", diagnosis.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Of_many_exceptions_the_one_that_tells_of_the_wire_speaks()
    {
        var many = new AggregateException(new FormatException(), new AggregateException(new OperationCanceledException(), new IOException("x", Of(SocketError.ConnectionReset))));

        var diagnosis = ResetDiagnosis.Of(many);

        Assert.Equal(WireEnding.Reset, diagnosis.Wire);
        Assert.Equal("IOException > SocketException (ConnectionReset)", diagnosis.Evidence);
        Assert.Equal(WireEnding.Reset, ResetDiagnosis.Of(new InvalidOperationException("x", many.InnerExceptions[1].InnerException is null ? many : new AggregateException(Of(SocketError.ConnectionReset)))).Wire);
    }

    [Fact]
    public void The_same_error_means_what_it_means_on_each_system()
    {
        (ResetDiagnosis.Platform, SocketError, WireEnding, EndedBy)[] table =
        [
            (ResetDiagnosis.Platform.Linux, SocketError.Shutdown, WireEnding.FinThenReset, EndedBy.Unknown),
            (ResetDiagnosis.Platform.Mac, SocketError.Shutdown, WireEnding.FinThenReset, EndedBy.Unknown),
            (ResetDiagnosis.Platform.Windows, SocketError.Shutdown, WireEnding.None, EndedBy.ThisSide),
            (ResetDiagnosis.Platform.Linux, SocketError.ConnectionAborted, WireEnding.None, EndedBy.ThisSide),
            (ResetDiagnosis.Platform.Windows, SocketError.ConnectionAborted, WireEnding.ResetOrSilence, EndedBy.Unknown),
            (ResetDiagnosis.Platform.Mac, SocketError.TimedOut, WireEnding.Silence, EndedBy.Unknown),
            (ResetDiagnosis.Platform.Windows, SocketError.NetworkReset, WireEnding.Silence, EndedBy.Unknown),
            (ResetDiagnosis.Platform.Linux, SocketError.HostUnreachable, WireEnding.Silence, EndedBy.Unknown),
            (ResetDiagnosis.Platform.Linux, SocketError.HostNotFound, WireEnding.None, EndedBy.Unknown),
        ];

        Assert.All(table, row =>
        {
            var diagnosis = ResetDiagnosis.Of(Of(row.Item2), row.Item1);
            Assert.Equal((row.Item3, row.Item4), (diagnosis.Wire, diagnosis.By));
        });
    }

    [Fact]
    public void A_bare_number_of_the_system_is_understood()
    {
        (ResetDiagnosis.Platform, int, WireEnding)[] table =
        [
            (ResetDiagnosis.Platform.Linux, 104, WireEnding.Reset), (ResetDiagnosis.Platform.Mac, 54, WireEnding.Reset), (ResetDiagnosis.Platform.Windows, 10054, WireEnding.Reset),
            (ResetDiagnosis.Platform.Linux, 32, WireEnding.FinThenReset), (ResetDiagnosis.Platform.Mac, 32, WireEnding.FinThenReset),
            (ResetDiagnosis.Platform.Linux, 111, WireEnding.Reset), (ResetDiagnosis.Platform.Mac, 61, WireEnding.Reset), (ResetDiagnosis.Platform.Windows, 10061, WireEnding.Reset),
            (ResetDiagnosis.Platform.Linux, 110, WireEnding.Silence), (ResetDiagnosis.Platform.Mac, 60, WireEnding.Silence), (ResetDiagnosis.Platform.Windows, 10060, WireEnding.Silence),
            (ResetDiagnosis.Platform.Windows, 10053, WireEnding.ResetOrSilence), (ResetDiagnosis.Platform.Windows, 5, WireEnding.None), (ResetDiagnosis.Platform.Linux, 2, WireEnding.None),
        ];

        Assert.All(table, row => Assert.Equal(row.Item3, ResetDiagnosis.Of(new Win32Exception(row.Item2), row.Item1).Wire));
    }

    [Fact]
    public void The_number_of_a_WebSocketException_is_not_trusted()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the number is Linux's");
        System.Runtime.InteropServices.Marshal.SetLastPInvokeError(104);

        Assert.Equal(WireEnding.Fin, ResetDiagnosis.Of(new WebSocketException(WebSocketError.ConnectionClosedPrematurely)).Wire);
        Assert.Equal(WireEnding.None, ResetDiagnosis.Of(new WebSocketException(WebSocketError.NotAWebSocket)).Wire);
    }

    [Fact]
    public void A_stream_reset_of_HTTP_2_is_not_a_TCP_reset()
    {
        var e = new HttpRequestException("x", new HttpProtocolException(8, "The HTTP/2 server reset the stream.", null));

        Assert.Equal(WireEnding.None, ResetDiagnosis.Of(e).Wire);
        Assert.Contains("not a TCP reset", ResetDiagnosis.Of(e).Headline, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_is_not_found_is_told_from_a_connection_that_fails()
    {
        var e = new HttpRequestException(HttpRequestError.NameResolutionError, "x", Of(SocketError.HostNotFound));

        Assert.Equal(WireEnding.None, ResetDiagnosis.Of(e).Wire);
        Assert.Contains("name", ResetDiagnosis.Of(e).Headline, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_error_on_every_system_has_an_answer_that_agrees_with_itself()
    {
        var exceptions = Enum.GetValues<SocketError>().Select(e => (Exception)Of(e))
            .Concat(Enum.GetValues<HttpRequestError>().SelectMany(e => (Exception[])[new HttpRequestException(e, "x"), new HttpIOException(e, "x"), new HttpRequestException(e, "x", new IOException("y", Of(SocketError.ConnectionReset)))]))
            .Concat(Enum.GetValues<WebSocketError>().Select(e => new WebSocketException(e)));
        foreach (var (e, platform) in exceptions.SelectMany(e => Enum.GetValues<ResetDiagnosis.Platform>().Select(p => (e, p))))
        {
            var diagnosis = ResetDiagnosis.Of(e, platform);
            var text = diagnosis.ToString();

            Assert.Equal(diagnosis.Wire is WireEnding.Reset or WireEnding.FinThenReset or WireEnding.ResetOrSilence, diagnosis.Conditions != ResetConditions.None);
            Assert.All((string[])[diagnosis.Headline, diagnosis.Story, diagnosis.Evidence, .. diagnosis.Confirm, .. diagnosis.Remedies], part => Assert.False(string.IsNullOrWhiteSpace(part)));
            Assert.All(text.Split('\n'), line => Assert.Equal(line.Trim(), line));
            if (diagnosis.Wire != WireEnding.None)
            {
                Assert.NotEmpty(diagnosis.Confirm);
                Assert.NotEmpty(diagnosis.Remedies);
            }
        }
    }

    [Fact]
    public void A_chain_without_end_is_no_trap()
    {
        Exception e = Of(SocketError.ConnectionReset);
        for (var i = 0; i < 500; i++)
        {
            e = new IOException("x", e);
        }

        Assert.Equal(WireEnding.None, ResetDiagnosis.Of(e).Wire);
    }

    private static SocketException Of(SocketError error) => new((int)error);

    /// <summary>Whether a thread of this process is in a system call whose first argument is this descriptor (proc_pid_syscall(5)).</summary>
    private static bool IsInSystemCallOn(nint descriptor) => Directory.EnumerateDirectories("/proc/self/task").Any(task =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(task, "syscall")).Split(' ') is [_, var first, ..] && first == $"0x{descriptor:x}";
        }
        catch (IOException)
        {
            return false; // the thread has ended
        }
    });

    private static Task End(BarePeer peer)
    {
        peer.End();
        return Task.CompletedTask;
    }

    private static async Task EndAfterSome(BarePeer peer)
    {
        await peer.ReceiveAsync(24);
        peer.End();
    }

    private static async Task Answer(BarePeer peer, string response)
    {
        await peer.ReceiveUntilAsync();
        await peer.SendAsync(response);
        peer.End();
    }

    private static async Task WriteTwice(StackTrial trial, Func<ValueTask> write)
    {
        await trial.UntilEndedAsync();
        await write();
        await trial.UntilAsync(TcpState.Closed);
        await write();
    }

    private static async Task<SslStream> Authenticated(StackTrial trial)
    {
        var tls = new SslStream(await trial.ConnectAsync(), false, (_, certificate, _, _) => Certificate.Equals(certificate));
        await tls.AuthenticateAsClientAsync("localhost");
        return tls;
    }

    private static HttpClient Client(StackTrial trial) => new(new SocketsHttpHandler { UseProxy = false, ConnectCallback = (_, stop) => trial.ConnectAsync(stop) }) { BaseAddress = trial.Url };

    private static async Task<string> Get(StackTrial trial)
    {
        using var client = Client(trial);
        return await client.GetStringAsync("/");
    }

    private static async Task Upgrade(BarePeer peer)
    {
        var request = await peer.ReceiveUntilAsync();
        var key = request.Split("\r\n").Single(line => line.StartsWith("Sec-WebSocket-Key:", StringComparison.OrdinalIgnoreCase))[18..].Trim();
#pragma warning disable CA5350 // The protocol asks for SHA-1 (RFC 6455, section 4.2.2).
        var accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
        await peer.SendAsync($"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n");
    }

    private static async Task<ClientWebSocket> OpenWebSocket(StackTrial trial)
    {
        var socket = new ClientWebSocket();
        using var handler = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false, ConnectCallback = (_, stop) => trial.ConnectAsync(stop) });
        await socket.ConnectAsync(new Uri($"ws://{trial.Address}/"), handler, default);
        return socket;
    }

    private static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }
}
