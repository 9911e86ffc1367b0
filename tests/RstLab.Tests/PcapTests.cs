using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;

namespace RstLab.Tests;

public sealed class PcapTests : IDisposable
{
    private const long Start = 1_790_000_000_123_456_789;
    private readonly string _folder = Directory.CreateTempSubdirectory("rstlab-pcap-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static CapturedFrame[] Frames =>
    [
        .. FrameTests.Real.Select((row, i) => Convert.FromHexString(row.Data.Item1) is var bytes
            ? new CapturedFrame(Start + (i * 1_000_000_007L), bytes.Length, bytes) : default),
        new CapturedFrame(Start + 10_000_000_000, 14 + 40 + 5000, FrameTests.Snapped(FrameTests.Ethernet(0x0800, FrameTests.IPv4(payload: 5000)), 96)),
        new CapturedFrame(Start + 10_000_000_001, 3, new byte[] { 1, 2, 3 }),
        new CapturedFrame(Start + 10_000_000_001, 0, default),
    ];

    [Fact]
    public void What_was_written_is_read_again()
    {
        var path = Path.Combine(_folder, "new", "a.pcap");
        Pcap.Write(path, Frames);

        var capture = Pcap.Read(path);

        Assert.Equal(LinkType.Ethernet, capture.LinkType);
        AssertSame(Frames, capture.Frames);
        AssertSame(Frames, capture.Frames); // a second enumeration reads the file again
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Both_byte_orders_and_both_resolutions_are_read(bool isBigEndian, bool isNanoseconds)
    {
        var bytes = Foreign(isBigEndian, isNanoseconds);
        var step = isNanoseconds ? 1 : 1000;
        AssertSame(Frames.Select(f => f with { Time = f.Time / step * step }), Read(bytes).Frames);
    }

    [Fact]
    public void A_file_cut_off_anywhere_gives_the_frames_before_or_says_at_which_byte()
    {
        var whole = Foreign(isBigEndian: false, isNanoseconds: true);
        var complete = 0;
        for (var cut = 0; cut < whole.Length; cut++)
        {
            var read = new List<CapturedFrame>();
            try
            {
                read.AddRange(Read(whole[..cut]).Frames);
                complete++;
            }
            catch (InvalidDataException e)
            {
                Assert.StartsWith($"cut.pcap, byte {cut}: expected ", e.Message, StringComparison.Ordinal);
            }

            AssertSame(Frames.Take(read.Count), read);
        }

        Assert.Equal(Frames.Length, complete); // after the header and after each frame but the last
    }

    [Theory]
    [InlineData("", 0, "the end of the file after 0")]
    [InlineData("hello, this is no capture at all", 0, "68656c6c")]
    public void A_foreign_file_is_told_by_its_first_bytes(string text, int at, string found) =>
        AssertRefused(System.Text.Encoding.ASCII.GetBytes(text), at, found);

    [Fact]
    public void A_pcapng_file_gets_the_remedy() => AssertRefused([0x0A, 0x0D, 0x0D, 0x0A, .. new byte[40]], 0, "editcap -F pcap");

    [Theory]
    [InlineData(4, 3, "4: expected format version 2.4, found 3.4")]
    [InlineData(24 + 4, 1_000_000_000, "28: expected a fraction of a second below 1000000000, found 1000000000")]
    [InlineData(24 + 8, 65_536, "32: expected a captured length of at most 65535 bytes, found 65536")]
    [InlineData(24 + 8, -1, "32: expected a captured length of at most 65535 bytes, found 4294967295")]
    [InlineData(24 + 12, 1, "36: expected an original length from 74 to 2147483647 bytes, found 1")]
    [InlineData(24 + 12, -1, "36: expected an original length from 74 to 2147483647 bytes, found 4294967295")]
    [InlineData(16, 70, "32: expected a captured length of at most 70 bytes, found 74")]
    public void A_field_that_cannot_be_is_refused_at_its_byte(int at, int value, string message)
    {
        var bytes = Foreign(isBigEndian: false, isNanoseconds: true);
        if (at == 4)
        {
            BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(at), (short)value);
        }
        else
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), value);
        }

        var e = Assert.Throws<InvalidDataException>(() => Read(bytes).Frames.Count());
        Assert.Equal($"cut.pcap, byte {message}.", e.Message);
    }

    [Fact]
    public void A_snap_length_of_0_is_none_and_yet_no_frame_is_longer_than_libpcap_allows()
    {
        var bytes = Foreign(isBigEndian: false, isNanoseconds: true);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(16), 0);
        AssertSame(Frames, Read(bytes).Frames);

        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(24 + 8), Pcap.MaximumFrame + 1);
        Assert.Contains("byte 32: expected a captured length of at most 262144 bytes, found 262145",
            Assert.Throws<InvalidDataException>(() => Read(bytes).Frames.Count()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_file_never_gives_anything_but_frames_or_the_place()
    {
        var whole = Foreign(isBigEndian: false, isNanoseconds: true);
        var random = new Random(7);
        for (var trial = 0; trial < 20_000; trial++)
        {
            var bytes = whole.ToArray();
            for (var change = random.Next(1, 6); change > 0; change--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            try
            {
                foreach (var frame in Read(bytes).Frames)
                {
                    Frame.TryParse(frame.Bytes.Span, frame.OriginalLength, frame.Time, out _);
                }
            }
            catch (InvalidDataException e)
            {
                Assert.Matches("^cut.pcap, byte [0-9]+: expected .*, found .*[.]$", e.Message);
            }
        }
    }

    [Fact]
    public void Frames_that_the_format_cannot_hold_are_refused_and_the_file_stays()
    {
        var path = Path.Combine(_folder, "kept.pcap");
        Pcap.Write(path, Frames);
        var before = File.ReadAllBytes(path);
        foreach (var frame in new CapturedFrame[]
        {
            new(-1, 3, new byte[3]), new((uint.MaxValue + 1L) * 1_000_000_000, 3, new byte[3]),
            new(Start, 2, new byte[3]), new(Start, Pcap.MaximumFrame + 1, new byte[Pcap.MaximumFrame + 1]),
        })
        {
            Assert.Throws<ArgumentException>(() => Pcap.Write(path, [Frames[0], frame]));
        }

        Assert.Equal(before, File.ReadAllBytes(path));
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Fact]
    public void The_extremes_that_the_format_can_hold_are_written_and_read()
    {
        CapturedFrame[] frames = [new(0, int.MaxValue, new byte[Pcap.MaximumFrame]), new((uint.MaxValue * 1_000_000_000L) + 999_999_999, 0, default)];
        var path = Path.Combine(_folder, "extremes.pcap");
        Pcap.Write(path, frames);
        AssertSame(frames, Pcap.Read(path).Frames);
    }

    [Fact]
    public void Segments_count_time_from_the_first_frame_and_pass_over_what_is_not_TCP()
    {
        var path = Path.Combine(_folder, "segments.pcap");
        Pcap.Write(path, [new CapturedFrame(Start - 500, 3, new byte[3]), .. Frames]);

        var segments = Pcap.Segments(path).ToArray();

        Assert.Equal(["S", "PA", "RA", "RA", "PA", "RA", "PA"], segments.Select(s => s.Letters));
        Assert.Equal((500, 10_000_000_500), (segments[0].T, segments[^1].T));
        Assert.Equal(5000, segments[^1].Length);
    }

    [Fact]
    public void Segments_of_a_link_type_that_is_not_known_are_refused()
    {
        var bytes = Foreign(isBigEndian: false, isNanoseconds: false);
        bytes[20] = 105;
        var path = Path.Combine(_folder, "wifi.pcap");
        File.WriteAllBytes(path, bytes);
        Assert.Equal($"{path}, byte 20: expected a link type among 0, 1, 101, 108, 113, 228, 229, 276, found 105.",
            Assert.Throws<InvalidDataException>(() => Pcap.Segments(path)).Message);
    }

    [Fact]
    public async Task Tshark_reads_the_same_segments()
    {
        var path = Path.Combine(_folder, "tshark.pcap");
        Pcap.Write(path, Frames);
        var expected = Pcap.Segments(path).Select(s => string.Create(CultureInfo.InvariantCulture,
            $"0x{(int)s.Flags:x4}\t{s.Seq}\t{s.Ack}\t{s.Length}\t{s.Window}\t{(Start + s.T) / 1_000_000_000}.{(Start + s.T) % 1_000_000_000:d9}"));

        var tshark = await Tshark("-r", path, "-Y", "tcp", "-T", "fields", "-e", "tcp.flags", "-e", "tcp.seq_raw", "-e", "tcp.ack_raw",
            "-e", "tcp.len", "-e", "tcp.window_size_value", "-e", "frame.time_epoch");

        Assert.Equal(expected, tshark);
    }

    private static async Task<string[]> Tshark(params string[] arguments)
    {
        using var process = new Process();
        process.StartInfo = new ProcessStartInfo("tshark", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("tshark is not installed");
        }

        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(60));
            await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(10));
            Assert.True(process.ExitCode == 0, await errors);
            return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    private static Capture Read(byte[] bytes) => Pcap.Read(() => new MemoryStream(bytes), "cut.pcap");

    private static void AssertRefused(byte[] bytes, int at, string found)
    {
        var e = Assert.Throws<InvalidDataException>(() => Read(bytes));
        Assert.StartsWith($"cut.pcap, byte {at}: expected ", e.Message, StringComparison.Ordinal);
        Assert.Contains(found, e.Message, StringComparison.Ordinal);
    }

    private static void AssertSame(IEnumerable<CapturedFrame> expected, IEnumerable<CapturedFrame> actual) =>
        Assert.Equal(expected.Select(Account), actual.Select(Account));

    private static (long Time, int OriginalLength, string Bytes) Account(CapturedFrame frame) =>
        (frame.Time, frame.OriginalLength, Convert.ToHexString(frame.Bytes.Span));

    /// <summary>The frames as another program would write them, made here without the writer under test.</summary>
    private static byte[] Foreign(bool isBigEndian, bool isNanoseconds)
    {
        var bytes = new List<byte>();
        Number(isNanoseconds ? 0xA1B23C4D : 0xA1B2C3D4, 4);
        Number(2, 2);
        Number(4, 2);
        Number(0, 4);
        Number(0, 4);
        Number(65_535, 4);
        Number(1, 4);
        foreach (var (time, originalLength, frame) in Frames)
        {
            Number((uint)(time / 1_000_000_000), 4);
            Number((uint)(time % 1_000_000_000 / (isNanoseconds ? 1 : 1000)), 4);
            Number((uint)frame.Length, 4);
            Number((uint)originalLength, 4);
            bytes.AddRange(frame.Span);
        }

        return [.. bytes];

        void Number(uint value, int size)
        {
            for (var i = 0; i < size; i++)
            {
                bytes.Add((byte)(value >> (8 * (isBigEndian ? size - 1 - i : i))));
            }
        }
    }
}
