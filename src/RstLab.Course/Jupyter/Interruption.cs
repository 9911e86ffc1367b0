using System.ComponentModel;

namespace RstLab.Course.Jupyter;

/// <summary>Where a running cell notices that it was interrupted. Public, as the loops of a cell call it (see <see cref="LoopGuard"/>).</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class Interruption
{
    private static readonly AsyncLocal<CellFlow?> Current = new();
    private static volatile bool requested;

    /// <summary>Does nothing, unless the cell that calls it was interrupted.</summary>
    /// <exception cref="CellInterruptedException">It was.</exception>
    public static void Check()
    {
        if (requested && Current.Value is { IsInterrupted: true } flow)
        {
            flow.HasEnded = true;
            throw new CellInterruptedException();
        }
    }

    /// <summary>The same for what a cell writes: once only, so that what it writes while it ends is seen.</summary>
    internal static void CheckOnce()
    {
        if (requested && Current.Value is { HasEnded: false })
        {
            Check();
        }
    }

    /// <summary>Makes what is called from here on part of a cell.</summary>
    internal static void Enter(CellFlow flow)
    {
        requested = false;
        Current.Value = flow;
    }

    internal static void Request(CellFlow flow)
    {
        flow.IsInterrupted = true;
        requested = true;
    }
}

/// <summary>A cell, and all tasks and threads that it started.</summary>
internal sealed class CellFlow
{
    private volatile bool interrupted;
    private volatile bool ended;

    /// <summary>Whether the cell has been told, by an exception.</summary>
    internal bool HasEnded
    {
        get => ended;
        set => ended = value;
    }

    internal bool IsInterrupted
    {
        get => interrupted;
        set => interrupted = value;
    }
}

/// <summary>The reader interrupted the cell.</summary>
internal sealed class CellInterruptedException() : OperationCanceledException("interrupted");
