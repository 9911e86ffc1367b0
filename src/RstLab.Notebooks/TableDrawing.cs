namespace RstLab.Notebooks;

/// <summary>A table as a still picture, for a README.</summary>
internal static class TableDrawing
{
    private const double CharacterWidth = 6.6, LineHeight = 16;

    internal static Drawing Of(Table table, Frame frame)
    {
        var drawing = new Drawing(frame.Width);
        // Columns share the width by their longest word runs, so that a long cell wraps rather than pushing the rest out.
        var wants = table.Columns.Select((c, i) => Math.Clamp(table.Rows.SelectMany(r => Markup.Value(r[i]).Split('\n')).Select(line => line.Length).Append(c.Length).Max(), 8, 34)).ToArray();
        var widths = wants.Select(w => w * (frame.Width - 28) / wants.Sum()).ToArray();
        var y = 8.0;
        y = Row(table.Columns, y, bold: true);
        drawing.Add(new Drawing.Line(14, y, frame.Width - 14, y, "axis", null));
        foreach (var row in table.Rows)
        {
            y = Row([.. row.Select(Markup.Value)], y + 2, bold: false);
            drawing.Add(new Drawing.Line(14, y, frame.Width - 14, y, "grid", null));
        }

        drawing.Height = y + 8;
        return drawing;

        double Row(IReadOnlyList<string> cells, double top, bool bold)
        {
            var x = 14.0;
            var lines = 1;
            for (var i = 0; i < cells.Count; i++)
            {
                var wrapped = Wrap(cells[i], (int)((widths[i] - 10) / CharacterWidth)).ToList();
                for (var n = 0; n < wrapped.Count; n++)
                {
                    drawing.Add(x, top + 14 + (n * LineHeight), Drawing.Anchor.Start, "t", new Drawing.Words(wrapped[n], bold || i == 0));
                }

                lines = Math.Max(lines, wrapped.Count);
                x += widths[i];
            }

            return top + (lines * LineHeight) + 6;
        }
    }

    private static IEnumerable<string> Wrap(string text, int characters)
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

            if (line.Length > 0 && line.Length + 1 + word.Length > characters)
            {
                yield return line;
                line = "";
            }

            line = line.Length == 0 ? Markup.Fit(word, characters) : $"{line} {word}";
        }

        yield return line;
    }
}
