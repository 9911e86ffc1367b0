using System.Text.Json.Nodes;
using System.Xml.Linq;

namespace RstLab.Notebooks.Tests;

public class ChartTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_histogram_counts_every_trial(bool logarithmic)
    {
        var figure = Figure.Histogram(Samples.Trials, "elapsed (us)", group: "call", bins: 10, logarithmic: logarithmic);

        Assert.Equal(2000, figure.Tables[1].Rows.Sum(r => (int)r[2]!));
        Assert.Equal(2000, figure.Tables[1].Rows.Sum(r => (int)r[3]!));
        Check(figure);
    }

    [Fact]
    public void A_cumulative_distribution_rises_from_0_to_1_and_its_table_has_the_quantiles()
    {
        var table = Table("value (ms)", [4, 1, 3, 2]);

        var figure = Figure.Ecdf(table, "value (ms)");

        var trace = figure.Data[0]!;
        Assert.Equal("[1,1,2,3,4]", trace["x"]!.ToJsonString());
        Assert.Equal("[0,0.25,0.5,0.75,1]", trace["y"]!.ToJsonString());
        Assert.Equal(["trials", 4, 1d, 1d, 1d, 1d, 2d, 3d, 4d, 4d, 4d, 4d], figure.Tables[0].Rows[0]);
        Assert.Contains("median 2", figure.Caption, StringComparison.Ordinal);
        Check(figure);
    }

    [Fact]
    public void Groups_differ_by_mark_and_dash_and_not_by_colour_alone()
    {
        var data = Figure.Ecdf(Samples.Trials, "elapsed (us)", group: "call", logarithmic: true).Data;

        Assert.Equal(2, data.Select(t => t!["marker"]!["symbol"]!.GetValue<string>()).Distinct().Count());
        Assert.Equal(2, data.Select(t => t!["line"]!["dash"]!.GetValue<string>()).Distinct().Count());
    }

    [Fact]
    public void A_logarithmic_axis_that_meets_0_becomes_linear_and_says_so()
    {
        var figure = Figure.Ecdf(Table("value", [0, 10]), "value", logarithmic: true);

        Assert.Contains("linear", Assert.Single(figure.Notes), StringComparison.Ordinal);
        Check(figure);
    }

    [Theory]
    [InlineData(new double[] { 5 })]
    [InlineData(new double[] { 7, 7, 7 })]
    [InlineData(new double[] { 1e-9, 1e12 })]
    public void Odd_values_are_drawn(double[] values)
    {
        Check(Figure.Ecdf(Table("value", values), "value"));
        Check(Figure.Histogram(Table("value", values), "value", logarithmic: true));
    }

    [Fact]
    public void The_words_at_the_pointer_can_be_read_in_light_and_dark()
    {
        Figure[] figures =
        [
            Figure.Ladder(Samples.CloseThenSend), Figure.Ecdf(Samples.Trials, "elapsed (us)", group: "call"), Figure.Histogram(Samples.Trials, "elapsed (us)"),
            Figure.Bars(Samples.Rates, "conversation", "trials (1/s)", group: "program"),
            Figure.Durations(Samples.Durations, "peer", "way", "after (s)", "known", "Durations"),
        ];

        Assert.All(figures, figure =>
        {
            var json = JsonNode.Parse(figure.ToJson())!;
            foreach (var part in new[] { json, json["narrow"] }.OfType<JsonNode>())
            {
                var label = part["layout"]!["hoverlabel"]!;
                var (box, words) = (label["bgcolor"]!.GetValue<string>(), label["font"]!["color"]!.GetValue<string>());
                var (boxInDark, wordsInDark) = (InDark(box), InDark(words));
                Assert.True(Contrast(box, words) >= 4.5, $"{figure.Kind}: {words} on {box}");
                Assert.True(Contrast(boxInDark, wordsInDark) >= 4.5, $"{figure.Kind}: {wordsInDark} on {boxInDark}");

                // A trace with colours of its own, or with a second box for its name, would escape the layout's.
                Assert.All(part["data"]!.AsArray(), trace =>
                {
                    Assert.Null(trace!["hoverlabel"]);
                    Assert.EndsWith("<extra></extra>", trace["hovertemplate"]?.GetValue<string>() ?? "<extra></extra>", StringComparison.Ordinal);
                });
            }
        });
    }

    /// <summary>The colour that the script of a dark page puts in a colour's place.</summary>
    private static string InDark(string colour) => Palette.Themed.Single(c => c.Light == colour).Dark;

    /// <summary>The contrast of two colours (WCAG 2.2, "contrast ratio").</summary>
    private static double Contrast(string one, string other)
    {
        double[] both = [Luminance(one), Luminance(other)];
        return (both.Max() + .05) / (both.Min() + .05);

        static double Luminance(string colour) => new[] { .2126, .7152, .0722 }.Select((weight, i) =>
        {
            var part = Convert.ToInt32(colour.Substring(1 + (2 * i), 2), 16) / 255.0;
            return weight * (part <= .04045 ? part / 12.92 : Math.Pow((part + .055) / 1.055, 2.4));
        }).Sum();
    }

    [Fact]
    public void A_table_without_a_number_is_refused_by_name() =>
        Assert.Contains("'value'", Assert.Throws<ArgumentException>(() => Figure.Ecdf(Table("value", []), "value")).Message, StringComparison.Ordinal);

    [Fact]
    public void Bars_say_their_values_and_their_groups()
    {
        var figure = Figure.Bars(Samples.Rates, "conversation", "trials (1/s)", group: "program", error: "spread (1/s)");

        Assert.Contains("52 k  RstLab", LadderTests.Words(figure));
        Assert.Equal("data", figure.Data[1]!["error_x"]!["type"]!.GetValue<string>());
        Check(figure);
    }

    [Fact]
    public void Recorded_results_say_so()
    {
        var figure = Figure.Ecdf(Samples.Trials with { Evidence = Evidence.Recorded }, "elapsed (us)");

        Assert.Equal(Evidence.Recorded, figure.Evidence);
        Assert.Contains("Linux 6.18.44", Assert.Single(figure.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_comparison_of_endings_tells_each_side_the_wire_and_the_reason()
    {
        var figure = Figure.Endings(("close", Samples.CloseThenSend), ("refused", Samples.Refused), ("as a user", Samples.WithoutWire(Samples.CloseThenSend)));

        var rows = figure.Tables[0].Rows;
        Assert.Equal(["close", "✓ Send → 5000\n✗ Send → EPIPE (Shutdown)", "✓ Close → ok", "▶ FIN from server\n✖ RST from server", "TCP_ABORT_ON_DATA"], rows[0]);
        Assert.Equal(["refused", "✗ Connect → ECONNREFUSED (ConnectionRefused)", "nothing", "✖ RST from server", "NO_SOCKET"], rows[1]);
        Assert.Equal("as a user (recorded)", rows[2][0]);
        Assert.Equal(Evidence.Recorded, figure.Evidence);
        XDocument.Parse(figure.ToSvg());
    }

    [Fact]
    public void A_table_refuses_a_row_of_another_width() =>
        Assert.Contains("Row 2", Assert.Throws<ArgumentException>(() => Show.Table("A table", ["a", "b"], [new object?[] { 1, 2 }, [1]])).Message, StringComparison.Ordinal);

    [Fact]
    public void A_saved_picture_is_an_svg_with_a_style_for_light_and_dark()
    {
        var folder = Directory.CreateTempSubdirectory("rstlab-");
        try
        {
            var path = Path.Combine(folder.FullName, "new", "ladder.svg");
            Figure.Ladder(Samples.CloseThenSend).SaveSvg(path);

            var svg = File.ReadAllText(path);
            Assert.Equal("svg", XDocument.Parse(svg).Root!.Name.LocalName);
            Assert.Contains("prefers-color-scheme:dark", svg, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static ResultTable Table(string column, double[] values) => new()
    {
        Id = "09-values", Columns = [column], Rows = [.. values.Select(v => (IReadOnlyList<object?>)[v])], Environment = Samples.Here,
    };

    private static void Check(Figure figure)
    {
        XDocument.Parse(figure.ToSvg());
        Assert.DoesNotContain("NaN", figure.ToSvg(), StringComparison.Ordinal);
        var json = JsonNode.Parse(figure.ToJson())!;
        Assert.NotEmpty(json["data"]!.AsArray());
        Assert.NotNull(json["layout"]!["xaxis"]!["title"]!["text"]);
        Assert.NotNull(figure.Units);
        Assert.NotEmpty(figure.Tables);
    }
}
