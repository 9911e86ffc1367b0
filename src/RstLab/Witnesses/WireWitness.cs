using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RstLab;

/// <summary>
/// Sees which segments cross a device: an AF_PACKET socket with a receive ring (packet(7), TPACKET_V2), a classic BPF filter on
/// the experiment's own ports, the kernel's own time stamps, and the kernel's count of what it had to drop. No libpcap.
/// <para>
/// The ring is read by whoever asks, without a thread of its own: taps are served before TCP is, so a segment whose effect a
/// socket has shown is in the ring already. Any thread may ask.
/// </para>
/// </summary>
public sealed unsafe class WireWitness : IDisposable
{
    /// <summary>The loopback device's name on Linux.</summary>
    public const string Loopback = "lo";

    // include/uapi/linux/if_packet.h and if_ether.h
    private const int SolPacket = 263, PacketRxRing = 5, PacketStatistics = 6, PacketVersion = 10, PacketIgnoreOutgoing = 23, TPacketV2 = 1;
    private const uint StatusKernel = 0, StatusUser = 1;
    private const ushort EthPAll = 0x0003;

    private const int FrameSize = 512, BlockSize = 1 << 18, DefaultBlocks = 16;

    private readonly Lock _gate = new();
    private readonly Socket _socket;
    private readonly long _start;
    private readonly bool _keep;
    private readonly HashSet<int> _ports = [];
    private readonly List<Segment> _segments = [];
    private readonly List<CapturedFrame> _frames = [];
    private readonly int _frameCount;
    private readonly Libc.SharedMemory? _ring;
    private int _next;

    /// <summary>Opens the witness. It sees nothing until <see cref="Watch"/> names a port.</summary>
    /// <param name="device">The device, such as <c>lo</c>, in the calling thread's network namespace.</param>
    /// <param name="start">The <see cref="System.Diagnostics.Stopwatch"/> time stamp that <see cref="LabEvent.T"/> counts from.</param>
    /// <param name="keep">Whether segments and frames are kept; false only counts them, for runs of millions.</param>
    /// <exception cref="NotPossibleHereException">This machine does not allow it.</exception>
    /// <exception cref="SocketException">The device does not exist, or the ring could not be made.</exception>
    public WireWitness(string device, long start, bool keep = true)
    {
        if (WhyNot() is { } why)
        {
            throw new NotPossibleHereException(why);
        }

        (_start, _keep) = (start, keep);

        // Protocol 0: nothing arrives before the filter and the ring are in place.
        _socket = new Socket(AddressFamily.Packet, SocketType.Raw, 0);
        try
        {
            Attach();
            Option(PacketVersion, TPacketV2);
            if (device == Loopback)
            {
                Option(PacketIgnoreOutgoing, 1); // loopback shows each segment twice: going out and coming in
            }

            _frameCount = DefaultBlocks * (BlockSize / FrameSize);
            ReadOnlySpan<int> request = [BlockSize, DefaultBlocks, FrameSize, _frameCount];
            _socket.SetRawSocketOption(SolPacket, PacketRxRing, MemoryMarshal.AsBytes(request));
            _ring = new Libc.SharedMemory(_socket.SafeHandle, DefaultBlocks * BlockSize);
            _socket.Bind(new LinkLayerEndPoint(Libc.InterfaceIndex(device), EthPAll));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Why this machine has no wire witness, and what would give it one; null where it has.</summary>
    public static string? WhyNot()
    {
        if (!OperatingSystem.IsLinux())
        {
            return Obstacle.NotLinux.Saying("AF_PACKET");
        }

        try
        {
            using var probe = new Socket(AddressFamily.Packet, SocketType.Raw, 0);
            return null;
        }
        catch (SocketException e)
        {
            return Obstacle.NoRawSockets.Saying(Errno.Name(e.NativeErrorCode) ?? e.SocketErrorCode.ToString());
        }
    }

    /// <summary>The segments seen so far, in the kernel's order.</summary>
    public IReadOnlyList<Segment> Segments
    {
        get
        {
            lock (_gate)
            {
                return [.. _segments];
            }
        }
    }

    /// <summary>The frames seen so far, cut to what the ring holds of each.</summary>
    public IReadOnlyList<CapturedFrame> Frames
    {
        get
        {
            lock (_gate)
            {
                return [.. _frames];
            }
        }
    }

    /// <summary>How many segments were seen.</summary>
    public long Seen { get; private set; }

    /// <summary>How many of them carried RST.</summary>
    public long Resets { get; private set; }

    /// <summary>How many frames the kernel dropped because the ring was full. Anything but 0 makes the account incomplete.</summary>
    public long Dropped { get; private set; }

    /// <summary>
    /// Lets the segments of more ports through, as source or as destination. The kernel's filter has room for 509 ports. From there on
    /// it lets all of TCP into the ring, and the choice is made when the ring is read.
    /// </summary>
    /// <param name="ports">The ports.</param>
    /// <exception cref="ObjectDisposedException">The witness is closed.</exception>
    public void Watch(params ReadOnlySpan<int> ports)
    {
        lock (_gate)
        {
            var before = _ports.Count;
            foreach (var port in ports)
            {
                _ports.Add(port);
            }

            if (before <= PortFilter.MostPorts)
            {
                Attach();
            }
        }
    }

    private void Attach()
    {
        var program = PortFilter.Compile(_ports);
        fixed (ulong* instructions = program)
        {
            // struct sock_fprog: a 16-bit count, padding to the pointer's alignment, the pointer.
            Span<byte> filter = stackalloc byte[2 * sizeof(nint)];
            filter.Clear();
            BitConverter.TryWriteBytes(filter, (ushort)program.Length);
            var address = (nint)instructions;
            MemoryMarshal.Write(filter[sizeof(nint)..], in address);
            _socket.SetRawSocketOption(Libc.SOL_SOCKET, Libc.SO_ATTACH_FILTER, filter);
        }
    }

    /// <summary>Takes everything out of the ring.</summary>
    /// <exception cref="ObjectDisposedException">The witness is closed.</exception>
    public void Drain()
    {
        lock (_gate)
        {
            byte* ring = null;
            _ring!.AcquirePointer(ref ring);
            try
            {
                Read(ring);
            }
            finally
            {
                _ring.ReleasePointer();
            }

            Span<byte> statistics = stackalloc byte[8];
            _socket.GetRawSocketOption(SolPacket, PacketStatistics, statistics); // reading sets them back to zero
            Dropped += BitConverter.ToUInt32(statistics[4..]);
        }
    }

    private void Read(byte* ring)
    {
        var realtime = Libc.RealtimeMinusMonotonic();
        while (true)
        {
            var frame = ring + ((nint)_next * FrameSize);
            ref var status = ref Unsafe.AsRef<uint>(frame);
            if ((Volatile.Read(ref status) & StatusUser) == 0)
            {
                break;
            }

            // struct tpacket2_hdr: status, len, snaplen (32 bits each), mac, net (16 bits each), sec, nsec (32 bits each)
            var header = new ReadOnlySpan<uint>(frame, 7);
            var bytes = new ReadOnlySpan<byte>(frame + (header[3] & 0xFFFF), (int)header[2]);
            var realtimeStamp = (header[4] * 1_000_000_000L) + header[5];
            Take(bytes, (int)header[1], realtimeStamp, realtime);
            Volatile.Write(ref status, StatusKernel);
            _next = (_next + 1) % _frameCount;
        }
    }

    /// <summary>Closes the witness. What it saw stays readable.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _ring?.Dispose();
            _socket.Dispose();
        }
    }

    private void Take(ReadOnlySpan<byte> bytes, int originalLength, long realtimeStamp, long realtime)
    {
        if (!Frame.TryRead(bytes, originalLength, out var header) || !(_ports.Contains(header.SourcePort) || _ports.Contains(header.DestinationPort)))
        {
            return;
        }

        Seen++;
        Resets += (header.Flags & ControlBits.Rst) != 0 ? 1 : 0;
        if (_keep)
        {
            // Stopwatch counts CLOCK_MONOTONIC in nanoseconds on Linux; the kernel stamps frames with CLOCK_REALTIME.
            _segments.Add(header.ToSegment(realtimeStamp - realtime - _start));
            _frames.Add(new CapturedFrame(realtimeStamp, originalLength, bytes.ToArray()));
        }
    }

    private void Option(int name, int value) => _socket.SetRawSocketOption(SolPacket, name, BitConverter.GetBytes(value));
}

/// <summary>The address of a device (struct sockaddr_ll, packet(7)).</summary>
/// <param name="index">The device's index.</param>
/// <param name="protocol">The Ethernet protocol that is to be received, such as 0x0800 for IPv4.</param>
internal sealed class LinkLayerEndPoint(int index, ushort protocol) : EndPoint
{
    public override AddressFamily AddressFamily => AddressFamily.Packet;

    public override SocketAddress Serialize()
    {
        var address = new SocketAddress(AddressFamily.Packet, 20);
        BinaryPrimitives.WriteUInt16BigEndian(address.Buffer.Span[2..], protocol);
        BitConverter.TryWriteBytes(address.Buffer.Span[4..], index);
        return address;
    }
}

/// <summary>Compiles the filter: TCP over IPv4 or IPv6 whose source or destination port is one of a set (bpf(4), classic).</summary>
internal static class PortFilter
{
    /// <summary>The kernel takes programs of up to 4096 instructions (BPF_MAXINSNS): 8 for each port and 21 others.</summary>
    internal const int MostPorts = (4096 - 21) / 8;

    private const ushort LoadHalf = 0x28, LoadByte = 0x30, LoadHalfIndexed = 0x48, LoadHeaderLength = 0xB1, JumpEqual = 0x15, JumpSet = 0x45, Jump = 0x05, Return = 0x06;

    /// <summary>
    /// The program, one 64-bit struct sock_filter an instruction. A set of no ports lets nothing through; one of more than
    /// <see cref="MostPorts"/> lets all of TCP through.
    /// </summary>
    internal static ulong[] Compile(IEnumerable<int> ports)
    {
        var set = ports.Order().ToArray();
        if (set.Length == 0)
        {
            return [Instruction(Return, 0)];
        }

        ulong[] ipv4 =
        [
            Instruction(LoadByte, 23),
            Instruction(JumpEqual, 6, 1, 0),             // TCP?
            Instruction(Return, 0),
            Instruction(LoadHalf, 20),
            Instruction(JumpSet, 0x1FFF, 0, 1),          // not the first fragment? then there is no port to see
            Instruction(Return, 0),
            Instruction(LoadHeaderLength, 14),
            .. PortTest(14, LoadHalfIndexed),
            .. PortTest(16, LoadHalfIndexed),
            Instruction(Return, 0),
        ];
        ulong[] ipv6 =
        [
            Instruction(JumpEqual, 0x86DD, 1, 0),
            Instruction(Return, 0),
            Instruction(LoadByte, 20),
            Instruction(JumpEqual, 6, 1, 0),
            Instruction(Return, 0),
            .. PortTest(54),
            .. PortTest(56),
            Instruction(Return, 0),
        ];
        return
        [
            Instruction(LoadHalf, 12),
            Instruction(JumpEqual, 0x0800, 1, 0),
            Instruction(Jump, (uint)ipv4.Length),
            .. ipv4,
            .. ipv6,
        ];

        // Loads one port and accepts the frame if it is in the set.
        ulong[] PortTest(uint offset, ushort load = LoadHalf) => set.Length > MostPorts ? [Instruction(Return, 0x40000)] :
        [
            Instruction(load, offset),
            .. set.SelectMany(port => new[] { Instruction(JumpEqual, (uint)port, 0, 1), Instruction(Return, 0x40000) }),
        ];
    }

    private static ulong Instruction(ushort code, uint k, byte jumpTrue = 0, byte jumpFalse = 0) =>
        code | ((ulong)jumpTrue << 16) | ((ulong)jumpFalse << 24) | ((ulong)k << 32);
}
