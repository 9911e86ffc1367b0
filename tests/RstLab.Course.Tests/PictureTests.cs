using System.Text.RegularExpressions;

namespace RstLab.Course.Tests;

/// <summary>The story without running: below each figure of a chapter stands, folded, the picture of what ships.</summary>
public partial class PictureTests
{
    private static readonly CourseFolder Course = CourseFolder.Find();

    [Fact]
    public async Task The_pictures_are_those_that_the_shipped_recordings_and_tables_make()
    {
        var pictures = new Pictures(Course);
        var drawn = await pictures.DrawAsync(TestContext.Current.CancellationToken);

        var there = Directory.EnumerateFiles(pictures.Folder).Select(file => Path.GetFileName(file)!).ToHashSet(StringComparer.Ordinal);
        Assert.True(there.SetEquals(drawn.Keys), $"data/figures has {string.Join(", ", there.Except(drawn.Keys))} too many and {string.Join(", ", drawn.Keys.Except(there))} too few: 'dotnet run --project src/RstLab.Course -- pictures' draws them anew.");
        var old = drawn.Where(picture => File.ReadAllText(Path.Combine(pictures.Folder, picture.Key)) != picture.Value).Select(picture => picture.Key).ToList();
        Assert.True(old.Count == 0, $"Not what the recordings and the chapters make today: {string.Join(", ", old)}. 'dotnet run --project src/RstLab.Course -- pictures' draws them anew.");
        Assert.Equal([.. drawn.Keys.Order(StringComparer.Ordinal)], Shown().Select(shown => shown.Picture).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Each_picture_is_folded_below_its_own_cell_and_says_in_words_what_it_shows()
    {
        Assert.All(Shown(), shown =>
        {
            Assert.Equal(Pictures.NameOf(shown.Chapter, shown.Above), shown.Picture);
            Assert.True(shown.Alternative.Length > 20, $"{shown.Picture} has hardly any words: '{shown.Alternative}'");
        });
    }

    [Fact]
    public void Each_experiment_is_followed_by_a_picture()
    {
        foreach (var file in Course.Notebooks)
        {
            var cells = Notebook.Load(file).Cells;
            for (var i = 0; i < cells.Count; i++)
            {
                if (cells[i].Kind == CellKind.Code && Experiment().IsMatch(cells[i].Source))
                {
                    // Some experiments need several cells before there is something to draw.
                    Assert.True(cells.Skip(i).Any(cell => Picture().IsMatch(cell.Source)), $"{Path.GetFileName(file)}: nothing shows what cell {cells[i].Id} should come to");
                }
            }
        }
    }

    private static IEnumerable<(string Chapter, string Above, string Picture, string Alternative)> Shown() =>
        from file in Course.Notebooks
        let cells = Notebook.Load(file).Cells
        from pair in cells.Zip(cells.Skip(1))
        let match = Picture().Match(pair.Second.Source)
        where match.Success
        select (Path.GetFileName(file), pair.First.Id, match.Groups["name"].Value, match.Groups["alternative"].Value);

    [GeneratedRegex(@"^<details><summary>What you should see</summary>\n\n!\[(?<alternative>[^\]]*)\]\(\.\./data/figures/(?<name>[^)]+)\)\n\n</details>$")]
    private static partial Regex Picture();

    [GeneratedRegex(@"\b(?:Lab\.RunAsync|MeasureAsync)\(")]
    private static partial Regex Experiment();
}
