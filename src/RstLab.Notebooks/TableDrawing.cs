namespace RstLab.Notebooks;

/// <summary>A table as a still picture, for a README.</summary>
internal static class TableDrawing
{
    private const double CharacterWidth = 6.6, LineHeight = 16;

    internal static Drawing Of(Table table, Frame frame)
    {
        // A column is as wide as its longest word, so that no name is cut; what is left goes to those whose lines would wrap.
        var texts = table.Columns.Select((c, i) => table.Rows.Select(r => Markup.Value(r[i])).Append(c).ToList()).ToArray();
        var words = texts.Select((column, i) => column.SelectMany((text, row) => text.Split(' ', '\n').Select(word => Width(word, i == 0 || row == column.Count - 1))).Max() + 1).ToArray();
        var lines = texts.Zip(words, (column, word) => Math.Max(0, Math.Min(column.SelectMany(text => text.Split('\n')).Max(line => Width(line, false)) + 1, 60) - word)).ToArray();
        var width = Math.Max(frame.Width, (words.Sum() * CharacterWidth * 1.12) + 28); // a table of many columns is a wider picture
        var share = ((width - 28) / CharacterWidth - words.Sum()) / Math.Max(1, lines.Sum());
        var widths = words.Zip(lines, (word, line) => (word + (line * Math.Min(share, 1.1))) * CharacterWidth).ToArray();
        var drawing = new Drawing(width);
        var y = 8.0;
        y = Row(table.Columns, y, bold: true);
        drawing.Add(new Drawing.Line(14, y, width - 14, y, "axis", null));
        foreach (var row in table.Rows)
        {
            y = Row([.. row.Select(Markup.Value)], y + 2, bold: false);
            drawing.Add(new Drawing.Line(14, y, width - 14, y, "grid", null));
        }

        drawing.Height = y + 8;
        return drawing;

        double Row(IReadOnlyList<string> cells, double top, bool bold)
        {
            var x = 14.0;
            var tallest = 1;
            for (var i = 0; i < cells.Count; i++)
            {
                var wrapped = Wrap(cells[i], (widths[i] / CharacterWidth) - 1, bold || i == 0).ToList();
                for (var n = 0; n < wrapped.Count; n++)
                {
                    drawing.Add(x, top + 14 + (n * LineHeight), Drawing.Anchor.Start, "t", new Drawing.Words(wrapped[n], bold || i == 0));
                }

                tallest = Math.Max(tallest, wrapped.Count);
                x += widths[i];
            }

            return top + (tallest * LineHeight) + 6;
        }
    }

    /// <summary>How wide a text is, in characters of common width: capitals are wider, and so is bold.</summary>
    private static double Width(string text, bool bold) => text.Sum(c => char.IsAsciiLetterUpper(c) ? 1.22 : 1) * (bold ? 1.08 : 1);

    private static IEnumerable<string> Wrap(string text, double characters, bool bold)
    {
        var line = "";
        foreach (var word in text.Split('\n').SelectMany(l => l.Split(' ').Append("\n")).SkipLast(1))
        {
            if (word == "\n")
            {
                yield return line;
                line = "";
                continue;
            }

            if (line.Length > 0 && Width($"{line} {word}", bold) > characters)
            {
                yield return line;
                line = "";
            }

            line = line.Length == 0 ? Markup.Fit(word, (int)characters + 2) : $"{line} {word}";
        }

        yield return line;
    }
}
