using System.Buffers.Binary;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RstLab;

/// <summary>The control bits of a TCP header (RFC 9293 section 3.1).</summary>
[Flags]
public enum ControlBits
{
    /// <summary>No control bit.</summary>
    None = 0,

    /// <summary>No more data from the sender.</summary>
    Fin = 0x01,

    /// <summary>Synchronize sequence numbers.</summary>
    Syn = 0x02,

    /// <summary>Reset the connection.</summary>
    Rst = 0x04,

    /// <summary>Push.</summary>
    Psh = 0x08,

    /// <summary>The acknowledgment field is significant.</summary>
    Ack = 0x10,

    /// <summary>The urgent pointer field is significant.</summary>
    Urg = 0x20,

    /// <summary>Explicit congestion notification echo (RFC 3168).</summary>
    Ece = 0x40,

    /// <summary>Congestion window reduced (RFC 3168).</summary>
    Cwr = 0x80,
}

/// <summary>A TCP segment as it crossed the device. The wire witness's only kind of event.</summary>
/// <param name="T">The kernel's time stamp, in nanoseconds from the start of the experiment.</param>
/// <param name="From">Source address and port, such as <c>127.0.0.1:40312</c> or <c>[::1]:40312</c>.</param>
/// <param name="To">Destination address and port.</param>
/// <param name="Flags">The control bits.</param>
/// <param name="Seq">The sequence number as it stands in the header (not relative).</param>
/// <param name="Ack">The acknowledgment number as it stands in the header; 0 where ACK is not set, unless the sender wrote something.</param>
/// <param name="Length">Payload bytes.</param>
public sealed record Segment(
    long T,
    string From,
    string To,
    [property: JsonConverter(typeof(ControlBitsConverter))] ControlBits Flags,
    uint Seq,
    uint Ack,
    int Length) : LabEvent(T)
{
    /// <summary>The window field, unscaled.</summary>
    public int Window { get; init; }

    /// <summary>The time to live (IPv4) or hop limit (IPv6).</summary>
    public int Ttl { get; init; }

    /// <summary>Whether it carries RST.</summary>
    [JsonIgnore]
    public bool IsReset => (Flags & ControlBits.Rst) != 0;

    /// <summary>The control bits in tcpdump's letters, in the order SFRPA: <c>S</c>, <c>SA</c>, <c>PA</c>, <c>FA</c>, <c>R</c>, <c>RA</c>, <c>A</c>.</summary>
    [JsonIgnore]
    public string Letters => ControlBitsConverter.Letters(Flags);
}

/// <summary>Writes control bits as tcpdump's letters.</summary>
internal sealed class ControlBitsConverter : JsonConverter<ControlBits>
{
    private static readonly (char Letter, ControlBits Flag)[] Order =
    [
        ('S', ControlBits.Syn), ('F', ControlBits.Fin), ('R', ControlBits.Rst), ('P', ControlBits.Psh),
        ('A', ControlBits.Ack), ('U', ControlBits.Urg), ('E', ControlBits.Ece), ('W', ControlBits.Cwr),
    ];

    internal static string Letters(ControlBits flags) =>
        string.Concat(Order.Where(o => (flags & o.Flag) != 0).Select(o => o.Letter));

    public override ControlBits Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var flags = ControlBits.None;
        foreach (var letter in reader.GetString() ?? "")
        {
            var known = Array.Find(Order, o => o.Letter == letter);
            flags |= known.Flag == ControlBits.None
                ? throw new JsonException($"'{letter}' is not a TCP flag; the letters are {string.Concat(Order.Select(o => o.Letter))}.")
                : known.Flag;
        }

        return flags;
    }

    public override void Write(Utf8JsonWriter writer, ControlBits value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Letters(value));
}
