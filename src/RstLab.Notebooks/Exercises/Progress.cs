using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RstLab.Notebooks;

/// <summary>
/// Which exercises the reader has passed. It is kept in the user's own data folder, so that an update of the course does not touch it.
/// Entries of exercises that the course no longer has stay.
/// </summary>
public static class Progress
{
    private const int CurrentVersion = 1;
    private const string FileName = "progress.json";
    private static readonly TimeSpan LockLimit = TimeSpan.FromSeconds(2);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>
    /// The folder that holds <c>progress.json</c>: <c>rst-lab</c> in the user's folder for application data, which is
    /// <c>$XDG_DATA_HOME</c> or <c>~/.local/share</c> on Linux. Null where the user has no such folder, or when nothing is to be kept.
    /// </summary>
    public static string? Folder { get; set; } =
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify) is { Length: > 0 } own ? Path.Combine(own, "rst-lab") : null;

    /// <summary>All exercises, and how far the reader has come with each, where that is kept.</summary>
    /// <exception cref="InvalidDataException">The file cannot be read as progress; the message names it and the remedy.</exception>
    public static Table Show()
    {
        if (Folder is null)
        {
            return new()
            {
                Caption = "The exercises of the course",
                Columns = ["chapter", "exercise", "id"],
                Rows = [.. Exercise.All.Select(exercise => (IReadOnlyList<object?>)[exercise.Id[..2], exercise.Title, exercise.Id])],
            };
        }

        var kept = Read();
        return new()
        {
            Caption = string.Create(CultureInfo.InvariantCulture, $"Your progress: {Passed(kept)} of {Exercise.All.Count} exercises passed"),
            Columns = ["chapter", "exercise", "id", "state", "attempts"],
            Rows =
            [
                .. Exercise.All.Select(exercise => (exercise, kept.Exercises.GetValueOrDefault(exercise.Id))).Select(pair => (IReadOnlyList<object?>)
                [
                    pair.exercise.Id[..2], pair.exercise.Title, pair.exercise.Id,
                    pair.Item2 switch { null => "open", { Passed: { } when } => string.Create(CultureInfo.InvariantCulture, $"passed on {when:yyyy-MM-dd}"), _ => "tried" },
                    pair.Item2?.Attempts ?? 0,
                ]),
            ],
            Foot = $"Kept in {Path.Combine(Folder, FileName)}",
        };
    }

    /// <summary>Forgets one exercise, or everything.</summary>
    /// <param name="exercise">The exercise's id; null for all of it.</param>
    /// <returns>The progress after it.</returns>
    /// <exception cref="ArgumentException">There is no such exercise, here or in the file.</exception>
    /// <exception cref="InvalidDataException">The file cannot be read as progress, and one exercise was to be taken out of it. Resetting all of it puts such a file aside.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static Table Reset(string? exercise = null)
    {
        if (exercise is null)
        {
            if (Folder is not null && File.Exists(Path.Combine(Folder, FileName)))
            {
                // Not deleted: who did not mean it finds it there.
                Locked(() => File.Move(Path.Combine(Folder, FileName), Path.Combine(Folder, "progress-before-reset.json"), overwrite: true));
            }

            return Show();
        }

        var known = Exercise.All.Any(e => e.Id == exercise);
        Change(kept =>
        {
            if (!kept.Exercises.Remove(exercise) && !known)
            {
                throw new ArgumentException($"There is no exercise '{exercise}'. There are: {string.Join(", ", Exercise.All.Select(e => e.Id))}.", nameof(exercise));
            }
        });
        return Show();
    }

    /// <summary>Enters an attempt. A starter that was only run, and an attempt that nobody could judge, is none.</summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="code">The reader's code, kept with it; null when it is still the starter.</param>
    /// <returns>A sentence for the reader; null when there is nothing to say. What goes wrong is told, and thrown to nobody.</returns>
    internal static string? Enter(Attempt attempt, string? code)
    {
        if (Folder is null || code is null || attempt.Status == AttemptStatus.Open)
        {
            return null;
        }

        try
        {
            var id = attempt.Exercise.Id;
            var passed = 0;
            Change(kept =>
            {
                var before = kept.Exercises.GetValueOrDefault(id);
                kept.Exercises[id] = (before ?? new()) with
                {
                    Attempts = (before?.Attempts ?? 0) + 1,
                    Passed = before?.Passed ?? (attempt.Status == AttemptStatus.Passed ? DateTimeOffset.UtcNow : null),
                    Code = attempt.Status == AttemptStatus.Passed || before?.Passed is null ? code : before.Code,
                };
                passed = Passed(kept);
            });
            return string.Create(CultureInfo.InvariantCulture, $"Your progress: {passed} of {Exercise.All.Count} exercises passed.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return $"Your progress could not be kept: {e.Message}";
        }
    }

    private static int Passed(Kept kept) => Exercise.All.Count(exercise => kept.Exercises.GetValueOrDefault(exercise.Id)?.Passed is not null);

    private static Kept Read()
    {
        if (Folder is null || Path.Combine(Folder, FileName) is var file && !File.Exists(file))
        {
            return new();
        }

        try
        {
            var kept = JsonSerializer.Deserialize<Kept>(File.ReadAllBytes(file), Json) ?? throw new JsonException("it is empty");
            return kept.Version <= CurrentVersion ? kept
                : throw new InvalidDataException($"{file} is of version {kept.Version}, from a newer course than this one (version {CurrentVersion}). Update the course; the file was left as it is.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{file} cannot be read as progress ({e.Message}). Mend it, or begin anew with 'dotnet run --project src/RstLab.Course -- progress reset', which puts it aside. It was left as it is.", e);
        }
    }

    private static void Change(Action<Kept> change)
    {
        if (Folder is null)
        {
            change(new());
            return;
        }

        Locked(() =>
        {
            var kept = Read();
            change(kept);
            SafeFile.Replace(Path.Combine(Folder, FileName), stream => JsonSerializer.Serialize(stream, kept, Json));
        });
    }

    // Two notebooks may be open, each in a kernel of its own.
    private static void Locked(Action work)
    {
        Directory.CreateDirectory(Folder!);
        var file = Path.Combine(Folder!, ".progress.lock");
        using var held = Take(file);
        work();
    }

    private static FileStream Take(string file)
    {
        for (var until = Environment.TickCount64 + (long)LockLimit.TotalMilliseconds; ;)
        {
            try
            {
                return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (Environment.TickCount64 < until)
            {
                Thread.Sleep(5); // another kernel is writing its own
            }
        }
    }

    private sealed record Kept
    {
        public int Version { get; init; } = CurrentVersion;

        public Dictionary<string, KeptExercise> Exercises { get; init; } = [];

        [JsonExtensionData]
        public Dictionary<string, JsonElement>? Others { get; init; }
    }

    private sealed record KeptExercise
    {
        public int Attempts { get; init; }

        public DateTimeOffset? Passed { get; init; }

        public string? Code { get; init; }

        [JsonExtensionData]
        public Dictionary<string, JsonElement>? Others { get; init; }
    }
}
