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

        Assert.Contains("NOT BUILT YET. Run 'dotnet build' in the repository's folder, then run this cell again", first, StringComparison.Ordinal);
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
        // Not every registry has the package. What the script calls of it is declared here as the package declares it.
        var standIn = Path.Combine(course.Root, "PlotlyNet.dll");
        var made = CSharpCompilation.Create("PlotlyNet", [CSharpSyntaxTree.ParseText("""
            using System.Collections.Generic;
            using System.Linq;
            namespace DynamicObj { public class DynamicObj { public Dictionary<string, object> Properties { get; } = []; public void SetProperty(string propertyName, object propertyValue) => Properties[propertyName] = propertyValue; } }
            namespace Microsoft.FSharp.Collections { public sealed class FSharpList<T>(IEnumerable<T> items) : List<T>(items); public static class ListModule { public static FSharpList<T> OfSeq<T>(IEnumerable<T> source) => new(source); } }
            namespace Plotly.NET
            {
                public class Trace(string traceTypeName) : DynamicObj.DynamicObj { public string Type => traceTypeName; }
                public class Layout : DynamicObj.DynamicObj;
                public sealed class Figure { public object Made; public static Figure create(Microsoft.FSharp.Collections.FSharpList<Trace> data, Layout layout) => new() { Made = new { data = data.Select(t => t.Properties), layout = layout.Properties } }; }
                public class GenericChart { public object Made; public static GenericChart fromFigure(Figure figure) => new() { Made = figure.Made }; }
            }
            """, cancellationToken: TestContext.Current.CancellationToken)], ScriptReferences.Framework, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary)).Emit(standIn, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(made.Success, string.Join('\n', made.Diagnostics));
        var script = Read("plotly-net.csx").Replace("#r \"nuget: Plotly.NET.Interactive, 6.0.0\"", $"#r \"{standIn}\"", StringComparison.Ordinal);
        Assert.Contains(standIn, script, StringComparison.Ordinal);

        var state = await Compile(script + $"var figure = Figure.Ladder(Recording.Load(\"{Path.Combine(CourseFolder.Find().Root, "data", "recordings", "00-first-reset.json")}\"));\n(figure.ToJson(), System.Text.Json.JsonSerializer.Serialize(PlotlyNet(figure).Made))", Notebooks, typeof(RstLab.Notebooks.Figure))
            .RunAsync(cancellationToken: TestContext.Current.CancellationToken);
        var (figure, chart) = ((string, string))state.ReturnValue;
        using var expected = JsonDocument.Parse(figure);
        using var actual = JsonDocument.Parse(chart);
        Assert.True(JsonElement.DeepEquals(expected.RootElement.GetProperty("data"), actual.RootElement.GetProperty("data")), chart);
        Assert.True(JsonElement.DeepEquals(expected.RootElement.GetProperty("layout"), actual.RootElement.GetProperty("layout")), chart);
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
