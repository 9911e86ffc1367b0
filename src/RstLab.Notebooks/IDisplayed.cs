namespace RstLab.Notebooks;

/// <summary>Something that a cell can end with.</summary>
internal interface IDisplayed
{
    /// <summary>Writes it as HTML that looks right on its own, with and without scripts.</summary>
    void WriteHtml(TextWriter writer);

    /// <summary>Writes it as text for a console.</summary>
    void WriteText(TextWriter writer);
}
