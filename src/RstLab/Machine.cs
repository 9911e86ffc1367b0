using System.Globalization;
using System.Runtime.InteropServices;

namespace RstLab;

/// <summary>What this machine is, and what it lets the witnesses do.</summary>
public static class Machine
{
    /// <summary>The environment of this process, for the foot of every result.</summary>
    public static LabEnvironment Environment()
    {
        return new LabEnvironment(
            SystemName(),
            OperatingSystem.IsLinux() ? $"Linux {ReadLine("/proc/sys/kernel/osrelease") ?? System.Environment.OSVersion.Version.ToString()}" : RuntimeInformation.OSDescription,
            RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant(),
            RuntimeInformation.FrameworkDescription,
            System.Environment.ProcessorCount,
            Privilege(),
            DateTimeOffset.UtcNow);
    }

    /// <summary>What can be done here, line by line, and for what cannot: why, and what would enable it.</summary>
    public static IReadOnlyList<Capability> Capabilities()
    {
        var wire = WireWitness.WhyNot();
        var kernel = KernelWitness.WhyNot();
        var hosts = TwoHosts.WhyNot();
        return
        [
            new("app witness", null, "every call of an endpoint is logged"),
            new("wire witness", wire, "AF_PACKET sees every segment of the experiments' own ports"),
            new("kernel witness", kernel ?? (KernelWitness.NamesReasons ? null : Obstacle.NoReasons.Message),
                "a private tracefs instance shows every reset and its reason"),
            new("TCP counters", KernelWitness.ReadCounters().Count > 0 ? null : Obstacle.NoCounters.Message, "how many resets, without a reason for each"),
            new("two hosts", hosts, "a host can crash and reboot: network namespaces joined by a veth pair"),
            new("IPv6 loopback", IPv6WhyNot(), "experiments run over ::1 too"),
        ];
    }

    /// <summary>Brings up the loopback device of a network namespace of one's own, where it starts down. Does nothing elsewhere.</summary>
    public static string? LoopbackWhyNot()
    {
        try
        {
            using var probe = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.SocketType.Dgram, System.Net.Sockets.ProtocolType.Udp);
            probe.Connect(System.Net.IPAddress.Loopback, 9);
            return null;
        }
        catch (System.Net.Sockets.SocketException e)
        {
            return Obstacle.LoopbackDown.Saying(Errno.Name(e.NativeErrorCode) ?? e.SocketErrorCode.ToString());
        }
    }

    private static string? IPv6WhyNot()
    {
        try
        {
            using var probe = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.InterNetworkV6, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
            probe.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.IPv6Loopback, 0));
            return null;
        }
        catch (System.Net.Sockets.SocketException e)
        {
            return Obstacle.NoIPv6.Saying(Errno.Name(e.NativeErrorCode) ?? e.SocketErrorCode.ToString());
        }
    }

    private static string Privilege()
    {
        if (!OperatingSystem.IsLinux())
        {
            return System.Environment.IsPrivilegedProcess ? "administrator" : "ordinary user";
        }

        // In the first user namespace the map covers all ids (user_namespaces(7)).
        var map = ReadLine("/proc/self/uid_map")?.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var mapped = map is [_, _, var count] && count != "4294967295";
        return Libc.GetEffectiveUserId() != 0 ? "ordinary user" : mapped ? "root of a user namespace" : "root";
    }

    private static string SystemName()
    {
        const string file = "/etc/os-release";
        if (OperatingSystem.IsLinux() && File.Exists(file))
        {
            var name = File.ReadLines(file).FirstOrDefault(l => l.StartsWith("PRETTY_NAME=", StringComparison.Ordinal));
            if (name is not null)
            {
                return name["PRETTY_NAME=".Length..].Trim('"');
            }
        }

        return RuntimeInformation.OSDescription;
    }

    private static string? ReadLine(string file) => File.Exists(file) ? File.ReadLines(file).FirstOrDefault() : null;
}

/// <summary>One thing that a machine can or cannot do.</summary>
/// <param name="Name">Its name, such as <c>wire witness</c>.</param>
/// <param name="WhyNot">Why not, and what would enable it; null where it can.</param>
/// <param name="Gives">What it gives, in a few words.</param>
public sealed record Capability(string Name, string? WhyNot, string Gives)
{
    /// <summary>Whether the machine can do it.</summary>
    public bool Available => WhyNot is null;
}
