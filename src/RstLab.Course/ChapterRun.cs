using System.Diagnostics;
using System.Globalization;
using RstLab.Notebooks;

namespace RstLab.Course;

/// <summary>Runs one notebook from its first cell to its last, or to the first that fails.</summary>
internal sealed class ChapterRun(string path, Func<CancellationToken, ILabScope> openLab, TimeSpan timeLimit, IProgressReport progress)
{
    /// <summary>How long a cell that was told to stop may take to close what it opened.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    /// <summary>Whether the figures are kept, to be drawn as pictures.</summary>
    internal bool KeepPictures { get; init; }

    /// <summary>How the chapter ended the process when it was run before: it is run up to that cell. Null when it did not.</summary>
    internal Death? Death { get; init; }

    /// <summary>Is told the number of each cell before it runs, in the flow that it runs in.</summary>
    internal Action<int>? Entering { get; init; }

    private readonly string id = Path.GetFileNameWithoutExtension(path);

    /// <summary>Runs the chapter. Never throws: what goes wrong is in the result.</summary>
    internal async Task<ChapterResult> RunAsync(CancellationToken cancellation)
    {
        PlotlyLibrary.ForNotebooks = null; // the site's pages load plotly.js themselves, once for all figures
        Progress.Folder = null; // starters and solutions are no reader's attempts
        var started = Stopwatch.GetTimestamp();
        Notebook notebook;
        try
        {
            notebook = Notebook.Load(path);
        }
        catch (InvalidDataException e)
        {
            var unread = new ChapterResult { Id = id, Title = id, Errors = [new ChapterError(null, null, e.Message)] };
            progress.Ended(unread);
            return unread;
        }

        var cells = notebook.Cells.Where(cell => cell.Kind == CellKind.Code).ToList();
        foreach (var cell in cells)
        {
            (cell.Outputs, cell.ExecutionCount) = ([], null);
        }

        progress.Started(id, cells.Count);
        var engine = new CSharpEngine(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var claims = new List<ClaimResult>();
        var attempts = new List<AttemptResult>();
        var pictures = new List<ShownPicture>();
        var errors = new List<ChapterError>();
        var (ran, ranFor, waitedFor) = (0, TimeSpan.Zero, TimeSpan.Zero);

        using var limit = new CancellationTokenSource(timeLimit);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        var ahead = CompileAhead(engine, cells, stop.Token);
        var lab = openLab(stop.Token);
        using (lab.Enter())
        {
            for (var index = 0; index < cells.Count && errors.Count == 0; index++)
            {
                var (cell, number) = (cells[index], index + 1);
                if (Death?.Cell <= number)
                {
                    (cell.ExecutionCount, cell.Outputs) = (number, [Fatal(Death, number)]);
                    errors.Add(new ChapterError(number, null, Death.Message));
                    break;
                }

                progress.Cell(id, number, claims);
                Entering?.Invoke(number);
                var running = new CellOutputs();
                try
                {
                    var asked = Stopwatch.GetTimestamp();
                    var compiled = await ahead[index].Task.WaitAsync(stop.Token).ConfigureAwait(false);
                    var begun = Stopwatch.GetTimestamp();
                    waitedFor += Stopwatch.GetElapsedTime(asked, begun);
                    var (error, found, shown) = await StopInOrderAsync(RunCellAsync(engine, compiled, running, lab), stop.Token).ConfigureAwait(false);
                    claims.AddRange(found);
                    attempts.AddRange(shown is Attempt attempt ? [Told(attempt, number)] : []);
                    pictures.AddRange((KeepPictures ? shown : null) switch
                    {
                        Figure figure => [new ShownPicture(cell.Id, figure.ToSvg)],
                        Table { Foot: not null } results => [new ShownPicture(cell.Id, results.ToSvg)],
                        _ => Array.Empty<ShownPicture>(),
                    });
                    if (error is null)
                    {
                        ran++;
                    }
                    else
                    {
                        errors.Add(error);
                    }

                    ranFor += Stopwatch.GetElapsedTime(begun);
                }
                catch (OperationCanceledException) when (stop.IsCancellationRequested)
                {
                    var message = cancellation.IsCancellationRequested
                        ? "interrupted"
                        : string.Create(CultureInfo.InvariantCulture, $"the chapter's time limit of {timeLimit.TotalSeconds:0.###} s was reached while this cell ran; it was abandoned");
                    running.Add(new ErrorOutput("Abandoned", string.Create(CultureInfo.InvariantCulture, $"cell {number}: {message}"), [message]));
                    errors.Add(new ChapterError(number, null, message));
                }

                cell.ExecutionCount = number;
                cell.Outputs = running.ToList();
            }
        }

        await stop.CancelAsync().ConfigureAwait(false);
        var result = new ChapterResult
        {
            Id = id,
            Title = notebook.Title ?? id,
            Notebook = notebook,
            Seconds = Stopwatch.GetElapsedTime(started).TotalSeconds,
            CompileSeconds = engine.CompileTime.TotalSeconds,
            RunSeconds = ranFor.TotalSeconds,
            WaitSeconds = waitedFor.TotalSeconds,
            ExperimentSeconds = lab.ExperimentTime.TotalSeconds,
            Cells = cells.Count,
            CellsRun = ran,
            Errors = errors,
            Claims = claims,
            Attempts = attempts,
            Pictures = pictures,
            Recordings = lab.Recordings,
            Tables = lab.Tables,
        };
        progress.Ended(result);
        return result;
    }

    /// <summary>Compiles the cells one after the other on a thread of its own, up to the first that does not compile.</summary>
    private static TaskCompletionSource<CompiledCell>[] CompileAhead(CSharpEngine engine, List<NotebookCell> cells, CancellationToken cancellation)
    {
        var ready = cells.Select(_ => new TaskCompletionSource<CompiledCell>(TaskCreationOptions.RunContinuationsAsynchronously)).ToArray();
        var thread = new Thread(() =>
        {
            for (var index = 0; index < cells.Count; index++)
            {
                try
                {
                    var compiled = engine.Compile(cells[index].Source, index + 1, cancellation);
                    ready[index].SetResult(compiled);
                    if (compiled.Error is not null)
                    {
                        return;
                    }
                }
                catch (OperationCanceledException)
                {
                    ready[index].TrySetCanceled(cancellation);
                    return;
                }
                catch (Exception e)
                {
                    // The compiler itself failed: the cell that asked for it tells.
                    ready[index].TrySetResult(new CompiledCell(index + 1).Fail(index + 1, 1, e.GetType().Name, $"the compiler failed: {e.Message}", ""));
                    return;
                }
            }
        })
        { IsBackground = true, Name = "compile" };
        thread.Start();
        return ready;
    }

    /// <summary>Waits for a cell; one that is told to stop gets a moment to end by itself, and is then abandoned.</summary>
    private static async Task<T> StopInOrderAsync<T>(Task<T> cell, CancellationToken stop)
    {
        try
        {
            return await cell.WaitAsync(stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await Task.WhenAny(cell, Task.Delay(Grace, CancellationToken.None)).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Runs a cell on a thread of its own, as it may block and may have to be abandoned.</summary>
    private static Task<(ChapterError? Error, IReadOnlyList<ClaimResult> Claims, object? Shown)> RunCellAsync(CSharpEngine engine, CompiledCell cell, CellOutputs outputs, ILabScope lab) =>
        Task.Factory.StartNew(
            async () =>
            {
                // Part of the async flow, so chapters on a machine with other number formats show what they show elsewhere.
                CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
                CultureInfo.CurrentUICulture = CultureInfo.InvariantCulture;
                CellConsole.Enter(outputs);
                var outcome = await engine.RunAsync(cell, outputs).ConfigureAwait(false);
                if (!outcome.HasValue)
                {
                    return (outcome.Error, [], null);
                }

                try
                {
                    outputs.Add(ValueFormatter.Format(outcome.Value, cell.Number));
                    return (null, [.. lab.Displayed(outcome.Value, cell.Number)], outcome.Value);
                }
                catch (Exception e)
                {
                    var (shown, line) = engine.Describe(e is System.Reflection.TargetInvocationException { InnerException: { } inner } ? inner : e, cell.Number, "the value cannot be shown: ");
                    outputs.Add(shown);
                    return ((ChapterError?)new ChapterError(cell.Number, line, $"{shown.Name}: the value cannot be shown: {e.GetBaseException().Message}"), (IReadOnlyList<ClaimResult>)[], (object?)null);
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();

    private static ErrorOutput Fatal(Death death, int cell) => new("ProcessEnded", string.Create(CultureInfo.InvariantCulture, $"cell {cell}: {death.Message}"), [death.Message]);

    private static AttemptResult Told(Attempt attempt, int cell) => new(
        attempt.Exercise.Id, attempt.Status, attempt.WhyNotJudged,
        attempt.Expectations.FirstOrDefault(expectation => expectation.Met == false) is { } missed ? $"{missed.Expected} Seen: {missed.Seen}" : null, cell);
}
