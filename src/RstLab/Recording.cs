using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RstLab;

/// <summary>
/// What happened in one experiment: the accounts of the three witnesses on one time axis, and where they were made.
/// Saved as JSON (<see cref="Save"/>), its wire part also as a pcap (<see cref="Pcap.Write"/>).
/// </summary>
[TypeFormatterSource(typeof(RecordingDisplay), PreferredMimeTypes = ["text/plain"])]
public sealed record Recording
{
    /// <summary>The version of the JSON format that this library writes, and the newest that it reads.</summary>
    public const int CurrentVersion = 1;

    /// <summary>The format version of this recording.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>A short name in kebab case that begins with the chapter's number, such as <c>02-close-then-send</c>.</summary>
    public required string Id { get; init; }

    /// <summary>The machine and the moment that the recording was made in.</summary>
    public required LabEnvironment Environment { get; init; }

    /// <summary>Which of the three witnesses spoke, and why not where one did not.</summary>
    public required IReadOnlyList<Witness> Witnesses { get; init; }

    /// <summary>The endpoints that took part, in order of their creation.</summary>
    public IReadOnlyList<Participant> Participants { get; init; } = [];

    /// <summary>All events, ordered by <see cref="LabEvent.T"/>.</summary>
    public required IReadOnlyList<LabEvent> Events { get; init; }

    /// <summary>
    /// What TCP counted on the two hosts that the experiment made, added up (<c>/proc/net/netstat</c> and <c>snmp</c> of their network
    /// namespaces; only what is not 0). Empty for an experiment on loopback: the counters there are the machine's, and most of what they
    /// count is not the experiment's.
    /// </summary>
    public IReadOnlyDictionary<string, long> Counters { get; init; } = new Dictionary<string, long>();

    /// <summary>
    /// The recording that ships with the course and speaks for the witnesses that are not live here; null where all are live
    /// or none was shipped.
    /// </summary>
    [JsonIgnore]
    public Recording? Shipped { get; init; }

    /// <summary>The captured frames of the segments, for a pcap; empty in a recording that was loaded.</summary>
    [JsonIgnore]
    public IReadOnlyList<CapturedFrame> Frames { get; init; } = [];

    /// <summary>The calls that the app witness logged.</summary>
    [JsonIgnore]
    public IEnumerable<AppCall> Calls => Heard<AppCall>(WitnessKind.App);

    /// <summary>The segments that the wire witness saw.</summary>
    /// <exception cref="WitnessAbsentException">The wire witness did not speak in this recording.</exception>
    [JsonIgnore]
    public IEnumerable<Segment> Segments => Heard<Segment>(WitnessKind.Wire);

    /// <summary>The resets that the kernel witness saw, sent and received.</summary>
    /// <exception cref="WitnessAbsentException">
    /// The kernel witness did not speak in this recording, or it only counted (<see cref="KernelMethod.Counters"/>).
    /// </exception>
    [JsonIgnore]
    public IEnumerable<KernelReset> Resets => this[WitnessKind.Kernel].Method == KernelMethod.Counters
        ? throw new WitnessAbsentException(WitnessKind.Kernel, "it only counted resets; naming their reasons takes tracefs")
        : Heard<KernelReset>(WitnessKind.Kernel);

    /// <summary>The report of one witness.</summary>
    /// <param name="kind">Which witness.</param>
    [JsonIgnore]
    public Witness this[WitnessKind kind] => Witnesses.FirstOrDefault(w => w.Kind == kind)
        ?? new Witness(kind, Evidence.Absent, "this recording does not mention it");

    /// <summary>The calls of one endpoint, or only those of one name.</summary>
    /// <param name="who">The endpoint's name, such as <c>client</c>.</param>
    /// <param name="call">The call's name, such as <c>Send</c>; null for every call.</param>
    public IReadOnlyList<AppCall> CallsOf(string who, string? call = null) =>
        [.. Calls.Where(c => c.Who == who && (call is null || c.Call == call))];

    /// <summary>The segments that one endpoint sent.</summary>
    /// <param name="who">The endpoint's name, such as <c>server</c>.</param>
    public IReadOnlyList<Segment> SegmentsFrom(string who)
    {
        var addresses = Participants.Where(p => p.Name == who).Select(p => p.Address).ToHashSet();
        return [.. Segments.Where(s => addresses.Contains(s.From))];
    }

    /// <summary>The reasons of the resets that this kernel sent, in order.</summary>
    /// <exception cref="WitnessAbsentException">
    /// No kernel witness, or a kernel that does not name the reason of one of them: none before 6.10, and 6.10 and 6.11 not those of an
    /// abort (<c>NOT_SPECIFIED</c>).
    /// </exception>
    public IReadOnlyList<string> ReasonsSent() =>
        [.. Resets.Where(r => r.Direction == ResetDirection.Sent).Select(r => r.IsUnexplained
            ? throw new WitnessAbsentException(WitnessKind.Kernel, "this kernel does not name the reason of each reset; 6.12 and newer do")
            : r.Reason!)];

    /// <summary>What the recording holds, in two lines, and how to draw it. Both are for readers; the wording may change.</summary>
    public override string ToString()
    {
        string Count<T>(string one, string several) where T : LabEvent => Events.OfType<T>().Count() is var count && count == 1 ? $"1 {one}" : $"{count} {several}";
        var witnesses = Witnesses.Select(witness => $"{witness.Kind.ToString().ToLowerInvariant()} {witness.Evidence.ToString().ToLowerInvariant()}");
        return $"Recording {Id}: {Count<AppCall>("call", "calls")}, {Count<Segment>("segment", "segments")}, {Count<KernelReset>("kernel reset", "kernel resets")} ({string.Join(", ", witnesses)})\n"
            + "Figure.Ladder(recording) draws it, Show.Calls(recording) lists its calls.";
    }

    /// <summary>Saves the recording as UTF-8 JSON. An existing file is replaced only when the new one is complete.</summary>
    /// <param name="path">The file to write; its folder is made when missing.</param>
    public void Save(string path) => SafeFile.Replace(path, stream => JsonSerializer.Serialize(stream, this, DataFile.Json));

    /// <summary>Loads a recording that <see cref="Save"/> wrote.</summary>
    /// <param name="path">The JSON file.</param>
    /// <exception cref="InvalidDataException">The file is not a recording, or of a newer version; the message says where.</exception>
    public static Recording Load(string path) => DataFile.Load<Recording>(path, "a recording", recording => recording.Faults(), CurrentVersion);

    private IEnumerable<(string Place, string Fault)> Faults() =>
    [
        .. Version < 1 ? [("$.version", "there is no such version")] : Array.Empty<(string, string)>(),
        .. Id.Length == 0 ? [("$.id", "it is empty")] : Array.Empty<(string, string)>(),
        .. DataFile.Nulls("$.witnesses", Witnesses),
        .. DataFile.Doubles("$.witnesses", Witnesses, w => w?.Kind),
        .. Where("$.witnesses", Witnesses, w => w is { Dropped: < 0 }, "it dropped fewer than no events"),
        .. DataFile.Nulls("$.participants", Participants),
        .. DataFile.Doubles("$.participants", Participants, p => p),
        .. Where("$.participants", Participants, p => p is not null && !DataFile.IsAddress(p.Address), "its address is not an address with a port"),
        .. DataFile.Nulls("$.events", Events),
        .. Where("$.events", Events, e => e is { T: < 0 }, "it happened before the experiment"),
        .. Where("$.events", Events, e => e is AppCall { Elapsed: < 0 }, "the call took less than no time"),
        .. Where("$.events", Events, e => e is AppCall { Call.Length: 0 } or AppCall { Who.Length: 0 }, "the call has no name, or nobody made it"),
        .. Where("$.events", Events, e => e is Segment { Length: < 0 } or Segment { Window: < 0 or > ushort.MaxValue } or Segment { Ttl: < 0 or > byte.MaxValue },
            "its length, window or TTL is not possible"),
        .. Where("$.events", Events, e => e is Segment s && !(DataFile.IsAddress(s.From) && DataFile.IsAddress(s.To)),
            "it does not go from an address with a port to another"),
        .. Where("$.events", Events, e => e is KernelReset r && new[] { r.From, r.To }.OfType<string>().Any(address => !DataFile.IsAddress(address)),
            "one of its addresses is not one with a port"),
        .. Where("$.events", [.. Events.Zip(Events.Skip(1), (e, next) => (e, next))], pair => pair.next?.T < pair.e?.T, "the next event happened before it"),
    ];

    private static IEnumerable<(string Place, string Fault)> Where<T>(string place, IReadOnlyList<T> list, Func<T, bool> wrong, string fault) =>
        list.Select((element, index) => (element, index)).Where(e => wrong(e.element))
            .Select(e => (string.Create(CultureInfo.InvariantCulture, $"{place}[{e.index}]"), fault));

    private IEnumerable<T> Heard<T>(WitnessKind kind) where T : LabEvent
    {
        var witness = this[kind];
        return witness.Evidence == Evidence.Absent || (witness.Evidence == Evidence.Recorded && Shipped is not null)
            ? throw new WitnessAbsentException(kind, witness.Why ?? "no reason is given")
            : Events.OfType<T>();
    }
}

/// <summary>The three places that an experiment is watched from.</summary>
public enum WitnessKind
{
    /// <summary>What .NET reported: every call of an endpoint is logged.</summary>
    App,

    /// <summary>Which segments crossed the device, seen through AF_PACKET (packet(7)).</summary>
    Wire,

    /// <summary>Why Linux sent the reset, from tracefs, or on hosts of the experiment's own from their TCP counters.</summary>
    Kernel,
}

/// <summary>How a witness can speak.</summary>
public enum Evidence
{
    /// <summary>It watched this run.</summary>
    Live,

    /// <summary>It could not watch this run; a recording that ships with the course speaks for it.</summary>
    Recorded,

    /// <summary>It could not watch, and nothing was recorded.</summary>
    Absent,
}

/// <summary>How the kernel witness came to know.</summary>
public enum KernelMethod
{
    /// <summary>The events <c>tcp:tcp_send_reset</c> and <c>tcp:tcp_receive_reset</c> of a private tracefs instance.</summary>
    Trace,

    /// <summary>Only the TCP counters of the experiment's own hosts: how many, not which and why.</summary>
    Counters,
}

/// <summary>Whether the kernel sent a reset or received it.</summary>
public enum ResetDirection
{
    /// <summary><c>tcp:tcp_send_reset</c>.</summary>
    Sent,

    /// <summary><c>tcp:tcp_receive_reset</c>.</summary>
    Received,
}

/// <summary>What one witness was able to do in a recording.</summary>
/// <param name="Kind">Which witness.</param>
/// <param name="Evidence">How it spoke.</param>
/// <param name="Why">Why it is not live; null when it is.</param>
public sealed record Witness(WitnessKind Kind, Evidence Evidence, string? Why = null)
{
    /// <summary>The kernel witness's method; null for the others and when absent.</summary>
    public KernelMethod? Method { get; init; }

    /// <summary>Segments or events that the kernel dropped because they were read too slowly. Anything but 0 makes the account incomplete.</summary>
    public long Dropped { get; init; }
}

/// <summary>Where and when something was measured.</summary>
/// <param name="System">The operating system's name, such as <c>Debian GNU/Linux 12 (bookworm)</c>.</param>
/// <param name="Kernel">The kernel's name and release, such as <c>Linux 6.18.44</c>.</param>
/// <param name="Architecture">The processor architecture, such as <c>x64</c>.</param>
/// <param name="Runtime">The .NET runtime, such as <c>.NET 10.0.12</c>.</param>
/// <param name="Processors">How many processors the process may use.</param>
/// <param name="Privilege">Who ran it: <c>root</c>, <c>root of an unprivileged user namespace</c> or <c>ordinary user</c>.</param>
/// <param name="Date">When, in UTC.</param>
public sealed record LabEnvironment(
    string System, string Kernel, string Architecture, string Runtime, int Processors, string Privilege, DateTimeOffset Date)
{
    /// <summary>One line for the foot of a figure.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Kernel} {Architecture}, {Runtime}, {System}, {Processors} processors, as {Privilege}, {Date:yyyy-MM-dd}");
}

/// <summary>An endpoint of the conversation and the address that its segments carry.</summary>
/// <param name="Name">The endpoint's name, such as <c>client</c>.</param>
/// <param name="Address">Address and port as in <see cref="Segment.From"/>, such as <c>127.0.0.1:40312</c> or <c>[::1]:40312</c>.</param>
/// <param name="Side">The lifeline that it belongs to.</param>
public sealed record Participant(string Name, string Address, Side Side);

/// <summary>The two lifelines of a ladder.</summary>
public enum Side
{
    /// <summary>The one that connects.</summary>
    Client,

    /// <summary>The one that is connected to.</summary>
    Server,
}

/// <summary>Something that a witness saw at a moment.</summary>
/// <param name="T">Nanoseconds from the start of the experiment, on the monotonic clock.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "witness")]
[JsonDerivedType(typeof(AppCall), "app")]
[JsonDerivedType(typeof(Segment), "wire")]
[JsonDerivedType(typeof(KernelReset), "kernel")]
public abstract record LabEvent(long T);

/// <summary>One call of an endpoint and what .NET answered. The app witness's only kind of event.</summary>
/// <param name="T">When the call began, in nanoseconds from the start.</param>
/// <param name="Who">The endpoint's name; <c>lab</c> for what the experiment itself does, such as crashing a host.</param>
/// <param name="Call">The method's name, such as <c>Send</c>.</param>
public sealed record AppCall(long T, string Who, string Call) : LabEvent(T)
{
    /// <summary>The arguments that matter, such as <c>5000 bytes</c>.</summary>
    public string? Arguments { get; init; }

    /// <summary>The result as text, such as <c>5000</c>; <c>pending</c> when the call had not ended with the experiment; null when it failed.</summary>
    public string? Result { get; init; }

    /// <summary>.NET's error; null when the call succeeded.</summary>
    public SocketError? Error { get; init; }

    /// <summary>The system's error number; null when the call succeeded, or failed without one.</summary>
    public int? Errno { get; init; }

    /// <summary>The name of the error number on the system that it was recorded on, such as <c>EPIPE</c>.</summary>
    public string? ErrnoName { get; init; }

    /// <summary>The exception's type, such as <c>System.Net.Sockets.SocketException</c>; null where the call threw none.</summary>
    public string? Exception { get; init; }

    /// <summary>The exception's message, in the language of the machine.</summary>
    public string? Message { get; init; }

    /// <summary>How long the call took, in nanoseconds.</summary>
    public long Elapsed { get; init; }

    /// <summary>Whether the call succeeded.</summary>
    [JsonIgnore]
    public bool Ok => Error is null && Exception is null;

    /// <summary>The result of a call that counts bytes; null when it failed or counts none.</summary>
    [JsonIgnore]
    public int? Bytes => int.TryParse(Result, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) ? bytes : null;

    /// <summary>The result, or the error as its system's name and .NET's, such as <c>EPIPE (Shutdown)</c>.</summary>
    [JsonIgnore]
    public string Outcome => Ok ? Result ?? "ok"
        : Error is { } error ? ErrnoName is null ? error.ToString() : $"{ErrnoName} ({error})"
        : Exception![(Exception!.LastIndexOf('.') + 1)..];
}

/// <summary>A reset as the kernel's trace point saw it.</summary>
/// <param name="T">When, in nanoseconds from the start. The trace gives microseconds.</param>
/// <param name="Direction">Sent or received.</param>
/// <param name="From">The address that the reset comes from, as in <see cref="Segment.From"/>; null where the trace does not know it.</param>
/// <param name="To">The address that it goes to; null where the trace does not know it, as for a reset that answers a SYN.</param>
/// <param name="Reason">
/// The kernel's <c>sk_rst_reason</c> (include/net/rstreason.h), such as <c>NO_SOCKET</c>; kept by name also when this library
/// does not know it; null for received resets and on kernels before 6.10.
/// </param>
/// <param name="State">The socket's state, such as <c>TCP_CLOSE_WAIT</c>; <c>UNKNOWN</c> where there is no socket; null for received resets.</param>
public sealed record KernelReset(
    long T, ResetDirection Direction, string? From = null, string? To = null, string? Reason = null, string? State = null) : LabEvent(T)
{
    /// <summary>Whether it was sent for a reason that the kernel does not name.</summary>
    internal bool IsUnexplained => Direction == ResetDirection.Sent && Reason is null or "NOT_SPECIFIED";
}

/// <summary>A question was put to a witness that did not speak.</summary>
public sealed class WitnessAbsentException : InvalidOperationException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="kind">The witness that was asked.</param>
    /// <param name="why">Why it did not speak.</param>
    public WitnessAbsentException(WitnessKind kind, string why)
        : base($"The {kind.ToString().ToLowerInvariant()} witness did not speak: {why}") => Kind = kind;

    /// <summary>The witness that was asked.</summary>
    public WitnessKind Kind { get; }
}
