using System.Text.Json.Nodes;

namespace RstLab.Notebooks;

/// <summary>A picture as Plotly traces: lines as shapes, words and marks as points, and one point a row to hover on.</summary>
internal static class PlotlyDrawing
{
    private const double TitleRoom = 32;

    internal static (JsonArray Data, JsonObject Layout) Of(Drawing drawing, string title)
    {
        var shapes = new JsonArray();
        foreach (var item in drawing.Items)
        {
            if (item is Drawing.Line line)
            {
                shapes.Add(new JsonObject
                {
                    ["type"] = "line", ["layer"] = "below", ["x0"] = line.X1, ["y0"] = line.Y1, ["x1"] = line.X2, ["y1"] = line.Y2,
                    ["opacity"] = line.Pen switch { "life" => .4, "grid" => .16, "axis" => .6, _ => 1 },
                    ["line"] = new JsonObject
                    {
                        ["color"] = line.Accent ?? (line.Pen == "reset" ? Palette.Reset : Palette.Ink),
                        ["width"] = line.Pen switch { "data" => 2.6, "reset" => 2.4, "life" => 1.2, "grid" or "axis" => 1, _ => 1.4 },
                        ["dash"] = line.Pen == "reset" ? "7px,4px" : "solid",
                    },
                });
            }
            else if (item is Drawing.Box box)
            {
                shapes.Add(new JsonObject
                {
                    ["type"] = "rect", ["layer"] = "below", ["x0"] = box.X, ["y0"] = box.Y, ["x1"] = box.X + box.Width, ["y1"] = box.Y + box.Height,
                    ["opacity"] = box.Accent is null ? .1 : 1, ["fillcolor"] = box.Accent ?? Palette.Ink, ["line"] = new JsonObject { ["width"] = 0 },
                });
            }
        }

        var data = new JsonArray();
        foreach (var group in drawing.Items.OfType<Drawing.Symbol>().GroupBy(s => (s.Shape, s.Accent)))
        {
            var trace = Trace("markers", group.Select(s => (s.X + Shift(s.Shape), s.Y)));
            var color = group.Key.Accent ?? Palette.Ink;
            trace["marker"] = new JsonObject
            {
                ["color"] = color,
                ["symbol"] = group.Key.Shape switch
                {
                    Drawing.Shape.Right => "triangle-right", Drawing.Shape.Left => "triangle-left", Drawing.Shape.Diamond => "diamond",
                    Drawing.Shape.Square => "square", Drawing.Shape.Failed => "square-x-open", Drawing.Shape.Up => "triangle-up", _ => "circle",
                },
                ["size"] = group.Key.Shape is Drawing.Shape.Failed ? 11 : 10, ["line"] = new JsonObject { ["width"] = group.Key.Shape is Drawing.Shape.Failed ? 2 : 0, ["color"] = color }, ["opacity"] = 1,
            };
            data.Add(trace);
        }

        foreach (var group in drawing.Items.OfType<Drawing.Label>().GroupBy(l => (l.Anchor, l.Face)))
        {
            var (anchor, face) = group.Key;
            var size = face switch { "h" => 14, "m" or "s" => 11, _ => 12 };
            var trace = Trace("text", group.Select(l => (l.X + (anchor == Drawing.Anchor.Start ? -3 : anchor == Drawing.Anchor.End ? 3 : 0), l.Y - (size * .36))));
            trace["text"] = new JsonArray([.. group.Select(l => (JsonNode)string.Concat(l.Words.Select(Span)))]);
            trace["textposition"] = anchor switch { Drawing.Anchor.Start => "middle right", Drawing.Anchor.End => "middle left", _ => "middle center" };
            trace["textfont"] = new JsonObject
            {
                ["size"] = size, ["color"] = Palette.Ink, ["weight"] = face == "h" ? 600 : 400,
                ["family"] = face == "m" ? "ui-monospace, \"Cascadia Mono\", Consolas, \"DejaVu Sans Mono\", monospace" : Sans,
            };
            if (face == "s")
            {
                trace["opacity"] = .78;
            }

            data.Add(trace);
        }

        var hovers = drawing.Items.OfType<Drawing.Hover>().Where(h => h.Text.Length > 0).ToList();
        var hover = Trace("markers", hovers.Select(h => (h.X, h.Y)));
        hover["marker"] = new JsonObject { ["size"] = 16, ["opacity"] = 0 };
        hover["hoverinfo"] = "text";
        hover["hovertext"] = new JsonArray([.. hovers.Select(h => (JsonNode)Markup.Plotly(h.Text).Replace("\n", "<br>", StringComparison.Ordinal))]);
        data.Add(hover);

        JsonObject Axis(double end, bool down) => new()
        {
            ["range"] = down ? new JsonArray(end, 0) : new JsonArray(0, end), ["visible"] = false, ["fixedrange"] = true, ["automargin"] = false,
        };
        return (data, new JsonObject
        {
            ["title"] = new JsonObject { ["text"] = Markup.Plotly(title), ["font"] = new JsonObject { ["size"] = 15 } },
            ["height"] = drawing.Height + TitleRoom, ["margin"] = new JsonObject { ["l"] = 0, ["r"] = 0, ["t"] = TitleRoom, ["b"] = 0, ["pad"] = 0 },
            ["font"] = new JsonObject { ["color"] = Palette.Ink, ["family"] = Sans }, ["showlegend"] = false, ["hovermode"] = drawing.IsGrid ? "closest" : "y", ["hoverdistance"] = drawing.IsGrid ? 40 : 16, ["dragmode"] = false,
            ["xaxis"] = Axis(drawing.Width, down: false), ["yaxis"] = Axis(drawing.Height, down: true), ["shapes"] = shapes, ["hoverlabel"] = HoverLabel(),
        });
    }

    internal const string Sans = "system-ui, -apple-system, \"Segoe UI\", \"Liberation Sans\", Arial, sans-serif";

    /// <summary>The words at the pointer, for the layout of any figure. Without a colour of its own, their font would take the page's.</summary>
    internal static JsonObject HoverLabel() => new()
    {
        ["align"] = "left", ["bgcolor"] = Palette.Tip, ["bordercolor"] = Palette.Tip,
        ["font"] = new JsonObject { ["family"] = Sans, ["size"] = 12, ["color"] = Palette.TipInk },
    };

    private static double Shift(Drawing.Shape shape) => shape switch { Drawing.Shape.Right => -5, Drawing.Shape.Left => 5, _ => 0 };

    private static string Span(Drawing.Words words)
    {
        var text = Markup.Plotly(words.Text);
        text = words.Bold ? $"<b>{text}</b>" : text;
        return words.Accent is null ? text : $"<span style=\"color:{words.Accent}\">{text}</span>";
    }

    private static JsonObject Trace(string mode, IEnumerable<(double X, double Y)> points)
    {
        var all = points.ToList();
        return new()
        {
            ["type"] = "scatter", ["mode"] = mode, ["hoverinfo"] = "skip", ["cliponaxis"] = false,
            ["x"] = new JsonArray([.. all.Select(p => (JsonNode)Math.Round(p.X, 1))]),
            ["y"] = new JsonArray([.. all.Select(p => (JsonNode)Math.Round(p.Y, 1))]),
        };
    }
}
