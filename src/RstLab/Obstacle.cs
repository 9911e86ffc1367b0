using System.Text;

namespace RstLab;

/// <summary>
/// Something that keeps a machine from showing a part of the course, or the program from going on. Whoever meets it says
/// <see cref="Message"/>, and the page on troubleshooting is written from all of them, so that page and program cannot drift apart.
/// </summary>
/// <param name="Title">What it is, in a few words: a heading of the page.</param>
/// <param name="Message">What the program says. An ellipsis stands for what differs from case to case.</param>
/// <param name="Meaning">What that means, in Markdown.</param>
/// <param name="Remedy">What would enable it, in Markdown; links are relative to <c>notebooks/</c>.</param>
internal sealed record Obstacle(string Title, string Message, string Meaning, string Remedy)
{
    internal static Obstacle NotLinux { get; } = new(
        "This is not Linux",
        "… is a facility of Linux; open a dev container or a Linux machine",
        "macOS and Windows have no AF_PACKET, no tracefs and no network namespaces. The app witness is live there; the rest is shown from the recordings.",
        "Open the repository in Codespaces or in a [dev container](../.devcontainer/README.md), or in a virtual machine with Linux. What is known of macOS and Windows is in [chapter 4](04-epipe-or-econnreset.ipynb).");

    internal static Obstacle NoRawSockets { get; } = new(
        "No right to capture",
        "AF_PACKET was refused (…): it takes CAP_NET_RAW, which root has, and an ordinary user inside `unshare -Urn`",
        "A packet socket is opened with the capability CAP_NET_RAW only (packet(7)). An ordinary user does not have it, and a container has it only if its engine leaves it there.",
        "Run the program as root. Or as an ordinary user without `--no-namespace`: then it enters a user namespace of its own, [where that is allowed](#user-namespaces-are-switched-off). In a container: work as its root, with `--cap-add NET_RAW`; added to an ordinary user's container, it changes nothing.");

    internal static Obstacle TracefsNotMounted { get; } = new(
        "tracefs is not mounted",
        "tracefs is not mounted and could not be: it takes root (not only a container's or a user namespace's)",
        "The kernel tells its reasons through tracefs, at `/sys/kernel/tracing`. It is not there, or this process may not look into it. The course mounts it for itself where it may; inside a container or a user namespace nobody may. Experiments between two hosts still have the TCP counters of these hosts.",
        "Run as root on the machine itself. In a container that you trust like root on the host: give it `SYS_ADMIN` and the host's `/sys/kernel/tracing`.");

    internal static Obstacle TracefsRefused { get; } = new(
        "tracefs was refused",
        "tracefs was refused: it takes root, and a kernel that is not locked down",
        "tracefs is there, and this process may not use it: it is not root's, or the kernel is locked down for confidentiality, which stops root too (kernel_lockdown(7)).",
        "Run as root. If you are root: `cat /sys/kernel/security/lockdown` shows the state in brackets. `[confidentiality]` is set when the kernel starts, and only another start without it helps.");

    internal static Obstacle TracefsUnusable { get; } = new(
        "tracefs cannot be used",
        "tracefs cannot be used: …",
        "The kernel's trace is there, but an instance of its own could not be set up. What the system said is behind the colon.",
        "`ls /sys/kernel/tracing/instances` shows the instances of others, `free -m` whether memory is short: each takes a buffer for each processor.");

    internal static Obstacle NoTracePoint { get; } = new(
        "The kernel has no trace point for resets",
        "this kernel has no trace point tcp:tcp_send_reset (Linux 4.16 and newer have it)",
        "The kernel is too old, or was built without trace events.",
        "Use a newer kernel: 6.10 names reasons too, and 6.12 all that the course shows.");

    internal static Obstacle NoReasons { get; } = new(
        "The kernel is older than 6.10",
        "tracefs shows the resets, but this kernel names no reasons; Linux 6.10 has the first of them, 6.12 all that the course shows",
        "The trace point is there, without its field `reason`. That a reset was sent, when and between whom is live; why is not, and the claims on reasons speak from the recordings.",
        "Use Linux 6.12 or newer: `uname -r` shows what you have. In a container it is the host's kernel that counts.");

    internal static Obstacle TraceLost { get; } = new(
        "The trace lost events",
        "the trace lost … events of this busy machine while the experiment ran; run it again",
        "The trace points tell of every reset of the machine. So many came that the buffer was full, and an account with holes proves nothing.",
        "Run the cell again when the machine is quieter.");

    internal static Obstacle NoCounters { get; } = new(
        "There are no TCP counters",
        "there is no /proc/net/netstat; it takes Linux",
        "Neither the trace nor the counters can say why a reset was sent.",
        "Linux has them everywhere, except in sandboxes with a network stack of their own.");

    internal static Obstacle NoNamespaces { get; } = new(
        "No right to make hosts",
        "making network namespaces takes CAP_SYS_ADMIN: run as root, or as an ordinary user inside unshare -Urn (a container's root needs --cap-add SYS_ADMIN); …",
        "Two hosts on one machine are two network namespaces (network_namespaces(7)). An ordinary user may not make them, and neither may the root of a container with the default capabilities.",
        "Run as root. Or as an ordinary user without `--no-namespace`: inside a user namespace of its own it may, [where the system allows one](#user-namespaces-are-switched-off).");

    internal static Obstacle NoVeth { get; } = new(
        "Two hosts cannot be joined",
        "two network namespaces joined by a veth pair cannot be made here: … (it takes a kernel with CONFIG_NET_NS and CONFIG_VETH, and room below user.max_net_namespaces)",
        "The right is there, and the kernel refused all the same; what it said is behind the colon. *No space left on device* means that there are too many network namespaces already, or that none are allowed.",
        "`sysctl user.max_net_namespaces` shows the limit, `lsns -t net` what there is; `modprobe veth` loads the device where it is a module.");

    internal static Obstacle NoFirewall { get; } = new(
        "The kernel has no nf_tables",
        "This kernel has no nf_tables, or not the parts that the rule needs (CONFIG_NF_TABLES_INET, CONFIG_NFT_REJECT): …",
        "Chapter 1 sets one firewall rule, on a host of its own that it made. This kernel has no such rules.",
        "`modprobe -a nf_tables nft_reject_inet` loads them where they are modules.");

    internal static Obstacle NoIPv6 { get; } = new(
        "There is no IPv6",
        "::1 cannot be bound (…); `sysctl net.ipv6.conf.lo.disable_ipv6=0` enables it where the kernel has IPv6",
        "Only the experiment of chapter 1 over IPv6 needs it. Everything else runs over IPv4.",
        "Set that sysctl as root. Containers often have no IPv6 unless their engine is told to give it. In a network namespace whose loopback device is down there is no ::1 either: `ip link set lo up`.");

    internal static Obstacle LoopbackDown { get; } = new(
        "The loopback device is down",
        "the loopback device is down (…). `ip link set lo up` brings it up; inside `unshare -Urn` the course does so itself",
        "A network namespace begins with its loopback device down, and nothing can be sent to 127.0.0.1.",
        "Run `ip link set lo up` in that namespace.");

    internal static Obstacle NoFreePort { get; } = new(
        "No port is free",
        "No port is free on … (…). Wait a minute for TIME_WAIT to pass, or widen net.ipv4.ip_local_port_range; `ss -s` counts what is in use.",
        "Each connection takes a port of the client, also for a minute after it has ended. A machine that makes tens of thousands of connections a minute runs out of them.",
        "Wait a minute. Or as root: `sysctl net.ipv4.ip_local_port_range=\"10240 65535\"`.");

    internal static Obstacle TooManyOpenFiles { get; } = new(
        "Too many open files",
        "Too many open files (…): no socket could be opened, as this process may have … files open at once. End what holds them, or run `ulimit -n 4096` in the shell before the program.",
        "Every socket is an open file, and a process may have only so many (RLIMIT_NOFILE, getrlimit(2)). Code that opens sockets and never disposes of them gets there sooner or later.",
        "`ulimit -Hn` shows the limit, `ls /proc/PID/fd | wc -l` how many are open.");

    internal static Obstacle TooFewOpenFiles { get; } = new(
        "The limit of open files is too low",
        "Too many open files would be needed: this process may open … at once, and the course needs …, as it runs all chapters at the same time. Run `ulimit -n …` in the shell first; root may raise the hard limit.",
        "Every socket, every loaded library and every process is an open file (RLIMIT_NOFILE, getrlimit(2)). The program raises the soft limit to the hard one by itself; the hard limit is what is too low here.",
        "`ulimit -Hn` shows the hard limit. In a container it is the engine's `--ulimit nofile=…`, for a service systemd's `LimitNOFILE=`.");

    internal static Obstacle PortTaken { get; } = new(
        "A port is taken",
        "Port … on … is taken (…). `ss -ltnp 'sport = :…'` shows by whom; port 0 lets the kernel choose a free one.",
        "A cell names a port that another program listens on. The chapters let the kernel choose, but for services that come back to their old port.",
        "End the other program, or leave the port out.");

    internal static Obstacle NoChildProgram { get; } = new(
        "The child program is missing",
        "there is no …; `dotnet build src/RstLab.Notebooks` makes it",
        "Chapter 4 starts a small program that SIGPIPE may kill. It stands beside the library, and was not built or was deleted.",
        "Build, then restart the notebook's kernel.");

    internal static Obstacle TooLate { get; } = new(
        "An experiment does not end",
        "Experiment … did not end within … s. …",
        "A call waits for something that does not come; the last sentence names what was awaited. Everything that the experiment had opened is closed by then.",
        "Look at the ladder that you expect: who has to act before that call can end? A blocking call on the side that should act is the usual cause; the `…Async` form lets the script go on.");

    internal static Obstacle NothingShips { get; } = new(
        "No recording of it ships",
        "… cannot run live here (…), and no recording of it ships in data/. Run the course with --record on a machine where it can.",
        "The recordings are of the course's own experiments, by their ids. Yours has another id, and this machine cannot run it.",
        "The parentheses say what is missing: look for it on this page.");

    internal static Obstacle ReplayAsked { get; } = new(
        "Everything is recorded",
        "a replay was asked for",
        "The run was started with `--replay`, so nothing was made live, whatever the machine can do.",
        "Run it again without `--replay`.");

    /// <summary>What the library can meet, in the page's order.</summary>
    internal static IReadOnlyList<Obstacle> OfTheMachine { get; } =
    [
        NotLinux, NoRawSockets, TracefsNotMounted, TracefsRefused, TracefsUnusable, NoTracePoint, NoReasons, TraceLost, NoCounters, NoNamespaces, NoVeth, NoFirewall,
        NoIPv6, LoopbackDown, TooFewOpenFiles,
    ];

    /// <summary>What a single experiment can meet, in the page's order.</summary>
    internal static IReadOnlyList<Obstacle> OfAnExperiment { get; } = [TooLate, NoFreePort, TooManyOpenFiles, PortTaken, NoChildProgram, NothingShips, ReplayAsked];

    /// <summary>The message, with what differs in the places of the ellipses.</summary>
    /// <param name="details">One for each ellipsis.</param>
    /// <exception cref="ArgumentException">There are more or fewer ellipses.</exception>
    internal string Saying(params ReadOnlySpan<string> details)
    {
        var parts = Message.Split('…');
        if (parts.Length != details.Length + 1)
        {
            throw new ArgumentException($"'{Message}' has {parts.Length - 1} places, and {details.Length} details were given.", nameof(details));
        }

        var text = new StringBuilder(parts[0]);
        for (var i = 0; i < details.Length; i++)
        {
            text.Append(details[i]).Append(parts[i + 1]);
        }

        return text.ToString();
    }
}
