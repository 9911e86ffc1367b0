using System.Diagnostics;
using System.Globalization;

namespace RstLab.Tests;

/// <summary>The recordings that speak for machines without privileges have to be whole, and their captures have to agree with them.</summary>
public sealed class ShippedRecordingTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "data", "recordings");

    public static TheoryData<string> Ids => [.. Directory.EnumerateFiles(Folder, "*.json").Select(f => Path.GetFileNameWithoutExtension(f)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Ids))]
    public void A_shipped_recording_has_every_witness_and_the_capture_has_its_segments(string id)
    {
        var recording = Recording.Load(Path.Combine(Folder, id + ".json"));

        Assert.Equal(id, recording.Id);
        Assert.StartsWith("Linux ", recording.Environment.Kernel, StringComparison.Ordinal);
        Assert.Equal([Evidence.Live, Evidence.Live, Evidence.Live], recording.Witnesses.Select(w => w.Evidence));
        Assert.All(recording.Witnesses, w => Assert.Equal(0, w.Dropped));
        Assert.NotEmpty(recording.Calls);
        Assert.Equal(recording.Events.OrderBy(e => e.T), recording.Events);
        Assert.Equal(
            recording.Segments.Select(s => (s.From, s.To, s.Letters, s.Seq, s.Ack, s.Length)),
            Pcap.Segments(Path.Combine(Folder, id + ".pcap")).Select(s => (s.From, s.To, s.Letters, s.Seq, s.Ack, s.Length)));
    }

    [Fact]
    public async Task Tshark_finds_the_resets_in_the_captures_that_the_recordings_list()
    {
        var recordings = Directory.EnumerateFiles(Folder, "*.json").Order(StringComparer.Ordinal).Select(Recording.Load).ToList();
        var all = Path.Combine(Path.GetTempPath(), $"rstlab-all-{Environment.ProcessId}.pcap");
        try
        {
            // One capture of all, as starting tshark is what takes the time.
            Pcap.Write(all, recordings.SelectMany(r => Pcap.Read(Path.Combine(Folder, r.Id + ".pcap")).Frames));
            using var tshark = Start("tshark", "-r", all, "-Y", "tcp.flags.reset == 1", "-T", "fields", "-E", "separator=,", "-e", "tcp.srcport", "-e", "tcp.dstport", "-e", "tcp.seq_raw", "-e", "tcp.len");
            var seen = (await tshark.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

            Assert.Equal(recordings.SelectMany(r => r.Segments).Where(s => s.IsReset)
                .Select(s => string.Create(CultureInfo.InvariantCulture, $"{Port(s.From)},{Port(s.To)},{s.Seq},{s.Length}")), seen);
        }
        finally
        {
            File.Delete(all);
        }
    }

    private static Process Start(string program, params string[] arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            Assert.Skip($"{program} cannot be started: {e.Message}");
            throw;
        }
    }

    private static string Port(string address) => address[(address.LastIndexOf(':') + 1)..];
}
