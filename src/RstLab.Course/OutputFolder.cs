using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RstLab.Course;

/// <summary>
/// The folder that a run writes to, held alone while the run lasts: two runs in one folder would leave a mix of two courses. The
/// system releases the lock when the process ends in any way, so the lock file itself may stay.
/// </summary>
internal sealed class OutputFolder : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    private readonly FileStream held;

    private OutputFolder(string path, FileStream held)
    {
        Path = path;
        this.held = held;
    }

    internal string Path { get; }

    /// <summary>Makes the folder where it is missing, and takes it for this run.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="chapters">The notebooks that are to be run, which must not be written over by what is run.</param>
    /// <exception cref="OutputFolderException">It cannot be written to, another run holds it, or the chapters themselves are where their outputs would go.</exception>
    internal static OutputFolder Open(string path, IEnumerable<string> chapters)
    {
        if (path.Length == 0)
        {
            throw new OutputFolderException(Troubleshooting.OutputUnwritable.Saying("''", "It has no name."));
        }

        path = System.IO.Path.GetFullPath(path);
        if (chapters.Any(chapter => System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(chapter)) == System.IO.Path.Combine(path, "notebooks")))
        {
            throw new OutputFolderException(Troubleshooting.ChaptersAsOutput.Saying(System.IO.Path.Combine(path, "notebooks")));
        }

        var file = System.IO.Path.Combine(path, ".course.lock");
        try
        {
            Directory.CreateDirectory(path);
            return new OutputFolder(path, new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException) when (IsHeld(file))
        {
            throw new OutputFolderException(Troubleshooting.OutputHeld.Saying(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new OutputFolderException(Troubleshooting.OutputUnwritable.Saying(path, e.Message), e);
        }
    }

    /// <summary>Writes what the chapters left. Each file is complete before it takes the place of the one that was there.</summary>
    internal void WriteChapters(CourseResult result)
    {
        foreach (var chapter in result.Chapters)
        {
            chapter.Notebook?.Save(In("notebooks", chapter.Id + ".ipynb"));
            foreach (var recording in chapter.Recordings.Where(recording => recording.Witnesses.Any(witness => witness.Evidence == Evidence.Live)))
            {
                recording.Save(In("recordings", recording.Id + ".json"));
                if (recording[WitnessKind.Wire].Evidence == Evidence.Live)
                {
                    Pcap.Write(In("captures", recording.Id + ".pcap"), recording.Frames);
                }
            }

            foreach (var table in chapter.Tables)
            {
                table.Save(In("results", table.Id + ".csv"));
            }
        }

        foreach (var solutions in result.Solutions)
        {
            solutions.Notebook?.Save(In("notebooks", "solutions", solutions.Id + ".ipynb"));
        }
    }

    /// <summary>Writes <c>course.json</c>.</summary>
    internal void WriteSummary(CourseResult result) => SafeFile.Replace(In("course.json"), stream => JsonSerializer.Serialize(stream, Describe(result), Json));

    public void Dispose() => held.Dispose();

    // Only a lock tells "the file is there and may be opened to look at, but not alone" from a folder that refuses.
    private static bool IsHeld(string file)
    {
        try
        {
            using var _ = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.None);
            return false;
        }
        catch (Exception e)
        {
            return e is IOException and not (FileNotFoundException or DirectoryNotFoundException or PathTooLongException);
        }
    }

    private static object Describe(CourseResult result) => new
    {
        result.Environment,
        Seconds = Math.Round(result.Seconds, 3),
        PeakMemoryMb = Math.Round(result.PeakMemoryMb, 1),
        result.Passed,
        Chapters = result.Chapters.Select(chapter => new
        {
            chapter.Id,
            chapter.Title,
            Seconds = Math.Round(chapter.Seconds, 3),
            CompileSeconds = Math.Round(chapter.CompileSeconds, 3),
            RunSeconds = Math.Round(chapter.RunSeconds, 3),
            WaitSeconds = Math.Round(chapter.WaitSeconds, 3),
            ExperimentSeconds = Math.Round(chapter.ExperimentSeconds, 3),
            chapter.Cells,
            Errors = chapter.Errors.Select(error => error.ToString()),
            Claims = chapter.Claims.Select(claim => new { claim.Id, claim.Text, claim.Holds, claim.Evidence }),
            chapter.Exercises,
            Recordings = chapter.Recordings.Select(recording => recording.Id),
        }),
    };

    private string In(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);
}

/// <summary>The output folder cannot be used.</summary>
internal sealed class OutputFolderException(string message, Exception? inner = null) : Exception(message, inner);
