using System.Globalization;

namespace RstLab;

/// <summary>The signals that a process ignores, as <c>/proc/PID/status</c> shows them (proc_pid_status(5)). Linux only.</summary>
/// <param name="Ignored">Bit N-1 stands for signal N.</param>
public sealed record SignalMask(ulong Ignored)
{
    /// <summary>The signal that a write to a broken pipe or connection raises (signal(7)): 13 on Linux and on macOS.</summary>
    public const int Sigpipe = 13;

    /// <summary>The mask of this process.</summary>
    /// <exception cref="NotPossibleHereException">There is no <c>/proc/self/status</c>: this is not Linux.</exception>
    public static SignalMask OfThisProcess()
    {
        const string file = "/proc/self/status";
        return File.Exists(file) ? In(File.ReadAllText(file)) : throw new NotPossibleHereException($"there is no {file}; it takes Linux");
    }

    /// <summary>The mask in the text of a status file.</summary>
    /// <param name="status">The text, such as a child's <c>cat /proc/self/status</c> prints.</param>
    /// <exception cref="FormatException">There is no line <c>SigIgn:</c> in it.</exception>
    public static SignalMask In(string status)
    {
        ArgumentNullException.ThrowIfNull(status);
        const string name = "SigIgn:";
        var line = status.Split('\n').FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal))
            ?? throw new FormatException($"This is not the status of a process: it has no line '{name}'.");
        return new(ulong.Parse(line.AsSpan(name.Length).Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
    }

    /// <summary>Whether a signal is ignored.</summary>
    /// <param name="signal">1 to 64.</param>
    public bool Ignores(int signal)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(signal, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(signal, 64);
        return (Ignored >> (signal - 1) & 1) != 0;
    }

    /// <summary>The mask as the status file writes it: sixteen hexadecimal digits.</summary>
    public override string ToString() => Ignored.ToString("x16", CultureInfo.InvariantCulture);
}
