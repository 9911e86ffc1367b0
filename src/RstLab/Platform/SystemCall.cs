using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace RstLab;

/// <summary>
/// The system calls beneath a <see cref="Socket"/>, made without .NET, to see what the kernel itself answers. Each returns the result as
/// text: a number, or the error's name such as <c>EPIPE</c>. Linux only.
/// </summary>
public static class SystemCall
{
    private static readonly (short Bit, string Name)[] Readiness =
    [
        (Libc.POLLIN, "IN"), (Libc.POLLPRI, "PRI"), (Libc.POLLOUT, "OUT"), (Libc.POLLERR, "ERR"), (Libc.POLLHUP, "HUP"), (Libc.POLLRDHUP, "RDHUP"),
    ];

    /// <summary>One send(2) of so many zero bytes. Unlike <see cref="Socket.Send(byte[])"/> it is not repeated after a part was taken.</summary>
    /// <param name="socket">The socket. The call blocks if the socket is blocking.</param>
    /// <param name="bytes">How many bytes.</param>
    /// <param name="noSignal">Whether to pass MSG_NOSIGNAL: EPIPE then raises no SIGPIPE.</param>
    /// <exception cref="NotPossibleHereException">This is not Linux.</exception>
    public static string Send(Socket socket, int bytes, bool noSignal = false) =>
        Text(Handle(socket), handle => Libc.Send(handle, new byte[bytes], (nuint)bytes, noSignal ? Libc.MSG_NOSIGNAL : 0));

    /// <summary>One recv(2).</summary>
    /// <param name="socket">The socket. The call blocks if the socket is blocking.</param>
    /// <param name="most">How many bytes at the most.</param>
    /// <exception cref="NotPossibleHereException">This is not Linux.</exception>
    public static string Receive(Socket socket, int most) =>
        Text(Handle(socket), handle => Libc.Receive(handle, new byte[most], (nuint)most, 0));

    /// <summary>One shutdown(2) of both directions; <c>0</c> when it succeeds.</summary>
    /// <param name="socket">The socket.</param>
    /// <exception cref="NotPossibleHereException">This is not Linux.</exception>
    public static string Shutdown(Socket socket) => Text(Handle(socket), handle => Libc.Shutdown(handle, Libc.SHUT_RDWR));

    /// <summary>One poll(2) that asks for everything and does not wait: the names of the bits, such as <c>IN|OUT|HUP</c>; <c>-</c> for none.</summary>
    /// <param name="socket">The socket.</param>
    /// <exception cref="NotPossibleHereException">This is not Linux.</exception>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    public static string Poll(Socket socket)
    {
        var handle = Handle(socket);
        var kept = false;
        try
        {
            // Without a reference, somebody else's Close would let the number be given to another file meanwhile.
            handle.DangerousAddRef(ref kept);
            Span<Libc.PollFd> asked = [new() { Fd = (int)handle.DangerousGetHandle(), Events = Libc.POLLIN | Libc.POLLPRI | Libc.POLLOUT | Libc.POLLRDHUP }];
            Libc.Check(Libc.Poll(asked, 1, 0), "poll");
            var ready = asked[0].Returned;
            return ready == 0 ? "-" : string.Join('|', Readiness.Where(r => (ready & r.Bit) != 0).Select(r => r.Name));
        }
        finally
        {
            if (kept)
            {
                handle.DangerousRelease();
            }
        }
    }

    private static SafeSocketHandle Handle(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        return OperatingSystem.IsLinux() ? socket.SafeHandle : throw new NotPossibleHereException("the system calls are those of Linux, and this is another system");
    }

    private static string Text(SafeSocketHandle handle, Func<SafeSocketHandle, nint> call)
    {
        var result = call(handle);
        var errno = Marshal.GetLastPInvokeError();
        return result >= 0 ? result.ToString(CultureInfo.InvariantCulture) : Errno.Name(errno) ?? errno.ToString(CultureInfo.InvariantCulture);
    }
}
