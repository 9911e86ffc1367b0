using System.Globalization;
using Spectre.Console;

namespace RstLab.Course;

/// <summary>Hears how the chapters get on. Called from several threads.</summary>
internal interface IProgressReport
{
    void Started(string chapter, int cells);

    void Cell(string chapter, int number, IReadOnlyCollection<ClaimResult> claims);

    void Ended(ChapterResult chapter);
}

/// <summary>Hears, and says nothing.</summary>
internal sealed class NoProgress : IProgressReport
{
    public void Started(string chapter, int cells)
    {
    }

    public void Cell(string chapter, int number, IReadOnlyCollection<ClaimResult> claims)
    {
    }

    public void Ended(ChapterResult chapter)
    {
    }
}

/// <summary>Plain lines: one when a chapter ends.</summary>
internal sealed class PlainProgress(TextWriter output) : IProgressReport
{
    private readonly Lock gate = new();

    public void Started(string chapter, int cells)
    {
    }

    public void Cell(string chapter, int number, IReadOnlyCollection<ClaimResult> claims)
    {
    }

    public void Ended(ChapterResult chapter)
    {
        lock (gate)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{(chapter.Passed ? "ok    " : "FAILED")} {chapter.Id}: {chapter.CellsRun}/{chapter.Cells} cells, {chapter.Claims.Count(claim => claim.Holds)}/{chapter.Claims.Count} claims held, {chapter.Seconds:0.0} s"));
            output.Flush();
        }
    }
}

/// <summary>A live table on a terminal: a row a chapter.</summary>
internal sealed class TableProgress(IAnsiConsole console, IReadOnlyList<string> chapters) : IProgressReport
{
    private sealed class Row
    {
        internal long Started { get; set; }

        internal int Cells { get; set; }

        internal int Cell { get; set; }

        internal int Held { get; set; }

        internal int Broken { get; set; }

        internal ChapterResult? Ended { get; set; }
    }

    private readonly Lock gate = new();
    private readonly Dictionary<string, Row> rows = chapters.ToDictionary(chapter => chapter, _ => new Row());

    public void Started(string chapter, int cells) => Change(chapter, row => (row.Started, row.Cells) = (Environment.TickCount64, cells));

    public void Cell(string chapter, int number, IReadOnlyCollection<ClaimResult> claims)
    {
        var held = claims.Count(claim => claim.Holds);
        Change(chapter, row => (row.Cell, row.Held, row.Broken) = (number, held, claims.Count - held));
    }

    public void Ended(ChapterResult chapter) => Change(chapter.Id, row =>
    {
        row.Ended = chapter;
        row.Cell = chapter.CellsRun;
        row.Cells = chapter.Cells;
        row.Held = chapter.Claims.Count(claim => claim.Holds);
        row.Broken = chapter.Claims.Count - row.Held;
    });

    /// <summary>Draws the table until the work is done.</summary>
    internal async Task<T> WhileAsync<T>(Task<T> work)
    {
        await console.Live(Draw()).StartAsync(async live =>
        {
            do
            {
                live.UpdateTarget(Draw());
            }
            while (await Task.WhenAny(work, Task.Delay(TimeSpan.FromMilliseconds(100))).ConfigureAwait(false) != work);
            live.UpdateTarget(Draw());
        }).ConfigureAwait(false);
        return await work.ConfigureAwait(false);
    }

    private void Change(string chapter, Action<Row> change)
    {
        lock (gate)
        {
            change(rows[chapter]);
        }
    }

    private Table Draw()
    {
        var table = new Table().RoundedBorder().AddColumns("", "chapter").AddColumn("cell", c => c.RightAligned()).AddColumn("claims held", c => c.RightAligned())
            .AddColumn("broken", c => c.RightAligned()).AddColumn("seconds", c => c.RightAligned());
        lock (gate)
        {
            foreach (var (name, row) in rows)
            {
                var seconds = row.Ended?.Seconds ?? (row.Started == 0 ? 0 : (Environment.TickCount64 - row.Started) / 1000.0);
                table.AddRow(
                    row.Ended is null ? row.Started == 0 ? " " : "[yellow]…[/]" : row.Ended.Passed ? "[green]ok[/]" : "[red]failed[/]",
                    Markup.Escape(name),
                    string.Create(CultureInfo.InvariantCulture, $"{row.Cell}/{row.Cells}"),
                    row.Held.ToString(CultureInfo.InvariantCulture),
                    row.Broken == 0 ? "0" : string.Create(CultureInfo.InvariantCulture, $"[red]{row.Broken}[/]"),
                    seconds.ToString("0.0", CultureInfo.InvariantCulture));
            }
        }

        return table;
    }
}
