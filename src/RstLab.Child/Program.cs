// A process of its own, so that a signal can kill it. It breaks a channel and writes to it:
//   RstLab.Child write tcp|unix|pipe ignored|default|nosignal|registered
//   RstLab.Child lines NUMBER console|stream|default
// What it says last goes to standard output (write) or standard error (lines). A process that SIGPIPE kills says nothing more.
using System.Globalization;
using System.IO.Pipes;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using RstLab;

switch (args)
{
    case ["write", ("tcp" or "unix" or "pipe") and var channel, ("ignored" or "default" or "nosignal" or "registered") and var handling]:
        Write(channel, handling);
        return 0;
    case ["lines", var number, ("console" or "stream" or "default") and var output] when int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var lines):
        Lines(lines, output);
        return 0;
    default:
        Console.Error.WriteLine("usage: RstLab.Child write tcp|unix|pipe ignored|default|nosignal|registered, or RstLab.Child lines NUMBER console|stream|default");
        return 2;
}

static void Write(string channel, string handling)
{
    var calls = 0;
    using var registration = handling == "registered" ? PosixSignalRegistration.Create((PosixSignal)SignalMask.Sigpipe, context => { calls++; context.Cancel = true; }) : null;
    if (handling is "default" or "nosignal")
    {
        _ = Libc.Signal(Libc.SIGPIPE, Libc.SIG_DFL);
    }

    var ignored = SignalMask.OfThisProcess().Ignores(SignalMask.Sigpipe);
    string said;
    if (channel == "pipe")
    {
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        pipe.ClientSafePipeHandle.Dispose(); // the only reader
        said = Try(() => { pipe.WriteByte(0); return "1"; });
    }
    else
    {
        using var socket = channel == "tcp" ? BrokenTcp() : BrokenUnix();
        said = handling == "nosignal" ? SystemCall.Send(socket, 1, noSignal: true) : Try(() => socket.Send(new byte[1]).ToString(CultureInfo.InvariantCulture));
    }

    // A handler would run on a thread of its own: it gets its time.
    Thread.Sleep(handling == "registered" ? 100 : 0);
    Console.WriteLine($"{said}; SIGPIPE is {(ignored ? "ignored" : "not ignored")}{(registration is null ? "" : string.Create(CultureInfo.InvariantCulture, $"; handler called {calls} times"))}");
}

static void Lines(int number, string output)
{
    if (output == "default")
    {
        _ = Libc.Signal(Libc.SIGPIPE, Libc.SIG_DFL);
    }

    using var writer = output == "stream" ? new StreamWriter(new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, 0)) { AutoFlush = true } : null;
    var written = 0;
    var failed = Try(() =>
    {
        for (; written < number; written++)
        {
            (writer ?? Console.Out).WriteLine("line 00000");
        }

        return "no error";
    });
    Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{written} lines, {failed}"));
}

static Socket BrokenTcp()
{
    using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
    listener.Listen(1);
    var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    client.Connect(listener.LocalEndPoint!);
    listener.Accept().Close();
    Until(() => SocketState.Of(client) == TcpState.CloseWait);
    client.Send(new byte[1]);
    Until(() => SocketState.Of(client) == TcpState.Closed); // by the RST that answers the byte
    return client;
}

static Socket BrokenUnix()
{
    using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    var address = new UnixDomainSocketEndPoint($"\0rstlab-{Environment.ProcessId}"); // abstract (unix(7)): no file is left behind
    listener.Bind(address);
    listener.Listen(1);
    var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    client.Connect(address);
    listener.Accept().Close();
    return client;
}

static void Until(Func<bool> condition)
{
    if (!SpinWait.SpinUntil(condition, TimeSpan.FromSeconds(5)))
    {
        throw new TimeoutException("The connection was to be broken within 5 s, and was not.");
    }
}

static string Try(Func<string> call)
{
    try
    {
        return call();
    }
    catch (Exception e) when (e is SocketException or IOException)
    {
        return Errno.Find(e) is { } socket ? $"{e.GetType().Name} {Errno.Name(socket.NativeErrorCode)}" : $"{e.GetType().Name} {Errno.Name(e.HResult) ?? e.Message}";
    }
}
