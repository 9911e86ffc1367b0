// Without this line even a plain run asks for the native compiler's packages.
#:property PublishAot=false

// The server for two terminals: it accepts one connection, closes the listener, closes the connection and ends.
// Start it in one terminal and src/classic/client.cs in another. It needs nothing but the .NET 10 SDK.

using System.Globalization;
using System.Net;
using System.Net.Sockets;

const string Usage = """
    usage: dotnet run src/classic/server.cs -- [options]
      --address IP      the address to listen on (127.0.0.1)
      --port NUMBER     the port to listen on; 0 lets the kernel choose one, which is then printed (8000)
      --read BYTES      read so many bytes before closing (0)
      --hold SECONDS    wait before closing, so that what arrives meanwhile stays unread (0)
      --linger SECONDS  close with SO_LINGER; 0 seconds sends a RST at once (off)
      --wait SECONDS    give up when nobody has connected by then (600)
    """;

var options = new Dictionary<string, string>
{
    ["--address"] = "127.0.0.1", ["--port"] = "8000", ["--read"] = "0", ["--hold"] = "0", ["--linger"] = "off", ["--wait"] = "600",
};
if (args is ["--help" or "-h"])
{
    Console.WriteLine(Usage);
    return 0;
}

for (var i = 0; i < args.Length; i += 2)
{
    if (!options.ContainsKey(args[i]) || i + 1 == args.Length)
    {
        return Misuse(options.ContainsKey(args[i]) ? $"{args[i]} needs a value." : $"There is no option {args[i]}.");
    }

    options[args[i]] = args[i + 1];
}

if (!IPAddress.TryParse(options["--address"], out var address))
{
    return Misuse($"--address {options["--address"]} is not an IP address.");
}

var (port, unreceived, hold, wait) = (Number("--port", 65_535), Number("--read", 1_000_000_000), Number("--hold", 600), Number("--wait", 2_000));
var linger = options["--linger"] == "off" ? new LingerOption(false, 0) : new LingerOption(true, Number("--linger", 600));

// Bind sets SO_REUSEADDR by itself on Linux and macOS: the port can be had while an old connection on it is in TIME_WAIT.
// SocketOptionName.ReuseAddress is not for that. It adds SO_REUSEPORT, and two servers would share the port unnoticed.
using var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
if (!Try($"Bind({new IPEndPoint(address, port)})", () => listener.Bind(new IPEndPoint(address, port))) || !Try("Listen(20)", () => listener.Listen(20)))
{
    Console.Error.WriteLine("No listening there. If the port is taken, end the program that has it, or choose another: with --port 0 the kernel does.");
    return 1;
}

Console.WriteLine($"Listening on {listener.LocalEndPoint}");
if (!listener.Poll(TimeSpan.FromSeconds(wait), SelectMode.SelectRead))
{
    Console.Error.WriteLine($"Nobody has connected within {wait} s.");
    return 1;
}

using var connection = listener.Accept();
Console.WriteLine($"Accept() -> {connection.RemoteEndPoint}");
Try("Close() of the listener", listener.Close); // From here on a RST answers every SYN to this port.

connection.ReceiveTimeout = 10_000;
var buffer = new byte[5000];
for (var received = 1; unreceived > 0 && received > 0; unreceived -= received)
{
    var most = Math.Min(unreceived, buffer.Length);
    received = Try($"Receive({most})", () => received = connection.Receive(buffer, most, SocketFlags.None)) ? received : 0;
}

Thread.Sleep(TimeSpan.FromSeconds(hold)); // The reader's own choice: time is what --hold shows.

// With unread data, or lingering for 0 seconds, close sends a RST. Otherwise it sends a FIN, and the RST follows only
// when the client writes to the connection that nobody has open here any more.
if (linger.Enabled)
{
    connection.LingerState = linger;
}

Try($"Close() of the connection, with {connection.Available} bytes unread", connection.Close);
return 0;

static bool Try(string call, Action action)
{
    try
    {
        action();
        Console.WriteLine($"{call} -> ok");
        return true;
    }
    catch (SocketException e)
    {
        Console.WriteLine($"{call} -> {ErrnoName(e.SocketErrorCode)}{e.NativeErrorCode} (SocketError.{e.SocketErrorCode}: {e.Message})");
        return false;
    }
}

// The numbers differ between Linux and macOS, these names do not. Windows' numbers are those of SocketError.
static string ErrnoName(SocketError error) => OperatingSystem.IsWindows() ? "" : error switch
{
    SocketError.AddressAlreadyInUse => "EADDRINUSE ",
    SocketError.AddressNotAvailable => "EADDRNOTAVAIL ",
    SocketError.ConnectionReset => "ECONNRESET ",
    _ => "",
};

int Number(string option, int most) =>
    int.TryParse(options[option], NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value <= most
        ? value : Misuse($"{option} {options[option]} is not a whole number from 0 to {most}.");

static int Misuse(string what)
{
    Console.Error.WriteLine($"{what}\n{Usage}");
    Environment.Exit(2);
    return 2;
}
