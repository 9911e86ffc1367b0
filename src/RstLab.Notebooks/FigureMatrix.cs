namespace RstLab.Notebooks;

public sealed partial class Figure
{
    /// <summary>
    /// A table of three columns as a matrix: what came of each row in each column. A cell shows its text, a part a line, and a mark
    /// for its kind, in shape and colour; pointing at it shows the whole. An error has the same mark in every matrix.
    /// </summary>
    /// <param name="table">The results: each pair of row and column once, in the order in which they are drawn.</param>
    /// <param name="row">The column of the table that names the rows.</param>
    /// <param name="column">The column of the table that names the columns; parts joined by <c>+</c> stand in lines of their own.</param>
    /// <param name="cell">The column of the table with the cells' text; parts joined by <c>+</c> stand in lines of their own.</param>
    /// <param name="kind">What kind a cell's text is of, by which cells are marked; null for the first error's name in it.</param>
    /// <param name="title">The title; a general one when null.</param>
    /// <param name="caption">The sentence that says what to see; a count of the kinds when null.</param>
    /// <exception cref="ArgumentException">There is no such column, a pair is there twice, or there are more than six kinds of error.</exception>
    public static Figure Matrix(ResultTable table, string row, string column, string cell, Func<string, string>? kind = null, string? title = null, string? caption = null)
    {
        ArgumentNullException.ThrowIfNull(table);
        var matrix = MatrixDrawing.From(table.Texts(row), table.Texts(column), table.Texts(cell), kind ?? FirstError);
        var name = title ?? $"{cell} by {row} and {column}";
        var (data, layout) = PlotlyDrawing.Of(matrix.Draw(Frame.Wide), name);
        return new()
        {
            Kind = "matrix",
            Title = name,
            Caption = caption ?? $"{matrix.Rows.Count} rows by {matrix.Columns.Count} columns: {string.Join("; ", matrix.Kinds.Select(k => $"{k.Count} with {k.Name}"))}.",
            Units = $"rows: {row}; columns: {column}; cells: {cell}; a line for each call, in order",
            Tables = [matrix.ToTable(row, cell)],
            Environment = table.Environment,
            Evidence = table.Evidence,
            Data = data,
            Layout = layout,
            Draw = matrix.Draw,
            DrawsPlotlyByHand = true,
        };
    }

    private static string FirstError(string text) =>
        text.Split('+').FirstOrDefault(part => part.Length > 2 && part[0] == 'E' && part.All(char.IsAsciiLetterUpper)) ?? MatrixDrawing.NoError;
}
