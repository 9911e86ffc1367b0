using System.Diagnostics;

namespace RstLab.Course;

/// <summary>
/// On Linux an ordinary user may be root of a user namespace with a network of its own, where captures and two hosts are allowed.
/// The program gets there by way of unshare(1), which starts it again there, in a process of its own or in this one's place.
/// </summary>
internal static class Rootless
{
    private const string Guard = "RSTLAB_IN_NAMESPACE";

    /// <summary>How to start this very program again, without its arguments.</summary>
    internal static IReadOnlyList<string> Self()
    {
        var program = Environment.ProcessPath!;
        return Path.GetFileNameWithoutExtension(program) == "dotnet" ? [program, Environment.GetCommandLineArgs()[0]] : [program];
    }

    /// <summary>What starts this program in such a namespace.</summary>
    /// <param name="arguments">What the program is to be called with there.</param>
    /// <param name="why">The reason to tell when there is none; null when none is needed.</param>
    /// <returns>A program and its arguments; null where it is not needed or not allowed.</returns>
    internal static IReadOnlyList<string>? Command(IEnumerable<string> arguments, out string? why)
    {
        if (!IsWanted(out why))
        {
            return null;
        }

        return ["unshare", .. Options, "env", $"{Guard}=1", .. Self(), .. arguments];
    }

    /// <summary>
    /// Goes into a namespace where that is needed and allowed, with the same process, terminal, signals and exit code. Returns when
    /// it is not, or when it is there, with the reason to tell, or null.
    /// </summary>
    /// <param name="arguments">What the program is to be called with there; asked for when it is certain to be tried.</param>
    internal static string? Enter(Func<string[]> arguments)
    {
        Settle();
        if (!IsWanted(out var why))
        {
            return why;
        }

        ForgetDiagnostics(Environment.ProcessId);
        Libc.Exec("unshare", ["unshare", .. Options, "env", $"{Guard}=1", .. Self(), .. arguments(), null]);
        return Troubleshooting.NoUnshare.Message;
    }

    /// <summary>Makes a namespace that this process was started in fit to be used; elsewhere, does nothing.</summary>
    internal static void Settle()
    {
        if (IsInside && Environment.IsPrivilegedProcess)
        {
            NetworkNamespace.EnsureLoopbackUp(); // a new namespace has it down
        }
    }

    /// <summary>Removes the sockets that the runtime made for debuggers, for a process that cannot do so itself: it was killed, or is to be replaced.</summary>
    internal static void ForgetDiagnostics(int process)
    {
        try
        {
            foreach (var file in Directory.EnumerateFiles(Path.GetTempPath(), FormattableString.Invariant($"*-{process}-*")).Where(IsDiagnostic))
            {
                File.Delete(file);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It stays; it takes no space and means nothing.
        }
    }

    private static bool IsDiagnostic(string path) => Path.GetFileName(path) is var name
        && (name.StartsWith("dotnet-diagnostic-", StringComparison.Ordinal) || name.StartsWith("clr-debug-pipe-", StringComparison.Ordinal));

    private static string[] Options => ["--user", "--map-root-user", "--net", "--"];

    private static bool IsInside => Environment.GetEnvironmentVariable(Guard) is not null;

    private static bool IsWanted(out string? why)
    {
        why = null;
        return !IsInside && OperatingSystem.IsLinux() && !Environment.IsPrivilegedProcess && IsAllowed(out why);
    }

    /// <summary>Tries it with a program that does nothing.</summary>
    private static bool IsAllowed(out string? why)
    {
        try
        {
            using var trial = Process.Start(new ProcessStartInfo("unshare", [.. Options, "true"]) { RedirectStandardError = true })!;
            var said = trial.StandardError.ReadToEndAsync();
            if (!trial.WaitForExit(TimeSpan.FromSeconds(5)))
            {
                trial.Kill();
                why = Troubleshooting.NoUserNamespace.Saying("unshare did not end within 5 s");
                return false;
            }

            why = trial.ExitCode == 0 ? null : Troubleshooting.NoUserNamespace.Saying(said.GetAwaiter().GetResult().Trim());
            return why is null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            why = Troubleshooting.NoUnshare.Message;
            return false;
        }
    }
}
