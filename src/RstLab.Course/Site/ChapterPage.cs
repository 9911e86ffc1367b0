using System.Globalization;
using System.Text.RegularExpressions;
using Markdig.Syntax;

namespace RstLab.Course.Site;

/// <summary>One chapter as a page.</summary>
internal sealed partial class ChapterPage
{
    private readonly CourseResult course;
    private readonly ChapterResult chapter;
    private readonly ProjectFiles files;
    private readonly Prose prose;
    private readonly SortedSet<string> styles = new(StringComparer.Ordinal);
    private readonly List<string> body = [];
    private bool drawn;

    private ChapterPage(CourseResult course, ChapterResult chapter, ProjectFiles files)
    {
        (this.course, this.chapter, this.files) = (course, chapter, files);
        prose = new Prose(files.Resolve);
    }

    /// <summary>Writes the page.</summary>
    /// <param name="course">The whole run, for the contents.</param>
    /// <param name="chapter">The chapter.</param>
    /// <param name="files">Where its links lead.</param>
    /// <param name="plotly">The element that loads plotly.js.</param>
    internal static Page Of(CourseResult course, ChapterResult chapter, ProjectFiles files, string plotly)
    {
        var page = new ChapterPage(course, chapter, files);
        page.WriteCells();
        page.WriteEvidence();
        return new Page
        {
            Title = $"{Page.Name(chapter.Title)} · RST Lab",
            Description = page.prose.Lead ?? $"{Page.Name(chapter.Title)}: a chapter of RST Lab, the executable field guide to TCP resets for .NET developers.",
            Chapter = chapter.Id,
            Course = course,
            Sections = page.prose.Sections,
            OutputStyles = page.styles,
            Plotly = page.drawn ? plotly : "",
            Content = page.Head() + string.Concat(page.body),
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
            facts.Write($"<li>{Markup.ClaimsBadge(chapter.Claims)}</li>");
            facts.Write(live == 0 ? "" : $"<li>{Markup.Badge("live", $"{live} live")}</li>");
            facts.Write(recorded == 0 ? "" : $"<li>{Markup.Badge("recorded", $"{recorded} recorded")}</li>");
        }

        facts.Write($"<li>{chapter.CellsRun} of {chapter.Cells} cells in {Markup.Duration(chapter.Seconds)}</li>");
        return $"""
            <header class="title">
            <p class="eyebrow">{(number.Length == 0 ? "RST Lab" : $"Chapter {number}")}</p>
            <h1>{Page.Name(prose.Title ?? Markup.Escape(chapter.Title))}</h1>
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
        return $"""<div class="trouble"><p>{Markup.Icon("error")}This chapter did not run to its end:</p><ul>{list}</ul></div>""";
    }

    private void WriteCells()
    {
        var cells = chapter.Notebook?.Cells ?? [];
        var documents = cells.Where(cell => cell.Kind == CellKind.Markdown).ToDictionary(cell => cell.Id, cell => prose.Parse(cell.Source));
        List<string> texts = [.. cells.Where(cell => cell.Kind == CellKind.Code).Select(cell => cell.Source).Concat(prose.Code).Distinct()];
        var coloured = texts.Zip(CSharpColours.Colour(texts)).ToDictionary(pair => pair.First, pair => pair.Second);
        foreach (var cell in cells)
        {
            if (cell.Kind == CellKind.Markdown)
            {
                body.Add(Prose.Write(documents[cell.Id], cell.Id, coloured));
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
        body.Add(setup ? "<details class=\"setup\"><summary>Setup: what the cells of this chapter share</summary>" : "");
        body.Add(claims ? "<details class=\"setup\"><summary>How the claims are checked</summary>" : "");
        body.Add("<div class=\"code\">");
        body.Add(name is null ? "<p class=\"label\">not run</p>" : $"<p class=\"label\"><a href=\"#cell-{name}\" aria-label=\"Cell {name}\">{name}</a></p>");
        body.Add($"<pre class=\"scroll\"><code>{coloured}</code></pre></div>{(claims ? "</details>" : "")}");
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
                body.Add($"<div class=\"stream stderr\"><p class=\"label\">{Markup.Icon("error")}stderr</p><pre class=\"scroll\">{Text(stream.Text)}</pre></div>");
                break;
            case StreamOutput stream:
                body.Add($"<div class=\"stream\"><p class=\"label\">stdout</p><pre class=\"scroll\">{Text(stream.Text)}</pre></div>");
                break;
            case ErrorOutput error:
                body.Add($"""
                    <div class="failure"><p>{Markup.Icon("error")}<strong>{Markup.Escape(error.Name)}</strong> {Text(error.Value)}</p>
                    """);
                body.Add(error.Traceback.Count == 0 ? "" : $"<details><summary>Where it came from</summary><pre class=\"scroll\">{Text(string.Join('\n', error.Traceback))}</pre></details>");
                body.Add("</div>");
                break;
            case DisplayOutput display when display["text/html"] is { } html:
                body.Add($"<div class=\"html\">{Settle(html)}</div>");
                break;
            case DisplayOutput display when display["text/plain"] is { } text:
                body.Add($"<div class=\"stream\"><p class=\"label\">value</p><pre class=\"scroll\">{Text(text)}</pre></div>");
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
        html = files.ResolveAll(html);
        return html + string.Concat(RecordingId().Matches(html).Select(match => match.Groups["id"].Value).Distinct().Select(FilesOf));
    }

    private string FilesOf(string recording)
    {
        var links = string.Concat(
            files.Capture(recording) is { } capture ? FileLink(capture, "capture for Wireshark", recording) : "",
            files.Recording(recording) is { } json ? FileLink(json, "recording as JSON", recording) : "");
        return links.Length == 0 ? "" : $"<p class=\"files\"><span>{Markup.Escape(recording)}:</span>{links}</p>";
    }

    private static string FileLink(string to, string what, string of) =>
        $"""<a href="{Markup.Escape(to)}" aria-label="{Markup.Escape($"{what} of {of}")}">{Markup.Icon("file")}{what}</a>""";

    private void WriteEvidence()
    {
        if (chapter.Recordings.Count == 0 && chapter.Tables.Count == 0)
        {
            return;
        }

        var section = prose.Add("The evidence of this chapter");
        body.Add($"""
            <section class="evidence" aria-labelledby="{section.Id}"><h2 id="{section.Id}">{section.Text}</h2>
            <p>Every ladder is drawn from a recording, every plot from a table. The captures open in Wireshark and tshark.</p>
            <div class="scroll"><table class="stack compact" aria-labelledby="{section.Id}"><thead><tr><th scope="col">Recording or table</th><th scope="col">app</th><th scope="col">wire</th><th scope="col">kernel</th><th scope="col">Files</th></tr></thead><tbody>
            """);
        foreach (var recording in chapter.Recordings)
        {
            var links = string.Join(" ",
                files.Capture(recording.Id) is { } capture ? FileLink(capture, "pcap", recording.Id) : null,
                files.Recording(recording.Id) is { } json ? FileLink(json, "JSON", recording.Id) : null);
            body.Add($"""
                <tr><th scope="row">{Markup.Escape(recording.Id)}</th>{Witness(recording, WitnessKind.App)}{Witness(recording, WitnessKind.Wire)}{Witness(recording, WitnessKind.Kernel)}<td class="links" data-label="Files">{links}</td></tr>

                """);
        }

        foreach (var table in chapter.Tables)
        {
            body.Add($"""
                <tr><th scope="row">{Markup.Escape(table.Id)}</th><td colspan="3" data-label="Evidence">{Markup.EvidenceBadge(table.Evidence)} {table.Rows.Count.ToString(CultureInfo.InvariantCulture)} rows</td><td class="links" data-label="Files">{(files.Results(table.Id) is { } csv ? FileLink(csv, "CSV", table.Id) : "")}</td></tr>

                """);
        }

        body.Add("</tbody></table></div></section>\n");
    }

    private static string Witness(Recording recording, WitnessKind kind)
    {
        var witness = recording[kind];
        return $"<td data-label=\"{kind.ToString().ToLowerInvariant()}\">{Markup.EvidenceBadge(witness.Evidence)}{(witness.Why is { } why ? $"<span class=\"why\">{Markup.Escape(why)}</span>" : "")}</td>";
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
