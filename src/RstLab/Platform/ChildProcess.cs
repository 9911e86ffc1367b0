using System.Diagnostics;
using System.Net.Sockets;

namespace RstLab;

/// <summary>A process that holds a connection and does nothing, so that it can be killed and the kernel be watched cleaning up.</summary>
public sealed class ChildProcess : IDisposable
{
    private static readonly Lock OneAtATime = new();
    private readonly Process _process;

    private ChildProcess(Process process) => _process = process;

    /// <summary>The process id.</summary>
    public int Id => _process.Id;

    /// <summary>Kills it with SIGKILL (signal(7)) and waits until it is gone. It gets no chance to close anything itself.</summary>
    /// <exception cref="TimeoutException">The process was not gone after five seconds.</exception>
    public void Kill()
    {
        _process.Kill();
        if (!_process.WaitForExit(5000))
        {
            throw new TimeoutException($"Process {Id} was killed but is not gone after 5 s.");
        }
    }

    /// <summary>Kills the process if it still runs.</summary>
    public void Dispose()
    {
        try
        {
            if (!_process.HasExited)
            {
                Kill();
            }
        }
        finally
        {
            _process.Dispose();
        }
    }

    internal static ChildProcess Inheriting(Socket socket)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new NotPossibleHereException("handing a socket to a child needs fork(2) and exec(3), which Windows does not have");
        }

        // .NET opens sockets close-on-exec. Only while the child is started is this one not; the lock keeps it to this child.
        lock (OneAtATime)
        {
            var descriptor = socket.SafeHandle.DangerousGetHandle();
            if (!Libc.KeepOnExec(descriptor, keep: true))
            {
                throw Libc.LastError("fcntl(F_SETFD)");
            }

            try
            {
                // A minute is far longer than any conversation: should this process be killed, the child ends by itself.
                return new ChildProcess(Process.Start(new ProcessStartInfo("sleep", ["60"]) { UseShellExecute = false })
                    ?? throw new NotPossibleHereException("the program `sleep` could not be started"));
            }
            finally
            {
                Libc.KeepOnExec(descriptor, keep: false);
            }
        }
    }
}
