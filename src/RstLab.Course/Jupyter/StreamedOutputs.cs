using System.Text;
using System.Text.Json.Nodes;

namespace RstLab.Course.Jupyter;

/// <summary>What a running cell shows, sent while it runs: text in pieces every few milliseconds, all else at once and in order.</summary>
/// <param name="publish">Sends a message of a type; null where nothing is to be sent, for a silent execution.</param>
internal sealed class StreamedOutputs(Action<string, JsonObject>? publish) : CellOutputs
{
    /// <summary>More text than this from one cell is a loop that ran away; the rest is dropped and the cut is marked.</summary>
    internal const int Limit = 16 << 20;

    private const int Piece = 64 * 1024;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(30);

    private readonly Lock gate = new();
    private readonly StringBuilder text = new();
    private Timer? timer;
    private string stream = "stdout";
    private int written;

    /// <summary>The error that the cell ended with.</summary>
    internal ErrorOutput? Error { get; private set; }

    /// <summary>The value that the cell ended with, as plain text.</summary>
    internal string? Value { get; private set; }

    /// <summary>A value in all its forms, as messages carry it.</summary>
    internal static JsonObject Bundle(DisplayOutput value) =>
        new(value.Data.Select(form => KeyValuePair.Create(form.MimeType, form.IsJson ? JsonNode.Parse(form.Content) : form.Content)));

    internal override void Write(string name, ReadOnlySpan<char> value)
    {
        Interruption.CheckOnce(); // also ends a loop that only prints, in code that has no guard
        lock (gate)
        {
            if (value.IsEmpty || written > Limit)
            {
                return;
            }

            if (name != stream)
            {
                SendText(all: true);
                stream = name;
            }

            var pending = text.Length > 0;
            written += value.Length;
            text.Append(value);
            if (written > Limit)
            {
                text.Append("\n... (the rest of this cell's text is left out)\n");
            }

            if (text.Length >= Piece)
            {
                SendText(all: false);
            }
            else if (!pending)
            {
                timer ??= new Timer(_ => Flush(all: false));
                timer.Change(Pause, Timeout.InfiniteTimeSpan);
            }
        }
    }

    internal override void Add(CellOutput output)
    {
        lock (gate)
        {
            SendText(all: true);
            var json = output.ToJson();
            var type = (string)json["output_type"]!;
            json.Remove("output_type");
            if (output is DisplayOutput display)
            {
                // A notebook's file has lists of lines, a message has the text.
                json["data"] = Bundle(display);
                Value = display.ExecutionCount is null ? Value : display["text/plain"];
            }

            Error = output as ErrorOutput ?? Error;
            publish?.Invoke(type, json);
        }
    }

    /// <summary>Sends what waits.</summary>
    internal void Flush(bool all = true)
    {
        lock (gate)
        {
            SendText(all);
        }
    }

    private void SendText(bool all)
    {
        // A character of two halves is not cut in between.
        var length = !all && text.Length > 0 && char.IsHighSurrogate(text[^1]) ? text.Length - 1 : text.Length;
        if (length > 0)
        {
            publish?.Invoke("stream", new JsonObject { ["name"] = stream, ["text"] = text.ToString(0, length) });
            text.Remove(0, length);
        }
    }
}
