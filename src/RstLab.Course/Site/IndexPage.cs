using System.Globalization;

namespace RstLab.Course.Site;

/// <summary>The first page: what the course is, where to look when a connection dies, what this run showed and where.</summary>
internal static class IndexPage
{
    private sealed record Symptom(string Seen, string Meaning, string Do, params string[] Chapters);

    // In the order in which a developer meets them; a chapter is named by the number that its id begins with.
    private static readonly Symptom[] Symptoms =
    [
        new("<code>ConnectionRefused</code> <span class=\"errno\">ECONNREFUSED</span>",
            "The host answered, but nobody listens on that port.",
            "Check the address, the port and whether the service is up. A retry with a pause is safe: nothing was sent.", "01"),
        new("<code>ConnectionReset</code> <span class=\"errno\">ECONNRESET</span>",
            "The peer threw the connection away: it closed or was killed with data unread, or closed with linger 0.",
            "You cannot know how much of your request was handled. Retry only what may happen twice; look at the peer's log.", "02"),
        new("<code>Shutdown</code> <span class=\"errno\">EPIPE, “Broken pipe”</span>",
            "The peer had closed earlier, and you went on writing.",
            "Read before you write again: the peer's last words (an early 413, a goodbye) are often still there to be read.", "02"),
        new("a read that returns 0",
            "The peer ended the stream. A reset that comes after its FIN can hide behind this 0.",
            "Treat an end in the middle of a message as a failure, not as an end.", "02"),
        new("nothing at all, for minutes",
            "The peer's host is gone, and you are only waiting to read.",
            "Turn on keepalive, set <code>TCP_USER_TIMEOUT</code>, and give every wait a limit of your own.", "03"),
        new("a reset right after the peer came back",
            "Its new kernel has never heard of your connection.",
            "Drop the pooled connection and connect again.", "03"),
    ];

    /// <summary>Writes the page.</summary>
    /// <param name="course">The run.</param>
    /// <param name="chapters">The pages of its chapters, by id.</param>
    internal static Page Of(CourseResult course, IReadOnlyDictionary<string, Page> chapters)
    {
        return new Page
        {
            Title = "RST Lab: a field guide to TCP resets for .NET developers",
            Description = "An executable field guide to TCP resets for .NET developers: every claim shown on a real kernel by three witnesses.",
            Chapter = null,
            Course = course,
            Sections = [],
            Content = $"""
                <header class="title">
                <p class="eyebrow">RST Lab</p>
                <h1>A field guide to TCP resets for .NET developers</h1>
                <p class="lead">A connection died. What did the kernel do, what crossed the wire, and what will .NET tell you? Every sentence here that can be checked was put to three witnesses, and says whether it held, and whether they saw it live or in a recording.</p>
                {Verdict(course)}
                </header>
                <h2 id="symptoms">When a connection dies</h2>
                {SymptomTable(course)}
                <h2 id="chapters">The chapters</h2>
                {Chapters(course, chapters)}
                <h2 id="witnesses">The three witnesses</h2>
                {Witnesses(course)}
                <h2 id="machine">Where this was measured</h2>
                {Machine(course)}
                """,
        };
    }

    private static string Verdict(CourseResult course)
    {
        var claims = course.Chapters.SelectMany(chapter => chapter.Claims).ToList();
        var live = claims.Count(claim => claim.Evidence == Evidence.Live);
        var errors = course.Chapters.Sum(chapter => chapter.Errors.Count);
        var facts = new StringWriter(CultureInfo.InvariantCulture);
        facts.Write($"<li>{Markup.ClaimsBadge(claims)}</li>");
        facts.Write(live == 0 ? "" : $"<li>{Markup.Badge("live", $"{live} live")}</li>");
        facts.Write(live == claims.Count ? "" : $"<li>{Markup.Badge("recorded", $"{claims.Count - live} recorded")}</li>");
        facts.Write(errors == 0 ? "" : $"<li>{Markup.Badge("error", errors == 1 ? "1 error" : $"{errors} errors")}</li>");
        facts.Write($"<li>{course.Chapters.Count} chapters in {Markup.Duration(course.Seconds)}</li>");
        return $"""<ul class="facts">{facts}</ul>""";
    }

    private static string SymptomTable(CourseResult course)
    {
        var rows = new StringWriter(CultureInfo.InvariantCulture);
        foreach (var symptom in Symptoms)
        {
            var chapters = string.Join(", ", course.Chapters
                .Where(chapter => symptom.Chapters.Any(number => chapter.Id.StartsWith(number, StringComparison.Ordinal)))
                .Select(chapter => $"""<a href="{Markup.Escape(chapter.Id)}.html">{Markup.Escape(Page.Name(chapter.Title))}</a>"""));
            rows.Write($"""
                <tr><th scope="row">{symptom.Seen}</th><td data-label="What happened">{symptom.Meaning}</td><td data-label="What to do">{symptom.Do}{(chapters.Length == 0 ? "" : $" <span class=\"see\">{chapters}</span>")}</td></tr>

                """);
        }

        return $"""
            <div class="scroll"><table class="stack thirds" aria-labelledby="symptoms"><thead><tr><th scope="col">You see</th><th scope="col">What happened</th><th scope="col">What to do</th></tr></thead><tbody>
            {rows}</tbody></table></div>
            """;
    }

    private static string Chapters(CourseResult course, IReadOnlyDictionary<string, Page> pages)
    {
        var list = new StringWriter(CultureInfo.InvariantCulture);
        list.Write("<ol class=\"cards\">");
        foreach (var chapter in course.Chapters)
        {
            var id = Markup.Escape(chapter.Id);
            list.Write($"""
                <li><p class="number" aria-hidden="true">{Page.Number(chapter.Id)}</p><div><h3><a href="{id}.html">{Markup.Escape(Page.Name(chapter.Title))}</a></h3>
                <p>{Markup.Escape(pages[chapter.Id].Description)}</p>
                <p class="facts">{(chapter.Claims.Count == 0 ? "" : Markup.ClaimsBadge(chapter.Claims))} {Evidences(chapter)} <span>{Markup.Duration(chapter.Seconds)}</span></p>
                """);
            foreach (var error in chapter.Errors)
            {
                list.Write($"<p class=\"trouble\">{Markup.Icon("error")}{Markup.Escape(error.ToString())}</p>");
            }

            if (chapter.Claims.Count > 0)
            {
                list.Write("<details><summary>What it shows</summary><ul class=\"claims\">");
                foreach (var claim in chapter.Claims)
                {
                    list.Write($"""
                        <li>{Markup.Badge(claim.Holds ? "held" : "broken", claim.Holds ? "held" : "broken")} <a href="{id}.html#claim-{Markup.Escape(claim.Id)}">{Markup.Escape(claim.Text)}</a>{(claim.Evidence == Evidence.Recorded ? " " + Markup.EvidenceBadge(claim.Evidence) : "")}</li>
                        """);
                }

                list.Write("</ul></details>");
            }

            list.Write("</div></li>\n");
        }

        list.Write("</ol>");
        return list.ToString();
    }

    private static string Evidences(ChapterResult chapter)
    {
        var live = chapter.Claims.Count(claim => claim.Evidence == Evidence.Live);
        return (live, chapter.Claims.Count) switch
        {
            (_, 0) => "",
            var (some, all) when some == all => Markup.Badge("live", "all live"),
            (0, _) => Markup.Badge("recorded", "all recorded"),
            var (some, all) => Markup.Badge("live", $"{some} live") + " " + Markup.Badge("recorded", $"{all - some} recorded"),
        };
    }

    private static string Witnesses(CourseResult course)
    {
        var recordings = course.Chapters.SelectMany(chapter => chapter.Recordings).ToList();
        string Row(WitnessKind kind, string name, string says)
        {
            var states = recordings.Select(recording => recording[kind]).ToList();
            var badges = states.Count == 0 ? "not asked" : string.Join("<br>", states.GroupBy(witness => witness.Evidence).OrderBy(group => group.Key).Select(group =>
                Markup.EvidenceBadge(group.Key) + string.Create(CultureInfo.InvariantCulture, $" in {group.Count()} of {states.Count} recordings")));
            var why = string.Concat(states.Where(witness => witness.Evidence != Evidence.Live).Select(witness => witness.Why).OfType<string>().Distinct()
                .Select(reason => $"<span class=\"why\">{Markup.Escape(reason)}</span>"));
            return $"""<tr><th scope="row">{name}</th><td data-label="Says">{says}</td><td data-label="In this run">{badges}{why}</td></tr>""";
        }

        return $"""
            <div class="scroll"><table class="stack thirds" aria-labelledby="witnesses"><thead><tr><th scope="col">Witness</th><th scope="col">Says</th><th scope="col">In this run</th></tr></thead><tbody>
            {Row(WitnessKind.App, "app", "What .NET reported: result, <code>SocketError</code>, errno, exception, time.")}
            {Row(WitnessKind.Wire, "wire", "Which segments crossed: flags, sequence numbers, length.")}
            {Row(WitnessKind.Kernel, "kernel", "Why Linux sent the reset, in its own words.")}
            </tbody></table></div>
            """;
    }

    private static string Machine(CourseResult course)
    {
        var environment = course.Environment;
        string Row(string name, string value) => $"""<div><dt>{name}</dt><dd>{Markup.Escape(value)}</dd></div>""";
        return $"""
            <dl class="machine">
            {Row("Kernel", $"{environment.Kernel} {environment.Architecture}")}
            {Row("System", environment.System)}
            {Row("Runtime", environment.Runtime)}
            {Row("Processors", environment.Processors.ToString(CultureInfo.InvariantCulture))}
            {Row("Run as", environment.Privilege)}
            {Row("When", environment.Date.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture))}
            {Row("Took", string.Create(CultureInfo.InvariantCulture, $"{Markup.Duration(course.Seconds)}, {course.PeakMemoryMb:0} MiB at most"))}
            </dl>
            """;
    }
}
