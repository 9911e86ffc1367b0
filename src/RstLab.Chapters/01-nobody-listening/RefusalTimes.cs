using RstLab.Notebooks;

namespace RstLab.Chapters;

/// <summary>How long a refused connect takes in three ways: what chapter 1 measures and what it claims about that.</summary>
public static class RefusalTimes
{
    private const string Throws = "Connect, throws", Detour = "ConnectAsync, no exception", Native = "connect(2)";

    private static readonly (TrialKind Kind, string Call)[] Ways =
        [(TrialKind.Refused, Throws), (TrialKind.RefusedWithoutException, Detour), (TrialKind.RefusedNatively, Native)];

    /// <summary>2000 attempts in each way, in turns of 100, so that whatever else the machine does meets all alike.</summary>
    /// <exception cref="NotPossibleHereException">This machine cannot run it, and no table ships.</exception>
    public static Task<ResultTable> MeasureAsync() => Lab.MeasureAsync("01-refusal-times", stop =>
        Enumerable.Range(0, 20).SelectMany(_ => Ways).SelectMany(way =>
            Trials.Run(way.Kind, 100, cancellation: stop).Trials.Select(t => (object[])[way.Call, t.Elapsed / 1000.0, t.Error.ToString()])),
        "call", "elapsed (us)", "error");

    /// <summary>The middle of each way's times.</summary>
    /// <param name="times">The table <c>01-refusal-times</c>.</param>
    /// <returns>The way, and the time in microseconds that half of its refusals were faster than.</returns>
    public static IReadOnlyList<(string Call, double Median)> Medians(ResultTable times)
    {
        ArgumentNullException.ThrowIfNull(times);
        return [.. times.Texts("call").Zip(times.Numbers("elapsed (us)")).GroupBy(row => row.First, row => row.Second)
            .Select(way => (way.Key, way.Order().ElementAt(way.Count() / 2)))];
    }

    /// <summary>What the times show. Each time is compared with another that was measured at the same moment, never with a constant.</summary>
    /// <param name="times">The table <c>01-refusal-times</c>.</param>
    /// <param name="guess">Which way the reader expected to be faster.</param>
    public static ClaimSet Claims(ResultTable times, Prediction? guess = null) => Notebooks.Claims.On(times)
        .Compare(guess, t => Math.Abs(Median(t, Detour) - Median(t, Throws)) < 0.1 * Median(t, Throws) ? 3 : Median(t, Throws) < Median(t, Detour) ? 1 : 2,
            "An exception costs microseconds. So does handing an answer from thread to thread, and here that costs more.",
            (2, "Not throwing saves nothing if the asynchronous path itself costs more."),
            (3, "The system call is the same. What is added differs: an exception in one, two changes of thread in the other."))
        .That("01-times-all-refused", "All 6000 attempts were refused. None timed out and none succeeded.",
            t => t.Rows.Count == 6000 && t.Texts("error").All(error => error == "ConnectionRefused"))
        .That("01-times-exception-costs",
            "Connect with its exception costs something: in the middle, it takes longer than the system call that it makes.",
            t => Median(t, Native) < Median(t, Throws))
        .That("01-times-detour-costs-more", "Avoiding the exception costs more than the exception: in the middle, ConnectAsync takes longer than Connect.",
            t => Median(t, Detour) > Median(t, Throws));

    private static double Median(ResultTable times, string call) => Medians(times).Single(way => way.Call == call).Median;
}
