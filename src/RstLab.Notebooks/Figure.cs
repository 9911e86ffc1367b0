using System.Text;
using System.Text.Json.Nodes;

namespace RstLab.Notebooks;

/// <summary>
/// A Plotly figure with everything that it says also said without scripts: a title, a sentence, a still picture, its data as a
/// table and the machine that it was measured on.
/// </summary>
[TypeFormatterSource(typeof(DisplaySource), PreferredMimeTypes = [DisplaySource.Html, DisplaySource.Text])]
public sealed partial class Figure : IDisplayed
{
    /// <summary>The kind of figure, in kebab case: <c>ladder</c>, <c>histogram</c>, <c>ecdf</c>, <c>bars</c>, <c>durations</c>, <c>endings</c>, <c>matrix</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The title.</summary>
    public required string Title { get; init; }

    /// <summary>One sentence that says what there is to see, for readers who do not see it.</summary>
    public required string Caption { get; init; }

    /// <summary>The units of the axes, such as <c>x: µs; y: share of trials</c>; null where there are none.</summary>
    public string? Units { get; init; }

    /// <summary>The data, as one or more tables.</summary>
    public required IReadOnlyList<Table> Tables { get; init; }

    /// <summary>Where it was measured.</summary>
    public required LabEnvironment Environment { get; init; }

    /// <summary><see cref="Evidence.Live"/> when all of it was measured in this run, else <see cref="Evidence.Recorded"/>.</summary>
    public required Evidence Evidence { get; init; }

    /// <summary>What the reader must know about the evidence: what is recorded or absent, and why; empty when all of it is live.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The id of the recording that is drawn, so that a page can link its capture; null for other figures.</summary>
    public string? RecordingId { get; init; }

    /// <summary>Plotly's traces.</summary>
    public required JsonArray Data { get; init; }

    /// <summary>Plotly's layout.</summary>
    public required JsonObject Layout { get; init; }

    /// <summary>Plotly's configuration.</summary>
    public JsonObject Config { get; init; } = new() { ["responsive"] = true, ["displaylogo"] = false, ["displayModeBar"] = false };

    /// <summary>Draws the still picture, wide or narrow; null for a figure that is only its table.</summary>
    internal Func<Frame, Drawing>? Draw { get; init; }

    /// <summary>Whether Plotly draws from the still picture too, and so needs its own version for narrow screens.</summary>
    internal bool DrawsPlotlyByHand { get; init; }

    /// <summary>The Plotly figure as JSON: an object with <c>data</c>, <c>layout</c>, <c>config</c> and, for a ladder, <c>narrow</c> (data and layout for a phone).</summary>
    public string ToJson()
    {
        var json = new JsonObject { ["data"] = Data.DeepClone(), ["layout"] = Layout.DeepClone(), ["config"] = Config.DeepClone() };
        if (DrawsPlotlyByHand && Draw is not null)
        {
            var (data, layout) = PlotlyDrawing.Of(Draw(Frame.Narrow), Title);
            json["narrow"] = new JsonObject { ["data"] = data, ["layout"] = layout };
        }

        return json.ToJsonString();
    }

    /// <summary>The still picture as an SVG document of its own, with title and origin, for light and dark pages.</summary>
    public string ToSvg()
    {
        var drawing = Draw?.Invoke(Frame.Page) ?? TableDrawing.Of(Tables[0], Frame.Page);
        return Picture.Of(this, drawing);
    }

    /// <summary>Saves <see cref="ToSvg"/>. An existing file is overwritten.</summary>
    /// <param name="path">The file to write; its folder is made when missing.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void SaveSvg(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        File.WriteAllText(path, ToSvg() + "\n", new UTF8Encoding(false));
    }

    /// <summary>The figure as text: title, sentence, origin and data.</summary>
    public override string ToString() => string.Join('\n',
        [Title, Caption, .. Notes, .. Tables.Select(t => t.ToString()), Foot]);

    private string Badge => Evidence == Evidence.Recorded
        ? "<span class=\"rstlab-badge rstlab-recorded\">recorded</span>"
        : "<span class=\"rstlab-badge rstlab-live\">live</span>";

    /// <summary>
    /// The script that draws the figures of a page where <c>window.Plotly</c> is there. Each figure brings it along; a page with many
    /// can load it once in their place, after plotly.js.
    /// </summary>
    public static string DrawingScript => Script.Bootstrap;

    private string Foot => $"{(Evidence == Evidence.Recorded ? "Recorded" : "Measured live")} on {Environment}";

    void IDisplayed.WriteText(TextWriter writer) => writer.Write(ToString());

    void IDisplayed.WriteHtml(TextWriter writer)
    {
        writer.Write($"<figure class=\"rstlab-figure\" data-figure=\"{Markup.Escape(Kind)}\" data-evidence=\"{(Evidence == Evidence.Recorded ? "recorded" : "live")}\"");
        writer.Write(RecordingId is null ? ">" : $" data-recording=\"{Markup.Escape(RecordingId)}\">");
        writer.Write($"{Style.Sheet}<figcaption><span class=\"rstlab-title\">{Markup.Escape(Title)}</span> {Badge}</figcaption>");
        if (Draw is not null)
        {
            writer.Write("<div class=\"rstlab-drawing\"><div class=\"rstlab-static\">");
            writer.Write(Draw(Frame.Wide).ToSvg(Title, Caption, "rstlab-wide"));
            writer.Write(Draw(Frame.Narrow).ToSvg(Title, Caption, "rstlab-narrow"));
            // The default encoder of System.Text.Json escapes <, > and &, so that no text can end the script.
            writer.Write($"</div></div><script type=\"application/json\" class=\"rstlab-plotly\">{ToJson()}</script>");
        }
        else
        {
            Tables[0].WriteTable(writer, "rstlab-cells");
        }

        writer.Write($"<p class=\"rstlab-alt\">{Markup.Escape(Caption)}</p>");
        foreach (var note in Notes)
        {
            writer.Write($"<p class=\"rstlab-note\">{Markup.Escape(note)}</p>");
        }

        writer.Write($"<p class=\"rstlab-foot\">{Markup.Escape(Units is null ? Foot : $"{Foot}. Units: {Units}")}</p>");
        var folded = Draw is null ? Tables.Skip(1).ToList() : [.. Tables];
        if (folded.Count > 0)
        {
            writer.Write("<details><summary>The data</summary>");
            folded.ForEach(table => table.WriteTable(writer));
            writer.Write("</details>");
        }

        writer.Write(Draw is null ? "</figure>" : $"{PlotlyLibrary.ForNotebooks?.ElementFor(this)}<script>{Script.Bootstrap}</script></figure>");
    }
}
