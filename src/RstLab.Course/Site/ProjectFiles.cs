namespace RstLab.Course.Site;

/// <summary>
/// The files that pages point at: captures, recordings and result tables of the run, and files of the project that the text
/// links to. They are copied into the site, so that its folder can be published alone.
/// </summary>
internal sealed class ProjectFiles(string site, string output, string? notebooks)
{
    private readonly Dictionary<string, string> wanted = new(StringComparer.Ordinal);

    /// <summary>The capture of a recording, as the site's pages link to it; null when none was written or shipped.</summary>
    internal string? Capture(string id) => Take($"captures/{id}.pcap", Path.Combine(output, "captures", $"{id}.pcap"), Shipped($"{id}.pcap"));

    /// <summary>The JSON of a recording; null when none was written or shipped.</summary>
    internal string? Recording(string id) => Take($"recordings/{id}.json", Path.Combine(output, "recordings", $"{id}.json"), Shipped($"{id}.json"));

    /// <summary>A table of results; null when it was not written.</summary>
    internal string? Results(string id) => Take($"results/{id}.csv", Path.Combine(output, "results", $"{id}.csv"));

    /// <summary>The copy of a file of the project, as a page in the site's folder links to it; null when there is none, and for what is outside of the project.</summary>
    /// <param name="path">The file, relative to the notebooks' folder.</param>
    internal string? OfProject(string path)
    {
        if (notebooks is null)
        {
            return null;
        }

        var project = Path.GetDirectoryName(Path.GetFullPath(notebooks))!;
        var file = Path.GetFullPath(Path.Combine(notebooks, path));
        var inside = Path.GetRelativePath(project, file).Replace('\\', '/');
        return inside.StartsWith("..", StringComparison.Ordinal) || Path.IsPathRooted(inside)
            ? null
            : Take("files/" + inside, file) is { } there ? Uri.EscapeDataString(there).Replace("%2F", "/", StringComparison.Ordinal) : null;
    }

    /// <summary>Has one more file copied.</summary>
    internal void Add(string to, string from) => wanted[to] = from;

    /// <summary>Copies everything that was asked for.</summary>
    internal void Copy()
    {
        foreach (var (to, from) in wanted)
        {
            SafeFile.Replace(Path.Combine(site, to), stream =>
            {
                using var source = File.OpenRead(from);
                source.CopyTo(stream);
            });
        }
    }

    private string? Shipped(string file) =>
        notebooks is null ? null : Path.Combine(Path.GetDirectoryName(Path.GetFullPath(notebooks))!, "data", "recordings", file);

    private string? Take(string to, params ReadOnlySpan<string?> candidates)
    {
        foreach (var from in candidates)
        {
            if (from is not null && File.Exists(from))
            {
                lock (wanted)
                {
                    wanted[to] = from;
                }

                return to;
            }
        }

        return null;
    }
}
