using System.Runtime.CompilerServices;

namespace RstLab.Notebooks;

/// <summary>The exercises of chapter 0.</summary>
public static class StartHereExercises
{
    private static readonly Exercise OneMoreReset = new("00-first-abort", "Make a reset of your own");

    internal static IReadOnlyList<Exercise> All => [OneMoreReset];

    /// <summary>The server aborts the connection; the client notices.</summary>
    /// <param name="conversation">The reader's conversation.</param>
    /// <param name="code">The reader's code; the compiler fills it in.</param>
    public static Task<Attempt> FirstAbort(Func<Conversation, Task> conversation, [CallerArgumentExpression(nameof(conversation))] string code = "") =>
        OneMoreReset.JudgeAsync(code, async check =>
        {
            var recording = await check.RunAsync(conversation).ConfigureAwait(false);
            check.Expect(recording, "The last segment on the wire is a reset.", r => r.Segments.LastOrDefault() is { IsReset: true }, r => r.Segments.LastOrDefault()?.Letters ?? "no segment");
            check.ExpectReasons(recording, ["TCP_STATE"]);
        });
}
