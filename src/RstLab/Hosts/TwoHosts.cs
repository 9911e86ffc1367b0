using System.ComponentModel;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace RstLab;

/// <summary>
/// A client host and a server host on this machine: two network namespaces joined by a veth pair, with a TCP of their own each
/// (network_namespaces(7), veth(4), rtnetlink(7)). The server can crash and come back with the same address and no memory of its
/// connections, which is the third condition of RFC 9293 section 3.5.2 for a reset. Linux with CAP_SYS_ADMIN only: ask
/// <see cref="WhyNot"/> first. Nothing is left of it when it is disposed of, or when the process ends in whatever way.
/// </summary>
/// <remarks>Crash, reboot and disposal are for one thread at a time; what runs on the hosts may run on any number.</remarks>
public sealed class TwoHosts : IDisposable
{
    private static readonly Lazy<string?> WhyNotHere = new(Try);
    private static int instances;

    private NetworkNamespace? limbo;

    /// <summary>Makes both hosts and waits until the link between them runs; some milliseconds.</summary>
    /// <exception cref="Win32Exception">The kernel refused; the message names the request.</exception>
    /// <exception cref="TimeoutException">The link did not come up within 5 s.</exception>
    public TwoHosts()
    {
        // One /30 of 10.0.0.0/8 an instance: the kernel's trace shows all namespaces, and addresses tell two runs apart there.
        var subnet = (((Environment.ProcessId * 61L) + Interlocked.Increment(ref instances)) & 0x3FFFFF) << 2;
        Client = new Host("client", Address(subnet + 1));
        Server = new Host("server", Address(subnet + 2));
        try
        {
            var client = Client.Boot(NetworkNamespace.Create());
            var server = Server.Boot(NetworkNamespace.Create());
            client.AddVeth(Host.Device, Client.Mac, server, Server.Mac);
            Client.Attach(Server);
            Server.Attach(Client);
            WaitForLink(server);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The host that stays.</summary>
    public Host Client { get; }

    /// <summary>The host that can crash.</summary>
    public Host Server { get; }

    /// <summary>
    /// Null where this machine can make two hosts; else why not, and the remedy. The answer is found by making them once, and kept.
    /// </summary>
    public static string? WhyNot() => WhyNotHere.Value;

    /// <summary>
    /// The server host vanishes as in a power cut: its link goes down first, so nothing that it does leaves it any more, neither FIN nor
    /// RST; then its sockets and its whole TCP are gone. The client is told nothing: what it sends goes out, and gets no answer.
    /// </summary>
    /// <remarks>
    /// The link comes up again before this returns, with nobody behind it, as when a switch stands between; so a capture shows what
    /// the client sends. The client does not find out by ARP either (its entry for the server is permanent): it times out with
    /// ETIMEDOUT, as with a router between, and not with EHOSTUNREACH. Sockets that the server does not own
    /// (<see cref="Host.Own{T}"/>) outlive it in a stack that has no device.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The server host is down already.</exception>
    /// <exception cref="TimeoutException">The link did not come up again within 5 s.</exception>
    public void Crash()
    {
        var old = Server.Stack;
        limbo = NetworkNamespace.Create();
        old.SetLink(Host.Device, up: false);
        old.MoveLink(Host.Device, limbo);
        Server.Vanish();
        limbo.SetLink(Host.Device, up: true);
        WaitForLink(limbo);
    }

    /// <summary>
    /// The server host starts again with the same address: a new kernel, as far as TCP can tell. It does not know the connections
    /// of the old one, and answers their segments with RST.
    /// </summary>
    /// <param name="services">
    /// What the host starts before its link comes up, such as a listener on the old port; nothing when null. A service that starts
    /// later races with what the client sends meanwhile.
    /// </param>
    /// <exception cref="InvalidOperationException">The server host is not down; call <see cref="Crash"/> first.</exception>
    /// <exception cref="TimeoutException">The link did not come up within 5 s.</exception>
    public void Reboot(Action<Host>? services = null)
    {
        var fresh = limbo ?? throw new InvalidOperationException("The server host is running: call Crash() before Reboot().");
        limbo = null;
        fresh.SetLink(Host.Device, up: false);
        Server.Boot(fresh);
        Server.Attach(Client, services);
        WaitForLink(fresh);
    }

    /// <summary>
    /// What the TCP of the hosts that are up has counted since they started (<see cref="KernelWitness.ReadCounters"/>), added up; only
    /// what is not 0. Nobody else uses their stacks, so all of it is the experiment's. A host that crashed takes its counters with it.
    /// </summary>
    internal IReadOnlyDictionary<string, long> Counters() => new[] { Client, Server }
        .Where(host => host.IsUp)
        .SelectMany(host => host.Run(KernelWitness.ReadCounters))
        .GroupBy(counter => counter.Key, counter => counter.Value)
        .Select(counter => (Name: counter.Key, Sum: counter.Sum()))
        .Where(counter => counter.Sum != 0)
        .ToDictionary(counter => counter.Name, counter => counter.Sum);

    /// <summary>Lets go of both hosts with all that they own. Nothing is sent. Returns at once; the kernel cleans up behind.</summary>
    public void Dispose()
    {
        Client.Vanish();
        Server.Vanish();
        limbo?.Dispose();
        limbo = null;
    }

    private void WaitForLink(NetworkNamespace serverEnd)
    {
        var deadline = Environment.TickCount64 + (long)Netlink.Patience.TotalMilliseconds;
        while (true)
        {
            var (client, server) = (Client.Stack.IsRunning(Host.Device), serverEnd.IsRunning(Host.Device));
            if (client && server)
            {
                return;
            }

            if (Environment.TickCount64 > deadline)
            {
                throw new TimeoutException($"The link between the two hosts did not come up within {Netlink.Patience.TotalSeconds} s (client end running: {client}, server end running: {server}).");
            }

            Thread.Sleep(1);
        }
    }

    private static IPAddress Address(long offset) => new([10, (byte)(offset >> 16), (byte)(offset >> 8), (byte)offset]);

    private static string? Try()
    {
        if (!OperatingSystem.IsLinux())
        {
            return Obstacle.NotLinux.Saying("a network namespace");
        }

        try
        {
            new TwoHosts().Dispose();
            return null;
        }
        catch (Win32Exception e) when (e.NativeErrorCode == Libc.EPERM)
        {
            return Obstacle.NoNamespaces.Saying(e.Message);
        }
        catch (Exception e) when (e is Win32Exception or TimeoutException or IOException)
        {
            return Obstacle.NoVeth.Saying(e.Message);
        }
    }
}

/// <summary>One of <see cref="TwoHosts"/>: what runs here uses this host's devices, addresses and TCP.</summary>
public sealed class Host
{
    internal const string Device = "eth0";

    private readonly List<IDisposable> owned = [];
    private NetworkNamespace? stack;

    internal Host(string name, IPAddress address) => (Name, Address) = (name, address);

    /// <summary><c>client</c> or <c>server</c>.</summary>
    public string Name { get; }

    /// <summary>This host's IPv4 address on the link: private (RFC 1918), different for each instance.</summary>
    public IPAddress Address { get; }

    /// <summary>The device of the link. It is named alike on both hosts, as on two real machines.</summary>
    public string DeviceName { get; } = Device;

    /// <summary>Whether the host runs: false between crash and reboot, and after disposal.</summary>
    public bool IsUp => stack is not null;

    /// <summary>A locally administered MAC address that carries the IPv4 address, so that captures read well.</summary>
    internal byte[] Mac => [2, 0, .. Address.GetAddressBytes()];

    internal NetworkNamespace Stack => stack ?? throw new InvalidOperationException($"The {Name} host is down.");

    /// <inheritdoc cref="NetworkNamespace.Run{T}"/>
    /// <exception cref="InvalidOperationException">The host is down.</exception>
    public T Run<T>(Func<T> action, TimeSpan? timeout = null) => Stack.Run(action, timeout);

    /// <inheritdoc cref="NetworkNamespace.Run{T}"/>
    /// <exception cref="InvalidOperationException">The host is down.</exception>
    public void Run(Action action, TimeSpan? timeout = null) => Stack.Run(() => { action(); return 0; }, timeout);

    /// <summary>Makes a socket on this host, owned by it (<see cref="Own{T}"/>). It may be used from any thread.</summary>
    /// <exception cref="SocketException">The system refused the socket.</exception>
    /// <exception cref="InvalidOperationException">The host is down.</exception>
    public Socket CreateSocket(AddressFamily family, SocketType type, ProtocolType protocol) =>
        Own(Run(() => new Socket(family, type, protocol)));

    /// <summary>
    /// Makes a socket, or anything else that is disposed of, go down with this host. A TCP socket goes without a word: it sends no
    /// FIN and no RST, and the kernel's trace shows none (TCP_REPAIR, linux/tcp.h). Sockets that Accept returns are not owned by themselves.
    /// </summary>
    /// <returns><paramref name="thing"/>.</returns>
    public T Own<T>(T thing)
        where T : IDisposable
    {
        lock (owned)
        {
            owned.Add(thing);
        }

        return thing;
    }

    /// <summary>
    /// The host's firewall answers every segment to a TCP port with RST, as <c>nft … tcp dport PORT reject with tcp reset</c> does.
    /// The reset is netfilter's, not TCP's: it shows on the wire, and <c>tcp:tcp_send_reset</c> does not fire.
    /// </summary>
    /// <param name="port">1 to 65535.</param>
    /// <exception cref="NotSupportedException">The kernel has no nf_tables or no reject.</exception>
    public void RejectWithReset(int port)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, ushort.MaxValue);
        Run(() => Firewall.RejectWithReset(port));
    }

    /// <summary>The host's firewall drops all IP packets that come in, silently. What the host sends still leaves it.</summary>
    /// <exception cref="NotSupportedException">The kernel has no nf_tables.</exception>
    public void DropIncoming() => Run(Firewall.Drop);

    /// <summary>Takes back <see cref="RejectWithReset"/> and <see cref="DropIncoming"/>.</summary>
    /// <exception cref="NotSupportedException">The kernel has no nf_tables.</exception>
    public void AcceptIncoming() => Run(Firewall.Clear);

    /// <summary>For a table of hosts: name and address.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name} ({Address})");

    internal NetworkNamespace Boot(NetworkNamespace fresh) => stack = fresh;

    internal void Attach(Host peer, Action<Host>? services = null)
    {
        Stack.AddAddress(Device, Address, 30);
        Stack.AddNeighbour(Device, peer.Address, peer.Mac);
        services?.Invoke(this);
        Stack.SetLink(Device, up: true);
    }

    /// <summary>Drops everything that the host owns and the host itself, in silence. Harmless when it is down already.</summary>
    internal void Vanish()
    {
        IDisposable[] things;
        lock (owned)
        {
            things = [.. owned];
            owned.Clear();
        }

        foreach (var thing in things)
        {
            if (thing is Socket { SocketType: SocketType.Stream } socket)
            {
                Silence(socket);
            }

            thing.Dispose();
        }

        stack?.Dispose();
        stack = null;
    }

    /// <summary>Closing a socket under repair frees it without FIN and RST (tcp_close, net/ipv4/tcp.c).</summary>
    private static void Silence(Socket socket)
    {
        try
        {
            var listens = socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.AcceptConnection) is 1;
            while (listens && socket.Poll(0, SelectMode.SelectRead))
            {
                using var waiting = socket.Accept();
                Silence(waiting);
            }

            socket.SetRawSocketOption(Libc.IPPROTO_TCP, Libc.TCP_REPAIR, BitConverter.GetBytes(1));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed already, or a listener, which has nothing to say.
        }
    }
}
