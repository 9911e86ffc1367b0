using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using RstLab.Course.Jupyter;

namespace RstLab.Course.Tests;

/// <summary>Our side of ZeroMQ's protocol: with libzmq, with hostile bytes, and with clients that die or sleep.</summary>
public sealed class JupyterZmtpTests(JupyterClients clients) : IClassFixture<JupyterClients>, IAsyncDisposable
{
    private static readonly IPEndPoint Loopback = new(IPAddress.Loopback, 0);
    private static readonly byte[] Greeting = [0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0x7F, 3, 0, .. "NULL"u8, .. new byte[48]];
    private static readonly byte[] Ready = Frame(4, [5, .. "READY"u8, 11, .. "Socket-Type"u8, 0, 0, 0, 6, .. "DEALER"u8]);

    private readonly ZmtpSocket publisher = new(ZmtpSocketType.Publisher, ZmtpSocket.Listen(Loopback));
    private readonly ZmtpSocket reply = new(ZmtpSocketType.Reply, ZmtpSocket.Listen(Loopback));
    private ZmtpSocket? router;

    private ZmtpSocket Router => router ??= new ZmtpSocket(ZmtpSocketType.Router, ZmtpSocket.Listen(Loopback), (from, frames, _) =>
    {
        if (frames.Count > 1 && frames[0].AsSpan().SequenceEqual("publish"u8))
        {
            publisher.Publish([.. frames.Skip(1)]);
        }

        from.Send(ZmtpConnection.Encode(frames));
        return ValueTask.CompletedTask;
    });

    public async ValueTask DisposeAsync()
    {
        await publisher.DisposeAsync();
        await reply.DisposeAsync();
        await (router?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    [Fact]
    public Task Libzmq_talks_with_it() => clients.CheckAsync("sockets.py", [$"tcp://{Router.Address}", $"tcp://{reply.Address}", $"tcp://{publisher.Address}"]);

    public static TheoryData<string, byte[]> Hostile => new()
    {
        { "a web browser", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray() },
        { "nothing but zeros", new byte[200] },
        { "ZMTP 2", [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 1, 5, 0, 0] },
        { "another mechanism", [0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0x7F, 3, 0, .. "PLAIN"u8, .. new byte[47]] },
        { "a message before READY", [.. Greeting, .. Frame(0, [1])] },
        { "READY without a type", [.. Greeting, .. Frame(4, [5, .. "READY"u8])] },
        { "a property longer than its command", [.. Greeting, .. Frame(4, [5, .. "READY"u8, 11, .. "Socket-Type"u8, 0x7F, 0xFF, 0xFF, 0xFF, .. "DEALER"u8])] },
        { "a property of negative length", [.. Greeting, .. Frame(4, [5, .. "READY"u8, 11, .. "Socket-Type"u8, 0xFF, 0xFF, 0xFF, 0xFF, .. "DEALER"u8])] },
        { "a property's name longer than its command", [.. Greeting, .. Frame(4, [5, .. "READY"u8, 255, 1])] },
        { "an empty command", [.. Greeting, .. Frame(4, [])] },
        { "reserved flags", [.. Greeting, .. Ready, 0xF8, 1, 1] },
        { "a command with more to come", [.. Greeting, .. Ready, 5, 1, 1] },
        { "a frame longer than memory", [.. Greeting, .. Ready, 2, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF] },
        { "a frame of negative length", [.. Greeting, .. Ready, 2, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF] },
        { "a long command", [.. Greeting, .. Ready, 6, 0, 0, 0, 0, 0, 16, 0, 0] },
        { "frames without end", [.. Greeting, .. Ready, .. Enumerable.Repeat<byte[]>([1, 0], 300).SelectMany(frame => frame)] },
        { "a message larger than is granted, in parts", [.. Greeting, .. Ready, 3, 0, 0, 0, 0, 0, 0, 0, 1, 7, 3, 0, 0, 0, 0, 4, 0, 0, 0] },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task Hostile_bytes_end_their_own_connection_only(string what, byte[] bytes)
    {
        using var good = await ConnectAsync(Router, [.. Greeting, .. Ready]);
        using var bad = await ConnectAsync(Router, bytes);
        Assert.True(await EndsAsync(bad), what);
        await EchoesAsync(good);
    }

    [Fact]
    public async Task A_length_that_is_only_announced_costs_no_memory()
    {
        using var good = await ConnectAsync(Router, [.. Greeting, .. Ready]);
        await EchoesAsync(good);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var bad = new List<Socket>();
        for (var i = 0; i < 50; i++)
        {
            bad.Add(await ConnectAsync(Router, [.. Greeting, .. Ready, 2, 0, 0, 0, 0, 3, 0, 0, 0, 1, 2, 3])); // 48 MiB each
        }

        await EchoesAsync(good);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 64 << 20);
        bad.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public async Task Random_bytes_end_their_own_connection_only()
    {
        using var good = await ConnectAsync(Router, [.. Greeting, .. Ready]);
        var random = new Random(7);
        for (var i = 0; i < 300; i++)
        {
            var noise = new byte[random.Next(1, 400)];
            random.NextBytes(noise);
            using var bad = await ConnectAsync(Router, (i % 3) switch { 0 => noise, 1 => [.. Greeting, .. noise], _ => [.. Greeting, .. Ready, .. noise] });
        }

        await EchoesAsync(good);
    }

    [Fact]
    public async Task A_client_that_greets_and_sleeps_is_let_go_and_one_too_many_is_refused()
    {
        var sleepers = new List<Socket>();
        for (var i = 0; i < ZmtpSocket.MaxPeers; i++)
        {
            sleepers.Add(await ConnectAsync(Router, [0xFF]));
        }

        using (var late = await ConnectAsync(Router, Greeting))
        {
            Assert.True(await EndsAsync(late, expectGreeting: false));
        }

        Assert.True(await EndsAsync(sleepers[0]), "it still holds a place");
        await WaitAsync(() => Router.PeerCount == 0, "all places are free again");
        using var good = await ConnectAsync(Router, [.. Greeting, .. Ready]);
        await EchoesAsync(good);
        sleepers.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public async Task A_subscriber_that_does_not_read_misses_messages_and_delays_nobody()
    {
        var subscriber = Frame(4, [5, .. "READY"u8, 11, .. "Socket-Type"u8, 0, 0, 0, 3, .. "SUB"u8]);
        using var lazy = await ConnectAsync(publisher, [.. Greeting, .. subscriber, .. Frame(0, [1])]);
        using var awake = await ConnectAsync(publisher, [.. Greeting, .. subscriber, .. Frame(0, [1])]);
        await WaitAsync(() => publisher.PeerCount == 2, "both are connected");
        using var stream = new NetworkStream(awake);
        await SkipHandshakeAsync(stream);

        // Nothing reports that a subscription is in force, but a message that comes.
        var sent = 0;
        await WaitAsync(() =>
        {
            publisher.Publish([BitConverter.GetBytes(sent++)]);
            return stream.DataAvailable;
        }, "the subscription is in force");
        var number = new byte[2 + sizeof(int)];
        do
        {
            await stream.ReadExactlyAsync(number, TestContext.Current.CancellationToken);
        }
        while (BitConverter.ToInt32(number, 2) != sent - 1);

        var megabyte = new byte[1 << 20];
        var frame = new byte[9 + megabyte.Length];
        for (var i = 0; i < 200; i++)
        {
            publisher.Publish([megabyte]);
            await stream.ReadExactlyAsync(frame, TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        }

        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true), 0, 180 << 20);
    }

    [Fact]
    public async Task Clients_that_die_are_forgotten()
    {
        for (var i = 0; i < 50; i++)
        {
            var client = await ConnectAsync(Router, [.. Greeting, .. Ready, .. Frame(0, [1])]);
            client.LingerState = new LingerOption(true, 0); // a reset, of all things
            client.Dispose();
        }

        await WaitAsync(() => Router.PeerCount == 0, "nobody is left");
    }

    [Fact]
    public async Task What_was_sent_last_arrives_although_the_socket_closes()
    {
        using var client = await ConnectAsync(Router, [.. Greeting, .. Ready]);
        using var stream = new NetworkStream(client);
        await SkipHandshakeAsync(stream);
        var big = new byte[3 << 20];
        await stream.WriteAsync(ZmtpConnection.Encode([big]), TestContext.Current.CancellationToken);
        await WaitAsync(() => client.Available > 0, "the echo begins");
        var closing = Router.DisposeAsync();
        var received = 0;
        for (var buffer = new byte[1 << 16]; await stream.ReadAsync(buffer, TestContext.Current.CancellationToken) is > 0 and var read;)
        {
            received += read;
        }

        await closing;
        Assert.Equal(9 + big.Length, received);
    }

    private static byte[] Frame(byte flags, byte[] body) => [flags, (byte)body.Length, .. body];

    private static async Task<Socket> ConnectAsync(ZmtpSocket to, byte[] say)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(to.Address, TestContext.Current.CancellationToken);
        try
        {
            await socket.SendAsync(say, TestContext.Current.CancellationToken);
        }
        catch (SocketException)
        {
            // It was refused before it had said all.
        }

        return socket;
    }

    /// <summary>Whether the other side ends the connection in time; within the handshake's own limit for those who say nothing more.</summary>
    private static async Task<bool> EndsAsync(Socket socket, bool expectGreeting = true)
    {
        var received = 0;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        try
        {
            for (var buffer = new byte[4096]; await socket.ReceiveAsync(buffer, patience.Token) is > 0 and var read;)
            {
                received += read;
            }
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // Just as good: unread bytes make it a reset.
        }
        catch (OperationCanceledException)
        {
            return false;
        }

        return !expectGreeting || received <= 64 + 200;
    }

    private static async Task SkipHandshakeAsync(NetworkStream stream)
    {
        var head = new byte[66];
        await stream.ReadExactlyAsync(head, TestContext.Current.CancellationToken);
        await stream.ReadExactlyAsync(new byte[head[65]], TestContext.Current.CancellationToken);
    }

    private static async Task EchoesAsync(Socket good)
    {
        var question = Frame(0, Encoding.ASCII.GetBytes(Random.Shared.Next().ToString(CultureInfo.InvariantCulture)));
        await good.SendAsync(question, TestContext.Current.CancellationToken);
        var answer = new List<byte>();
        var buffer = new byte[256];
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        while (!answer.TakeLast(question.Length).SequenceEqual(question))
        {
            var read = await good.ReceiveAsync(buffer, patience.Token);
            Assert.NotEqual(0, read);
            answer.AddRange(buffer.AsSpan(0, read));
        }
    }

    private static async Task WaitAsync(Func<bool> condition, string what)
    {
        for (var until = Environment.TickCount64 + 15_000; !condition();)
        {
            Assert.True(Environment.TickCount64 < until, $"waited in vain: {what}");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }
}
