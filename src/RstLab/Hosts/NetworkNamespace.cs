using System.ComponentModel;
using System.Net;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace RstLab;

/// <summary>
/// A network stack of its own: devices, addresses, routes, sockets, firewall (network_namespaces(7)). It is anonymous: only open
/// descriptors hold it, so that nothing is left of it when the process ends, however it ends. Linux only.
/// </summary>
public sealed class NetworkNamespace : IDisposable
{
    // linux/rtnetlink.h, linux/if_link.h, linux/veth.h, linux/if_addr.h, linux/neighbour.h
    private const int RTM_NEWLINK = 16, RTM_GETLINK = 18, RTM_NEWADDR = 20, RTM_NEWNEIGH = 28;
    private const int IFLA_ADDRESS = 1, IFLA_IFNAME = 3, IFLA_LINKINFO = 18, IFLA_NET_NS_FD = 28;
    private const int IFLA_INFO_KIND = 1, IFLA_INFO_DATA = 2, VETH_INFO_PEER = 1, IFA_ADDRESS = 1, IFA_LOCAL = 2, NDA_DST = 1, NDA_LLADDR = 2;
    private const ushort NUD_PERMANENT = 0x80;

    private readonly SafeFileHandle handle;
    private readonly Netlink route;

    private NetworkNamespace(SafeFileHandle handle, Netlink route) => (this.handle, this.route) = (handle, route);

    /// <summary>Makes a namespace with nothing in it but <c>lo</c>, up. Takes CAP_SYS_ADMIN.</summary>
    /// <exception cref="Win32Exception">The kernel refused: EPERM without the capability, ENOSPC past user.max_net_namespaces.</exception>
    public static NetworkNamespace Create() => OnNewThread("unshare", Netlink.Patience, () =>
    {
        Libc.Check(Libc.Unshare(Libc.CLONE_NEWNET), "unshare(CLONE_NEWNET)");
        SafeFileHandle? handle = null;
        Netlink? route = null;
        try
        {
            handle = Libc.Check(Libc.Open("/proc/thread-self/ns/net", Libc.O_RDONLY | Libc.O_CLOEXEC), "open /proc/thread-self/ns/net");
            route = new Netlink(Libc.NETLINK_ROUTE);
            SetUp(route, "lo", up: true);
            QuietIPv6();
            return new NetworkNamespace(handle, route);
        }
        catch
        {
            handle?.Dispose();
            route?.Dispose();
            throw;
        }
    });

    /// <summary>
    /// Runs an action on a thread of its own inside this namespace. Sockets made there stay in the namespace whichever thread
    /// uses them; <c>/proc/net</c> is that of the process, so read <c>/proc/thread-self/net</c>. Only what the action does itself
    /// is inside: a continuation after <c>await</c> is not.
    /// </summary>
    /// <param name="action">What to run; its exception is passed on.</param>
    /// <param name="timeout">How long to wait; 30 s when null. Past it the thread is left to end by itself.</param>
    /// <exception cref="TimeoutException">The action did not end in time.</exception>
    public T Run<T>(Func<T> action, TimeSpan? timeout = null) => OnNewThread("namespace", timeout ?? TimeSpan.FromSeconds(30), () =>
    {
        Libc.Check(Libc.SetNs(handle, Libc.CLONE_NEWNET), "setns(CLONE_NEWNET)");
        return action();
    });

    /// <summary>
    /// Brings <c>lo</c> up in the calling thread's namespace, where it is down (as inside <c>unshare -Urn</c>). Elsewhere than on
    /// Linux, and where it is up already, nothing happens.
    /// </summary>
    /// <exception cref="Win32Exception">The kernel refused: EPERM without CAP_NET_ADMIN.</exception>
    public static void EnsureLoopbackUp()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var route = new Netlink(Libc.NETLINK_ROUTE);
        if ((Find(route, "lo").Flags & Libc.IFF_UP) == 0)
        {
            SetUp(route, "lo", up: true);
        }
    }

    /// <summary>Whether <c>lo</c> is down in the calling thread's namespace; false also where that cannot be found out.</summary>
    internal static bool IsLoopbackDown()
    {
        try
        {
            using var route = OperatingSystem.IsLinux() ? new Netlink(Libc.NETLINK_ROUTE) : null;
            return route is not null && (Find(route, "lo").Flags & Libc.IFF_UP) == 0;
        }
        catch (Exception e) when (e is Win32Exception or TimeoutException)
        {
            return false; // a sandbox without netlink
        }
    }

    /// <summary>Lets go of the namespace. The kernel removes it, with its devices, once no socket and no thread is in it.</summary>
    public void Dispose()
    {
        route.Dispose();
        handle.Dispose();
    }

    /// <summary>Makes a veth pair (veth(4)): one end here, the other in <paramref name="peer"/>, both down and named alike.</summary>
    internal void AddVeth(string name, byte[] mac, NetworkNamespace peer, byte[] peerMac)
    {
        route.Request($"RTM_NEWLINK {name} (veth)", new NetlinkMessage(RTM_NEWLINK, Netlink.NLM_F_ACK | Netlink.NLM_F_CREATE | Netlink.NLM_F_EXCL, LinkInfo())
            .Add(IFLA_IFNAME, name)
            .Add(IFLA_ADDRESS, mac)
            .Nest(IFLA_LINKINFO, info => info
                .Add(IFLA_INFO_KIND, "veth")
                .Nest(IFLA_INFO_DATA, data => data.Nest(VETH_INFO_PEER, end => end
                    .Raw(LinkInfo())
                    .Add(IFLA_IFNAME, name)
                    .Add(IFLA_ADDRESS, peerMac)
                    .Add(IFLA_NET_NS_FD, (int)peer.handle.DangerousGetHandle())))));
        GC.KeepAlive(peer);
    }

    /// <summary>Moves a device into another namespace: it arrives there down and without its addresses.</summary>
    internal void MoveLink(string name, NetworkNamespace to)
    {
        route.Request($"RTM_NEWLINK {name} (IFLA_NET_NS_FD)", new NetlinkMessage(RTM_NEWLINK, Netlink.NLM_F_ACK, LinkInfo())
            .Add(IFLA_IFNAME, name)
            .Add(IFLA_NET_NS_FD, (int)to.handle.DangerousGetHandle()));
        GC.KeepAlive(to);
    }

    internal void SetLink(string name, bool up) => SetUp(route, name, up);

    /// <summary>Whether the device is up, its carrier is on and the kernel lets frames through.</summary>
    internal bool IsRunning(string name) =>
        (Find(route, name).Flags & (Libc.IFF_RUNNING | Libc.IFF_LOWER_UP)) == (Libc.IFF_RUNNING | Libc.IFF_LOWER_UP);

    internal void AddAddress(string name, IPAddress address, byte prefixLength)
    {
        // struct ifaddrmsg: family, prefix length, flags, scope, index.
        byte[] fixedPart = [Libc.AF_INET, prefixLength, 0, 0, .. BitConverter.GetBytes(Find(route, name).Index)];
        route.Request($"RTM_NEWADDR {address}/{prefixLength} {name}", new NetlinkMessage(RTM_NEWADDR, Netlink.NLM_F_ACK | Netlink.NLM_F_CREATE | Netlink.NLM_F_EXCL, fixedPart)
            .Add(IFA_LOCAL, address.GetAddressBytes())
            .Add(IFA_ADDRESS, address.GetAddressBytes()));
    }

    /// <summary>Makes a permanent entry in the neighbour table (arp(7)), which loss of carrier does not remove.</summary>
    internal void AddNeighbour(string name, IPAddress address, byte[] mac)
    {
        // struct ndmsg: family, padding, index, state, flags, type.
        byte[] fixedPart = [Libc.AF_INET, 0, 0, 0, .. BitConverter.GetBytes(Find(route, name).Index), .. BitConverter.GetBytes(NUD_PERMANENT), 0, 0];
        route.Request($"RTM_NEWNEIGH {address} {name}", new NetlinkMessage(RTM_NEWNEIGH, Netlink.NLM_F_ACK | Netlink.NLM_F_CREATE, fixedPart)
            .Add(NDA_DST, address.GetAddressBytes())
            .Add(NDA_LLADDR, mac));
    }

    private static void SetUp(Netlink route, string name, bool up) =>
        route.Request($"RTM_NEWLINK {name} {(up ? "up" : "down")}", new NetlinkMessage(RTM_NEWLINK, Netlink.NLM_F_ACK, LinkInfo(up ? Libc.IFF_UP : 0, Libc.IFF_UP))
            .Add(IFLA_IFNAME, name));

    private static (int Index, int Flags) Find(Netlink route, string name)
    {
        var answer = route.Request($"RTM_GETLINK {name}", new NetlinkMessage(RTM_GETLINK, Netlink.NLM_F_ACK, LinkInfo()).Add(IFLA_IFNAME, name)).AsSpan();
        return (MemoryMarshal.Read<int>(answer[20..]), MemoryMarshal.Read<int>(answer[24..]));
    }

    /// <summary>struct ifinfomsg: family, padding, type, index, flags, change mask (rtnetlink(7)).</summary>
    private static byte[] LinkInfo(int flags = 0, int change = 0) =>
        [0, 0, 0, 0, 0, 0, 0, 0, .. BitConverter.GetBytes(flags), .. BitConverter.GetBytes(change)];

    /// <summary>No IPv6 on devices to come, so that no neighbour discovery mixes with the experiment; <c>lo</c> keeps ::1.</summary>
    private static void QuietIPv6()
    {
        try
        {
            File.WriteAllText("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // No IPv6 here, or /proc/sys is read-only: some more frames on the link, none of them TCP.
        }
    }

    /// <summary>A thread of its own, because a namespace belongs to a thread and a pool's thread would carry it elsewhere.</summary>
    private static T OnNewThread<T>(string name, TimeSpan timeout, Func<T> action)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                result = action();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        })
        { IsBackground = true, Name = $"rstlab {name}" };
        thread.Start();
        if (!thread.Join(timeout))
        {
            throw new TimeoutException($"The action in the network namespace did not end within {timeout.TotalSeconds} s.");
        }

        failure?.Throw();
        return result;
    }
}
