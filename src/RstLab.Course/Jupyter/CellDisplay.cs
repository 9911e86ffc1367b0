namespace RstLab.Course.Jupyter;

/// <summary>What a cell may call in Jupyter, besides everything that is portable.</summary>
public static class CellDisplay
{
    /// <summary>Shows a value before the cell ends. Chapters do without, as not every executor has it.</summary>
    /// <param name="value">Anything that a trailing expression could be.</param>
    /// <exception cref="InvalidOperationException">No cell runs.</exception>
#pragma warning disable IDE1006, CA1707 // named as in other C# notebooks
    public static void display(object? value) =>
#pragma warning restore IDE1006, CA1707
        (CellConsole.CurrentOutputs ?? throw new InvalidOperationException("display() shows a value in the cell that runs, and none does here."))
            .Add(ValueFormatter.Format(value, null));
}
