using System.Collections.Frozen;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace RstLab;

/// <summary>
/// The names of the error numbers that a reset, or its absence, can lead to. The numbers differ between systems, the names do
/// not (POSIX.1-2024, errno.h); Windows has its own family of them (winsock2.h).
/// </summary>
public static class Errno
{
    private static readonly FrozenDictionary<int, string> Names = (
        OperatingSystem.IsWindows() ? new Dictionary<int, string>
        {
            [10013] = "WSAEACCES", [10022] = "WSAEINVAL", [10024] = "WSAEMFILE", [10035] = "WSAEWOULDBLOCK", [10038] = "WSAENOTSOCK", [10048] = "WSAEADDRINUSE",
            [10049] = "WSAEADDRNOTAVAIL", [10050] = "WSAENETDOWN", [10051] = "WSAENETUNREACH", [10052] = "WSAENETRESET", [10053] = "WSAECONNABORTED",
            [10054] = "WSAECONNRESET", [10056] = "WSAEISCONN", [10057] = "WSAENOTCONN", [10058] = "WSAESHUTDOWN", [10060] = "WSAETIMEDOUT",
            [10061] = "WSAECONNREFUSED", [10065] = "WSAEHOSTUNREACH", [995] = "WSA_OPERATION_ABORTED",
        }
        : OperatingSystem.IsMacOS() ? new Dictionary<int, string>
        {
            [1] = "EPERM", [4] = "EINTR", [9] = "EBADF", [13] = "EACCES", [22] = "EINVAL", [23] = "ENFILE", [24] = "EMFILE", [32] = "EPIPE", [35] = "EAGAIN", [36] = "EINPROGRESS", [48] = "EADDRINUSE",
            [49] = "EADDRNOTAVAIL", [50] = "ENETDOWN", [51] = "ENETUNREACH", [52] = "ENETRESET", [53] = "ECONNABORTED", [54] = "ECONNRESET",
            [56] = "EISCONN", [57] = "ENOTCONN", [58] = "ESHUTDOWN", [60] = "ETIMEDOUT", [61] = "ECONNREFUSED", [65] = "EHOSTUNREACH", [89] = "ECANCELED",
        }
        : new Dictionary<int, string>
        {
            [1] = "EPERM", [4] = "EINTR", [9] = "EBADF", [11] = "EAGAIN", [13] = "EACCES", [22] = "EINVAL", [23] = "ENFILE", [24] = "EMFILE", [32] = "EPIPE", [98] = "EADDRINUSE", [99] = "EADDRNOTAVAIL",
            [97] = "EAFNOSUPPORT", [100] = "ENETDOWN", [101] = "ENETUNREACH", [102] = "ENETRESET", [103] = "ECONNABORTED", [104] = "ECONNRESET", [106] = "EISCONN",
            [107] = "ENOTCONN", [108] = "ESHUTDOWN", [110] = "ETIMEDOUT", [111] = "ECONNREFUSED", [113] = "EHOSTUNREACH", [115] = "EINPROGRESS", [125] = "ECANCELED",
        }).ToFrozenDictionary();

    /// <summary>The symbolic name of an error number on this system, such as <c>EPIPE</c>; null for a number that is not in the table.</summary>
    /// <param name="errno">The number as <see cref="System.ComponentModel.Win32Exception.NativeErrorCode"/> gives it.</param>
    public static string? Name(int errno) => Names.GetValueOrDefault(errno);

    /// <summary>The socket error inside an exception, at any depth; null where there is none.</summary>
    /// <param name="exception">An exception of any .NET network stack.</param>
    public static SocketException? Find(Exception exception) => exception switch
    {
        SocketException socket => socket,
        AggregateException many => many.InnerExceptions.Select(Find).FirstOrDefault(e => e is not null),
        { InnerException: { } inner } => Find(inner),
        _ => null,
    };
}
