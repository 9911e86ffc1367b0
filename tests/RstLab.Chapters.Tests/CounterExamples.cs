using RstLab.Notebooks;

namespace RstLab.Chapters.Tests;

/// <summary>Where an example for each claim begins: <c>CounterExamples.To(claims, subject).Breaks(…).Check()</c>.</summary>
internal static class CounterExamples
{
    /// <summary>The claims of one method, on a subject on which all of them hold.</summary>
    /// <param name="claims">Judges the claims.</param>
    /// <param name="subject">Mostly what ships in <c>data/</c>.</param>
    internal static CounterExamples<T> To<T>(Func<T, ClaimSet> claims, T subject) => new(claims, subject);
}

/// <summary>
/// For each claim something on which its sentence is false. A condition that lets it pass tests less than its sentence; a claim without
/// such an example cannot fail, and is no claim.
/// </summary>
internal sealed class CounterExamples<T>(Func<T, ClaimSet> claims, T subject)
{
    private readonly List<(string Id, Func<T, T> Change)> _examples = [];

    /// <summary>Adds an example; a claim may have several.</summary>
    /// <param name="id">The claim.</param>
    /// <param name="change">Makes of the subject one on which the claim's sentence is false, and as little else as possible.</param>
    internal CounterExamples<T> Breaks(string id, Func<T, T> change)
    {
        _examples.Add((id, change));
        return this;
    }

    /// <summary>All claims hold on the subject, and each is broken, not merely unjudged, on each of its examples.</summary>
    internal void Check()
    {
        var held = claims(subject);
        Assert.All(held, claim => Assert.True(claim.Holds, claim.ToString()));
        Assert.Equal(held.Select(claim => claim.Id).Order(StringComparer.Ordinal), _examples.Select(example => example.Id).Distinct().Order(StringComparer.Ordinal));
        Assert.All(_examples, example =>
        {
            var claim = claims(example.Change(subject)).Single(claim => claim.Id == example.Id);
            Assert.False(claim.Holds, $"{claim.Id} holds where its sentence is false: {claim.Text}");
            Assert.DoesNotContain("The condition threw", claim.Detail ?? "", StringComparison.Ordinal);
            Assert.DoesNotContain("Not judged", claim.Detail ?? "", StringComparison.Ordinal);
        });
    }
}
