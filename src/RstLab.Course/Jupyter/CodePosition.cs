namespace RstLab.Course.Jupyter;

/// <summary>Jupyter counts a cursor's place in Unicode characters, .NET in UTF-16 units.</summary>
internal static class CodePosition
{
    /// <summary>The place in .NET's units, within the text whatever was asked; its end when nothing was.</summary>
    internal static int ToUnits(string text, int? characters)
    {
        if (characters is not { } left)
        {
            return text.Length;
        }

        var at = 0;
        for (; left > 0 && at < text.Length; left--)
        {
            at += char.IsSurrogatePair(text, Math.Min(at, text.Length - 1)) ? 2 : 1;
        }

        return Math.Min(at, text.Length);
    }

    internal static int ToCharacters(string text, int units)
    {
        var characters = 0;
        for (var at = 0; at < units; characters++)
        {
            at += at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]) ? 2 : 1;
        }

        return characters;
    }
}
