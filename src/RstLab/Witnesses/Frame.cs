using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace RstLab;

/// <summary>
/// Finds the TCP header in a link-layer frame. A frame comes from the network and may hold anything, so nothing here reads past
/// its end or throws: a frame that is not TCP over IP, or is cut off inside the TCP header, is simply not a segment.
/// </summary>
internal static class Frame
{
    private const int EtherTypeIPv4 = 0x0800, EtherTypeIPv6 = 0x86DD, EtherTypeVlan = 0x8100, EtherTypeServiceVlan = 0x88A8;
    private const int HopByHop = 0, Tcp = 6, Routing = 43, Fragment = 44, DestinationOptions = 60;
    private const int TcpHeader = 20, IPv4Header = 20, IPv6Header = 40;

    /// <summary>Reads a frame as a segment.</summary>
    /// <param name="frame">The frame's bytes, perhaps cut off at a snap length.</param>
    /// <param name="originalLength">How long the frame was on the device, in bytes.</param>
    /// <param name="t">The segment's <see cref="LabEvent.T"/>.</param>
    /// <param name="segment">The segment; null when the result is false.</param>
    /// <param name="link">What the frame begins with.</param>
    internal static bool TryParse(
        ReadOnlySpan<byte> frame, int originalLength, long t, [NotNullWhen(true)] out Segment? segment, LinkType link = LinkType.Ethernet)
    {
        segment = TryRead(frame, originalLength, out var header, link) ? header.ToSegment(t) : null;
        return segment is not null;
    }

    /// <summary>Reads a frame's addresses and TCP header; the form for millions of frames, as it allocates nothing.</summary>
    /// <param name="frame">The frame's bytes, perhaps cut off at a snap length.</param>
    /// <param name="originalLength">How long the frame was on the device, in bytes.</param>
    /// <param name="header">What was read; empty when the result is false.</param>
    /// <param name="link">What the frame begins with.</param>
    internal static bool TryRead(ReadOnlySpan<byte> frame, int originalLength, out FrameHeader header, LinkType link = LinkType.Ethernet)
    {
        header = default;
        var start = NetworkLayer(frame, link);
        if (start < 0 || start >= frame.Length)
        {
            return false;
        }

        var packet = frame[start..];
        return (packet[0] >> 4) switch
        {
            4 => TryReadIPv4(packet, originalLength - start, out header),
            6 => TryReadIPv6(packet, originalLength - start, out header),
            _ => false,
        };
    }

    /// <summary>Whether <see cref="TryRead"/> knows what frames of this type begin with.</summary>
    internal static bool Knows(LinkType link) => link is LinkType.Null or LinkType.Ethernet or LinkType.Raw or LinkType.Loop
        or LinkType.LinuxSll or LinkType.IPv4 or LinkType.IPv6 or LinkType.LinuxSll2;

    /// <summary>Where the IP header begins; negative when the frame holds something else.</summary>
    private static int NetworkLayer(ReadOnlySpan<byte> frame, LinkType link) => link switch
    {
        LinkType.Ethernet => AfterVlan(frame),
        LinkType.LinuxSll => After(frame, etherTypeAt: 14, header: 16),
        LinkType.LinuxSll2 => After(frame, etherTypeAt: 0, header: 20),
        LinkType.Null or LinkType.Loop => 4, // An address family, whose numbers differ between systems; the IP version tells enough.
        LinkType.Raw or LinkType.IPv4 or LinkType.IPv6 => 0,
        _ => -1,
    };

    private static int AfterVlan(ReadOnlySpan<byte> frame) => EtherType(frame, 12) is EtherTypeVlan or EtherTypeServiceVlan
        ? After(frame, etherTypeAt: 16, header: 18)
        : After(frame, etherTypeAt: 12, header: 14);

    private static int After(ReadOnlySpan<byte> frame, int etherTypeAt, int header) =>
        EtherType(frame, etherTypeAt) is EtherTypeIPv4 or EtherTypeIPv6 ? header : -1;

    private static int EtherType(ReadOnlySpan<byte> frame, int at) =>
        frame.Length >= at + 2 ? BinaryPrimitives.ReadUInt16BigEndian(frame[at..]) : -1;

    /// <summary>RFC 791 section 3.1.</summary>
    private static bool TryReadIPv4(ReadOnlySpan<byte> packet, int originalLength, out FrameHeader header)
    {
        header = default;
        if (packet.Length < IPv4Header)
        {
            return false;
        }

        var headerLength = (packet[0] & 0x0F) * 4;
        int totalLength = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
        var isLaterFragment = (BinaryPrimitives.ReadUInt16BigEndian(packet[6..]) & 0x1FFF) != 0;
        if (headerLength < IPv4Header || packet[9] != Tcp || isLaterFragment)
        {
            return false;
        }

        // Linux writes 0 where segmentation offload made the packet too big for the field.
        var tcpLength = (totalLength == 0 ? originalLength : totalLength) - headerLength;
        return TryReadTcp(packet, headerLength, tcpLength, isIPv6: false,
            BinaryPrimitives.ReadUInt32BigEndian(packet[12..]), BinaryPrimitives.ReadUInt32BigEndian(packet[16..]), ttl: packet[8], out header);
    }

    /// <summary>RFC 8200 sections 3 and 4.</summary>
    private static bool TryReadIPv6(ReadOnlySpan<byte> packet, int originalLength, out FrameHeader header)
    {
        header = default;
        if (packet.Length < IPv6Header)
        {
            return false;
        }

        int payloadLength = BinaryPrimitives.ReadUInt16BigEndian(packet[4..]);
        int next = packet[6], at = IPv6Header;
        while (next != Tcp)
        {
            if (packet.Length < at + 8)
            {
                return false;
            }

            var isLaterFragment = next == Fragment && (BinaryPrimitives.ReadUInt16BigEndian(packet[(at + 2)..]) & 0xFFF8) != 0;
            if (isLaterFragment || next is not (HopByHop or Routing or DestinationOptions or Fragment))
            {
                return false;
            }

            var length = next == Fragment ? 8 : (packet[at + 1] + 1) * 8;
            next = packet[at];
            at += length;
        }

        // 0 stands for a jumbo payload (RFC 2675), which segmentation offload also makes.
        var tcpLength = (payloadLength == 0 ? originalLength : IPv6Header + payloadLength) - at;
        return TryReadTcp(packet, at, tcpLength, isIPv6: true,
            BinaryPrimitives.ReadUInt128BigEndian(packet[8..]), BinaryPrimitives.ReadUInt128BigEndian(packet[24..]), ttl: packet[7], out header);
    }

    /// <summary>RFC 9293 section 3.1. Options may lie past a snap length, so only the fixed part must be there.</summary>
    private static bool TryReadTcp(
        ReadOnlySpan<byte> packet, int at, int tcpLength, bool isIPv6, UInt128 source, UInt128 destination, byte ttl, out FrameHeader header)
    {
        header = default;
        if (packet.Length - at < TcpHeader)
        {
            return false;
        }

        var tcp = packet[at..];
        var dataOffset = (tcp[12] >> 4) * 4;
        if (dataOffset < TcpHeader || tcpLength < dataOffset)
        {
            return false;
        }

        header = new FrameHeader
        {
            IsIPv6 = isIPv6,
            Source = source,
            Destination = destination,
            Ttl = ttl,
            SourcePort = BinaryPrimitives.ReadUInt16BigEndian(tcp),
            DestinationPort = BinaryPrimitives.ReadUInt16BigEndian(tcp[2..]),
            Seq = BinaryPrimitives.ReadUInt32BigEndian(tcp[4..]),
            Ack = BinaryPrimitives.ReadUInt32BigEndian(tcp[8..]),
            Flags = (ControlBits)tcp[13],
            Window = BinaryPrimitives.ReadUInt16BigEndian(tcp[14..]),
            Length = tcpLength - dataOffset,
        };
        return true;
    }
}

/// <summary>A frame's addresses and TCP header, as values.</summary>
internal readonly struct FrameHeader
{
    /// <summary>Whether the addresses are IPv6.</summary>
    internal bool IsIPv6 { get; init; }

    /// <summary>The source address as a number; an IPv4 address takes the low 32 bits.</summary>
    internal UInt128 Source { get; init; }

    /// <summary>The destination address as a number; an IPv4 address takes the low 32 bits.</summary>
    internal UInt128 Destination { get; init; }

    /// <summary>The source port.</summary>
    internal ushort SourcePort { get; init; }

    /// <summary>The destination port.</summary>
    internal ushort DestinationPort { get; init; }

    /// <summary>The control bits.</summary>
    internal ControlBits Flags { get; init; }

    /// <summary>The sequence number.</summary>
    internal uint Seq { get; init; }

    /// <summary>The acknowledgment number.</summary>
    internal uint Ack { get; init; }

    /// <summary>Payload bytes.</summary>
    internal int Length { get; init; }

    /// <summary>The window field, unscaled.</summary>
    internal ushort Window { get; init; }

    /// <summary>The time to live (IPv4) or hop limit (IPv6).</summary>
    internal byte Ttl { get; init; }

    /// <summary>The source as in <see cref="Segment.From"/>.</summary>
    internal string From => Format(Source, SourcePort);

    /// <summary>The destination as in <see cref="Segment.To"/>.</summary>
    internal string To => Format(Destination, DestinationPort);

    /// <summary>The same as a recording keeps it.</summary>
    internal Segment ToSegment(long t) => new(t, From, To, Flags, Seq, Ack, Length) { Window = Window, Ttl = Ttl };

    private string Format(UInt128 address, ushort port)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, address);
        return new IPEndPoint(new IPAddress(IsIPv6 ? bytes : bytes[12..]), port).ToString();
    }
}
