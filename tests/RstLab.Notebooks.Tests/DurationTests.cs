using System.Globalization;
using System.Text.Json.Nodes;
using System.Xml.Linq;

namespace RstLab.Notebooks.Tests;

public class DurationTests
{
    [Fact]
    public void Durations_from_microseconds_to_days_stand_on_one_axis_with_their_values()
    {
        var figure = Draw(Samples.Durations);

        Assert.Contains("61.2 µs", LadderTests.Words(figure));
        Assert.Contains("> 2.6 s", LadderTests.Words(figure));
        Assert.Contains("2.19 h", LadderTests.Words(figure));
        Assert.Contains("1 min", LadderTests.Words(figure));
        Assert.Equal("The shortest is 61.2 µs (closed, wait), the longest 2.19 h (vanished, keepalive, the defaults, computed). 1 of 4 did not end as long as we looked.", figure.Caption);
        Assert.NotNull(JsonNode.Parse(figure.ToJson())!["narrow"]);
        XDocument.Parse(figure.ToSvg());
        Assert.DoesNotContain("NaN", figure.ToSvg(), StringComparison.Ordinal);
    }

    [Fact]
    public void How_a_duration_is_known_shows_in_the_shape_and_not_in_colour_alone()
    {
        var marks = Draw(Samples.Durations).Data.Where(t => (string?)t!["mode"] == "markers" && t["marker"]!["symbol"] is not null).Select(t => (string)t!["marker"]!["symbol"]!);

        Assert.Equal(["circle", "diamond", "triangle-right"], marks.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_longer_duration_stands_further_to_the_right()
    {
        var dots = Draw(Samples.Durations with { Rows = [["a", "x", "measured", .001], ["a", "y", "measured", 1], ["a", "z", "measured", 3600]] })
            .Data.First(t => (string?)t!["marker"]?["symbol"] == "circle")!["x"]!.AsArray().Select(x => x!.GetValue<double>()).Skip(1).ToList();

        Assert.Equal(dots.Order(), dots);
        Assert.Equal(3, dots.Distinct().Count());
    }

    [Theory]
    [InlineData(0.0000005, "0.5 µs")]
    [InlineData(0.000529, "529 µs")]
    [InlineData(0.0029, "2.9 ms")]
    [InlineData(0.9513, "0.95 s")]
    [InlineData(102.2, "102 s")]
    [InlineData(924.6, "15.4 min")]
    [InlineData(7875, "2.19 h")]
    [InlineData(864000, "10 days")]
    public void A_duration_is_told_in_the_unit_that_people_would_use(double seconds, string text)
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
            Assert.Contains(text, LadderTests.Words(Draw(Samples.Durations with { Rows = [["a", "x", "measured", seconds]] })));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void What_cannot_be_drawn_is_refused_by_name()
    {
        Assert.Contains("'after (s)'", Assert.Throws<ArgumentException>(() => Draw(Samples.Durations with { Rows = [["a", "x", "measured", 0.0]] })).Message, StringComparison.Ordinal);
        Assert.Contains("'after (s)'", Assert.Throws<ArgumentException>(() => Draw(Samples.Durations with { Rows = [] })).Message, StringComparison.Ordinal);
        Assert.Contains("'guessed'", Assert.Throws<ArgumentException>(() => Draw(Samples.Durations with { Rows = [["a", "x", "guessed", 1.0]] })).Message, StringComparison.Ordinal);
    }

    private static Figure Draw(ResultTable table) => Figure.Durations(table, "peer", "way", "after (s)", "known", "How long it takes to notice");
}
