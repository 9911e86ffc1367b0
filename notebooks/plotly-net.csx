// Optional: a chapter's figure as a Plotly.NET chart, to go on with in that library. After setup.csx, in a cell of its own:
//     #!import "plotly-net.csx"
// and then, at the end of any cell: PlotlyNet(Figure.Ladder(first)). Plotly.NET.Interactive shows the chart; it loads plotly.js
// from the network. An executor that restores no packages leaves this script out and says so. No chapter needs it.
#r "nuget: Plotly.NET.Interactive, 6.0.0"

using System.Text.Json;

// Names in full: Plotly.NET has a Figure too.
Plotly.NET.GenericChart PlotlyNet(RstLab.Notebooks.Figure figure)
{
    using var json = JsonDocument.Parse(figure.ToJson());
    var traces = new List<Plotly.NET.Trace>();
    foreach (var drawn in json.RootElement.GetProperty("data").EnumerateArray())
    {
        var trace = new Plotly.NET.Trace(drawn.TryGetProperty("type", out var type) ? type.GetString() : "scatter");
        foreach (var property in drawn.EnumerateObject()) trace.SetProperty(property.Name, Plain(property.Value));
        traces.Add(trace);
    }

    var layout = new Plotly.NET.Layout();
    foreach (var property in json.RootElement.GetProperty("layout").EnumerateObject()) layout.SetProperty(property.Name, Plain(property.Value));
    return Plotly.NET.GenericChart.fromFigure(Plotly.NET.Figure.create(Microsoft.FSharp.Collections.ListModule.OfSeq(traces), layout));

    static object Plain(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().ToDictionary(p => p.Name, p => Plain(p.Value)),
        JsonValueKind.Array => value.EnumerateArray().Select(Plain).ToArray(),
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => value.TryGetInt32(out var whole) ? whole : value.GetDouble(),
        JsonValueKind.Null => null,
        _ => value.GetBoolean(),
    };
}
