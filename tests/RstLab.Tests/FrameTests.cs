using System.Buffers.Binary;

namespace RstLab.Tests;

public sealed class FrameTests
{
    /// <summary>Frames of a real conversation on Linux's loopback device, and what another dissector reads in them.</summary>
    public static TheoryData<string, string, string, string, uint, uint, int, int> Real => new()
    {
        { "00000000000000000000000008004500003c91bb40004006aafe7f0000017f000001b8309d79976612e400000000a002ffd7fe3000000204ffd70402080ab915f9f7000000000103030a",
            "127.0.0.1:47152", "127.0.0.1:40313", "S", 2540049124, 0, 0, 65495 },
        { "00000000000000000000000008004500003991bd40004006aaff7f0000017f000001b8309d79976612e5da774b4880180040fe2d00000101080ab915f9f704df4cde68656c6c6f",
            "127.0.0.1:47152", "127.0.0.1:40313", "PA", 2540049125, 3665251144, 5, 64 },
        { "000000000000000000000000080045000034838b40004006b9367f0000017f0000019d79b830da774b48976612ea80140040fe2800000101080a04df4d10b915f9f7",
            "127.0.0.1:40313", "127.0.0.1:47152", "RA", 3665251144, 2540049130, 0, 64 },
        { "0000000000000000000000000800450000280000400040063cce7f0000017f0000019d79b83e0000000029ea5dd350140000d4580000",
            "127.0.0.1:40313", "127.0.0.1:47166", "RA", 0, 703225299, 0, 0 },
        { "00000000000000000000000086dd6007907a002506400000000000000000000000000000000100000000000000000000000000000001b23ac3d106e8efd10a002e8c80180040002d00000101080a95f1b3592142aa5468656c6c6f",
            "[::1]:45626", "[::1]:50129", "PA", 115929041, 167784076, 5, 64 },
        { "00000000000000000000000086dd6006a48b001406400000000000000000000000000000000100000000000000000000000000000001c3d1b23c000000007821692e50140000001c0000",
            "[::1]:50129", "[::1]:45628", "RA", 0, 2015455534, 0, 0 },
    };

    [Theory]
    [MemberData(nameof(Real))]
    public void A_real_frame_gives_what_its_headers_say(string hex, string from, string to, string letters, uint seq, uint ack, int length, int window)
    {
        var frame = Convert.FromHexString(hex);

        Assert.True(Frame.TryParse(frame, frame.Length, 7, out var segment));

        Assert.Equal(new Segment(7, from, to, segment.Flags, seq, ack, length) { Window = window, Ttl = 64 }, segment);
        Assert.Equal(letters, segment.Letters);
    }

    [Theory]
    [MemberData(nameof(Real))]
    public void A_frame_cut_off_anywhere_gives_a_segment_only_when_the_TCP_header_is_there(
        string hex, string from, string to, string letters, uint seq, uint ack, int length, int window)
    {
        var frame = Convert.FromHexString(hex);
        var whole = 14 + (frame[12] == 0x08 ? 20 : 40) + 20;
        for (var cut = 0; cut <= frame.Length; cut++)
        {
            Assert.Equal(cut >= whole, Frame.TryParse(Snapped(frame, cut), frame.Length, 7, out var segment));
            Assert.Equal(cut >= whole ? new Segment(7, from, to, segment!.Flags, seq, ack, length) { Window = window, Ttl = 64 } : null, segment);
            Assert.Equal(cut >= whole ? letters : null, segment?.Letters);
        }
    }

    [Fact]
    public void IPv4_options_and_TCP_options_are_not_payload() =>
        Assert.Equal(100, Parse(Ethernet(0x0800, IPv4(payload: 100, options: 12, tcpOptions: 20)))!.Length);

    [Fact]
    public void Padding_of_the_link_layer_is_not_payload() =>
        Assert.Equal(0, Parse([.. Ethernet(0x0800, IPv4(payload: 0)), 0, 0, 0, 0, 0, 0])!.Length);

    [Fact]
    public void The_payload_length_is_the_one_of_the_IP_header_when_a_snap_length_cut_the_frame()
    {
        var frame = Ethernet(0x0800, IPv4(payload: 5000));
        Assert.True(Frame.TryParse(Snapped(frame, 96), frame.Length, 0, out var segment));
        Assert.Equal(5000, segment.Length);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Where_the_IP_length_is_0_the_length_of_the_frame_counts(bool isIPv6)
    {
        var frame = isIPv6 ? Ethernet(0x86DD, IPv6(payload: 0)) : Ethernet(0x0800, IPv4(payload: 0));
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(14 + (isIPv6 ? 4 : 2)), 0);

        Assert.True(Frame.TryParse(frame, frame.Length + 100_000, 0, out var segment));

        Assert.Equal(100_000, segment.Length);
    }

    [Fact]
    public void A_first_fragment_is_a_segment_and_a_later_one_is_not()
    {
        Assert.NotNull(Parse(Ethernet(0x0800, IPv4(payload: 8, fragment: 0x2000))));
        Assert.Null(Parse(Ethernet(0x0800, IPv4(payload: 8, fragment: 0x2001))));
        Assert.NotNull(Parse(Ethernet(0x86DD, IPv6(payload: 8, 44, [6, 0, 0, 1, 0, 0, 0, 9]))));
        Assert.Null(Parse(Ethernet(0x86DD, IPv6(payload: 8, 44, [6, 0, 0, 8, 0, 0, 0, 9]))));
    }

    [Fact]
    public void IPv6_extension_headers_are_passed_over()
    {
        byte[] headers =
        [
            43, 0, 1, 4, 0, 0, 0, 0, // hop by hop, of 8 bytes, then
            60, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // routing, of 24 bytes, then
            44, 0, 1, 4, 0, 0, 0, 0, // destination options, then
            6, 0, 0, 0, 0, 0, 0, 9, // an atomic fragment, then TCP
        ];
        var segment = Parse(Ethernet(0x86DD, IPv6(payload: 100, 0, headers)));
        Assert.Equal(("[fd00::1]:1", "[fd00::2]:2", 100), (segment?.From, segment?.To, segment?.Length));
    }

    [Theory]
    [InlineData(50)] // ESP
    [InlineData(59)] // no next header
    [InlineData(17)] // UDP
    public void IPv6_that_goes_on_with_something_else_is_not_a_segment(byte next) =>
        Assert.Null(Parse(Ethernet(0x86DD, IPv6(payload: 100, next, [6, 0, 0, 0, 0, 0, 0, 0]))));

    [Theory]
    [InlineData(0x8100)]
    [InlineData(0x88A8)]
    public void One_VLAN_tag_is_passed_over_and_two_are_not(int tag)
    {
        Assert.NotNull(Parse(Ethernet(tag, [0, 5, 0x08, 0x00, .. IPv4(payload: 1)])));
        Assert.Null(Parse(Ethernet(tag, [0, 5, 0x81, 0x00, 0, 6, 0x08, 0x00, .. IPv4(payload: 1)])));
    }

    [Fact]
    public void Lengths_that_contradict_each_other_are_not_a_segment()
    {
        foreach (var (at, value) in new[] { (14, 0x44), (14, 0x55), (14 + 3, 39), (14 + 20 + 12, 0x40), (14 + 20 + 12, 0xF0), (14 + 9, 17) })
        {
            var frame = Ethernet(0x0800, IPv4(payload: 0));
            Assert.NotNull(Parse(frame));
            frame[at] = (byte)value;
            Assert.Null(Parse(frame));
        }
    }

    [Theory]
    [InlineData(LinkType.Raw, "")]
    [InlineData(LinkType.IPv4, "")]
    [InlineData(LinkType.Null, "02000000")]
    [InlineData(LinkType.Loop, "00000002")]
    [InlineData(LinkType.LinuxSll, "00000304000600000000000000000800")]
    [InlineData(LinkType.LinuxSll2, "0800000000000001030400060000000000000000")]
    public void Other_link_layers_are_passed_over(LinkType link, string prefix)
    {
        byte[] frame = [.. Convert.FromHexString(prefix), .. IPv4(payload: 3)];
        Assert.True(Frame.TryParse(frame, frame.Length, 0, out var segment, link));
        Assert.Equal(3, segment.Length);
    }

    [Fact]
    public void A_link_layer_that_is_not_known_gives_no_segment() =>
        Assert.False(Frame.TryParse(IPv4(payload: 3), 43, 0, out _, (LinkType)105));

    [Fact]
    public void Random_bytes_never_throw()
    {
        var random = new Random(20_26);
        LinkType[] links = [LinkType.Ethernet, LinkType.Null, LinkType.Raw, LinkType.LinuxSll, LinkType.LinuxSll2, (LinkType)7];
        var segments = 0;
        for (var trial = 0; trial < 200_000; trial++)
        {
            // Half of the frames begin as a real one does, or the random bytes would seldom get past the first check.
            var frame = new byte[random.Next(160)];
            random.NextBytes(frame);
            if (trial % 2 == 0)
            {
                var real = trial % 4 == 0 ? Ethernet(0x0800, IPv4(payload: 20)) : Ethernet(0x86DD, IPv6(payload: 20, 0, [60, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0]));
                real.AsSpan(0, Math.Min(real.Length, frame.Length)).CopyTo(frame);
                for (var change = random.Next(4); change > 0 && frame.Length > 0; change--)
                {
                    frame[random.Next(frame.Length)] = (byte)random.Next(256);
                }
            }

            if (Frame.TryParse(frame, trial % 3 == 0 ? random.Next() : frame.Length, 0, out var segment, trial % 2 == 0 ? LinkType.Ethernet : links[trial / 2 % links.Length]))
            {
                segments++;
                Assert.True(segment.Length >= 0);
            }
        }

        Assert.InRange(segments, 10_000, 190_000);
    }

    [Fact]
    public void Reading_a_header_allocates_nothing()
    {
        var frame = Ethernet(0x0800, IPv4(payload: 100));
        Assert.True(Frame.TryRead(frame, frame.Length, out _));
        var before = GC.GetAllocatedBytesForCurrentThread();
        var bytes = 0L;
        for (var i = 0; i < 1000; i++)
        {
            Frame.TryRead(frame, frame.Length, out var header);
            bytes += header.Length;
        }

        Assert.Equal((0, 100_000), (GC.GetAllocatedBytesForCurrentThread() - before, bytes));
    }

    /// <summary>A copy in an array of just that size, so that a read past the end is an exception and not a neighbour's byte.</summary>
    internal static byte[] Snapped(byte[] frame, int length) => frame[..length];

    internal static byte[] Ethernet(int etherType, byte[] packet) =>
        [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, (byte)(etherType >> 8), (byte)etherType, .. packet];

    internal static byte[] IPv4(int payload, int options = 0, int tcpOptions = 0, ushort fragment = 0)
    {
        var tcp = Tcp(payload, tcpOptions);
        var header = new byte[20 + options];
        header[0] = (byte)(0x40 | (header.Length / 4));
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), (ushort)(header.Length + tcp.Length));
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(6), fragment);
        (header[8], header[9]) = (64, 6);
        (header[12], header[15], header[16], header[19]) = (10, 1, 10, 2);
        return [.. header, .. tcp];
    }

    internal static byte[] IPv6(int payload, byte next = 6, params byte[] extensions)
    {
        var tcp = Tcp(payload, 0);
        var header = new byte[40];
        header[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(4), (ushort)(extensions.Length + tcp.Length));
        (header[6], header[7]) = (next, 64);
        (header[8], header[23], header[24], header[39]) = (0xFD, 1, 0xFD, 2);
        return [.. header, .. extensions, .. tcp];
    }

    private static byte[] Tcp(int payload, int options)
    {
        var header = new byte[20 + options + payload];
        (header[1], header[3]) = (1, 2);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4), 0xFFFFFFFE);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(8), 0x80000001);
        (header[12], header[13]) = ((byte)((20 + options) / 4 << 4), 0x18);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(14), 1000);
        header.AsSpan(20, options).Fill(1);
        return header;
    }

    private static Segment? Parse(byte[] frame) => Frame.TryParse(frame, frame.Length, 0, out var segment) ? segment : null;
}
