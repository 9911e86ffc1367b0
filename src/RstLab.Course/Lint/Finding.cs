using System.Globalization;

namespace RstLab.Course.Lint;

/// <summary>Something that would not work the same in every program that opens the notebooks.</summary>
/// <param name="File">The file, as it was named.</param>
/// <param name="Cell">The cell's number among all cells, from 1; null for what belongs to no cell.</param>
/// <param name="CellId">The cell's id; null where it has none.</param>
/// <param name="Line">The line in the cell, or in the file where there is no cell, from 1.</param>
/// <param name="Rule">The rule's name.</param>
/// <param name="Message">What is wrong, and what to do.</param>
internal sealed record Finding(string File, int? Cell, string? CellId, int Line, string Rule, string Message)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{File}: {(Cell is null ? "" : $"cell {Cell}{(CellId is null ? "" : $" ({CellId})")}, ")}line {Line}: {Message} [{Rule}]");
}

/// <summary>The same before it is known where the text stands.</summary>
/// <param name="Line">The line in the text, from 1.</param>
/// <param name="Rule">The rule's name.</param>
/// <param name="Message">What is wrong, and what to do.</param>
internal sealed record Fault(int Line, string Rule, string Message);
