using System.Diagnostics;

namespace RstLab.Course;

/// <summary>
/// On Linux an ordinary user may be root of a user namespace with a network of its own, where captures and two hosts are allowed.
/// The program then puts itself, by way of unshare(1), in its own place: same process, same terminal, same signals, same exit code.
/// </summary>
internal static class Rootless
{
    private const string Guard = "RSTLAB_IN_NAMESPACE";

    /// <summary>Goes into a namespace where that is needed and allowed. Returns when it is not, with the reason to tell, or null.</summary>
    /// <param name="arguments">What the program is to be called with there; asked for when it is certain to be tried.</param>
    internal static string? Enter(Func<string[]> arguments)
    {
        if (Environment.GetEnvironmentVariable(Guard) is not null)
        {
            if (Environment.IsPrivilegedProcess)
            {
                NetworkNamespace.EnsureLoopbackUp(); // a new namespace has it down
            }

            return null;
        }

        if (!OperatingSystem.IsLinux() || Environment.IsPrivilegedProcess)
        {
            return null;
        }

        if (!IsAllowed(out var why))
        {
            return Troubleshooting.NoUserNamespace.Saying(why);
        }

        var program = Environment.ProcessPath!;
        string[] self = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [program, Environment.GetCommandLineArgs()[0]] : [program];
        Libc.Exec("unshare", ["unshare", "--user", "--map-root-user", "--net", "--", "env", $"{Guard}=1", .. self, .. arguments(), null]);
        return Troubleshooting.NoUnshare.Message;
    }

    /// <summary>Tries it with a program that does nothing.</summary>
    private static bool IsAllowed(out string why)
    {
        try
        {
            using var trial = Process.Start(new ProcessStartInfo("unshare", ["--user", "--map-root-user", "--net", "--", "true"]) { RedirectStandardError = true })!;
            var said = trial.StandardError.ReadToEndAsync();
            if (!trial.WaitForExit(TimeSpan.FromSeconds(5)))
            {
                trial.Kill();
                why = "unshare did not end within 5 s";
                return false;
            }

            why = said.GetAwaiter().GetResult().Trim();
            return trial.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            why = $"unshare: {e.Message}";
            return false;
        }
    }
}
