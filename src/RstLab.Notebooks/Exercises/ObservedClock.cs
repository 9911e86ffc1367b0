namespace RstLab.Notebooks;

/// <summary>
/// The system's clock, handed to a reader's code so that a check can see what the code waits for. What a wait was asked for is exact;
/// how long it took depends on the machine, and is not judged.
/// </summary>
/// <param name="late">How much later than asked every wait ends.</param>
internal sealed class ObservedClock(TimeSpan late = default) : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<Wait> _waits = [];

    /// <summary>What was asked for so far, in order.</summary>
    internal IReadOnlyList<Wait> Waits
    {
        get
        {
            lock (_gate)
            {
                return [.. _waits];
            }
        }
    }

    /// <summary>How long the code waited, by what it asked for: the waits that came to their end.</summary>
    internal TimeSpan Waited => Waits.Where(wait => wait.Over).Aggregate(TimeSpan.Zero, (sum, wait) => sum + wait.For);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ObservedTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Something that the code wanted to wait for.</summary>
    /// <param name="for">How long, as it was asked.</param>
    internal sealed class Wait(TimeSpan @for)
    {
        private volatile bool _over;

        internal TimeSpan For => @for;

        /// <summary>Whether it came to its end; false while it lasts, and where it was given up.</summary>
        internal bool Over => _over;

        internal void End() => _over = true;
    }

    private sealed class ObservedTimer : ITimer
    {
        private readonly ObservedClock _clock;
        private readonly ITimer _timer;
        private volatile Wait? _wait;

        internal ObservedTimer(ObservedClock clock, TimerCallback callback, object? state)
        {
            _clock = clock;
            _timer = System.CreateTimer(
                _ =>
                {
                    _wait?.End(); // before whoever waits for it can go on
                    callback(state);
                },
                null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime == Timeout.InfiniteTimeSpan)
            {
                return _timer.Change(dueTime, period);
            }

            var wait = new Wait(dueTime);
            lock (_clock._gate)
            {
                _clock._waits.Add(wait);
            }

            _wait = wait;
            return _timer.Change(dueTime + _clock.Late, period);
        }

        public void Dispose() => _timer.Dispose();

        public ValueTask DisposeAsync() => _timer.DisposeAsync();
    }

    private TimeSpan Late => late;
}
