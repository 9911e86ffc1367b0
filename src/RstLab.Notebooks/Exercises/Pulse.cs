using System.Diagnostics;

namespace RstLab.Notebooks;

/// <summary>Notices that this machine had no time for the process: a beat that should come every 20 ms comes much too late.</summary>
internal sealed class Pulse : IDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan TooLate = TimeSpan.FromMilliseconds(100);

    private readonly PeriodicTimer timer = new(Beat);

    private long last = Stopwatch.GetTimestamp();
    private bool missed;

    internal Pulse() => _ = FeelAsync();

    /// <summary>Whether a beat came more than 100 ms too late so far, or has been due for that long.</summary>
    internal bool Missed => missed || Late(Stopwatch.GetTimestamp());

    /// <summary>Ends it.</summary>
    public void Dispose() => timer.Dispose();

    private async Task FeelAsync()
    {
        while (await timer.WaitForNextTickAsync().ConfigureAwait(false))
        {
            var now = Stopwatch.GetTimestamp();
            missed |= Late(now);
            Volatile.Write(ref last, now);
        }
    }

    private bool Late(long now) => Stopwatch.GetElapsedTime(Volatile.Read(ref last), now) > Beat + TooLate;
}
