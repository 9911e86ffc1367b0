using System.Globalization;
using System.Text.RegularExpressions;
using Markdig.Syntax;

namespace RstLab.Course.Site;

/// <summary>One chapter, or the solutions of one, as a page.</summary>
internal sealed partial class ChapterPage
{
    private readonly Edition edition;
    private readonly Words words;
    private readonly ChapterResult chapter;
    private readonly string place;
    private readonly PageLinks links;
    private readonly Prose prose;
    private readonly SortedSet<string> styles = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (MarkdownDocument Text, bool IsEnglish)> texts = new(StringComparer.Ordinal);
    private readonly List<string> body = [];
    private bool titled, described; // in the edition's own language
    private bool drawn;

    private ChapterPage(Edition edition, ChapterResult chapter, string folder, ProjectFiles files)
    {
        (this.edition, this.chapter, words, place) = (edition, chapter, edition.Words, folder + chapter.Id);
        links = new PageLinks(files, edition, place);
        prose = new Prose(links.Resolve);
    }

    /// <summary>Writes the page in each language.</summary>
    /// <param name="editions">The languages.</param>
    /// <param name="chapter">The chapter.</param>
    /// <param name="folder">Empty, or <see cref="Edition.Solutions"/>.</param>
    /// <param name="files">The files that come along.</param>
    /// <param name="localPlotly">Whether plotly.js is in the site's folder.</param>
    internal static IReadOnlyList<Page> Of(IReadOnlyList<Edition> editions, ChapterResult chapter, string folder, ProjectFiles files, bool localPlotly)
    {
        var cells = chapter.Notebook?.Cells ?? [];
        var pages = editions.Select(edition => new ChapterPage(edition, chapter, folder, files)).ToList();
        pages.ForEach(page => page.ParseText(cells));
        // Colouring costs most, and the code is the same in every language.
        List<string> code = [.. cells.Where(cell => cell.Kind == CellKind.Code).Select(cell => cell.Source).Concat(pages.SelectMany(page => page.prose.Code)).Distinct()];
        var coloured = code.Zip(CSharpColours.Colour(code)).ToDictionary(pair => pair.First, pair => pair.Second);
        return [.. pages.Select(page => page.Write(cells, coloured, localPlotly))];
    }

    private Page Write(IReadOnlyList<NotebookCell> cells, Dictionary<string, string> coloured, bool localPlotly)
    {
        WriteCells(cells, coloured);
        WriteEvidence();
        var title = edition.Title(place, chapter);
        return new Page
        {
            Title = $"{title} · RST Lab",
            Description = prose.Lead ?? words.ChapterOf(title),
            LanguageOfDescription = described || prose.Lead is null ? "" : words.AsEnglish,
            Place = place,
            Edition = edition,
            Sections = prose.Sections,
            OutputStyles = styles,
            Plotly = drawn ? PlotlyScript.Element(localPlotly, links.ToSite) : "",
            Content = Head() + string.Concat(body),
        };
    }

    private string Head()
    {
        var number = Page.Number(chapter.Id);
        var live = chapter.Claims.Count(claim => claim.Evidence == Evidence.Live);
        var recorded = chapter.Claims.Count - live;
        var facts = new StringWriter(CultureInfo.InvariantCulture);
        if (chapter.Claims.Count > 0)
        {
            facts.Write($"<li>{Markup.ClaimsBadge(chapter.Claims, words)}</li>");
            facts.Write(live == 0 ? "" : $"<li>{Markup.Badge("live", words.CountLive(live))}</li>");
            facts.Write(recorded == 0 ? "" : $"<li>{Markup.Badge("recorded", words.CountRecorded(recorded))}</li>");
        }

        facts.Write($"<li>{words.CellsRun(chapter.CellsRun, chapter.Cells, Markup.Duration(chapter.Seconds))}</li>");
        return $"""
            <header class="title">
            <p class="eyebrow">{(number.Length == 0 ? "RST Lab" : words.Chapter(number))}{(place == chapter.Id ? "" : $" · {words.Solutions}")}</p>
            <h1{(titled ? "" : words.AsEnglish)}>{Page.Name(prose.Title ?? Markup.Escape(chapter.Title))}</h1>
            <ul class="facts">{facts}</ul>
            {Errors()}
            </header>

            """;
    }

    private string Errors()
    {
        if (chapter.Errors.Count == 0)
        {
            return "";
        }

        var list = string.Concat(chapter.Errors.Select(error => string.Create(CultureInfo.InvariantCulture,
            $"<li>{(error.Cell is { } cell ? $"<a href=\"#cell-{cell}\">{Markup.Escape(error.ToString())}</a>" : Markup.Escape(error.ToString()))}</li>")));
        return $"""<div class="trouble"><p>{Markup.Icon("error")}{words.DidNotEnd}</p><ul{words.AsEnglish}>{list}</ul></div>""";
    }

    // The anchors are those of the English text in every language.
    private void ParseText(IReadOnlyList<NotebookCell> cells)
    {
        var english = new Prose(static url => url);
        foreach (var cell in cells.Where(cell => cell.Kind == CellKind.Markdown))
        {
            var before = english.Sections.Count;
            english.Parse(cell.Source);
            var translation = edition.Translation(place, cell.Id);
            var (hadTitle, hadLead) = (prose.Title is not null, prose.Lead is not null);
            texts[cell.Id] = (prose.Parse(translation ?? cell.Source, english.Sections.Skip(before).Select(section => section.Id), translation is null ? words.AsEnglish : ""), translation is null);
            titled |= !hadTitle && prose.Title is not null && translation is not null;
            described |= !hadLead && prose.Lead is not null && translation is not null;
        }
    }

    private void WriteCells(IReadOnlyList<NotebookCell> cells, Dictionary<string, string> coloured)
    {
        foreach (var cell in cells)
        {
            if (cell.Kind == CellKind.Markdown)
            {
                var (text, isEnglish) = texts[cell.Id];
                var html = Prose.Write(text, cell.Id, coloured, words);
                body.Add(isEnglish && words.AsEnglish.Length > 0 ? $"<div class=\"as-written\"{words.AsEnglish}>{html}</div>" : html);
            }
            else if (cell.Kind == CellKind.Code)
            {
                WriteCode(cell, coloured[cell.Source]);
            }
        }
    }

    private void WriteCode(NotebookCell cell, string coloured)
    {
        var name = cell.ExecutionCount is { } n ? n.ToString(CultureInfo.InvariantCulture) : null;
        var setup = cell.Source.StartsWith("#!import", StringComparison.Ordinal);
        body.Add(name is null ? "<div class=\"cell\">" : $"<div class=\"cell\" id=\"cell-{name}\">");
        // What a cell claims is for every reader; how it is judged is for those who ask.
        var claims = !setup && cell.Outputs.OfType<DisplayOutput>().Any(output => output["text/html"]?.Contains("<ul class=\"rstlab-claims\"", StringComparison.Ordinal) == true);
        body.Add(setup ? $"<details class=\"setup\"><summary>{words.Setup}</summary>" : "");
        body.Add(claims ? $"<details class=\"setup\"><summary>{words.HowClaimsAreChecked}</summary>" : "");
        body.Add("<div class=\"code\">");
        body.Add(name is null ? $"<p class=\"label\">{words.NotRun}</p>" : $"<p class=\"label\"><a href=\"#cell-{name}\" aria-label=\"{words.Cell(name)}\">{name}</a></p>");
        body.Add($"<pre class=\"scroll\"{words.AsEnglish}><code>{coloured}</code></pre></div>{(claims ? "</details>" : "")}");
        if (cell.Outputs.Count > 0)
        {
            body.Add("<div class=\"outputs\">");
            foreach (var output in cell.Outputs)
            {
                WriteOutput(output);
            }

            body.Add("</div>");
        }

        body.Add(setup ? "</details></div>\n" : "</div>\n");
    }

    private void WriteOutput(CellOutput output)
    {
        switch (output)
        {
            case StreamOutput { Name: "stderr" } stream:
                body.Add($"<div class=\"stream stderr\"><p class=\"label\">{Markup.Icon("error")}stderr</p><pre class=\"scroll\"{words.AsEnglish}>{Text(stream.Text)}</pre></div>");
                break;
            case StreamOutput stream:
                body.Add($"<div class=\"stream\"><p class=\"label\">stdout</p><pre class=\"scroll\"{words.AsEnglish}>{Text(stream.Text)}</pre></div>");
                break;
            case ErrorOutput error:
                body.Add($"""
                    <div class="failure"><p{words.AsEnglish}>{Markup.Icon("error")}<strong>{Markup.Escape(error.Name)}</strong> {Text(error.Value)}</p>
                    """);
                body.Add(error.Traceback.Count == 0 ? "" : $"<details><summary>{words.WhereItCameFrom}</summary><pre class=\"scroll\"{words.AsEnglish}>{Text(string.Join('\n', error.Traceback))}</pre></details>");
                body.Add("</div>");
                break;
            case DisplayOutput display when display["text/html"] is { } html:
                body.Add($"<div class=\"html\"{words.AsEnglish}>{Settle(html)}</div>");
                break;
            case DisplayOutput display when display["text/plain"] is { } text:
                body.Add($"<div class=\"stream\"><p class=\"label\">{words.Value}</p><pre class=\"scroll\"{words.AsEnglish}>{Text(text)}</pre></div>");
                break;
        }
    }

    // An output is HTML that stands on its own. In the page its style sheet is given once and its script not at all, its claims
    // get a permanent link, its recordings their files.
    private string Settle(string html)
    {
        html = StyleSheet().Replace(html, match =>
        {
            styles.Add(match.Value + "\n");
            return "";
        });
        html = Bootstrap().Replace(html, ""); // the page loads it once, as figures.js
        html = html.Replace("tabindex=\"0\" role=\"region\"", "tabindex=\"0\" role=\"group\"", StringComparison.Ordinal); // one landmark is a help, fifty are none
        drawn |= html.Contains("rstlab-plotly", StringComparison.Ordinal);
        html = ClaimId().Replace(html, match => $"<a class=\"rstlab-claim-id\" href=\"#claim-{match.Groups["id"].Value}\">{match.Groups["id"].Value}</a>");
        html = links.ResolveAll(html);
        return html + string.Concat(RecordingId().Matches(html).Select(match => match.Groups["id"].Value).Distinct().Select(FilesOf));
    }

    private string FilesOf(string recording)
    {
        var list = string.Concat(
            links.Capture(recording) is { } capture ? FileLink(capture, words.Capture, words.FileOf(words.Capture, recording)) : "",
            links.Recording(recording) is { } json ? FileLink(json, words.RecordingAsJson, words.FileOf(words.RecordingAsJson, recording)) : "");
        return list.Length == 0 ? "" : $"<p class=\"files\"{words.AsOwn}><span>{Markup.Escape(recording)}:</span>{list}</p>";
    }

    private static string FileLink(string to, string what, string inFull) =>
        $"""<a href="{Markup.Escape(to)}" aria-label="{Markup.Escape(inFull)}">{Markup.Icon("file")}{what}</a>""";

    private void WriteEvidence()
    {
        if (chapter.Recordings.Count == 0 && chapter.Tables.Count == 0)
        {
            return;
        }

        var section = prose.Add(words.Evidence, Words.English.Evidence);
        body.Add($"""
            <section class="evidence" aria-labelledby="{section.Id}"><h2 id="{section.Id}">{section.Text}</h2>
            <p>{words.EvidenceLead}</p>
            <div class="scroll"><table class="stack compact" aria-labelledby="{section.Id}"><thead><tr><th scope="col">{words.RecordingOrTable}</th><th scope="col">{words.Witness(WitnessKind.App)}</th><th scope="col">{words.Witness(WitnessKind.Wire)}</th><th scope="col">{words.Witness(WitnessKind.Kernel)}</th><th scope="col">{words.Files}</th></tr></thead><tbody>
            """);
        foreach (var recording in chapter.Recordings)
        {
            var list = string.Join(" ",
                links.Capture(recording.Id) is { } capture ? FileLink(capture, "pcap", words.FileFormatOf("pcap", recording.Id)) : null,
                links.Recording(recording.Id) is { } json ? FileLink(json, "JSON", words.FileFormatOf("JSON", recording.Id)) : null);
            body.Add($"""
                <tr><th scope="row">{Markup.Escape(recording.Id)}</th>{Witness(recording, WitnessKind.App)}{Witness(recording, WitnessKind.Wire)}{Witness(recording, WitnessKind.Kernel)}<td class="links" data-label="{words.Files}">{list}</td></tr>

                """);
        }

        foreach (var table in chapter.Tables)
        {
            body.Add($"""
                <tr><th scope="row">{Markup.Escape(table.Id)}</th><td colspan="3" data-label="{words.EvidenceLabel}">{Markup.EvidenceBadge(table.Evidence, words)} {words.Rows(table.Rows.Count)}</td><td class="links" data-label="{words.Files}">{(links.Results(table.Id) is { } csv ? FileLink(csv, "CSV", words.FileFormatOf("CSV", table.Id)) : "")}</td></tr>

                """);
        }

        body.Add("</tbody></table></div></section>\n");
    }

    private string Witness(Recording recording, WitnessKind kind)
    {
        var witness = recording[kind];
        return $"<td data-label=\"{words.Witness(kind)}\">{Markup.EvidenceBadge(witness.Evidence, words)}{(witness.Why is { } why ? $"<span class=\"why\"{words.AsEnglish}>{Markup.Escape(why)}</span>" : "")}</td>";
    }

    // The colours of a terminal say nothing on a page.
    private static string Text(string text) => Markup.Escape(Ansi().Replace(text, "").TrimEnd('\n'));

    [GeneratedRegex("<style\\b[^>]*>.*?</style>", RegexOptions.Singleline)]
    private static partial Regex StyleSheet();

    [GeneratedRegex("<script>(?:(?!</script>).)*rstlabDraw.*?</script>", RegexOptions.Singleline)]
    private static partial Regex Bootstrap();

    [GeneratedRegex("<code class=\"rstlab-claim-id\">(?<id>[^<]*)</code>")]
    private static partial Regex ClaimId();

    [GeneratedRegex("\\bdata-recording=\"(?<id>[A-Za-z0-9._-]+)\"")]
    private static partial Regex RecordingId();

    [GeneratedRegex("\\u001b\\[[0-9;]*[A-Za-z]")]
    private static partial Regex Ansi();
}
