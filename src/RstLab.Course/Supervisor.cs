using System.Diagnostics;
using System.Globalization;
using System.IO.Pipes;

namespace RstLab.Course;

/// <summary>
/// Has the chapters run by a second process, the <see cref="Worker"/>, and starts it again when a cell has ended that process. A cell
/// may do that in many ways that no handler stops; so this process runs no cell, and lasts. What had finished is run again: to hand
/// over its results would cost each run, to run it again costs only a run in which a cell has killed the process.
/// </summary>
/// <param name="command">What starts the worker: a program and its arguments.</param>
/// <param name="files">The notebooks of the run, in the worker's order.</param>
/// <param name="error">Where to tell that a worker died.</param>
internal sealed class Supervisor(IReadOnlyList<string> command, IReadOnlyList<string> files, TextWriter error)
{
    /// <summary>
    /// What the objects of all chapters together may take: less than the machine has, so that it does not begin to swap, and several
    /// times what a run of the course takes.
    /// </summary>
    internal static long HeapLimitMiB { get; } = Math.Min(1024, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 20);

    private readonly Dictionary<int, Death> _dead = [];
    private readonly SortedSet<int> _suspects = [];

    /// <summary>Runs the worker until one ends in order.</summary>
    /// <param name="stop">Ends the worker in order.</param>
    /// <returns>The last worker's exit code; never 0 when it did not end in order.</returns>
    internal int Run(CancellationToken stop)
    {
        while (true)
        {
            var (code, last) = RunOnce(stop);
            if (last.Done || stop.IsCancellationRequested || !Blame(last, code))
            {
                return last.Done || code != 0 ? code : CourseProgram.Failed;
            }
        }
    }

    /// <summary>Finds out which cell it was, as far as that is certain. False when no chapter ran.</summary>
    private bool Blame(Reports last, int code)
    {
        if (last.Culprit is null && last.Running.Count > 1)
        {
            _suspects.UnionWith(last.Running.Keys);
            error.WriteLine($"The program's process ended while {string.Join(" and ", last.Running.Keys.Select(NameOf))} ran. They are run again, one after the other, to find out which of them ended it.");
            return true;
        }

        if ((last.Culprit ?? last.Running.Select(pair => ((int File, int Cell)?)(pair.Key, pair.Value)).FirstOrDefault()) is not { } culprit)
        {
            return false;
        }

        // A chapter that kills again, although it was not run to the cell that had killed, is not run at all.
        var cell = _dead.TryGetValue(culprit.File, out var before) && before.Cell <= culprit.Cell ? 0 : culprit.Cell;
        _dead[culprit.File] = new Death(culprit.File, cell, code, last.OutOfMemory && last.Culprit is null);
        error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{NameOf(culprit.File)}: cell {culprit.Cell}: {_dead[culprit.File].Message}. The run begins again, without that cell and those after it."));
        return true;
    }

    private string NameOf(int file) => Path.Combine(Path.GetFileName(Path.GetDirectoryName(files[file])) is "solutions" ? "solutions" : "", Path.GetFileNameWithoutExtension(files[file]));

    private (int Code, Reports Last) RunOnce(CancellationToken stop)
    {
        using var reports = new AnonymousPipeServerStream(PipeDirection.In, HandleInheritability.Inheritable);
        using var leash = new AnonymousPipeServerStream(PipeDirection.Out, HandleInheritability.Inheritable);
        Worker.NotForChildren(reports.SafePipeHandle);
        Worker.NotForChildren(leash.SafePipeHandle);
        var start = new ProcessStartInfo(command[0], command.Skip(1));
        start.Environment[Worker.Variable] = Worker.Order(reports.GetClientHandleAsString(), leash.GetClientHandleAsString(), _suspects, _dead.Values);
        start.Environment["DOTNET_GCHeapHardLimit"] = (HeapLimitMiB << 20).ToString("X", CultureInfo.InvariantCulture);
        using var worker = Process.Start(start)!;
        reports.DisposeLocalCopyOfClientHandle();
        leash.DisposeLocalCopyOfClientHandle();
        using var stopping = stop.Register(leash.Dispose); // which the worker notices, as it would notice our own death
        var seen = Reports.Read(reports);
        worker.WaitForExit();
        if (!seen.Done)
        {
            Rootless.ForgetDiagnostics(worker.Id);
        }

        return (worker.ExitCode, seen);
    }

    /// <summary>What a worker reported until it ended.</summary>
    private sealed record Reports(IReadOnlyDictionary<int, int> Running, (int File, int Cell)? Culprit, bool OutOfMemory, bool Done)
    {
        internal static Reports Read(Stream from)
        {
            var running = new Dictionary<int, int>();
            (int, int)? culprit = null;
            var (outOfMemory, done) = (false, false);
            using var lines = new StreamReader(from);
            while (lines.ReadLine()?.Split(' ') is [var what, var file, var cell])
            {
                var (index, number) = (int.Parse(file, CultureInfo.InvariantCulture), int.Parse(cell, CultureInfo.InvariantCulture));
                switch (what)
                {
                    case Worker.Entered:
                        running[index] = number;
                        break;
                    case Worker.Left:
                        running.Remove(index);
                        break;
                    case Worker.Killed:
                        culprit = (index, number);
                        break;
                    case Worker.Memory:
                        outOfMemory = true;
                        break;
                    case Worker.Ended:
                        done = true;
                        break;
                }
            }

            return new(running, culprit, outOfMemory, done);
        }
    }
}
