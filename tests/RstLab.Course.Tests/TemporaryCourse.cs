using System.Text.Json.Nodes;

namespace RstLab.Course.Tests;

/// <summary>A course in a temporary folder, with the notebooks that a test writes.</summary>
public sealed class TemporaryCourse : IDisposable
{
    public TemporaryCourse()
    {
        Root = Directory.CreateTempSubdirectory("rstlab-course-").FullName;
        Directory.CreateDirectory(Path.Combine(Root, "notebooks"));
    }

    public string Root { get; }

    public string In(params string[] parts) => Path.Combine([Root, .. parts]);

    public void Dispose() => Directory.Delete(Root, recursive: true);

    /// <summary>Writes a notebook of code cells; a text that begins with <c># </c> is a Markdown cell.</summary>
    public string Write(string name, params string[] cells)
    {
        var path = In("notebooks", name + ".ipynb");
        File.WriteAllText(path, Json(cells).ToJsonString());
        return path;
    }

    public string WriteText(string name, string text)
    {
        var path = In("notebooks", name);
        File.WriteAllText(path, text);
        return path;
    }

    internal static JsonObject Json(params string[] cells) => new()
    {
        ["cells"] = new JsonArray([.. cells.Select((source, index) =>
        {
            var cell = new JsonObject { ["cell_type"] = source.StartsWith("# ", StringComparison.Ordinal) ? "markdown" : "code", ["id"] = $"c{index}", ["metadata"] = new JsonObject(), ["source"] = source };
            if ((string)cell["cell_type"]! == "code")
            {
                (cell["execution_count"], cell["outputs"]) = (null, new JsonArray());
            }

            return cell;
        })]),
        ["metadata"] = new JsonObject { ["kernelspec"] = new JsonObject { ["name"] = ".net-csharp", ["display_name"] = ".NET (C#)", ["language"] = "C#" } },
        ["nbformat"] = 4,
        ["nbformat_minor"] = 5,
    };

    /// <summary>Runs one notebook of these cells.</summary>
    internal async Task<ChapterResult> RunAsync(params string[] cells) => await RunFileAsync(Write("07-test", cells));

    internal static async Task<ChapterResult> RunFileAsync(string path, TimeSpan? limit = null, ILabScope? lab = null, CancellationToken? cancellation = null) =>
        await new ChapterRun(path, _ => lab ?? new FakeLab(), limit ?? TimeSpan.FromSeconds(30), new PlainProgress(TextWriter.Null)).RunAsync(cancellation ?? TestContext.Current.CancellationToken);

    /// <summary>Runs the program in this process.</summary>
    internal async Task<(int Code, string Output, string Error)> RunProgramAsync(params string[] arguments) => await RunProgramAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken, arguments);

    internal async Task<(int Code, string Output, string Error)> RunProgramAsync(TimeSpan limit, CancellationToken cancellation, params string[] arguments)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var program = new CourseProgram(new CourseFolder(Root), output, error) { Lab = _ => new FakeLab(), TimeLimit = limit };
        var code = await program.RunAsync(["--no-namespace", .. arguments], cancellation);
        return (code, output.ToString(), error.ToString());
    }
}

/// <summary>A lab that takes as a claim every displayed string of the form <c>claim ID held</c> or <c>claim ID broken</c>.</summary>
internal sealed class FakeLab : ILabScope
{
    public int Entered { get; private set; }

    public int Left { get; private set; }

    public IReadOnlyList<Recording> Recordings { get; init; } = [];

    public IReadOnlyList<ResultTable> Tables { get; init; } = [];

    public TimeSpan ExperimentTime => TimeSpan.Zero;

    public IDisposable Enter()
    {
        Entered++;
        return new Leave(this);
    }

    public IEnumerable<ClaimResult> Displayed(object? value, int cell) => value is string text && text.Split(' ') is ["claim", var id, var end]
        ? [new ClaimResult(id, $"The sentence of {id}.", end == "held", Evidence.Live, null, cell)]
        : [];

    private sealed class Leave(FakeLab lab) : IDisposable
    {
        public void Dispose() => lab.Left++;
    }
}
