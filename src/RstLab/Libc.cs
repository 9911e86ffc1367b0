using System.ComponentModel;
using System.Runtime.InteropServices;

namespace RstLab;

/// <summary>
/// The one place for native calls. Linux's C library (glibc and musl agree on all of these); nothing here is called on other systems.
/// Constants are those of the Linux user-space headers and are checked against them by a test.
/// </summary>
internal static partial class Libc
{
    internal const int AF_INET = 2, AF_INET6 = 10, AF_NETLINK = 16, AF_PACKET = 17;
    internal const int SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_RAW = 3, SOCK_CLOEXEC = 0x80000;
    internal const int SOL_SOCKET = 1, SO_ERROR = 4, SO_ATTACH_FILTER = 26, IPPROTO_TCP = 6, TCP_INFO = 11;
    internal const int O_RDONLY = 0, O_CLOEXEC = 0x80000;
    internal const int CLONE_NEWNET = 0x40000000;
    internal const int F_SETFD = 2, FD_CLOEXEC = 1;
    internal const int CLOCK_REALTIME = 0, CLOCK_MONOTONIC = 1;
    internal const int EINTR = 4, EAGAIN = 11;

    [StructLayout(LayoutKind.Sequential)]
    internal struct Timespec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct PollFd
    {
        public int Fd;
        public short Events;
        public short Returned;
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    internal static partial int Socket(int domain, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    internal static partial int Close(int fd);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    internal static partial int Fcntl(int fd, int command, int argument);

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    internal static partial int Unshare(int flags);

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    internal static partial int SetNs(int fd, int type);

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    internal static partial int ClockGetTime(int clock, out Timespec time);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    internal static partial uint GetEffectiveUserId();

    /// <summary>Throws when a call returned a negative number; the message names the call and the error.</summary>
    internal static int Check(int result, string call) => result >= 0 ? result : throw LastError(call);

    /// <summary>The error of the last native call of this thread, as an exception that names the call.</summary>
    internal static Win32Exception LastError(string call)
    {
        var errno = Marshal.GetLastPInvokeError();
        return new Win32Exception(errno, $"{call}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})");
    }

    // Network namespaces and netlink: netlink(7), rtnetlink(7), tcp(7), linux/netlink.h, linux/tcp.h.
    internal const int NETLINK_ROUTE = 0, NETLINK_NETFILTER = 12, SOL_NETLINK = 270, NETLINK_EXT_ACK = 11;
    internal const int TCP_REPAIR = 19, IFF_UP = 0x1, IFF_RUNNING = 0x40, IFF_LOWER_UP = 0x10000;
    internal const int EPERM = 1, ENOENT = 2, EINVAL = 22, EAFNOSUPPORT = 97, EPROTONOSUPPORT = 93, EOPNOTSUPP = 95;
}
