using System.Globalization;

namespace RstLab.Course.Jupyter;

/// <summary>How the execution of a cell ended.</summary>
internal enum CellEnding
{
    /// <summary>By itself: with a value, without, or with an error.</summary>
    Ended,

    /// <summary>Interrupted while it waited for something that never came. It is as if it had not been run.</summary>
    Abandoned,

    /// <summary>Interrupted, and still running: nothing in .NET can stop it.</summary>
    Unstoppable,
}

/// <summary>One execution of one cell, and how it is stopped.</summary>
internal sealed class KernelCell(CSharpEngine engine, string code, int number, StreamedOutputs outputs, string data) : IDisposable
{
    /// <summary>First the polite way alone: experiments and guarded loops end within this.</summary>
    private static readonly TimeSpan Polite = TimeSpan.FromMilliseconds(300);

    /// <summary>Then the cell's thread is woken from what it waits for, until this has passed.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private Thread? thread; // until the cell awaits something for the first time
    private readonly CellFlow flow = new();
    private readonly CancellationTokenSource stop = new();
    private readonly TaskCompletionSource interrupted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Dispose() => stop.Dispose();

    internal bool IsInterrupted => flow.IsInterrupted;

    /// <summary>Asks the cell to end. May be called from any thread, and again.</summary>
    internal void Interrupt()
    {
        Interruption.Request(flow);
        _ = stop.CancelAsync();
        interrupted.TrySetResult();
    }

    internal async Task<CellEnding> RunAsync()
    {
        // A thread of its own, as the cell may block. No context of its own: each await would cost a detour that experiments notice.
        var work = Task.Factory.StartNew(RunOnThread, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
        await Task.WhenAny(work, interrupted.Task).ConfigureAwait(false);
        if (!work.IsCompleted)
        {
            await Task.WhenAny(work, Task.Delay(Polite)).ConfigureAwait(false);
            for (var until = Environment.TickCount64 + (long)Grace.TotalMilliseconds; !work.IsCompleted && Environment.TickCount64 < until;)
            {
                Wake();
                await Task.WhenAny(work, Task.Delay(100)).ConfigureAwait(false);
            }
        }

        if (!work.IsCompleted)
        {
            var ending = await ComputesAsync().ConfigureAwait(false) ? CellEnding.Unstoppable : CellEnding.Abandoned;
            var message = ending == CellEnding.Abandoned
                ? "interrupted while it waited for something; what this cell declared is gone, the cells before keep their state"
                : "interrupted, but .NET cannot stop what it is doing. The kernel ends; Jupyter starts it again, without the notebook's variables";
            engine.Abandon();
            Fail(message);
            return ending;
        }

        await work.ConfigureAwait(false);
        return CellEnding.Ended;
    }

    private Task RunOnThread()
    {
        lock (gate)
        {
            thread = Thread.CurrentThread;
        }

        try
        {
            return RunCellAsync();
        }
        finally
        {
            lock (gate)
            {
                thread = null;
            }
        }
    }

    /// <summary>Wakes the cell's thread from sleeping, and from waiting for a lock, an event, a task or another thread.</summary>
    private void Wake()
    {
        lock (gate)
        {
            thread?.Interrupt();
        }
    }

    /// <summary>
    /// Whether something in this process computes without a pause. The compiler's own work in the background has an end; what a
    /// notebook does in the background without one is taken for the cell's.
    /// </summary>
    private static async Task<bool> ComputesAsync()
    {
        var window = TimeSpan.FromMilliseconds(300);
        var quiet = 0;
        for (var busy = 0; busy < 12; busy++)
        {
            var before = Environment.CpuUsage.TotalTime;
            await Task.Delay(window).ConfigureAwait(false);
            quiet = Environment.CpuUsage.TotalTime - before < window / 25 ? quiet + 1 : 0;
            if (quiet == 2) // once may be a machine that is busy with other things
            {
                return false;
            }
        }

        return true;
    }

    private async Task RunCellAsync()
    {
        // Part of the async flow, so numbers look the same on every machine.
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        CultureInfo.CurrentUICulture = CultureInfo.InvariantCulture;
        CellConsole.Enter(outputs);
        Interruption.Enter(flow);

        // A session for each execution, as an interrupt cancels a session for good.
        using var lab = new LabSession { DataFolder = data, Cancellation = stop.Token }.Enter();
        try
        {
            var compiled = engine.Compile(code, number, stop.Token);
            var outcome = await engine.RunAsync(compiled, outputs).ConfigureAwait(false);
            if (outcome.HasValue)
            {
                try
                {
                    outputs.Add(ValueFormatter.Format(outcome.Value, number));
                }
                catch (Exception e)
                {
                    outputs.Add(engine.Describe(e is System.Reflection.TargetInvocationException { InnerException: { } inner } ? inner : e, number, "the value cannot be shown: ").Error);
                }
            }
        }
        catch (Exception e) when (flow.IsInterrupted && e is OperationCanceledException or ThreadInterruptedException)
        {
            Fail("interrupted");
        }
        catch (Exception e)
        {
            Fail($"the compiler failed: {e.GetType().Name}: {e.Message}", "CompilerFailed");
        }
    }

    private void Fail(string message, string name = "Interrupted") =>
        outputs.Add(new ErrorOutput(name, message, [string.Create(CultureInfo.InvariantCulture, $"cell {number}: {message}")]));
}
