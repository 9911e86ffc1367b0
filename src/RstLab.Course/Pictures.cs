namespace RstLab.Course;

/// <summary>
/// The pictures for readers who run nothing: one for each figure and each table of results, drawn from the recordings and tables that ship.
/// A chapter shows them, folded, below the cell that draws the figure.
/// </summary>
internal sealed class Pictures(CourseFolder folder)
{
    /// <summary>Where they are.</summary>
    internal string Folder => Path.Combine(folder.Data, "figures");

    /// <summary>The name of the picture of a cell's figure, such as <c>02-close-then-send.svg</c>.</summary>
    internal static string NameOf(string chapter, string cell) => $"{CourseFolder.Number(chapter)}-{cell}.svg";

    /// <summary>Draws all of them.</summary>
    /// <param name="cancellation">Abandons it.</param>
    /// <returns>The pictures as SVG documents, by name.</returns>
    /// <exception cref="InvalidDataException">A chapter could not be replayed; the message says which, and why.</exception>
    internal async Task<IReadOnlyDictionary<string, string>> DrawAsync(CancellationToken cancellation)
    {
        var run = new CourseRun(ending => new LabScope(new LabSession { Mode = LabMode.Replay, DataFolder = folder.Data, Cancellation = ending }), new NoProgress()) { PicturesOnly = true };
        var result = await run.RunAsync(folder.Notebooks, Machine.Environment(), cancellation).ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
        return result.Chapters.FirstOrDefault(chapter => chapter.CellsRun < chapter.Cells) is { } failed
            ? throw new InvalidDataException($"{failed.Id} cannot be replayed, so its pictures cannot be drawn: {string.Join("; ", failed.Errors)}")
            : result.Chapters.SelectMany(chapter => chapter.Pictures.Select(picture => (NameOf(chapter.Id, picture.Cell), picture.Draw() + "\n"))).ToDictionary(StringComparer.Ordinal);
    }

    /// <summary>Draws all of them into their folder, and removes those that no figure has any more.</summary>
    /// <param name="cancellation">Abandons it; what was there stays.</param>
    /// <returns>How many there are.</returns>
    /// <exception cref="InvalidDataException">See <see cref="DrawAsync"/>.</exception>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    internal async Task<int> RenewAsync(CancellationToken cancellation)
    {
        var drawn = await DrawAsync(cancellation).ConfigureAwait(false);
        foreach (var (name, picture) in drawn)
        {
            SafeFile.Replace(Path.Combine(Folder, name), stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(picture)));
        }

        foreach (var file in Directory.EnumerateFiles(Folder, "*.svg").Where(file => !drawn.ContainsKey(Path.GetFileName(file))))
        {
            File.Delete(file);
        }

        return drawn.Count;
    }
}
