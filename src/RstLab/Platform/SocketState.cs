using System.Buffers.Binary;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace RstLab;

/// <summary>What the system knows of a socket that <see cref="Socket"/> does not show. Platform differences of a socket live here.</summary>
public static class SocketState
{
    private const int LinuxTcpLevel = 6, LinuxTcpInfo = 11;             // include/uapi/linux/tcp.h
    private const int MacTcpLevel = 6, MacTcpConnectionInfo = 0x106;    // bsd/netinet/tcp.h
    private const int WindowsTcpInfo = unchecked((int)0xD8000027);      // SIO_TCP_INFO, mstcpip.h

    // The order of each system's own list of states.
    private static readonly TcpState[] Linux =
    [
        TcpState.Unknown, TcpState.Established, TcpState.SynSent, TcpState.SynReceived, TcpState.FinWait1, TcpState.FinWait2, TcpState.TimeWait,
        TcpState.Closed, TcpState.CloseWait, TcpState.LastAck, TcpState.Listen, TcpState.Closing, TcpState.SynReceived,
    ];

    private static readonly TcpState[] Mac =
    [
        TcpState.Closed, TcpState.Listen, TcpState.SynSent, TcpState.SynReceived, TcpState.Established, TcpState.CloseWait, TcpState.FinWait1,
        TcpState.Closing, TcpState.LastAck, TcpState.FinWait2, TcpState.TimeWait,
    ];

    private static readonly TcpState[] Windows =
    [
        TcpState.Closed, TcpState.Listen, TcpState.SynSent, TcpState.SynReceived, TcpState.Established, TcpState.FinWait1, TcpState.FinWait2,
        TcpState.CloseWait, TcpState.Closing, TcpState.LastAck, TcpState.TimeWait,
    ];

    /// <summary>
    /// The state of the connection (RFC 9293 section 3.3.2), asked of the kernel: <c>TCP_INFO</c> on Linux (tcp(7)),
    /// <c>TCP_CONNECTION_INFO</c> on macOS, <c>SIO_TCP_INFO</c> on Windows.
    /// </summary>
    /// <param name="socket">A TCP socket.</param>
    /// <returns>The state; <see cref="TcpState.Unknown"/> once the socket is disposed or where the system does not tell.</returns>
    public static TcpState Of(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        Span<byte> info = stackalloc byte[8];
        info.Clear();
        try
        {
            if (OperatingSystem.IsWindows())
            {
                var answer = new byte[256];
                socket.IOControl(WindowsTcpInfo, BitConverter.GetBytes(0), answer);
                return Named(Windows, BinaryPrimitives.ReadInt32LittleEndian(answer));
            }

            if (OperatingSystem.IsMacOS())
            {
                socket.GetRawSocketOption(MacTcpLevel, MacTcpConnectionInfo, info);
                return Named(Mac, info[0]);
            }

            socket.GetRawSocketOption(LinuxTcpLevel, LinuxTcpInfo, info);
            return Named(Linux, info[0]);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or PlatformNotSupportedException)
        {
            return TcpState.Unknown;
        }
    }

    /// <summary>
    /// How many times the kernel has sent the oldest unanswered segment again (<c>tcpi_retransmits</c>, tcp(7)); 0 where the
    /// system does not tell.
    /// </summary>
    /// <param name="socket">A TCP socket.</param>
    public static int Retransmissions(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        Span<byte> info = stackalloc byte[8];
        info.Clear();
        if (OperatingSystem.IsLinux())
        {
            socket.GetRawSocketOption(LinuxTcpLevel, LinuxTcpInfo, info);
        }

        return OperatingSystem.IsLinux() ? info[2] : 0;
    }

    /// <summary>
    /// How many connections wait in a listener's queue to be accepted (<c>tcpi_unacked</c> of a listener, tcp_get_info in
    /// net/ipv4/tcp.c). Linux only.
    /// </summary>
    /// <param name="listener">A listening TCP socket.</param>
    internal static int Waiting(Socket listener)
    {
        const int unacked = 24; // its place in struct tcp_info, include/uapi/linux/tcp.h
        Span<byte> info = stackalloc byte[unacked + sizeof(int)];
        listener.GetRawSocketOption(LinuxTcpLevel, LinuxTcpInfo, info);
        return BitConverter.ToInt32(info[unacked..]);
    }

    /// <summary>
    /// Takes the pending error off the socket (SO_ERROR, socket(7)) as the system's number; 0 when there is none. It can be
    /// had only once: the next call that would have reported it no longer does.
    /// </summary>
    /// <param name="socket">The socket.</param>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    public static int TakePendingError(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        Span<byte> number = stackalloc byte[4];
        var (level, name) = OperatingSystem.IsLinux() ? (1, 4) : (0xFFFF, 0x1007);
        socket.GetRawSocketOption(level, name, number);
        return BitConverter.ToInt32(number);
    }

    private static TcpState Named(TcpState[] states, int number) =>
        (uint)number < (uint)states.Length ? states[number] : TcpState.Unknown;
}
