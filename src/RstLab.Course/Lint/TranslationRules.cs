using Markdig;
using Markdig.Syntax;

namespace RstLab.Course.Lint;

/// <summary>What a translation has to be: complete, of the text that is there now, and built like it, so that its headings have the same anchors.</summary>
internal static class TranslationRules
{
    /// <summary>Checks an overlay of a notebook, or a translated page.</summary>
    /// <param name="text">The translation, lines separated by <c>\n</c>.</param>
    /// <param name="original">The English file that it translates.</param>
    /// <param name="path">The translation's file.</param>
    /// <param name="name">What to call it in findings.</param>
    internal static IEnumerable<Finding> Check(string text, string original, string path, string name)
    {
        IReadOnlyList<Fault> faults;
        try
        {
            faults = !File.Exists(original) ? [new Fault(1, "translation-unknown", $"there is no {Path.GetFileName(original)} and no notebook of that name that this could translate; rename it, or remove it")]
                : Path.GetExtension(original) == ".ipynb" ? [.. OfNotebook(Overlay.Parse(text, name), original)]
                : [.. OfPage(Overlay.ParsePage(text, name), original, path)];
        }
        catch (OverlayException e)
        {
            faults = [new Fault(e.Line, "translation-format", e.What)];
        }
        catch (InvalidDataException)
        {
            faults = []; // the notebook has findings of its own
        }

        return faults.Select(fault => new Finding(name, null, null, fault.Line, fault.Rule, fault.Message));
    }

    private static IEnumerable<Fault> OfNotebook(Overlay overlay, string original)
    {
        var cells = Notebook.Load(original).Cells.Where(cell => cell.Kind == CellKind.Markdown).ToList();
        var rules = new MarkdownRules(original); // a cell's links are those of the notebook
        return
        [
            .. overlay.Check(cells.Select(cell => (cell.Id, cell.Source))),
            .. cells.Where(cell => overlay.Cells.ContainsKey(cell.Id)).SelectMany(cell => Text(overlay.Cells[cell.Id], cell.Source, rules)),
        ];
    }

    private static IEnumerable<Fault> OfPage(TranslatedText page, string original, string path)
    {
        var english = File.ReadAllText(original).ReplaceLineEndings("\n");
        return [.. Overlay.CheckPage(page, english), .. Text(page, english, new MarkdownRules(path))];
    }

    private static IEnumerable<Fault> Text(TranslatedText translated, string english, MarkdownRules rules)
    {
        var (there, here) = (Headings(english), Headings(translated.Text));
        if (!there.SequenceEqual(here))
        {
            yield return new Fault(translated.Line, "translation-headings", $"the headings are of the levels {Levels(here)} where the English text has {Levels(there)}; a translation has the same headings in the same order, which keeps their anchors");
        }

        foreach (var fault in rules.Check(translated.Text))
        {
            yield return fault with { Line = translated.Line + fault.Line - 1 };
        }
    }

    private static IEnumerable<int> Headings(string markdown) => Markdown.Parse(markdown).Descendants<HeadingBlock>().Select(heading => heading.Level);

    private static string Levels(IEnumerable<int> levels) => string.Join(", ", levels) is { Length: > 0 } list ? list : "(none)";
}
