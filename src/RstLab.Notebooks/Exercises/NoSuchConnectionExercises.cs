namespace RstLab.Notebooks;

/// <summary>The exercises of chapter 3.</summary>
public static class NoSuchConnectionExercises
{
    internal static IReadOnlyList<Exercise> All => [];
}
