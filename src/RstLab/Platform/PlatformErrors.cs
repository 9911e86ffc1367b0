using System.Globalization;
using System.Net.Sockets;

namespace RstLab;

/// <summary>
/// The errors that a reset can lead to, on three systems (<c>data/platforms.json</c>): those of Linux as the course measured them, those
/// of macOS and Windows as their documentation has them.
/// </summary>
public sealed record PlatformErrors
{
    /// <summary>The sources by the short names that the values cite.</summary>
    public required IReadOnlyDictionary<string, PlatformSource> Sources { get; init; }

    /// <summary>The errors.</summary>
    public required IReadOnlyList<PlatformError> Errors { get; init; }

    /// <summary>What other systems are documented to do otherwise than the Linux that the course measures.</summary>
    public required IReadOnlyList<PlatformDifference> Differences { get; init; }

    /// <summary>Loads the file that ships with the course.</summary>
    /// <exception cref="FileNotFoundException">The course's <c>data</c> folder was not found, or has no such file.</exception>
    /// <exception cref="InvalidDataException">The file is broken; the message says where.</exception>
    public static PlatformErrors Load() => Load(LabSession.CourseData is { } data
        ? Path.Combine(data, "platforms.json")
        : throw new FileNotFoundException("The course's data folder was not found. Start the notebook from within the repository."));

    /// <summary>Loads such a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is broken, or cites a source that it does not list; the message says where.</exception>
    public static PlatformErrors Load(string path) => DataFile.Load<PlatformErrors>(path, "a list of platform errors", loaded => loaded.Faults());

    private IEnumerable<(string Place, string Fault)> Faults() =>
    [
        .. Sources.Where(source => source.Value is null).Select(source => ($"$.sources.{source.Key}", "it is null")),
        .. DataFile.Nulls("$.errors", Errors),
        .. DataFile.Doubles("$.errors", Errors, error => error?.Name),
        .. Errors.SelectMany((error, index) => error is null ? [] : new[] { ("linux", error.Linux), ("macOS", error.MacOS), ("windows", error.Windows) }
            .Select(value => (Place: string.Create(CultureInfo.InvariantCulture, $"$.errors[{index}].{value.Item1}"), Value: value.Item2)))
            .SelectMany(value => Faults(value.Place, value.Value)),
        .. DataFile.Nulls("$.differences", Differences),
        .. Differences.SelectMany((difference, index) => difference is null
            ? []
            : Cited(string.Create(CultureInfo.InvariantCulture, $"$.differences[{index}]"), difference.Source)),
    ];

    private IEnumerable<(string Place, string Fault)> Faults(string place, PlatformValue value) =>
        [.. value.Number <= 0 ? [($"{place}.number", "an error has a number above 0")] : Array.Empty<(string, string)>(), .. Cited(place, value.Source)];

    private IEnumerable<(string Place, string Fault)> Cited(string place, string source) =>
        Sources.ContainsKey(source) ? [] : [($"{place}.source", $"it cites '{source}', which is not among the sources")];
}

/// <summary>A document that a value is taken from.</summary>
/// <param name="Title">Its title.</param>
/// <param name="Url">Where it is; relative to the repository for the course's own.</param>
public sealed record PlatformSource(string Title, Uri Url);

/// <summary>How a value is known.</summary>
public enum PlatformEvidence
{
    /// <summary>The course measured it.</summary>
    Measured,

    /// <summary>The source says so.</summary>
    Documented,
}

/// <summary>One error on three systems.</summary>
/// <param name="Name">The name of POSIX, such as <c>ECONNRESET</c>.</param>
/// <param name="SocketError">.NET's name for it, on every system.</param>
/// <param name="When">When a reset, or the lack of one, leads to it.</param>
/// <param name="Linux">Linux's number and text, as measured with glibc.</param>
/// <param name="MacOS">macOS's number and text.</param>
/// <param name="Windows">Windows's number and text.</param>
public sealed record PlatformError(string Name, SocketError SocketError, string When, PlatformValue Linux, PlatformValue MacOS, PlatformValue Windows);

/// <summary>An error on one system.</summary>
/// <param name="Evidence">How it is known.</param>
/// <param name="Source">The short name of the source.</param>
public sealed record PlatformValue(PlatformEvidence Evidence, string Source)
{
    /// <summary>The error number; null where the system has no such error.</summary>
    public int? Number { get; init; }

    /// <summary>The system's own name for it, where it is not the name of POSIX.</summary>
    public string? Name { get; init; }

    /// <summary>The system's text.</summary>
    public string? Text { get; init; }
}

/// <summary>A documented difference of behaviour.</summary>
/// <param name="System"><c>macOS</c> or <c>Windows</c>.</param>
/// <param name="What">The difference, in a sentence.</param>
/// <param name="Source">The short name of the source.</param>
public sealed record PlatformDifference(string System, string What, string Source);
