using RstLab.Notebooks;

namespace RstLab.Course;

/// <summary>The lab that a chapter's cells find themselves in, as the runner needs it.</summary>
internal interface ILabScope
{
    /// <summary>What the cells recorded or replayed.</summary>
    IReadOnlyList<Recording> Recordings { get; }

    /// <summary>The tables of results.</summary>
    IReadOnlyList<ResultTable> Tables { get; }

    /// <summary>How long experiments ran, waits included.</summary>
    TimeSpan ExperimentTime { get; }

    /// <summary>Makes this the lab of the current async flow, until disposed.</summary>
    IDisposable Enter();

    /// <summary>Takes note of a value that a cell displayed.</summary>
    /// <returns>The claims in it; none where it is something else.</returns>
    IEnumerable<ClaimResult> Displayed(object? value, int cell);
}

/// <summary>The real lab: a session of its own for each chapter.</summary>
internal sealed class LabScope(LabSession session) : ILabScope
{
    public IReadOnlyList<Recording> Recordings => session.Recordings;

    public IReadOnlyList<ResultTable> Tables => session.Tables;

    public TimeSpan ExperimentTime => session.ExperimentTime;

    public IDisposable Enter() => session.Enter();

    public IEnumerable<ClaimResult> Displayed(object? value, int cell) => value switch
    {
        IEnumerable<Claim> claims => claims.Select(claim => new ClaimResult(claim.Id, claim.Text, claim.Holds, claim.Evidence, claim.Detail, cell)),
        Claim claim => Displayed(new[] { claim }, cell),
        _ => [],
    };
}
