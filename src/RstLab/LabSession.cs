namespace RstLab;

/// <summary>How experiments come by their recordings.</summary>
public enum LabMode
{
    /// <summary>Live; what this machine cannot witness is taken from the recordings that ship.</summary>
    Live,

    /// <summary>Nothing is run: all recordings are those that ship.</summary>
    Replay,

    /// <summary>Live, with every witness; what is recorded becomes what ships.</summary>
    Record,
}

/// <summary>
/// Where the experiments of one notebook find the recordings that ship, and what they have made so far. There is one for the
/// process; a program that runs several notebooks at once gives each its own (<see cref="Enter"/>).
/// </summary>
public sealed class LabSession
{
    private static readonly AsyncLocal<LabSession?> Entered = new();
    private static readonly Lazy<LabSession> OfTheProcess = new(() => new LabSession { DataFolder = FindDataFolder() });
    private readonly Lock _gate = new();
    private readonly List<Recording> _recordings = [];
    private readonly List<ResultTable> _tables = [];

    /// <summary>The <c>data</c> folder of the course that this library is part of, whatever the session reads and writes; null where there is none.</summary>
    internal static string? CourseData => OfTheProcess.Value.DataFolder;

    /// <summary>The session of the calling code.</summary>
    public static LabSession Current => Entered.Value ?? OfTheProcess.Value;

    /// <summary>Where recordings come from.</summary>
    public LabMode Mode { get; init; } = LabMode.Live;

    /// <summary>The folder that holds <c>recordings</c> and <c>results</c>; null where there is none.</summary>
    public string? DataFolder { get; init; }

    /// <summary>Ends every experiment of the session early, such as on Ctrl-C.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>The recordings made or loaded so far, in order.</summary>
    public IReadOnlyList<Recording> Recordings
    {
        get
        {
            lock (_gate)
            {
                return [.. _recordings];
            }
        }
    }

    /// <summary>The tables made or loaded so far, in order.</summary>
    public IReadOnlyList<ResultTable> Tables
    {
        get
        {
            lock (_gate)
            {
                return [.. _tables];
            }
        }
    }

    /// <summary>How long experiments ran, waits included.</summary>
    public TimeSpan ExperimentTime { get; private set; }

    /// <summary>Makes this the session of the code that is called from here on, until the result is disposed.</summary>
    public IDisposable Enter()
    {
        var before = Entered.Value;
        Entered.Value = this;
        return new Leave(before);
    }

    internal Recording Add(Recording recording, TimeSpan took)
    {
        lock (_gate)
        {
            // An experiment that is run again replaces its recording.
            _recordings.RemoveAll(r => r.Id == recording.Id);
            _recordings.Add(recording);
            ExperimentTime += took;
        }

        return recording;
    }

    internal ResultTable Add(ResultTable table, TimeSpan took)
    {
        lock (_gate)
        {
            _tables.RemoveAll(t => t.Id == table.Id);
            _tables.Add(table);
            ExperimentTime += took;
        }

        return table;
    }

    internal string? DataFile(string folder, string file) => DataFolder is null ? null : Path.Combine(DataFolder, folder, file);

    // From the library's own place upwards: artifacts/lib and the build's output both lie below the repository's root.
    private static string? FindDataFolder()
    {
        foreach (var from in (string[])[Path.GetDirectoryName(typeof(LabSession).Assembly.Location) ?? "", Environment.CurrentDirectory])
        {
            for (var folder = from.Length == 0 ? null : new DirectoryInfo(from); folder is not null; folder = folder.Parent)
            {
                var data = Path.Combine(folder.FullName, "data");
                if (Directory.Exists(Path.Combine(data, "recordings")) || File.Exists(Path.Combine(data, "platforms.json")))
                {
                    return data;
                }
            }
        }

        return null;
    }

    private sealed class Leave(LabSession? before) : IDisposable
    {
        public void Dispose() => Entered.Value = before;
    }
}
