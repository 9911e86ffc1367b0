using System.Buffers.Binary;
using System.Globalization;

namespace RstLab;

/// <summary>What the frames of a capture begin with (the LINKTYPE_ values of tcpdump.org). Others can be read, but not as segments.</summary>
public enum LinkType
{
    /// <summary>BSD loopback, as macOS captures it: an address family in the byte order of the capturing machine, then IP.</summary>
    Null = 0,

    /// <summary>Ethernet; also Linux's loopback and veth devices.</summary>
    Ethernet = 1,

    /// <summary>IP without a link layer.</summary>
    Raw = 101,

    /// <summary>OpenBSD loopback: an address family in network byte order, then IP.</summary>
    Loop = 108,

    /// <summary>Linux cooked capture, of the device <c>any</c>.</summary>
    LinuxSll = 113,

    /// <summary>IPv4 without a link layer.</summary>
    IPv4 = 228,

    /// <summary>IPv6 without a link layer.</summary>
    IPv6 = 229,

    /// <summary>Linux cooked capture, version 2.</summary>
    LinuxSll2 = 276,
}

/// <summary>A frame as it was captured.</summary>
/// <param name="Time">When, in nanoseconds since 1970-01-01 UTC, without leap seconds.</param>
/// <param name="OriginalLength">How long it was on the device, in bytes; more than was captured where a snap length cut it.</param>
/// <param name="Bytes">What was captured.</param>
public readonly record struct CapturedFrame(long Time, int OriginalLength, ReadOnlyMemory<byte> Bytes);

/// <summary>A capture file.</summary>
/// <param name="LinkType">What its frames begin with.</param>
/// <param name="Frames">
/// Its frames in the order of the file, read while they are enumerated; the file is open only meanwhile. Enumerating throws
/// <see cref="InvalidDataException"/> where the file is cut off or damaged, after the frames before that place.
/// </param>
public sealed record Capture(LinkType LinkType, IEnumerable<CapturedFrame> Frames);

/// <summary>
/// Reads and writes capture files in the classic pcap format (draft-ietf-opsawg-pcap), which Wireshark and tcpdump open.
/// </summary>
public static class Pcap
{
    /// <summary>The longest captured frame that is read or written, in bytes; libpcap's own limit.</summary>
    public const int MaximumFrame = 262_144;

    private const int FileHeader = 24, RecordHeader = 16;
    private const uint Microseconds = 0xA1B2C3D4, Nanoseconds = 0xA1B23C4D, PcapNg = 0x0A0D0D0A;

    /// <summary>
    /// Writes Ethernet frames, with nanosecond time stamps, in little-endian order. An existing file is replaced only when the new
    /// one is complete.
    /// </summary>
    /// <param name="path">The file to write; its folder is made when missing.</param>
    /// <param name="frames">The frames, in order.</param>
    /// <exception cref="ArgumentException">
    /// A frame is longer than <see cref="MaximumFrame"/> or than its own original length, or its time is not between 1970 and 2106,
    /// which is what the format can hold. No file is written then.
    /// </exception>
    public static void Write(string path, IEnumerable<CapturedFrame> frames) => SafeFile.Replace(path, stream => WriteTo(stream, frames));

    /// <summary>Opens a capture file: microsecond or nanosecond time stamps, either byte order, any link type.</summary>
    /// <param name="path">The file to read.</param>
    /// <exception cref="InvalidDataException">It is not a pcap; the message names the byte offset, what was expected and what was found.</exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static Capture Read(string path) => Read(() => File.OpenRead(path), path);

    /// <summary>The TCP segments in a capture file; frames that hold something else are passed over.</summary>
    /// <param name="path">The file to read.</param>
    /// <returns>The segments in the order of the file, with times in nanoseconds from the first frame, read while they are enumerated.</returns>
    /// <exception cref="InvalidDataException">
    /// It is not a pcap, is of a link type that is not in <see cref="LinkType"/>, or, while enumerating, is cut off or damaged.
    /// </exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static IEnumerable<Segment> Segments(string path)
    {
        var capture = Read(path);
        return Frame.Knows(capture.LinkType) ? Each(capture)
            : throw Broken(path, 20, $"a link type among {string.Join(", ", Enum.GetValues<LinkType>().Select(l => (int)l))}", $"{(int)capture.LinkType}");

        static IEnumerable<Segment> Each(Capture capture)
        {
            long? start = null;
            foreach (var frame in capture.Frames)
            {
                start ??= frame.Time;
                if (Frame.TryParse(frame.Bytes.Span, frame.OriginalLength, frame.Time - start.Value, out var segment, capture.LinkType))
                {
                    yield return segment;
                }
            }
        }
    }

    internal static void WriteTo(Stream stream, IEnumerable<CapturedFrame> frames)
    {
        Span<byte> header = stackalloc byte[FileHeader];
        BinaryPrimitives.WriteUInt32LittleEndian(header, Nanoseconds);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], 4);
        BinaryPrimitives.WriteInt64LittleEndian(header[8..], 0);
        BinaryPrimitives.WriteInt32LittleEndian(header[16..], MaximumFrame);
        BinaryPrimitives.WriteInt32LittleEndian(header[20..], (int)LinkType.Ethernet);
        stream.Write(header);

        header = header[..RecordHeader];
        foreach (var (time, originalLength, bytes) in frames)
        {
            var (seconds, fraction) = Math.DivRem(time, 1_000_000_000);
            if (time < 0 || seconds > uint.MaxValue || bytes.Length > MaximumFrame || originalLength < bytes.Length)
            {
                throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
                    $"A pcap cannot hold a frame of {bytes.Length} bytes (originally {originalLength}) at {time} ns."), nameof(frames));
            }

            BinaryPrimitives.WriteUInt32LittleEndian(header, (uint)seconds);
            BinaryPrimitives.WriteUInt32LittleEndian(header[4..], (uint)fraction);
            BinaryPrimitives.WriteInt32LittleEndian(header[8..], bytes.Length);
            BinaryPrimitives.WriteInt32LittleEndian(header[12..], originalLength);
            stream.Write(header);
            stream.Write(bytes.Span);
        }
    }

    internal static Capture Read(Func<Stream> open, string name)
    {
        using var stream = open();
        return new Capture(ReadHeader(stream, name).Link, Frames(open, name));
    }

    private static IEnumerable<CapturedFrame> Frames(Func<Stream> open, string name)
    {
        using var stream = open();
        var form = ReadHeader(stream, name);
        var record = new byte[RecordHeader];
        for (long at = FileHeader; ; at += RecordHeader)
        {
            var got = stream.ReadAtLeast(record, RecordHeader, throwOnEndOfStream: false);
            if (got == 0)
            {
                yield break;
            }

            Complete(got, RecordHeader, "a record header", name, at);
            uint seconds = form.Number(record, 0), fraction = form.Number(record, 4), captured = form.Number(record, 8), original = form.Number(record, 12);
            if (fraction >= form.PerSecond)
            {
                throw Broken(name, at + 4, $"a fraction of a second below {form.PerSecond}", $"{fraction}");
            }

            if (captured > form.Limit)
            {
                throw Broken(name, at + 8, $"a captured length of at most {form.Limit} bytes", $"{captured}");
            }

            if (original < captured || original > int.MaxValue)
            {
                throw Broken(name, at + 12, $"an original length from {captured} to {int.MaxValue} bytes", $"{original}");
            }

            var bytes = new byte[captured];
            Complete(stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false), bytes.Length, "a frame", name, at + RecordHeader);
            yield return new CapturedFrame((seconds * 1_000_000_000L) + (fraction * (1_000_000_000L / form.PerSecond)), (int)original, bytes);
            at += captured;
        }
    }

    private static Form ReadHeader(Stream stream, string name)
    {
        var header = new byte[FileHeader];
        var got = stream.ReadAtLeast(header, FileHeader, throwOnEndOfStream: false);
        Complete(Math.Min(got, 4), 4, "a pcap's magic number", name, 0);
        var magic = BinaryPrimitives.ReadUInt32LittleEndian(header);
        var isBigEndian = BinaryPrimitives.ReverseEndianness(magic) is Microseconds or Nanoseconds;
        magic = isBigEndian ? BinaryPrimitives.ReverseEndianness(magic) : magic;
        if (magic is not (Microseconds or Nanoseconds))
        {
            throw Broken(name, 0, "the magic number of a pcap (a1b2c3d4 or a1b23c4d, in either byte order)", magic == PcapNg
                ? "0a0d0d0a, which begins a pcapng file; 'editcap -F pcap' makes a pcap of it"
                : Convert.ToHexStringLower(header.AsSpan(0, 4)));
        }

        Complete(got, FileHeader, "a pcap's header", name, 0);
        var form = new Form(isBigEndian, magic == Microseconds ? 1_000_000u : 1_000_000_000u, default, default);
        var (major, minor) = (form.Short(header, 4), form.Short(header, 6));
        if ((major, minor) != (2, 4))
        {
            throw Broken(name, 4, "format version 2.4", $"{major}.{minor}");
        }

        // A snap length of 0 means none. The upper half of the last field tells of frame check sequences, which IP lengths exclude anyway.
        var snapLength = form.Number(header, 16);
        return form with
        {
            Limit = snapLength == 0 ? MaximumFrame : Math.Min(snapLength, MaximumFrame),
            Link = (LinkType)(form.Number(header, 20) & 0xFFFF),
        };
    }

    private static void Complete(int got, int wanted, string what, string name, long at)
    {
        if (got < wanted)
        {
            throw Broken(name, at + got, $"{what} of {wanted} bytes from byte {at} on", $"the end of the file after {got}");
        }
    }

    private static InvalidDataException Broken(string name, long at, string expected, string found) => new(
        string.Create(CultureInfo.InvariantCulture, $"{name}, byte {at}: expected {expected}, found {found}."));

    /// <summary>How one file writes its numbers, and what its header says.</summary>
    private readonly record struct Form(bool IsBigEndian, uint PerSecond, uint Limit, LinkType Link)
    {
        internal uint Number(byte[] bytes, int at) => IsBigEndian
            ? BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(at)) : BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));

        internal ushort Short(byte[] bytes, int at) => IsBigEndian
            ? BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(at)) : BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));
    }
}
