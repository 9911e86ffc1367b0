namespace RstLab.Notebooks;

/// <summary>The exercises of chapter 6.</summary>
public static class YourStackExercises
{
    internal static IReadOnlyList<Exercise> All => [];
}
