using System.Globalization;

namespace RstLab.Course.Tests;

/// <summary>Whether a program that is started here can be interrupted at all: a process inherits the signals that its parent ignores (execve(2)).</summary>
internal static class Interrupts
{
    private const int SigInt = 2;

    internal const string WhyIgnored = "SIGINT is ignored here, as a shell script arranges for what it starts in the background";

    internal static bool AreIgnored { get; } = OperatingSystem.IsLinux()
        && File.ReadLines("/proc/self/status").First(line => line.StartsWith("SigIgn:", StringComparison.Ordinal)) is var line
        && (ulong.Parse(line["SigIgn:".Length..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) >> (SigInt - 1) & 1) == 1;
}
