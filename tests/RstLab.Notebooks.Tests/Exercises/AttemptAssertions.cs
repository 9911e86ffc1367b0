namespace RstLab.Notebooks.Tests.Exercises;

/// <summary>How an attempt at an exercise has to come out. Where this machine cannot judge it, the test is skipped with the reason.</summary>
internal static class AttemptAssertions
{
    internal static void MustPass(this Attempt attempt)
    {
        SkipWhereNotJudged(attempt);
        Assert.True(attempt.Status == AttemptStatus.Passed, attempt.ToString());
    }

    internal static void MustBeOpen(this Attempt attempt)
    {
        SkipWhereNotJudged(attempt);
        Assert.True(attempt.Status == AttemptStatus.Open, attempt.ToString());
        Assert.Contains(attempt.Expectations, expectation => expectation.Met == false);
    }

    /// <summary>The attempt fails, and among what is unmet is an expectation with these words, or with one of them where a race decides which.</summary>
    internal static void MustFailFor(this Attempt attempt, params string[] expected)
    {
        SkipWhereNotJudged(attempt);
        Assert.SkipWhen(attempt.Expectations.Any(e => e.Met is null && expected.Any(words => e.Expected.Contains(words, StringComparison.Ordinal))), "no witness here can judge it");
        Assert.True(attempt.Status == AttemptStatus.Failed, attempt.ToString());
        Assert.Contains(attempt.Expectations, e => e.Met == false && expected.Any(words => e.Expected.Contains(words, StringComparison.Ordinal)));
    }

    private static void SkipWhereNotJudged(Attempt attempt) => Assert.SkipWhen(attempt.WhyNotJudged is not null, attempt.WhyNotJudged ?? "");
}
