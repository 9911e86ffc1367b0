namespace RstLab.Notebooks;

/// <summary>The exercises of chapter 5.</summary>
public static class NoticingExercises
{
    internal static IReadOnlyList<Exercise> All => [];
}
