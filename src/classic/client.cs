// Without this line even a plain run asks for the native compiler's packages.
#:property PublishAot=false

// The client for two terminals: it connects to src/classic/server.cs, which closes at once, and writes as if nothing had
// happened. It prints what every call answered.

using System.Globalization;
using System.Net;
using System.Net.Sockets;

const string Usage = """
    usage: dotnet run src/classic/client.cs -- [options]
      --mode write       write blocks of 5000 bytes until a write fails (the default)
      --mode write-read  write one block, wait for the RST, then read, then write again
      --mode wait        the same, but only after you have started the server again and pressed Enter
      --wait SECONDS     in --mode wait, go on without Enter after so long (600)
      --fin SECONDS      before the first write, wait for the server's FIN, at most so long (1);
                         with 0 the first write races with the server's close
      --address IP       the server's address (127.0.0.1)
      --port NUMBER      the server's port (8000)
    """;

var options = new Dictionary<string, string>
{
    ["--mode"] = "write", ["--wait"] = "600", ["--fin"] = "1", ["--address"] = "127.0.0.1", ["--port"] = "8000",
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

var mode = options["--mode"];
if (mode is not ("write" or "write-read" or "wait") || !IPAddress.TryParse(options["--address"], out var address))
{
    return Misuse("--mode is write, write-read or wait, and --address is an IP address.");
}

var (port, wait, fin) = (Number("--port", 65_535), Number("--wait", 600), Number("--fin", 600));
var limit = TimeSpan.FromSeconds(5); // For whatever may never happen.
var block = new byte[5000];
var total = 0L;

using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = (int)limit.TotalMilliseconds };
if (!Try($"Connect({new IPEndPoint(address, port)})", () => { socket.Connect(address, port); return "ok"; }))
{
    return Fail("No connection. If it was refused, nobody listens on that port, and a RST answered the SYN:\n"
        + "start src/classic/server.cs first, once for every run of the client.");
}

if (mode == "wait")
{
    Console.WriteLine("Start the server again in its terminal, then press Enter here.");
    Task.Run(() => { while (Console.ReadLine() is null) { Thread.Sleep(100); } }).Wait(TimeSpan.FromSeconds(wait)); // An end of input is not Enter.
}

// A FIN makes the socket readable. It says that the server writes no more, not that it reads no more, so a client may go on.
var readable = socket.Poll(TimeSpan.FromSeconds(fin), SelectMode.SelectRead);
Console.WriteLine($"Poll(SelectRead) -> {readable}");

if (mode == "write")
{
    // A write succeeds when its bytes are in the send buffer. It is not the full buffer that ends this but the RST that answers
    // the first block; how many blocks are accepted before it comes is a race. Poll goes first because .NET on Linux reports
    // a Send that was blocked when the RST came as TimedOut.
    while (total < 100_000_000 && socket.Poll(limit, SelectMode.SelectWrite))
    {
        if (!Send())
        {
            return 0;
        }
    }

    return Fail("No write fails: the server still has the connection open.");
}

if (Send() && !ResetHasCome())
{
    return Fail("No RST has come: the server still has the connection open, or read everything before it closed.");
}

Try("Receive(5000)", () => $"{socket.Receive(block)}");
Send();
return 0;

// On Linux poll tells of an error the moment that the RST comes. Elsewhere it need not where a FIN came first; there one second
// must do, a thousand times what a RST takes on loopback.
bool ResetHasCome()
{
    if (!OperatingSystem.IsLinux())
    {
        Thread.Sleep(1000);
        return true;
    }

    var isError = socket.Poll(limit, SelectMode.SelectError);
    Console.WriteLine($"Poll(SelectError) -> {isError}");
    return isError;
}

bool Send() => Try("Send(5000)", () =>
{
    var sent = socket.Send(block);
    return $"{sent} (total {total += sent})";
});

static bool Try(string call, Func<string> action)
{
    try
    {
        Console.WriteLine($"{call} -> {action()}");
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
    SocketError.ConnectionRefused => "ECONNREFUSED ",
    SocketError.ConnectionReset => "ECONNRESET ",
    SocketError.Shutdown => "EPIPE ",
    SocketError.TimedOut => "ETIMEDOUT ",
    _ => "",
};

int Number(string option, int most) =>
    int.TryParse(options[option], NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value <= most
        ? value : Misuse($"{option} {options[option]} is not a whole number from 0 to {most}.");

static int Fail(string what)
{
    Console.Error.WriteLine(what);
    return 1;
}

static int Misuse(string what)
{
    Console.Error.WriteLine($"{what}\n{Usage}");
    Environment.Exit(2);
    return 2;
}
