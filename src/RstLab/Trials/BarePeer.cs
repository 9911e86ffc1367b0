using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;

namespace RstLab;

/// <summary>How one side ends a connection.</summary>
public enum Ending
{
    /// <summary>It closes with nothing unread: a FIN, and a RST for whatever is sent to it afterwards.</summary>
    Fin,

    /// <summary>It aborts (SO_LINGER with zero seconds): a RST at once.</summary>
    Reset,
}

/// <summary>
/// One connection's end without any stack above it, for experiments with a stack at the other end: it sends what it is told
/// to, and ends the connection when and how it is told to.
/// </summary>
public sealed class BarePeer : IDisposable
{
    internal BarePeer(Socket socket, Ending ending, int number) => (Socket, Ending, Number) = (socket, ending, number);

    /// <summary>The raw socket.</summary>
    public Socket Socket { get; }

    /// <summary>How <see cref="End"/> ends the connection.</summary>
    public Ending Ending { get; }

    /// <summary>Which connection of the trial this is, from 1.</summary>
    public int Number { get; }

    /// <summary>Sends a text as ISO 8859-1, so that a character is a byte.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="SocketException">The connection is over.</exception>
    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>Sends bytes.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <exception cref="SocketException">The connection is over.</exception>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await Socket.SendAsync(bytes).ConfigureAwait(false)..];
        }
    }

    /// <summary>Receives until a text has come, such as the blank line after a request's head; nothing after it is taken.</summary>
    /// <param name="last">The text.</param>
    /// <returns>All that has come, the text included, as ISO 8859-1.</returns>
    /// <exception cref="EndOfStreamException">The connection ended before that.</exception>
    /// <exception cref="SocketException">The connection was reset before that.</exception>
    public async Task<string> ReceiveUntilAsync(string last = "\r\n\r\n")
    {
        var text = new StringBuilder();
        var one = new byte[1];
        while (!text.ToString().EndsWith(last, StringComparison.Ordinal))
        {
            // Byte by byte, as what comes after it has to stay unread.
            if (await Socket.ReceiveAsync(one).ConfigureAwait(false) == 0)
            {
                throw new EndOfStreamException($"The stack's side ended after {text.Length} bytes, before '{last.ReplaceLineEndings(" ")}' came.");
            }

            text.Append((char)one[0]);
        }

        return text.ToString();
    }

    /// <summary>Receives whatever has come, at least some bytes.</summary>
    /// <param name="least">How many at the least.</param>
    /// <exception cref="EndOfStreamException">The connection ended before that.</exception>
    /// <exception cref="SocketException">The connection was reset before that.</exception>
    public async Task ReceiveAsync(int least)
    {
        var buffer = new byte[65536];
        for (var received = 0; received < least;)
        {
            var bytes = await Socket.ReceiveAsync(buffer).ConfigureAwait(false);
            received += bytes > 0 ? bytes : throw new EndOfStreamException($"The stack's side ended after {received} of {least} bytes.");
        }
    }

    /// <summary>Receives exactly some bytes; what comes after them stays unread.</summary>
    /// <param name="bytes">How many.</param>
    /// <exception cref="EndOfStreamException">The connection ended before that.</exception>
    /// <exception cref="SocketException">The connection was reset before that.</exception>
    public async Task<byte[]> ReceiveExactlyAsync(int bytes)
    {
        var received = new byte[bytes];
        for (var count = 0; count < bytes;)
        {
            var more = await Socket.ReceiveAsync(received.AsMemory(count)).ConfigureAwait(false);
            count += more > 0 ? more : throw new EndOfStreamException($"The stack's side ended after {count} of {bytes} bytes.");
        }

        return received;
    }

    /// <summary>Waits until bytes lie unread in the kernel.</summary>
    /// <param name="bytes">How many at the least.</param>
    /// <exception cref="TimeoutException">They did not come.</exception>
    public Task UntilUnreadAsync(int bytes) =>
        StackTrial.UntilAsync(() => Socket.Available >= bytes, () => $"{bytes} bytes to be unread (there are {Socket.Available})");

    /// <summary>Waits until the connection is in one of some states, as the kernel tells it.</summary>
    /// <param name="states">The states.</param>
    /// <exception cref="TimeoutException">It did not get there.</exception>
    public Task UntilAsync(params TcpState[] states) =>
        StackTrial.UntilAsync(() => states.Contains(SocketState.Of(Socket)), () => $"the bare peer's connection to be {string.Join(" or ", states)} (it is {SocketState.Of(Socket)})");

    /// <summary>Ends the connection as the trial asks.</summary>
    public void End()
    {
        if (Ending == Ending.Reset)
        {
            Socket.LingerState = new LingerOption(true, 0);
        }

        Socket.Dispose();
    }

    /// <summary>Closes the socket if it is still open.</summary>
    public void Dispose() => Socket.Dispose();
}
