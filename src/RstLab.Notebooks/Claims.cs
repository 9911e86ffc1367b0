namespace RstLab.Notebooks;

/// <summary>Where a chapter's claims begin: <c>Claims.On(recording).That(…).That(…)</c>.</summary>
public static class Claims
{
    /// <summary>Claims about one recording; where a witness was absent, the recording that ships with the course is asked instead.</summary>
    /// <param name="recording">The recording of this run.</param>
    public static ClaimSet<Recording> On(Recording recording)
    {
        ArgumentNullException.ThrowIfNull(recording);
        return new(recording, recording.Shipped, IsReplay(recording), Seen);
    }

    /// <summary>Claims that compare several recordings. If one of them has to be replaced by its shipped one, all that have one are.</summary>
    /// <param name="recordings">The recordings of this run, in the order that the conditions index them.</param>
    public static ClaimSet<IReadOnlyList<Recording>> On(params IReadOnlyList<Recording> recordings)
    {
        ArgumentNullException.ThrowIfNull(recordings);
        IReadOnlyList<Recording>? shipped = recordings.Any(r => r.Shipped is not null) ? [.. recordings.Select(r => r.Shipped ?? r)] : null;
        return new(recordings, shipped, recordings.Any(IsReplay), all => string.Join(" | ", all.Select(r => $"{r.Id}: {Seen(r)}")));
    }

    /// <summary>Claims about a table of results.</summary>
    /// <param name="table">The results.</param>
    public static ClaimSet<ResultTable> On(ResultTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        return new(table, null, table.Evidence == Evidence.Recorded, _ => null);
    }

    /// <summary>A claim with a condition that has been judged already.</summary>
    /// <param name="id">See <see cref="Claim.Id"/>.</param>
    /// <param name="text">The sentence.</param>
    /// <param name="holds">Whether it holds.</param>
    /// <param name="seen">What was seen; shown when it does not hold.</param>
    /// <exception cref="ArgumentException">The id is not in kebab case.</exception>
    public static ClaimSet<IReadOnlyList<Recording>> That(string id, string text, bool holds, string? seen = null) => On([]).That(id, text, holds, seen);

    /// <summary>A claim about anything that the cell knows.</summary>
    /// <param name="id">See <see cref="Claim.Id"/>.</param>
    /// <param name="text">The sentence.</param>
    /// <param name="condition">The condition; an exception in it breaks the claim.</param>
    /// <param name="of">The recordings that the condition looks at; the evidence is recorded when one of them is.</param>
    /// <exception cref="ArgumentException">The id is not in kebab case.</exception>
    public static ClaimSet<IReadOnlyList<Recording>> That(string id, string text, Func<bool> condition, params IReadOnlyList<Recording> of) =>
        On(of).That(id, text, condition);

    /// <summary>A replayed recording speaks for itself; its events were not made in this run.</summary>
    internal static bool IsReplay(Recording recording) =>
        recording.Shipped is null && recording.Witnesses.Any(w => w.Evidence == Evidence.Recorded);

    /// <summary>What a broken claim shows: what failed, what was reset and why.</summary>
    private static string Seen(Recording recording)
    {
        var seen = recording.Events.Select(e => e switch
        {
            AppCall { Ok: false } call => $"{call.Who}.{call.Call} → {Ladder.Outcome(call)}",
            Segment { IsReset: true } reset => $"{reset.Letters} from {reset.From}",
            KernelReset { Direction: ResetDirection.Sent, Reason: { } reason } => $"kernel: {reason}",
            _ => null,
        }).OfType<string>().ToList();
        return seen.Count == 0 ? "no call failed, and no reset was seen" : string.Join("; ", seen.Take(12)) + (seen.Count > 12 ? $"; … {seen.Count - 12} more" : "");
    }
}
