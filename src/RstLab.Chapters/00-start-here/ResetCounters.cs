using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using RstLab.Notebooks;

namespace RstLab.Chapters;

/// <summary>Which TCP counters grow with a reset, for each way a host can come to send one: what chapter 0 measures and claims about that.</summary>
public static class ResetCounters
{
    private const string Ending = "what the server does", Sent = "OutRsts", Sender = "abort counters there", Receiver = "counters of the client";
    private const string Refused = "nothing listens on the port", Unread = "Close with unread data", Linger = "Close(0)", Both = "Shutdown(Both), then data arrives",
        Late = "Close, then data arrives after the FIN is acknowledged", Linger2 = "Close with TCP_LINGER2 = -1, after its FIN is acknowledged", Queue = "Close of a listener with a connection in its queue";

    private const int TcpLinger2 = 8; // include/uapi/linux/tcp.h

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly (string Ending, Action<Pair> Run)[] Endings =
    [
        (Refused, pair =>
        {
            pair.Listener.Dispose();
            Assert(pair.Connect() == SocketError.ConnectionRefused, "the refusal");
        }),
        (Unread, pair =>
        {
            pair.Connect();
            pair.Client.Send(new byte[1]);
            Until(() => pair.Accepted.Available == 1, "the data to arrive");
            pair.Accepted.Close();
        }),
        (Linger, pair =>
        {
            pair.Connect();
            pair.Accepted.Close(0);
        }),
        (Both, pair =>
        {
            pair.Connect();
            pair.Accepted.Shutdown(SocketShutdown.Both);
            pair.Client.Send(new byte[1]);
        }),
        (Late, pair =>
        {
            pair.Connect();
            pair.Accepted.Close();
            Until(pair.IsFinAcknowledged, "the FIN to be acknowledged");
            pair.Client.Send(new byte[1]);
        }),
        (Linger2, pair =>
        {
            pair.Connect();
            pair.Accepted.SetRawSocketOption((int)SocketOptionLevel.Tcp, TcpLinger2, BitConverter.GetBytes(-1));
            pair.Accepted.Shutdown(SocketShutdown.Send);
            Until(() => SocketState.Of(pair.Accepted) == TcpState.FinWait2, "the FIN to be acknowledged");
            pair.Accepted.Close();
        }),
        (Queue, pair =>
        {
            pair.Connect(accept: false);
            Until(() => SocketState.Waiting(pair.Listener) == 1, "the connection to be in the queue");
            pair.Listener.Dispose();
        }),
    ];

    /// <summary>Makes each ending once, between two hosts that nobody else uses, and reads the counters of both before and after.</summary>
    /// <exception cref="NotPossibleHereException">This machine cannot make two hosts, and no table ships.</exception>
    public static Task<ResultTable> MeasureAsync() => Lab.MeasureAsync("00-reset-counters", stop => Endings.Select(ending =>
    {
        stop.ThrowIfCancellationRequested();
        if (TwoHosts.WhyNot() is { } why)
        {
            throw new NotPossibleHereException(why);
        }

        using var pair = new Pair();
        var (server, client) = (pair.Count(h => h.Server), pair.Count(h => h.Client));
        ending.Run(pair);
        Until(() => SocketState.Of(pair.Client) == TcpState.Closed, "the reset to arrive");
        return (IReadOnlyList<object?>)[ending.Ending, pair.Count(h => h.Server)["TcpOutRsts"] - server["TcpOutRsts"],
            Grown(server, pair.Count(h => h.Server), "TCPAbort"), Grown(client, pair.Count(h => h.Client), "AttemptFails", "EstabResets", "TCPAbort")];
    }), Ending, Sent, Sender, Receiver);

    /// <summary>What the counters can and cannot tell.</summary>
    /// <param name="counters">The table <c>00-reset-counters</c>.</param>
    public static ClaimSet Claims(ResultTable counters) => Notebooks.Claims.On(counters)
        .That("00-counters-every-reset", "OutRsts grows by one for each of these resets, whatever its cause.",
            t => t.Numbers(Sent).Count == Endings.Length && t.Numbers(Sent).All(grown => grown == 1))
        .That("00-counters-unnamed",
            "A closed port, data that arrives after Close and an acknowledged FIN, and the queue of a closed listener move no abort counter at all.",
            t => new[] { Refused, Late, Queue }.All(ending => Of(t, ending) == ""))
        .That("00-counters-shared", "TCPAbortOnData counts linger 0 as well, although no data came, so it names no single cause.",
            t => Of(t, Linger) == "TCPAbortOnData" && Of(t, Both) == "TCPAbortOnData")
        .That("00-counters-unread", "A close with unread data counts as TCPAbortOnClose, and nothing else here does.",
            t => t.Rows.Count == Endings.Length
                && t.Texts(Ending).Zip(t.Texts(Sender)).All(row => row.Second.Split(", ").Contains("TCPAbortOnClose") == (row.First == Unread)));

    private static string Of(ResultTable table, string ending) => table.Texts(Ending).Zip(table.Texts(Sender)).Single(row => row.First == ending).Second;

    /// <summary>The counters of some kinds that grew, named as nstat(8) names them, without Tcp or TcpExt.</summary>
    private static string Grown(IReadOnlyDictionary<string, long> before, IReadOnlyDictionary<string, long> after, params string[] kinds) => string.Join(", ", after
        .Where(c => c.Value != before[c.Key]).Select(c => c.Key.StartsWith("TcpExt", StringComparison.Ordinal) ? c.Key[6..] : c.Key[3..])
        .Where(name => kinds.Any(kind => name.StartsWith(kind, StringComparison.Ordinal))));

    private static void Until(Func<bool> condition, string awaited)
    {
        for (var deadline = Environment.TickCount64 + (long)Patience.TotalMilliseconds; !condition(); Thread.Sleep(1))
        {
            Assert(Environment.TickCount64 < deadline, awaited);
        }
    }

    private static void Assert(bool met, string awaited)
    {
        if (!met)
        {
            throw new TimeoutException($"Waited for {awaited} in vain.");
        }
    }

    /// <summary>A client and a server on two hosts of their own.</summary>
    private sealed class Pair : IDisposable
    {
        private readonly TwoHosts _hosts = new();
        private Socket? _accepted;

        internal Pair()
        {
            Listener = _hosts.Server.CreateSocket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            Listener.Bind(new IPEndPoint(_hosts.Server.Address, 0));
            Listener.Listen();
            Address = (IPEndPoint)Listener.LocalEndPoint!;
            Client = _hosts.Client.CreateSocket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        }

        internal Socket Listener { get; }

        internal Socket Client { get; }

        internal Socket Accepted => _accepted ?? throw new InvalidOperationException("Nothing has been accepted.");

        private IPEndPoint Address { get; }

        public void Dispose()
        {
            _accepted?.Dispose();
            _hosts.Dispose();
        }

        internal SocketError Connect(bool accept = true)
        {
            try
            {
                Client.Connect(Address);
            }
            catch (SocketException e)
            {
                return e.SocketErrorCode;
            }

            _accepted = accept ? _hosts.Server.Own(Listener.Accept()) : null;
            return SocketError.Success;
        }

        internal IReadOnlyDictionary<string, long> Count(Func<TwoHosts, Host> of) => of(_hosts).Run(KernelWitness.ReadCounters);

        /// <summary>Whether the server's kernel keeps its side of the connection in FIN_WAIT2 (5) or TIME_WAIT (6).</summary>
        internal bool IsFinAcknowledged() => _hosts.Server.Run(() => File.ReadLines("/proc/thread-self/net/tcp").Skip(1)
            .Any(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var local, _, "05" or "06", ..]
                && local.EndsWith(FormattableString.Invariant($":{Address.Port:X4}"), StringComparison.Ordinal)));
    }
}
