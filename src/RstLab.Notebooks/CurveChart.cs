using System.Text.Json.Nodes;
using static RstLab.Notebooks.Drawing;

namespace RstLab.Notebooks;

/// <summary>Stepped curves of one or more groups on two axes: the picture of a histogram and of a cumulative distribution.</summary>
internal sealed record CurveChart
{
    private static readonly Shape[] Shapes = [Shape.Dot, Shape.Square, Shape.Diamond, Shape.Up, Shape.Right];
    private static readonly string[] Symbols = ["circle", "square", "diamond", "triangle-up", "triangle-right"];
    private static readonly string[] Dashes = ["solid", "8px,4px", "2px,3px", "9px,3px,2px,3px", "16px,5px"];

    /// <summary>A group: a step to <c>Y</c> at each <c>X</c>; at <c>Marks</c> the line carries its group's mark.</summary>
    internal sealed record Curve(string Name, IReadOnlyList<(double X, double Y)> Points, IReadOnlyList<(double X, double Y)> Marks);

    internal required string XTitle { get; init; }

    internal required string YTitle { get; init; }

    internal required Scale X { get; init; }

    internal required Scale Y { get; init; }

    internal required IReadOnlyList<Curve> Curves { get; init; }

    internal required bool IsFilled { get; init; }

    internal Drawing Draw(Frame frame)
    {
        var drawing = new Drawing(frame.Width);
        var y = 18.0;
        var x = 14.0;
        for (var i = 0; i < Curves.Count && Curves.Count > 1; i++)
        {
            var width = 46 + (Curves[i].Name.Length * 6.6) + 14;
            (x, y) = x + width > frame.Width && x > 14 ? (14, y + 20) : (x, y);
            drawing.Add(new Line(x, y - 4, x + 36, y - 4, Pen(i), Color(i)));
            drawing.Add(new Symbol(x + 18, y - 4, Shapes[i % Shapes.Length], Color(i)));
            drawing.Add(x + 42, y, Anchor.Start, "t", new Words(Markup.Fit(Curves[i].Name, (int)(frame.Width / 7))));
            x += width;
        }

        double left = 58, right = frame.Width - 18, top = Curves.Count > 1 ? y + 34 : 34, bottom = top + (frame.IsNarrow ? 200 : 280);
        drawing.Add(12, top - 14, Anchor.Start, "t", new Words(Markup.Fit(YTitle, (int)(frame.Width / 7))));
        foreach (var tick in Y.Ticks(5))
        {
            var at = Y.Place(tick, bottom, top);
            drawing.Add(new Line(left, at, right, at, "grid", null));
            drawing.Add(left - 8, at + 4, Anchor.End, "s", new Words(Scale.Name(tick)));
        }

        foreach (var tick in X.Ticks(frame.IsNarrow ? 4 : 8))
        {
            var at = X.Place(tick, left, right);
            drawing.Add(new Line(at, top, at, bottom, "grid", null));
            drawing.Add(at, bottom + 17, Anchor.Middle, "s", new Words(Scale.Name(tick)));
        }

        drawing.Add(new Line(left, bottom, right, bottom, "axis", null));
        drawing.Add((left + right) / 2, bottom + 38, Anchor.Middle, "t", new Words(Markup.Fit(X.IsLogarithmic ? $"{XTitle}, logarithmic" : XTitle, (int)(frame.Width / 7))));
        for (var i = 0; i < Curves.Count; i++)
        {
            var stairs = new List<(double X, double Y)>();
            foreach (var (px, py) in Curves[i].Points)
            {
                var at = (X: X.Place(px, left, right), Y: Y.Place(py, bottom, top));
                if (stairs.Count > 0)
                {
                    stairs.Add((at.X, stairs[^1].Y));
                }

                stairs.Add(at);
            }

            drawing.Add(new Hover(0, 0, Curves[i].Name));
            if (IsFilled)
            {
                drawing.Add(new Stroke([(stairs[0].X, bottom), .. stairs, (stairs[^1].X, bottom)], "", Color(i), Filled: true));
            }

            drawing.Add(new Stroke(stairs, Pen(i), Color(i)));
            foreach (var (mx, my) in Curves.Count > 1 ? Curves[i].Marks : [])
            {
                drawing.Add(new Symbol(X.Place(mx, left, right), Y.Place(my, bottom, top), Shapes[i % Shapes.Length], Color(i)));
            }
        }

        drawing.Add(new Hover(0, 0, ""));
        drawing.Height = bottom + 48;
        return drawing;
    }

    internal (JsonArray Data, JsonObject Layout) Plotly(string title)
    {
        var data = new JsonArray();
        for (var i = 0; i < Curves.Count; i++)
        {
            var curve = Curves[i];
            // Marks stand on a few points only; a size of 0 hides the others and keeps one entry in the legend.
            var marked = curve.Marks.ToHashSet();
            data.Add(new JsonObject
            {
                ["type"] = "scatter", ["mode"] = Curves.Count > 1 ? "lines+markers" : "lines", ["name"] = Markup.Plotly(curve.Name),
                ["x"] = Array(curve.Points.Select(p => p.X)), ["y"] = Array(curve.Points.Select(p => p.Y)),
                ["line"] = new JsonObject { ["shape"] = "hv", ["color"] = Color(i), ["width"] = 2.2, ["dash"] = Dashes[i % Dashes.Length] },
                ["marker"] = new JsonObject { ["symbol"] = Symbols[i % Symbols.Length], ["color"] = Color(i), ["opacity"] = 1, ["line"] = new JsonObject { ["width"] = 0 }, ["size"] = Array(curve.Points.Select(p => marked.Contains(p) ? 9.0 : 0)) },
                ["fill"] = IsFilled ? "tozeroy" : "none", ["fillcolor"] = Color(i) + "22",
                ["hovertemplate"] = (Curves.Count > 1 ? $"{Markup.Plotly(curve.Name)}<br>" : "")
                    + $"{Markup.Plotly(XTitle)}: %{{x:.4~g}}<br>{Markup.Plotly(YTitle)}: %{{y:.4~g}}<extra></extra>",
            });
        }

        var layout = Layout(title, XTitle, YTitle, X, Y);
        layout["showlegend"] = Curves.Count > 1;
        return (data, layout);
    }

    internal static JsonObject Layout(string title, string x, string y, Scale? xScale, Scale? yScale)
    {
        JsonObject Axis(string name, Scale? scale)
        {
            var axis = new JsonObject
            {
                ["title"] = new JsonObject { ["text"] = Markup.Plotly(name) }, ["gridcolor"] = "rgba(128,128,128,.22)", ["linecolor"] = "rgba(128,128,128,.7)",
                ["zerolinecolor"] = "rgba(128,128,128,.5)", ["automargin"] = true, ["fixedrange"] = true,
            };
            if (scale is not null)
            {
                axis["type"] = scale.IsLogarithmic ? "log" : "linear";
                axis["range"] = new JsonArray(scale.Range.From, scale.Range.To);
                var ticks = scale.Ticks(7);
                axis["tickvals"] = Array(ticks);
                axis["ticktext"] = new JsonArray([.. ticks.Select(t => (JsonNode)Scale.Name(t))]);
            }

            return axis;
        }

        return new()
        {
            ["title"] = new JsonObject { ["text"] = Markup.Plotly(title), ["font"] = new JsonObject { ["size"] = 15 } },
            ["height"] = 432, ["margin"] = new JsonObject { ["l"] = 58, ["r"] = 18, ["t"] = 60, ["b"] = 50 },
            ["font"] = new JsonObject { ["color"] = Palette.Ink, ["size"] = 12, ["family"] = PlotlyDrawing.Sans },
            ["legend"] = new JsonObject { ["orientation"] = "h", ["x"] = 0, ["y"] = 1.02, ["yanchor"] = "bottom" }, ["hovermode"] = "closest", ["dragmode"] = false,
            ["hoverlabel"] = PlotlyDrawing.HoverLabel(),
            ["xaxis"] = Axis(x, xScale), ["yaxis"] = Axis(y, yScale),
        };
    }

    internal static JsonArray Array(IEnumerable<double> values) => new([.. values.Select(v => (JsonNode)double.Parse(v.ToString("G6", System.Globalization.CultureInfo.InvariantCulture), System.Globalization.CultureInfo.InvariantCulture))]);

    internal static string Color(int series) => Palette.Series[series % Palette.Series.Count];

    private static string Pen(int series) => $"d{series % 5}";
}
