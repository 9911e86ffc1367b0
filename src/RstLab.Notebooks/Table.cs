namespace RstLab.Notebooks;

/// <summary>A table that a cell can end with, and the data behind a figure. Made by <see cref="Show"/>.</summary>
[TypeFormatterSource(typeof(DisplaySource), PreferredMimeTypes = [DisplaySource.Html, DisplaySource.Text])]
public sealed class Table : IDisplayed
{
    /// <summary>What the table shows, in a few words.</summary>
    public required string Caption { get; init; }

    /// <summary>The columns' names, with the unit in parentheses where there is one.</summary>
    public required IReadOnlyList<string> Columns { get; init; }

    /// <summary>The rows; each has a value for each column, and null is an empty cell.</summary>
    public required IReadOnlyList<IReadOnlyList<object?>> Rows { get; init; }

    /// <summary>A line about the origin of the data; null for none.</summary>
    public string? Foot { get; init; }

    /// <summary>The table as aligned text.</summary>
    public override string ToString()
    {
        var lines = Rows.Select(row => row.Select(Markup.Value).ToArray()).Prepend([.. Columns]).ToList();
        var widths = Columns.Select((_, i) => lines.Max(line => line[i].Length)).ToArray();
        var body = lines.Select(line => string.Join("  ", line.Select((cell, i) => IsNumeric(i) ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]))).TrimEnd());
        return $"{Caption}\n{string.Join('\n', body)}{(Foot is null ? "" : $"\n{Foot}")}";
    }

    /// <summary>The table as an SVG document of its own, with its caption above and the line about its origin below.</summary>
    internal string ToSvg() => Picture.Of(Caption, $"A table of {(Rows.Count == 1 ? "one row" : $"{Rows.Count} rows")}: {string.Join(", ", Columns)}.", Foot ?? "", TableDrawing.Of(this, Frame.Page));

    void IDisplayed.WriteText(TextWriter writer) => writer.Write(ToString());

    void IDisplayed.WriteHtml(TextWriter writer)
    {
        writer.Write($"<div class=\"rstlab-box\">{Style.Sheet}");
        WriteTable(writer);
        writer.Write("</div>");
    }

    /// <summary>Writes the scrolling table; the style comes from what it stands in.</summary>
    internal void WriteTable(TextWriter writer, string classes = "")
    {
        writer.Write($"<div class=\"rstlab-scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{Markup.Escape(Caption)}\"><table class=\"rstlab-table {classes}\"><caption>{Markup.Escape(Caption)}</caption><thead><tr>");
        var numeric = Columns.Select((_, i) => IsNumeric(i) ? " class=\"rstlab-number\"" : "").ToArray();
        for (var i = 0; i < Columns.Count; i++)
        {
            writer.Write($"<th scope=\"col\"{numeric[i]}>{Markup.Escape(Columns[i])}</th>");
        }

        writer.Write("</tr></thead><tbody>");
        foreach (var row in Rows)
        {
            writer.Write("<tr>");
            for (var i = 0; i < row.Count; i++)
            {
                // The first column names its row.
                writer.Write(i == 0
                    ? $"<th scope=\"row\"{numeric[i]}>{Markup.Escape(Markup.Value(row[i]))}</th>"
                    : $"<td{numeric[i]}>{Markup.Escape(Markup.Value(row[i]))}</td>");
            }

            writer.Write("</tr>");
        }

        writer.Write("</tbody></table></div>");
        if (Foot is not null)
        {
            writer.Write($"<p class=\"rstlab-foot\">{Markup.Escape(Foot)}</p>");
        }
    }

    private bool IsNumeric(int column) =>
        Rows.Any(row => row[column] is not null) && Rows.All(row => row[column] is null or IConvertible and not string and not bool and not DateTime and not char);
}
