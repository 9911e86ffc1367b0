using System.Globalization;

namespace RstLab.Course;

/// <summary>A cell that took the process with it.</summary>
/// <param name="File">The notebook's place in the run's list, from 0.</param>
/// <param name="Cell">The number of the code cell, from 1; the chapter is run up to it. 0 when no cell of it may run any more.</param>
/// <param name="Code">The exit code of the process, as shells count it.</param>
/// <param name="OutOfMemory">Whether the process had reached its limit of memory.</param>
internal sealed record Death(int File, int Cell, int Code, bool OutOfMemory)
{
    /// <summary>What happened, as a sentence about the cell.</summary>
    internal string Message => OutOfMemory
        ? string.Create(CultureInfo.InvariantCulture, $"this cell reached the limit of {Supervisor.HeapLimitMiB} MiB of memory and ended the program's process; look for a loop that keeps what it allocates")
        : Code switch
        {
            < 128 => string.Create(CultureInfo.InvariantCulture, $"this cell ended the program's process with exit code {Code}, as Environment.Exit({Code}) does"),
            128 + 6 => "this cell crashed the program's process, as a stack overflow, Environment.FailFast or an exception that nothing catches (on a thread of its own, in an async void method) does; the runtime's message is in the terminal",
            128 + 9 => "this cell ran while the system killed the program's process (SIGKILL), as it does when memory runs out",
            _ => string.Create(CultureInfo.InvariantCulture, $"this cell crashed the program's process (signal {Code - 128})"),
        };

    /// <summary>As <see cref="Parse"/> reads it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{File}:{Cell}:{Code}:{(OutOfMemory ? 1 : 0)}");

    internal static Death Parse(string text)
    {
        var parts = Array.ConvertAll(text.Split(':'), part => int.Parse(part, CultureInfo.InvariantCulture));
        return new(parts[0], parts[1], parts[2], parts[3] == 1);
    }
}
