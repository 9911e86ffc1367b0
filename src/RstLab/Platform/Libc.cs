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
    internal const int O_NONBLOCK = 0x800;
    private const int PROT_READ_WRITE = 3, MAP_SHARED = 1;
    private const int SYS_fsopen = 430, SYS_fsconfig = 431, SYS_fsmount = 432; // the same on every architecture: asm-generic/unistd.h
    private const int FSOPEN_CLOEXEC = 1, FSMOUNT_CLOEXEC = 1, FSCONFIG_CMD_CREATE = 6;
    internal const int EINTR = 4, EAGAIN = 11, EADDRNOTAVAIL = 99, ECONNREFUSED = 111;

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

    [LibraryImport("libc", EntryPoint = "connect", SetLastError = true)]
    internal static partial int Connect(SafeHandle socket, ReadOnlySpan<byte> address, int length);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    internal static partial int Close(int fd);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Fcntl(int fd, int command, nint argument);

    /// <summary>Whether a descriptor stays open in a program that this process starts or becomes (F_SETFD, fcntl(2)).</summary>
    internal static bool KeepOnExec(nint descriptor, bool keep) => Fcntl((int)descriptor, F_SETFD, keep ? 0 : FD_CLOEXEC) == 0;

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    internal static partial int Unshare(int flags);

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    internal static partial int SetNs(int fd, int type);

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    internal static partial int ClockGetTime(int clock, out Timespec time);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    internal static partial uint GetEffectiveUserId();

    [LibraryImport("libc", EntryPoint = "if_nametoindex", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial uint IfNameToIndex(string name);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static unsafe partial byte* Mmap(void* address, nuint length, int protection, int flags, int fd, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static unsafe partial int Munmap(byte* address, nuint length);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    internal static unsafe partial nint Read(int fd, byte* buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Syscall(nint number, nint a, nint b, nint c);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint SyscallWithText(nint number, string a, nint b);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Syscall5(nint number, nint a, nint b, nint c, nint d, nint e);

    /// <summary>The index of a network device in the calling thread's namespace.</summary>
    internal static int InterfaceIndex(string name) => IfNameToIndex(name) is var index and not 0 ? (int)index : throw LastError($"if_nametoindex({name})");

    /// <summary>Maps a descriptor's memory for reading and writing, shared with the kernel (mmap(2)).</summary>
    internal static unsafe byte* MapShared(SafeHandle descriptor, nuint length)
    {
        var memory = Mmap(null, length, PROT_READ_WRITE, MAP_SHARED, (int)descriptor.DangerousGetHandle(), 0);
        return (nint)memory == -1 ? throw LastError("mmap") : memory;
    }

    internal static unsafe void Unmap(byte* memory, nuint length) => Check(Munmap(memory, length), "munmap");

    /// <summary>How far CLOCK_REALTIME is ahead of CLOCK_MONOTONIC at this moment, in nanoseconds.</summary>
    internal static long RealtimeMinusMonotonic()
    {
        // The question that was interrupted least is the best: the realtime reading is compared with the middle of two monotonic ones.
        var (best, difference) = (long.MaxValue, 0L);
        for (var i = 0; i < 3; i++)
        {
            var before = Nanoseconds(CLOCK_MONOTONIC);
            var realtime = Nanoseconds(CLOCK_REALTIME);
            var after = Nanoseconds(CLOCK_MONOTONIC);
            if (after - before < best)
            {
                (best, difference) = (after - before, realtime - before - ((after - before) / 2));
            }
        }

        return difference;
    }

    /// <summary>
    /// Mounts a file system without a place in the tree (fsopen(2), fsmount(2), Linux 5.2): it is reached through the
    /// descriptor and is gone with it. Returns -1 where the system refuses.
    /// </summary>
    internal static int MountDetached(string type)
    {
        var context = (int)SyscallWithText(SYS_fsopen, type, FSOPEN_CLOEXEC);
        if (context < 0)
        {
            return -1;
        }

        try
        {
            return Syscall5(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, 0, 0, 0) < 0 ? -1 : (int)Syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
        }
        finally
        {
            _ = Close(context);
        }
    }

    private static long Nanoseconds(int clock)
    {
        Check(ClockGetTime(clock, out var time), "clock_gettime");
        return (time.Seconds * 1_000_000_000L) + time.Nanoseconds;
    }

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

    /// <summary>execvp(3): puts another program in this process's place. Returns only when it failed. The array ends with null.</summary>
    [LibraryImport("libc", EntryPoint = "execvp", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Exec(string file, string?[] arguments);

    // What the chapters call beside .NET, to compare: send(2), recv(2), shutdown(2), poll(2), signal(2).
    internal const int MSG_NOSIGNAL = 0x4000, SHUT_RDWR = 2, SIGPIPE = 13, SIG_DFL = 0;
    internal const short POLLIN = 0x1, POLLPRI = 0x2, POLLOUT = 0x4, POLLERR = 0x8, POLLHUP = 0x10, POLLRDHUP = 0x2000;

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    internal static partial nint Send(SafeHandle socket, ReadOnlySpan<byte> data, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    internal static partial nint Receive(SafeHandle socket, Span<byte> buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "shutdown", SetLastError = true)]
    internal static partial int Shutdown(SafeHandle socket, int how);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    internal static partial int Poll(Span<PollFd> descriptors, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "signal", SetLastError = true)]
    internal static partial nint Signal(int number, nint handler);
}
