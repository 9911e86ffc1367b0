namespace RstLab.Course.Site;

/// <summary>A page that is no chapter, such as the glossary.</summary>
internal static class ReferencePage
{
    /// <summary>Writes the page.</summary>
    /// <param name="edition">The language.</param>
    /// <param name="text">Its text.</param>
    /// <param name="files">The files that come along.</param>
    internal static Page Of(Edition edition, ReferenceText text, ProjectFiles files)
    {
        var english = new Prose(static url => url) { AnchorsAsOnGitHub = true };
        english.Parse(text.English);
        var prose = new Prose(new PageLinks(files, edition, text.Id).Resolve) { AnchorsAsOnGitHub = true };
        var language = edition.LanguageOf(text);
        var document = prose.Parse(text.Translation ?? text.English, english.Sections.Select(section => section.Id), language);
        List<string> code = [.. prose.Code.Distinct()];
        var html = Prose.Write(document, text.Id, code.Zip(CSharpColours.Colour(code)).ToDictionary(pair => pair.First, pair => pair.Second), edition.Words);
        return new Page
        {
            Title = $"{text.Title} · RST Lab",
            Description = prose.Lead ?? text.Title,
            LanguageOfDescription = language,
            Place = text.Id,
            Edition = edition,
            Sections = prose.Sections,
            Content = $"""
                <header class="title">
                <p class="eyebrow">{edition.Words.Reference}</p>
                <h1{language}>{prose.Title ?? Markup.Escape(text.Title)}</h1>
                </header>
                {(language.Length == 0 ? html : $"<div class=\"as-written\"{language}>{html}</div>")}
                """,
        };
    }
}
