using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace RstLab;

/// <summary>
/// A peer whose TCP is written by hand: it sends exactly the segments that it is told to, and answers nothing by itself. It holds a
/// connection in any state that an ordinary peer would leave at once, such as FIN_WAIT_1 or CLOSING (RFC 9293 section 3.3.2).
/// <para>
/// It lives on the server of <see cref="TwoHosts"/>, whose own TCP hears nothing meanwhile (<see cref="Host.DropIncoming"/>), and reads
/// and writes the device through AF_PACKET (packet(7)).
/// </para>
/// </summary>
public sealed class CraftedPeer : IDisposable
{
    private const ushort EthPIP = 0x0800;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly TwoHosts _hosts;
    private readonly Socket _device;
    private IPEndPoint? _client;
    private ushort _identification;

    internal CraftedPeer(TwoHosts hosts, int port)
    {
        _hosts = hosts;
        Address = new IPEndPoint(hosts.Server.Address, port);
        hosts.Server.DropIncoming();

        // Protocol 0 and then a bind: nothing of other devices is ever seen.
        _device = hosts.Server.CreateSocket(AddressFamily.Packet, SocketType.Raw, 0);
        _device.Bind(new LinkLayerEndPoint(hosts.Server.Run(() => Libc.InterfaceIndex(hosts.Server.DeviceName)), EthPIP));
        _device.ReceiveTimeout = (int)Patience.TotalMilliseconds;
    }

    /// <summary>The address and port that a client connects to.</summary>
    public IPEndPoint Address { get; }

    /// <summary>The sequence number of the next byte that this peer sends (SND.NXT). It may be set to send something unacceptable.</summary>
    public uint Next { get; set; } = 1_000_000;

    /// <summary>The sequence number of the next byte that it expects (RCV.NXT). It follows what was received in order.</summary>
    public uint Expected { get; set; }

    /// <summary>Answers the handshake of a client that is connecting, and waits for its last ACK.</summary>
    /// <exception cref="TimeoutException">A segment of the handshake did not come within five seconds.</exception>
    public void Accept()
    {
        Await("a SYN", s => s.Letters == "S");
        Send(ControlBits.Syn | ControlBits.Ack);
        Await("the ACK that completes the handshake", s => s.Letters == "A");
    }

    /// <summary>Waits for a segment of the client. Segments that are not the one awaited are taken note of and passed over.</summary>
    /// <param name="what">What is awaited, for the message of the failure.</param>
    /// <param name="awaited">Whether a segment is the one.</param>
    /// <exception cref="TimeoutException">It did not come within five seconds; the message says what came instead.</exception>
    public Segment Await(string what, Func<Segment, bool> awaited)
    {
        ArgumentNullException.ThrowIfNull(awaited);
        var frame = new byte[65536];
        List<string> seen = [];
        var deadline = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (Environment.TickCount64 < deadline)
        {
            int bytes;
            try
            {
                bytes = _device.Receive(frame);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
            {
                break;
            }

            if (!Frame.TryParse(frame.AsSpan(0, bytes), bytes, 0, out var segment) || segment.To != Address.ToString())
            {
                continue;
            }

            // A SYN begins a new connection; what an earlier client still sends is not for this one.
            var from = IPEndPoint.Parse(segment.From);
            if ((segment.Flags & ControlBits.Syn) == 0 && _client is not null && !from.Equals(_client))
            {
                continue;
            }

            _client = from;
            var after = segment.Seq + (uint)segment.Length + Count(segment.Flags);
            if ((segment.Flags & ControlBits.Syn) != 0 || segment.Seq == Expected)
            {
                Expected = after;
            }

            if (awaited(segment))
            {
                return segment;
            }

            seen.Add($"{segment.Letters} with {segment.Length} bytes");
        }

        throw new TimeoutException($"The crafted peer waited for {what} for {Patience.TotalSeconds} s. It saw {(seen.Count == 0 ? "nothing" : string.Join(", ", seen))}.");
    }

    /// <summary>Sends one segment.</summary>
    /// <param name="flags">The control bits.</param>
    /// <param name="length">How many zero bytes of data.</param>
    /// <param name="seq">The sequence number; null for <see cref="Next"/>, which then moves on.</param>
    /// <param name="ack">The acknowledgment number; null for <see cref="Expected"/>, or 0 where ACK is not set.</param>
    /// <exception cref="InvalidOperationException">No client has sent anything yet.</exception>
    public void Send(ControlBits flags, int length = 0, uint? seq = null, uint? ack = null)
    {
        var client = _client ?? throw new InvalidOperationException("Nobody to send to: no client has connected yet. Call Accept or Await first.");
        var number = seq ?? Next;
        if (seq is null)
        {
            Next += (uint)length + Count(flags);
        }

        _device.Send(Craft(client, flags, length, number, ack ?? ((flags & ControlBits.Ack) != 0 ? Expected : 0)));
    }

    /// <summary>
    /// Passes over all that has come in, and forgets the client. To be called when the earlier clients are gone and the next has not begun:
    /// a SYN that was sent twice would otherwise be taken for the next one's.
    /// </summary>
    internal void Forget()
    {
        var frame = new byte[1];
        while (_device.Poll(0, SelectMode.SelectRead))
        {
            _device.Receive(frame);
        }

        _client = null;
    }

    /// <summary>Stops listening to the device.</summary>
    public void Dispose() => _device.Dispose();

    private static uint Count(ControlBits flags) => ((flags & ControlBits.Syn) != 0 ? 1u : 0) + ((flags & ControlBits.Fin) != 0 ? 1u : 0);

    private byte[] Craft(IPEndPoint client, ControlBits flags, int length, uint seq, uint ack)
    {
        const int ethernet = 14, ip = 20, tcp = 20;
        var frame = new byte[ethernet + ip + tcp + length];
        _hosts.Client.Mac.CopyTo(frame, 0);
        _hosts.Server.Mac.CopyTo(frame, 6);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), EthPIP);

        // RFC 791 section 3.1
        var packet = frame.AsSpan(ethernet);
        packet[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)packet.Length);
        BinaryPrimitives.WriteUInt16BigEndian(packet[4..], ++_identification);
        packet[8] = 64;
        packet[9] = (byte)ProtocolType.Tcp;
        Address.Address.GetAddressBytes().CopyTo(packet[12..]);
        client.Address.GetAddressBytes().CopyTo(packet[16..]);
        BinaryPrimitives.WriteUInt16BigEndian(packet[10..], Fold(Sum(packet[..ip])));

        // RFC 9293 section 3.1; the checksum covers the addresses, the protocol and the length, too.
        var segment = packet[ip..];
        BinaryPrimitives.WriteUInt16BigEndian(segment, (ushort)Address.Port);
        BinaryPrimitives.WriteUInt16BigEndian(segment[2..], (ushort)client.Port);
        BinaryPrimitives.WriteUInt32BigEndian(segment[4..], seq);
        BinaryPrimitives.WriteUInt32BigEndian(segment[8..], ack);
        segment[12] = tcp / 4 << 4;
        segment[13] = (byte)flags;
        BinaryPrimitives.WriteUInt16BigEndian(segment[14..], ushort.MaxValue);
        BinaryPrimitives.WriteUInt16BigEndian(segment[16..], Fold(Sum(packet[12..20]) + (uint)ProtocolType.Tcp + (uint)segment.Length + Sum(segment)));
        return frame;
    }

    // The Internet checksum (RFC 1071).
    private static uint Sum(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        for (var i = 0; i < bytes.Length; i += 2)
        {
            sum += (uint)((bytes[i] << 8) | (i + 1 < bytes.Length ? bytes[i + 1] : 0));
        }

        return sum;
    }

    private static ushort Fold(uint sum)
    {
        while (sum > 0xFFFF)
        {
            sum = (sum & 0xFFFF) + (sum >> 16);
        }

        return (ushort)~sum;
    }
}
