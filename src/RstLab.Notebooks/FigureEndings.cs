using System.Text.Json.Nodes;

namespace RstLab.Notebooks;

public sealed partial class Figure
{
    /// <summary>
    /// Compares how connections end: a row for each ending, with what each side's app saw, what crossed the wire after the
    /// handshake and the kernel's reason. Symbols: ✓ succeeded, ✗ failed, ∅ end of stream (a receive of 0 bytes), ▶ FIN, ✖ RST.
    /// </summary>
    /// <param name="endings">A label for each ending and its recording.</param>
    /// <exception cref="ArgumentException">There is nothing to compare.</exception>
    public static Figure Endings(params IReadOnlyList<(string Label, Recording Recording)> endings) => Endings("How the endings differ", endings);

    /// <summary>Compares how connections end, under a title of its own.</summary>
    /// <param name="title">The title.</param>
    /// <param name="endings">A label for each ending and its recording.</param>
    /// <exception cref="ArgumentException">There is nothing to compare.</exception>
    public static Figure Endings(string title, params IReadOnlyList<(string Label, Recording Recording)> endings)
    {
        ArgumentNullException.ThrowIfNull(endings);
        if (endings.Count == 0)
        {
            throw new ArgumentException("A comparison needs at least one ending.", nameof(endings));
        }

        var notes = new List<string>();
        var rows = new List<IReadOnlyList<object?>>();
        var (reset, recorded) = (0, false);
        var environment = endings[0].Recording.Environment;
        foreach (var (label, recording) in endings)
        {
            var own = new List<string>();
            var drawn = Speaking(recording, own);
            notes.AddRange(own.Where(n => !notes.Contains(n)));
            var isRecorded = !ReferenceEquals(drawn, recording) || Claims.IsReplay(recording);
            recorded |= isRecorded;
            environment = isRecorded ? drawn.Environment : environment;
            var ladder = Notebooks.Ladder.Of(drawn);
            reset += ladder.Segments.Any(s => s.IsReset) ? 1 : 0;
            var wired = Absence(() => drawn.Segments) is null;
            rows.Add([
                isRecorded ? $"{label} (recorded)" : label, Saw(ladder, Side.Client), Saw(ladder, Side.Server),
                wired ? Crossed(ladder) : "? not watched", Reasons(ladder, Absence(() => drawn.Resets) is null)]);
        }

        var table = new Table { Caption = title, Columns = ["ending", "the client saw", "the server saw", "on the wire", "the kernel's reason"], Rows = rows };
        JsonArray Column(int index) => [.. rows.Select(r => (JsonNode)Markup.Plotly((string)r[index]!).Replace("\n", "<br>", StringComparison.Ordinal))];
        return new()
        {
            Kind = "endings",
            Title = title,
            Caption = FormattableString.Invariant($"{reset} of {endings.Count} endings put a reset on the wire.") + " ✓ succeeded, ✗ failed, ∅ end of stream, ▶ FIN, ✖ RST.",
            Tables = [table],
            Environment = environment,
            Evidence = recorded ? Evidence.Recorded : Evidence.Live,
            Notes = notes,
            Data =
            [
                new JsonObject
                {
                    ["type"] = "table",
                    ["header"] = new JsonObject { ["values"] = new JsonArray([.. table.Columns.Select(c => (JsonNode)c)]), ["align"] = "left" },
                    ["cells"] = new JsonObject { ["values"] = new JsonArray([.. Enumerable.Range(0, table.Columns.Count).Select(Column)]), ["align"] = "left" },
                },
            ],
            Layout = new() { ["title"] = new JsonObject { ["text"] = Markup.Plotly(title) } },
        };
    }

    /// <summary>The calls of one side that tell something about the end, equal neighbours as one.</summary>
    private static string Saw(Ladder ladder, Side side)
    {
        var told = new List<(string What, int Times)>();
        foreach (var call in ladder.Calls.Where(c => c.Who != "lab" && ladder.SideOf(c) == side && Tells(c)))
        {
            var what = $"{(!call.Ok ? "✗" : call.Result == "0" && call.Call.StartsWith("Receive", StringComparison.Ordinal) ? "∅" : "✓")} {call.Call} → {Notebooks.Ladder.Outcome(call)}";
            told = told.Count > 0 && told[^1].What == what ? [.. told.SkipLast(1), (what, told[^1].Times + 1)] : [.. told, (what, 1)];
        }

        return told.Count == 0 ? "nothing" : string.Join('\n', told.Select(t => t.Times == 1 ? t.What : FormattableString.Invariant($"{t.What} ({t.Times} times)")));

        static bool Tells(AppCall call) => !call.Ok || !call.Call.Contains('=', StringComparison.Ordinal) && call.Call is not ("Connect" or "ConnectAsync" or "Listen" or "Bind" or "Accept" or "AcceptAsync" or "SetOption");
    }

    /// <summary>Every FIN and RST in order, and whether data crossed before each.</summary>
    private static string Crossed(Ladder ladder)
    {
        var told = new List<string>();
        foreach (var segment in ladder.Segments.Where(s => (s.Flags & (ControlBits.Fin | ControlBits.Rst)) != 0))
        {
            told.Add($"{(segment.IsReset ? "✖ RST" : "▶ FIN")} from {(ladder.SideOf(segment) == Side.Client ? "client" : "server")}");
        }

        return told.Count == 0 ? "no FIN, no RST" : string.Join('\n', told.GroupBy(t => t).Select(g => g.Count() == 1 ? g.Key : FormattableString.Invariant($"{g.Key} ({g.Count()} times)")));
    }

    private static string Reasons(Ladder ladder, bool heard)
    {
        var reasons = ladder.Resets.Where(r => r.Direction == ResetDirection.Sent).Select(r => r.Reason ?? "a reset, no reason named").Distinct().ToList();
        return reasons.Count > 0 ? string.Join('\n', reasons) : heard ? "none: no reset sent" : "? not watched";
    }
}
