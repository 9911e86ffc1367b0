using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RstLab.Course.Jupyter;

/// <summary>One message of Jupyter's protocol 5 that a front-end sent.</summary>
/// <param name="From">Who gets the reply.</param>
/// <param name="Route">The frames before the delimiter; the reply goes back with the same.</param>
/// <param name="Header">The header's bytes; they are the reply's parent header.</param>
/// <param name="Type">Such as <c>execute_request</c>.</param>
/// <param name="Content">What is asked.</param>
internal sealed record JupyterMessage(ZmtpPeer From, IReadOnlyList<byte[]> Route, byte[] Header, string Type, JsonObject Content)
{
    internal string Text(string name) => Content[name] is JsonValue value && value.TryGetValue(out string? text) ? text : "";

    internal bool Flag(string name, bool otherwise) => Content[name] is JsonValue value && value.TryGetValue(out bool flag) ? flag : otherwise;

    internal int? Number(string name) => Content[name] is JsonValue value && value.TryGetValue(out int number) ? number : null;
}

/// <summary>Signs what the kernel says, and lets nothing in that was not signed with the same key.</summary>
internal sealed class JupyterCodec(byte[] key)
{
    internal const string ProtocolVersion = "5.3";

    private static readonly byte[] Delimiter = "<IDS|MSG>"u8.ToArray();
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string session = Guid.NewGuid().ToString("N");

    /// <summary>Reads a message; null where it is not signed as it should be, or is no message.</summary>
    internal JupyterMessage? Read(ZmtpPeer from, IReadOnlyList<byte[]> frames)
    {
        var at = 0;
        while (at < frames.Count && !frames[at].AsSpan().SequenceEqual(Delimiter))
        {
            at++;
        }

        if (frames.Count < at + 6 || !CryptographicOperations.FixedTimeEquals(frames[at + 1], Sign(frames[at + 2], frames[at + 3], frames[at + 4], frames[at + 5])))
        {
            return null;
        }

        try
        {
            return JsonNode.Parse(frames[at + 2]) is JsonObject header && header["msg_type"] is JsonValue type && type.TryGetValue(out string? name)
                && JsonNode.Parse(frames[at + 5]) is JsonObject content
                ? new JupyterMessage(from, [.. frames.Take(at)], frames[at + 2], name, content)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The frames of a message to send.</summary>
    /// <param name="route">The frames before the delimiter.</param>
    /// <param name="type">Such as <c>execute_reply</c>.</param>
    /// <param name="parent">The header of the request; empty for none.</param>
    /// <param name="content">What is said.</param>
    internal List<byte[]> Write(IReadOnlyList<byte[]> route, string type, byte[] parent, JsonObject content)
    {
        var header = Bytes(new JsonObject
        {
            ["msg_id"] = Guid.NewGuid().ToString("N"),
            ["session"] = session,
            ["username"] = "kernel",
            ["date"] = DateTime.UtcNow.ToString("O", System.Globalization.CultureInfo.InvariantCulture),
            ["msg_type"] = type,
            ["version"] = ProtocolVersion,
        });
        var (parentHeader, metadata, body) = (parent.Length == 0 ? "{}"u8.ToArray() : parent, "{}"u8.ToArray(), Bytes(content));
        return [.. route, Delimiter, Sign(header, parentHeader, metadata, body), header, parentHeader, metadata, body];
    }

    private static byte[] Bytes(JsonObject json) => JsonSerializer.SerializeToUtf8Bytes(json, Json);

    private byte[] Sign(params ReadOnlySpan<byte[]> parts)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        foreach (var part in parts)
        {
            hash.AppendData(part);
        }

        return Encoding.ASCII.GetBytes(Convert.ToHexStringLower(hash.GetHashAndReset()));
    }
}
