using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace RstLab;

/// <summary>What this machine is, and what it lets the witnesses do.</summary>
public static class Machine
{
    /// <summary>
    /// How many files the course's program must be able to open at once: it runs all chapters at the same time, and each socket, process,
    /// loaded library and directory watch is a file.
    /// </summary>
    public const int OpenFilesNeeded = 512;

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
            new("experiments", WhyNothingRuns(), "the loopback device is up, a port is free, enough files may be opened"),
            new("app witness", null, "every call of an endpoint is logged"),
            new("wire witness", wire, "AF_PACKET sees every segment of the experiments' own ports"),
            new("kernel witness", kernel ?? (KernelWitness.NamesReasons ? null : Obstacle.NoReasons.Message),
                "a private tracefs instance shows every reset and its reason"),
            new("TCP counters", KernelWitness.ReadCounters().Count > 0 ? hosts : Obstacle.NoCounters.Message,
                "how many resets two hosts sent, without a reason for each"),
            new("two hosts", hosts, "a host can crash and reboot: network namespaces joined by a veth pair"),
            new("IPv6 loopback", IPv6WhyNot(), "experiments run over ::1 too"),
        ];
    }

    /// <summary>
    /// What keeps every experiment from running here, and what would help: the loopback device is down, no port is free, or too few files
    /// may be opened. Null where nothing does. What only some experiments need is in <see cref="Capabilities"/>.
    /// </summary>
    public static string? WhyNothingRuns() => OpenFilesWhyNot() ?? LoopbackWhyNot() ?? PortWhyNot();

    /// <summary>Why nothing can be sent to 127.0.0.1, and what would help; null where it can.</summary>
    public static string? LoopbackWhyNot()
    {
        try
        {
            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            probe.Connect(IPAddress.Loopback, 9);

            // A device that was up once keeps its routes when it goes down: connecting succeeds, and what is sent is lost.
            return NetworkNamespace.IsLoopbackDown() ? Obstacle.LoopbackDown.Saying("its flag IFF_UP is not set") : null;
        }
        catch (SocketException e)
        {
            return WhyNot(e) ?? Obstacle.LoopbackDown.Saying(NameOf(e));
        }
    }

    /// <summary>Why nothing can be bound to ::1, and what would help; null where it can.</summary>
    public static string? IPv6WhyNot()
    {
        try
        {
            using var probe = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
            probe.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
            return null;
        }
        catch (SocketException e)
        {
            return Obstacle.NoIPv6.Saying(NameOf(e));
        }
    }

    /// <summary>
    /// The obstacle that an error of the system comes from, when it is the machine's and never what an experiment is about: no file can be
    /// opened any more, no port is free, the loopback device is down. Null for every other error.
    /// </summary>
    /// <param name="error">What was thrown, at any depth.</param>
    /// <param name="address">The address that a port was wanted on.</param>
    internal static string? WhyNot(Exception error, string address = "127.0.0.1") => Errno.Find(error) is not { } socket ? null : socket.SocketErrorCode switch
    {
        SocketError.TooManyOpenSockets => Obstacle.TooManyOpenFiles.Saying(NameOf(socket), OpenFiles() ?? "a number that this system does not report"),
        SocketError.AddressNotAvailable or SocketError.AddressAlreadyInUse => Obstacle.NoFreePort.Saying(address, NameOf(socket)),
        SocketError.NetworkUnreachable or SocketError.NetworkDown => Obstacle.LoopbackDown.Saying(NameOf(socket)),
        _ => null,
    };

    private static string? PortWhyNot()
    {
        try
        {
            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            return null;
        }
        catch (SocketException e)
        {
            return WhyNot(e) ?? e.Message;
        }
    }

    // The runtime has raised the soft limit to the hard one when it started.
    private static string? OpenFilesWhyNot() =>
        OperatingSystem.IsLinux() && Libc.GetResourceLimit(Libc.RLIMIT_NOFILE, out var limit) == 0 && limit.Soft < OpenFilesNeeded
            ? Obstacle.TooFewOpenFiles.Saying(limit.Soft.ToString(CultureInfo.InvariantCulture), $"{OpenFilesNeeded}", $"{OpenFilesNeeded}")
            : null;

    private static string? OpenFiles() =>
        OperatingSystem.IsLinux() && Libc.GetResourceLimit(Libc.RLIMIT_NOFILE, out var limit) == 0 ? limit.Soft.ToString(CultureInfo.InvariantCulture) : null;

    private static string NameOf(SocketException error) => Errno.Name(error.NativeErrorCode) ?? error.SocketErrorCode.ToString();

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
