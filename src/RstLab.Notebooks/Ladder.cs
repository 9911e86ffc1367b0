using System.Globalization;

namespace RstLab.Notebooks;

/// <summary>
/// The order of events of one recording, ready to be drawn: which lifeline each belongs to, relative sequence numbers, and the
/// kernel's word beside the reset that it is about.
/// </summary>
internal sealed class Ladder
{
    /// <summary>A trace and a capture stamp the same reset within microseconds; a second apart, they speak of two.</summary>
    private const long SameReset = 1_000_000_000;

    /// <summary>Ladders of fewer steps are drawn whole.</summary>
    private const int FoldFrom = 40;

    /// <summary>How many steps stay visible at each end of a folded run.</summary>
    private const int Kept = 4;

    /// <summary>A pause that is worth a line of its own.</summary>
    private const long LongPause = 100_000_000;

    private readonly Dictionary<string, Side> sides = [];
    private readonly Dictionary<Segment, (uint Seq, uint Ack)> relative = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Segment, KernelReset> sent = new(ReferenceEqualityComparer.Instance), received = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Segment> again = new(ReferenceEqualityComparer.Instance);
    private readonly bool severalConnections;
    private readonly Dictionary<Side, bool> severalCallers;

    private Ladder(Recording recording, IReadOnlyList<Segment> segments, IReadOnlyList<KernelReset> resets)
    {
        Recording = recording;
        Segments = segments;
        Resets = resets;
        Calls = [.. recording.Events.OfType<AppCall>()];
        PlaceAddresses();
        Number();
        Match(ResetDirection.Sent, sent);
        Match(ResetDirection.Received, received);
        severalConnections = segments.Select(ClientAddress).Distinct().Count() > 1;
        severalCallers = new[] { Side.Client, Side.Server }.ToDictionary(
            side => side, side => Calls.Where(c => c.Who != "lab" && SideOf(c) == side).Select(c => c.Who).Distinct().Count() > 1);
        Steps = Fold(Order());
    }

    internal Recording Recording { get; }

    internal IReadOnlyList<Segment> Segments { get; }

    internal IReadOnlyList<KernelReset> Resets { get; }

    internal IReadOnlyList<AppCall> Calls { get; }

    /// <summary>The rows of the picture, top to bottom.</summary>
    internal IReadOnlyList<Step> Steps { get; }

    internal abstract record Step(long T);

    /// <summary>A call that nothing happened during, or the beginning of one that lasted.</summary>
    internal sealed record CallStep(long T, AppCall Call, bool Lasts) : Step(T);

    internal sealed record CallEnd(long T, AppCall Call) : Step(T);

    internal sealed record SegmentStep(long T, Segment Segment) : Step(T);

    /// <summary>A reset of the kernel that no captured segment belongs to.</summary>
    internal sealed record KernelStep(long T, KernelReset Reset) : Step(T);

    /// <summary>A stretch of steps that look alike and are told by their number.</summary>
    internal sealed record FoldStep(long T, IReadOnlyList<Step> Steps) : Step(T);

    internal sealed record PauseStep(long T, long Length) : Step(T);

    /// <summary>Reads the wire and the kernel of a recording, each only as far as it speaks.</summary>
    internal static Ladder Of(Recording recording) =>
        new(recording, Heard(() => recording.Segments) ?? [], Heard(() => recording.Resets) ?? []);

    /// <summary>What a witness says; null when it does not speak.</summary>
    internal static IReadOnlyList<T>? Heard<T>(Func<IEnumerable<T>> ask)
    {
        try
        {
            return [.. ask()];
        }
        catch (WitnessAbsentException)
        {
            return null;
        }
    }

    internal Side SideOf(AppCall call) => Recording.Participants.FirstOrDefault(p => p.Name == call.Who)?.Side
        ?? (call.Who.StartsWith("server", StringComparison.Ordinal) || call.Who.StartsWith("listener", StringComparison.Ordinal) ? Side.Server : Side.Client);

    internal Side SideOf(Segment segment) => sides[segment.From];

    internal Side? SideOf(KernelReset reset)
    {
        if (reset.From is { } from && sides.TryGetValue(from, out var side))
        {
            return side;
        }

        return reset.To is { } to && sides.TryGetValue(to, out var other) ? Opposite(other)
            : sides.Where(s => reset.From is not null && Port(s.Key) == Port(reset.From)).Select(s => (Side?)s.Value).FirstOrDefault();
    }

    internal static Side Opposite(Side side) => side == Side.Client ? Side.Server : Side.Client;

    internal (uint Seq, uint Ack) Relative(Segment segment) => relative[segment];

    internal KernelReset? Sent(Segment segment) => sent.GetValueOrDefault(segment);

    internal KernelReset? Received(Segment segment) => received.GetValueOrDefault(segment);

    /// <summary>The endpoints' names on one side, or the side's own.</summary>
    internal IReadOnlyList<string> Names(Side side)
    {
        List<string> names = [.. Recording.Participants.Where(p => p.Side == side).Select(p => p.Name).Distinct()];
        return names.Count > 0 ? names : [side == Side.Client ? "client" : "server"];
    }

    internal IReadOnlyList<string> Addresses(Side side)
    {
        List<string> known = [.. Recording.Participants.Where(p => p.Side == side).Select(p => p.Address).Distinct()];
        return known.Count > 0 ? known : [.. sides.Where(s => s.Value == side).Select(s => s.Key)];
    }

    /// <summary>The name of whoever has an address; the accepted socket rather than its listener, which shares the address.</summary>
    internal string NameOf(string address)
    {
        var names = Recording.Participants.Where(p => p.Address == address).Select(p => p.Name).ToList();
        return names.Count == 0 ? address : names.Find(n => !n.StartsWith("listener", StringComparison.Ordinal)) ?? names[0];
    }

    /// <summary>A call as it would stand in code, such as <c>Send(5000 bytes)</c>; a note of the experiment stands as it is.</summary>
    internal static string Text(AppCall call) => call.Arguments is null && (call.Who == "lab" || call.Call.Contains(' ', StringComparison.Ordinal)) ? call.Call : $"{call.Call}({call.Arguments})";

    /// <summary>What became of a call; nothing for a note of the experiment.</summary>
    internal static string Outcome(AppCall call) => call.Outcome.Length == 0 && call.Who != "lab" ? "ok" : call.Outcome;

    /// <summary>The control bits in words, such as <c>FIN ACK</c>.</summary>
    internal static string Flags(Segment segment)
    {
        (ControlBits Bit, string Name)[] order =
        [
            (ControlBits.Syn, "SYN"), (ControlBits.Fin, "FIN"), (ControlBits.Rst, "RST"), (ControlBits.Psh, "PSH"),
            (ControlBits.Ack, "ACK"), (ControlBits.Urg, "URG"), (ControlBits.Ece, "ECE"), (ControlBits.Cwr, "CWR"),
        ];
        var names = order.Where(o => (segment.Flags & o.Bit) != 0).Select(o => o.Name).ToList();
        return names.Count == 0 ? "no flags" : string.Join(' ', names);
    }

    internal string Numbers(Segment segment)
    {
        var (seq, ack) = relative[segment];
        return (segment.Flags & ControlBits.Ack) == 0
            ? string.Create(CultureInfo.InvariantCulture, $"seq {seq}  len {segment.Length}")
            : string.Create(CultureInfo.InvariantCulture, $"seq {seq} ack {ack}  len {segment.Length}");
    }

    /// <summary>Whether the same sender sent the same sequence number with data, SYN or FIN before.</summary>
    internal bool IsRetransmission(Segment segment) => again.Contains(segment);

    /// <summary>Which of several connections a segment belongs to; empty when there is one.</summary>
    internal string Connection(Segment segment) => severalConnections ? $"{NameOf(ClientAddress(segment))}: " : "";

    /// <summary>The caller before the call's name, where a side has several.</summary>
    internal string Caller(AppCall call) => severalCallers[SideOf(call)] ? $"{call.Who}." : "";

    internal string Hover(Step step) => step switch
    {
        SegmentStep { Segment: var s } => Lines(
            $"{Flags(s)} ({s.Letters}): {s.From} to {s.To}",
            Invariant($"seq {s.Seq}, relative {relative[s].Seq}"),
            (s.Flags & ControlBits.Ack) == 0 ? null : Invariant($"ack {s.Ack}, relative {relative[s].Ack}"),
            IsRetransmission(s) ? "sent again: nobody had acknowledged it" : null,
            Invariant($"{s.Length} bytes, window {s.Window} (unscaled), ttl {s.Ttl}"),
            Sent(s) is { } k ? $"kernel sent it: {k.Reason ?? "no reason named"}{(k.State is null ? "" : $", socket {k.State}")}" : null,
            Received(s) is null ? null : "kernel received it",
            $"at {Exact(s.T)}"),
        CallStep { Call: var c } => CallHover(c),
        CallEnd { Call: var c } => CallHover(c),
        KernelStep { Reset: var k } => Lines(
            $"kernel {(k.Direction == ResetDirection.Sent ? "sent" : "received")} a reset", $"{k.From ?? "?"} to {k.To ?? "?"}", k.Reason, k.State, $"at {Exact(k.T)}"),
        FoldStep f => $"{Summary(f)}: every one is in the table below",
        _ => "",
    };

    internal static string Summary(FoldStep fold)
    {
        var segments = fold.Steps.OfType<SegmentStep>().Select(s => s.Segment).ToList();
        var calls = fold.Steps.OfType<CallStep>().Count();
        var parts = new[]
        {
            segments.Count == 0 ? null : Invariant($"{segments.Count} more {(segments.Count == 1 ? "segment" : "segments")}, {segments.Sum(s => (long)s.Length)} bytes"),
            calls == 0 ? null : Invariant($"{calls} more {(calls == 1 ? "call" : "calls")}, all ok"),
        };
        return $"… {string.Join("; ", parts.OfType<string>())}";
    }

    /// <summary>Every event in order, nothing folded.</summary>
    internal Table ToTable() => new()
    {
        Caption = "Every event in order; a reset and its reason stand together",
        Columns = ["time (µs)", "witness", "who", "event", "outcome", "flags", "relative seq", "relative ack", "length (bytes)", "seq", "ack", "window", "ttl", "took (µs)"],
        Rows =
        [
            .. Calls.Cast<LabEvent>().Concat(Segments).Concat(Resets).OrderBy(e => e.T).Select(e => (IReadOnlyList<object?>)(e switch
            {
                AppCall c => [Micro(c.T), "app", c.Who, Text(c), Outcome(c) + (c.Errno is { } n ? Invariant($", errno {n}") : ""),
                    null, null, null, null, null, null, null, null, Micro(c.Elapsed)],
                Segment s => [Micro(s.T), "wire", NameOf(s.From), $"{s.From} to {s.To}{(IsRetransmission(s) ? ", again" : "")}", Sent(s)?.Reason, s.Letters, relative[s].Seq,
                    (s.Flags & ControlBits.Ack) == 0 ? null : relative[s].Ack, s.Length, s.Seq, s.Ack, s.Window, s.Ttl, null],
                KernelReset k => [Micro(k.T), "kernel", k.From is null ? null : NameOf(k.From),
                    $"reset {(k.Direction == ResetDirection.Sent ? "sent" : "received")}, {k.From ?? "?"} to {k.To ?? "?"}",
                    string.Join(", ", new[] { k.Reason, k.State }.OfType<string>()), null, null, null, null, null, null, null, null, null],
                _ => throw new InvalidOperationException($"A ladder has no place for a {e.GetType().Name}."),
            })),
        ],
    };

    private static string CallHover(AppCall c) => Lines(
        Outcome(c).Length == 0 ? $"{c.Who}: {Text(c)}" : $"{c.Who}.{Text(c)} → {Outcome(c)}", c.Errno is { } errno ? Invariant($"errno {errno}") : null,
        c.Exception is null ? null : $"{c.Exception}: {c.Message}", $"began at {Exact(c.T)}, took {Markup.Time(c.Elapsed)}");

    private static string Lines(params string?[] lines) => string.Join('\n', lines.Where(l => !string.IsNullOrEmpty(l)));

    private static string Exact(long t) => Invariant($"{t / 1e3:0.000} µs");

    private static object Micro(long nanoseconds) => nanoseconds / 1000m;

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    private static string Port(string address) => address[(address.LastIndexOf(':') + 1)..];

    private string ClientAddress(Segment s) => sides[s.From] == Side.Client ? s.From : s.To;

    /// <summary>Gives every address a lifeline: that of its participant, else the one opposite its peer, else whoever sent the first SYN is the client.</summary>
    private void PlaceAddresses()
    {
        foreach (var participant in Recording.Participants)
        {
            sides.TryAdd(participant.Address, participant.Side);
        }

        foreach (var segment in Segments)
        {
            if (!sides.TryGetValue(segment.From, out var from))
            {
                from = sides.TryGetValue(segment.To, out var to) ? Opposite(to)
                    : (segment.Flags & (ControlBits.Syn | ControlBits.Ack)) == (ControlBits.Syn | ControlBits.Ack) ? Side.Server : Side.Client;
                sides[segment.From] = from;
            }

            sides.TryAdd(segment.To, Opposite(from));
        }
    }

    /// <summary>
    /// Numbers each direction from its first sequence number, 0 for a SYN. Where the SYN was not seen, the first number counts
    /// as 1, so that an acknowledgment of nothing but the SYN reads 1 in both cases.
    /// </summary>
    private void Number()
    {
        var bases = new Dictionary<(string From, string To), uint>();
        var seen = new HashSet<(string From, string To, uint Seq, bool IsSyn)>();
        foreach (var s in Segments)
        {
            var (there, back) = ((s.From, s.To), (s.To, s.From));
            if ((s.Flags & (ControlBits.Syn | ControlBits.Ack)) == ControlBits.Syn && bases.TryGetValue(there, out var old) && old != s.Seq)
            {
                bases.Remove(there);
                bases.Remove(back);
            }

            if ((s.Length > 0 || (s.Flags & (ControlBits.Syn | ControlBits.Fin)) != 0) && !seen.Add((s.From, s.To, s.Seq, (s.Flags & ControlBits.Syn) != 0)))
            {
                again.Add(s);
            }

            bases.TryAdd(there, (s.Flags & ControlBits.Syn) != 0 ? s.Seq : s.Seq - 1);
            if ((s.Flags & ControlBits.Ack) != 0)
            {
                bases.TryAdd(back, s.Ack - 1);
            }

            relative[s] = (s.Seq - bases[there], (s.Flags & ControlBits.Ack) == 0 ? 0 : s.Ack - bases[back]);
        }
    }

    /// <summary>Finds for each reset that the kernel told of the captured segment with the same ports that is nearest in time.</summary>
    private void Match(ResetDirection direction, Dictionary<Segment, KernelReset> matched)
    {
        foreach (var reset in Resets.Where(r => r.Direction == direction))
        {
            var nearest = Segments
                .Where(s => s.IsReset && !matched.ContainsKey(s) && Agrees(reset.From, s.From) && Agrees(reset.To, s.To) && Math.Abs(s.T - reset.T) < SameReset)
                .MinBy(s => Math.Abs(s.T - reset.T));
            if (nearest is not null)
            {
                matched[nearest] = reset;
            }
        }

        // Where a trace knows neither end, or knows it under another form of the address, the port decides.
        static bool Agrees(string? told, string seen) => told is null || told == seen || Port(told) == Port(seen) || Port(told) == "0";
    }

    private IEnumerable<Step> Order()
    {
        var moments = Calls.Select(c => c.T).Concat(Segments.Select(s => s.T)).Order().ToList();
        var end = moments.Count == 0 ? 0 : Math.Max(moments[^1], Calls.Select(c => c.T + c.Elapsed).DefaultIfEmpty().Max());
        var steps = new List<(long T, int Rank, Step Step)>();
        foreach (var call in Calls)
        {
            var until = call.Result == "pending" ? end : call.T + call.Elapsed;
            var lasts = call.Who != "lab" && FirstAfter(moments, call.T) < until;
            steps.Add((call.T, 0, new CallStep(call.T, call, lasts)));
            if (lasts)
            {
                steps.Add((until, 3, new CallEnd(until, call)));
            }
        }

        steps.AddRange(Segments.Select(s => (s.T, 1, (Step)new SegmentStep(s.T, s))));
        var told = sent.Values.Concat(received.Values).ToHashSet(ReferenceEqualityComparer.Instance);
        steps.AddRange(Resets.Where(r => !told.Contains(r)).Select(r => (r.T, 2, (Step)new KernelStep(r.T, r))));
        return steps.OrderBy(s => s.T).ThenBy(s => s.Rank).Select(s => s.Step);
    }

    /// <summary>The first moment after a time; far away when there is none.</summary>
    private static long FirstAfter(List<long> sorted, long t)
    {
        var index = sorted.BinarySearch(t);
        for (index = index < 0 ? ~index : index; index < sorted.Count && sorted[index] <= t; index++)
        {
        }

        return index < sorted.Count ? sorted[index] : long.MaxValue;
    }

    /// <summary>Folds the middle of long runs of plain data segments and successful calls, and marks long pauses.</summary>
    private static List<Step> Fold(IEnumerable<Step> ordered)
    {
        var steps = ordered.ToList();
        var folded = new List<Step>();
        for (var i = 0; i < steps.Count;)
        {
            var run = 0;
            while (i + run < steps.Count && IsPlain(steps[i + run]))
            {
                run++;
            }

            if (steps.Count > FoldFrom && run > (2 * Kept) + 2)
            {
                folded.AddRange(steps.GetRange(i, Kept));
                folded.Add(new FoldStep(steps[i + Kept].T, steps.GetRange(i + Kept, run - (2 * Kept))));
                folded.AddRange(steps.GetRange(i + run - Kept, Kept));
            }
            else
            {
                folded.AddRange(steps.GetRange(i, Math.Max(run, 1)));
            }

            i += Math.Max(run, 1);
        }

        var paused = new List<Step>();
        foreach (var step in folded)
        {
            if (paused.Count > 0 && step.T - paused[^1].T >= LongPause)
            {
                paused.Add(new PauseStep(paused[^1].T, step.T - paused[^1].T));
            }

            paused.Add(step);
        }

        return paused;
    }

    private static bool IsPlain(Step step) => step switch
    {
        SegmentStep s => (s.Segment.Flags & (ControlBits.Syn | ControlBits.Fin | ControlBits.Rst)) == 0,
        CallStep { Call: { Ok: true, Call: "Send" or "SendAsync" or "Receive" or "ReceiveAsync", Result: not ("0" or "pending") } } => true,
        CallEnd { Call: { Ok: true, Call: "Send" or "SendAsync" or "Receive" or "ReceiveAsync", Result: not ("0" or "pending") } } => true,
        _ => false,
    };
}
