using System.Text.RegularExpressions;
using Microsoft.DotNet.Interactive.Formatting;

namespace RstLab.Notebooks.Tests;

/// <summary>Alone, as what figures bring along holds for the process.</summary>
[CollectionDefinition(nameof(PlotlyLibraryTests), DisableParallelization = true)]
[Collection(nameof(PlotlyLibraryTests))]
public sealed class PlotlyLibraryTests : IDisposable
{
    private readonly string file = Path.GetTempFileName();
    private readonly PlotlyLibrary? before = PlotlyLibrary.ForNotebooks;

    public PlotlyLibraryTests() => File.WriteAllText(file, "window.Plotly={}");

    public void Dispose()
    {
        PlotlyLibrary.ForNotebooks = before;
        File.Delete(file);
    }

    [Fact]
    public void One_figure_of_a_process_brings_plotly_and_brings_it_again_when_its_cell_is_run_again()
    {
        PlotlyLibrary.ForNotebooks = new PlotlyLibrary(file);
        var (first, second) = (Figure.Ladder(Samples.CloseThenSend), Figure.Ladder(Samples.Refused));

        Assert.Equal([1, 0, 1], new[] { first, second, Figure.Ladder(Samples.CloseThenSend) }.Select(Brought));
    }

    [Fact]
    public void Text_brings_nothing() => Assert.DoesNotContain("window.Plotly", With(new PlotlyLibrary(file), "text/plain"), StringComparison.Ordinal);

    [Fact]
    public void Plotly_stands_before_the_script_that_draws_with_it_and_hides_from_module_loaders()
    {
        var html = With(new PlotlyLibrary(file), "text/html");

        Assert.Contains("<script>if(!window.Plotly)(function(module,exports,define){window.Plotly={}\n}).call(window);</script><script>(function(){", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_the_file_a_figure_is_its_still_picture()
    {
        File.Delete(file);
        var html = With(new PlotlyLibrary(file), "text/html");

        Assert.Equal(With(null, "text/html"), html);
        Assert.Contains("<svg", html, StringComparison.Ordinal);
    }

    private static string With(PlotlyLibrary? library, string mimeType)
    {
        PlotlyLibrary.ForNotebooks = library;
        return Figure.Ladder(Samples.CloseThenSend).ToDisplayString(mimeType);
    }

    private static int Brought(Figure figure) => Regex.Count(figure.ToDisplayString("text/html"), Regex.Escape("window.Plotly={}"));
}
