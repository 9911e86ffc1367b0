using System.Globalization;
using System.Text;

namespace RstLab.Notebooks;

/// <summary>Text and numbers as they may stand in HTML and SVG, the same in every locale.</summary>
internal static class Markup
{
    /// <summary>
    /// Escapes text for HTML and XML, content and attribute alike. What XML cannot hold and what would turn the reading
    /// direction of the text around it is spelled out.
    /// </summary>
    internal static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length + 16);
        foreach (var rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '&' => escaped.Append("&amp;"),
                '<' => escaped.Append("&lt;"),
                '>' => escaped.Append("&gt;"),
                '"' => escaped.Append("&quot;"),
                '\'' => escaped.Append("&#39;"),
                '\t' or '\n' => escaped.Append((char)rune.Value),
                _ when IsUnsafe(rune) => escaped.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:X4}"),
                _ => escaped.Append(rune.ToString()),
            };
        }

        return escaped.ToString();
    }

    /// <summary>Escapes text for Plotly, whose labels understand a few tags.</summary>
    internal static string Plotly(string text)
    {
        var escaped = new StringBuilder(text.Length + 16);
        foreach (var rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '&' => escaped.Append("&amp;"),
                '<' => escaped.Append("&lt;"),
                '>' => escaped.Append("&gt;"),
                _ when IsUnsafe(rune) => escaped.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:X4}"),
                _ => escaped.Append(rune.ToString()),
            };
        }

        return escaped.ToString();
    }

    /// <summary>A coordinate with at most two decimals.</summary>
    internal static string Number(double value) => Math.Round(value, 2).ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>A value for a reader: four significant digits at most when it is not whole.</summary>
    internal static string Value(object? value) => value switch
    {
        null => "",
        double d when d == Math.Floor(d) && Math.Abs(d) < 1e15 => d.ToString("0", CultureInfo.InvariantCulture),
        double d when Math.Abs(d) is >= 1000 and < 1e15 => d.ToString("0", CultureInfo.InvariantCulture),
        double d => d.ToString("G4", CultureInfo.InvariantCulture),
        float f => Value((double)f),
        DateTimeOffset date => date.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    /// <summary>A column's name with its unit as it is printed; files keep to ASCII.</summary>
    internal static string Unit(string column) => column.Replace("(us)", "(µs)", StringComparison.Ordinal);

    /// <summary>Nanoseconds as a duration for a reader, four digits or so: <c>12.3 µs</c>, <c>1.204 ms</c>, <c>252.3 ms</c>.</summary>
    internal static string Time(long nanoseconds) => Math.Abs((double)nanoseconds) switch
    {
        0 => "0",
        < 1e3 => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds} ns"),
        < 1e6 => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1e3:0.0} µs"),
        < 1e8 => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1e6:0.000} ms"),
        < 1e9 => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1e6:0.0} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1e9:0.000} s"),
    };

    /// <summary>The beginning of a text that fits, with an ellipsis where something was left out.</summary>
    internal static string Fit(string text, int characters) =>
        text.Length <= characters ? text : characters < 2 ? "…" : string.Concat(text.AsSpan(0, characters - 1), "…");

    private static bool IsUnsafe(Rune rune) => rune.Value switch
    {
        < 0x20 or 0x7F => rune.Value is not ('\t' or '\n'),
        >= 0x202A and <= 0x202E or >= 0x2066 and <= 0x2069 or 0x200E or 0x200F or 0x061C or 0xFFFE or 0xFFFF => true,
        _ => false,
    };
}
