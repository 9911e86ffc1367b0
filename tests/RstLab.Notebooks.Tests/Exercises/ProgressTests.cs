using System.Text.Json.Nodes;

namespace RstLab.Notebooks.Tests.Exercises;

/// <summary>The folder is the whole process's, so these run alone.</summary>
[CollectionDefinition(nameof(ProgressTests), DisableParallelization = true)]
public sealed class ProgressAlone;

[Collection(nameof(ProgressTests))]
public sealed class ProgressTests : IDisposable
{
    private static readonly Exercise First = Exercise.All[0];
    private readonly string? before = Progress.Folder;
    private readonly string folder = Path.Combine(Directory.CreateTempSubdirectory("rstlab-progress-").FullName, "rst-lab");

    public ProgressTests() => Progress.Folder = folder;

    private string FileOfProgress => Path.Combine(folder, "progress.json");

    public void Dispose()
    {
        Progress.Folder = before;
        Directory.Delete(Path.GetDirectoryName(folder)!, recursive: true);
    }

    [Fact]
    public async Task Passing_is_kept_with_the_code_and_a_later_failure_does_not_take_it_away()
    {
        await TryAsync(First, met: false, "first try");
        Assert.Equal("tried", State(First));
        await TryAsync(First, met: true, "second try");
        var attempt = await TryAsync(First, met: false, "third try");

        Assert.StartsWith("passed on ", State(First), StringComparison.Ordinal);
        Assert.Contains($"1 of {Exercise.All.Count} exercises passed", attempt.Note, StringComparison.Ordinal);
        var kept = JsonNode.Parse(File.ReadAllText(FileOfProgress))!["exercises"]![First.Id]!;
        Assert.Equal((3, "second try"), ((int)kept["attempts"]!, (string)kept["code"]!));
    }

    [Fact]
    public async Task Running_a_starter_is_no_attempt()
    {
        await TryAsync(First, met: false, "// TODO: something");

        Assert.False(File.Exists(FileOfProgress));
        Assert.Equal("open", State(First));
    }

    [Fact]
    public async Task One_exercise_or_all_can_be_forgotten()
    {
        await TryAsync(First, met: true, "a");
        await TryAsync(Exercise.All[1], met: true, "b");

        Progress.Reset(First.Id);
        Assert.Equal("open", State(First));
        Assert.StartsWith("passed", State(Exercise.All[1]), StringComparison.Ordinal);

        Progress.Reset();
        Assert.Equal("open", State(Exercise.All[1]));
        Assert.True(File.Exists(Path.Combine(folder, "progress-before-reset.json")), "what was there is put aside");
        Assert.Contains(First.Id, Assert.Throws<ArgumentException>(() => Progress.Reset("02-none")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_an_older_or_newer_course_kept_survives()
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(FileOfProgress, """{"version":1,"mood":"good","exercises":{"02-gone":{"attempts":2,"stars":3}}}""");

        await TryAsync(First, met: true, "a");

        var kept = JsonNode.Parse(File.ReadAllText(FileOfProgress))!;
        Assert.Equal(("good", 3), ((string)kept["mood"]!, (int)kept["exercises"]!["02-gone"]!["stars"]!));
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("")]
    [InlineData("""{"version":2,"exercises":{}}""")]
    public async Task A_file_that_cannot_be_read_is_left_as_it_is_and_named(string text)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(FileOfProgress, text);

        var attempt = await TryAsync(First, met: true, "a");

        Assert.Equal(AttemptStatus.Passed, attempt.Status);
        Assert.Contains(FileOfProgress, attempt.Note, StringComparison.Ordinal);
        Assert.Equal(text, File.ReadAllText(FileOfProgress));
        Assert.Throws<InvalidDataException>(Progress.Show);
        Progress.Reset();
        Assert.Equal("open", State(First));
    }

    [Fact]
    public async Task Two_notebooks_at_once_lose_nothing()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() => TryAsync(First, met: false, $"{i}"))));

        Assert.Equal(20, (int)JsonNode.Parse(File.ReadAllText(FileOfProgress))!["exercises"]![First.Id]!["attempts"]!);
    }

    [Fact]
    public async Task Where_nothing_is_kept_nothing_is_written()
    {
        Progress.Folder = null;

        Assert.Null((await TryAsync(First, met: true, "a")).Note);
        Assert.False(Directory.Exists(folder));
        Assert.DoesNotContain("state", Progress.Show().Columns);
    }

    private static string State(Exercise exercise) => (string)Progress.Show().Rows.Single(row => (string)row[2]! == exercise.Id)[3]!;

    private static Task<Attempt> TryAsync(Exercise exercise, bool met, string code) => exercise.JudgeAsync(code, check =>
    {
        check.Expect("A thing.", met, "seen");
        return Task.CompletedTask;
    });
}
