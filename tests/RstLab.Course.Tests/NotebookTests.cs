using System.Text.Json.Nodes;

namespace RstLab.Course.Tests;

public sealed class NotebookTests
{
    [Fact]
    public void Unknown_metadata_and_fields_survive_reading_and_writing()
    {
        var json = TemporaryCourse.Json("# Title", "1 + 1");
        json["metadata"]!["someone"] = new JsonObject { ["else"] = "kept" };
        json["cells"]![1]!["metadata"]!["tags"] = new JsonArray("exercise", "hidden");
        json["cells"]![0]!["attachments"] = new JsonObject();
        json["x"] = 1.50m;

        var notebook = Notebook.Parse(json.ToJsonString(), "a.ipynb");
        var written = JsonNode.Parse(notebook.ToJson());

        Assert.True(JsonNode.DeepEquals(json, written), written!.ToJsonString());
        Assert.Equal(["exercise", "hidden"], notebook.Cells[1].Tags);
        Assert.Equal("Title", notebook.Title);
    }

    [Fact]
    public void Every_kind_of_output_survives_reading_and_writing()
    {
        var json = TemporaryCourse.Json("1");
        json["cells"]![0]!["execution_count"] = 3;
        json["cells"]![0]!["outputs"] = JsonNode.Parse("""
            [
              { "name": "stderr", "output_type": "stream", "text": ["a\n", "b"] },
              { "data": { "text/html": ["<p>\n", "x</p>"], "application/json": { "a": [1] } }, "execution_count": 3, "metadata": {}, "output_type": "execute_result" },
              { "data": { "text/plain": ["x"] }, "metadata": { "isolated": true }, "output_type": "display_data" },
              { "ename": "E", "evalue": "v", "output_type": "error", "traceback": ["one", "two"] }
            ]
            """);
        var notebook = Notebook.Parse(json.ToJsonString(), "a.ipynb");

        Assert.True(JsonNode.DeepEquals(json, JsonNode.Parse(notebook.ToJson())), notebook.ToJson());
        Assert.Equal(new StreamOutput("stderr", "a\nb"), notebook.Cells[0].Outputs[0]);
        Assert.Equal("<p>\nx</p>", Assert.IsType<DisplayOutput>(notebook.Cells[0].Outputs[1])["text/html"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("one")]
    [InlineData("one\n")]
    [InlineData("one\n\ntwo")]
    [InlineData("\n")]
    public void Text_as_lines_joins_to_the_same_text(string text)
    {
        var lines = NotebookCell.Lines(text);

        Assert.Equal(text, string.Concat(lines.Select(line => (string)line!)));
        Assert.All(lines.SkipLast(1), line => Assert.EndsWith("\n", (string)line!, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("{\n  \"cells\": [,]\n}", "line 2, byte 13", "not JSON")]
    [InlineData("", "line 1", "not JSON")]
    [InlineData("[]", "top level", "no JSON object")]
    [InlineData("{\"nbformat\":3,\"worksheets\":[]}", "nbformat", "is 3 where 4 is needed")]
    [InlineData("{\"cells\":[]}", "nbformat", "missing")]
    [InlineData("{\"nbformat\":4}", "cells", "missing")]
    [InlineData("{\"nbformat\":4,\"nbformat_minor\":\"5\",\"cells\":[]}", "nbformat_minor", "is \"5\" where a whole number is needed")]
    [InlineData("{\"nbformat\":4,\"nbformat_minor\":5.5,\"cells\":[]}", "nbformat_minor", "is 5.5 where a whole number is needed")]
    [InlineData("{\"nbformat\":4,\n\"cells\":[{\"id\":\"a\",\"cell_type\":\"code\",\n\"source\":[\"1\",\"\\ud83d\"]}]}", "line 3", "holds half of a character")]
    [InlineData("{\"nbformat\":4,\n\"metadata\":{\"\\udc00\":1},\"cells\":[]}", "line 2", "holds half of a character")]
    [InlineData("{\"nbformat\":4,\"cells\":[{\"cell_type\":\"code\",\"source\":\"\"}]}", "cell 1", "no valid id")]
    [InlineData("{\"nbformat\":4,\"cells\":[{\"id\":\"a b\",\"cell_type\":\"code\",\"source\":\"\"}]}", "cell 1", "no valid id")]
    [InlineData("{\"nbformat\":4,\"cells\":[{\"id\":\"a\",\"cell_type\":\"code\",\"source\":\"\"},{\"id\":\"a\",\"cell_type\":\"code\",\"source\":\"\"}]}", "cell 2", "unique")]
    [InlineData("{\"nbformat\":4,\"cells\":[{\"id\":\"a\",\"cell_type\":\"chart\",\"source\":\"\"}]}", "cell 1", "cell_type chart")]
    [InlineData("{\"nbformat\":4,\"cells\":[{\"id\":\"a\",\"cell_type\":\"code\",\"source\":[1]}]}", "cell 1", "no source")]
    [InlineData("{\"nbformat\":4,\"cells\":[{\"id\":\"a\",\"cell_type\":\"code\",\"source\":\"\",\"outputs\":[{}]}]}", "cell 1", "output (number 1)")]
    [InlineData("{\"nbformat\":4,\"cells\":[7]}", "cell 1", "no JSON object")]
    [InlineData("{\"nbformat\":4,\"nbformat\":4,\"cells\":[]}", "nbformat", "not JSON")]
    public void A_broken_notebook_is_refused_with_its_name_and_the_place(string json, string place, string what)
    {
        var e = Assert.Throws<InvalidDataException>(() => Notebook.Parse(json, "notebooks/05-broken.ipynb"));

        Assert.Contains("notebooks/05-broken.ipynb", e.Message, StringComparison.Ordinal);
        Assert.Contains(place, e.Message, StringComparison.Ordinal);
        Assert.Contains(what, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_whole_character_may_be_escaped() =>
        Assert.Equal("😀", Notebook.Parse("{\"nbformat\":4,\"cells\":[{\"id\":\"a\",\"cell_type\":\"code\",\"source\":\"\\ud83d\\ude00\"}]}", "a.ipynb").Cells[0].Source);

    [Fact]
    public void Half_a_character_that_a_cell_writes_leaves_a_notebook_that_can_be_read()
    {
        var notebook = Notebook.Parse(TemporaryCourse.Json("1").ToJsonString(), "a.ipynb");
        notebook.Cells[0].Outputs = [new StreamOutput("stdout", "\ud83d"), new DisplayOutput([new("text/plain", "a\udc00b")], 1), new ErrorOutput("E", "\ud83d", ["\ud83d"])];

        Assert.Equal(3, Notebook.Parse(notebook.ToJson(), "b.ipynb").Cells[0].Outputs.Count);
    }

    [Fact]
    public void A_missing_notebook_is_refused_with_its_name() =>
        Assert.Contains("no-such.ipynb", Assert.Throws<InvalidDataException>(() => Notebook.Load("no-such.ipynb")).Message, StringComparison.Ordinal);

    [Fact]
    public void Saving_leaves_only_the_notebook_in_the_folder()
    {
        using var course = new TemporaryCourse();
        var path = course.Write("01-a", "1");
        Notebook.Load(path).Save(path);

        Assert.Equal([path], Directory.GetFileSystemEntries(course.In("notebooks")));
        Assert.EndsWith("}\n", File.ReadAllText(path), StringComparison.Ordinal);
    }
}
