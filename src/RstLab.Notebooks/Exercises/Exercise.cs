namespace RstLab.Notebooks;

/// <summary>
/// A task for the reader: its name, and how an attempt at it is judged. The tasks of a chapter are in a class of their own, such as
/// <see cref="StartHereExercises"/>; their text, hints and starters are in the chapter, their solutions in <c>notebooks/solutions</c>.
/// </summary>
public sealed class Exercise
{
    /// <summary>The comment that stands where the reader's code is to come.</summary>
    internal const string Marker = "// TODO:";

    internal Exercise(string id, string title)
    {
        ClaimSet.CheckKebabCase(id, "exercise");
        (Id, Title) = (id, title);
    }

    /// <summary>Every exercise of the course, in reading order.</summary>
    public static IReadOnlyList<Exercise> All { get; } =
    [
        .. StartHereExercises.All, .. NobodyListeningExercises.All, .. ConnectionAbortedExercises.All, .. NoSuchConnectionExercises.All,
        .. EpipeOrEconnresetExercises.All, .. NoticingExercises.All, .. YourStackExercises.All,
    ];

    /// <summary>A name in kebab case that begins with the chapter's number, such as <c>02-drain-first</c>.</summary>
    public string Id { get; }

    /// <summary>What is to be done, in a few words.</summary>
    public string Title { get; }

    /// <summary>Its name and title.</summary>
    public override string ToString() => $"{Id}: {Title}";

    /// <summary>Judges an attempt, and enters it into the reader's progress. Never throws for what the reader's code does.</summary>
    /// <remarks>
    /// The code runs once. Only where it failed while the machine provably stalled (<see cref="StallWatch"/>) does it run a second time,
    /// and then the attempt says so.
    /// </remarks>
    /// <param name="code">The reader's code, as the compiler saw it.</param>
    /// <param name="judge">Runs the reader's code on the live kernel and says what it expects of it.</param>
    internal async Task<Attempt> JudgeAsync(string code, Func<Check, Task> judge)
    {
        var open = code.Contains(Marker, StringComparison.Ordinal);
        var (check, why, stall) = await RunAsync(judge).ConfigureAwait(false);
        var stalls = stall is { } first && !open && check.Expectations.Any(expectation => expectation.Met == false) ? [first] : Array.Empty<TimeSpan>();
        if (stalls.Length > 0)
        {
            (check, why, stall) = await RunAsync(judge).ConfigureAwait(false);
            stalls = stall is { } second ? [.. stalls, second] : stalls;
        }

        var judged = check.Expectations.Where(expectation => expectation.Met is not null).ToList();
        var met = judged.TrueForAll(expectation => expectation.Met == true);
        why ??= met ? check.Blind : null;
        why ??= judged.Count > 0 ? null : check.Expectations.Select(expectation => expectation.Seen).FirstOrDefault() ?? "nothing was expected of it";
        var attempt = new Attempt(this)
        {
            Status = why is not null ? AttemptStatus.Open
                : met ? AttemptStatus.Passed
                : open ? AttemptStatus.Open : AttemptStatus.Failed,
            WhyNotJudged = why,
            Expectations = check.Expectations,
            Stalls = stalls,
            Ladder = check.Shown is { } recording ? Figure.Ladder(recording, title: $"What your code did: {Id}") : null,
        };
        attempt.Note = Progress.Enter(attempt, open ? null : code);
        return attempt;
    }

    private async Task<(Check Check, string? Why, TimeSpan? Stall)> RunAsync(Func<Check, Task> judge)
    {
        var check = new Check(Id);
        using var watch = new StallWatch();
        try
        {
            await judge(check).ConfigureAwait(false);
            return (check, null, watch.End());
        }
        catch (CheckEndedException)
        {
            return (check, null, watch.End()); // what ended it is among the expectations
        }
        catch (NotPossibleHereException e)
        {
            return (check, e.Message, null);
        }
    }
}
