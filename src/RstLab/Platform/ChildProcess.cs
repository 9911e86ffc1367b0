using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace RstLab;

/// <summary>A process that holds a connection and does nothing, so that it can be killed and the kernel be watched cleaning up.</summary>
public sealed class ChildProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly Lock _gate = new();
    private bool _gone;

    private ChildProcess(int id) => Id = id;

    /// <summary>The process id.</summary>
    public int Id { get; }

    /// <summary>
    /// Kills it with SIGKILL (signal(7)) and waits until it is gone. It gets no chance to close anything itself. Does nothing when it is
    /// gone already.
    /// </summary>
    /// <exception cref="TimeoutException">The process was not gone after five seconds.</exception>
    public void Kill()
    {
        lock (_gate)
        {
            // The id stays this process's until it has been waited for, so no other can be hit.
            var deadline = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
            _ = _gone ? 0 : Libc.Kill(Id, Libc.SIGKILL);
            while (!_gone)
            {
                // The error is that somebody else has waited for it: a process that ignores SIGCHLD waits for all its children at once.
                _gone = Libc.WaitFor(Id, out _, Libc.WNOHANG) is var ended && (ended == Id || (ended < 0 && Marshal.GetLastPInvokeError() == Libc.ECHILD));
                if (!_gone && Environment.TickCount64 > deadline)
                {
                    throw new TimeoutException($"Process {Id} was killed but is not gone after {Patience.TotalSeconds} s.");
                }

                Thread.Sleep(_gone ? 0 : 1);
            }
        }
    }

    /// <summary>Kills the process if it still runs.</summary>
    public void Dispose() => Kill();

    /// <summary>Starts a process whose standard input is the socket.</summary>
    internal static ChildProcess Inheriting(Socket socket)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new NotPossibleHereException("handing a socket to a child needs fork(2) and exec(3), which Windows does not have");
        }

        // The child gets a duplicate as its standard input. The descriptor itself stays close-on-exec, so that no other process that
        // somebody starts at this moment inherits it: the connection would outlive the child there.
        Succeed(Libc.SpawnActionsInit(out var actions), "posix_spawn_file_actions_init");
        try
        {
            Succeed(Libc.SpawnActionsDuplicate(ref actions, socket.SafeHandle, 0), "posix_spawn_file_actions_adddup2");

            // A minute is far longer than any conversation: should this process be killed, the child ends by itself.
            Succeed(Libc.Spawn(out var process, "sleep", ref actions, 0, ["sleep", "60", null], [null]), "the program `sleep` could not be started");
            return new ChildProcess(process);
        }
        finally
        {
            _ = Libc.SpawnActionsDestroy(ref actions);
        }
    }

    // These return the error number instead of leaving it in errno.
    private static void Succeed(int errno, string what)
    {
        if (errno != 0)
        {
            throw new NotPossibleHereException($"{what}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})");
        }
    }
}
