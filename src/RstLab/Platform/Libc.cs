using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

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
    internal const int F_SETFD = 2, FD_CLOEXEC = 1, RLIMIT_NOFILE = 7;
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

    /// <summary>struct rlimit (getrlimit(2)) with the 64-bit numbers of every 64-bit system.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ResourceLimit
    {
        public ulong Soft;
        public ulong Hard;
    }

    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    internal static partial int GetResourceLimit(int resource, out ResourceLimit limit);

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    internal static partial SafeSocketHandle Socket(int domain, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "connect", SetLastError = true)]
    internal static partial int Connect(SafeHandle socket, ReadOnlySpan<byte> address, int length);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Fcntl(int fd, int command, nint argument);

    /// <summary>
    /// Whether a descriptor stays open in the program that takes this process's place (F_SETFD, fcntl(2)). Not for handing one to a child:
    /// every other process that is started meanwhile would inherit it, too.
    /// </summary>
    internal static bool KeepOnExec(nint descriptor, bool keep) => Fcntl((int)descriptor, F_SETFD, keep ? 0 : FD_CLOEXEC) == 0;

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    internal static partial int Unshare(int flags);

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    internal static partial int SetNs(SafeHandle descriptor, int type);

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    internal static partial int ClockGetTime(int clock, out Timespec time);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    internal static partial uint GetEffectiveUserId();

    [LibraryImport("libc", EntryPoint = "if_nametoindex", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial uint IfNameToIndex(string name);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static unsafe partial byte* Mmap(void* address, nuint length, int protection, int flags, SafeHandle descriptor, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static unsafe partial int Munmap(byte* address, nuint length);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    internal static partial nint Read(SafeHandle descriptor, Span<byte> buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial SafeFileHandle SyscallFsMount(nint number, SafeHandle context, nint flags, nint attributes);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle SyscallFsOpen(nint number, string type, nint flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SyscallFsConfig(nint number, SafeHandle context, nint command, nint key, nint value, nint auxiliary);

    /// <summary>The index of a network device in the calling thread's namespace.</summary>
    internal static int InterfaceIndex(string name) => IfNameToIndex(name) is var index and not 0 ? (int)index : throw LastError($"if_nametoindex({name})");

    /// <summary>Memory that is shared with the kernel (mmap(2)); unmapped when the handle is closed and nobody is reading any more.</summary>
    internal sealed unsafe class SharedMemory : SafeBuffer
    {
        /// <summary>Maps a descriptor's memory for reading and writing.</summary>
        /// <exception cref="Win32Exception">The kernel refused.</exception>
        internal SharedMemory(SafeHandle descriptor, nuint length) : base(ownsHandle: true)
        {
            var memory = Mmap(null, length, PROT_READ_WRITE, MAP_SHARED, descriptor, 0);
            if ((nint)memory == -1)
            {
                throw LastError("mmap");
            }

            SetHandle((nint)memory);
            Initialize(length);
        }

        protected override bool ReleaseHandle() => Munmap((byte*)handle, (nuint)ByteLength) == 0;
    }

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
    /// descriptor and is gone with it. Null where the system refuses.
    /// </summary>
    internal static SafeFileHandle? MountDetached(string type)
    {
        using var context = SyscallFsOpen(SYS_fsopen, type, FSOPEN_CLOEXEC);
        return !context.IsInvalid
            && SyscallFsConfig(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, 0, 0, 0) >= 0
            && SyscallFsMount(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0) is { IsInvalid: false } mount ? mount : null;
    }

    private static long Nanoseconds(int clock)
    {
        Check(ClockGetTime(clock, out var time), "clock_gettime");
        return (time.Seconds * 1_000_000_000L) + time.Nanoseconds;
    }

    /// <summary>Throws when a call returned a negative number; the message names the call and the error.</summary>
    internal static int Check(int result, string call) => result >= 0 ? result : throw LastError(call);

    /// <summary>Throws when a call returned no descriptor; the message names the call and the error.</summary>
    internal static T Check<T>(T opened, string call) where T : SafeHandle => opened.IsInvalid ? throw LastError(call) : opened;

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

    // Starting a program with a chosen standard input: posix_spawn(3), kill(2), waitpid(2). These return or take what macOS has alike.
    internal const int SIGKILL = 9, WNOHANG = 1, ECHILD = 10;

    /// <summary>posix_spawn_file_actions_t: a pointer on macOS, 80 bytes with glibc and musl.</summary>
    [System.Runtime.CompilerServices.InlineArray(32)]
    internal struct SpawnFileActions
    {
        private long _first;
    }

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    internal static partial int SpawnActionsInit(out SpawnFileActions actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    internal static partial int SpawnActionsDuplicate(ref SpawnFileActions actions, SafeHandle descriptor, int number);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    internal static partial int SpawnActionsDestroy(ref SpawnFileActions actions);

    /// <summary>posix_spawnp(3). Returns the error number, 0 for success. The arrays end with null.</summary>
    [LibraryImport("libc", EntryPoint = "posix_spawnp", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Spawn(
        out int process, string file, ref SpawnFileActions actions, nint attributes, string?[] arguments, string?[] environment);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    internal static partial int Kill(int process, int signal);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    internal static partial int WaitFor(int process, out int status, int options);
}
