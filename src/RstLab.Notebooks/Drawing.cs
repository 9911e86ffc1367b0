using System.Globalization;
using System.Text;

namespace RstLab.Notebooks;

/// <summary>
/// A picture of lines, marks and words, in pixels from the top left. It can be written as SVG and as Plotly traces, so that
/// both show the same.
/// </summary>
internal sealed class Drawing(double width)
{
    internal enum Anchor
    {
        Start,
        Middle,
        End,
    }

    internal enum Shape
    {
        Dot,
        Failed,
        Diamond,
        Right,
        Left,
        Square,
        Up,
    }

    /// <summary>A run of words; <c>Accent</c> is a colour of <see cref="Palette"/> or null for ink.</summary>
    internal sealed record Words(string Text, bool Bold = false, string? Accent = null);

    internal abstract record Item;

    internal sealed record Line(double X1, double Y1, double X2, double Y2, string Pen, string? Accent) : Item;

    internal sealed record Box(double X, double Y, double Width, double Height, string? Accent) : Item;

    /// <summary>A line through points; <c>Filled</c> shades the area below it down to the last point's level.</summary>
    internal sealed record Stroke(IReadOnlyList<(double X, double Y)> Points, string Pen, string? Accent, bool Filled = false) : Item;

    internal sealed record Symbol(double X, double Y, Shape Shape, string? Accent) : Item;

    internal sealed record Label(double X, double Y, Anchor Anchor, string Face, IReadOnlyList<Words> Words) : Item;

    /// <summary>What the reader sees when pointing at the items up to the next hover.</summary>
    internal sealed record Hover(double X, double Y, string Text) : Item;

    private readonly List<Item> items = [];

    internal double Width { get; } = width;

    internal double Height { get; set; }

    /// <summary>Whether items stand side by side, so that the pointer picks the nearest in both directions.</summary>
    internal bool IsGrid { get; init; }

    internal IReadOnlyList<Item> Items => items;

    internal void Add(Item item) => items.Add(item);

    internal void Add(double x, double y, Anchor anchor, string face, params IReadOnlyList<Words> words) => items.Add(new Label(x, y, anchor, face, words));

    /// <summary>Writes the picture as an SVG element.</summary>
    /// <param name="name">The accessible name.</param>
    /// <param name="description">The accessible description.</param>
    /// <param name="classes">More classes for the element.</param>
    /// <param name="style">A style sheet to embed, for a file of its own; null inside a page.</param>
    internal string ToSvg(string name, string description, string classes, string? style = null)
    {
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"rstlab-svg {classes}\" viewBox=\"0 0 {N(Width)} {N(Height)}\"");
        svg.Append(style is null ? "" : $" width=\"{N(Width)}\" height=\"{N(Height)}\"");
        svg.Append(CultureInfo.InvariantCulture, $" role=\"img\" aria-label=\"{Markup.Escape(name)}\"><title>{Markup.Escape(name)}</title><desc>{Markup.Escape(description)}</desc>");
        svg.Append(style is null ? "" : $"<style>{style}</style>");
        var grouped = false;
        foreach (var item in items)
        {
            switch (item)
            {
                case Hover hover:
                    svg.Append(grouped ? "</g>" : "").Append(hover.Text.Length == 0 ? "<g>" : $"<g><title>{Markup.Escape(hover.Text)}</title>");
                    grouped = true;
                    break;
                case Line line:
                    svg.Append(CultureInfo.InvariantCulture, $"<line class=\"{line.Pen}{Class('s', line.Accent)}\" x1=\"{N(line.X1)}\" y1=\"{N(line.Y1)}\" x2=\"{N(line.X2)}\" y2=\"{N(line.Y2)}\"/>");
                    break;
                case Box box:
                    svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"{(box.Accent is null ? "band" : Class('f', box.Accent).Trim())}\" x=\"{N(box.X)}\" y=\"{N(box.Y)}\" width=\"{N(box.Width)}\" height=\"{N(box.Height)}\" rx=\"3\"/>");
                    break;
                case Stroke path:
                    var points = string.Join(' ', path.Points.Select(p => $"{N(p.X)},{N(p.Y)}"));
                    svg.Append(path.Filled ? $"<polygon class=\"shade{Class('f', path.Accent)}\" points=\"{points}\"/>" : $"<polyline class=\"{path.Pen}{Class('s', path.Accent)}\" points=\"{points}\"/>");
                    break;
                case Symbol symbol:
                    svg.Append(Outline(symbol));
                    break;
                case Label label:
                    svg.Append(CultureInfo.InvariantCulture, $"<text class=\"{label.Face}\" x=\"{N(label.X)}\" y=\"{N(label.Y)}\"");
                    svg.Append(label.Anchor switch { Anchor.Middle => " text-anchor=\"middle\">", Anchor.End => " text-anchor=\"end\">", _ => ">" });
                    svg.AppendJoin("", label.Words.Select(Span)).Append("</text>");
                    break;
            }
        }

        return svg.Append(grouped ? "</g>" : "").Append("</svg>").ToString();
    }

    private static string Span(Words words)
    {
        var classes = $"{(words.Bold ? "b" : "")}{Class('t', words.Accent)}".Trim();
        return classes.Length == 0 ? Markup.Escape(words.Text) : $"<tspan class=\"{classes}\">{Markup.Escape(words.Text)}</tspan>";
    }

    private static string Outline(Symbol symbol)
    {
        var (x, y) = (symbol.X, symbol.Y);
        var fill = symbol.Accent is null ? "fi" : Class('f', symbol.Accent).Trim();
        string Polygon(params (double X, double Y)[] points) =>
            $"<polygon class=\"{fill}\" points=\"{string.Join(' ', points.Select(p => $"{N(p.X)},{N(p.Y)}"))}\"/>";
        return symbol.Shape switch
        {
            Shape.Right => Polygon((x, y), (x - 10, y - 5), (x - 10, y + 5)),
            Shape.Left => Polygon((x, y), (x + 10, y - 5), (x + 10, y + 5)),
            Shape.Diamond => Polygon((x, y - 6.5), (x + 6.5, y), (x, y + 6.5), (x - 6.5, y)),
            Shape.Square => Polygon((x - 4, y - 4), (x + 4, y - 4), (x + 4, y + 4), (x - 4, y + 4)),
            Shape.Up => Polygon((x, y - 6), (x + 5.5, y + 4), (x - 5.5, y + 4)),
            Shape.Failed => $"<path class=\"cross{Class('s', symbol.Accent)}\" d=\"M{N(x - 5)} {N(y - 5)}h10v10h-10zl10 10m0-10l-10 10\"/>",
            _ => $"<circle class=\"{fill}\" cx=\"{N(x)}\" cy=\"{N(y)}\" r=\"5\"/>",
        };
    }

    private static string Class(char kind, string? accent) =>
        accent is null ? "" : $" {kind}{Style.Name(Palette.All.First(c => c.Light == accent).Variable)}";

    private static string N(double value) => Markup.Number(value);
}
