using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RstLab.Tests;

public sealed class RecordingTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rstlab-test");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_recording_survives_being_saved_and_loaded()
    {
        var made = await Lab.RunAsync("test-round-trip", LabTests.CloseThenSend);
        made.Save(PathOf("r.json"));

        var loaded = Recording.Load(PathOf("r.json"));

        Assert.Equal(made.Events, loaded.Events);
        Assert.Equal(made.Witnesses, loaded.Witnesses);
        Assert.Equal(made.Participants, loaded.Participants);
        Assert.Equal(made.Environment, loaded.Environment);
        Assert.Equal(made.Counters.OrderBy(c => c.Key), loaded.Counters.OrderBy(c => c.Key));
    }

    [Fact]
    public void The_json_has_the_documented_names()
    {
        Sample().Save(PathOf("r.json"));
        using var json = JsonDocument.Parse(File.ReadAllText(PathOf("r.json")));
        var root = json.RootElement;

        Assert.Equal(1, root.GetProperty("version").GetInt32());
        Assert.Equal("sample", root.GetProperty("id").GetString());
        Assert.Equal("recorded", root.GetProperty("witnesses")[1].GetProperty("evidence").GetString());
        var (app, wire, kernel) = (root.GetProperty("events")[0], root.GetProperty("events")[1], root.GetProperty("events")[2]);
        Assert.Equal<(string?, long, string?, string?, string?, int)>(("app", 1L, "client", "Send", "Shutdown", 32), (Text(app, "witness"), app.GetProperty("t").GetInt64(), Text(app, "who"), Text(app, "call"), Text(app, "error"), app.GetProperty("errno").GetInt32()));
        Assert.Equal(("wire", "127.0.0.1:1", "127.0.0.1:2", "RA", 4_000_000_000L, 7L, 0), (Text(wire, "witness"), Text(wire, "from"), Text(wire, "to"), Text(wire, "flags"), wire.GetProperty("seq").GetInt64(), wire.GetProperty("ack").GetInt64(), wire.GetProperty("length").GetInt32()));
        Assert.Equal(("kernel", "sent", "A_REASON_OF_TOMORROW", "TCP_CLOSE"), (Text(kernel, "witness"), Text(kernel, "direction"), Text(kernel, "reason"), Text(kernel, "state")));
    }

    [Theory]
    [InlineData("tr-TR")]
    [InlineData("de-DE")]
    [InlineData("zh-CN")]
    [InlineData("ar-SA")]
    public void Files_do_not_depend_on_the_locale(string culture)
    {
        var table = Table();
        Sample().Save(PathOf("invariant.json"));
        table.Save(PathOf("invariant.csv"));
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo(culture);
            Sample().Save(PathOf("local.json"));
            table.Save(PathOf("local.csv"));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }

        Assert.Equal(File.ReadAllText(PathOf("invariant.json")), File.ReadAllText(PathOf("local.json")));
        Assert.Equal(File.ReadAllText(PathOf("invariant.csv")), File.ReadAllText(PathOf("local.csv")));
        Assert.Equal("name,time (us)\n\"a, \"\"b\"\"\",1.5\n,2\n", File.ReadAllText(PathOf("local.csv")));
    }

    [Fact]
    public void A_table_survives_being_saved_and_loaded()
    {
        Table().SaveJson(PathOf("t.json"));
        var loaded = ResultTable.Load(PathOf("t.json"));

        Assert.Equal([1.5, 2], loaded.Numbers("time (us)"));
        Assert.Equal(["a, \"b\"", ""], loaded.Texts("name"));
        Assert.Contains("has no column 'x'; it has name, time (us)", Assert.Throws<ArgumentException>(() => loaded.Numbers("x")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[1]")]
    [InlineData("{\"version\":1}")]
    [InlineData("{\"version\":2,\"id\":\"x\",\"environment\":null,\"witnesses\":[],\"events\":[]}")]
    [InlineData("{\"version\":1,\"id\":\"x\",\"environment\":null,\"witnesses\":[],\"events\":[{\"witness\":\"ghost\",\"t\":1}]}")]
    [InlineData("{\"version\":1,\"id\":\"x\",\"environment\":null,\"witnesses\":[],\"events\":[{\"witness\":\"wire\",\"t\":1,\"from\":\"\",\"to\":\"\",\"flags\":\"SX\",\"seq\":0,\"ack\":0,\"length\":0}]}")]
    public void What_is_not_a_recording_is_refused_by_its_name(string text)
    {
        File.WriteAllText(PathOf("bad.json"), text);
        Assert.Contains("bad.json", Assert.Throws<InvalidDataException>(() => Recording.Load(PathOf("bad.json"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"witness\": \"wire\",", "", "$.events[1]", "type discriminator")]
    [InlineData("\"t\": 2", "\"t\": -2", "$.events[1]", "before the experiment")]
    [InlineData("\"t\": 2", "\"t\": 9", "$.events[1]", "the next event happened before it")]
    [InlineData("\"t\": 2", "\"t\": \"2\"", "$.events[1].t, line", "")]
    [InlineData("\"t\": 2", "\"t\": 2, \"t\": 2", "$.events[1]", "uplicate")]
    [InlineData("\"length\": 0,", "", "$.events[1], line", "length")]
    [InlineData("\"length\": 0,", "\"length\": -1,", "$.events[1]", "not possible")]
    [InlineData("\"flags\": \"RA\"", "\"flags\": 5", "$.events[1].flags, line", "")]
    [InlineData("\"flags\": \"RA\"", "\"flags\": \"RX\"", "$.events[1].flags, line", "'X' is not a TCP flag")]
    [InlineData("\"flags\": \"RA\"", "\"flags\": \"RA\", \"flagz\": 1", "$.events[1].flagz, line", "flagz")]
    [InlineData("\"error\": \"Shutdown\"", "\"error\": 7", "$.events[0].error, line", "")]
    [InlineData("\"call\": \"Send\"", "\"call\": null", "$.events[0].call, line", "null")]
    [InlineData("\"call\": \"Send\"", "\"call\": \"\"", "$.events[0]", "no name")]
    [InlineData("\"address\": \"127.0.0.1:1\"", "\"address\": \"here\"", "$.participants[0]", "address")]
    [InlineData("\"kind\": \"wire\"", "\"kind\": \"app\"", "$.witnesses[1]", "'App' is there twice")]
    [InlineData("\"participants\": [", "\"participants\": [ null,", "$.participants[0]", "it is null")]
    [InlineData("\"events\": [", "\"events\": [ null,", "$.events[0]", "it is null")]
    [InlineData("\"events\": [", "\"events\": null, \"more\": [", "$.events, line", "null")]
    [InlineData("\"witnesses\": [", "\"witnesses\": [ null,", "$.witnesses[0]", "it is null")]
    [InlineData("\"events\": [", "\"moments\": [", "$.moments, line", "moments")]
    [InlineData("\"id\": \"sample\"", "\"id\": \"\"", "$.id", "empty")]
    public void A_damaged_recording_is_refused_with_the_place_and_the_fault(string there, string instead, string place, string fault)
    {
        Sample().Save(PathOf("bad.json"));
        var text = File.ReadAllText(PathOf("bad.json"));
        Assert.Contains(there, text, StringComparison.Ordinal);
        var at = text.IndexOf(there, StringComparison.Ordinal);
        File.WriteAllText(PathOf("bad.json"), string.Concat(text.AsSpan(0, at), instead, text.AsSpan(at + there.Length)));

        var message = Assert.Throws<InvalidDataException>(() => Recording.Load(PathOf("bad.json"))).Message;

        Assert.StartsWith($"{PathOf("bad.json")} is not a recording: at {place}", message, StringComparison.Ordinal);
        Assert.Contains(fault, message, StringComparison.Ordinal);
        Assert.DoesNotContain("BytePosition", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_recording_of_a_newer_version_says_so_whatever_else_is_in_it()
    {
        File.WriteAllText(PathOf("new.json"), "{\"version\": 2, \"places\": [{}]}");
        Assert.Contains("of version 2; this library reads up to 1", Assert.Throws<InvalidDataException>(() => Recording.Load(PathOf("new.json"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"rows\": [", "\"rows\": [ null,", "$.rows[0]: it is null")]
    [InlineData("\"rows\": [", "\"rows\": [ [1],", "$.rows[0]: it has 1 values, and there are 2 columns")]
    [InlineData("\"rows\": [", "\"rows\": [ [[],1],", "$.rows[0][0]: it is neither a number nor a text")]
    [InlineData("\"rows\": [", "\"rows\": null, \"more\": [", "$.rows, line")]
    [InlineData("\"columns\": [", "\"columns\": [ null,", "$.columns[0]: it is null")]
    [InlineData("\"columns\": [", "\"columns\": [ \"name\",", "$.columns[1]: 'name' is there twice")]
    public void A_damaged_table_is_refused_with_the_place_and_the_fault(string there, string instead, string place)
    {
        Table().SaveJson(PathOf("bad.json"));
        File.WriteAllText(PathOf("bad.json"), File.ReadAllText(PathOf("bad.json")).Replace(there, instead, StringComparison.Ordinal));

        var message = Assert.Throws<InvalidDataException>(() => ResultTable.Load(PathOf("bad.json"))).Message;

        Assert.StartsWith($"{PathOf("bad.json")} is not a table of results: at {place}", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_is_done_to_a_value_of_a_file_it_is_loaded_whole_or_refused_by_name()
    {
        var data = Path.Combine(Repository.Root, "data");
        var refused = Damage(Path.Combine(data, "recordings", "02-close-then-send.json"), file => Recording.Load(file).Events.Select(e => e.ToString()!.Length).Sum())
            + Damage(Path.Combine(data, "results", "05-fin-or-rst.json"), file => ResultTable.Load(file).Texts("way of asking").Count)
            + Damage(Path.Combine(data, "platforms.json"), file => PlatformErrors.Load(file).Errors.Sum(e => e.Linux.Number ?? 0));

        Assert.True(refused > 500, $"{refused} damaged files were refused");
    }

    // Each value in turn is left out, or replaced by what it is not.
    private int Damage(string source, Func<string, int> load)
    {
        var refused = 0;
        var count = Values(JsonNode.Parse(File.ReadAllText(source))!).Count();
        for (var i = 0; i < count; i++)
        {
            foreach (var instead in (string?[])[null, "null", "-1", "\"\"", "[]", "{}"])
            {
                var damaged = JsonNode.Parse(File.ReadAllText(source))!;
                var value = Values(damaged).ElementAt(i);
                Replace(value, instead);
                File.WriteAllText(PathOf("damaged.json"), damaged.ToJsonString());
                try
                {
                    _ = load(PathOf("damaged.json"));
                }
                catch (InvalidDataException e)
                {
                    Assert.StartsWith(PathOf("damaged.json"), e.Message, StringComparison.Ordinal);
                    Assert.Contains("at $", e.Message, StringComparison.Ordinal);
                    refused++;
                }
                catch (ArgumentException e) when (e is not ArgumentNullException && e.Message.Contains("has no column", StringComparison.Ordinal))
                {
                    // Another name of a column is nothing that a file could be wrong about.
                }
            }
        }

        return refused;
    }

    private static IEnumerable<JsonNode> Values(JsonNode node) => node switch
    {
        JsonObject members => members.Where(m => m.Value is not null).SelectMany(m => Values(m.Value!).Prepend(m.Value!)),
        JsonArray elements => elements.OfType<JsonNode>().SelectMany(e => Values(e).Prepend(e)),
        _ => [],
    };

    private static void Replace(JsonNode value, string? instead)
    {
        var with = instead is null ? null : JsonNode.Parse(instead);
        switch (value.Parent)
        {
            case JsonObject members when instead is null:
                members.Remove(value.GetPropertyName());
                break;
            case JsonObject members:
                members[value.GetPropertyName()] = with;
                break;
            case JsonArray elements when instead is null:
                elements.RemoveAt(value.GetElementIndex());
                break;
            case JsonArray elements:
                elements[value.GetElementIndex()] = with;
                break;
        }
    }

    [Fact]
    public void A_write_that_fails_costs_nothing_that_was_there()
    {
        File.WriteAllText(PathOf("kept.txt"), "kept");

        Assert.Throws<InvalidOperationException>(() => SafeFile.Replace(PathOf("kept.txt"), stream =>
        {
            stream.WriteByte(1);
            throw new InvalidOperationException();
        }));

        Assert.Equal("kept", File.ReadAllText(PathOf("kept.txt")));
        Assert.Single(_folder.GetFiles());
    }

    [Fact]
    public void The_socket_error_is_found_at_any_depth()
    {
        var reset = new SocketException((int)SocketError.ConnectionReset);
        Assert.Same(reset, Errno.Find(new AggregateException(new InvalidOperationException(), new IOException("x", new HttpRequestException("y", reset)))));
        Assert.Null(Errno.Find(new InvalidOperationException("unrelated")));
    }

    private static Recording Sample() => new()
    {
        Id = "sample",
        Environment = new LabEnvironment("System", "Linux 6.18", "x64", ".NET 10", 2, "root", new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero)),
        Witnesses = [new(WitnessKind.App, Evidence.Live), new(WitnessKind.Wire, Evidence.Recorded, "why"), new(WitnessKind.Kernel, Evidence.Live) { Method = KernelMethod.Trace }],
        Participants = [new("client", "127.0.0.1:1", Side.Client)],
        Events =
        [
            new AppCall(1, "client", "Send") { Error = SocketError.Shutdown, Errno = 32, ErrnoName = "EPIPE", Exception = "System.Net.Sockets.SocketException" },
            new Segment(2, "127.0.0.1:1", "127.0.0.1:2", ControlBits.Rst | ControlBits.Ack, 4_000_000_000, 7, 0),
            new KernelReset(3, ResetDirection.Sent, "127.0.0.1:1", null, "A_REASON_OF_TOMORROW", "TCP_CLOSE"),
        ],
        Counters = new Dictionary<string, long> { ["TcpOutRsts"] = 1 },
    };

    private static ResultTable Table() => new()
    {
        Id = "t",
        Columns = ["name", "time (us)"],
        Rows = [["a, \"b\"", 1.5], [null, 2]],
        Environment = Sample().Environment,
    };

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();

    private string PathOf(string file) => Path.Combine(_folder.FullName, file);
}
