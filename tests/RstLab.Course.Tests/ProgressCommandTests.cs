using RstLab.Notebooks;

namespace RstLab.Course.Tests;

/// <summary>The folder of the progress is the whole process's, so these run alone.</summary>
[CollectionDefinition(nameof(ProgressCommandTests), DisableParallelization = true)]
public sealed class ProgressAlone;

[Collection(nameof(ProgressCommandTests))]
public sealed class ProgressCommandTests : IDisposable
{
    private readonly string? before = Progress.Folder;
    private readonly TemporaryCourse course = new();

    public ProgressCommandTests() => Progress.Folder = course.In("own");

    public void Dispose()
    {
        Progress.Folder = before;
        course.Dispose();
    }

    [Fact]
    public async Task It_lists_every_exercise()
    {
        var (code, output, _) = await course.RunProgramAsync("progress");

        Assert.Equal(0, code);
        Assert.Contains($"Your progress: 0 of {Exercise.All.Count} exercises passed", output, StringComparison.Ordinal);
        Assert.All(Exercise.All, exercise => Assert.Contains(exercise.Title, output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_forgets_one_exercise_or_all()
    {
        var (first, second) = (Exercise.All[0].Id, Exercise.All[1].Id);
        const string Passed = """{"attempts":1,"passed":"2026-01-02T00:00:00Z"}""";
        Keep($$"""{"version":1,"exercises":{"{{first}}":{{Passed}},"{{second}}":{{Passed}} } }""");

        Assert.Contains("1 of", (await course.RunProgramAsync("progress", "reset", first)).Output, StringComparison.Ordinal);
        Assert.Contains("0 of", (await course.RunProgramAsync("progress", "reset")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exercise_that_does_not_exist_is_named_with_those_that_do()
    {
        var (code, _, error) = await course.RunProgramAsync("progress", "reset", "09-none");

        Assert.Equal(CourseProgram.Usage, code);
        Assert.Contains("There is no exercise '09-none'", error, StringComparison.Ordinal);
        Assert.Contains(Exercise.All[0].Id, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_is_named_with_the_remedy()
    {
        Keep("not json");

        var (code, _, error) = await course.RunProgramAsync("progress");

        Assert.Equal(CourseProgram.Failed, code);
        Assert.Contains("progress.json cannot be read", error, StringComparison.Ordinal);
        Assert.Contains("progress reset", error, StringComparison.Ordinal);
    }

    private static void Keep(string text)
    {
        Directory.CreateDirectory(Progress.Folder!);
        File.WriteAllText(Path.Combine(Progress.Folder!, "progress.json"), text);
    }
}
