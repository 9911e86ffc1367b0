namespace RstLab.Course.Jupyter;

/// <summary>
/// Knows on which threads a cell's own code runs at this moment. After an await the code goes on on the thread pool, as it would
/// without this; so nothing that a cell blocks on waits for a thread of ours.
/// </summary>
internal sealed class CellContext : SynchronizationContext
{
    private readonly Dictionary<Thread, bool> running = []; // and whether it was woken

    /// <summary>Whether the cell's code computes or blocks, rather than awaits.</summary>
    internal bool IsRunning
    {
        get
        {
            lock (running)
            {
                return running.Count > 0;
            }
        }
    }

    public override SynchronizationContext CreateCopy() => this;

    public override void Post(SendOrPostCallback d, object? state) => ThreadPool.UnsafeQueueUserWorkItem(_ => Run(() => d(state)), null);

    public override void Send(SendOrPostCallback d, object? state) => d(state);

    /// <summary>Runs a part of the cell on this thread.</summary>
    internal void Run(Action part)
    {
        var (before, thread) = (Current, Thread.CurrentThread);
        SetSynchronizationContext(this);
        lock (running)
        {
            running[thread] = false;
        }

        try
        {
            part();
        }
        finally
        {
            SetSynchronizationContext(before);
            bool woken;
            lock (running)
            {
                running.Remove(thread, out woken);
            }

            if (woken)
            {
                Forget();
            }
        }
    }

    /// <summary>Wakes the cell's threads from sleeping, and from waiting for a lock, an event, a task or another thread.</summary>
    internal void Wake()
    {
        lock (running)
        {
            foreach (var thread in running.Keys)
            {
                running[thread] = true;
                thread.Interrupt();
            }
        }
    }

    /// <summary>A wake-up that met no wait would meet the thread's next one, in whatever the pool gives it to do.</summary>
    private static void Forget()
    {
        try
        {
            Thread.Sleep(1);
        }
        catch (ThreadInterruptedException)
        {
            // That was it.
        }
    }
}
