using System.Globalization;
using System.Net.Sockets;

namespace RstLab.Chapters;

/// <summary>What chapter 4 does with the system calls beneath a socket.</summary>
public static class BareCalls
{
    private static readonly SocketError[] OfAReset = [SocketError.ConnectionReset, SocketError.Shutdown];

    /// <summary>One send(2), logged as a call that fails where the kernel's answer is an error (<see cref="SystemCall.Send"/>).</summary>
    /// <param name="talk">The conversation that logs it.</param>
    /// <param name="endpoint">Whose socket it is.</param>
    /// <param name="bytes">How many bytes.</param>
    /// <returns>The event: the number of bytes that were taken, or the error.</returns>
    public static AppCall Send(Conversation talk, Endpoint endpoint, int bytes)
    {
        ArgumentNullException.ThrowIfNull(talk);
        ArgumentNullException.ThrowIfNull(endpoint);
        return talk.Call(endpoint.Name, "send(2)", string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes"), () =>
        {
            var answer = SystemCall.Send(endpoint.Socket, bytes);
            var error = Array.Find(OfAReset, error => Errno.Name(new SocketException((int)error).NativeErrorCode) == answer);
            return error == SocketError.Success ? answer : throw new SocketException((int)error);
        });
    }

    /// <summary>
    /// Waits until a thread of this process is inside a system call on a socket, such as recvmsg(2). The kernel shows for each
    /// thread that waits which call it is in, with its arguments (<c>/proc/PID/task/TID/syscall</c>, proc(5)); the first is the descriptor.
    /// </summary>
    /// <param name="talk">The conversation; its deadline bounds the wait.</param>
    /// <param name="endpoint">Whose socket it is.</param>
    /// <exception cref="NotPossibleHereException">This system does not show it.</exception>
    /// <exception cref="TimeoutException">No thread came there in time.</exception>
    public static async Task UntilBlockedAsync(Conversation talk, Endpoint endpoint)
    {
        ArgumentNullException.ThrowIfNull(talk);
        ArgumentNullException.ThrowIfNull(endpoint);
        if (!File.Exists("/proc/thread-self/syscall"))
        {
            throw new NotPossibleHereException("this system does not show which system call a thread is in (/proc/thread-self/syscall)");
        }

        var descriptor = string.Create(CultureInfo.InvariantCulture, $"0x{endpoint.Socket.Handle:x}");
        await talk.UntilAsync(
            () => Directory.EnumerateDirectories("/proc/self/task").Any(thread => FirstArgument(thread) == descriptor),
            () => $"a thread to be inside a system call on {endpoint.Name}'s socket").ConfigureAwait(false);
    }

    private static string? FirstArgument(string thread)
    {
        try
        {
            // The number of the call, then its arguments; only "running" for a thread that waits for nothing.
            return File.ReadAllText(Path.Combine(thread, "syscall")).Split(' ') is [_, var first, ..] ? first : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // the thread has ended meanwhile
        }
    }
}
