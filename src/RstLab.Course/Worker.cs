using System.Diagnostics;
using System.Globalization;
using System.IO.Pipes;
using System.Runtime.InteropServices;

namespace RstLab.Course;

/// <summary>
/// The process that runs the chapters, as it stands to the <see cref="Supervisor"/> that started it: it reports which cell runs where,
/// names the cell that ends it where it can, and ends when its supervisor does.
/// </summary>
internal sealed class Worker : IDisposable
{
    internal const string Variable = "RSTLAB_WORKER";

    /// <summary>The words of a report; each is followed by a notebook's place in the run's list and the number of a cell.</summary>
    internal const string Entered = "entered", Left = "left", Killed = "killed", Memory = "memory", Ended = "ended";

    private static readonly AsyncLocal<(int File, int Cell)?> Current = new();

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _abandoned = new();
    private readonly int _supervisor;
    private readonly StreamWriter _reports;
    private readonly Dictionary<int, Death> _dead;
    private bool _ended;

    private Worker(string[] order)
    {
        _supervisor = int.Parse(order[0], CultureInfo.InvariantCulture);
        _reports = new StreamWriter(Open(PipeDirection.Out, order[1])) { AutoFlush = true, NewLine = "\n" };
        var leash = Open(PipeDirection.In, order[2]);
        Suspects = [.. order[3].Split(',', StringSplitOptions.RemoveEmptyEntries).Select(file => int.Parse(file, CultureInfo.InvariantCulture))];
        _dead = order[4].Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Death.Parse).ToDictionary(death => death.File);
        new Thread(() =>
        {
            leash.ReadByte(); // nothing ever comes: it returns when the other end is closed
            _abandoned.Cancel();
        })
        { IsBackground = true, Name = "leash" }.Start();
        AppDomain.CurrentDomain.UnhandledException += (_, _) => Accuse();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Accuse();
        AppDomain.CurrentDomain.FirstChanceException += (_, thrown) => EndWhereMemoryIsFull(thrown.Exception);
    }

    /// <summary>The notebooks to run alone and first: one of them ended the process before.</summary>
    internal IReadOnlyList<int> Suspects { get; }

    /// <summary>The supervisor wants the run to end, or is gone.</summary>
    internal CancellationToken Abandoned => _abandoned.Token;

    /// <summary>This process as a worker; null when nobody started it as one.</summary>
    internal static Worker? Adopt()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } order)
        {
            return null;
        }

        Environment.SetEnvironmentVariable(Variable, null); // not for what a cell starts
        Environment.SetEnvironmentVariable("DOTNET_GCHeapHardLimit", null);
        return new Worker(order.Split(' '));
    }

    /// <summary>What to start a worker with, in the variable <see cref="Variable"/>.</summary>
    internal static string Order(string reports, string leash, IEnumerable<int> suspects, IEnumerable<Death> dead) =>
        string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId} {reports} {leash} {string.Join(',', suspects)} {string.Join(',', dead)}");

    /// <summary>How this notebook ended the process before; null when it did not.</summary>
    internal Death? DeathOf(int file) => _dead.GetValueOrDefault(file);

    /// <summary>A cell begins, in the caller's async flow.</summary>
    internal void Enter(int file, int cell)
    {
        Current.Value = (file, cell);
        Report(Entered, file, cell);
    }

    /// <summary>A notebook was run.</summary>
    internal void Leave(int file) => Report(Left, file, 0);

    /// <summary>Reports that the process ends now, and in order.</summary>
    public void Dispose()
    {
        Report(Ended, 0, 0);
        _ended = true;
        _reports.Dispose();
    }

    /// <summary>When the run began: with the supervisor.</summary>
    internal DateTime Began()
    {
        using var process = Process.GetProcessById(_supervisor);
        return process.StartTime;
    }

    internal static void NotForChildren(SafeHandle pipe)
    {
        if (!OperatingSystem.IsWindows())
        {
            Libc.KeepOnExec(pipe.DangerousGetHandle(), keep: false);
        }
    }

    private static AnonymousPipeClientStream Open(PipeDirection direction, string handle)
    {
        var pipe = new AnonymousPipeClientStream(direction, handle);
        NotForChildren(pipe.SafePipeHandle);
        return pipe;
    }

    // The flow that ends the process belongs to a cell, also when that cell, or its chapter, has ended long ago.
    private void Accuse()
    {
        if (!_ended && Current.Value is { } culprit)
        {
            Report(Killed, culprit.File, culprit.Cell);
        }
    }

    // Which chapter gets the exception is chance, and it would fail for no fault of its own. A single array that is too large is its own.
    private void EndWhereMemoryIsFull(Exception thrown)
    {
        if (thrown is OutOfMemoryException && GC.GetTotalMemory(false) > Supervisor.HeapLimitMiB << 19)
        {
            Report(Memory, 0, 0);
            Process.GetCurrentProcess().Kill();
        }
    }

    private void Report(string what, int file, int cell)
    {
        try
        {
            lock (_gate)
            {
                _reports.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what} {file} {cell}"));
            }
        }
        catch (IOException)
        {
            // The supervisor is gone; the leash ends the run.
        }
    }
}
