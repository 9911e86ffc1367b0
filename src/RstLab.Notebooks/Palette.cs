namespace RstLab.Notebooks;

/// <summary>
/// The colours, in a light and a dark version. Derived from Okabe and Ito's set, which colour-blind readers can tell apart,
/// and darkened or lightened until text in them has a contrast of 4.5 on the background it is for.
/// </summary>
internal static class Palette
{
    internal const string Ink = "#1f2328", Client = "#005f99", Server = "#00694d", Reset = "#b83c00", Failed = "#943c76", Fifth = "#7a5c00", Sixth = "#3d6f8e";

    /// <summary>The style sheet's variable for each colour, and the colour on a dark background.</summary>
    internal static readonly IReadOnlyList<(string Variable, string Light, string Dark)> All =
    [
        ("--rl-client", Client, "#62bdf0"),
        ("--rl-server", Server, "#33c79b"),
        ("--rl-reset", Reset, "#ff9a61"),
        ("--rl-failed", Failed, "#e5a0cc"),
        ("--rl-fifth", Fifth, "#e8c000"),
        ("--rl-sixth", Sixth, "#a6cfe6"),
    ];

    /// <summary>
    /// The box at the pointer and the words in it. They are a pair of their own: a page's text colour and Plotly's choice for a box of
    /// that colour come out the same, and nothing can be read.
    /// </summary>
    internal const string Tip = "#24292f", TipInk = "#fefefe";

    /// <summary><see cref="All"/>, and the colours that only Plotly draws with.</summary>
    internal static readonly IReadOnlyList<(string Variable, string Light, string Dark)> Themed =
        [.. All, ("--rl-tip", Tip, "#e6edf3"), ("--rl-tip-ink", TipInk, "#161b22")];

    /// <summary>The colours of several groups of trials, in the order that they are used.</summary>
    internal static readonly IReadOnlyList<string> Series = [Client, Reset, Server, Failed, Fifth, Sixth];
}
