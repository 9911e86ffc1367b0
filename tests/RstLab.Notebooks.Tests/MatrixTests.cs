using System.Text.Json.Nodes;
using System.Xml.Linq;

namespace RstLab.Notebooks.Tests;

public class MatrixTests
{
    private static readonly ResultTable Results = new()
    {
        Id = "04-errno-by-state",
        Columns = ["state", "operation", "outcome"],
        Rows =
        [
            ["ESTABLISHED", "send+send", "ECONNRESET+EPIPE"], ["ESTABLISHED", "receive", "ECONNRESET"],
            ["CLOSE_WAIT with unread bytes", "send+send", "EPIPE+EPIPE"], ["CLOSE_WAIT with unread bytes", "receive", "5"],
        ],
        Environment = Samples.Here,
    };

    private static Figure Matrix(ResultTable? results = null, Func<string, string>? kind = null) => Figure.Matrix(results ?? Results, "state", "operation", "outcome", kind);

    [Fact]
    public void The_table_has_a_row_for_each_row_and_a_column_for_each_column_in_their_order()
    {
        var table = Assert.Single(Matrix().Tables);

        Assert.Equal(["state", "send, send", "receive"], table.Columns);
        Assert.Equal([["ESTABLISHED", "ECONNRESET, EPIPE", "ECONNRESET"], ["CLOSE_WAIT with unread bytes", "EPIPE, EPIPE", "5"]], table.Rows);
    }

    [Fact]
    public void The_still_picture_writes_each_part_of_a_cell_and_tells_the_whole_to_the_pointer()
    {
        var svg = Matrix().ToSvg();
        XDocument.Parse(svg);

        Assert.Contains(">ECONNRESET<", svg, StringComparison.Ordinal);
        Assert.Contains(">EPIPE<", svg, StringComparison.Ordinal);
        Assert.Contains("<title>CLOSE_WAIT with unread bytes\nreceive\n5</title>", svg, StringComparison.Ordinal);
    }

    [Fact]
    public void Kinds_differ_by_shape_and_not_by_colour_alone_and_are_counted()
    {
        var figure = Matrix();

        Assert.Equal("2 rows by 2 columns: 2 with ECONNRESET; 1 with EPIPE; 1 with no error.", figure.Caption);
        Assert.Equal(3, figure.Data.Where(t => t!["marker"]?["symbol"] is not null).Select(t => t!["marker"]!["symbol"]!.GetValue<string>()).Distinct().Count());
    }

    [Fact]
    public void A_result_is_not_drawn_with_a_sign()
    {
        var figure = Matrix(Results with { Rows = [["SYN_SENT", "send+receive", "ECONNREFUSED+0"], ["SYN_SENT", "receive", "0"]] });

        Assert.All((string[])[figure.ToSvg(), figure.ToJson(), figure.ToString()], text => Assert.DoesNotMatch(@"(\+|\\u002B)0", text));
        Assert.Contains("ECONNREFUSED, 0", figure.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ECONNRESET", "ConnectionReset", "square-x-open", Palette.Reset)]
    [InlineData("EPIPE", "Shutdown", "diamond", Palette.Failed)]
    [InlineData("ECONNREFUSED", "ConnectionRefused", "square", Palette.Client)]
    [InlineData("EAGAIN", "WouldBlock", "triangle-up", Palette.Fifth)]
    [InlineData("ENOTCONN", "NotConnected", "triangle-left", Palette.Sixth)]
    [InlineData("ETIMEDOUT", "TimedOut", "triangle-right", Palette.Ink)]
    public void An_error_has_one_mark_and_colour_in_every_matrix(string errno, string inDotNet, string mark, string colour)
    {
        (string First, string Error)[] pairs = [("5", errno), ("EPIPE", errno), ("some kind", errno), ("5", inDotNet), ("Shutdown", inDotNet)];
        foreach (var (first, error) in pairs)
        {
            // Another kind comes first, and may take any mark but this one.
            var results = Results with { Rows = [["SYN_SENT", "send", first], ["SYN_SENT", "receive", error]] };
            var marks = Matrix(results, kind: text => text == "5" ? "no error" : text).Data.Select(trace => trace!["marker"])
                .Where(marker => marker?["symbol"] is not null).Select(marker => (marker!["symbol"]!.GetValue<string>(), marker["color"]!.GetValue<string>())).ToList();

            Assert.Contains((mark, colour), marks);
            Assert.Equal(first == error ? 1 : 2, marks.Count);
        }
    }

    [Fact]
    public void No_kind_is_green_because_green_is_success_elsewhere()
    {
        var rows = Enumerable.Range(0, 6).Select(i => (IReadOnlyList<object?>)["row", $"{i}", $"kind {i}"]).ToList();

        Assert.DoesNotContain(Palette.Server, Matrix(Results with { Rows = rows }, kind: text => text).ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_kind_can_be_told_by_the_chapter()
    {
        Assert.Contains("3 with failed", Matrix(kind: text => text == "5" ? "fine" : "failed").Caption, StringComparison.Ordinal);
    }

    [Fact]
    public void The_pointer_finds_the_cell_in_both_directions_on_every_screen()
    {
        var json = JsonNode.Parse(Matrix().ToJson())!;

        Assert.Equal("closest", json["layout"]!["hovermode"]!.GetValue<string>());
        Assert.Equal("closest", json["narrow"]!["layout"]!["hovermode"]!.GetValue<string>());
        Assert.Contains("2  receive", json["narrow"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_word_that_is_too_long_for_its_column_goes_on_in_the_next_line_and_a_short_one_does_not()
    {
        var rows = Enumerable.Range(0, 10).Select(i => (IReadOnlyList<object?>)["row", $"{i}", i == 0 ? "ConnectionRefused+WouldBlock" : "IN|OUT|ERR|HUP|RDHUP"]).ToList();

        var svg = Matrix(Results with { Rows = rows }).ToSvg();

        string[] parts = [">Connection-<", ">Refused<", ">WouldBlock<", ">IN|OUT|ERR<", ">|HUP|RDHUP<"];
        Assert.All(parts, part => Assert.Contains(part, svg, StringComparison.Ordinal));
    }

    [Fact]
    public void A_pair_without_a_value_is_an_empty_cell()
    {
        var figure = Matrix(Results with { Rows = [.. Results.Rows.Take(3)] });

        Assert.Null(figure.Tables[0].Rows[1][2]);
        XDocument.Parse(figure.ToSvg());
    }

    [Fact]
    public void A_pair_that_is_there_twice_is_refused_and_named()
    {
        var thrown = Assert.Throws<ArgumentException>(() => Matrix(Results with { Rows = [.. Results.Rows, Results.Rows[0]] }));

        Assert.Contains("'ESTABLISHED' and 'send+send'", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void More_kinds_than_marks_are_refused_and_named()
    {
        var rows = Enumerable.Range(0, 7).Select(i => (IReadOnlyList<object?>)["row", $"{i}", $"kind {i}"]).ToList();

        var thrown = Assert.Throws<ArgumentException>(() => Matrix(Results with { Rows = rows }, kind: text => text));

        Assert.Contains("kind 6", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Recorded_results_are_marked_so() =>
        Assert.Equal(Evidence.Recorded, Matrix(Results with { Evidence = Evidence.Recorded }).Evidence);
}
