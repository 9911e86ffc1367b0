using RstLab.Notebooks;

namespace RstLab.Course.Tests;

public class ExerciseRunTests
{
    [Fact]
    public void A_starter_that_is_open_and_a_solution_that_passes_are_what_is_wanted()
    {
        var chapter = CourseRun.Prove(Chapter(At(AttemptStatus.Open)), Chapter(At(AttemptStatus.Passed)));

        Assert.Equal(new ExerciseResult("02-drain", AttemptStatus.Open, AttemptStatus.Passed), Assert.Single(chapter.Exercises));
        Assert.True(chapter.Passed);
    }

    [Fact]
    public void A_starter_that_passes_fails_the_chapter()
    {
        var chapter = CourseRun.Prove(Chapter(At(AttemptStatus.Passed)), Chapter(At(AttemptStatus.Passed)));

        Assert.Equal("cell 3: the exercise 02-drain passes as it is given; a starter must leave something to do", Assert.Single(chapter.Errors).ToString());
    }

    [Theory]
    [InlineData(AttemptStatus.Failed)]
    [InlineData(AttemptStatus.Open)]
    public void A_solution_that_does_not_pass_fails_the_chapter_and_says_what_was_seen(AttemptStatus status)
    {
        var chapter = CourseRun.Prove(Chapter(At(AttemptStatus.Open)), Chapter(At(status)));

        Assert.Contains("the solution of the exercise 02-drain does not pass: A reset. Seen: none", Assert.Single(chapter.Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_exercise_without_a_solution_fails_the_chapter()
    {
        Assert.Contains("no solution in solutions/02-test.ipynb", Assert.Single(CourseRun.Prove(Chapter(At(AttemptStatus.Open)), null).Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_solution_that_belongs_to_no_exercise_fails_the_chapter()
    {
        Assert.Contains("which the chapter does not set", Assert.Single(CourseRun.Prove(Chapter(), Chapter(At(AttemptStatus.Passed))).Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_judged_here_is_no_failure_and_no_proof()
    {
        var unjudged = At(AttemptStatus.Open) with { WhyNotJudged = "no privileges" };

        var chapter = CourseRun.Prove(Chapter(unjudged), Chapter(unjudged));

        Assert.True(chapter.Passed);
        Assert.Null(Assert.Single(chapter.Exercises).Solution);
    }

    [Fact]
    public void A_cell_of_the_solutions_that_fails_fails_the_chapter()
    {
        var solutions = Chapter(At(AttemptStatus.Passed)) with { Errors = [new ChapterError(2, 1, "CS0103: no such name")] };

        Assert.Contains("solutions/02-test.ipynb: cell 2, line 1: CS0103", Assert.Single(CourseRun.Prove(Chapter(At(AttemptStatus.Open)), solutions).Errors).ToString(), StringComparison.Ordinal);
    }

    private static AttemptResult At(AttemptStatus status) => new("02-drain", status, null, status == AttemptStatus.Passed ? null : "A reset. Seen: none", 3);

    private static ChapterResult Chapter(params AttemptResult[] attempts) => new() { Id = "02-test", Title = "A test", Attempts = attempts };
}
