using System.Net.Sockets;

namespace RstLab.Notebooks.Tests;

/// <summary>Recordings made by hand, so that every case of a figure can be tested on any machine.</summary>
internal static class Samples
{
    internal const string Client = "127.0.0.1:40312", Server = "127.0.0.1:35001";

    internal static readonly LabEnvironment Here = new("Debian GNU/Linux 12 (bookworm)", "Linux 6.18.44", "x64", ".NET 10.0.12", 2, "root", new(2026, 3, 5, 12, 0, 0, TimeSpan.Zero));

    internal static readonly IReadOnlyList<Witness> AllLive = [new(WitnessKind.App, Evidence.Live), new(WitnessKind.Wire, Evidence.Live), new(WitnessKind.Kernel, Evidence.Live) { Method = KernelMethod.Trace }];

    internal static readonly IReadOnlyList<Witness> AppOnly =
    [
        new(WitnessKind.App, Evidence.Live),
        new(WitnessKind.Wire, Evidence.Absent, "AF_PACKET needs CAP_NET_RAW, and this process does not have it"),
        new(WitnessKind.Kernel, Evidence.Absent, "tracefs is not mounted here"),
    ];

    /// <summary>The server closes, the client sends twice: FIN, data, RST, EPIPE.</summary>
    internal static Recording CloseThenSend { get; } = new()
    {
        Id = "02-close-then-send",
        Environment = Here,
        Witnesses = AllLive,
        Participants = [new("client", Client, Side.Client), new("listener", Server, Side.Server), new("server", Server, Side.Server)],
        Counters = new Dictionary<string, long> { ["TcpExtTCPAbortOnData"] = 1, ["TcpOutRsts"] = 1 },
        Events =
        [
            new AppCall(1_000, "listener", "Listen") { Arguments = "127.0.0.1:35001", Result = "ok", Elapsed = 12_400 },
            new AppCall(61_200, "client", "Connect") { Arguments = "127.0.0.1:35001", Result = "ok", Elapsed = 88_700 },
            Wire(92_310, true, ControlBits.Syn, 3_000_000_000, 0, 0),
            Wire(101_020, false, ControlBits.Syn | ControlBits.Ack, 910_000_000, 3_000_000_001, 0),
            Wire(108_450, true, ControlBits.Ack, 3_000_000_001, 910_000_001, 0),
            new AppCall(171_000, "listener", "Accept") { Result = "server", Elapsed = 20_100 },
            new AppCall(240_500, "server", "Close") { Result = "ok", Elapsed = 61_000 },
            Wire(262_900, false, ControlBits.Fin | ControlBits.Ack, 910_000_001, 3_000_000_001, 0),
            Wire(270_110, true, ControlBits.Ack, 3_000_000_001, 910_000_002, 0),
            new AppCall(1_410_000, "client", "Send") { Arguments = "5000 bytes", Result = "5000", Elapsed = 74_300 },
            Wire(1_432_000, true, ControlBits.Psh | ControlBits.Ack, 3_000_000_001, 910_000_002, 5000),
            new KernelReset(1_440_000, ResetDirection.Sent, Server, Client, "TCP_ABORT_ON_DATA", "TCP_FIN_WAIT2"),
            Wire(1_441_870, false, ControlBits.Rst, 910_000_002, 0, 0),
            new KernelReset(1_443_000, ResetDirection.Received, Server, Client, null, null),
            new AppCall(252_300_000, "client", "Send") { Arguments = "5000 bytes", Error = SocketError.Shutdown, Errno = 32, ErrnoName = "EPIPE", Exception = "System.Net.Sockets.SocketException", Message = "Broken pipe", Elapsed = 31_000 },
        ],
    };

    /// <summary>A SYN to a port where nobody listens, over IPv6; the kernel's trace does not know where the reset goes.</summary>
    internal static Recording Refused { get; } = new()
    {
        Id = "01-refused-ipv6",
        Environment = Here,
        Witnesses = AllLive,
        Participants = [new("client", "[::1]:51000", Side.Client)],
        Events =
        [
            new AppCall(10_000, "client", "Connect") { Arguments = "[::1]:9", Error = SocketError.ConnectionRefused, Errno = 111, ErrnoName = "ECONNREFUSED", Exception = "System.Net.Sockets.SocketException", Message = "Connection refused", Elapsed = 95_000 },
            new Segment(41_000, "[::1]:51000", "[::1]:9", ControlBits.Syn, 77, 0, 0) { Window = 65476, Ttl = 64 },
            new KernelReset(47_000, ResetDirection.Sent, "[::1]:9", null, "NO_SOCKET", "UNKNOWN"),
            new Segment(48_500, "[::1]:9", "[::1]:51000", ControlBits.Rst | ControlBits.Ack, 0, 78, 0) { Window = 0, Ttl = 64 },
        ],
    };

    /// <summary>Durations of every kind, from microseconds to hours.</summary>
    internal static ResultTable Durations { get; } = new()
    {
        Id = "05-time-to-notice",
        Columns = ["peer", "way", "known", "after (s)"],
        Rows = [["closed", "wait", "measured", 61.2e-6], ["vanished", "wait", "not noticed", 2.6], ["vanished", "keepalive", "measured", 2.03], ["vanished", "keepalive, the defaults", "computed", 7875L]],
        Environment = Here,
    };

    /// <summary>A server host that is rebooted under the client, with a long stream of data before.</summary>
    internal static Recording Long { get; } = MakeLong();

    /// <summary>Times of two ways to be refused, made by a rule so that they are the same in every run.</summary>
    internal static ResultTable Trials { get; } = new()
    {
        Id = "01-refusal-times",
        Columns = ["call", "elapsed (us)", "error"],
        Environment = Here,
        Rows =
        [
            .. Enumerable.Range(1, 2000).SelectMany(i => new IReadOnlyList<object?>[]
            {
                ["Connect, throws", 45 + (30 * Math.Pow((i * 7919 % 2000) / 2000.0, 6)) + (i % 97 == 0 ? 900 + i : 0), "ConnectionRefused"],
                ["ConnectAsync, no exception", 22 + (18 * Math.Pow((i * 104729 % 2000) / 2000.0, 4)) + (i % 113 == 0 ? 300 + i : 0), "ConnectionRefused"],
            }),
        ],
    };

    internal static ResultTable Rates { get; } = new()
    {
        Id = "rates",
        Columns = ["conversation", "program", "trials (1/s)", "spread (1/s)"],
        Environment = Here,
        Rows = [["refused", "C", 81000, 3000], ["refused", "RstLab", 52000, 4100], ["broken pipe", "C", 21000, 800], ["broken pipe", "RstLab", 19400, 900], ["aborted", "C", 24000, 500], ["aborted", "RstLab", 22100, 700]],
    };

    internal static Recording WithoutWire(Recording? shipped) => CloseThenSend with
    {
        Witnesses = AppOnly,
        Shipped = shipped,
        Events = [.. CloseThenSend.Events.OfType<AppCall>()],
        Environment = Here with { Privilege = "ordinary user", Kernel = "Linux 6.1.0" },
    };

    private static Segment Wire(long t, bool fromClient, ControlBits flags, uint seq, uint ack, int length) =>
        new(t, fromClient ? Client : Server, fromClient ? Server : Client, flags, seq, ack, length) { Window = 512, Ttl = 64 };

    private static Recording MakeLong()
    {
        const string client = "10.77.0.1:40000", server = "10.77.0.2:8000";
        var events = new List<LabEvent>();
        long t = 0;
        uint seq = 1_000_001;
        Segment Cross(bool up, ControlBits flags, uint s, uint a, int length) =>
            new(t += 8_000, up ? client : server, up ? server : client, flags, s, a, length) { Window = 501, Ttl = 64 };
        var syn = new AppCall(t += 1_000, "client", "Connect") { Arguments = server, Result = "ok", Elapsed = 60_000 };
        events.AddRange([syn, Cross(true, ControlBits.Syn, 1_000_000, 0, 0), Cross(false, ControlBits.Syn | ControlBits.Ack, 5_000_000, 1_000_001, 0), Cross(true, ControlBits.Ack, 1_000_001, 5_000_001, 0)]);
        t += 60_000;
        for (var i = 0; i < 30; i++)
        {
            events.Add(new AppCall(t += 10_000, "client", "Send") { Arguments = "5000 bytes", Result = "5000", Elapsed = 30_000 });
            events.Add(Cross(true, ControlBits.Psh | ControlBits.Ack, seq, 5_000_001, 5000));
            seq += 5000;
            events.Add(Cross(false, ControlBits.Ack, 5_000_001, seq, 0));
            t += 30_000;
        }

        events.Add(new AppCall(t += 10_000, "client", "Receive") { Arguments = "4096 bytes", Error = SocketError.ConnectionReset, Errno = 104, ErrnoName = "ECONNRESET", Exception = "System.Net.Sockets.SocketException", Message = "Connection reset by peer", Elapsed = 2_450_000_000 });
        events.Add(new AppCall(t += 100_000, "lab", "Reboot") { Arguments = "server host, with its listener", Result = "ok", Elapsed = 180_000_000 });
        t += 1_200_000_000;
        events.Add(new AppCall(t += 10_000, "client", "Send") { Arguments = "5000 bytes", Result = "5000", Elapsed = 30_000 });
        events.Add(Cross(true, ControlBits.Psh | ControlBits.Ack, seq, 5_000_001, 5000));
        events.Add(new KernelReset(t + 3_000, ResetDirection.Sent, server, client, "TCP_FLAGS", "TCP_LISTEN"));
        events.Add(Cross(false, ControlBits.Rst, 5_000_001, 0, 0));
        return new()
        {
            Id = "03-reboot",
            Environment = Here,
            Witnesses = AllLive,
            Participants = [new("client", client, Side.Client), new("server", server, Side.Server)],
            Events = [.. events.OrderBy(e => e.T)],
        };
    }
}
