using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace RstLab.Tests;

public partial class WitnessTests
{
    [Fact]
    public void The_wire_witness_sees_its_own_ports_and_no_others()
    {
        Assert.SkipWhen(WireWitness.WhyNot() is not null, WireWitness.WhyNot() ?? "");
        using var watched = Listener();
        using var other = Listener();
        using var wire = new WireWitness(WireWitness.Loopback, Stopwatch.GetTimestamp());
        wire.Watch(Port(watched));
        Exchange(other);
        Exchange(watched);
        wire.Drain();

        Assert.Equal(["S", "SA", "A"], wire.Segments.Take(3).Select(s => s.Letters));
        Assert.All(wire.Segments, s => Assert.Contains(Port(watched), (int[])[PortOf(s.From), PortOf(s.To)]));
        Assert.Equal((wire.Segments.Count, wire.Frames.Count, 0L), ((int)wire.Seen, wire.Frames.Count, wire.Dropped));
    }

    [Fact]
    public void The_filter_holds_hundreds_of_ports_of_both_families()
    {
        Assert.SkipWhen(WireWitness.WhyNot() is not null, WireWitness.WhyNot() ?? "");
        using var four = Listener();
        using var wire = new WireWitness(WireWitness.Loopback, Stopwatch.GetTimestamp(), keep: false);
        wire.Watch([.. Enumerable.Range(1, 300)]);
        wire.Watch(Port(four));
        Exchange(four);
        wire.Drain();
        var seen = wire.Seen;
        Assert.True(seen >= 6, $"{seen} segments");
        Assert.Empty(wire.Segments);

        Assert.SkipWhen(Machine.IPv6WhyNot() is not null, Machine.IPv6WhyNot() ?? "");
        using var six = Listener(IPAddress.IPv6Loopback);
        wire.Watch(Port(six));
        Exchange(six);
        wire.Drain();
        Assert.True(wire.Seen >= seen + 6);
    }

    [Fact]
    public void Frames_that_no_longer_fit_the_ring_are_counted_as_dropped()
    {
        Assert.SkipWhen(WireWitness.WhyNot() is not null, WireWitness.WhyNot() ?? "");
        using var listener = Listener();
        using var wire = new WireWitness(WireWitness.Loopback, Stopwatch.GetTimestamp(), keep: false);
        wire.Watch(Port(listener));
        for (var i = 0; i < 2000; i++)
        {
            Exchange(listener); // six segments and more each; the ring has 8192 places
        }

        wire.Drain();

        Assert.True(wire.Dropped > 0);
        Assert.True(wire.Seen > 8000);
    }

    [Fact]
    public void Segments_carry_the_kernels_time_on_the_callers_clock()
    {
        Assert.SkipWhen(WireWitness.WhyNot() is not null, WireWitness.WhyNot() ?? "");
        using var listener = Listener();
        var start = Stopwatch.GetTimestamp();
        using var wire = new WireWitness(WireWitness.Loopback, start);
        wire.Watch(Port(listener));
        var before = (long)Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        Exchange(listener);
        var after = (long)Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        wire.Drain();

        // Two clocks are read one after the other to compare them; a microsecond is more than that takes.
        Assert.All(wire.Segments, s => Assert.InRange(s.T, before - 100_000, after + 100_000));
        Assert.Equal(wire.Segments.OrderBy(s => s.T), wire.Segments);
    }

    [Fact]
    public void A_device_that_does_not_exist_is_named()
    {
        Assert.SkipWhen(WireWitness.WhyNot() is not null, WireWitness.WhyNot() ?? "");
        var thrown = Assert.ThrowsAny<Exception>(() => new WireWitness("rstlab-none", 0));
        Assert.Contains("rstlab-none", thrown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("          <idle>-0       [001] ..s1.  100.000005: tcp_send_reset: skbaddr=00000000e3 skaddr=0000000000000000 src=127.0.0.1:8000 dest=127.0.0.1:40000 state=UNKNOWN reason=NO_SOCKET",
        5000, "127.0.0.1:8000", "127.0.0.1:40000", "NO_SOCKET", "UNKNOWN")]
    [InlineData("  a task: b-12  [000] b.s..   100.000001: tcp_send_reset: skbaddr=0 skaddr=1 src=[::1]:8000 dest=[::1]:40000 state=TCP_CLOSE_WAIT reason=A_REASON_OF_TOMORROW",
        1000, "[::1]:8000", "[::1]:40000", "A_REASON_OF_TOMORROW", "TCP_CLOSE_WAIT")]
    [InlineData("  x-12  [000] b.s..   100.000001: tcp_send_reset: skbaddr=0 skaddr=1 src=127.0.0.1:8000 dest=0.0.0.0:0 state=TCP_LISTEN reason=TCP_FLAGS",
        1000, "127.0.0.1:8000", null, "TCP_FLAGS", "TCP_LISTEN")]
    [InlineData("  x-12  [000] b.s..   100.000001: tcp_send_reset: skbaddr=0 skaddr=1 src=[::ffff:127.0.0.1]:8000 dest=[::ffff:127.0.0.1]:9000 state=TCP_CLOSE",
        1000, "127.0.0.1:8000", "127.0.0.1:9000", null, "TCP_CLOSE")]
    public void Sent_resets_are_parsed_with_reasons_known_and_unknown(string line, long t, string from, string? to, string? reason, string state)
    {
        Assert.Equal(new KernelReset(t, ResetDirection.Sent, from, to, reason, state), KernelWitness.Parse(line, 100_000_000_000));
    }

    [Fact]
    public void Received_resets_come_from_the_other_side_of_the_socket()
    {
        const string four = " x-1 [000] ..s..  1.5: tcp_receive_reset: family=AF_INET sport=40000 dport=8000 saddr=127.0.0.1 daddr=127.0.0.2 saddrv6=::ffff:127.0.0.1 daddrv6=::ffff:127.0.0.2 sock_cookie=1";
        const string six = " x-1 [000] ..s..  1.5: tcp_receive_reset: family=AF_INET6 sport=40000 dport=8000 saddr=0.0.0.0 daddr=0.0.0.0 saddrv6=::1 daddrv6=::1 sock_cookie=1";

        Assert.Equal(new KernelReset(500_000_000, ResetDirection.Received, "127.0.0.2:8000", "127.0.0.1:40000", null, null), KernelWitness.Parse(four, 1_000_000_000));
        Assert.Equal(new KernelReset(500_000_000, ResetDirection.Received, "[::1]:8000", "[::1]:40000", null, null), KernelWitness.Parse(six, 1_000_000_000));
    }

    [Theory]
    [InlineData("")]
    [InlineData("# tracer: nop")]
    [InlineData(" x-1 [000] ..s..  1.5: tcp_probe: family=AF_INET")]
    [InlineData(" x-1 [000] ..s..  noon: tcp_send_reset: src=1 dest=2")]
    public void Other_lines_of_the_trace_are_passed_over(string line) => Assert.Null(KernelWitness.Parse(line, 0));

    [Fact]
    public async Task Only_hosts_of_an_experiments_own_are_counted_and_exactly()
    {
        Assert.SkipWhen(KernelWitness.ReadCounters().Count == 0, "this system has no /proc/net/netstat");
        Assert.SkipWhen(TwoHosts.WhyNot() is not null, TwoHosts.WhyNot() ?? "");
        var between = await Lab.RunAsync("test-counters", async talk =>
        {
            await LabTests.CloseThenSend(talk); // on loopback, where others connect too: not counted
            var (client, server) = await talk.ConnectAsync(talk.TwoHosts());
            server.Close(0);
            await client.UntilAsync(TcpState.Closed);
        });
        var loopback = await Lab.RunAsync("test-counters", LabTests.CloseThenSend);

        Assert.Equal((1, 1, 1), (between.Counters["TcpActiveOpens"], between.Counters["TcpPassiveOpens"], between.Counters["TcpOutRsts"]));
        Assert.Equal(1, between.Counters["TcpExtTCPAbortOnData"]);
        Assert.DoesNotContain(0, between.Counters.Values);
        Assert.Empty(loopback.Counters);
    }

    [Fact]
    public async Task Without_the_trace_only_two_hosts_make_the_kernel_a_witness()
    {
        Assert.SkipWhen(TwoHosts.WhyNot() is not null, TwoHosts.WhyNot() ?? "");
        Assert.SkipWhen(KernelWitness.WhyNot() is null, "this machine has the trace");
        var between = await Lab.RunAsync("test-counters", talk => talk.ConnectAsync(talk.TwoHosts()));
        var loopback = await Lab.RunAsync("test-counters", LabTests.CloseThenSend);

        Assert.Equal((Evidence.Live, KernelMethod.Counters), (between[WitnessKind.Kernel].Evidence, between[WitnessKind.Kernel].Method));
        Assert.Equal((Evidence.Absent, KernelWitness.WhyNot()), (loopback[WitnessKind.Kernel].Evidence, loopback[WitnessKind.Kernel].Why));
    }

    [Theory]
    [InlineData(null)] // before 6.10
    [InlineData("NOT_SPECIFIED")] // an abort on 6.10 and 6.11
    public async Task A_kernel_that_names_no_reason_is_an_absent_witness_for_reasons_only(string? reason)
    {
        var recording = await Lab.RunAsync("test-old-kernel", LabTests.CloseThenSend);
        var old = recording with
        {
            Witnesses = [new(WitnessKind.Kernel, Evidence.Live) { Method = KernelMethod.Trace }],
            Events = [new KernelReset(0, ResetDirection.Sent, "127.0.0.1:1", null, reason, "TCP_CLOSE")],
        };

        Assert.Single(old.Resets);
        Assert.Throws<WitnessAbsentException>(old.ReasonsSent);
    }

    [Fact]
    public async Task The_instance_of_a_killed_run_is_removed_by_the_next()
    {
        const string place = "/sys/kernel/tracing/instances";
        Assert.SkipUnless(OperatingSystem.IsLinux() && Directory.Exists(place), "tracefs is not mounted where everybody can see it");
        Assert.SkipWhen(KernelWitness.WhyNot() is not null, KernelWitness.WhyNot() ?? "");

        // A process id that is surely not in use: above the kernel's limit.
        var leftover = Path.Combine(place, "rstlab-" + (int.Parse(File.ReadAllText("/proc/sys/kernel/pid_max"), CultureInfo.InvariantCulture) + 1).ToString(CultureInfo.InvariantCulture));
        Directory.CreateDirectory(leftover);
        using var next = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["-class", "RstLab.Tests.WitnessTests", "-method", "*moves_one_instance*"])
        {
            RedirectStandardOutput = true,
        })!;
        await next.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await next.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.False(Directory.Exists(leftover));
        Assert.False(Directory.Exists(Path.Combine(place, "rstlab-" + next.Id.ToString(CultureInfo.InvariantCulture))), "the run removes its own at its end");
    }

    [Fact]
    public void A_listener_moves_one_instance_between_on_and_off()
    {
        Assert.SkipWhen(KernelWitness.WhyNot() is not null, KernelWitness.WhyNot() ?? "");
        using (new KernelWitness(0, () => new HashSet<string>()))
        using (new KernelWitness(0, () => new HashSet<string>()))
        {
            Assert.True(KernelWitness.NamesReasons);
        }
    }

    [Fact]
    public void Native_constants_and_error_names_are_those_of_the_systems_headers()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/usr/bin/cc"), "there is no C compiler to ask for the headers");
        const string includes = "#include <errno.h>\n#include <fcntl.h>\n#include <sched.h>\n#include <time.h>\n#include <sys/mman.h>\n#include <sys/socket.h>\n#include <sys/syscall.h>\n#include <netinet/in.h>\n#include <poll.h>\n#include <signal.h>\n#include <netinet/tcp.h>\n#include <linux/if_packet.h>\n#include <linux/filter.h>\n";
        var names = typeof(Libc).GetFields(System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic)
            .Where(f => f.IsLiteral && (f.FieldType == typeof(int) || f.FieldType == typeof(short)))
            .ToDictionary(f => f.Name, f => Convert.ToInt32(f.GetRawConstantValue(), CultureInfo.InvariantCulture));
        var errors = Enumerable.Range(1, 140).Select(n => (Number: n, Name: Errno.Name(n))).Where(e => e.Name is not null).ToList();
        // The preprocessor expands the right-hand side; the left one is a string.
        var source = includes + string.Join('\n', names.Keys.Union(errors.Select(e => e.Name!)).Select(n => $"#ifdef {n}\n\"{n}\" = ({n})\n#endif"));
        using var cc = Process.Start(new ProcessStartInfo("/usr/bin/cc", ["-D_GNU_SOURCE", "-E", "-P", "-x", "c", "-"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        cc.StandardInput.Write(source);
        cc.StandardInput.Close();
        var output = cc.StandardOutput.ReadToEnd();
        cc.WaitForExit();
        var fromHeaders = Constant().Matches(output)
            .Where(m => Evaluate(m.Groups[2].Value) is not null)
            .ToDictionary(m => m.Groups[1].Value, m => Evaluate(m.Groups[2].Value)!.Value);

        Assert.All(names.Where(n => fromHeaders.ContainsKey(n.Key)), n => Assert.Equal((n.Key, fromHeaders[n.Key]), (n.Key, n.Value)));
        Assert.All(errors, e => Assert.Equal((e.Name!, fromHeaders[e.Name!]), (e.Name!, e.Number)));
        Assert.True(names.Keys.Count(fromHeaders.ContainsKey) >= 15, "most constants are known to the headers");
    }

    private static int? Evaluate(string text) =>
        text.StartsWith("0x", StringComparison.Ordinal) && int.TryParse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var hex) ? hex
        : text.Length > 1 && text[0] == '0' && text.All(char.IsDigit) ? Convert.ToInt32(text, 8)
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    [GeneratedRegex("^\"(\\w+)\" = \\(+([0-9a-fA-Fx]+)\\)+$", RegexOptions.Multiline)]
    private static partial Regex Constant();

    private static Socket Listener(IPAddress? address = null)
    {
        var socket = new Socket((address ?? IPAddress.Loopback).AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address ?? IPAddress.Loopback, 0));
        socket.Listen();
        return socket;
    }

    private static int Port(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;

    private static int PortOf(string address) => int.Parse(address.AsSpan(address.LastIndexOf(':') + 1), CultureInfo.InvariantCulture);

    private static void Exchange(Socket listener)
    {
        using var client = new Socket(listener.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(listener.LocalEndPoint!);
        using var server = listener.Accept();
        client.Send("hello"u8);
        server.Receive(new byte[5]);
        server.LingerState = client.LingerState = new LingerOption(true, 0);
    }
}
