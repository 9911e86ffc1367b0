using System.Globalization;
using System.IO.Enumeration;
using System.Text.Json.Nodes;

namespace RstLab.Course.Jupyter;

/// <summary>The cells that were run since the kernel started. It is not kept longer.</summary>
internal sealed class InputHistory
{
    private const int Session = 1;
    private const int Limit = 10_000;
    private readonly List<(int Line, string Input, string? Output)> lines = [];

    internal void Add(int line, string input, string? output)
    {
        if (lines.Count == Limit)
        {
            lines.RemoveAt(0);
        }

        lines.Add((line, input, output));
    }

    /// <summary>Answers a <c>history_request</c>.</summary>
    internal JsonObject Find(JupyterMessage request)
    {
        IEnumerable<(int Line, string Input, string? Output)> found = lines;
        switch (request.Text("hist_access_type"))
        {
            case "range":
                var session = request.Number("session") ?? 0; // 0 is this one, as negative numbers are those before
                found = session is 0 or Session
                    ? lines.Where(entry => entry.Line >= (request.Number("start") ?? 1) && entry.Line < (request.Number("stop") ?? int.MaxValue))
                    : [];
                break;
            case "search":
                var pattern = request.Text("pattern") is { Length: > 0 } text ? text : "*";
                found = lines.Where(entry => FileSystemName.MatchesSimpleExpression(pattern, entry.Input, ignoreCase: false));
                if (request.Flag("unique", false))
                {
                    found = found.Reverse().DistinctBy(entry => entry.Input).Reverse();
                }

                found = found.TakeLast(Math.Max(request.Number("n") ?? int.MaxValue, 0));
                break;
            default:
                found = lines.TakeLast(Math.Max(request.Number("n") ?? 10, 0));
                break;
        }

        var withOutput = request.Flag("output", false);
        return new JsonObject
        {
            ["history"] = new JsonArray([.. found.Select(entry => (JsonNode)new JsonArray(
                Session, entry.Line, withOutput ? new JsonArray(entry.Input, entry.Output) : entry.Input))]),
        };
    }
}
