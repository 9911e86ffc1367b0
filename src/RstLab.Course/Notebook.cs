using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RstLab.Course;

/// <summary>
/// A Jupyter notebook, format 4.5 (nbformat.readthedocs.io). What this program does not know, metadata above all, is kept as it
/// was read and written back.
/// </summary>
public sealed class Notebook
{
    private static readonly JsonSerializerOptions Format = new()
    {
        WriteIndented = true,
        IndentSize = 1,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly JsonObject root;

    private Notebook(JsonObject root, IReadOnlyList<NotebookCell> cells)
    {
        this.root = root;
        Cells = cells;
    }

    /// <summary>The cells in order.</summary>
    public IReadOnlyList<NotebookCell> Cells { get; }

    /// <summary>The notebook's own metadata, such as <c>kernelspec</c>.</summary>
    public JsonObject Metadata => (JsonObject)root["metadata"]!;

    /// <summary>The text of the first first-level heading in a Markdown cell; null when there is none.</summary>
    public string? Title => Cells.Where(cell => cell.Kind == CellKind.Markdown)
        .SelectMany(cell => cell.Source.Split('\n'))
        .FirstOrDefault(line => line.StartsWith("# ", StringComparison.Ordinal))?[2..].Trim();

    /// <summary>Reads a notebook.</summary>
    /// <param name="path">The <c>.ipynb</c> file.</param>
    /// <exception cref="InvalidDataException">The file is missing, unreadable or no notebook; the message says where and what to do.</exception>
    public static Notebook Load(string path)
    {
        string json;
        try
        {
            json = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"{path} cannot be read: {e.Message}", e);
        }

        return Parse(json, path);
    }

    /// <summary>Reads a notebook from its text.</summary>
    /// <param name="json">The notebook as JSON.</param>
    /// <param name="name">What to call it in messages: the file's path.</param>
    /// <exception cref="InvalidDataException">It is no notebook; the message says where and what to do.</exception>
    public static Notebook Parse(string json, string name)
    {
        JsonNode? node;
        try
        {
            if (LineOfHalfCharacter(json) is { } line)
            {
                throw Broken(name, $"line {line}", HalfCharacter);
            }

            node = JsonNode.Parse(json, documentOptions: new JsonDocumentOptions { MaxDepth = 512, AllowDuplicateProperties = false });
        }
        catch (JsonException e)
        {
            throw Broken(name, $"line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}", $"is not JSON ({OneLine(e.Message)})");
        }

        if (node is not JsonObject root)
        {
            throw Broken(name, "the top level", "is no JSON object");
        }

        if (root["nbformat"] is not JsonValue format || !format.TryGetValue(out int major) || major != 4)
        {
            throw Broken(name, "nbformat", $"is {root["nbformat"]?.ToJsonString() ?? "missing"} where 4 is needed; convert it with 'jupyter nbconvert --to notebook'");
        }

        if (root["nbformat_minor"] is { } minor && (minor is not JsonValue number || !number.TryGetValue(out int release) || release < 0))
        {
            throw Broken(name, "nbformat_minor", $"is {minor.ToJsonString()} where a whole number is needed, such as 5; correct it by hand, or open and save the notebook in Jupyter");
        }

        if (root["cells"] is not JsonArray cells)
        {
            throw Broken(name, "cells", "is missing or no list");
        }

        root["metadata"] ??= new JsonObject();
        if (root["metadata"] is not JsonObject)
        {
            throw Broken(name, "metadata", "is no JSON object");
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        return new Notebook(root, [.. cells.Select((cell, index) => NotebookCell.Read(cell, index, name, seen))]);
    }

    /// <summary>Writes the notebook as nbformat 4.5. An existing file is replaced only when the new one is complete.</summary>
    /// <param name="path">The file to write; its folder is made when missing.</param>
    public void Save(string path) => SafeFile.Replace(path, stream => stream.Write(Encoding.UTF8.GetBytes(ToJson())));

    /// <summary>The notebook as nbformat 4.5.</summary>
    public string ToJson()
    {
        var copy = (JsonObject)root.DeepClone();
        copy["nbformat_minor"] = Math.Max(5, (int?)copy["nbformat_minor"] ?? 5);
        copy["cells"] = new JsonArray([.. Cells.Select(cell => cell.ToJson())]);
        return copy.ToJsonString(Format) + "\n";
    }

    internal static InvalidDataException Broken(string name, string place, string what) => new($"{name}: {place} {what}.");

    /// <summary>What is wrong in the line that <see cref="LineOfHalfCharacter"/> found.</summary>
    internal const string HalfCharacter = "holds half of a character (an escape from \\ud800 to \\udfff without its other half); delete that escape, or type the character itself";

    /// <summary>The first line with an escape such as <c>\ud83d</c> and without the other half of its character: valid JSON that cannot be read as text. Null when there is none.</summary>
    /// <exception cref="JsonException">This is not JSON.</exception>
    internal static int? LineOfHalfCharacter(string json)
    {
        var text = Encoding.UTF8.GetBytes(json);
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = 512 });
        while (reader.Read())
        {
            if (!reader.ValueIsEscaped)
            {
                continue;
            }

            try
            {
                reader.GetString();
            }
            catch (InvalidOperationException)
            {
                return text.AsSpan(0, (int)reader.TokenStartIndex).Count((byte)'\n') + 1;
            }
        }

        return null;
    }

    private static string OneLine(string message) => message.ReplaceLineEndings(" ").TrimEnd('.');
}

/// <summary>What a cell is.</summary>
public enum CellKind
{
    /// <summary>Code that is run.</summary>
    Code,

    /// <summary>Text in Markdown.</summary>
    Markdown,

    /// <summary>Text that is passed through.</summary>
    Raw,
}

/// <summary>One cell of a notebook.</summary>
public sealed class NotebookCell
{
    private readonly JsonObject json;

    private NotebookCell(JsonObject json, string id, CellKind kind, string source)
    {
        this.json = json;
        Id = id;
        Kind = kind;
        Source = source;
    }

    /// <summary>The cell's id, unique in its notebook.</summary>
    public string Id { get; }

    /// <summary>What the cell is.</summary>
    public CellKind Kind { get; }

    /// <summary>The text, lines separated by <c>\n</c>.</summary>
    public string Source { get; }

    /// <summary>The cell's own metadata, such as <c>tags</c>.</summary>
    public JsonObject Metadata => (JsonObject)json["metadata"]!;

    /// <summary>The tags in the metadata; none where there are none.</summary>
    public IReadOnlyList<string> Tags => Metadata["tags"] is JsonArray tags
        ? [.. tags.OfType<JsonValue>().Select(tag => tag.ToString())]
        : [];

    /// <summary>The number shown as <c>[n]</c>; null for a cell that was not run and for text.</summary>
    public int? ExecutionCount { get; set; }

    /// <summary>What the cell showed, in order; empty for text.</summary>
    public IReadOnlyList<CellOutput> Outputs { get; set; } = [];

    internal static NotebookCell Read(JsonNode? node, int index, string name, HashSet<string> seen)
    {
        var place = $"cell {index + 1} of {name}";
        InvalidDataException Broken(string what) => new($"{place} {what}.");
        if (node is not JsonObject json)
        {
            throw Broken("is no JSON object");
        }

        if (json["id"] is not JsonValue value || !value.TryGetValue(out string? id) || id.Length is 0 or > 64 || id.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_')))
        {
            throw Broken("has no valid id (1 to 64 letters, digits, - and _); nbformat 4.5 asks every cell for one. Give it one by hand, or open and save the notebook in Jupyter");
        }

        place += $" (id {id})";
        if (!seen.Add(id))
        {
            throw Broken("has an id that another cell has too; ids are unique in a notebook");
        }

        var kind = (json["cell_type"] as JsonValue)?.ToString() switch
        {
            "code" => CellKind.Code,
            "markdown" => CellKind.Markdown,
            "raw" => CellKind.Raw,
            var other => throw Broken($"has the cell_type {other ?? "(none)"}; it must be code, markdown or raw"),
        };
        if (!TryText(json["source"], out var source))
        {
            throw Broken("has no source (a string or a list of strings)");
        }

        json["metadata"] ??= new JsonObject();
        if (json["metadata"] is not JsonObject)
        {
            throw Broken("has metadata that are no JSON object");
        }

        var cell = new NotebookCell(json, id, kind, source.ReplaceLineEndings("\n"));
        if (kind == CellKind.Code)
        {
            cell.ExecutionCount = json["execution_count"] is JsonValue count && count.TryGetValue(out int number) ? number : null;
            if (json["outputs"] is not (JsonArray or null))
            {
                throw Broken("has outputs that are no list");
            }

            cell.Outputs = [.. ((json["outputs"] as JsonArray) ?? []).Select((output, i) => CellOutput.Read(output)
                ?? throw Broken($"has an output (number {i + 1}) of no known shape; clear the outputs and try again"))];
        }

        return cell;
    }

    internal JsonObject ToJson()
    {
        var copy = (JsonObject)json.DeepClone();
        if (Kind == CellKind.Code)
        {
            copy["execution_count"] = ExecutionCount;
            copy["outputs"] = new JsonArray([.. Outputs.Select(output => output.ToJson())]);
        }

        return copy;
    }

    /// <summary>nbformat's multi-line text: a string, or a list of strings that are joined with nothing between them.</summary>
    internal static bool TryText(JsonNode? node, out string text)
    {
        text = "";
        switch (node)
        {
            case JsonValue value when value.TryGetValue(out string? line):
                text = line;
                return true;
            case JsonArray lines when lines.All(line => line is JsonValue v && v.TryGetValue(out string? _)):
                text = string.Concat(lines.Select(line => (string)line!));
                return true;
            default:
                return false;
        }
    }

    /// <summary>Text as nbformat's list of lines, each but the last with its line feed.</summary>
    internal static JsonArray Lines(string text)
    {
        var lines = new JsonArray();
        for (var start = 0; start < text.Length;)
        {
            var end = text.IndexOf('\n', start);
            end = end < 0 ? text.Length : end + 1;
            lines.Add((JsonNode)text[start..end]);
            start = end;
        }

        return lines;
    }
}

/// <summary>One thing that a cell showed.</summary>
public abstract record CellOutput
{
    internal abstract JsonObject ToJson();

    internal static CellOutput? Read(JsonNode? node)
    {
        if (node is not JsonObject json)
        {
            return null;
        }

        switch ((json["output_type"] as JsonValue)?.ToString())
        {
            case "stream" when NotebookCell.TryText(json["text"], out var text):
                return new StreamOutput((json["name"] as JsonValue)?.ToString() ?? "stdout", text);
            case "execute_result" or "display_data" when json["data"] is JsonObject data:
                var count = json["execution_count"] is JsonValue value && value.TryGetValue(out int number) ? number : (int?)null;
                return new DisplayOutput(
                    [.. data.Select(pair => new MimeContent(pair.Key, NotebookCell.TryText(pair.Value, out var text) ? text : pair.Value?.ToJsonString() ?? "null"))],
                    json["output_type"]!.ToString() == "execute_result" ? count ?? 0 : null)
                {
                    Metadata = json["metadata"] as JsonObject,
                };
            case "error" when json["traceback"] is JsonArray lines:
                return new ErrorOutput(
                    (json["ename"] as JsonValue)?.ToString() ?? "", (json["evalue"] as JsonValue)?.ToString() ?? "",
                    [.. lines.Select(line => line?.ToString() ?? "")]);
            default:
                return null;
        }
    }
}

/// <summary>Text that was written to a stream.</summary>
/// <param name="Name"><c>stdout</c> or <c>stderr</c>.</param>
/// <param name="Text">The text as it was written.</param>
public sealed record StreamOutput(string Name, string Text) : CellOutput
{
    internal override JsonObject ToJson() => new()
    {
        ["name"] = Name,
        ["output_type"] = "stream",
        ["text"] = NotebookCell.Lines(Text),
    };
}

/// <summary>A value in one form.</summary>
/// <param name="MimeType">Such as <c>text/html</c>.</param>
/// <param name="Content">The text; JSON text for JSON types.</param>
public sealed record MimeContent(string MimeType, string Content)
{
    internal bool IsJson => MimeType == "application/json" || MimeType.EndsWith("+json", StringComparison.Ordinal);
}

/// <summary>A displayed value, in every form that it was formatted to.</summary>
/// <param name="Data">The forms, richest first.</param>
/// <param name="ExecutionCount">The cell's number for the value of a trailing expression (<c>execute_result</c>); null for <c>display_data</c>.</param>
public sealed record DisplayOutput(IReadOnlyList<MimeContent> Data, int? ExecutionCount) : CellOutput
{
    internal JsonObject? Metadata { get; init; }

    /// <summary>The value in one form; null when it was not formatted to it.</summary>
    /// <param name="mimeType">Such as <c>text/html</c>.</param>
    public string? this[string mimeType] => Data.FirstOrDefault(form => form.MimeType == mimeType)?.Content;

    internal override JsonObject ToJson()
    {
        var data = new JsonObject();
        foreach (var form in Data)
        {
            data[form.MimeType] = form.IsJson ? JsonNode.Parse(form.Content) : NotebookCell.Lines(form.Content);
        }

        var json = new JsonObject { ["data"] = data };
        if (ExecutionCount is { } count)
        {
            json["execution_count"] = count;
        }

        json["metadata"] = Metadata?.DeepClone() ?? new JsonObject();
        json["output_type"] = ExecutionCount is null ? "display_data" : "execute_result";
        return json;
    }
}

/// <summary>A compile error or an exception.</summary>
/// <param name="Name">The exception's type, or <c>CompilationError</c>.</param>
/// <param name="Value">The message, with cell and line in front.</param>
/// <param name="Traceback">The lines that tell where, the reader's own code only.</param>
public sealed record ErrorOutput(string Name, string Value, IReadOnlyList<string> Traceback) : CellOutput
{
    internal override JsonObject ToJson() => new()
    {
        ["ename"] = Name,
        ["evalue"] = Value,
        ["output_type"] = "error",
        ["traceback"] = new JsonArray([.. Traceback.Select(line => (JsonNode)line)]),
    };
}
