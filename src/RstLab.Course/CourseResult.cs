using System.Globalization;
using System.Text.Json.Serialization;
using RstLab.Notebooks;

namespace RstLab.Course;

/// <summary>What one run of the course found: the input of <c>course.json</c> and of the site.</summary>
public sealed record CourseResult
{
    /// <summary>Where and when the course ran.</summary>
    public required LabEnvironment Environment { get; init; }

    /// <summary>The chapters that were asked for, in reading order. A chapter that could not be read is here too, with its error.</summary>
    public required IReadOnlyList<ChapterResult> Chapters { get; init; }

    /// <summary>The notebooks with the solutions of the chapters' exercises, by the chapters' ids; part of the run, but no chapters.</summary>
    public IReadOnlyList<ChapterResult> Solutions { get; init; } = [];

    /// <summary>How long the run has taken so far, from the start of the program.</summary>
    public double Seconds { get; init; }

    /// <summary>The largest resident set so far of the process that runs the chapters, in MiB. Its supervisor has 7 MiB of its own, and shares the rest.</summary>
    public double PeakMemoryMb { get; init; }

    /// <summary>Whether every cell ran, every claim held, every solution passed and no starter did.</summary>
    public bool Passed => Chapters.Concat(Solutions).All(chapter => chapter.Passed);
}

/// <summary>One chapter as it was run.</summary>
public sealed record ChapterResult
{
    /// <summary>The notebook's file name without its ending, such as <c>01-nobody-listening</c>.</summary>
    public required string Id { get; init; }

    /// <summary>The text of the notebook's first heading, or the id where there is none.</summary>
    public required string Title { get; init; }

    /// <summary>The notebook with the outputs of this run in its cells; null when it could not be read.</summary>
    public Notebook? Notebook { get; init; }

    /// <summary>From the start of the chapter to its end: what a reader waits.</summary>
    public double Seconds { get; init; }

    /// <summary>What the compiler took for the cells, most of it while earlier cells ran.</summary>
    public double CompileSeconds { get; init; }

    /// <summary>How long the cells themselves ran, formatting of their values included.</summary>
    public double RunSeconds { get; init; }

    /// <summary>How long the chapter stood still until the compiler had its next cell ready.</summary>
    public double WaitSeconds { get; init; }

    /// <summary>How long the experiments took, their waits included; part of <see cref="RunSeconds"/>.</summary>
    public double ExperimentSeconds { get; init; }

    /// <summary>How many code cells the notebook has.</summary>
    public int Cells { get; init; }

    /// <summary>How many of them ran to their end.</summary>
    public int CellsRun { get; init; }

    /// <summary>What went wrong: a cell that failed, a claim id used twice, a notebook that could not be read.</summary>
    public IReadOnlyList<ChapterError> Errors { get; init; } = [];

    /// <summary>The claims that the cells displayed, in order.</summary>
    public IReadOnlyList<ClaimResult> Claims { get; init; } = [];

    /// <summary>The figures and tables of results that the cells displayed, in order; empty unless they were asked for.</summary>
    public IReadOnlyList<ShownPicture> Pictures { get; init; } = [];

    /// <summary>The attempts at exercises that the cells displayed, in order: starters in a chapter, solutions in its notebook of solutions.</summary>
    public IReadOnlyList<AttemptResult> Attempts { get; init; } = [];

    /// <summary>The chapter's exercises, each with how its starter and its solution came out; empty for a notebook of solutions.</summary>
    public IReadOnlyList<ExerciseResult> Exercises { get; init; } = [];

    /// <summary>The recordings that were made or replayed, in order. The captures are beside them as <c>captures/ID.pcap</c>.</summary>
    public IReadOnlyList<Recording> Recordings { get; init; } = [];

    /// <summary>The tables of results, in order; saved as <c>results/ID.csv</c>.</summary>
    public IReadOnlyList<ResultTable> Tables { get; init; } = [];

    /// <summary>Whether every cell ran and every claim held.</summary>
    public bool Passed => Errors.Count == 0 && Claims.All(claim => claim.Holds);
}

/// <summary>A claim as a cell displayed it.</summary>
/// <param name="Id">The claim's id, unique over the course.</param>
/// <param name="Text">The sentence.</param>
/// <param name="Holds">Whether the condition was true.</param>
/// <param name="Evidence">Whether it was judged on this run or on the recording that ships.</param>
/// <param name="Detail">What was seen, for a claim that broke; null when there is nothing to add.</param>
/// <param name="Cell">The number of the code cell, from 1; the notebook's <c>execution_count</c>.</param>
public sealed record ClaimResult(string Id, string Text, bool Holds, Evidence Evidence, string? Detail, int Cell);

/// <summary>A figure, or a table of results, that a cell displayed.</summary>
/// <param name="Cell">The cell's id in the notebook.</param>
/// <param name="Draw">Draws it as an SVG document.</param>
public sealed record ShownPicture(string Cell, Func<string> Draw);

/// <summary>An attempt at an exercise, as a cell displayed it.</summary>
/// <param name="Id">The exercise's id, unique over the course.</param>
/// <param name="Status">How far it came.</param>
/// <param name="WhyNotJudged">Why this machine could not judge it; null when it did.</param>
/// <param name="Detail">What was not as expected; null when nothing was.</param>
/// <param name="Cell">The number of the code cell, from 1.</param>
public sealed record AttemptResult(string Id, AttemptStatus Status, string? WhyNotJudged, string? Detail, int Cell);

/// <summary>An exercise of a chapter, proved by the run: its starter must not pass, its solution must.</summary>
/// <param name="Id">The exercise's id.</param>
/// <param name="Starter">What the starter in the chapter came to.</param>
/// <param name="Solution">What the solution came to; null when it was not run or could not be judged here.</param>
public sealed record ExerciseResult(string Id, AttemptStatus Starter, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] AttemptStatus? Solution);

/// <summary>Something that went wrong in a chapter.</summary>
/// <param name="Cell">The number of the code cell, from 1; null when it is the chapter's as a whole.</param>
/// <param name="Line">The line in the cell, from 1; null when it is not known.</param>
/// <param name="Message">What happened, with the exception's type or the compiler's number in front.</param>
public sealed record ChapterError(int? Cell, int? Line, string Message)
{
    /// <summary>Where and what, such as <c>cell 4, line 2: SocketException: Connection refused</c>.</summary>
    public override string ToString() => (Cell, Line) switch
    {
        (null, _) => Message,
        (_, null) => string.Create(CultureInfo.InvariantCulture, $"cell {Cell}: {Message}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"cell {Cell}, line {Line}: {Message}"),
    };
}
