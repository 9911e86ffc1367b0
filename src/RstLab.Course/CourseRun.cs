using System.Diagnostics;
using RstLab.Notebooks;

namespace RstLab.Course;

/// <summary>Runs chapters, several at a time, and puts together what they found.</summary>
internal sealed class CourseRun(Func<CancellationToken, ILabScope> openLab, IProgressReport progress)
{
    /// <summary>How long a chapter may take before it is abandoned.</summary>
    internal TimeSpan TimeLimit { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>How many chapters run at once.</summary>
    internal int Parallel { get; init; } = Math.Max(1, Environment.ProcessorCount);

    /// <summary>Who is told what runs; null when nobody started this process to run chapters.</summary>
    internal Worker? Worker { get; init; }

    /// <summary>Whether it is only about the chapters' pictures: the figures are kept, to be drawn, and no solution is run.</summary>
    internal bool PicturesOnly { get; init; }

    /// <summary>Runs the chapters. Never throws for what a chapter does; what goes wrong is in the result.</summary>
    /// <param name="notebooks">The notebooks' paths, in reading order.</param>
    /// <param name="environment">Where the course runs.</param>
    /// <param name="cancellation">Abandons what runs; the result then says so.</param>
    internal async Task<CourseResult> RunAsync(IReadOnlyList<string> notebooks, LabEnvironment environment, CancellationToken cancellation)
    {
        var files = PicturesOnly ? notebooks : FilesOf(notebooks);
        var results = new ChapterResult[files.Count];
        var suspects = Worker?.Suspects ?? [];
        foreach (var index in suspects)
        {
            results[index] = await RunOneAsync(files[index], index, index < notebooks.Count, cancellation).ConfigureAwait(false);
        }

        await System.Threading.Tasks.Parallel.ForEachAsync(
            Enumerable.Range(0, files.Count).Except(suspects),
            new ParallelOptions { MaxDegreeOfParallelism = Parallel },
            async (index, _) => results[index] = await RunOneAsync(files[index], index, index < notebooks.Count, cancellation).ConfigureAwait(false))
            .ConfigureAwait(false);
        var solved = results[notebooks.Count..];
        var chapters = results[..notebooks.Count].Select(chapter => PicturesOnly ? chapter : Prove(chapter, solved.FirstOrDefault(solution => solution.Id == chapter.Id))).ToList();
        return Measured(Worker, new CourseResult { Environment = environment, Chapters = RefuseDuplicates(chapters), Solutions = solved });
    }

    private async Task<ChapterResult> RunOneAsync(string file, int index, bool isChapter, CancellationToken cancellation)
    {
        var run = new ChapterRun(file, openLab, TimeLimit, isChapter ? progress : new NoProgress())
        {
            KeepPictures = PicturesOnly,
            Death = Worker?.DeathOf(index),
            Entering = Worker is null ? null : cell => Worker.Enter(index, cell),
        };
        var result = await run.RunAsync(cancellation).ConfigureAwait(false);
        Worker?.Leave(index);
        return result;
    }

    /// <summary>What a run of these notebooks runs: the chapters first, as they take longer and are what the reader waits for, then their solutions.</summary>
    internal static IReadOnlyList<string> FilesOf(IReadOnlyList<string> notebooks) => [.. notebooks, .. notebooks.Select(SolutionsOf).Where(File.Exists)];

    /// <summary>Where the solutions of a chapter's exercises are: in a notebook of the chapter's name.</summary>
    internal static string SolutionsOf(string notebook) => Path.Combine(Path.GetDirectoryName(notebook)!, "solutions", Path.GetFileName(notebook));

    /// <summary>The chapter with its exercises: no starter may pass, and each must have a solution that does.</summary>
    /// <param name="chapter">The chapter as it was run.</param>
    /// <param name="solutions">Its solutions as they were run; null where there are none.</param>
    internal static ChapterResult Prove(ChapterResult chapter, ChapterResult? solutions)
    {
        var solved = solutions?.Attempts ?? [];
        var errors = new List<ChapterError>(chapter.Errors);
        foreach (var starter in chapter.Attempts)
        {
            if (starter.Status == AttemptStatus.Passed)
            {
                errors.Add(new ChapterError(starter.Cell, null, $"the exercise {starter.Id} passes as it is given; a starter must leave something to do"));
            }

            if (solved.FirstOrDefault(solution => solution.Id == starter.Id) is not { } solution)
            {
                errors.Add(new ChapterError(starter.Cell, null, $"the exercise {starter.Id} has no solution in solutions/{chapter.Id}.ipynb"));
            }
            else if (solution.Status != AttemptStatus.Passed && solution.WhyNotJudged is null)
            {
                errors.Add(new ChapterError(starter.Cell, null, $"the solution of the exercise {starter.Id} does not pass: {solution.Detail}"));
            }
        }

        errors.AddRange(solved.Where(solution => !chapter.Attempts.Any(starter => starter.Id == solution.Id) && chapter.Errors.Count == 0)
            .Select(solution => new ChapterError(null, null, $"solutions/{chapter.Id}.ipynb solves the exercise {solution.Id}, which the chapter does not set")));
        errors.AddRange((solutions?.Errors ?? []).Select(error => new ChapterError(null, null, $"solutions/{chapter.Id}.ipynb: {error}")));
        return chapter with
        {
            Errors = errors,
            Exercises =
            [
                .. chapter.Attempts.Select(starter => new ExerciseResult(starter.Id, starter.Status,
                    solved.FirstOrDefault(solution => solution.Id == starter.Id) is { WhyNotJudged: null } solution ? solution.Status : null)),
            ],
        };
    }

    /// <summary>The result with what the run has taken so far.</summary>
    internal static CourseResult Measured(Worker? worker, CourseResult result)
    {
        using var process = Process.GetCurrentProcess();
        return result with
        {
            Seconds = (DateTime.Now - (worker?.Began() ?? process.StartTime)).TotalSeconds,
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
                .. chapter.Attempts.Select(attempt => Duplicate("exercise", attempt.Id, chapter.Id, attempt.Cell)).OfType<ChapterError>(),
                .. chapter.Claims.Select(claim => Duplicate("claim", claim.Id, chapter.Id, claim.Cell)).OfType<ChapterError>(),
                .. chapter.Recordings.Select(recording => Duplicate("recording", recording.Id, chapter.Id, null)).OfType<ChapterError>(),
                .. chapter.Tables.Select(table => Duplicate("table", table.Id, chapter.Id, null)).OfType<ChapterError>(),
            ],
        })];
    }
}
