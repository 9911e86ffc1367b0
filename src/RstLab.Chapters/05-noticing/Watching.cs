namespace RstLab.Chapters;

/// <summary>Reads a recording in which one connection each is watched, or asked, in a way of its own; the way's name is its client's.</summary>
public static class Watching
{
    /// <summary>What one way of asking returned, such as <c>ECONNRESET+0</c> for two calls.</summary>
    /// <param name="recording">A recording such as <c>05-ask-rst</c>.</param>
    /// <param name="way">The way.</param>
    public static string Answer(Recording recording, string way)
    {
        ArgumentNullException.ThrowIfNull(recording);
        return string.Join('+', recording.CallsOf(way).Where(call => call.Call is not ("Connect" or "Send")).Select(call => call.ErrnoName ?? call.Outcome));
    }

    /// <summary>
    /// The call by which a watcher noticed that something had ended: a receive that returned or failed, a write that failed, a deadline
    /// that passed. Null where nothing was noticed.
    /// </summary>
    /// <param name="recording">A recording such as <c>05-notice-vanished</c>.</param>
    /// <param name="way">The way.</param>
    public static AppCall? FirstSign(Recording recording, string way)
    {
        ArgumentNullException.ThrowIfNull(recording);
        return recording.CallsOf(way)
            .Where(call => call.Call is "ReceiveAsync" or "Ping" or "WaitAsync" || (call.Call == "Send" && !call.Ok))
            .Where(call => call.Result != "pending" && call.ErrnoName != "EPIPE") // EPIPE comes second: another call has returned the reason
            .OrderBy(call => call.Ok).ThenBy(End).FirstOrDefault();
    }

    /// <summary>
    /// One row for each watcher: the peer, the way, <c>measured</c> or <c>not noticed</c>, the seconds from the ending until it was noticed
    /// or the look was over, and how the call ended.
    /// </summary>
    /// <param name="peer">What became of the peer.</param>
    /// <param name="recording">A recording such as <c>05-notice-vanished</c>.</param>
    public static IEnumerable<IReadOnlyList<object?>> Rows(string peer, Recording recording)
    {
        ArgumentNullException.ThrowIfNull(recording);
        var label = Label(peer, recording);
        foreach (var way in Ways(recording))
        {
            var sign = FirstSign(recording, way);
            var ending = recording.CallsOf($"peer of {way}") is [var closing, ..] ? closing : TheEnding(recording);
            var seconds = (End(sign ?? recording.CallsOf(way, "ReceiveAsync")[0]) - ending.T) / 1e9;
            yield return sign is null ? [label, way, "not noticed", seconds, null]
                : [label, way, "measured", seconds, sign.ErrnoName ?? (sign.Ok ? "0" : sign.Outcome)];
        }
    }

    /// <summary>A peer's name, which says whether its row is of this run.</summary>
    /// <param name="peer">What became of the peer.</param>
    /// <param name="recording">The recording that the row is made of.</param>
    public static string Label(string peer, Recording recording)
    {
        ArgumentNullException.ThrowIfNull(recording);
        return recording[WitnessKind.App].Evidence == Evidence.Live ? peer : $"{peer} (recorded)";
    }

    /// <summary>Every way, in order.</summary>
    internal static IReadOnlyList<string> Ways(Recording recording) =>
        [.. recording.Calls.Where(call => call.Call == "Connect").Select(call => call.Who).Distinct()];

    /// <summary>The ways that noticed something, in order.</summary>
    internal static IReadOnlyList<string> WaysThatNoticed(Recording recording) => [.. Ways(recording).Where(way => FirstSign(recording, way) is not null)];

    /// <summary>The moment at which a call ended, in nanoseconds from the start.</summary>
    internal static long End(AppCall call) => call.T + call.Elapsed;

    /// <summary>The moment from which on the peers are gone, as the experiment noted it.</summary>
    internal static AppCall TheEnding(Recording recording) => recording.CallsOf("lab", "the ending")[0];

    /// <summary>The segments of one connection after the ending, in both directions.</summary>
    internal static IReadOnlyList<Segment> SegmentsAfterTheEnding(Recording recording, string way)
    {
        var (ending, address) = (TheEnding(recording).T, recording.Participants.Single(one => one.Name == way).Address);
        return [.. recording.Segments.Where(s => s.T > ending && (s.From == address || s.To == address))];
    }
}
