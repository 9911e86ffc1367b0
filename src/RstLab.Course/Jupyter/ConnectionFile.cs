using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RstLab.Course.Jupyter;

/// <summary>What the front-end that starts a kernel tells it: where to listen, and the key that messages are signed with.</summary>
internal sealed class ConnectionFile
{
    private readonly JsonObject json;
    private readonly string path;

    private ConnectionFile(string path, JsonObject json)
    {
        (this.path, this.json) = (path, json);
        var scheme = Text("signature_scheme", "hmac-sha256");
        if (scheme != "hmac-sha256")
        {
            throw Wrong($"asks for the signature scheme {scheme}; this kernel has hmac-sha256");
        }

        if (Text("key", "").Length == 0)
        {
            throw Wrong("has no key; without one every program on this machine could run code in the kernel");
        }

        Key = Encoding.UTF8.GetBytes(Text("key", ""));
    }

    internal byte[] Key { get; }

    /// <summary>Reads the file.</summary>
    /// <exception cref="InvalidDataException">It cannot be read, or says what this kernel cannot do. The message names the file.</exception>
    internal static ConnectionFile Load(string path)
    {
        try
        {
            return new ConnectionFile(path, JsonNode.Parse(File.ReadAllText(path)) as JsonObject ?? throw new InvalidDataException($"{path} is no JSON object."));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new InvalidDataException($"The connection file {path} cannot be read: {e.Message} A front-end such as Jupyter writes it when it starts the kernel.");
        }
    }

    /// <summary>The address of one of the five sockets.</summary>
    /// <param name="name">Such as <c>shell</c>.</param>
    internal EndPoint Address(string name)
    {
        var port = (json[name + "_port"] as JsonValue) is { } value && value.TryGetValue(out int number) && number is > 0 and <= IPEndPoint.MaxPort
            ? number
            : throw Wrong($"has no usable {name}_port");
        var ip = Text("ip", "127.0.0.1");
        switch (Text("transport", "tcp"))
        {
            case "tcp":
                return IPAddress.TryParse(ip, out var address) ? new IPEndPoint(address, port)
                    : ip == "localhost" ? new IPEndPoint(IPAddress.Loopback, port)
                    : throw Wrong($"names {ip}, which is no IP address");
            case "ipc" when Socket.OSSupportsUnixDomainSockets:
                return new UnixDomainSocketEndPoint(string.Create(CultureInfo.InvariantCulture, $"{ip}-{port}"));
            case var transport:
                throw Wrong($"asks for the transport {transport}; this kernel has tcp{(Socket.OSSupportsUnixDomainSockets ? " and ipc" : "")}");
        }
    }

    internal int Port(string name) => (int)json[name + "_port"]!;

    private string Text(string name, string otherwise) => json[name] is JsonValue value && value.TryGetValue(out string? text) ? text : otherwise;

    private InvalidDataException Wrong(string what) => new($"The connection file {path} {what}.");
}
