using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace RstLab;

/// <summary>
/// Reads the JSON files of the course: recordings, tables and the list of platform errors. A damaged file is refused with its name, the
/// place and what is wrong there; nothing is guessed, and nothing that is missing, doubled or null gets through.
/// </summary>
internal static partial class DataFile
{
    /// <summary>How these files are written and read.</summary>
    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        AllowOutOfOrderMetadataProperties = true,
        AllowDuplicateProperties = false,
        PropertyNameCaseInsensitive = false,
        NumberHandling = JsonNumberHandling.Strict,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters =
        {
            new JsonStringEnumConverter<SocketError>(namingPolicy: null, allowIntegerValues: false),
            new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false),
        },
    };

    private static readonly JsonSerializerOptions OnlyTheVersion = new(JsonSerializerDefaults.Web);

    /// <summary>Loads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="what">What it should be, such as <c>a recording</c>.</param>
    /// <param name="faults">What JSON alone does not show to be wrong: the place as a JSON path, and the fault.</param>
    /// <param name="newest">The newest version that can be read, of a file that has one.</param>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    internal static T Load<T>(string path, string what, Func<T, IEnumerable<(string Place, string Fault)>> faults, int? newest = null) where T : class
    {
        var bytes = File.ReadAllBytes(path);
        try
        {
            // First, as a newer version may have anything in it.
            if (newest is { } known && JsonSerializer.Deserialize<Versioned>(bytes, OnlyTheVersion) is { } file && file.Version > known)
            {
                throw new InvalidDataException($"{path} is {what} of version {file.Version}; this library reads up to {known}. Update RST Lab.");
            }

            var loaded = JsonSerializer.Deserialize<T>(bytes, Json) ?? throw Damaged(path, what, "$", "it holds nothing but null");
            return faults(loaded).Select(f => Damaged(path, what, f.Place, f.Fault)).FirstOrDefault() is { } damaged ? throw damaged : loaded;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException)
        {
            // A missing "witness" is a NotSupportedException, text that is no Unicode an InvalidOperationException.
            var place = Place().Match(e.Message);
            var line = (e as JsonException)?.LineNumber is { } number ? $", line {(number + 1).ToString(CultureInfo.InvariantCulture)}" : "";
            var at = (e as JsonException)?.Path ?? (place.Success ? place.Groups[1].Value : "$");
            throw Damaged(path, what, at + line, Place().Replace(e.Message, "").Trim().TrimEnd('.'), e);
        }
    }

    /// <summary>The elements of a list that are null.</summary>
    internal static IEnumerable<(string Place, string Fault)> Nulls<T>(string place, IEnumerable<T> list) =>
        list.Select((element, index) => (element, index)).Where(e => e.element is null)
            .Select(e => ($"{place}[{e.index.ToString(CultureInfo.InvariantCulture)}]", "it is null"));

    /// <summary>The elements of a list that were there before.</summary>
    internal static IEnumerable<(string Place, string Fault)> Doubles<T, TKey>(string place, IEnumerable<T> list, Func<T, TKey> key) =>
        list.Select((element, index) => (Key: key(element), index)).GroupBy(e => e.Key).SelectMany(group => group.Skip(1))
            .Select(e => ($"{place}[{e.index.ToString(CultureInfo.InvariantCulture)}]", $"'{e.Key}' is there twice"));

    /// <summary>Whether a text is an address with a port, as in <see cref="Segment.From"/>.</summary>
    internal static bool IsAddress(string text) => IPEndPoint.TryParse(text, out var address) && address.Port != 0;

    private static InvalidDataException Damaged(string path, string what, string place, string fault, Exception? inner = null) =>
        new($"{path} is not {what}: at {place}: {fault}.", inner);

    // What the serializer puts behind its messages.
    [GeneratedRegex(@"\s*Path: (\S+)(?: \| LineNumber: \d+ \| BytePositionInLine: \d+)?\.?|\s*LineNumber: \d+ \| BytePositionInLine: \d+\.?")]
    private static partial Regex Place();

    private sealed record Versioned(int Version = 1);
}
