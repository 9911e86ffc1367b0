using System.Text.RegularExpressions;
using RstLab.Notebooks;

namespace RstLab.Course.Tests;

/// <summary>How an exercise stands in its chapter, and its solution in the notebook of solutions.</summary>
public partial class ExerciseCellTests
{
    private const string Marker = "// TODO:";

    public static TheoryData<string> Chapters => [.. CourseFolder.Find().Notebooks.Select(file => Path.GetFileName(file)!)];

    [Theory]
    [MemberData(nameof(Chapters))]
    public void Each_exercise_has_one_place_to_write_three_hints_and_a_solution(string name)
    {
        var file = Path.Combine(CourseFolder.Find().Root, "notebooks", name);
        var chapter = Notebook.Load(file).Cells.ToList();
        var solutions = Notebook.Load(CourseRun.SolutionsOf(file)).Cells.ToList();
        var starters = chapter.Where(cell => cell.Kind == CellKind.Code && Call().IsMatch(cell.Source)).ToList();

        Assert.True(starters.Count >= 4, $"{Path.GetFileName(file)} has {starters.Count} exercises");
        Assert.Equal(Exercise.All.Count(exercise => exercise.Id.StartsWith(CourseFolder.Number(file), StringComparison.Ordinal)), starters.Count);
        Assert.All(starters, starter =>
        {
            Assert.Equal(1, Regex.Count(starter.Source, Marker));
            var text = chapter[chapter.IndexOf(starter) - 1].Source;
            Assert.All(new[] { "**Given:**", "**To reach:**", "**Example:**" }, part => Assert.Contains(part, text, StringComparison.Ordinal));
            Assert.Equal(["Hint 1", "Hint 2", "Hint 3"], Hint().Matches(text).Select(hint => hint.Groups[1].Value));
            Assert.Contains($"](solutions/{Path.GetFileName(file)}", text, StringComparison.Ordinal);

            var solution = solutions.Single(cell => cell.Id == starter.Id);
            Assert.Equal(Call().Match(starter.Source).Value, Call().Match(solution.Source).Value);
            Assert.DoesNotContain(Marker, solution.Source, StringComparison.Ordinal);
            Assert.True(solutions[solutions.IndexOf(solution) - 1].Source.Length > 100, $"the solution {solution.Id} is hardly explained");
        });
    }

    [GeneratedRegex(@"^await \w+Exercises\.\w+", RegexOptions.Multiline)]
    private static partial Regex Call();

    [GeneratedRegex("<summary>(Hint \\d)</summary>")]
    private static partial Regex Hint();
}
