using System.Diagnostics;
using System.Runtime.InteropServices;

namespace RstLab;

/// <summary>
/// The small .NET program that lies beside this library, <c>RstLab.Child.dll</c>: a process of its own, so that a signal can kill it.
/// Each call starts it, waits for its end and returns what it said. Not on Windows, which has no such signals.
/// </summary>
public static class ChildProgram
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Runs it.</summary>
    /// <param name="arguments">
    /// <c>write</c>, a channel (<c>tcp</c>, <c>unix</c>, <c>pipe</c>) and what becomes of SIGPIPE (<c>ignored</c>, as .NET does; <c>default</c>;
    /// <c>nosignal</c>: default, but the call has MSG_NOSIGNAL; <c>registered</c>: a PosixSignalRegistration): it breaks the channel and writes to it.
    /// Or <c>lines</c>, a number and how (<c>console</c>, <c>stream</c>, <c>default</c>): it writes lines to its standard output.
    /// </param>
    /// <exception cref="NotPossibleHereException">This is Windows, or the program was not built.</exception>
    /// <exception cref="TimeoutException">It did not end within 20 s; it was killed.</exception>
    public static ChildResult Run(params IReadOnlyList<string> arguments) => Start(Dotnet(), [Program(), .. arguments]);

    /// <summary>Runs a command in <c>sh</c>, where <c>child</c> is the program. What the shell starts is started as by any .NET process.</summary>
    /// <param name="command">The command, such as <c>child lines 20000 console | head -n 1</c>.</param>
    /// <exception cref="NotPossibleHereException">This is Windows, there is no <c>sh</c>, or the program was not built.</exception>
    /// <exception cref="TimeoutException">It did not end within 20 s; it was killed.</exception>
    public static ChildResult Shell(string command) =>
        Start("sh", ["-c", $"dotnet=$1; program=$2; child() {{ \"$dotnet\" \"$program\" \"$@\"; }}; {command}", "sh", Dotnet(), Program()]);

    private static ChildResult Start(string file, IReadOnlyList<string> arguments)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new NotPossibleHereException("it takes the signals of POSIX, which Windows does not have");
        }

        var info = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false };
        info.Environment["DOTNET_EnableDiagnostics"] = "0"; // a killed process would leave its diagnostics socket in /tmp
        using var process = TryStart(info);
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{file} {string.Join(' ', arguments)} did not end within {Patience.TotalSeconds} s and was killed.");
        }

        return new ChildResult(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    private static Process TryStart(ProcessStartInfo info)
    {
        try
        {
            return Process.Start(info)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new NotPossibleHereException($"the program {info.FileName} could not be started: {e.Message}", e);
        }
    }

    private static string Program()
    {
        var path = Path.Combine(Path.GetDirectoryName(typeof(ChildProgram).Assembly.Location) ?? "", "RstLab.Child.dll");
        return File.Exists(path) ? path : throw new NotPossibleHereException(Obstacle.NoChildProgram.Saying(path));
    }

    // The runtime lies in shared/Microsoft.NETCore.App/VERSION of the installation that this process runs on.
    private static string Dotnet()
    {
        var own = Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet");
        return File.Exists(own) ? Path.GetFullPath(own) : "dotnet";
    }
}

/// <summary>How a child process ended.</summary>
/// <param name="ExitCode">Its exit code; 128 plus the number of the signal that killed it.</param>
/// <param name="Output">What it wrote to standard output.</param>
/// <param name="Error">What it wrote to standard error.</param>
public sealed record ChildResult(int ExitCode, string Output, string Error);
