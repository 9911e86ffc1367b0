namespace RstLab.Notebooks;

/// <summary>
/// The style sheet that stands in every output, because an output may be the only one on its page. Everything is scoped to
/// this library's own classes; text takes the page's colour, so that only the accents need to know light from dark.
/// </summary>
internal static class Style
{
    private const string Drawing = """
        .rstlab-svg text{font-family:system-ui,-apple-system,"Segoe UI","Liberation Sans",Arial,sans-serif;font-size:12px;fill:currentColor;white-space:pre}
        .rstlab-svg .m{font-family:ui-monospace,"Cascadia Mono",Consolas,"DejaVu Sans Mono",monospace;font-size:11px}
        .rstlab-svg .s{font-size:11px;opacity:.78}.rstlab-svg .b{font-weight:600}.rstlab-svg .h{font-size:14px;font-weight:600}
        .rstlab-svg line,.rstlab-svg path,.rstlab-svg polyline{fill:none;stroke:currentColor;stroke-width:1.4}
        .rstlab-svg .life{opacity:.4;stroke-width:1.2}.rstlab-svg .grid{opacity:.16;stroke-width:1}.rstlab-svg .axis{opacity:.6;stroke-width:1}
        .rstlab-svg .data{stroke-width:2.6}.rstlab-svg .reset{stroke-width:2.4;stroke-dasharray:7 4;stroke:var(--rl-reset)}
        .rstlab-svg .d0,.rstlab-svg .d1,.rstlab-svg .d2,.rstlab-svg .d3,.rstlab-svg .d4{stroke-width:2.2}.rstlab-svg .d1{stroke-dasharray:8 4}.rstlab-svg .d2{stroke-dasharray:2 3}.rstlab-svg .d3{stroke-dasharray:9 3 2 3}.rstlab-svg .d4{stroke-dasharray:16 5}
        .rstlab-svg .shade{opacity:.14}.rstlab-svg .cross{stroke-width:2;fill:none}
        .rstlab-svg .band{fill:currentColor;opacity:.1;stroke:none}.rstlab-svg .fi{fill:currentColor;stroke:none}
        """;

    /// <summary>The style element of an output.</summary>
    internal static readonly string Sheet = $"<style>{Minify(Sheets())}</style>";

    /// <summary>The style of a picture that stands alone: it follows the reader's system.</summary>
    internal static readonly string Picture = Minify(
        $".rstlab-svg{{color:#1f2328;{Variables(Palette.All, dark: false)}}}"
        + $"@media(prefers-color-scheme:dark){{.rstlab-svg{{color:#e6edf3;{Variables(Palette.All, dark: true)}}}}}{Accents()}{Drawing}");

    private static string Sheets()
    {
        string[] roots = [".rstlab-figure", ".rstlab-box", ".rstlab-claims", ".rstlab-attempt"];
        string Under(string scope) => string.Join(',', roots.Select(r => $"{scope} {r}"));
        string Themed(string selectors, bool dark) => $"{selectors}{{{Variables(Palette.Themed, dark)}}}";
        return $$"""
            {{Themed(string.Join(',', roots), dark: false)}}
            @media(prefers-color-scheme:dark){
            {{Themed(string.Join(',', roots), dark: true)}}
            }
            {{Themed($"{Under("[data-jp-theme-light=true]")},{Under(".vscode-light")},{Under("[data-theme=light]")}", dark: false)}}
            {{Themed($"{Under("[data-jp-theme-light=false]")},{Under(".vscode-dark")},{Under("[data-theme=dark]")}", dark: true)}}
            .rstlab-figure{margin:1em 0;padding:0;max-width:960px;color:inherit;container-type:inline-size}
            .rstlab-box{margin:.6em 0;max-width:960px}
            .rstlab-figure>figcaption{font-weight:600;font-size:1.05em;margin:0 0 .5em;text-align:left}
            .rstlab-drawing svg{display:block;width:100%;height:auto;max-width:100%;background:none}
            .rstlab-drawing .rstlab-narrow{display:none;max-width:520px}
            @container(max-width:680px){.rstlab-drawing .rstlab-wide{display:none}.rstlab-drawing .rstlab-narrow{display:block} }
            .rstlab-figure[data-drawn=plotly] .rstlab-static{display:none}
            .rstlab-figure p{margin:.4em 0;line-height:1.45}
            .rstlab-alt{font-size:.95em}
            .rstlab-foot{font-size:.85em;opacity:.8}
            .rstlab-note{font-size:.9em;border-left:3px solid var(--rl-reset);padding-left:.6em}
            .rstlab-figure details{margin:.4em 0}.rstlab-figure summary{display:list-item;cursor:pointer;font-size:.9em}
            .rstlab-scroll{overflow-x:auto;max-width:100%}
            .rstlab-table{border-collapse:collapse;font-size:.85em;margin:.5em 0;width:auto;color:inherit;background:none}
            .rstlab-table caption{text-align:left;font-weight:600;padding:.3em 0;color:inherit}
            .rstlab-table th,.rstlab-table td{padding:.2em .7em;border:0;border-bottom:1px solid rgba(128,128,128,.35);text-align:left;white-space:nowrap;unicode-bidi:plaintext;font-variant-numeric:tabular-nums;background:none;color:inherit;vertical-align:top}
            .rstlab-table tbody th{font-weight:400}.rstlab-table .rstlab-number{text-align:right}
            .rstlab-cells td,.rstlab-cells th{white-space:pre-line;min-width:7em}.rstlab-cells td:nth-child(4){white-space:pre}.rstlab-cells caption{position:absolute;width:1px;height:1px;padding:0;overflow:hidden;clip-path:inset(50%)}.rstlab-figure{position:relative}
            .rstlab-cells tbody th{font-weight:600}
            .rstlab-claims{list-style:none;margin:.6em 0;padding:0;color:inherit}
            .rstlab-claim{margin:.35em 0;padding:0;line-height:1.5}
            .rstlab-badge{display:inline-block;font-size:.78em;line-height:1.4;padding:0 .5em;border:1px solid currentColor;border-radius:1em;white-space:nowrap}
            .rstlab-held{color:var(--rl-server)}.rstlab-broken{color:var(--rl-reset);font-weight:700;border-style:dashed;border-width:2px}
            .rstlab-figure figcaption .rstlab-badge{font-weight:400;vertical-align:.1em;margin-left:.4em}
            .rstlab-live{color:var(--rl-client)}.rstlab-recorded{color:inherit;border-style:dotted}
            .rstlab-claim-id{font-size:.78em;opacity:.75;background:none;color:inherit}
            .rstlab-detail{margin:.2em 0 .2em 1.2em;padding-left:.6em;border-left:3px solid var(--rl-reset);font-size:.92em;overflow-wrap:anywhere}
            .rstlab-options{margin:.4em 0;padding-left:2em}.rstlab-options li{margin:.2em 0}.rstlab-chosen{font-weight:600}.rstlab-state{font-size:.9em;margin:.4em 0;opacity:.85}
            .rstlab-compared{margin:.6em 0;padding:.5em .9em;border:1px solid rgba(128,128,128,.45);border-left:4px solid var(--rl-client);border-radius:4px}
            .rstlab-compared p{margin:.25em 0;line-height:1.5}.rstlab-happened{font-weight:600}.rstlab-compared[data-state=right]{border-left-color:var(--rl-server)}.rstlab-compared[data-state=wrong]{border-left-color:var(--rl-reset)}
            .rstlab-missed{font-size:.92em}.rstlab-if{font-weight:600}
            .rstlab-attempt{margin:.6em 0;padding:.6em .9em;max-width:960px;border:1px solid rgba(128,128,128,.45);border-radius:4px}
            .rstlab-attempt p{margin:.4em 0;line-height:1.5}
            .rstlab-attempt .rstlab-table :is(td,tbody th){white-space:normal;min-width:5em;overflow-wrap:break-word}.rstlab-attempt .rstlab-table tbody th{min-width:12em}
            .rstlab-passed{color:var(--rl-server)}.rstlab-failed{color:var(--rl-reset);font-weight:700}.rstlab-open{color:inherit;border-style:dotted}
            @media print{.rstlab-figure[data-drawn] .rstlab-static{display:block}.rstlab-chart{display:none}.rstlab-scroll{overflow:visible} }
            {{Accents()}}
            {{Drawing}}
            """;
    }

    private static string Variables(IReadOnlyList<(string Variable, string Light, string Dark)> colours, bool dark) =>
        string.Concat(colours.Select(c => $"{c.Variable}:{(dark ? c.Dark : c.Light)};"));

    /// <summary>For each colour a class for text (<c>tNAME</c>), strokes (<c>sNAME</c>) and areas (<c>fNAME</c>).</summary>
    private static string Accents() => string.Concat(Palette.All.Select(c =>
        $".rstlab-svg .t{Name(c.Variable)}{{fill:var({c.Variable})}}.rstlab-svg .s{Name(c.Variable)}{{stroke:var({c.Variable})}}.rstlab-svg .f{Name(c.Variable)}{{fill:var({c.Variable});stroke:none}}"));

    /// <summary>The name of a colour in class names: <c>client</c> for <c>--rl-client</c>.</summary>
    internal static string Name(string variable) => variable[5..];

    private static string Minify(string sheet) => string.Concat(sheet.Split('\n').Select(line => line.Trim()));
}
