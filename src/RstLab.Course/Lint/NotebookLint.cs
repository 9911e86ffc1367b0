using System.Text.Json;
using System.Text.Json.Nodes;

namespace RstLab.Course.Lint;

/// <summary>
/// Checks that notebooks, the scripts that they import and the pages beside them work unchanged wherever C# notebooks are opened,
/// and that what is committed is what a person wrote.
/// </summary>
internal static class NotebookLint
{
    // As the .NET Interactive kernel and the editors name the language. What else they write there is theirs, and not for a commit.
    private static readonly (string Of, string Key, string Value)[] Expected =
    [
        ("kernelspec", "name", ".net-csharp"), ("kernelspec", "display_name", ".NET (C#)"), ("kernelspec", "language", "C#"),
        ("language_info", "name", "C#"), ("language_info", "file_extension", ".cs"), ("language_info", "mimetype", "text/x-csharp"), ("language_info", "pygments_lexer", "csharp"),
    ];

    private static readonly string[] Editors = ["polyglot_notebook", "dotnet_interactive", "dotnet_repl", "vscode", "execution", "ExecuteTime", "collapsed", "scrolled", "jupyter", "widgets", "toc"];

    /// <summary>The files of the notebooks' folder that this checks: chapters, scripts and pages, the solutions, and the translations of all of them.</summary>
    internal static IReadOnlyList<string> In(string folder) =>
    [
        .. new[] { "", "solutions", Overlay.Folder, Path.Combine(Overlay.Folder, "solutions") }
            .Select(inside => Path.Combine(folder, inside))
            .Where(Directory.Exists)
            .SelectMany(inside => Directory.EnumerateFiles(inside).Where(file => Path.GetExtension(file) is ".ipynb" or ".csx" or ".md").Order(StringComparer.Ordinal)),
    ];

    /// <summary>Checks one file.</summary>
    /// <param name="path">A <c>.ipynb</c>, <c>.csx</c> or <c>.md</c> file.</param>
    /// <param name="name">What to call it in findings.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    internal static IReadOnlyList<Finding> Check(string path, string name)
    {
        var text = File.ReadAllText(path).ReplaceLineEndings("\n");
        return Path.GetExtension(path) switch
        {
            ".csx" => [.. CSharpRules.Check(text, folder: null).Select(fault => new Finding(name, null, null, fault.Line, fault.Rule, fault.Message))],
            ".md" when Overlay.OriginalOf(path) is { } original => [.. TranslationRules.Check(text, original, path, name)],
            ".md" => [.. new MarkdownRules(path).Check(text).Select(fault => new Finding(name, null, null, fault.Line, fault.Rule, fault.Message))],
            _ => Notebook(text, path, name),
        };
    }

    private static List<Finding> Notebook(string text, string path, string name)
    {
        JsonObject? root = null;
        Finding? broken = null;
        try
        {
            if (Course.Notebook.LineOfHalfCharacter(text) is { } line)
            {
                return [new Finding(name, null, null, line, "format", $"this line {Course.Notebook.HalfCharacter}")];
            }

            root = JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false }) as JsonObject;
        }
        catch (JsonException e)
        {
            broken = new Finding(name, null, null, (int)(e.LineNumber ?? 0) + 1, "format", $"this is not JSON: {e.Message.ReplaceLineEndings(" ")}");
        }

        if (root?["cells"] is not JsonArray cells || root["metadata"] is not JsonObject metadata)
        {
            return [broken ?? new Finding(name, null, null, 1, "format", "this is no notebook: an object with cells and metadata")];
        }

        int LineOf(string key) => 1 + text.AsSpan(0, Math.Max(0, text.LastIndexOf($"\"{key}\"", StringComparison.Ordinal))).Count('\n');
        var findings = new List<Finding>();
        if ((root["nbformat"]?.ToJsonString(), root["nbformat_minor"]?.ToJsonString()) is not ("4", "5"))
        {
            findings.Add(new Finding(name, null, null, LineOf("nbformat"), "format", "the format is 4.5, which gives every cell an id: \"nbformat\": 4, \"nbformat_minor\": 5"));
        }

        findings.AddRange(Expected
            .Where(expected => (metadata[expected.Of] as JsonObject)?[expected.Key]?.ToString() != expected.Value)
            .Select(expected => new Finding(name, null, null, LineOf("metadata"), expected.Of == "kernelspec" ? "kernelspec" : "language-info", $"{expected.Of}.{expected.Key} must be \"{expected.Value}\", so that every editor finds the kernel and the language")));
        findings.AddRange(FromEditors(metadata).Select(message => new Finding(name, null, null, LineOf("metadata"), "editor-metadata", message)));

        var markdown = new MarkdownRules(path);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < cells.Count; i++)
        {
            var (cell, number) = (cells[i] as JsonObject, i + 1);
            var id = (cell?["id"] as JsonValue)?.ToString();
            findings.AddRange(Cell(cell, id, seen, number, markdown, Path.GetDirectoryName(Path.GetFullPath(path))!)
                .Select(fault => new Finding(name, number, id, fault.Line, fault.Rule, fault.Message)));
        }

        return findings;
    }

    private static List<Fault> Cell(JsonObject? cell, string? id, HashSet<string> seen, int number, MarkdownRules markdown, string folder)
    {
        if (cell is null || !NotebookCell.TryText(cell["source"], out var source))
        {
            return [new Fault(1, "format", "this is no cell: an object with a source")];
        }

        var faults = new List<Fault>();
        if (id is null || id.Length is 0 or > 64 || id.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_')))
        {
            faults.Add(new Fault(1, "cell-id", "the cell has no valid id (1 to 64 letters, digits, - and _)"));
        }
        else if (!seen.Add(id))
        {
            faults.Add(new Fault(1, "cell-id", "another cell has this id too; ids are unique in a notebook"));
        }

        faults.AddRange(FromEditors(cell["metadata"] as JsonObject).Select(message => new Fault(1, "editor-metadata", message)));
        source = source.ReplaceLineEndings("\n");
        var kind = cell["cell_type"]?.ToString();
        if (number == 1 && !(kind == "markdown" && source.StartsWith("# ", StringComparison.Ordinal)))
        {
            faults.Add(new Fault(1, "heading-order", "the first cell begins with the title: # Title"));
        }

        switch (kind)
        {
            case "markdown":
                faults.AddRange(markdown.Check(source));
                break;
            case "code":
                if (cell["outputs"] is not JsonArray { Count: 0 })
                {
                    faults.Add(new Fault(1, "outputs", "a committed cell has no outputs (and an empty list of them); clear them before committing"));
                }

                if (!cell.TryGetPropertyValue("execution_count", out var count) || count is not null)
                {
                    faults.Add(new Fault(1, "outputs", "a committed cell has the execution_count null; clear the outputs before committing"));
                }

                faults.AddRange(CSharpRules.Check(source, folder));
                break;
            case not "raw":
                faults.Add(new Fault(1, "format", $"the cell_type {kind ?? "(none)"} is not one of code, markdown and raw"));
                break;
        }

        return faults;
    }

    private static IEnumerable<string> FromEditors(JsonObject? metadata) =>
        (metadata ?? []).Where(pair => Editors.Contains(pair.Key)).Select(pair => $"the metadata '{pair.Key}' were written by an editor; remove them before committing");
}
