using System.Text.Json;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Scripting;
using Microsoft.CodeAnalysis.Scripting;

namespace RstLab.Course.Tests;

/// <summary>The scripts that notebooks import, compiled as the .NET Interactive kernel does: by Roslyn's scripting with its own resolver.</summary>
public sealed class ScriptTests : IDisposable
{
    private static readonly string Notebooks = Path.Combine(CourseFolder.Find().Root, "notebooks");

    private readonly TemporaryCourse course = new();

    public void Dispose() => course.Dispose();

    [Fact]
    public void The_setup_brings_the_library_where_the_project_is_built() =>
        Assert.Empty(Compile(Read("setup.csx") + "typeof(Lab)", Notebooks).Compile(TestContext.Current.CancellationToken));

    [Fact]
    public void The_setup_says_what_to_do_where_the_project_is_not_built()
    {
        var first = Compile(Read("setup.csx"), course.In("notebooks")).Compile(TestContext.Current.CancellationToken)[0].GetMessage(System.Globalization.CultureInfo.InvariantCulture);

        Assert.Contains("NOT BUILT YET. Run 'dotnet build' in the repository's folder, then restart the kernel", first, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Our_own_executors_say_it_too_and_name_the_script()
    {
        course.WriteText("setup.csx", Read("setup.csx"));
        var error = Assert.Single((await course.RunAsync("#!import \"setup.csx\"")).Errors);

        Assert.Contains("Run 'dotnet build'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_executor_that_restores_no_packages_goes_on_without_plotly_net()
    {
        course.WriteText("plotly-net.csx", Read("plotly-net.csx"));
        var chapter = await course.RunAsync("#!import \"plotly-net.csx\"", "1");

        Assert.Empty(chapter.Errors);
        Assert.Contains("plotly-net.csx is left out: it needs a package (#r \"nuget: Plotly.NET.Interactive, 6.0.0\")", Assert.IsType<StreamOutput>(chapter.Notebook!.Cells[0].Outputs[0]).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_figure_becomes_a_plotly_net_chart_with_all_its_traces_and_layout()
    {
        var (figure, chart, _) = await DrawAsync($"Recording.Load(\"{Shipped}\")");
        using var expected = JsonDocument.Parse(figure);
        using var actual = JsonDocument.Parse(chart);

        Assert.True(JsonElement.DeepEquals(expected.RootElement.GetProperty("data"), actual.RootElement.GetProperty("data")), chart);
        Assert.True(JsonElement.DeepEquals(expected.RootElement.GetProperty("layout"), actual.RootElement.GetProperty("layout")), chart);
    }

    [Fact]
    public async Task The_chart_of_what_is_recorded_shows_that_below_its_title()
    {
        var (figure, chart, _) = await DrawAsync($"Recording.Load(\"{Shipped}\") is var r ? r with {{ Witnesses = r.Witnesses.Select(w => w with {{ Evidence = Evidence.Recorded, Why = \"a <test> asked for it\" }}).ToList() }} : null");
        using var expected = JsonDocument.Parse(figure);
        using var actual = JsonDocument.Parse(chart);
        var (before, after) = (expected.RootElement.GetProperty("layout"), actual.RootElement.GetProperty("layout"));
        var title = after.GetProperty("title").GetProperty("text").GetString();

        Assert.StartsWith($"{before.GetProperty("title").GetProperty("text").GetString()}<br><sup>Recorded, not live: made on ", title, StringComparison.Ordinal);
        Assert.Matches("a( |<br>)&lt;test&gt;( |<br>)asked", title);
        Assert.True(after.GetProperty("margin").GetProperty("t").GetDouble() > before.GetProperty("margin").GetProperty("t").GetDouble());
    }

    [Fact]
    public async Task A_plotly_net_chart_is_drawn_by_the_script_beside_the_library()
    {
        Assert.SkipUnless(File.Exists(Path.Combine(Notebooks, "../artifacts/lib", "plotly-cartesian.min.js")), "plotly.js was not fetched by the build");
        var (_, chart, shown) = await DrawAsync($"Recording.Load(\"{Shipped}\")");
        using var actual = JsonDocument.Parse(chart);

        Assert.Equal("none", actual.RootElement.GetProperty("plotly").GetString());
        Assert.StartsWith("text/html <script>if(!window.Plotly)(function(module,exports,define){", shown, StringComparison.Ordinal);
        Assert.EndsWith("}).call(window);</script>", shown, StringComparison.Ordinal);
        Assert.InRange(shown.Length, 1_000_000, 3_000_000);
    }

    private static string Shipped => Path.Combine(CourseFolder.Find().Root, "data", "recordings", "00-first-reset.json");

    /// <summary>Runs plotly-net.csx on the ladder of a recording.</summary>
    /// <returns>The figure's own JSON, what the package was given, and what the script showed.</returns>
    private async Task<(string Figure, string Chart, string Shown)> DrawAsync(string recording)
    {
        // Not every registry has the package. What the script calls of it, and of the kernel, is declared here as they declare it.
        var standIn = Path.Combine(course.Root, "PlotlyNet.dll");
        var made = CSharpCompilation.Create($"PlotlyNet{Guid.NewGuid():N}", [CSharpSyntaxTree.ParseText("""
            using System.Collections.Generic;
            using System.Linq;
            namespace System { public static class DisplayExtensions { public static string Shown; public static object DisplayAs(this string value, string mimeType) => Shown = mimeType + " " + value; } }
            namespace DynamicObj { public class DynamicObj { public Dictionary<string, object> Properties { get; } = []; public void SetProperty(string propertyName, object propertyValue) => Properties[propertyName] = propertyValue; } }
            namespace Microsoft.FSharp.Collections { public sealed class FSharpList<T>(IEnumerable<T> items) : List<T>(items); public static class ListModule { public static FSharpList<T> OfSeq<T>(IEnumerable<T> source) => new(source); } }
            namespace Plotly.NET
            {
                public class Trace(string traceTypeName) : DynamicObj.DynamicObj { public string Type => traceTypeName; }
                public class Layout : DynamicObj.DynamicObj;
                public class DisplayOptions : DynamicObj.DynamicObj;
                public sealed class PlotlyJSReference { public static PlotlyJSReference NoReference { get; } = new(); }
                public sealed class Figure { public object Data, Layout; public static Figure create(Microsoft.FSharp.Collections.FSharpList<Trace> data, Layout layout) => new() { Data = data.Select(t => t.Properties), Layout = layout.Properties }; }
                public class GenericChart
                {
                    public Figure Figure; public DisplayOptions Options;
                    public object Made => new { data = Figure.Data, layout = Figure.Layout, plotly = Options?.Properties["PlotlyJSReference"] == PlotlyJSReference.NoReference ? "none" : "network" };
                    public static GenericChart fromFigure(Figure figure) => new() { Figure = figure };
                    public static GenericChart setDisplayOptions(DisplayOptions displayOpts, GenericChart gChart) => new() { Figure = gChart.Figure, Options = displayOpts };
                }
            }
            """, cancellationToken: TestContext.Current.CancellationToken)], ScriptReferences.Framework, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary)).Emit(standIn, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(made.Success, string.Join('\n', made.Diagnostics));

        // The library of this test has no plotly.js beside it; that of a kernel has.
        var script = Read("plotly-net.csx").Replace("#r \"nuget: Plotly.NET.Interactive, 6.0.0\"", $"#r \"{standIn}\"", StringComparison.Ordinal)
            .Replace("Path.GetDirectoryName(typeof(RstLab.Recording).Assembly.Location)", $"\"{Path.Combine(CourseFolder.Find().Artifacts, "lib")}\"", StringComparison.Ordinal);
        Assert.Contains(standIn, script, StringComparison.Ordinal);
        var state = await Compile($"{script}\nvar figure = Figure.Ladder({recording});\n(figure.ToJson(), System.Text.Json.JsonSerializer.Serialize(PlotlyNet(figure).Made), DisplayExtensions.Shown)", Notebooks, typeof(RstLab.Notebooks.Figure))
            .RunAsync(cancellationToken: TestContext.Current.CancellationToken);
        return ((string, string, string))state.ReturnValue;
    }

    [Fact]
    public async Task The_headless_run_leaves_plotly_to_the_pages_of_the_site()
    {
        var lib = Directory.CreateDirectory(course.In("lib")).FullName;
        foreach (var assembly in ScriptReferences.Own.Values)
        {
            File.Copy(assembly.Location, Path.Combine(lib, Path.GetFileName(assembly.Location)));
        }

        course.WriteText("setup.csx", "#r \"../lib/RstLab.dll\"\n#r \"../lib/RstLab.Notebooks.dll\"\nusing RstLab;\nusing RstLab.Notebooks;\n");
        var chapter = await course.RunAsync("#!import \"setup.csx\"", $"Figure.Ladder(Recording.Load(\"{Path.Combine(CourseFolder.Find().Root, "data", "recordings", "00-first-reset.json")}\"))");

        Assert.Empty(chapter.Errors);
        Assert.InRange(Assert.IsType<DisplayOutput>(chapter.Notebook!.Cells[1].Outputs[0])["text/html"]!.Length, 10_000, 200_000);
    }

    private static string Read(string script) => File.ReadAllText(Path.Combine(Notebooks, script));

    private static Script<object> Compile(string text, string folder, params Type[] known) => CSharpScript.Create(text, ScriptOptions.Default
        .WithMetadataResolver(ScriptMetadataResolver.Default.WithBaseDirectory(folder))
        .AddReferences(ScriptReferences.Framework).AddReferences(known.Select(type => type.Assembly)).AddReferences(known.Length > 0 ? [typeof(Recording).Assembly] : [])
        .AddImports("System", "System.Text", "System.Collections", "System.Collections.Generic", "System.Threading.Tasks", "System.Linq")
        .AddImports(known.Length > 0 ? ["RstLab", "RstLab.Notebooks"] : []));
}
