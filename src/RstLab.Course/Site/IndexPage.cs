using System.Globalization;

namespace RstLab.Course.Site;

/// <summary>The first page: what the course is, where to look when a connection dies, what this run showed and where.</summary>
internal static class IndexPage
{
    /// <summary>Writes the page.</summary>
    /// <param name="edition">The run, in a language.</param>
    /// <param name="pages">The other pages of the edition, by their places.</param>
    internal static Page Of(Edition edition, IReadOnlyDictionary<string, Page> pages)
    {
        var (course, words) = (edition.Course, edition.Words);
        return new Page
        {
            Title = words.SiteName,
            Description = words.IndexDescription,
            Place = "index",
            Edition = edition,
            Sections = [],
            Content = $"""
                <header class="title">
                <p class="eyebrow">RST Lab</p>
                <h1>{words.IndexHeading}</h1>
                <p class="lead">{words.IndexLead}</p>
                {Verdict(course, words)}
                </header>
                <h2 id="symptoms">{words.WhenAConnectionDies}</h2>
                {SymptomTable(edition)}
                <h2 id="chapters">{words.Chapters}</h2>
                {Chapters(edition, pages)}
                {Reference(edition, pages)}<h2 id="witnesses">{words.ThreeWitnesses}</h2>
                {Witnesses(course, words)}
                <h2 id="machine">{words.WhereMeasured}</h2>
                {Machine(course, words)}
                """,
        };
    }

    private static string Verdict(CourseResult course, Words words)
    {
        var claims = course.Chapters.SelectMany(chapter => chapter.Claims).ToList();
        var live = claims.Count(claim => claim.Evidence == Evidence.Live);
        var errors = course.Chapters.Sum(chapter => chapter.Errors.Count);
        var facts = new StringWriter(CultureInfo.InvariantCulture);
        facts.Write($"<li>{Markup.ClaimsBadge(claims, words)}</li>");
        facts.Write(live == 0 ? "" : $"<li>{Markup.Badge("live", words.CountLive(live))}</li>");
        facts.Write(live == claims.Count ? "" : $"<li>{Markup.Badge("recorded", words.CountRecorded(claims.Count - live))}</li>");
        facts.Write(errors == 0 ? "" : $"<li>{Markup.Badge("error", words.Errors(errors))}</li>");
        facts.Write($"<li>{words.ChaptersIn(course.Chapters.Count, Markup.Duration(course.Seconds))}</li>");
        return $"""<ul class="facts">{facts}</ul>""";
    }

    private static string SymptomTable(Edition edition)
    {
        var words = edition.Words;
        var rows = new StringWriter(CultureInfo.InvariantCulture);
        foreach (var symptom in words.Symptoms)
        {
            var chapters = string.Join(", ", edition.Course.Chapters
                .Where(chapter => symptom.Chapters.Any(number => chapter.Id.StartsWith(number, StringComparison.Ordinal)))
                .Select(chapter => $"""<a href="{Markup.Escape(chapter.Id)}.html">{edition.TitleElement(chapter.Id, chapter)}</a>"""));
            rows.Write($"""
                <tr><th scope="row">{symptom.Seen}</th><td data-label="{words.WhatHappened}">{symptom.Meaning}</td><td data-label="{words.WhatToDo}">{symptom.Do}{(chapters.Length == 0 ? "" : $" <span class=\"see\">{chapters}</span>")}</td></tr>

                """);
        }

        return $"""
            <div class="scroll"><table class="stack thirds" aria-labelledby="symptoms"><thead><tr><th scope="col">{words.YouSee}</th><th scope="col">{words.WhatHappened}</th><th scope="col">{words.WhatToDo}</th></tr></thead><tbody>
            {rows}</tbody></table></div>
            """;
    }

    private static string Chapters(Edition edition, IReadOnlyDictionary<string, Page> pages)
    {
        var words = edition.Words;
        var list = new StringWriter(CultureInfo.InvariantCulture);
        list.Write("<ol class=\"cards\">");
        foreach (var chapter in edition.Course.Chapters)
        {
            var id = Markup.Escape(chapter.Id);
            list.Write($"""
                <li><p class="number" aria-hidden="true">{Page.Number(chapter.Id)}</p><div><h3><a href="{id}.html">{edition.TitleElement(chapter.Id, chapter)}</a></h3>
                <p{pages[chapter.Id].LanguageOfDescription}>{Markup.Escape(pages[chapter.Id].Description)}</p>
                <p class="facts">{(chapter.Claims.Count == 0 ? "" : Markup.ClaimsBadge(chapter.Claims, words))} {Evidences(chapter, words)} <span>{Markup.Duration(chapter.Seconds)}</span></p>
                """);
            foreach (var error in chapter.Errors)
            {
                list.Write($"<p class=\"trouble\"{words.AsEnglish}>{Markup.Icon("error")}{Markup.Escape(error.ToString())}</p>");
            }

            if (chapter.Claims.Count > 0)
            {
                list.Write($"<details><summary>{words.WhatItShows}</summary><ul class=\"claims\">");
                foreach (var claim in chapter.Claims)
                {
                    list.Write($"""
                        <li>{Markup.Badge(claim.Holds ? "held" : "broken", claim.Holds ? words.Held : words.Broken)} <a href="{id}.html#claim-{Markup.Escape(claim.Id)}"{words.AsEnglish}>{Markup.Escape(claim.Text)}</a>{(claim.Evidence == Evidence.Recorded ? " " + Markup.EvidenceBadge(claim.Evidence, words) : "")}</li>
                        """);
                }

                list.Write("</ul></details>");
            }

            list.Write("</div></li>\n");
        }

        list.Write("</ol>");
        return list.ToString();
    }

    private static string Reference(Edition edition, IReadOnlyDictionary<string, Page> pages)
    {
        if (edition.Reference.Count == 0)
        {
            return "";
        }

        var items = string.Concat(edition.Reference.Select(page => $"""
            <li><a href="{Markup.Escape(page.Id)}.html"{edition.LanguageOf(page)}>{Markup.Escape(page.Title)}</a> <span{pages[page.Id].LanguageOfDescription}>{Markup.Escape(pages[page.Id].Description)}</span></li>

            """));
        return $"""
            <h2 id="reference">{edition.Words.Reference}</h2>
            <ul class="shelf">
            {items}</ul>

            """;
    }

    private static string Evidences(ChapterResult chapter, Words words)
    {
        var live = chapter.Claims.Count(claim => claim.Evidence == Evidence.Live);
        return (live, chapter.Claims.Count) switch
        {
            (_, 0) => "",
            var (some, all) when some == all => Markup.Badge("live", words.AllLive),
            (0, _) => Markup.Badge("recorded", words.AllRecorded),
            var (some, all) => Markup.Badge("live", words.CountLive(some)) + " " + Markup.Badge("recorded", words.CountRecorded(all - some)),
        };
    }

    private static string Witnesses(CourseResult course, Words words)
    {
        var recordings = course.Chapters.SelectMany(chapter => chapter.Recordings).ToList();
        string Row(WitnessKind kind, string says)
        {
            var states = recordings.Select(recording => recording[kind]).ToList();
            var badges = states.Count == 0 ? words.NotAsked : string.Join("<br>", states.GroupBy(witness => witness.Evidence).OrderBy(group => group.Key).Select(group =>
                Markup.EvidenceBadge(group.Key, words) + " " + words.InRecordings(group.Count(), states.Count)));
            var why = string.Concat(states.Where(witness => witness.Evidence != Evidence.Live).Select(witness => witness.Why).OfType<string>().Distinct()
                .Select(reason => $"<span class=\"why\"{words.AsEnglish}>{Markup.Escape(reason)}</span>"));
            return $"""<tr><th scope="row">{words.Witness(kind)}</th><td data-label="{words.Says}">{says}</td><td data-label="{words.InThisRun}">{badges}{why}</td></tr>""";
        }

        return $"""
            <div class="scroll"><table class="stack thirds" aria-labelledby="witnesses"><thead><tr><th scope="col">{words.WitnessHeading}</th><th scope="col">{words.Says}</th><th scope="col">{words.InThisRun}</th></tr></thead><tbody>
            {Row(WitnessKind.App, words.AppSays)}
            {Row(WitnessKind.Wire, words.WireSays)}
            {Row(WitnessKind.Kernel, words.KernelSays)}
            </tbody></table></div>
            """;
    }

    private static string Machine(CourseResult course, Words words)
    {
        var environment = course.Environment;
        string Row(string name, string value) => $"""<div><dt>{name}</dt><dd>{Markup.Escape(value)}</dd></div>""";
        return $"""
            <dl class="machine">
            {Row(words.Kernel, $"{environment.Kernel} {environment.Architecture}")}
            {Row(words.OperatingSystem, environment.System)}
            {Row(words.Runtime, environment.Runtime)}
            {Row(words.Processors, environment.Processors.ToString(CultureInfo.InvariantCulture))}
            {Row(words.RunAs, environment.Privilege)}
            {Row(words.When, environment.Date.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture))}
            {Row(words.Took, words.TookAndMemory(Markup.Duration(course.Seconds), course.PeakMemoryMb))}
            </dl>
            """;
    }
}
