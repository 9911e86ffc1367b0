using System.Text.Json.Nodes;
using static RstLab.Notebooks.Drawing;

namespace RstLab.Notebooks;

/// <summary>Horizontal bars: a category is a heading over its bars, so that long names fit on a phone, and each bar says its value.</summary>
internal sealed record BarChart
{
    private static readonly string[] Patterns = ["", "/", ".", "x", "-", "+"];

    /// <summary>One bar; <c>Error</c> is half the length of its whisker, or null.</summary>
    internal sealed record Bar(string Category, string Group, double Value, double? Error);

    internal required string ValueTitle { get; init; }

    internal required IReadOnlyList<Bar> Bars { get; init; }

    private List<string> Categories => [.. Bars.Select(b => b.Category).Distinct()];

    private List<string> Groups => [.. Bars.Select(b => b.Group).Distinct()];

    private Scale Axis => new(Math.Min(0, Bars.Min(b => b.Value - (b.Error ?? 0))), Math.Max(0, Bars.Max(b => b.Value + (b.Error ?? 0))), isLogarithmic: false);

    internal Drawing Draw(Frame frame)
    {
        var drawing = new Drawing(frame.Width);
        var (axis, groups) = (Axis, Groups);
        var names = groups.Count > 1 ? groups.Max(g => Math.Min(g.Length, 22)) * 6.6 : 0;
        double left = 16, right = frame.Width - 84 - Math.Min(names, frame.Width * .35), y = 10, zero = axis.Place(0, left, right);
        foreach (var category in Categories)
        {
            drawing.Add(left, y + 14, Anchor.Start, "t", new Words(Markup.Fit(category, (int)(frame.Width / 7)), Bold: true));
            y += 22;
            foreach (var bar in Bars.Where(b => b.Category == category))
            {
                var accent = CurveChart.Color(groups.IndexOf(bar.Group));
                var end = axis.Place(bar.Value, left, right);
                drawing.Add(new Hover(0, 0, $"{category}{(bar.Group.Length > 0 ? $", {bar.Group}" : "")}: {Markup.Value(bar.Value)}"));
                drawing.Add(new Box(Math.Min(zero, end), y, Math.Max(Math.Abs(end - zero), 1), 14, accent));
                var tip = Math.Max(end, zero);
                if (bar.Error is { } error)
                {
                    double low = axis.Place(bar.Value - error, left, right), high = axis.Place(bar.Value + error, left, right);
                    drawing.Add(new Line(low, y + 7, high, y + 7, "t", null));
                    drawing.Add(new Line(low, y + 3, low, y + 11, "t", null));
                    drawing.Add(new Line(high, y + 3, high, y + 11, "t", null));
                    tip = Math.Max(tip, high);
                }

                List<Words> words = [new(Scale.Name(Round(bar.Value)), Bold: true)];
                words.AddRange(groups.Count > 1 ? [new Words($"  {Markup.Fit(bar.Group, 22)}")] : []);
                drawing.Add(tip + 7, y + 11, Anchor.Start, "t", words);
                y += 19;
            }

            y += 7;
        }

        drawing.Add(new Hover(0, 0, ""));
        foreach (var tick in axis.Ticks(frame.IsNarrow ? 3 : 6))
        {
            var at = axis.Place(tick, left, right);
            drawing.Add(new Line(at, 4, at, y, "grid", null));
            drawing.Add(at, y + 16, Anchor.Middle, "s", new Words(Scale.Name(tick)));
        }

        drawing.Add(new Line(zero, 4, zero, y, "axis", null));
        drawing.Add((left + right) / 2, y + 36, Anchor.Middle, "t", new Words(Markup.Fit(ValueTitle, (int)(frame.Width / 7))));
        drawing.Height = y + 46;
        return drawing;
    }

    internal (JsonArray Data, JsonObject Layout) Plotly(string title, string categoryTitle)
    {
        var data = new JsonArray();
        var groups = Groups;
        foreach (var (group, i) in groups.Select((g, i) => (g, i)))
        {
            var bars = Bars.Where(b => b.Group == group).ToList();
            var whiskers = bars.Exists(b => b.Error is not null); // they are where the number would stand; inside, it is crossed by the hatching
            var trace = new JsonObject
            {
                ["type"] = "bar", ["orientation"] = "h", ["name"] = Markup.Plotly(group.Length == 0 ? ValueTitle : group),
                ["y"] = new JsonArray([.. bars.Select(b => (JsonNode)Markup.Plotly(b.Category))]), ["x"] = CurveChart.Array(bars.Select(b => b.Value)),
                ["text"] = new JsonArray([.. bars.Select(b => (JsonNode)Scale.Name(Round(b.Value)))]), ["textposition"] = whiskers ? "inside" : "outside", ["cliponaxis"] = false, ["insidetextanchor"] = "start",
                ["hovertemplate"] = $"%{{y}}{(group.Length > 0 ? $", {Markup.Plotly(group)}" : "")}: %{{x:.4~g}}<extra></extra>",
                ["marker"] = new JsonObject
                {
                    ["color"] = CurveChart.Color(i), ["pattern"] = new JsonObject { ["shape"] = Patterns[i % Patterns.Length], ["solidity"] = .2, ["fillmode"] = "overlay", ["fgcolor"] = "#ffffff", ["fgopacity"] = whiskers ? .25 : .55 },
                },
            };
            if (whiskers)
            {
                trace["error_x"] = new JsonObject { ["type"] = "data", ["array"] = CurveChart.Array(bars.Select(b => b.Error ?? 0)), ["color"] = Palette.Ink };
            }

            data.Add(trace);
        }

        var layout = CurveChart.Layout(title, ValueTitle, categoryTitle, null, null);
        layout["height"] = 140 + (Categories.Count * (28 + (groups.Count * 22)));
        layout["barmode"] = "group";
        layout["showlegend"] = groups.Count > 1;
        layout["margin"]!["r"] = 44; // room for the number at the longest bar, on a phone too
        layout["yaxis"]!["autorange"] = "reversed";
        layout["yaxis"]!["title"] = null;
        layout["yaxis"]!["tickvals"] = new JsonArray([.. Categories.Select(c => (JsonNode)Markup.Plotly(c))]);
        layout["yaxis"]!["ticktext"] = new JsonArray([.. Categories.Select(c => (JsonNode)InLines(c))]);
        return (data, layout);
    }

    // A long name in several lines leaves a phone room for the bars.
    private static string InLines(string category)
    {
        List<string> lines = [];
        foreach (var word in category.Split(' '))
        {
            if (lines.Count > 0 && lines[^1].Length + word.Length < 20)
            {
                lines[^1] += " " + word;
            }
            else
            {
                lines.Add(word);
            }
        }

        return string.Join("<br>", lines.Select(Markup.Plotly));
    }

    private static double Round(double value) =>
        value == 0 ? 0 : double.Parse(value.ToString("G3", System.Globalization.CultureInfo.InvariantCulture), System.Globalization.CultureInfo.InvariantCulture);
}
