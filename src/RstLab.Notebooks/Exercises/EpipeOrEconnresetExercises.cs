namespace RstLab.Notebooks;

/// <summary>The exercises of chapter 4.</summary>
public static class EpipeOrEconnresetExercises
{
    internal static IReadOnlyList<Exercise> All => [];
}
