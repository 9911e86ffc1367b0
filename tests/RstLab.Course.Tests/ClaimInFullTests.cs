using Microsoft.CodeAnalysis.CSharp.Scripting;
using Microsoft.CodeAnalysis.Scripting;

namespace RstLab.Course.Tests;

/// <summary>The claim that chapter 0 writes in full, so that readers see how: it is judged as it stands in the cell.</summary>
public sealed class ClaimInFullTests
{
    private static readonly CourseFolder Folder = CourseFolder.Find();

    private static readonly string Cell = Notebook.Load(Path.Combine(Folder.Root, "notebooks", "00-start-here.ipynb")).Cells.Single(cell => cell.Id == "own-claim").Source;

    [Theory]
    [InlineData("first", true)]
    [InlineData("first with { Events = [.. first.Events.Where(e => e is not Segment { IsReset: true })] }", false)]
    [InlineData("first with { Events = [.. first.Events, first.Segments.Last()] }", false)]
    [InlineData("first with { Events = [.. first.Events.Select(e => e is Segment { IsReset: true } s ? s with { From = s.To, To = s.From } : e)] }", false)]
    public async Task It_holds_for_one_reset_of_the_server_only(string subject, bool holds)
    {
        var claim = Assert.Single((RstLab.Notebooks.ClaimSet)await CSharpScript.EvaluateAsync(
            $"""
            var first = Recording.Load({Microsoft.CodeAnalysis.CSharp.SymbolDisplay.FormatLiteral(Path.Combine(Folder.Data, "recordings", "00-first-reset.json"), quote: true)});
            first = {subject};
            {Cell}
            """,
            ScriptOptions.Default.AddReferences(ScriptReferences.Framework).AddReferences(typeof(Recording).Assembly, typeof(RstLab.Notebooks.Claims).Assembly)
                .AddImports("System", "System.Linq", "RstLab", "RstLab.Notebooks"),
            cancellationToken: TestContext.Current.CancellationToken));

        Assert.Equal((holds, "00-one-reset"), (claim.Holds, claim.Id));
        Assert.DoesNotContain("threw", claim.Detail ?? "", StringComparison.Ordinal);
    }
}
