using System.Globalization;

namespace RstLab.Notebooks;

public sealed partial class Figure
{
    /// <summary>
    /// Durations from microseconds to days on one logarithmic axis, a row each, grouped under headings. The mark says how each is
    /// known: measured, computed, or only a lower bound because the wait ended before what was awaited.
    /// </summary>
    /// <param name="table">The durations, one a row.</param>
    /// <param name="heading">The column that names the groups.</param>
    /// <param name="name">The column that names the rows.</param>
    /// <param name="seconds">The column with the durations, in seconds; above 0.</param>
    /// <param name="known">A column with <c>measured</c>, <c>not noticed</c> (a lower bound) or <c>computed</c>.</param>
    /// <param name="title">The title.</param>
    /// <param name="caption">The sentence that says what to see; the shortest, the longest and the count of lower bounds when null.</param>
    /// <exception cref="ArgumentException">There is no row or no such column, a duration is not above 0, or <paramref name="known"/> holds another word.</exception>
    public static Figure Durations(ResultTable table, string heading, string name, string seconds, string known, string title, string? caption = null)
    {
        ArgumentNullException.ThrowIfNull(table);
        var (headings, names, values, words) = (table.Texts(heading), table.Texts(name), table.Numbers(seconds), table.Texts(known));
        if (values.Count == 0 || values.Any(v => !(v > 0) || !double.IsFinite(v)))
        {
            throw new ArgumentException($"Column '{seconds}' of table {table.Id} has to hold durations above 0 to be drawn on a logarithmic axis.", nameof(seconds));
        }

        var rows = values.Select((v, i) => new DurationChart.Row(headings[i], names[i], v, Parse(words[i]))).ToList();
        var chart = new DurationChart { Rows = rows };
        var exact = rows.Where(r => r.How != DurationChart.Known.AtLeast).OrderBy(r => r.Seconds).ToList();
        var open = rows.Count - exact.Count;
        string Say(DurationChart.Row row) => $"{DurationChart.Text(row.Seconds)} ({row.Category}, {row.Name}{(row.How == DurationChart.Known.Computed ? ", computed" : "")})";
        var (data, layout) = PlotlyDrawing.Of(chart.Draw(Frame.Wide), title);
        return new()
        {
            Kind = "durations",
            Title = title,
            Caption = caption ?? (exact.Count == 0 ? "" : $"The shortest is {Say(exact[0])}, the longest {Say(exact[^1])}. ")
                + string.Create(CultureInfo.InvariantCulture, $"{open} of {rows.Count} did not end as long as we looked."),
            Units = "x: time, logarithmic",
            Tables = [new() { Caption = table.Id, Columns = table.Columns, Rows = table.Rows }],
            Environment = table.Environment,
            Evidence = table.Evidence == Evidence.Recorded ? Evidence.Recorded : Evidence.Live,
            Notes = NotesOf(table, []),
            Data = data,
            Layout = layout,
            Draw = chart.Draw,
            DrawsPlotlyByHand = true,
        };

        DurationChart.Known Parse(string word) => word switch
        {
            "measured" => DurationChart.Known.Measured,
            "not noticed" => DurationChart.Known.AtLeast,
            "computed" => DurationChart.Known.Computed,
            _ => throw new ArgumentException($"Column '{known}' of table {table.Id} holds '{word}'; it may hold measured, not noticed and computed.", nameof(known)),
        };
    }
}
