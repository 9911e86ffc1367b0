using System.Globalization;
using static RstLab.Notebooks.Drawing;

namespace RstLab.Notebooks;

/// <summary>
/// Durations of very different size on one logarithmic axis: a category is a heading, each row below it has its name at the side
/// and one mark. The mark's shape says how the duration is known, so that the picture does not rely on colour.
/// </summary>
internal sealed record DurationChart
{
    /// <summary>How a duration is known.</summary>
    internal enum Known
    {
        Measured,
        AtLeast,
        Computed,
    }

    /// <summary>One row.</summary>
    internal sealed record Row(string Category, string Name, double Seconds, Known How);

    private static readonly (double Seconds, string Name)[] Named =
        [(1e-6, "1 µs"), (1e-5, "10 µs"), (1e-4, "0.1 ms"), (1e-3, "1 ms"), (1e-2, "10 ms"), (.1, "0.1 s"), (1, "1 s"), (10, "10 s"), (60, "1 min"), (600, "10 min"), (3600, "1 h"), (36000, "10 h"), (86400, "1 day"), (864000, "10 days")];

    internal required IReadOnlyList<Row> Rows { get; init; }

    internal Drawing Draw(Frame frame)
    {
        var drawing = new Drawing(frame.Width);
        // A phone has no room at the side: there a row's name stands above its mark.
        double left = frame.IsNarrow ? 22 : 330, right = frame.Width - 24, y = 20, step = frame.IsNarrow ? 38 : 21;
        var x = 14.0;
        foreach (var how in Enum.GetValues<Known>().Where(h => Rows.Any(r => r.How == h)))
        {
            drawing.Add(new Symbol(x + 5 + (how == Known.AtLeast ? 5 : 0), y - 4, Mark(how), Accent(how)));
            drawing.Add(x + 15, y, Anchor.Start, "t", new Words(Legend(how, frame.IsNarrow)));
            x += (Legend(how, frame.IsNarrow).Length * 6.8) + 34;
        }

        var scale = new Scale(Rows.Min(r => r.Seconds), Rows.Max(r => r.Seconds), isLogarithmic: true).WithMargin();
        y += 14;
        var top = y;
        foreach (var category in Rows.Select(r => r.Category).Distinct())
        {
            drawing.Add(14, y + 16, Anchor.Start, "t", new Words(Markup.Fit(category, (int)(frame.Width / 7)), Bold: true));
            y += 25;
            foreach (var row in Rows.Where(r => r.Category == category))
            {
                var (at, line) = (scale.Place(row.Seconds, left, right), y + (frame.IsNarrow ? 23 : 7));
                var text = Text(row.Seconds);
                drawing.Add(new Hover(at, line, $"{category}, {row.Name}: {text}, {Legend(row.How, false)}"));
                drawing.Add(frame.IsNarrow ? left : left - 14, y + 11, frame.IsNarrow ? Anchor.Start : Anchor.End, "s", new Words(Markup.Fit(row.Name, (int)((frame.IsNarrow ? frame.Width : left) / 6.4))));
                drawing.Add(new Line(left, line, at, line, "grid", null));
                drawing.Add(new Symbol(row.How == Known.AtLeast ? at + 5 : at, line, Mark(row.How), Accent(row.How)));
                var isRoom = at + 18 + (text.Length * 7) < frame.Width;
                drawing.Add(at + (isRoom ? 11 : -11), line + 4, isRoom ? Anchor.Start : Anchor.End, "t", new Words(row.How == Known.AtLeast ? $"> {text}" : text, Bold: true));
                y += step;
            }

            y += 6;
        }

        drawing.Add(new Hover(0, 0, ""));
        var (from, to) = (Math.Pow(10, scale.Range.From), Math.Pow(10, scale.Range.To));
        var ticks = Named.Where(t => t.Seconds >= from && t.Seconds <= to).ToList();
        var last = double.NegativeInfinity;
        foreach (var (seconds, name) in ticks)
        {
            var at = scale.Place(seconds, left, right);
            drawing.Add(new Line(at, top, at, y, "grid", null));
            if (at - last >= 52)
            {
                drawing.Add(at, y + 16, Anchor.Middle, "s", new Words(name));
                last = at;
            }
        }

        drawing.Add(new Line(left, y, right, y, "axis", null));
        drawing.Add((left + right) / 2, y + 36, Anchor.Middle, "t", new Words("time, logarithmic"));
        drawing.Height = y + 46;
        return drawing;
    }

    /// <summary>A duration for a reader: three digits in the unit that people would use.</summary>
    internal static string Text(double seconds) => seconds switch
    {
        < 1e-3 => Digits(seconds * 1e6, "µs"),
        < .1 => Digits(seconds * 1e3, "ms"),
        < 120 => Digits(seconds, "s"),
        < 7200 => Digits(seconds / 60, "min"),
        < 172800 => Digits(seconds / 3600, "h"),
        _ => Digits(seconds / 86400, "days"),
    };

    internal static string Legend(Known how, bool isShort) => how switch
    {
        Known.Measured => "measured",
        Known.AtLeast => isShort ? "not noticed" : "not noticed as long as we looked",
        _ => isShort ? "computed" : "computed, not measured",
    };

    private static string Digits(double value, string unit) =>
        string.Create(CultureInfo.InvariantCulture, $"{Math.Round(value, value >= 100 ? 0 : value >= 10 ? 1 : 2):0.##} {unit}");

    private static Shape Mark(Known how) => how switch { Known.Measured => Shape.Dot, Known.AtLeast => Shape.Right, _ => Shape.Diamond };

    private static string Accent(Known how) => how switch { Known.Measured => Palette.Client, Known.AtLeast => Palette.Reset, _ => Palette.Server };
}
