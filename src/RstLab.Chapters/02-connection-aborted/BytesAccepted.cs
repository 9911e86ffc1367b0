using System.Globalization;
using RstLab.Notebooks;

namespace RstLab.Chapters;

/// <summary>How many bytes a connection accepted before a <c>Send</c> failed: the old demonstration, drawn.</summary>
public static class BytesAccepted
{
    /// <summary>The bytes of one block.</summary>
    internal const long Block = 5000;

    /// <summary>The situation in which the client waits for the reset after each block.</summary>
    internal const string WaitsForReset = "close first, wait for RST";

    /// <summary>The situation in which nobody reads, and the server closes when the client can write no more.</summary>
    internal const string BuffersFull = "close when buffers are full";

    /// <summary>Counts the runs: a row for each situation, a column for one block, for full buffers, and for what lies between.</summary>
    /// <param name="table">The table <c>02-bytes-accepted</c>, one run a row.</param>
    public static Figure Draw(ResultTable table)
    {
        var runs = Runs(table);
        var full = runs.Where(run => run.Situation == BuffersFull).Select(run => run.Bytes).DefaultIfEmpty(long.MaxValue).Min();
        (string Name, Func<long, bool> Has)[] columns =
        [
            ("one block+5000 bytes", bytes => bytes == Block),
            ("more than one+block", bytes => bytes > Block && bytes < full),
            (string.Create(CultureInfo.InvariantCulture, $"full buffers+{full} bytes"), bytes => bytes >= full),
        ];
        var counted = table with
        {
            Id = "02-bytes-accepted-counts",
            Columns = ["situation", "accepted before a Send failed", "runs"],
            Rows =
            [
                .. runs.GroupBy(run => run.Situation).SelectMany(_ => columns, (situation, column) =>
                    (IReadOnlyList<object?>)[situation.Key, column.Name, Count([.. situation.Where(run => column.Has(run.Bytes))])]),
            ],
        };
        return Figure.Matrix(counted, "situation", "accepted before a Send failed", "runs", cell => cell.Split('+')[^1], "What was accepted before a Send failed",
            "How many runs accepted one block, how many as much as the buffers of both kernels hold, and how many something between, each with the error of the Send that failed.");
    }

    /// <summary>The rows of the table.</summary>
    internal static IReadOnlyList<(string Situation, long Bytes, string Error)> Runs(ResultTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        return [.. table.Texts("situation").Zip(table.Numbers("accepted (bytes)").Select(bytes => (long)bytes), table.Texts("error"))];
    }

    private static string Count(IReadOnlyList<(string Situation, long Bytes, string Error)> runs) => runs.Count == 0 ? "no run" : string.Create(
        CultureInfo.InvariantCulture, $"{runs.Count} {(runs.Count == 1 ? "run" : "runs")}+{string.Join(", ", runs.Select(run => run.Error).Distinct().Order(StringComparer.Ordinal))}");
}
