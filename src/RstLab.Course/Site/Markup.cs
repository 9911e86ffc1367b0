using System.Text;

namespace RstLab.Course.Site;

/// <summary>The few pieces of HTML that several pages share.</summary>
internal static class Markup
{
    /// <summary>Text made safe for an element's content and for an attribute in double quotes.</summary>
    internal static string Escape(string text)
    {
        if (text.AsSpan().IndexOfAny("&<>\"") < 0)
        {
            return text;
        }

        var safe = new StringBuilder(text.Length + 16);
        foreach (var c in text)
        {
            _ = c switch
            {
                '&' => safe.Append("&amp;"),
                '<' => safe.Append("&lt;"),
                '>' => safe.Append("&gt;"),
                '"' => safe.Append("&quot;"),
                _ => safe.Append(c),
            };
        }

        return safe.ToString();
    }

    /// <summary>A picture from <see cref="Icons"/>; the words beside it say the same.</summary>
    internal static string Icon(string name) => $"""<svg class="icon" aria-hidden="true"><use href="#icon-{name}"/></svg>""";

    /// <summary>A small label with a picture, so that neither colour nor picture alone says it.</summary>
    internal static string Badge(string kind, string text) => $"""<span class="badge {kind}">{Icon(kind)}{Escape(text)}</span>""";

    /// <summary>How many claims held, as a badge.</summary>
    internal static string ClaimsBadge(IReadOnlyCollection<ClaimResult> claims, Words words)
    {
        var held = claims.Count(claim => claim.Holds);
        return claims.Count == 0 ? Badge("absent", words.NoClaim)
            : Badge(held == claims.Count ? "held" : "broken", words.ClaimsHeld(held, claims.Count));
    }

    /// <summary>Whether something was seen in this run, as a badge.</summary>
    internal static string EvidenceBadge(Evidence evidence, Words words) => evidence switch
    {
        Evidence.Live => Badge("live", words.Live),
        Evidence.Recorded => Badge("recorded", words.Recorded),
        _ => Badge("absent", words.Absent),
    };

    /// <summary>Seconds as a reader says them: <c>0.84 s</c>, <c>12 s</c>.</summary>
    internal static string Duration(double seconds) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{seconds:0.##} s");

    /// <summary>The pictures, drawn once in each page.</summary>
    internal const string Icons = """
        <svg class="sprite" aria-hidden="true" focusable="false"><defs>
        <symbol id="icon-held" viewBox="0 0 16 16"><path d="M3 8.5l3.4 3.5L13 4.5"/></symbol>
        <symbol id="icon-broken" viewBox="0 0 16 16"><path d="M4 4l8 8M12 4l-8 8"/></symbol>
        <symbol id="icon-live" viewBox="0 0 16 16"><path d="M1.5 8.5h3l2-5 3 9 2-4h3"/></symbol>
        <symbol id="icon-recorded" viewBox="0 0 16 16"><circle cx="8" cy="8" r="5.6"/><path d="M8 4.8V8l2.3 1.7"/></symbol>
        <symbol id="icon-absent" viewBox="0 0 16 16"><path d="M3 8h10"/></symbol>
        <symbol id="icon-error" viewBox="0 0 16 16"><path d="M8 2.2l6.3 11.3H1.7zM8 6.6v3.2M8 11.4v.6"/></symbol>
        <symbol id="icon-file" viewBox="0 0 16 16"><path d="M8 2v8M4.8 7L8 10.2 11.2 7M3 13.5h10"/></symbol>
        </defs></svg>
        """;
}
