namespace RstLab.Notebooks;

/// <summary>The exercises of chapter 2.</summary>
public static class ConnectionAbortedExercises
{
    internal static IReadOnlyList<Exercise> All => [];
}
