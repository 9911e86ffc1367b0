using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace RstLab;

/// <summary>
/// Client connections, one after the other, each held in a state of choice and reset there: for tables over all states. The peer's TCP
/// is written by hand (<see cref="CraftedPeer"/>), so nothing depends on timing. Nothing is logged and no witness looks on; for one
/// state under the eyes of the witnesses use a <see cref="Conversation"/>. Not for use by several threads at once.
/// </summary>
public sealed class HeldClients : IDisposable
{
    private const ControlBits Ack = ControlBits.Ack, Fin = ControlBits.Fin, Psh = ControlBits.Psh, Rst = ControlBits.Rst;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly CancellationToken _cancellation;
    private readonly TwoHosts _hosts;
    private readonly CraftedPeer _peer;

    /// <summary>Makes the two hosts and the peer; some milliseconds.</summary>
    /// <param name="cancellation">Ends the next <see cref="Reset"/> early.</param>
    /// <exception cref="NotPossibleHereException">This machine does not allow two hosts.</exception>
    public HeldClients(CancellationToken cancellation = default)
    {
        if (TwoHosts.WhyNot() is { } why)
        {
            throw new NotPossibleHereException(why);
        }

        _cancellation = cancellation;
        _hosts = new TwoHosts();
        try
        {
            _peer = new CraftedPeer(_hosts, 8000);
        }
        catch
        {
            _hosts.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Brings a fresh client into a state, resets it there, and waits until its kernel has taken the reset. The client is
    /// non-blocking, so that no call on it can hang. In SYN_SENT and SYN_RECEIVED the connection attempt is still under way, and no call
    /// has asked for its result.
    /// </summary>
    /// <param name="held">The state.</param>
    /// <returns>The client, to be disposed of by the caller; it then ends without leaving TIME_WAIT behind.</returns>
    /// <exception cref="TimeoutException">The state, or what leads to it, did not come within five seconds.</exception>
    /// <exception cref="OperationCanceledException">The run is being cancelled.</exception>
    public Socket Reset(HeldState held)
    {
        ArgumentNullException.ThrowIfNull(held);
        _cancellation.ThrowIfCancellationRequested();
        _peer.Forget();
        var client = _hosts.Client.CreateSocket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            client.LingerState = new LingerOption(true, 0);
            Hold(client, held);
            if (held.IsReset)
            {
                // In SYN_SENT only an acknowledgment shows that the reset is meant (RFC 9293 section 3.10.7.3); elsewhere it is the number.
                _peer.Send(held.State == TcpState.SynSent ? Rst | Ack : Rst);
                Until(held.State == TcpState.TimeWait ? () => !IsInTimeWait(client) : () => SocketState.Of(client) == TcpState.Closed, $"the reset in {held}");
            }

            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Removes the peer and both hosts.</summary>
    public void Dispose()
    {
        _peer.Dispose();
        _hosts.Dispose();
    }

    private void Hold(Socket client, HeldState held)
    {
        if (held.IsConnecting)
        {
            Begin(client);
            if (held.State == TcpState.SynReceived)
            {
                // A simultaneous open (RFC 9293 section 3.5): two SYNs cross, and each side answers the other's.
                _peer.Send(ControlBits.Syn);
                Until(() => SocketState.Of(client) == TcpState.SynReceived, held.Name);
            }

            return;
        }

        var connecting = client.ConnectAsync(_peer.Address);
        _peer.Accept();
        if (!connecting.Wait(Patience, CancellationToken.None))
        {
            throw new TimeoutException($"The client did not connect within {Patience.TotalSeconds} s.");
        }

        client.Blocking = false;
        if (held.Unread > 0)
        {
            _peer.Send(Psh | Ack, held.Unread);
            Until(() => client.Available == held.Unread, $"{held.Unread} bytes to read");
        }

        if (held.State is TcpState.CloseWait or TcpState.LastAck)
        {
            _peer.Send(Fin | Ack);
            Until(() => SocketState.Of(client) == TcpState.CloseWait, "CLOSE_WAIT");
        }

        if (held.HasSentFin)
        {
            client.Shutdown(SocketShutdown.Send);
            var fin = _peer.Await("the client's FIN", s => s.Letters.Contains('F', StringComparison.Ordinal));
            switch (held.State)
            {
                case TcpState.FinWait2:
                    _peer.Send(Ack);
                    break;
                case TcpState.Closing:
                    _peer.Send(Fin | Ack, ack: fin.Seq);
                    break;
                case TcpState.TimeWait:
                    _peer.Send(Fin | Ack);
                    Until(() => IsInTimeWait(client), "TIME_WAIT");
                    return;
            }
        }

        Until(() => SocketState.Of(client) == held.State, held.Name);
    }

    private void Begin(Socket client)
    {
        client.Blocking = false;
        try
        {
            client.Connect(_peer.Address);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            // Under way, as it should be.
        }

        _peer.Await("a SYN", s => s.Letters == "S");
    }

    /// <summary>
    /// A connection in TIME_WAIT is no longer the socket's: TCP_INFO says CLOSE, and only the list of the network namespace has it.
    /// </summary>
    private bool IsInTimeWait(Socket client)
    {
        const string timeWait = "06"; // include/net/tcp_states.h
        var port = ((IPEndPoint)client.LocalEndPoint!).Port.ToString("X4", CultureInfo.InvariantCulture);
        return _hosts.Client.Run(() => File.ReadLines("/proc/thread-self/net/tcp").Skip(1)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Any(columns => columns[1].EndsWith(':' + port, StringComparison.Ordinal) && columns[3] == timeWait));
    }

    private static void Until(Func<bool> condition, string awaited)
    {
        var deadline = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        for (var asked = 0; !condition(); asked++)
        {
            if (Environment.TickCount64 > deadline)
            {
                throw new TimeoutException($"The client was to come to {awaited} within {Patience.TotalSeconds} s, and did not.");
            }

            Thread.Sleep(asked < 50 ? 0 : 1);
        }
    }
}
