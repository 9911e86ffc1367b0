using System.Globalization;

namespace RstLab.Notebooks;

public sealed partial class Figure
{
    /// <summary>
    /// The ladder of a recording: the lifelines of client and server, their calls with what .NET answered, the segments between
    /// them as arrows, and the kernel's reason at each reset. Rows are events in order, not a scale of time; their times stand
    /// at the left. Where the wire witness was absent, the recording that ships with the course is drawn and named.
    /// </summary>
    /// <param name="recording">The recording.</param>
    /// <param name="title">The title; the words of the recording's id when null.</param>
    public static Figure Ladder(Recording recording, string? title = null)
    {
        ArgumentNullException.ThrowIfNull(recording);
        var notes = new List<string>();
        var drawn = Speaking(recording, notes);
        var ladder = Notebooks.Ladder.Of(drawn);
        var tables = new List<Table> { ladder.ToTable(), Show.Calls(drawn, "The calls alone", foot: null) };
        if (!ReferenceEquals(drawn, recording))
        {
            tables.Add(Show.Calls(recording, "The calls of this run, live"));
        }

        if (drawn.Counters.Count > 0)
        {
            tables.Add(new()
            {
                Caption = "What TCP counted on the two hosts, added up",
                Columns = ["counter", "count"],
                Rows = [.. drawn.Counters.OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => (IReadOnlyList<object?>)[c.Key, c.Value])],
            });
        }

        var name = title ?? $"{InWords(recording.Id)}: what the witnesses saw";
        var (data, layout) = PlotlyDrawing.Of(LadderDrawing.Of(ladder, Frame.Wide), name);
        return new()
        {
            Kind = "ladder",
            Title = name,
            Caption = Tell(ladder),
            Units = "top to bottom: events in order, equal steps; times from the start of the experiment (+: from the event above); lengths in bytes",
            Tables = tables,
            Environment = drawn.Environment,
            Evidence = ReferenceEquals(drawn, recording) && !Claims.IsReplay(drawn) ? Evidence.Live : Evidence.Recorded,
            Notes = notes,
            RecordingId = recording.Id,
            Data = data,
            Layout = layout,
            Draw = frame => LadderDrawing.Of(ladder, frame),
            DrawsPlotlyByHand = true,
        };
    }

    /// <summary>An id as words: <c>Close then send</c> for <c>02-close-then-send</c>.</summary>
    private static string InWords(string id)
    {
        var words = id.TrimStart('0', '1', '2', '3', '4', '5', '6', '7', '8', '9').Replace('-', ' ').Trim();
        return words.Length == 0 ? id : char.ToUpperInvariant(words[0]) + words[1..];
    }

    /// <summary>Chooses the recording to draw, and says what the reader must know about the choice.</summary>
    private static Recording Speaking(Recording recording, List<string> notes)
    {
        var replay = recording.Witnesses.FirstOrDefault(w => w.Evidence == Evidence.Recorded && recording.Shipped is null);
        if (replay is not null)
        {
            notes.Add($"Recorded, not live: made on {Origin(recording)}.{(replay.Why is null ? "" : $" Why not live: {replay.Why}.")}");
            return recording;
        }

        if (Absence(() => recording.Segments) is { } wire)
        {
            notes.Add(recording.Shipped is { } shipped
                ? $"Recorded, not live: drawn from the recording that ships with the course, made on {Origin(shipped)}. Why not live here: {wire}"
                : $"Only the calls are drawn. {wire}");
            return recording.Shipped ?? recording;
        }

        if (Absence(() => recording.Resets) is { } kernel)
        {
            var reasons = recording.Shipped is { } shipped ? Notebooks.Ladder.Heard(() => shipped.Resets)?.Where(r => r.Direction == ResetDirection.Sent).Select(r => r.Reason).OfType<string>().Distinct().ToList() : null;
            notes.Add(reasons is { Count: > 0 }
                ? $"{kernel} In the recording that ships with the course, made on {Origin(recording.Shipped!)}, the reason was {string.Join(", ", reasons)}."
                : kernel);
        }

        foreach (var witness in recording.Witnesses.Where(w => w.Dropped > 0))
        {
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"The {witness.Kind.ToString().ToLowerInvariant()} witness dropped {witness.Dropped} events; its account has gaps."));
        }

        return recording;
    }

    private static string Origin(Recording recording) =>
        string.Create(CultureInfo.InvariantCulture, $"{recording.Environment.Kernel} with {recording.Environment.Runtime} on {recording.Environment.Date:yyyy-MM-dd}");

    private static string? Absence<T>(Func<IEnumerable<T>> ask)
    {
        try
        {
            _ = ask();
            return null;
        }
        catch (WitnessAbsentException absent)
        {
            return absent.Message.TrimEnd('.') + ".";
        }
    }

    /// <summary>The ladder in one sentence: how much, who reset whom and why, and what failed.</summary>
    private static string Tell(Ladder ladder)
    {
        var calls = ladder.Calls.Count(c => c.Who != "lab");
        var told = new List<string>
        {
            FormattableString.Invariant($"{calls} {(calls == 1 ? "call" : "calls")}")
                + (ladder.Segments.Count == 0 ? "" : FormattableString.Invariant($" and {ladder.Segments.Count} {(ladder.Segments.Count == 1 ? "segment" : "segments")}")),
        };
        var resets = ladder.Segments.Where(s => s.IsReset).ToList();
        told.AddRange(resets.Take(3).Select(s =>
            $"the {(ladder.SideOf(s) == Side.Client ? "client" : "server")}'s side sends a reset{(ladder.Sent(s)?.Reason is { } reason ? $" (kernel: {reason})" : "")}"));
        told.AddRange(resets.Count == 0 && ladder.Segments.Count > 0 ? ["no reset"] : resets.Count > 3 ? [FormattableString.Invariant($"{resets.Count - 3} more resets")] : []);
        var failed = ladder.Calls.Where(c => !c.Ok).ToList();
        told.AddRange(failed.Take(3).Select(c => $"{c.Who}'s {c.Call} ends with {c.Outcome}"));
        told.AddRange(failed.Count == 0 ? ["no call fails"] : failed.Count > 3 ? [FormattableString.Invariant($"{failed.Count - 3} more calls fail")] : []);
        return $"{string.Join("; ", told)}.";
    }
}
