namespace RstLab.Notebooks;

/// <summary>The room that a picture has: its width in pixels and whether it may use the sides for words.</summary>
/// <param name="Width">Width in pixels.</param>
/// <param name="IsNarrow">Whether it is for a phone.</param>
internal sealed record Frame(double Width, bool IsNarrow)
{
    internal static readonly Frame Wide = new(940, false);

    internal static readonly Frame Narrow = new(380, true);

    /// <summary>A picture in a README, which pages show about this wide.</summary>
    internal static readonly Frame Page = new(940, false);
}
