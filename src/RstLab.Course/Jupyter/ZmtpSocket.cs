using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace RstLab.Course.Jupyter;

/// <summary>Takes a message that arrived. It may wait, and then this client's next message waits too.</summary>
internal delegate ValueTask MessageReceived(ZmtpPeer from, IReadOnlyList<byte[]> frames, CancellationToken cancellation);

/// <summary>A bound ZeroMQ socket: accepts clients on one address, and keeps what one client does from hurting the others.</summary>
internal sealed class ZmtpSocket : IAsyncDisposable
{
    /// <summary>A front-end opens one connection to each socket; more clients than this are no front-ends.</summary>
    internal const int MaxPeers = 128;

    private static readonly TimeSpan HandshakeLimit = TimeSpan.FromSeconds(5);

    private readonly ZmtpSocketType type;
    private readonly Socket listener;
    private readonly MessageReceived received;
    private readonly ConcurrentDictionary<ZmtpPeer, Task> peers = new();
    private readonly CancellationTokenSource ending = new();
    private readonly Task accepting;

    /// <summary>Accepts from now on.</summary>
    /// <param name="type">What the socket is for.</param>
    /// <param name="listener">Where; owned from now on.</param>
    /// <param name="received">Takes the messages; for a <see cref="ZmtpSocketType.Reply"/> they are echoed instead.</param>
    internal ZmtpSocket(ZmtpSocketType type, Socket listener, MessageReceived? received = null)
    {
        this.type = type;
        this.listener = listener;
        this.received = received ?? ((from, frames, _) =>
        {
            from.Send(ZmtpConnection.Encode(frames));
            return ValueTask.CompletedTask;
        });
        Address = listener.LocalEndPoint!;
        accepting = Task.Run(AcceptAsync);
    }

    /// <summary>Listens on an address, and on nothing else.</summary>
    /// <exception cref="SocketException">It cannot be bound.</exception>
    internal static Socket Listen(EndPoint address)
    {
        var listener = new Socket(address.AddressFamily, SocketType.Stream, address is UnixDomainSocketEndPoint ? ProtocolType.Unspecified : ProtocolType.Tcp);
        try
        {
            listener.Bind(address);
            listener.Listen();
            return listener;
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>Where it is bound, with the port that the system chose.</summary>
    internal EndPoint Address { get; }

    /// <summary>How many clients are connected.</summary>
    internal int PeerCount => peers.Count;

    /// <summary>Sends to all subscribers of a prefix of the first frame. One whose queue is full misses the message.</summary>
    internal void Publish(IReadOnlyList<byte[]> frames)
    {
        byte[]? encoded = null;
        foreach (var (peer, _) in peers)
        {
            if (peer.Wants(frames[0]))
            {
                peer.Send(encoded ??= ZmtpConnection.Encode(frames));
            }
        }
    }

    /// <summary>Waits until what was sent is on its way, but no longer than told.</summary>
    internal async Task FlushAsync(TimeSpan limit)
    {
        for (var until = Environment.TickCount64 + (long)limit.TotalMilliseconds; peers.Keys.Any(peer => peer.Queued > 0) && Environment.TickCount64 < until;)
        {
            await Task.Delay(2).ConfigureAwait(false);
        }
    }

    /// <summary>Closes in order: first what is queued, then our direction, then, when the clients have seen it or had their moment, all.</summary>
    public async ValueTask DisposeAsync()
    {
        if (ending.IsCancellationRequested)
        {
            return;
        }

        listener.Dispose();
        await FlushAsync(TimeSpan.FromSeconds(1)).ConfigureAwait(false);

        // A close with unread data would abort the connection and may take our last words with it.
        foreach (var (peer, _) in peers)
        {
            peer.EndSending();
        }

        await Task.WhenAny(Task.WhenAll(peers.Values), Task.Delay(250)).ConfigureAwait(false);
        await ending.CancelAsync().ConfigureAwait(false);
        await Task.WhenAny(Task.WhenAll([accepting, .. peers.Values]), Task.Delay(1000)).ConfigureAwait(false);
    }

    private async Task AcceptAsync()
    {
        while (!ending.IsCancellationRequested)
        {
            Socket client;
            try
            {
                client = await listener.AcceptAsync(ending.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted })
            {
                return;
            }
            catch (SocketException)
            {
                // Such as no file descriptor left: the ones that are connected go on.
                await Task.Delay(100).ConfigureAwait(false);
                continue;
            }

            if (peers.Count >= MaxPeers)
            {
                client.Dispose();
                continue;
            }

            if (client.ProtocolType == ProtocolType.Tcp)
            {
                client.NoDelay = true;
            }

            var peer = new ZmtpPeer(client, type);
            var started = new TaskCompletionSource();
            peers[peer] = ServeAsync(peer, started.Task);
            started.SetResult();
        }
    }

    private async Task ServeAsync(ZmtpPeer peer, Task started)
    {
        await started.ConfigureAwait(false);
        try
        {
            using (var limit = CancellationTokenSource.CreateLinkedTokenSource(ending.Token))
            {
                limit.CancelAfter(HandshakeLimit);
                await peer.Connection.HandshakeAsync(limit.Token).ConfigureAwait(false);
            }

            using var gone = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
            var writing = peer.WriteAsync(gone.Token);
            try
            {
                while (true)
                {
                    var frames = await peer.ReadAsync(gone.Token).ConfigureAwait(false);
                    if (type == ZmtpSocketType.Publisher)
                    {
                        peer.TakeSubscription(frames); // how ZMTP 3.0 subscribes: in a message
                    }
                    else
                    {
                        await received(peer, frames, gone.Token).ConfigureAwait(false);
                    }
                }
            }
            finally
            {
                await gone.CancelAsync().ConfigureAwait(false);
                await writing.ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The client is gone or was no client. Nobody else is concerned.
        }
        finally
        {
            peers.TryRemove(peer, out _);
            peer.Dispose();
        }
    }
}

/// <summary>One connected client of a <see cref="ZmtpSocket"/>.</summary>
internal sealed class ZmtpPeer(Socket socket, ZmtpSocketType type) : IDisposable
{
    /// <summary>What may wait for a client that reads slowly. A front-end that falls behind by more misses messages.</summary>
    internal const int MaxQueuedBytes = 64 << 20;

    private const int MaxSubscriptions = 256;

    private readonly Channel<byte[]> outgoing = Channel.CreateUnbounded<byte[]>(new() { SingleReader = true }); // bounded by bytes
    private readonly List<byte[]> subscriptions = [];
    private long queued;

    internal ZmtpConnection Connection { get; } = new(new NetworkStream(socket, ownsSocket: true), type);

    /// <summary>Bytes that wait to be written.</summary>
    internal long Queued => Interlocked.Read(ref queued);

    public void Dispose()
    {
        outgoing.Writer.TryComplete();
        Interlocked.Exchange(ref queued, 0);
        Connection.Dispose();
    }

    /// <summary>Queues an encoded message. Never waits.</summary>
    /// <returns>False when it was dropped, as too much is waiting or the client is gone.</returns>
    internal bool Send(byte[] encoded)
    {
        if (Interlocked.Add(ref queued, encoded.Length) <= MaxQueuedBytes && outgoing.Writer.TryWrite(encoded))
        {
            return true;
        }

        Interlocked.Add(ref queued, -encoded.Length);
        return false;
    }

    internal Task<IReadOnlyList<byte[]>> ReadAsync(CancellationToken cancellation) =>
        Connection.ReadMessageAsync(Subscribe, encoded => Send(encoded), cancellation);

    /// <summary>Writes what is queued until cancelled, or until the client is gone; then the reader notices too.</summary>
    internal async Task WriteAsync(CancellationToken cancellation)
    {
        try
        {
            await foreach (var encoded in outgoing.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
            {
                await Connection.WriteAsync(encoded, cancellation).ConfigureAwait(false);
                Interlocked.Add(ref queued, -encoded.Length);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            Dispose();
        }
    }

    internal void EndSending()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is gone already.
        }
    }

    internal bool Wants(byte[] topic)
    {
        lock (subscriptions)
        {
            return subscriptions.Exists(prefix => topic.AsSpan().StartsWith(prefix));
        }
    }

    internal void TakeSubscription(IReadOnlyList<byte[]> frames)
    {
        if (frames is [[0 or 1, ..] one])
        {
            Subscribe(one[0] == 1, one[1..]);
        }
    }

    private void Subscribe(bool wanted, byte[] prefix)
    {
        lock (subscriptions)
        {
            if (!wanted)
            {
                if (subscriptions.FindIndex(known => known.AsSpan().SequenceEqual(prefix)) is >= 0 and var found)
                {
                    subscriptions.RemoveAt(found);
                }
            }
            else if (subscriptions.Count < MaxSubscriptions)
            {
                subscriptions.Add(prefix);
            }
        }
    }
}
