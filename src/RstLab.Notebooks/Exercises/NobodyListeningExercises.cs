namespace RstLab.Notebooks;

/// <summary>The exercises of chapter 1.</summary>
public static class NobodyListeningExercises
{
    internal static IReadOnlyList<Exercise> All => [];
}
