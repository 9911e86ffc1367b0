using System.Diagnostics;

namespace RstLab.Course;

/// <summary>Runs chapters, several at a time, and puts together what they found.</summary>
internal sealed class CourseRun(Func<CancellationToken, ILabScope> openLab, IProgressReport progress)
{
    /// <summary>How long a chapter may take before it is abandoned.</summary>
    internal TimeSpan TimeLimit { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>How many chapters run at once.</summary>
    internal int Parallel { get; init; } = Math.Max(1, Environment.ProcessorCount);

    /// <summary>Runs the chapters. Never throws for what a chapter does; what goes wrong is in the result.</summary>
    /// <param name="notebooks">The notebooks' paths, in reading order.</param>
    /// <param name="environment">Where the course runs.</param>
    /// <param name="cancellation">Abandons what runs; the result then says so.</param>
    internal async Task<CourseResult> RunAsync(IReadOnlyList<string> notebooks, LabEnvironment environment, CancellationToken cancellation)
    {
        var chapters = new ChapterResult[notebooks.Count];
        await System.Threading.Tasks.Parallel.ForEachAsync(
            Enumerable.Range(0, notebooks.Count),
            new ParallelOptions { MaxDegreeOfParallelism = Parallel },
            async (index, _) => chapters[index] = await new ChapterRun(
                notebooks[index], openLab, TimeLimit, progress).RunAsync(cancellation).ConfigureAwait(false))
            .ConfigureAwait(false);
        return Measured(new CourseResult { Environment = environment, Chapters = RefuseDuplicates(chapters) });
    }

    /// <summary>The result with what the process has taken so far.</summary>
    internal static CourseResult Measured(CourseResult result)
    {
        using var process = Process.GetCurrentProcess();
        return result with
        {
            Seconds = (DateTime.Now - process.StartTime).TotalSeconds,
            PeakMemoryMb = process.PeakWorkingSet64 / (1024.0 * 1024.0),
        };
    }

    /// <summary>Claims, recordings and tables go by their ids, over the whole course.</summary>
    private static List<ChapterResult> RefuseDuplicates(IReadOnlyList<ChapterResult> chapters)
    {
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        ChapterError? Duplicate(string kind, string id, string chapter, int? cell) => seen.TryAdd($"{kind} {id}", cell is null ? chapter : FormattableString.Invariant($"{chapter}, cell {cell}"))
            ? null
            : new ChapterError(cell, null, $"the {kind} id '{id}' was used before, in {seen[$"{kind} {id}"]}; ids are unique over the course");
        return [.. chapters.Select(chapter => chapter with
        {
            Errors =
            [
                .. chapter.Errors,
                .. chapter.Claims.Select(claim => Duplicate("claim", claim.Id, chapter.Id, claim.Cell)).OfType<ChapterError>(),
                .. chapter.Recordings.Select(recording => Duplicate("recording", recording.Id, chapter.Id, null)).OfType<ChapterError>(),
                .. chapter.Tables.Select(table => Duplicate("table", table.Id, chapter.Id, null)).OfType<ChapterError>(),
            ],
        })];
    }
}
