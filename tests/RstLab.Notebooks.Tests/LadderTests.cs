using System.Globalization;
using System.Text.Json.Nodes;
using System.Xml.Linq;

namespace RstLab.Notebooks.Tests;

public class LadderTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    public static TheoryData<string> Kinds => ["close", "refused", "long", "absent", "recorded", "empty"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_picture_is_well_formed_and_so_is_the_json(string kind)
    {
        var figure = Figure.Ladder(Sample(kind));

        var svg = XDocument.Parse(figure.ToSvg()).Root!;
        Assert.Equal("img", svg.Attribute("role")!.Value);
        Assert.Equal(figure.Caption, svg.Element(Svg + "desc")!.Value);
        var json = JsonNode.Parse(figure.ToJson())!;
        Assert.Equal(figure.Title, json["layout"]!["title"]!["text"]!.GetValue<string>());
        Assert.NotEmpty(json["data"]!.AsArray());
        Assert.NotEmpty(json["narrow"]!["data"]!.AsArray());
    }

    [Theory]
    [InlineData("close")]
    [InlineData("refused")]
    public void Every_segment_and_every_call_stands_in_the_picture_and_in_the_table(string kind)
    {
        var recording = Sample(kind);
        var figure = Figure.Ladder(recording);
        var svg = XDocument.Parse(figure.ToSvg());
        var words = svg.Descendants(Svg + "text").Select(t => t.Value).ToList();
        var lines = svg.Descendants(Svg + "line").Select(l => l.Attribute("class")!.Value).ToList();

        Assert.Equal(recording.Segments.Count(), words.Count(w => w.Contains("  len ", StringComparison.Ordinal)));
        Assert.Equal(recording.Segments.Count(s => s.Length > 0) + 1, lines.Count(c => c == "data") + (recording.Segments.Any(s => s.Length > 0) ? 0 : 1));
        foreach (var call in recording.Calls)
        {
            Assert.Contains(words, w => w.Contains(call.Call, StringComparison.Ordinal));
            Assert.Contains(words, w => w.Contains($"→ {call.Outcome}", StringComparison.Ordinal));
        }

        Assert.Equal(recording.Events.Count, figure.Tables[0].Rows.Count);
        Assert.Equal(recording.Calls.Count(), figure.Tables[1].Rows.Count);
    }

    [Fact]
    public void The_kernels_reason_stands_beside_its_reset()
    {
        Assert.Contains("RST · TCP_ABORT_ON_DATA", Words(Figure.Ladder(Samples.CloseThenSend)));
        Assert.Contains("RST ACK · NO_SOCKET", Words(Figure.Ladder(Samples.Refused)));
        Assert.Contains("RST · TCP_FLAGS", Words(Figure.Ladder(Samples.Long)));
    }

    [Fact]
    public void A_reason_without_a_segment_has_a_mark_of_its_own()
    {
        var recording = Samples.Refused with { Events = [.. Samples.Refused.Events.Where(e => e is not Segment { IsReset: true })] };

        Assert.Contains("RST · NO_SOCKET", Words(Figure.Ladder(recording)));
    }

    [Fact]
    public void Of_two_resets_of_one_connection_each_keeps_the_reason_nearest_in_time()
    {
        var both = Samples.CloseThenSend with
        {
            Events =
            [
                .. Samples.CloseThenSend.Events,
                new KernelReset(300_000_000, ResetDirection.Sent, Samples.Server, Samples.Client, "NO_SOCKET", null),
                new Segment(300_001_000, Samples.Server, Samples.Client, ControlBits.Rst, 910_000_002, 0, 0),
            ],
        };

        var words = Words(Figure.Ladder(both));

        Assert.True(words.IndexOf("RST · TCP_ABORT_ON_DATA") < words.IndexOf("RST · NO_SOCKET"));
        Assert.Contains("RST · TCP_ABORT_ON_DATA", words);
    }

    [Fact]
    public void Sequence_numbers_count_from_the_start_of_each_direction()
    {
        var words = Words(Figure.Ladder(Samples.CloseThenSend));

        Assert.Contains("SYN  seq 0  len 0", words);
        Assert.Contains("SYN ACK  seq 0 ack 1  len 0", words);
        Assert.Contains("FIN ACK  seq 1 ack 1  len 0", words);
        Assert.Contains("PSH ACK  seq 1 ack 2  len 5000", words);
        Assert.Contains("seq 2  len 0", words);
        Assert.Contains("seq 1 ack 1  len 0", Words(Figure.Ladder(Samples.Refused)));
    }

    [Fact]
    public void Sequence_numbers_wrap_around()
    {
        var wrapped = Samples.Refused with
        {
            Events = [new Segment(1, "a:1", "b:2", ControlBits.Syn, uint.MaxValue, 0, 0), new Segment(2, "a:1", "b:2", ControlBits.Psh | ControlBits.Ack, 0, 9, 10)],
            Participants = [],
        };

        Assert.Contains("PSH ACK  seq 1 ack 1  len 10", Words(Figure.Ladder(wrapped)));
    }

    [Fact]
    public void A_segment_that_is_sent_again_says_so()
    {
        var events = Samples.CloseThenSend.Events.ToList();
        var data = events.OfType<Segment>().Single(s => s.Length > 0);
        events.Insert(events.IndexOf(data) + 1, data with { T = data.T + 1_000 });

        var words = Words(Figure.Ladder(Samples.CloseThenSend with { Events = events }));

        Assert.Single(words, w => w.EndsWith("len 5000", StringComparison.Ordinal));
        Assert.Single(words, w => w.EndsWith("len 5000  again", StringComparison.Ordinal));
    }

    [Fact]
    public void A_failed_call_differs_by_shape_and_words_and_a_reset_by_shape_and_dashes()
    {
        var svg = XDocument.Parse(Figure.Ladder(Samples.CloseThenSend).ToSvg());

        Assert.Contains(svg.Descendants(Svg + "path"), p => p.Attribute("class")!.Value == "cross sfailed");
        Assert.Contains(svg.Descendants(Svg + "path"), p => p.Attribute("class")!.Value == "cross sreset");
        Assert.Contains(svg.Descendants(Svg + "line"), p => p.Attribute("class")!.Value == "reset");
        Assert.Contains("Send(5000 bytes) → EPIPE (Shutdown)", Words(Figure.Ladder(Samples.CloseThenSend)));
    }

    [Fact]
    public void No_label_is_cut()
    {
        const string address = "[fd00:dead:beef:cafe:1234:5678:9abc:def0]:40312";
        string[] texts = ["Abort(SO_LINGER{1,0}+Close)", $"ConnectAsync({address})", $"from{address}", "wwwz", "aremarkthatislong", "client-9", "127.0.0.1:40319"];
        var many = Enumerable.Range(1, 9).Select(i => new Participant($"client-{i}", $"127.0.0.1:4031{i}", Side.Client));
        var recording = Samples.CloseThenSend with
        {
            Participants = [.. Samples.CloseThenSend.Participants, .. many],
            Events =
            [
                .. Samples.CloseThenSend.Events,
                new AppCall(252_500_000, "server", "Abort") { Arguments = "SO_LINGER {1,0} + Close", Result = "ok", Elapsed = 1_000 },
                new AppCall(252_600_000, "client", "ConnectAsync") { Arguments = address, Result = $"from {address}", Elapsed = 1 },
                new AppCall(252_700_000, "lab", new string('w', 120) + "z") { Result = "done, after a while and with a remark that is long" },
            ],
        };

        var figure = Figure.Ladder(recording);
        foreach (var drawing in new[] { figure.Draw!(Frame.Wide), figure.Draw(Frame.Narrow) })
        {
            var labels = drawing.Items.OfType<Drawing.Label>().ToList();
            var all = string.Concat(labels.SelectMany(label => label.Words).Select(words => words.Text)).Replace(" ", "", StringComparison.Ordinal);
            Assert.All(texts, text => Assert.Contains(text, all, StringComparison.Ordinal));
            Assert.All(labels, label =>
            {
                // A fixed estimate for the widest letters of the face is enough to see a label that leaves the picture.
                var width = label.Words.Sum(words => words.Text.Length) * (label.Face == "m" ? 6.7 : 6);
                var from = label.X - (label.Anchor switch { Drawing.Anchor.Start => 0, Drawing.Anchor.Middle => width / 2, _ => width });
                Assert.InRange(from, -4, drawing.Width);
                Assert.InRange(from + width, 0, drawing.Width + 4);
            });
        }
    }

    [Fact]
    public void Counters_stand_below_a_ladder_only_where_some_were_counted()
    {
        Assert.Contains(Figure.Ladder(Samples.CloseThenSend).Tables, table => table.Caption.Contains("counted", StringComparison.Ordinal));

        var without = Figure.Ladder(Samples.CloseThenSend with { Counters = new Dictionary<string, long>() });
        Assert.DoesNotContain(without.Tables, table => table.Caption.Contains("counted", StringComparison.Ordinal));
        Assert.DoesNotContain("counter", Html(without), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("02-close-then-send", "Close then send: what the witnesses saw")]
    [InlineData("mine", "Mine: what the witnesses saw")]
    [InlineData("42", "42: what the witnesses saw")]
    public void A_ladder_without_a_title_takes_the_words_of_its_id(string id, string title) =>
        Assert.Equal(title, Figure.Ladder(Samples.CloseThenSend with { Id = id }).Title);

    [Fact]
    public void A_long_ladder_is_folded_in_the_picture_and_complete_in_the_table()
    {
        var figure = Figure.Ladder(Samples.Long);

        Assert.Contains("… 56 more segments, 140000 bytes", Words(figure));
        Assert.Contains("28 more calls, all ok", Words(figure));
        Assert.Equal(Samples.Long.Events.Count, figure.Tables[0].Rows.Count);
        Assert.Contains(Words(figure), w => w.StartsWith("lab: Reboot(", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_the_wire_the_shipped_recording_is_drawn_and_named()
    {
        var figure = Figure.Ladder(Samples.WithoutWire(Samples.CloseThenSend));

        Assert.Equal(Evidence.Recorded, figure.Evidence);
        Assert.Contains("RST · TCP_ABORT_ON_DATA", Words(figure));
        var note = Assert.Single(figure.Notes);
        Assert.Contains("Linux 6.18.44 with .NET 10.0.12 on 2026-03-05", note, StringComparison.Ordinal);
        Assert.Contains("CAP_NET_RAW", note, StringComparison.Ordinal);
        Assert.Contains(figure.Tables, t => t.Caption == "The calls of this run, live");
        Assert.Contains("data-evidence=\"recorded\"", Html(figure), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_the_wire_and_without_a_recording_only_the_calls_are_drawn_and_it_says_why()
    {
        var figure = Figure.Ladder(Samples.WithoutWire(null));

        Assert.Equal(Evidence.Live, figure.Evidence);
        Assert.Contains("CAP_NET_RAW", Assert.Single(figure.Notes), StringComparison.Ordinal);
        Assert.DoesNotContain(Words(figure), w => w.Contains("  len ", StringComparison.Ordinal));
        Assert.Contains("Send(5000 bytes) → EPIPE (Shutdown)", Words(figure));
    }

    [Fact]
    public void Without_the_kernel_the_wire_is_drawn_live_and_the_reason_comes_from_the_shipped_recording_in_words()
    {
        var figure = Figure.Ladder(Samples.CloseThenSend with
        {
            Witnesses = [Samples.AllLive[0], Samples.AllLive[1], new(WitnessKind.Kernel, Evidence.Recorded, "tracefs is not mounted here")],
            Events = [.. Samples.CloseThenSend.Events.Where(e => e is not KernelReset)],
            Shipped = Samples.CloseThenSend,
        });

        Assert.Equal(Evidence.Live, figure.Evidence);
        Assert.Contains("RST", Words(figure));
        Assert.Contains("the reason was TCP_ABORT_ON_DATA", Assert.Single(figure.Notes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tr-TR")]
    [InlineData("de-DE")]
    [InlineData("zh-CN")]
    public void The_same_recording_gives_the_same_bytes_in_every_locale(string culture)
    {
        var expected = Html(Figure.Ladder(Samples.Long)) + Figure.Ladder(Samples.Long).ToSvg();
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo(culture);

            Assert.Equal(expected, Html(Figure.Ladder(Samples.Long)) + Figure.Ladder(Samples.Long).ToSvg());
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Hostile_text_stays_text()
    {
        const string hostile = "</script><b onmouseover=\"x('y')\">&\u202Eevil\0";
        var recording = Samples.CloseThenSend with
        {
            Events = [.. Samples.CloseThenSend.Events, new AppCall(1, hostile, hostile) { Arguments = hostile, Exception = hostile, Message = hostile }],
        };

        var figure = Figure.Ladder(recording, hostile);
        var html = Html(figure);

        Assert.Equal(2, html.Split("</script>").Length - 1);
        Assert.DoesNotContain("<b ", html, StringComparison.Ordinal);
        Assert.DoesNotContain('\u202E', html);
        Assert.DoesNotContain('\0', html);
        XDocument.Parse(figure.ToSvg());
        var json = html.Split("class=\"rstlab-plotly\">")[1].Split("</script>")[0];
        Assert.NotNull(JsonNode.Parse(json));
    }

    [Fact]
    public void No_id_can_clash_when_a_figure_is_shown_twice()
    {
        Assert.DoesNotContain(" id=", Html(Figure.Ladder(Samples.CloseThenSend)), StringComparison.Ordinal);
    }

    [Fact]
    public void The_static_part_of_the_html_is_well_formed()
    {
        var html = Html(Figure.Ladder(Samples.Long));
        var body = System.Text.RegularExpressions.Regex.Replace(html, "<script.*?</script>|<style>.*?</style>", "", System.Text.RegularExpressions.RegexOptions.Singleline);

        Assert.Equal("figure", XDocument.Parse(body).Root!.Name.LocalName);
    }

    private static Recording Sample(string kind) => kind switch
    {
        "close" => Samples.CloseThenSend,
        "refused" => Samples.Refused,
        "long" => Samples.Long,
        "absent" => Samples.WithoutWire(null),
        "recorded" => Samples.WithoutWire(Samples.CloseThenSend),
        _ => Samples.CloseThenSend with { Events = [], Participants = [], Counters = new Dictionary<string, long>() },
    };

    internal static List<string> Words(Figure figure) => [.. XDocument.Parse(figure.ToSvg()).Descendants(Svg + "text").Select(t => t.Value)];

    private static string Html(IDisplayed shown)
    {
        using var writer = new StringWriter();
        shown.WriteHtml(writer);
        return writer.ToString();
    }
}
