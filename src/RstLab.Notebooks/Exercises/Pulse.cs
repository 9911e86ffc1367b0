using System.Diagnostics;

namespace RstLab.Notebooks;

/// <summary>Notices that this machine had no time for the process: a beat that should come every 20 ms comes much too late.</summary>
internal sealed class Pulse : IDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan TooLate = TimeSpan.FromMilliseconds(100);

    private readonly PeriodicTimer timer = new(Beat);

    internal Pulse() => _ = FeelAsync();

    /// <summary>Whether a beat came more than 100 ms too late so far.</summary>
    internal bool Missed { get; private set; }

    /// <summary>Ends it.</summary>
    public void Dispose() => timer.Dispose();

    private async Task FeelAsync()
    {
        var before = Stopwatch.GetTimestamp();
        while (await timer.WaitForNextTickAsync().ConfigureAwait(false))
        {
            var now = Stopwatch.GetTimestamp();
            Missed |= Stopwatch.GetElapsedTime(before, now) > Beat + TooLate;
            before = now;
        }
    }
}
