using System.Runtime.InteropServices;

namespace RstLab;

internal static partial class Libc
{
    private const int SetDescriptorFlags = 2, CloseOnExec = 1; // F_SETFD, FD_CLOEXEC

    /// <summary>Whether a descriptor stays open in the program that takes this process's place.</summary>
    internal static bool KeepOnExec(nint descriptor, bool keep) => Fcntl((int)descriptor, SetDescriptorFlags, keep ? 0 : CloseOnExec) == 0;

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Fcntl(int descriptor, int command, nint argument);
}
