using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using RstLab.Course.Lint;

namespace RstLab.Course;

/// <summary>
/// A translation that lies beside its English original, never in place of it: the Markdown cells of a notebook, each under a
/// marker with the cell's id and the hash of the English text that was translated, or a whole page under one marker. Code is
/// never translated.
/// </summary>
/// <example>
/// <c>notebooks/zh-CN/01-nobody-listening.md</c> has <c>&lt;!-- cell: title of: 1a2b3c4d5e6f --&gt;</c> before each translated cell,
/// <c>notebooks/zh-CN/glossary.md</c> begins with <c>&lt;!-- page of: 1a2b3c4d5e6f --&gt;</c>.
/// </example>
internal sealed partial class Overlay
{
    /// <summary>The folder, in that of the notebooks, of the translations; its name is the language's tag.</summary>
    internal const string Folder = "zh-CN";

    private readonly Dictionary<string, TranslatedText> cells = new(StringComparer.Ordinal);

    private Overlay(string name) => Name = name;

    /// <summary>What the file is called in messages.</summary>
    internal string Name { get; }

    /// <summary>The translated cells by the id of the English one, in the file's order.</summary>
    internal IReadOnlyDictionary<string, TranslatedText> Cells => cells;

    /// <summary>The first 12 lower-case hex digits of the SHA-256 of a text in UTF-8, its lines separated by <c>\n</c>, without white space at its end.</summary>
    /// <param name="english">The source of a cell, or all of a page.</param>
    internal static string HashOf(string english) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(english.ReplaceLineEndings("\n").TrimEnd())))[..12];

    /// <summary>Where the translation of a notebook or page belongs, whether or not it is there.</summary>
    /// <param name="original">The <c>.ipynb</c> or <c>.md</c> file.</param>
    /// <param name="notebooks">The folder that the chapters are in.</param>
    internal static string PathOf(string original, string notebooks) =>
        Path.Combine(notebooks, Folder, Path.ChangeExtension(Path.GetRelativePath(notebooks, original), ".md"));

    /// <summary>The file that a translation translates, whether or not it is there: a notebook where there is one, else a page; null for a file that is no translation.</summary>
    /// <param name="path">A file, such as <c>notebooks/zh-CN/solutions/01-nobody-listening.md</c>.</param>
    internal static string? OriginalOf(string path)
    {
        var parts = Path.GetFullPath(path).Split(Path.DirectorySeparatorChar);
        var at = Array.LastIndexOf(parts, Folder);
        if (at < 0 || Path.GetExtension(path) != ".md")
        {
            return null;
        }

        var page = string.Join(Path.DirectorySeparatorChar, parts[..at].Concat(parts[(at + 1)..]));
        var notebook = Path.ChangeExtension(page, ".ipynb");
        return File.Exists(notebook) ? notebook : page;
    }

    /// <summary>Reads the translated cells of a notebook.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="OverlayException">The file is no overlay; the message says where and what to do.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    internal static Overlay Load(string path) => Parse(File.ReadAllText(path), path);

    /// <summary>Reads the translated cells of a notebook from their text.</summary>
    /// <param name="text">The overlay.</param>
    /// <param name="name">What to call it in messages: the file's path.</param>
    /// <exception cref="OverlayException">It is no overlay; the message says where and what to do.</exception>
    internal static Overlay Parse(string text, string name)
    {
        var overlay = new Overlay(name);
        var lines = text.TrimStart('\uFEFF').ReplaceLineEndings("\n").Split('\n');
        var (marker, begins) = (default(Match), 0);
        void End(int end)
        {
            if (marker is null)
            {
                return;
            }

            var (id, body) = (marker.Groups["id"].Value, lines[begins..end]);
            var blank = body.TakeWhile(string.IsNullOrWhiteSpace).Count();
            if (blank == body.Length)
            {
                throw new OverlayException(name, begins, $"nothing follows the marker of the cell '{id}'; write its translation below it, or remove the marker");
            }

            if (!overlay.cells.TryAdd(id, new TranslatedText(marker.Groups["of"].Value, string.Join('\n', body[blank..]).TrimEnd(), begins, begins + blank + 1)))
            {
                throw new OverlayException(name, begins, $"the cell '{id}' was translated before, under the marker in line {overlay.cells[id].MarkerLine}; keep one of the two");
            }
        }

        for (var i = 0; i < lines.Length; i++)
        {
            if (!MarkerLike().IsMatch(lines[i]))
            {
                if (marker is null && !string.IsNullOrWhiteSpace(lines[i]))
                {
                    throw new OverlayException(name, i + 1, "this text belongs to no cell; an overlay begins with a marker: <!-- cell: ID of: HASH -->");
                }

                continue;
            }

            End(i);
            marker = Marker().Match(lines[i]);
            begins = i + 1;
            if (!marker.Success)
            {
                throw new OverlayException(name, begins, "this is no marker of a cell; write <!-- cell: ID of: HASH -->, on a line of its own, with the English cell's id and the 12 lower-case hex digits that the lint command names");
            }
        }

        End(lines.Length);
        return overlay;
    }

    /// <summary>What is unknown, missing or outdated.</summary>
    /// <param name="english">The notebook as it is now.</param>
    internal IEnumerable<Fault> Check(IEnumerable<(string Id, string Source)> english)
    {
        var originals = english.ToDictionary(cell => cell.Id, cell => cell.Source, StringComparer.Ordinal);
        foreach (var (id, cell) in cells)
        {
            if (!originals.TryGetValue(id, out var source))
            {
                yield return new Fault(cell.MarkerLine, "translation-unknown", $"the notebook has no Markdown cell '{id}'; correct the id, or remove this translation");
            }
            else if (HashOf(source) is var hash && cell.Of != hash)
            {
                yield return new Fault(cell.MarkerLine, "translation-outdated", $"the English cell '{id}' is not the one that was translated; read it again, correct the translation, and write: {MarkerOf(id, source)}");
            }
        }

        foreach (var (id, source) in originals)
        {
            if (!cells.ContainsKey(id))
            {
                yield return new Fault(1, "translation-missing", $"the cell '{id}' is not translated; translate it below: {MarkerOf(id, source)}");
            }
        }
    }

    /// <summary>Reads a translated page.</summary>
    /// <param name="text">The file.</param>
    /// <param name="name">What to call it in messages: the file's path.</param>
    /// <exception cref="OverlayException">It has no marker; the message says what to do.</exception>
    internal static TranslatedText ParsePage(string text, string name)
    {
        var parts = text.TrimStart('\uFEFF').ReplaceLineEndings("\n").Split('\n', 2);
        return PageMarker().Match(parts[0]) is { Success: true } marker
            ? new TranslatedText(marker.Groups["of"].Value, parts.Length == 1 ? "" : parts[1].TrimEnd(), 1, 2)
            : throw new OverlayException(name, 1, "the first line of a translated page says what it was translated from: <!-- page of: HASH -->, with the 12 lower-case hex digits that the lint command names");
    }

    /// <summary>What is outdated in a translated page.</summary>
    /// <param name="page">The translation.</param>
    /// <param name="english">The page as it is now.</param>
    internal static IEnumerable<Fault> CheckPage(TranslatedText page, string english) => page.Of == HashOf(english) ? []
        : [new Fault(1, "translation-outdated", $"the English page is not the one that was translated; read it again, correct the translation, and write: <!-- page of: {HashOf(english)} -->")];

    private static string MarkerOf(string id, string source) => $"<!-- cell: {id} of: {HashOf(source)} -->";

    [GeneratedRegex(@"^\s*<!--\s*cell\b", RegexOptions.IgnoreCase)]
    private static partial Regex MarkerLike();

    [GeneratedRegex(@"^<!-- cell: (?<id>[A-Za-z0-9_-]{1,64}) of: (?<of>[0-9a-f]{12}) -->\s*$")]
    private static partial Regex Marker();

    [GeneratedRegex(@"^<!-- page of: (?<of>[0-9a-f]{12}) -->\s*$")]
    private static partial Regex PageMarker();
}

/// <summary>A translated cell or page.</summary>
/// <param name="Of">The hash of the English text that was translated.</param>
/// <param name="Text">The translation in Markdown, lines separated by <c>\n</c>.</param>
/// <param name="MarkerLine">The line of its marker in the file, from 1.</param>
/// <param name="Line">The line in which it begins, from 1.</param>
internal sealed record TranslatedText(string Of, string Text, int MarkerLine, int Line);

/// <summary>A translation that cannot be read.</summary>
internal sealed class OverlayException(string name, int line, string what) : FormatException(FormattableString.Invariant($"{name}, line {line}: {what}."))
{
    /// <summary>The line, from 1.</summary>
    internal int Line { get; } = line;

    /// <summary>What is wrong and what to do, without the place.</summary>
    internal string What { get; } = what;
}
