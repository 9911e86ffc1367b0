using System.Diagnostics;

namespace RstLab.Notebooks;

/// <summary>
/// Proves that the machine gave this process no time: a thread that sleeps for 20 ms at a time is woken much later than that. It is a
/// thread of its own, as a pool that a reader's code keeps busy is no fault of the machine.
/// </summary>
internal sealed class StallWatch : IDisposable
{
    /// <summary>What counts as a stall: far more than a timer is ever late on a busy machine that still runs the process.</summary>
    internal static readonly TimeSpan Threshold = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan Nap = TimeSpan.FromMilliseconds(20);

    private readonly ManualResetEventSlim _ended = new();
    private readonly Thread _thread;
    private long _longest;

    internal StallWatch()
    {
        _thread = new Thread(Watch) { IsBackground = true, Name = nameof(StallWatch) };
        _thread.Start();
    }

    /// <summary>Ends the watch.</summary>
    /// <returns>The longest stall; null where none reached <see cref="Threshold"/>.</returns>
    internal TimeSpan? End()
    {
        _ended.Set();
        _thread.Join(); // it wakes at once, or as late as the stall that is asked for
        return _longest >= Threshold.Ticks ? TimeSpan.FromTicks(_longest) : null;
    }

    /// <summary>Ends the watch.</summary>
    public void Dispose()
    {
        End();
        _ended.Dispose();
    }

    private void Watch()
    {
        for (var ended = false; !ended;)
        {
            var slept = Stopwatch.GetTimestamp();
            ended = _ended.Wait(Nap);
            _longest = Math.Max(_longest, (Stopwatch.GetElapsedTime(slept) - Nap).Ticks);
        }
    }
}
