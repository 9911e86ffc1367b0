namespace RstLab.Course;

/// <summary>Where the course lies: the chapters, the data that ships with it, and the place for what a run leaves behind.</summary>
internal sealed class CourseFolder(string root)
{
    internal string Root { get; } = Path.GetFullPath(root);

    internal string Data => Path.Combine(Root, "data");

    internal string Artifacts => Path.Combine(Root, "artifacts");

    /// <summary>The chapters' notebooks in reading order.</summary>
    internal IReadOnlyList<string> Notebooks
    {
        get
        {
            var folder = Path.Combine(Root, "notebooks");
            return Directory.Exists(folder)
                ? [.. Directory.EnumerateFiles(folder, "*.ipynb").Where(file => Number(file).Length > 0).Order(StringComparer.Ordinal)]
                : [];
        }
    }

    /// <summary>Finds the course from the program's own place upwards, else from the current folder upwards.</summary>
    internal static CourseFolder Find() => new(Upwards(AppContext.BaseDirectory) ?? Upwards(Environment.CurrentDirectory) ?? Environment.CurrentDirectory);

    /// <summary>The notebooks that were asked for, by number, id or path; all when none was named.</summary>
    /// <param name="names">Such as <c>01</c>, <c>01-nobody-listening</c> or <c>notebooks/01-nobody-listening.ipynb</c>.</param>
    /// <exception cref="UnknownChapterException">One of them is no chapter; the message lists those that exist.</exception>
    internal IReadOnlyList<string> Resolve(IReadOnlyList<string> names)
    {
        var all = Notebooks;
        if (all.Count == 0 && names.Count == 0)
        {
            throw new UnknownChapterException(Troubleshooting.NoChapters.Saying(Root));
        }

        var chosen = names.Count == 0 ? all : names.Select(name => all.FirstOrDefault(file => Number(file) == name || Path.GetFileNameWithoutExtension(file) == name)
            ?? (name.EndsWith(".ipynb", StringComparison.OrdinalIgnoreCase) && File.Exists(name) ? Path.GetFullPath(name) : null)
            ?? throw new UnknownChapterException(Troubleshooting.UnknownChapter.Saying(name, string.Join(", ", all.Select(Path.GetFileNameWithoutExtension)))));
        return [.. chosen.Distinct(StringComparer.Ordinal)];
    }

    /// <summary>The two digits that a chapter's file begins with; empty where it has none.</summary>
    internal static string Number(string file) => Path.GetFileName(file) is [>= '0' and <= '9', >= '0' and <= '9', '-', ..] and var name ? name[..2] : "";

    private static string? Upwards(string from)
    {
        for (var folder = new DirectoryInfo(from); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "RstLab.slnx")))
            {
                return folder.FullName;
            }
        }

        return null;
    }
}

/// <summary>A chapter was asked for that does not exist.</summary>
internal sealed class UnknownChapterException(string message) : Exception(message);
