namespace RstLab.Notebooks;

/// <summary>Tables for the end of a cell.</summary>
public static class Show
{
    /// <summary>Any table.</summary>
    /// <param name="caption">What the table shows, in a few words.</param>
    /// <param name="columns">The columns' names, with the unit in parentheses where there is one.</param>
    /// <param name="rows">The rows; each has a value for each column, and null is an empty cell.</param>
    /// <param name="of">A recording that the rows were taken from, so that the table says where it was made; null for none.</param>
    /// <exception cref="ArgumentException">A row has more or fewer values than there are columns.</exception>
    public static Table Table(string caption, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<object?>> rows, Recording? of = null)
    {
        ArgumentNullException.ThrowIfNull(columns);
        var all = rows.ToList();
        var odd = all.FindIndex(row => row.Count != columns.Count);
        return odd < 0 ? new() { Caption = caption, Columns = columns, Rows = all, Foot = of is null ? null : $"{(Claims.IsReplay(of) ? "Recorded" : "Measured")} on {of.Environment}" }
            : throw new ArgumentException($"Row {odd + 1} of '{caption}' has {all[odd].Count} values for {columns.Count} columns.", nameof(rows));
    }

    /// <summary>A table of results, with where it was measured.</summary>
    /// <param name="results">The results.</param>
    /// <param name="caption">What it shows; the table's id when null.</param>
    public static Table Results(ResultTable results, string? caption = null)
    {
        ArgumentNullException.ThrowIfNull(results);
        return new()
        {
            Caption = caption ?? results.Id,
            Columns = results.Columns,
            Rows = results.Rows,
            Foot = $"{(results.Evidence == Evidence.Recorded ? "Recorded" : "Measured")} on {results.Environment}",
        };
    }

    /// <summary>The calls that the app witness logged, in order.</summary>
    /// <param name="recording">The recording.</param>
    /// <param name="caption">What it shows; a general one when null.</param>
    public static Table Calls(Recording recording, string? caption = null)
    {
        ArgumentNullException.ThrowIfNull(recording);
        return Calls(recording, caption, $"Measured on {recording.Environment}");
    }

    /// <summary>What each of the three witnesses had to say about an experiment: how it spoke, how much it saw, and the last thing of it.</summary>
    /// <param name="recording">The recording. What a witness did not see here is told from the recording that ships, and marked so.</param>
    public static Table Witnesses(Recording recording)
    {
        ArgumentNullException.ThrowIfNull(recording);
        return new()
        {
            Caption = $"The witnesses of {recording.Id}",
            Columns = ["witness", "spoke", "events", "the last one", "why not live"],
            Rows =
            [
                .. recording.Witnesses.Select(w =>
                {
                    var told = w.Evidence == Evidence.Recorded || w.Method == KernelMethod.Counters ? recording.Shipped ?? recording : recording;
                    var events = told.Events.Where(e => Kind(e) == w.Kind).ToList();
                    return (IReadOnlyList<object?>)
                        [w.Kind.ToString().ToLowerInvariant(), ReferenceEquals(told, recording) ? w.Evidence.ToString().ToLowerInvariant() : "recorded", events.Count, events.Count == 0 ? null : Last(events[^1]), w.Why];
                }),
            ],
        };

        static WitnessKind Kind(LabEvent e) => e switch { AppCall => WitnessKind.App, Segment => WitnessKind.Wire, _ => WitnessKind.Kernel };

        static string Last(LabEvent e) => e switch
        {
            AppCall call => $"{call.Who}.{Ladder.Text(call)} → {Ladder.Outcome(call)}",
            Segment segment => $"{segment.Letters} from {segment.From} to {segment.To}, {segment.Length} bytes",
            KernelReset { Direction: ResetDirection.Sent } reset => $"a reset was sent, because of {reset.Reason ?? "a reason that this kernel does not name"}",
            _ => "a reset was received",
        };
    }

    /// <summary>The same with another line about the origin, for a figure that says it already.</summary>
    internal static Table Calls(Recording recording, string? caption, string? foot) => new()
    {
        Caption = caption ?? $"The calls of {recording.Id}",
        Columns = ["start (µs)", "who", "call", "outcome", "errno", "took (µs)"],
        Rows =
        [
            .. recording.Events.OfType<AppCall>().Select(c => (IReadOnlyList<object?>)
                [c.T / 1000m, c.Who, Ladder.Text(c), Ladder.Outcome(c), c.Errno, c.Elapsed / 1000m]),
        ],
        Foot = foot,
    };
}
