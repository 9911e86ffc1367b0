using System.Runtime.InteropServices;

namespace RstLab;

internal static partial class Libc
{
    /// <summary>execvp(3): puts another program in this process's place. Returns only when it failed. The array ends with null.</summary>
    [LibraryImport("libc", EntryPoint = "execvp", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Exec(string file, string?[] arguments);
}
