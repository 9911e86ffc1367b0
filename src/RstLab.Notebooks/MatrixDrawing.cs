using System.Globalization;
using System.Text.RegularExpressions;

namespace RstLab.Notebooks;

/// <summary>Rows by columns, each cell with a text and a mark for its kind.</summary>
internal sealed partial record MatrixDrawing(IReadOnlyList<string> Rows, IReadOnlyList<string> Columns, IReadOnlyDictionary<(string Row, string Column), string> Cells, Func<string, string> KindOf)
{
    /// <summary>What is no error: it is drawn as a dot of ink.</summary>
    internal const string NoError = "no error";

    /// <summary>
    /// The marks, each with the error that has it in every matrix; another kind takes one that is free. None is green, which means
    /// success elsewhere.
    /// </summary>
    private static readonly (string Error, string InDotNet, Drawing.Shape Shape, string Accent)[] Marks =
    [
        ("ECONNRESET", "ConnectionReset", Drawing.Shape.Failed, Palette.Reset), ("EPIPE", "Shutdown", Drawing.Shape.Diamond, Palette.Failed),
        ("ECONNREFUSED", "ConnectionRefused", Drawing.Shape.Square, Palette.Client), ("EAGAIN", "WouldBlock", Drawing.Shape.Up, Palette.Fifth),
        ("ENOTCONN", "NotConnected", Drawing.Shape.Left, Palette.Sixth), ("ETIMEDOUT", "TimedOut", Drawing.Shape.Right, Palette.Ink),
    ];

    private Dictionary<string, int> PlaceOf { get; init; } = [];

    /// <summary>The kinds in order of appearance, with how many cells are of each.</summary>
    internal IReadOnlyList<(string Name, int Count)> Kinds { get; } =
        [.. Rows.SelectMany(row => Columns.Select(column => Cells.GetValueOrDefault((row, column)))).OfType<string>().GroupBy(KindOf).Select(g => (g.Key, g.Count()))];

    internal static MatrixDrawing From(IReadOnlyList<string> rows, IReadOnlyList<string> columns, IReadOnlyList<string> texts, Func<string, string> kindOf)
    {
        var cells = new Dictionary<(string, string), string>();
        for (var i = 0; i < texts.Count; i++)
        {
            if (!cells.TryAdd((rows[i], columns[i]), texts[i]))
            {
                throw new ArgumentException($"The cell of '{rows[i]}' and '{columns[i]}' is in the table twice.", nameof(texts));
            }
        }

        var matrix = new MatrixDrawing([.. rows.Distinct()], [.. columns.Distinct()], cells, kindOf);
        var kinds = matrix.Kinds.Select(k => k.Name).Where(k => k != NoError).ToList();
        return kinds.Count <= Marks.Length
            ? matrix with { PlaceOf = Places(kinds) }
            : throw new ArgumentException($"There are {kinds.Count} kinds of cells, and marks for {Marks.Length}: {string.Join(", ", kinds)}.", nameof(kindOf));
    }

    private static Dictionary<string, int> Places(List<string> kinds)
    {
        var places = new Dictionary<string, int>();
        foreach (var kind in kinds)
        {
            var own = Array.FindIndex(Marks, mark => mark.Error == kind || mark.InDotNet == kind);
            if (own >= 0)
            {
                places[kind] = own;
            }
        }

        foreach (var kind in kinds.Where(kind => !places.ContainsKey(kind)).ToList())
        {
            places[kind] = Enumerable.Range(0, Marks.Length).First(place => !places.ContainsValue(place));
        }

        return places;
    }

    /// <summary>Parts that follow each other, for a line of text.</summary>
    private static string Listed(string text) => text.Replace("+", ", ", StringComparison.Ordinal);

    internal Table ToTable(string row, string cell) => new()
    {
        Caption = cell,
        Columns = [row, .. Columns.Select(Listed)],
        Rows = [.. Rows.Select(r => (IReadOnlyList<object?>)[r, .. Columns.Select(c => Cells.TryGetValue((r, c), out var text) ? Listed(text) : null)])],
    };

    /// <summary>Wide with the text in the cells; narrow with the marks alone and numbered columns, named below.</summary>
    internal Drawing Draw(Frame frame)
    {
        const double margin = 8, line = 13, character = 6.65;
        var drawing = new Drawing(frame.Width) { IsGrid = true };
        var left = frame.IsNarrow ? 122.0 : 110.0;
        var step = (frame.Width - left - margin) / Columns.Count;
        var room = (int)(step / character);
        var y = Legend(drawing, margin + 6);
        var headings = Columns.Select((c, i) => frame.IsNarrow ? [(i + 1).ToString(CultureInfo.InvariantCulture)] : Lines(c, room)).ToList();
        var headed = headings.Max(h => h.Count);
        for (var i = 0; i < Columns.Count; i++)
        {
            Write(left + ((i + .5) * step), y, headings[i], bold: true);
        }

        y += (headed * line) + 6;
        foreach (var row in Rows)
        {
            drawing.Add(new Drawing.Hover(0, y, ""));
            drawing.Add(new Drawing.Line(margin, y, frame.Width - margin, y, "grid", null));
            var name = Wrap(row.Split(' '), " ", (int)((left - margin) / character)).ToList();
            var tallest = frame.IsNarrow ? 1 : Columns.Max(c => Cells.TryGetValue((row, c), out var text) ? Lines(text, room).Count + 1 : 1);
            var height = (Math.Max(tallest, name.Count) * line) + 8;
            for (var n = 0; n < name.Count; n++)
            {
                drawing.Add(margin, y + 14 + (n * line), Drawing.Anchor.Start, "m", new Drawing.Words(name[n], Bold: true));
            }

            for (var i = 0; i < Columns.Count; i++)
            {
                if (!Cells.TryGetValue((row, Columns[i]), out var text))
                {
                    continue;
                }

                var x = left + ((i + .5) * step);
                drawing.Add(new Drawing.Hover(x, y + (height / 2), $"{row}\n{Listed(Columns[i])}\n{Listed(text)}"));
                drawing.Add(Mark(x, y + 10, KindOf(text)));
                if (!frame.IsNarrow)
                {
                    Write(x, y + 18, Lines(text, room), bold: false);
                }
            }

            y += height;
        }

        drawing.Add(new Drawing.Hover(0, y, ""));
        drawing.Add(new Drawing.Line(margin, y, frame.Width - margin, y, "grid", null));
        for (var i = 0; frame.IsNarrow && i < Columns.Count; i++)
        {
            y += line + 3;
            drawing.Add(margin, y, Drawing.Anchor.Start, "s", new Drawing.Words(string.Create(CultureInfo.InvariantCulture, $"{i + 1}  {Listed(Columns[i])}")));
        }

        drawing.Height = y + margin;
        return drawing;

        void Write(double x, double top, IReadOnlyList<string> lines, bool bold)
        {
            for (var n = 0; n < lines.Count; n++)
            {
                drawing.Add(x, top + 10 + (n * line), Drawing.Anchor.Middle, "m", new Drawing.Words(lines[n], bold));
            }
        }
    }

    private double Legend(Drawing drawing, double y)
    {
        var x = 14.0;
        foreach (var (name, count) in Kinds)
        {
            var text = string.Create(CultureInfo.InvariantCulture, $"{name} ({count})");
            var width = 30 + (text.Length * 7.2);
            if (x + width > drawing.Width && x > 14)
            {
                (x, y) = (14, y + 18);
            }

            drawing.Add(Mark(x, y, name));
            drawing.Add(x + 12, y + 4, Drawing.Anchor.Start, "s", new Drawing.Words(text));
            x += width;
        }

        return y + 14;
    }

    private Drawing.Symbol Mark(double x, double y, string kind)
    {
        var (shape, accent) = PlaceOf.TryGetValue(kind, out var place) ? (Marks[place].Shape, Marks[place].Accent) : (Drawing.Shape.Dot, null);
        var shift = shape == Drawing.Shape.Right ? 5 : shape == Drawing.Shape.Left ? -5 : 0;
        return new Drawing.Symbol(x + shift, y, shape, accent == Palette.Ink ? null : accent);
    }

    /// <summary>A part a line; a part that is too long goes on in the next, from a space, a bar or a capital letter within a word.</summary>
    private static List<string> Lines(string text, int characters) =>
        [.. text.Split('+').SelectMany(part => part.Length <= characters ? [part] : Hyphenate([.. Wrap(Seams().Split(part), "", characters - 1)]))];

    private static IEnumerable<string> Hyphenate(List<string> lines) =>
        lines.Select((line, i) => i + 1 < lines.Count && char.IsLetter(line[^1]) && char.IsUpper(lines[i + 1][0]) ? $"{line}-" : line);

    private static IEnumerable<string> Wrap(IEnumerable<string> pieces, string between, int characters)
    {
        var line = "";
        foreach (var piece in pieces)
        {
            if (line.Length > 0 && line.Length + between.Length + piece.Length > characters)
            {
                yield return line.Trim();
                line = "";
            }

            line += line.Length == 0 ? piece : between + piece;
        }

        yield return line.Trim();
    }

    [GeneratedRegex("(?<= )|(?=\\|)|(?<=[a-z])(?=[A-Z])", RegexOptions.CultureInvariant)]
    private static partial Regex Seams();
}
