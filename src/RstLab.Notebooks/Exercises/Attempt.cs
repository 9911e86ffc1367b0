using System.Globalization;

namespace RstLab.Notebooks;

/// <summary>How far an attempt at an exercise came.</summary>
public enum AttemptStatus
{
    /// <summary>The starter still stands, or nobody on this machine could judge the attempt.</summary>
    Open,

    /// <summary>Something was not as expected.</summary>
    Failed,

    /// <summary>Everything was as expected.</summary>
    Passed,
}

/// <summary>An attempt at an exercise: what was expected, what was seen, and the ladder of what really happened.</summary>
[TypeFormatterSource(typeof(DisplaySource), PreferredMimeTypes = [DisplaySource.Html, DisplaySource.Text])]
public sealed class Attempt : IDisplayed
{
    internal Attempt(Exercise exercise) => Exercise = exercise;

    /// <summary>The exercise.</summary>
    public Exercise Exercise { get; }

    /// <summary>How far it came.</summary>
    public required AttemptStatus Status { get; init; }

    /// <summary>Why it could not be judged on this machine; null when it was.</summary>
    public string? WhyNotJudged { get; init; }

    /// <summary>What was expected, against what was seen.</summary>
    public required IReadOnlyList<Expectation> Expectations { get; init; }

    /// <summary>
    /// How long the machine stood still while the code ran, once for each run; empty where it did not, or where the code passed all the same.
    /// </summary>
    internal IReadOnlyList<TimeSpan> Stalls { get; init; } = [];

    /// <summary>What really happened; null where nothing was run.</summary>
    public Figure? Ladder { get; init; }

    /// <summary>What the reader's progress has to say; null for nothing.</summary>
    internal string? Note { get; set; }

    /// <summary>The attempt as text.</summary>
    public override string ToString() => string.Join('\n',
        [$"{Exercise.Title}: {Word}", Sentence, .. Stalled, .. Expectations.Select(e => $"[{Mark(e)}] {e.Expected} Seen: {e.Seen}"), .. Note is null ? Array.Empty<string>() : [Note]]);

    private string Word => Status switch { AttemptStatus.Passed => "passed", AttemptStatus.Failed => "not yet", _ => "open" };

    private string Sentence => (Status, WhyNotJudged) switch
    {
        (_, { } why) => $"It cannot be judged here: {why}.",
        (AttemptStatus.Passed, _) => "Everything is as expected. The solution has the explanation.",
        (AttemptStatus.Failed, _) => "Not yet. Compare what was expected with what was seen; the hints are above.",
        _ => $"To begin, put your code in place of the line with {Exercise.Marker}, and run the cell again. This is what the starter does:",
    };

    private string[] Stalled => Stalls.Count == 0 ? [] :
    [
        string.Create(CultureInfo.InvariantCulture, $"This machine stood still for {Stalls[0].TotalSeconds:0.0#} s while your code ran, so the code ran a second time.")
            + (Stalls.Count == 1 || Status == AttemptStatus.Passed ? "" : " It stood still again: when the machine is less busy, run the cell once more."),
    ];

    void IDisplayed.WriteText(TextWriter writer) => writer.Write(ToString());

    void IDisplayed.WriteHtml(TextWriter writer)
    {
        var status = Status.ToString().ToLowerInvariant();
        writer.Write($"<section class=\"rstlab-attempt\" data-exercise-id=\"{Markup.Escape(Exercise.Id)}\" data-status=\"{status}\" aria-label=\"{Markup.Escape(Exercise.Title)}\">{Style.Sheet}");
        writer.Write($"<p><strong>{Markup.Escape(Exercise.Title)}</strong> <span class=\"rstlab-badge rstlab-{status}\">{Word}</span></p><p>{Markup.Escape(Sentence)}</p>");
        foreach (var sentence in Stalled)
        {
            writer.Write($"<p class=\"rstlab-stalled\">{Markup.Escape(sentence)}</p>");
        }

        if (Expectations.Count > 0)
        {
            new Table
            {
                Caption = "Expected and seen",
                Columns = ["expected", "seen", "as expected?"],
                Rows = [.. Expectations.Select(e => (IReadOnlyList<object?>)[e.Expected, e.Seen, Mark(e)])],
            }.WriteTable(writer);
        }

        if (Note is not null)
        {
            writer.Write($"<p class=\"rstlab-foot\">{Markup.Escape(Note)}</p>");
        }

        if (Ladder is IDisplayed ladder)
        {
            ladder.WriteHtml(writer);
        }

        writer.Write("</section>");
    }

    private static string Mark(Expectation expectation) => expectation.Met switch { true => "yes", false => "NO", null => "not judged" };
}
