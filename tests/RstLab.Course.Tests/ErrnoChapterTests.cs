namespace RstLab.Course.Tests;

/// <summary>The fourth chapter, from what ships: what a reader without privileges sees.</summary>
public class ErrnoChapterTests
{
    [Fact]
    public async Task The_chapter_holds_on_its_recordings_and_leaves_the_table_of_every_state_and_call()
    {
        var folder = CourseFolder.Find();
        var session = new LabSession { Mode = LabMode.Replay, DataFolder = Path.Combine(folder.Root, "data") };

        var chapter = await TemporaryCourse.RunFileAsync(Assert.Single(folder.Resolve(["04"])), TimeSpan.FromSeconds(60), new LabScope(session));

        Assert.Empty(chapter.Errors);
        Assert.All(chapter.Claims, claim => Assert.True(claim.Holds, $"{claim.Id}: {claim.Detail}"));
        Assert.True(chapter.Claims.Count >= 25);
        Assert.All(chapter.Claims, claim => Assert.Equal(Evidence.Recorded, claim.Evidence));
        var table = Assert.Single(session.Tables, t => t.Id == "04-errno-by-state");
        Assert.Equal(["state", "operation", "outcome"], table.Columns);
        Assert.Equal(130, table.Rows.Select(row => (row[0], row[1])).Distinct().Count());
        Assert.Contains("ECONNRESET+EPIPE", table.Texts("outcome"));
        Assert.Contains("5+ECONNRESET", table.Texts("outcome"));
    }
}
