namespace RstLab.Notebooks;

/// <summary>A still picture as a document of its own: title above, origin below, its own style for light and dark.</summary>
internal static class Picture
{
    internal static string Of(Figure figure, Drawing drawing) => Of(
        figure.Title, figure.Caption,
        $"{(figure.Evidence == Evidence.Recorded ? "Recorded" : "Measured")} on {figure.Environment.Kernel}, {figure.Environment.Runtime}, {figure.Environment.Date.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture)}", drawing);

    /// <summary>Puts a title above a drawing and its origin below.</summary>
    internal static string Of(string title, string description, string origin, Drawing drawing)
    {
        const double above = 34;
        var page = new Drawing(drawing.Width);
        page.Add(14, 22, Drawing.Anchor.Start, "h", new Drawing.Words(Markup.Fit(title, 110), Bold: true));
        foreach (var item in drawing.Items)
        {
            page.Add(item switch
            {
                Drawing.Line line => line with { Y1 = line.Y1 + above, Y2 = line.Y2 + above },
                Drawing.Box box => box with { Y = box.Y + above },
                Drawing.Stroke path => path with { Points = [.. path.Points.Select(p => (p.X, p.Y + above))] },
                Drawing.Symbol symbol => symbol with { Y = symbol.Y + above },
                Drawing.Label label => label with { Y = label.Y + above },
                _ => item,
            });
        }

        page.Add(14, drawing.Height + above + 12, Drawing.Anchor.Start, "s", new Drawing.Words(Markup.Fit(origin, 140)));
        page.Height = drawing.Height + above + 24;
        return page.ToSvg(title, description, "rstlab-page", Style.Picture);
    }
}
