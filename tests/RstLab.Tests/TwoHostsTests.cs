using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Reflection;

namespace RstLab.Tests;

public sealed class TwoHostsTests
{
    private const int Etimedout = 110, Econnreset = 104, Econnrefused = 111;

    private static TwoHosts MakeHosts()
    {
        if (TwoHosts.WhyNot() is { } reason)
        {
            Assert.Skip(reason);
        }

        return new TwoHosts();
    }

    [Fact]
    public void A_connection_crosses_the_link_between_two_separate_stacks()
    {
        using var hosts = MakeHosts();
        var (client, server, _) = Connect(hosts);

        Assert.Equal(3, client.Send(new byte[3]));
        Assert.Equal(3, server.Receive(new byte[8]));
        Assert.Equal(hosts.Client.Address, ((IPEndPoint)server.RemoteEndPoint!).Address);
        Assert.Equal(hosts.Server.Address, ((IPEndPoint)client.RemoteEndPoint!).Address);
    }

    [Fact]
    public void A_segment_to_a_rebooted_host_without_the_service_is_answered_by_a_reset()
    {
        using var hosts = MakeHosts();
        using var capture = new Capture(hosts.Client);
        var (client, server, _) = Connect(hosts);
        capture.Read();

        hosts.Crash();
        Assert.False(hosts.Server.IsUp);
        client.Send(new byte[5]);
        Assert.False(client.Poll(300_000, SelectMode.SelectRead)); // the silence itself is what is measured
        hosts.Reboot();

        Assert.True(client.Poll(5_000_000, SelectMode.SelectRead));
        Assert.Equal(Econnreset, Assert.Throws<SocketException>(() => client.Receive(new byte[8])).ErrorCode);
        var segments = capture.Read();
        Assert.All(segments.Where(s => s.From.Equals(hosts.Server.Address)), s => Assert.Equal("R", s.Flags));
        Assert.Contains(segments, s => s.From.Equals(hosts.Server.Address));
        Assert.Throws<ObjectDisposedException>(() => server.Send(new byte[1]));
    }

    [Fact]
    public void The_old_connection_is_reset_and_a_new_one_accepted_when_the_service_is_back()
    {
        using var hosts = MakeHosts();
        var (client, _, port) = Connect(hosts);

        hosts.Crash();
        Socket? listener = null;
        hosts.Reboot(host => listener = Listen(host, port));
        client.Send(new byte[5]);

        Assert.True(client.Poll(5_000_000, SelectMode.SelectRead));
        Assert.Equal(Econnreset, Assert.Throws<SocketException>(() => client.Receive(new byte[8])).ErrorCode);
        var again = hosts.Client.CreateSocket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        again.Connect(hosts.Server.Address, port);
        hosts.Server.Own(listener!.Accept());
    }

    [Fact]
    public void A_crash_with_unread_data_and_a_waiting_connection_sends_nothing()
    {
        using var hosts = MakeHosts();
        using var capture = new Capture(hosts.Client);
        var (client, _, port) = Connect(hosts);
        client.Send(new byte[100]);
        var waiting = hosts.Client.CreateSocket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        waiting.Connect(hosts.Server.Address, port);
        Settle(capture);

        hosts.Crash();
        client.Send(new byte[100]);
        client.Shutdown(SocketShutdown.Send);

        Assert.False(client.Poll(400_000, SelectMode.SelectRead)); // the silence itself is what is measured
        var segments = capture.Read();
        Assert.DoesNotContain(segments, s => s.From.Equals(hosts.Server.Address));
        Assert.True(segments.Count >= 2, "the client's segment and its retransmission cross the link, which nobody answers on");
    }

    [Fact]
    public void A_host_that_stays_down_lets_the_client_time_out()
    {
        using var hosts = MakeHosts();
        var (client, _, _) = Connect(hosts);
        client.SetRawSocketOption(6, 18, BitConverter.GetBytes(300)); // TCP_USER_TIMEOUT, milliseconds

        hosts.Crash();
        client.Send(new byte[5]);

        Assert.True(client.Poll(5_000_000, SelectMode.SelectRead));
        Assert.Equal(Etimedout, Assert.Throws<SocketException>(() => client.Receive(new byte[8])).ErrorCode);
    }

    [Fact]
    public void Crash_and_Reboot_take_turns()
    {
        using var hosts = MakeHosts();

        Assert.Throws<InvalidOperationException>(() => hosts.Reboot());
        hosts.Crash();
        Assert.Throws<InvalidOperationException>(hosts.Crash);
        Assert.Throws<InvalidOperationException>(() => hosts.Server.CreateSocket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        hosts.Reboot();
        hosts.Crash();
        hosts.Reboot();
        Connect(hosts);
    }

    [Fact]
    public void A_firewall_reject_refuses_like_a_closed_port_until_it_is_taken_back()
    {
        using var hosts = MakeHosts();
        var (_, _, port) = Connect(hosts);
        SkipWithoutFirewall(() => hosts.Server.RejectWithReset(port));

        using (var refused = hosts.Client.CreateSocket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            Assert.Equal(Econnrefused, Assert.Throws<SocketException>(() => refused.Connect(hosts.Server.Address, port)).ErrorCode);
        }

        hosts.Server.AcceptIncoming();
        using var accepted = hosts.Client.CreateSocket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        accepted.Connect(hosts.Server.Address, port);
    }

    [Fact]
    public void The_reject_rule_reads_as_nft_would_write_it()
    {
        using var hosts = MakeHosts();
        SkipWithoutFirewall(() => hosts.Server.RejectWithReset(8000));
        hosts.Server.DropIncoming();
        string listing;
        try
        {
            listing = hosts.Server.Run(() => Output("nft", "list ruleset"));
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("nft is not installed");
            return;
        }

        Assert.Contains("table inet rstlab", listing, StringComparison.Ordinal);
        Assert.Contains("type filter hook input priority filter; policy accept;", listing, StringComparison.Ordinal);
        Assert.Matches(@"drop\s+(meta l4proto tcp )?tcp dport 8000 reject with tcp reset", listing);
    }

    [Fact]
    public void A_host_that_drops_everything_answers_nothing()
    {
        using var hosts = MakeHosts();
        using var capture = new Capture(hosts.Client);
        var (client, _, _) = Connect(hosts);
        SkipWithoutFirewall(hosts.Server.DropIncoming);
        Settle(capture);

        client.SetRawSocketOption(6, 18, BitConverter.GetBytes(300)); // TCP_USER_TIMEOUT, milliseconds
        client.Send(new byte[5]);

        Assert.True(client.Poll(5_000_000, SelectMode.SelectRead));
        Assert.Equal(Etimedout, Assert.Throws<SocketException>(() => client.Receive(new byte[8])).ErrorCode);
        Assert.DoesNotContain(capture.Read(), s => s.From.Equals(hosts.Server.Address));
    }

    [Fact]
    public void An_exception_in_a_host_reaches_the_caller_and_a_stuck_action_does_not_hang_it()
    {
        using var hosts = MakeHosts();

        Assert.Throws<FormatException>(() => hosts.Client.Run(() => throw new FormatException("as it was")));
        Assert.Throws<TimeoutException>(() => hosts.Client.Run(() => Thread.Sleep(1000), TimeSpan.FromMilliseconds(20)));
    }

    [Fact]
    public void The_kernel_s_refusal_names_the_request_and_the_error()
    {
        using var hosts = MakeHosts();

        var error = Assert.Throws<System.ComponentModel.Win32Exception>(() => hosts.Client.Stack.SetLink("absent0", up: true));

        Assert.Equal(19, error.NativeErrorCode);
        Assert.StartsWith("RTM_NEWLINK absent0 up: No such device (errno 19)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Netlink_constants_are_those_of_the_kernel_s_headers()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/cc") && File.Exists("/usr/include/linux/netfilter/nf_tables.h"), "there is no C compiler, or no kernel headers to ask");
        string[] headers = ["linux/rtnetlink.h", "linux/if_link.h", "linux/veth.h", "linux/netfilter.h", "linux/netfilter/nfnetlink.h", "linux/netfilter/nf_tables.h"];
        var constants = new[] { typeof(Netlink), typeof(NetlinkMessage), typeof(NetworkNamespace), typeof(Firewall) }
            .SelectMany(t => t.GetFields(BindingFlags.Static | BindingFlags.NonPublic))
            .Where(f => f.IsLiteral && f.Name.Contains('_', StringComparison.Ordinal))
            .ToList();
        Assert.True(constants.Count > 50, $"{constants.Count} constants");

        using var cc = Process.Start(new ProcessStartInfo("/usr/bin/cc", ["-fsyntax-only", "-x", "c", "-"]) { RedirectStandardInput = true, RedirectStandardError = true })!;
        cc.StandardInput.Write(string.Concat(headers.Select(h => $"#include <{h}>\n"))
            + string.Concat(constants.Select(c => $"_Static_assert({c.Name} == {c.GetRawConstantValue()}, \"{c.Name}\");\n")));
        cc.StandardInput.Close();

        Assert.Equal("", cc.StandardError.ReadToEnd());
        Assert.True(cc.WaitForExit(10_000));
        Assert.Equal(0, cc.ExitCode);
    }

    [Fact]
    public void Loopback_is_up_in_every_host_and_EnsureLoopbackUp_finds_it_so()
    {
        using var hosts = MakeHosts();

        hosts.Server.Run(() =>
        {
            NetworkNamespace.EnsureLoopbackUp();
            hosts.Server.Stack.SetLink("lo", up: false);
            NetworkNamespace.EnsureLoopbackUp();
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            using var client = new TcpClient();
            client.Connect((IPEndPoint)listener.LocalEndpoint);
        });
    }

    [Fact]
    public void Nothing_is_held_after_disposal()
    {
        MakeHosts().Dispose();
        HashSet<string> held;
        var hosts = MakeHosts();
        try
        {
            Connect(hosts);
            held = [NamespaceOf(hosts.Client), NamespaceOf(hosts.Server)];
            Assert.Equal(2, held.Count);
            Assert.Equal(2, Holders(Environment.ProcessId, held));
        }
        finally
        {
            hosts.Dispose();
            hosts.Dispose();
        }

        // A thread that has been joined may still be in the process for a moment.
        Assert.True(SpinWait.SpinUntil(() => Holders(Environment.ProcessId, held) == 0, 5000));
        Assert.Throws<InvalidOperationException>(hosts.Crash);
    }

    [Fact]
    public void Nothing_is_held_after_the_process_is_killed()
    {
        MakeHosts().Dispose();
        using var child = Process.Start(new ProcessStartInfo(
            "dotnet", [typeof(TwoHostsTests).Assembly.Location, "-noColor", "-explicit", "only", "-method", $"*.{nameof(The_child_waits_to_be_killed)}"])
        {
            RedirectStandardOutput = true,
        })!;
        HashSet<string> held;
        try
        {
            string? line;
            while ((line = child.StandardOutput.ReadLine()) is not null && !line.Contains(Announcement, StringComparison.Ordinal))
            {
            }

            Assert.NotNull(line);
            held = [.. line[(line.IndexOf(Announcement, StringComparison.Ordinal) + Announcement.Length)..].Split(' ')];
            Assert.Equal(3, held.Count);
            Assert.Equal(3, Holders(child.Id, held));
        }
        finally
        {
            child.Kill();
            Assert.True(child.WaitForExit(10_000));
        }

        foreach (var process in Process.GetProcesses())
        {
            Assert.Equal(0, Holders(process.Id, held));
        }
    }

    /// <summary>The child of the test above, run by it alone: makes hosts, crashes one, names their namespaces and waits to be killed.</summary>
    [Fact(Explicit = true)]
    public void The_child_waits_to_be_killed()
    {
        using var running = new TwoHosts();
        using var crashed = new TwoHosts();
        Connect(running);
        Connect(crashed);
        crashed.Crash();
        Console.WriteLine($"{Announcement}{NamespaceOf(running.Client)} {NamespaceOf(running.Server)} {NamespaceOf(crashed.Client)}");
        Thread.Sleep(30_000);
    }

    private const string Announcement = "namespaces: ";

    private static string NamespaceOf(Host host) => host.Run(() => Link("/proc/thread-self/ns/net"))!;

    private static string? Link(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>How many of these namespaces a process holds by a descriptor or a thread.</summary>
    private static int Holders(int process, HashSet<string> namespaces)
    {
        try
        {
            string[] links = [.. Directory.GetFiles($"/proc/{process}/fd"), .. Directory.GetDirectories($"/proc/{process}/task").Select(t => $"{t}/ns/net")];
            return links.Select(Link).OfType<string>().Where(namespaces.Contains).Distinct().Count();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0; // gone, or another user's
        }
    }

    private static Socket Listen(Host host, int port)
    {
        var listener = host.CreateSocket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(host.Address, port));
        listener.Listen();
        return listener;
    }

    private static (Socket Client, Socket Server, int Port) Connect(TwoHosts hosts)
    {
        var listener = Listen(hosts.Server, 0);
        var client = hosts.Client.CreateSocket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.ReceiveTimeout = client.SendTimeout = 5000;
        client.Connect(listener.LocalEndPoint!);
        return (client, hosts.Server.Own(listener.Accept()), ((IPEndPoint)listener.LocalEndPoint!).Port);
    }

    private static void SkipWithoutFirewall(Action rule)
    {
        try
        {
            rule();
        }
        catch (NotSupportedException e)
        {
            Assert.Skip(e.Message);
        }
    }

    private static string Output(string program, string arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(10_000));
        return output;
    }

    /// <summary>Reads until the link has been quiet for 50 ms, so that what comes later belongs to what is done later.</summary>
    private static void Settle(Capture capture)
    {
        while (capture.Read(waitMilliseconds: 50).Count > 0)
        {
        }
    }

    /// <summary>What crosses the client's link: TCP over IPv4 only.</summary>
    private sealed class Capture(Host host) : IDisposable
    {
        private readonly Socket socket = host.CreateSocket(AddressFamily.Packet, SocketType.Raw, (ProtocolType)0x0300);

        public List<(IPAddress From, string Flags)> Read(int waitMilliseconds = 0)
        {
            var segments = new List<(IPAddress, string)>();
            var frame = new byte[2048];
            while (socket.Poll(waitMilliseconds * 1000, SelectMode.SelectRead))
            {
                var length = socket.Receive(frame);
                if (length >= 54 && BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(12)) == 0x0800 && frame[23] == 6)
                {
                    segments.Add((new IPAddress(frame.AsSpan(26, 4)), new Segment(0, "", "", (ControlBits)frame[14 + ((frame[14] & 15) * 4) + 13], 0, 0, 0).Letters));
                }
            }

            return segments;
        }

        public void Dispose() => socket.Dispose();
    }
}
