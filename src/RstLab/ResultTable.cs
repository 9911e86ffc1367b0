using System.Globalization;
using System.Text;
using System.Text.Json;

namespace RstLab;

/// <summary>
/// A table of results that a chapter plots and a run leaves behind as <c>results/ID.csv</c> (RFC 4180, UTF-8, a point as the
/// decimal sign in every locale).
/// </summary>
public sealed record ResultTable
{
    /// <summary>A short name in kebab case that begins with the chapter's number, such as <c>01-refusal-times</c>.</summary>
    public required string Id { get; init; }

    /// <summary>The columns' names, with the unit in parentheses where there is one, such as <c>elapsed (us)</c>.</summary>
    public required IReadOnlyList<string> Columns { get; init; }

    /// <summary>The rows; each has a value for each column. Numbers are numbers, the rest is text; null is an empty field.</summary>
    public required IReadOnlyList<IReadOnlyList<object?>> Rows { get; init; }

    /// <summary>Where it was measured.</summary>
    public required LabEnvironment Environment { get; init; }

    /// <summary>Whether it was measured in this run or ships with the course.</summary>
    public Evidence Evidence { get; init; } = Evidence.Live;

    /// <summary>The values of one column as numbers.</summary>
    /// <param name="column">The column's name as in <see cref="Columns"/>.</param>
    /// <exception cref="ArgumentException">There is no such column.</exception>
    public IReadOnlyList<double> Numbers(string column)
    {
        var index = IndexOf(column);
        return [.. Rows.Select(row => Convert.ToDouble(row[index], CultureInfo.InvariantCulture))];
    }

    /// <summary>The values of one column as text.</summary>
    /// <param name="column">The column's name as in <see cref="Columns"/>.</param>
    /// <exception cref="ArgumentException">There is no such column.</exception>
    public IReadOnlyList<string> Texts(string column)
    {
        var index = IndexOf(column);
        return [.. Rows.Select(row => Convert.ToString(row[index], CultureInfo.InvariantCulture) ?? "")];
    }

    /// <summary>Writes the table as CSV. An existing file is replaced only when the new one is complete.</summary>
    /// <param name="path">The file to write; its folder is made when missing.</param>
    public void Save(string path) => SafeFile.Replace(path, stream =>
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(false)) { NewLine = "\n" };
        writer.WriteLine(string.Join(',', Columns.Select(Quote)));
        foreach (var row in Rows)
        {
            writer.WriteLine(string.Join(',', row.Select(v => Quote(Convert.ToString(v, CultureInfo.InvariantCulture) ?? ""))));
        }
    });

    /// <summary>Writes the table with its environment as JSON, the form that ships in <c>data/results</c>.</summary>
    /// <param name="path">The file to write; its folder is made when missing.</param>
    public void SaveJson(string path) => SafeFile.Replace(path, stream => JsonSerializer.Serialize(stream, this, DataFile.Json));

    /// <summary>Loads a table that <see cref="SaveJson"/> wrote.</summary>
    /// <param name="path">The JSON file.</param>
    /// <exception cref="InvalidDataException">The file is not such a table; the message says where.</exception>
    public static ResultTable Load(string path)
    {
        var table = DataFile.Load<ResultTable>(path, "a table of results", table => table.Faults());
        return table with { Rows = [.. table.Rows.Select(row => row.Select(Plain).ToList())] };
    }

    private IEnumerable<(string Place, string Fault)> Faults() =>
    [
        .. Id.Length == 0 ? [("$.id", "it is empty")] : Array.Empty<(string, string)>(),
        .. Columns.Count == 0 ? [("$.columns", "there are none")] : Array.Empty<(string, string)>(),
        .. DataFile.Nulls("$.columns", Columns),
        .. DataFile.Doubles("$.columns", Columns, column => column),
        .. DataFile.Nulls("$.rows", Rows),
        .. Rows.SelectMany((row, index) => row is null ? [] : Faults(row, string.Create(CultureInfo.InvariantCulture, $"$.rows[{index}]"))),
    ];

    private IEnumerable<(string Place, string Fault)> Faults(IReadOnlyList<object?> row, string place) => row.Count != Columns.Count
        ? [(place, string.Create(CultureInfo.InvariantCulture, $"it has {row.Count} values, and there are {Columns.Count} columns"))]
        : row.Select((value, index) => (value, index)).Where(v => v.value is JsonElement { ValueKind: JsonValueKind.Object or JsonValueKind.Array })
            .Select(v => (string.Create(CultureInfo.InvariantCulture, $"{place}[{v.index}]"), "it is neither a number nor a text"));

    private static object? Plain(object? value) => value is JsonElement json
        ? json.ValueKind switch
        {
            JsonValueKind.Null => null,
            JsonValueKind.True or JsonValueKind.False => json.GetBoolean(),
            JsonValueKind.Number => json.TryGetInt64(out var whole) ? whole : json.GetDouble(),
            _ => json.ToString(),
        }
        : value;

    private int IndexOf(string column)
    {
        var index = Columns.ToList().IndexOf(column);
        return index >= 0 ? index : throw new ArgumentException($"Table {Id} has no column '{column}'; it has {string.Join(", ", Columns)}.", nameof(column));
    }

    private static string Quote(string field) =>
        field.AsSpan().IndexOfAny(",\"\r\n") < 0 ? field : $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
