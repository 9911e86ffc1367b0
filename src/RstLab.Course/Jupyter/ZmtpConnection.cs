using System.Buffers.Binary;
using System.Text;

namespace RstLab.Course.Jupyter;

/// <summary>What a socket of ours is for. Each accepts only the counterparts that ZeroMQ would let it talk to.</summary>
internal enum ZmtpSocketType
{
    /// <summary>Many clients ask, each gets its own answers.</summary>
    Router,

    /// <summary>Answers each message before it takes the next of that client; here it only echoes.</summary>
    Reply,

    /// <summary>Tells everybody who subscribed, and never waits for a slow one.</summary>
    Publisher,
}

/// <summary>A peer that does not speak the protocol, or asks for more than is granted.</summary>
internal sealed class ZmtpException(string message) : IOException(message);

/// <summary>
/// The server side of one ZeroMQ connection: ZMTP 3.1 (rfc.zeromq.org/spec/37) with the NULL mechanism, on any stream.
/// </summary>
/// <remarks>
/// Why not a library: NetMQ is not on every package registry and speaks only ZMTP 3.0 in an unmaintained release; libzmq would have
/// to be installed, found and called by P/Invoke on each system. A kernel needs three socket types on the accepting side, over
/// loopback, and that is this file and <see cref="ZmtpSocket"/>. Authentication is not the transport's: each Jupyter message is signed.
/// </remarks>
internal sealed class ZmtpConnection(Stream stream, ZmtpSocketType type) : IDisposable
{
    /// <summary>No message of a front-end is nearly as long; a length beyond it is a mistake or an attack.</summary>
    internal const int MaxMessageLength = 64 << 20;

    internal const int MaxFrames = 256;

    private const int MaxCommandLength = 4096;
    private const int GreetingLength = 64;
    private const byte More = 1, Long = 2, Command = 4;

    // Reads are many and small, so they are buffered; writes are whole messages.
    private readonly BufferedStream reader = new(stream, 16 * 1024);

    public void Dispose() => stream.Dispose();

    /// <summary>Exchanges greeting and READY.</summary>
    /// <exception cref="ZmtpException">The peer does not speak ZMTP 3, wants another mechanism, or is no counterpart of this socket.</exception>
    internal async Task HandshakeAsync(CancellationToken cancellation)
    {
        var greeting = new byte[GreetingLength];
        (greeting[0], greeting[9], greeting[10], greeting[11]) = (0xFF, 0x7F, 3, 1);
        "NULL"u8.CopyTo(greeting.AsSpan(12));
        await stream.WriteAsync(greeting, cancellation).ConfigureAwait(false);

        // By halves, so that one who speaks something else is told from the first bytes on.
        var theirs = new byte[GreetingLength];
        await reader.ReadExactlyAsync(theirs.AsMemory(0, 11), cancellation).ConfigureAwait(false);
        if (theirs[0] != 0xFF || (theirs[9] & 1) == 0 || theirs[10] < 3)
        {
            throw new ZmtpException("the peer does not greet as ZMTP 3 does");
        }

        await reader.ReadExactlyAsync(theirs.AsMemory(11), cancellation).ConfigureAwait(false);
        if (!theirs.AsSpan(12, 20).SequenceEqual(greeting.AsSpan(12, 20)))
        {
            throw new ZmtpException("the peer wants a security mechanism other than NULL");
        }

        var own = Name(type);
        await WriteCommandAsync("READY", Property("Socket-Type", own), cancellation).ConfigureAwait(false);
        var (flags, body) = await ReadFrameAsync(MaxCommandLength, cancellation).ConfigureAwait(false);
        if ((flags & Command) == 0 || !TryCommand(body, "READY", out var properties))
        {
            throw new ZmtpException("the peer does not say READY");
        }

        var counterpart = SocketTypeIn(properties);
        if (!Accepts(counterpart))
        {
            var why = Encoding.ASCII.GetBytes($"{own} does not talk to this socket type");
            await WriteCommandAsync("ERROR", [(byte)why.Length, .. why], cancellation).ConfigureAwait(false);
            throw new ZmtpException($"{own} does not talk to {counterpart}");
        }
    }

    /// <summary>Reads the next message. Commands in between are answered, or given to <paramref name="subscribe"/>.</summary>
    /// <param name="subscribe">Called with true and a prefix for a subscription, with false when it is given up.</param>
    /// <param name="pong">Sends an encoded answer in order with what else is being sent.</param>
    /// <param name="cancellation">Gives up.</param>
    internal async Task<IReadOnlyList<byte[]>> ReadMessageAsync(Action<bool, byte[]> subscribe, Action<byte[]> pong, CancellationToken cancellation)
    {
        var frames = new List<byte[]>();
        var left = MaxMessageLength;
        while (true)
        {
            var (flags, body) = await ReadFrameAsync(left, cancellation).ConfigureAwait(false);
            if ((flags & Command) != 0)
            {
                if (TryCommand(body, "SUBSCRIBE", out var prefix))
                {
                    subscribe(true, prefix);
                }
                else if (TryCommand(body, "CANCEL", out prefix))
                {
                    subscribe(false, prefix);
                }
                else if (TryCommand(body, "PING", out var ping) && ping.Length >= 2)
                {
                    pong(EncodeCommand("PONG", ping.AsSpan(2, Math.Min(ping.Length - 2, 16))));
                }

                continue; // others are for peers that know them
            }

            left -= body.Length;
            frames.Add(body);
            if ((flags & More) == 0)
            {
                return frames;
            }

            if (frames.Count == MaxFrames)
            {
                throw new ZmtpException($"a message of more than {MaxFrames} frames");
            }
        }
    }

    internal ValueTask WriteAsync(ReadOnlyMemory<byte> encoded, CancellationToken cancellation) => stream.WriteAsync(encoded, cancellation);

    /// <summary>A message as it goes over the wire, so that it is encoded once for all subscribers.</summary>
    internal static byte[] Encode(IReadOnlyList<byte[]> frames)
    {
        var encoded = new byte[frames.Sum(frame => frame.Length + (frame.Length > 255 ? 9 : 2))];
        var at = encoded.AsSpan();
        for (var i = 0; i < frames.Count; i++)
        {
            var frame = frames[i];
            var isLong = frame.Length > 255;
            at[0] = (byte)((i < frames.Count - 1 ? More : 0) | (isLong ? Long : 0));
            if (isLong)
            {
                BinaryPrimitives.WriteInt64BigEndian(at[1..], frame.Length);
            }
            else
            {
                at[1] = (byte)frame.Length;
            }

            at = at[(isLong ? 9 : 2)..];
            frame.CopyTo(at);
            at = at[frame.Length..];
        }

        return encoded;
    }

    private async Task<(byte Flags, byte[] Body)> ReadFrameAsync(int limit, CancellationToken cancellation)
    {
        var head = new byte[8];
        await reader.ReadExactlyAsync(head.AsMemory(0, 1), cancellation).ConfigureAwait(false);
        var flags = head[0];
        if ((flags & ~(More | Long | Command)) != 0 || (flags & (More | Command)) == (More | Command))
        {
            throw new ZmtpException($"flags 0x{flags:X2} that no frame has");
        }

        long length;
        if ((flags & Long) != 0)
        {
            await reader.ReadExactlyAsync(head, cancellation).ConfigureAwait(false);
            length = BinaryPrimitives.ReadInt64BigEndian(head);
        }
        else
        {
            await reader.ReadExactlyAsync(head.AsMemory(0, 1), cancellation).ConfigureAwait(false);
            length = head[0];
        }

        if (length < 0 || length > ((flags & Command) != 0 ? MaxCommandLength : limit))
        {
            throw new ZmtpException("a frame longer than is granted");
        }

        // Memory follows what has arrived, not what was announced.
        var body = new byte[Math.Min(length, 64 * 1024)];
        for (var filled = 0; filled < length;)
        {
            if (filled == body.Length)
            {
                Array.Resize(ref body, (int)Math.Min(length, body.Length * 2L));
            }

            var read = await reader.ReadAsync(body.AsMemory(filled), cancellation).ConfigureAwait(false);
            filled += read > 0 ? read : throw new EndOfStreamException();
        }

        return (flags, body);
    }

    private ValueTask WriteCommandAsync(string name, ReadOnlySpan<byte> body, CancellationToken cancellation) =>
        stream.WriteAsync(EncodeCommand(name, body), cancellation);

    private static byte[] EncodeCommand(string name, ReadOnlySpan<byte> body) =>
        [Command, (byte)(1 + name.Length + body.Length), (byte)name.Length, .. Encoding.ASCII.GetBytes(name), .. body];

    private static bool TryCommand(byte[] body, string name, out byte[] rest)
    {
        var found = body.Length > name.Length && body[0] == name.Length && body.AsSpan(1, name.Length).SequenceEqual(Encoding.ASCII.GetBytes(name));
        rest = found ? body[(1 + name.Length)..] : [];
        return found;
    }

    private static byte[] Property(string name, string value)
    {
        var length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, value.Length);
        return [(byte)name.Length, .. Encoding.ASCII.GetBytes(name), .. length, .. Encoding.ASCII.GetBytes(value)];
    }

    private static string SocketTypeIn(ReadOnlySpan<byte> properties)
    {
        while (properties.Length > 0)
        {
            var nameEnd = 1 + properties[0];
            if (properties.Length < nameEnd + 4 || BinaryPrimitives.ReadInt32BigEndian(properties[nameEnd..]) is var length && (length < 0 || length > properties.Length - nameEnd - 4))
            {
                break;
            }

            if (Encoding.ASCII.GetString(properties[1..nameEnd]).Equals("Socket-Type", StringComparison.OrdinalIgnoreCase))
            {
                return Encoding.ASCII.GetString(properties.Slice(nameEnd + 4, length));
            }

            properties = properties[(nameEnd + 4 + length)..];
        }

        throw new ZmtpException("READY without a Socket-Type");
    }

    private static string Name(ZmtpSocketType type) => type switch
    {
        ZmtpSocketType.Router => "ROUTER",
        ZmtpSocketType.Reply => "REP",
        _ => "PUB",
    };

    private bool Accepts(string counterpart) => type switch
    {
        ZmtpSocketType.Router => counterpart is "DEALER" or "REQ" or "ROUTER",
        ZmtpSocketType.Reply => counterpart is "REQ" or "DEALER",
        _ => counterpart is "SUB" or "XSUB",
    };
}
