using System.Globalization;
using RstLab.Notebooks;

namespace RstLab.Chapters;

/// <summary>How many bytes a connection accepted before a <c>Send</c> failed: the old demonstration, counted.</summary>
public static class BytesAccepted
{
    /// <summary>The bytes of one block.</summary>
    internal const long Block = 5000;

    /// <summary>The situation in which the client waits for the reset after each block.</summary>
    internal const string WaitsForReset = "close first, wait for RST";

    /// <summary>The situation in which nobody reads, and the server closes when the client can write no more.</summary>
    internal const string BuffersFull = "close when buffers are full";

    /// <summary>
    /// Counts the runs: a row for each situation and error, with one block, as much as full buffers hold, and what lies between apart.
    /// </summary>
    /// <param name="table">The table <c>02-bytes-accepted</c>, one run a row.</param>
    public static Table Count(ResultTable table)
    {
        var runs = Runs(table);
        var full = runs.Where(run => run.Situation == BuffersFull).Select(run => run.Bytes).DefaultIfEmpty(long.MaxValue).Min();
        return Show.Results(table with
        {
            Columns = ["situation", "accepted (bytes)", "then Send fails with", "runs"],
            Rows =
            [
                .. runs.GroupBy(run => (run.Situation, Level: run.Bytes <= Block ? 0 : run.Bytes < full ? 1 : 2, run.Error))
                    .OrderBy(rows => runs.ToList().FindIndex(run => run.Situation == rows.Key.Situation)).ThenBy(rows => rows.Key.Level)
                    .Select(rows => (IReadOnlyList<object?>)[rows.Key.Situation, Range(rows.Min(run => run.Bytes), rows.Max(run => run.Bytes)), rows.Key.Error, rows.Count()]),
            ],
        }, "How many bytes were accepted before a Send failed, and in how many runs");
    }

    /// <summary>The rows of the table.</summary>
    internal static IReadOnlyList<(string Situation, long Bytes, string Error)> Runs(ResultTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        return [.. table.Texts("situation").Zip(table.Numbers("accepted (bytes)").Select(bytes => (long)bytes), table.Texts("error"))];
    }

    private static string Range(long least, long most) =>
        least == most ? least.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{least} to {most}");
}
