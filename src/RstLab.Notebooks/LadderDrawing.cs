using System.Globalization;
using static RstLab.Notebooks.Drawing;

namespace RstLab.Notebooks;

/// <summary>Draws a ladder. On a wide page the calls stand outside the lifelines; on a phone every row's words stand between them.</summary>
internal sealed class LadderDrawing
{
    /// <summary>Widths of one character at the sizes that are used; a fixed estimate keeps the picture the same on every machine.</summary>
    private const double CodeWidth = 6.7, TextWidth = 6.2, LineHeight = 14;

    private readonly Ladder ladder;
    private readonly Frame frame;
    private readonly Drawing drawing;
    private readonly double left, right, timeX;
    private readonly List<(AppCall Call, double From, int Lane)> open = [];
    private readonly List<(AppCall Call, double From, double To, int Lane)> bars = [];
    private readonly int[] lanes = new int[2];

    private LadderDrawing(Ladder ladder, Frame frame)
    {
        (this.ladder, this.frame) = (ladder, frame);
        drawing = new Drawing(frame.Width);
        (timeX, left, right) = frame.IsNarrow ? (56.0, 68.0, frame.Width - 12) : (66.0, 332.0, frame.Width - 264);
    }

    internal static Drawing Of(Ladder ladder, Frame frame)
    {
        var drawer = new LadderDrawing(ladder, frame);
        drawer.Draw();
        return drawer.drawing;
    }

    private void Draw()
    {
        var top = Math.Max(Head(Side.Client), Head(Side.Server));
        // How many calls overlap leaves less room for words, and so has to be known before the rows have their heights.
        Place(top, out _);
        bars.Clear();
        var rows = Place(top, out var bottom);
        drawing.Add(new Line(left, top, left, bottom, "life", null));
        drawing.Add(new Line(right, top, right, bottom, "life", null));
        foreach (var (call, from, to, lane) in bars.Where(b => b.To > b.From))
        {
            var x = LaneX(ladder.SideOf(call), lane);
            drawing.Add(new Hover((left + right) / 2, -99, ladder.Hover(new Ladder.CallEnd(0, call))));
            // A failed call's cross must not drown in its own bar.
            drawing.Add(new Box(x - 4, from, 8, Math.Max(to - from - (call.Ok ? 0 : 8), 2), Accent(call)));
        }

        var before = (Text: "", T: 0L);
        foreach (var (step, y) in rows)
        {
            drawing.Add(new Hover((left + right) / 2, y, ladder.Hover(step)));
            if (step is not (Ladder.PauseStep or Ladder.FoldStep))
            {
                // Where the time reads like the one above, the step from it says more.
                var time = Markup.Time(step.T);
                drawing.Add(timeX, y + 4, Anchor.End, "s", new Words(time == before.Text && step.T > before.T ? $"+{Markup.Time(step.T - before.T)}" : time));
                before = (time, step.T);
            }

            Row(step, y);
        }

        drawing.Add(new Hover(0, 0, ""));
        drawing.Height = Legend(bottom + 12);
    }

    /// <summary>Gives every step its height and every lasting call its stretch of the lifeline.</summary>
    private List<(Ladder.Step Step, double Y)> Place(double top, out double bottom)
    {
        var rows = new List<(Ladder.Step, double)>();
        var y = top + 4;
        foreach (var step in ladder.Steps)
        {
            var (above, below) = Room(step);
            y += above;
            rows.Add((step, y));
            foreach (var inner in step is Ladder.FoldStep fold ? fold.Steps : [step])
            {
                if (inner is Ladder.CallStep { Lasts: true } begin)
                {
                    var side = ladder.SideOf(begin.Call);
                    var lane = Enumerable.Range(0, 99).First(n => !open.Exists(o => o.Lane == n && ladder.SideOf(o.Call) == side));
                    lanes[(int)side] = Math.Max(lanes[(int)side], lane);
                    open.Add((begin.Call, y, lane));
                }
                else if (inner is Ladder.CallEnd end)
                {
                    var begun = open.FindIndex(o => ReferenceEquals(o.Call, end.Call));
                    bars.Add((end.Call, open[begun].From, y, open[begun].Lane));
                    open.RemoveAt(begun);
                }
            }

            y += below;
        }

        bottom = y + 6;
        return rows;
    }

    private (double Above, double Below) Room(Ladder.Step step) => step switch
    {
        Ladder.SegmentStep { Segment.IsReset: true } => (25, 22),
        Ladder.SegmentStep => (23, 9),
        Ladder.CallStep { Call.Who: "lab" } band => (18, 18 + (LineHeight * (Band(band.Call).Count - 1))),
        Ladder.CallStep or Ladder.CallEnd => (13, 13 * Said(step).Count),
        Ladder.KernelStep => (16, 16),
        Ladder.FoldStep => (18, 22),
        Ladder.PauseStep => (14, 14),
        _ => (13, 13),
    };

    private void Row(Ladder.Step step, double y)
    {
        switch (step)
        {
            case Ladder.SegmentStep { Segment: var segment }:
                Arrow(segment, y);
                break;
            case Ladder.CallStep { Call.Who: "lab" } band:
                var lines = Band(band.Call);
                drawing.Add(new Box(timeX + 8, y - 13, frame.Width - timeX - 12, 26 + (LineHeight * (lines.Count - 1)), null));
                for (var i = 0; i < lines.Count; i++)
                {
                    Between(y + 4 + (LineHeight * i), "m", lines[i]);
                }

                break;
            case Ladder.CallStep { Call: var call } begin:
                if (!begin.Lasts)
                {
                    Mark(call, LaneX(ladder.SideOf(call), 0), y);
                }

                Beside(call, y, Said(step));
                break;
            case Ladder.CallEnd { Call: var call }:
                Mark(call, LaneX(ladder.SideOf(call), bars.Find(b => ReferenceEquals(b.Call, call)).Lane), y);
                Beside(call, y, Said(step));
                break;
            case Ladder.KernelStep { Reset: var reset }:
                Kernel(reset, y);
                break;
            case Ladder.FoldStep fold:
                var summary = Ladder.Summary(fold).Split("; ");
                for (var i = 0; i < summary.Length; i++)
                {
                    Between(y + (summary.Length == 1 ? 4 : -3 + (i * 16)), "t", new Words(summary[i], Bold: true));
                }

                break;
            case Ladder.PauseStep pause:
                Between(y + 4, "s", new Words($"⋮  {Markup.Time(pause.Length)} pass  ⋮"));
                break;
        }
    }

    private void Arrow(Segment segment, double y)
    {
        var fromClient = ladder.SideOf(segment) == Side.Client;
        var (start, tip) = fromClient ? (left + 3, right - 5) : (right - 3, left + 5);
        var tail = fromClient ? -6 : 6;
        var pen = segment.IsReset ? "reset" : segment.Length > 0 ? "data" : "t";
        drawing.Add(new Line(start, y, tip + tail, y, pen, null));
        drawing.Add(new Symbol(tip, y, fromClient ? Shape.Right : Shape.Left, segment.IsReset ? Palette.Reset : null));
        var middle = (left + right) / 2;
        var name = ladder.Connection(segment);
        if (!segment.IsReset)
        {
            drawing.Add(middle, y - 7, Anchor.Middle, "t", new Words(name), new Words(Ladder.Flags(segment), Bold: true), new Words($"  {ladder.Numbers(segment)}"), new Words(ladder.IsRetransmission(segment) ? "  again" : "", Bold: true));
            return;
        }

        // A reset also differs by its shape: a cross stands at its foot, its line is broken, and it has two lines of words.
        drawing.Add(new Symbol(start + (fromClient ? 14 : -14), y, Shape.Failed, Palette.Reset));
        var reason = ladder.Sent(segment)?.Reason;
        drawing.Add(middle, y - 8, Anchor.Middle, "t", new Words(name), new Words(reason is null ? Ladder.Flags(segment) : $"{Ladder.Flags(segment)} · {reason}", Bold: true, Palette.Reset));
        drawing.Add(middle, y + 16, Anchor.Middle, "t", new Words(ladder.Numbers(segment)));
    }

    private void Kernel(KernelReset reset, double y)
    {
        var side = ladder.SideOf(reset);
        var (x, anchor) = side switch { Side.Client => (left, Anchor.Start), Side.Server => (right, Anchor.End), _ => ((left + right) / 2, Anchor.Middle) };
        if (side is not null)
        {
            drawing.Add(new Symbol(x, y, Shape.Diamond, Palette.Reset));
        }

        var words = reset.Direction == ResetDirection.Received ? "kernel received RST" : reset.Reason is null ? "kernel sent RST" : $"RST · {reset.Reason}";
        drawing.Add(x + (anchor == Anchor.Start ? 13 : anchor == Anchor.End ? -13 : 0), y + 4, anchor, "t", new Words(words, Bold: true, Palette.Reset));
    }

    private void Mark(AppCall call, double x, double y) => drawing.Add(new Symbol(x, y, call.Ok ? Shape.Dot : Shape.Failed, Accent(call)));

    /// <summary>Writes lines beside the caller's lifeline: outside on a wide page, inside on a phone.</summary>
    private void Beside(AppCall call, double y, List<IReadOnlyList<Words>> lines)
    {
        var client = ladder.SideOf(call) == Side.Client;
        var outwards = 13 + (9 * lanes[(int)ladder.SideOf(call)]);
        var (x, anchor) = (client, frame.IsNarrow) switch
        {
            (true, false) => (left - outwards, Anchor.End),
            (true, true) => (left + outwards, Anchor.Start),
            (false, false) => (right + outwards, Anchor.Start),
            (false, true) => (right - outwards, Anchor.End),
        };
        for (var i = 0; i < lines.Count; i++)
        {
            drawing.Add(x, y + 4 + (LineHeight * i), anchor, "m", lines[i]);
        }
    }

    private void Between(double y, string face, params IReadOnlyList<Words> words) => drawing.Add((left + right) / 2, y, Anchor.Middle, face, words);

    /// <summary>Writes who is at a lifeline. Returns where the lifeline may begin.</summary>
    private double Head(Side side)
    {
        var x = side == Side.Client ? left : right;
        var anchor = !frame.IsNarrow ? Anchor.Middle : side == Side.Client ? Anchor.Start : Anchor.End;
        x += !frame.IsNarrow ? 0 : side == Side.Client ? -8 : 8;
        var room = frame.IsNarrow ? 20 : 40;
        var y = 18.0;
        foreach (var line in Wrap(string.Join(", ", ladder.Names(side)), room))
        {
            drawing.Add(x, y, anchor, "h", new Words(line, Bold: true, side == Side.Client ? Palette.Client : Palette.Server));
            y += 16;
        }

        foreach (var line in Wrap(string.Join(", ", ladder.Addresses(side)), room + 6))
        {
            drawing.Add(x, y, anchor, "s", new Words(line));
            y += LineHeight;
        }

        return y - 4;
    }

    /// <summary>Explains only the marks that are used. Returns where the picture ends.</summary>
    private double Legend(double top)
    {
        var marks = drawing.Items.OfType<Symbol>().ToList();
        (bool Used, string Text, Action<double, double> Mark)[] entries =
        [
            (ladder.Calls.Any(c => c.Ok && c.Who != "lab"), "call", (x, y) => drawing.Add(new Symbol(x, y, Shape.Dot, null))),
            (ladder.Calls.Any(c => !c.Ok), "call that failed", (x, y) => drawing.Add(new Symbol(x, y, Shape.Failed, Palette.Failed))),
            (bars.Count > 0, "call that lasted", (x, y) => drawing.Add(new Box(x - 4, y - 7, 8, 14, Palette.Client))),
            (ladder.Segments.Any(s => s.Length > 0), "segment with data", (x, y) => Sample(x, y, "data", null)),
            (ladder.Segments.Any(s => s.IsReset), "reset, with the kernel's reason", (x, y) => Sample(x, y, "reset", Palette.Reset)),
            (marks.Exists(m => m.Shape == Shape.Diamond), "the kernel's word alone", (x, y) => drawing.Add(new Symbol(x, y, Shape.Diamond, Palette.Reset))),
        ];
        double x = 14, y = top + 10;
        foreach (var (_, text, mark) in entries.Where(e => e.Used))
        {
            var width = 34 + (text.Length * TextWidth) + 10;
            if (x + width > frame.Width && x > 14)
            {
                (x, y) = (14, y + 20);
            }

            mark(x + 8, y);
            drawing.Add(x + 26, y + 4, Anchor.Start, "s", new Words(text));
            x += width;
        }

        return y + 14;

        void Sample(double x, double y, string pen, string? accent)
        {
            drawing.Add(new Line(x - 10, y, x + 4, y, pen, null));
            drawing.Add(new Symbol(x + 12, y, Shape.Right, accent));
        }
    }

    /// <summary>Calls that overlap stand side by side: outwards on a wide page, inwards on a phone, where the words are.</summary>
    private double LaneX(Side side, int lane) => (side == Side.Client ? left : right) + (9 * lane * ((side == Side.Client) == frame.IsNarrow ? 1 : -1));

    private string Accent(AppCall call) => !call.Ok ? Palette.Failed : ladder.SideOf(call) == Side.Client ? Palette.Client : Palette.Server;

    private string Head(AppCall call) => $"{ladder.Caller(call)}{Ladder.Text(call)}";

    private string Name(AppCall call) => $"{ladder.Caller(call)}{call.Call}";

    /// <summary>A call as lines: one with what became of it where there is room, else several. Nothing is cut.</summary>
    private List<IReadOnlyList<Words>> Said(Ladder.Step step) => step switch
    {
        Ladder.CallStep { Lasts: true } begin => [.. Wrap($"{Head(begin.Call)} …", Room(begin.Call)).Select(line => (IReadOnlyList<Words>)[new Words(line)])],
        Ladder.CallStep only => Said(Head(only.Call), only.Call, Room(only.Call)),
        Ladder.CallEnd end => Said(Name(end.Call), end.Call, Room(end.Call)),
        _ => [],
    };

    /// <summary>A note of the experiment itself, which stands across both lifelines.</summary>
    private List<IReadOnlyList<Words>> Band(AppCall call) => Said($"lab: {Ladder.Text(call)}", call, (int)((frame.Width - timeX - 24) / CodeWidth));

    private static List<IReadOnlyList<Words>> Said(string head, AppCall call, int room)
    {
        var outcome = Ladder.Outcome(call).Length == 0 ? "" : $"→ {Ladder.Outcome(call)}";
        Words Outcome(string text) => new(text, Bold: !call.Ok, call.Ok ? null : Palette.Failed);
        return head.Length + outcome.Length + 1 <= room
            ? [[new Words(head + " "), Outcome(outcome)]]
            : [.. Wrap(head, room).Select(line => new Words(line)).Concat(Wrap(outcome, room).Select(Outcome)).Select(line => (IReadOnlyList<Words>)[line])];
    }

    /// <summary>Lines of a text that fit: broken after a space, or in the arguments where there is none; what fits no line is divided.</summary>
    private static IEnumerable<string> Wrap(string text, int room)
    {
        room = Math.Max(room, 8);
        for (var rest = text; rest.Length > 0;)
        {
            var end = rest.Length <= room ? rest.Length : rest.LastIndexOf(' ', room - 1, room) + 1;
            end = end > 0 ? end : rest.LastIndexOfAny(['(', ','], room - 1, room) + 1;
            end = end > 0 ? end : room;
            yield return rest[..end].TrimEnd();
            rest = rest[end..].TrimStart();
        }
    }

    /// <summary>How many characters of code fit beside a lifeline.</summary>
    private int Room(AppCall call) => frame.IsNarrow
        ? (int)((right - left - 24 - (9 * lanes[(int)ladder.SideOf(call)])) / CodeWidth)
        : (int)(((ladder.SideOf(call) == Side.Client ? left - timeX - 22 : frame.Width - right - 16) - (9 * lanes[(int)ladder.SideOf(call)])) / CodeWidth);
}
