// Optional: a chapter's figure as a Plotly.NET chart, to go on with in that library. After setup.csx, in a cell of its own:
//     #!import "plotly-net.csx"
// and then, at the end of any cell: PlotlyNet(Figure.Ladder(first)). Only restoring the package takes the network: the import brings the
// plotly.js that lies beside the library into the page, and Plotly.NET.Interactive draws with it. An executor that restores no packages
// leaves this script out and says so. No chapter needs it.
#r "nuget: Plotly.NET.Interactive, 6.0.0"

using System.IO;
using System.Text.Json;
using System.Text.Json.Nodes;

// Where the build found no npm, there is no such file, and the charts ask the network.
static string PlotlyFile() => Path.Combine(Path.GetDirectoryName(typeof(RstLab.Recording).Assembly.Location), "plotly-cartesian.min.js");

// Its module header would hand plotly.js to a loader, where a page has one, and not to the page.
if (File.Exists(PlotlyFile()))
{
    $"<script>if(!window.Plotly)(function(module,exports,define){{{File.ReadAllText(PlotlyFile())}\n}}).call(window);</script>".DisplayAs("text/html");
}

// Names in full: Plotly.NET has a Figure too.
Plotly.NET.GenericChart PlotlyNet(RstLab.Notebooks.Figure figure)
{
    var drawn = JsonNode.Parse(figure.ToJson());
    SayWhatIsRecorded(figure, drawn["layout"].AsObject());
    var traces = new List<Plotly.NET.Trace>();
    foreach (var described in drawn["data"].AsArray())
    {
        var trace = new Plotly.NET.Trace((string)described["type"] ?? "scatter");
        foreach (var property in described.AsObject()) trace.SetProperty(property.Key, Plain(property.Value));
        traces.Add(trace);
    }

    var layout = new Plotly.NET.Layout();
    foreach (var property in drawn["layout"].AsObject()) layout.SetProperty(property.Key, Plain(property.Value));
    var chart = Plotly.NET.GenericChart.fromFigure(Plotly.NET.Figure.create(Microsoft.FSharp.Collections.ListModule.OfSeq(traces), layout));
    if (!File.Exists(PlotlyFile()))
    {
        return chart;
    }

    var options = new Plotly.NET.DisplayOptions();
    options.SetProperty("PlotlyJSReference", Plotly.NET.PlotlyJSReference.NoReference); // the page has it
    return Plotly.NET.GenericChart.setDisplayOptions(options, chart);

    static object Plain(JsonNode value) => value switch
    {
        null => null,
        JsonObject o => o.ToDictionary(p => p.Key, p => Plain(p.Value)),
        JsonArray a => a.Select(Plain).ToArray(),
        _ => value.GetValueKind() switch
        {
            JsonValueKind.String => (string)value,
            JsonValueKind.Number => value.AsValue().TryGetValue(out int whole) ? whole : (double)value,
            _ => (bool)value,
        },
    };

    // Below the title, in lines as long as a chart is wide: a chart has no other place for text of its own.
    static void SayWhatIsRecorded(RstLab.Notebooks.Figure figure, JsonObject layout)
    {
        var words = string.Join(" ", figure.Evidence == RstLab.Evidence.Recorded && figure.Notes.Count == 0 ? ["Recorded, not live."] : figure.Notes).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var lines = new List<string>();
        foreach (var word in words)
        {
            if (lines.Count > 0 && lines[^1].Length + word.Length < 100) lines[^1] += " " + word;
            else lines.Add(word);
        }

        if (lines.Count > 0)
        {
            if (layout["title"] is not JsonObject) layout["title"] = new JsonObject { ["text"] = figure.Title };
            layout["title"]["text"] = $"{layout["title"]["text"]}<br><sup>{string.Join("<br>", lines.Select(System.Net.WebUtility.HtmlEncode))}</sup>";
            if (layout["margin"] is not JsonObject) layout["margin"] = new JsonObject { ["t"] = 60 };
            layout["margin"]["t"] = (double)(layout["margin"]["t"] ?? 60) + (14 * lines.Count);
        }
    }
}
