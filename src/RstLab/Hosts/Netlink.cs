using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace RstLab;

/// <summary>
/// A conversation with the kernel over one netlink socket (netlink(7)). The socket belongs to the network namespace of the thread
/// that opened it, whichever thread uses it later. Every wait is bounded by <see cref="Patience"/>.
/// </summary>
internal sealed class Netlink : IDisposable
{
    // linux/netlink.h
    internal const ushort NLM_F_REQUEST = 1, NLM_F_ACK = 4, NLM_F_EXCL = 0x200, NLM_F_CREATE = 0x400;
    private const ushort NLMSG_ERROR = 2, NLM_F_CAPPED = 0x100, NLM_F_ACK_TLVS = 0x200, NLMSGERR_ATTR_MSG = 1;
    private const int HeaderLength = 16;

    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Socket socket;
    private int sequence;

    /// <summary>Opens a socket in the calling thread's network namespace.</summary>
    /// <param name="protocol"><see cref="Libc.NETLINK_ROUTE"/> or <see cref="Libc.NETLINK_NETFILTER"/>.</param>
    /// <exception cref="Win32Exception">The kernel does not have this netlink protocol, or no descriptor is free.</exception>
    internal Netlink(int protocol)
    {
        var descriptor = Libc.Socket(Libc.AF_NETLINK, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, protocol);
        socket = new Socket(Libc.Check(descriptor, $"socket(AF_NETLINK, SOCK_RAW, {protocol})"))
        {
            ReceiveTimeout = (int)Patience.TotalMilliseconds,
            SendTimeout = (int)Patience.TotalMilliseconds,
        };
        try
        {
            socket.SetRawSocketOption(Libc.SOL_NETLINK, Libc.NETLINK_EXT_ACK, BitConverter.GetBytes(1));
        }
        catch (SocketException)
        {
            // Before Linux 4.12 errors come without the kernel's own words.
        }
    }

    /// <summary>Sends the messages in one datagram and waits until the last one that asks for it is acknowledged.</summary>
    /// <param name="request">What is asked for, as the errors name it, such as <c>RTM_NEWLINK veth</c>.</param>
    /// <param name="messages">The messages, in order.</param>
    /// <returns>The answer, from its netlink header on; empty when there was only the acknowledgment.</returns>
    /// <exception cref="Win32Exception">The kernel refused; the message names the request, the error and the kernel's own words.</exception>
    /// <exception cref="TimeoutException">The kernel did not answer.</exception>
    internal byte[] Request(string request, params NetlinkMessage[] messages)
    {
        var lastAcknowledged = 0;
        foreach (var message in messages)
        {
            sequence++;
            lastAcknowledged = message.Finish(sequence) ? sequence : lastAcknowledged;
        }

        try
        {
            socket.Send(messages.SelectMany(m => m.Bytes).ToArray());
            return Answer(request, lastAcknowledged);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
        {
            throw new TimeoutException($"{request}: the kernel did not answer within {Patience.TotalSeconds} s.", e);
        }
        catch (SocketException e)
        {
            throw new Win32Exception(e.ErrorCode, $"{request}: {e.Message} (errno {e.ErrorCode})");
        }
    }

    private byte[] Answer(string request, int last)
    {
        byte[] answer = [];
        var buffer = new byte[32 * 1024];
        while (true)
        {
            var received = buffer.AsSpan(0, socket.Receive(buffer));
            while (received.Length >= HeaderLength)
            {
                var length = Math.Clamp(MemoryMarshal.Read<int>(received), HeaderLength, received.Length);
                var message = received[..length];
                received = received[Math.Min(NetlinkMessage.Align(length), received.Length)..];
                if (MemoryMarshal.Read<ushort>(message[4..]) != NLMSG_ERROR)
                {
                    answer = message.ToArray();
                }
                else if (MemoryMarshal.Read<int>(message[HeaderLength..]) is not 0 and var error)
                {
                    throw new Win32Exception(-error, $"{request}: {Marshal.GetPInvokeErrorMessage(-error)} (errno {-error}){Words(message)}");
                }
                else if (MemoryMarshal.Read<int>(message[8..]) == last)
                {
                    return answer;
                }
            }
        }
    }

    /// <summary>The kernel's own words about an error, where it has any (extended acknowledgment).</summary>
    private static string Words(ReadOnlySpan<byte> error)
    {
        var flags = MemoryMarshal.Read<ushort>(error[6..]);
        var request = (flags & NLM_F_CAPPED) != 0 ? HeaderLength : NetlinkMessage.Align(MemoryMarshal.Read<int>(error[20..]));
        var rest = (flags & NLM_F_ACK_TLVS) != 0 && 20 + request <= error.Length ? error[(20 + request)..] : [];
        while (rest.Length > 4 && MemoryMarshal.Read<ushort>(rest) is var length && length >= 4 && length <= rest.Length)
        {
            if (MemoryMarshal.Read<ushort>(rest[2..]) == NLMSGERR_ATTR_MSG)
            {
                return $": {Encoding.UTF8.GetString(rest[4..length]).TrimEnd('\0')}";
            }

            rest = rest[Math.Min(NetlinkMessage.Align(length), rest.Length)..];
        }

        return "";
    }

    /// <summary>Closes the socket.</summary>
    public void Dispose() => socket.Dispose();
}

/// <summary>One netlink message under construction: the header, the family's fixed part, then attributes (netlink(7)).</summary>
internal sealed class NetlinkMessage
{
    private const ushort NLA_F_NESTED = 0x8000;

    private readonly List<byte> bytes = [];
    private readonly ushort flags;

    internal NetlinkMessage(int type, ushort flags, ReadOnlySpan<byte> fixedPart)
    {
        this.flags = (ushort)(flags | Netlink.NLM_F_REQUEST);
        bytes.AddRange(new byte[4]);
        bytes.AddRange(BitConverter.GetBytes((ushort)type));
        bytes.AddRange(BitConverter.GetBytes(this.flags));
        bytes.AddRange(new byte[8]);
        Raw(fixedPart);
    }

    internal IReadOnlyList<byte> Bytes => bytes;

    internal static int Align(int length) => (length + 3) & ~3;

    /// <summary>Appends bytes as they are, padded to four.</summary>
    internal NetlinkMessage Raw(ReadOnlySpan<byte> value)
    {
        bytes.AddRange(value);
        bytes.AddRange(new byte[Align(bytes.Count) - bytes.Count]);
        return this;
    }

    internal NetlinkMessage Add(int type, ReadOnlySpan<byte> value)
    {
        bytes.AddRange(BitConverter.GetBytes((ushort)(4 + value.Length)));
        bytes.AddRange(BitConverter.GetBytes((ushort)type));
        return Raw(value);
    }

    internal NetlinkMessage Add(int type, string value) => Add(type, Encoding.UTF8.GetBytes(value + '\0'));

    internal NetlinkMessage Add(int type, int value) => Add(type, BitConverter.GetBytes(value));

    /// <summary>Adds a number in network byte order, as netfilter wants it.</summary>
    internal NetlinkMessage AddBigEndian(int type, int value) =>
        Add(type, BitConverter.GetBytes(System.Net.IPAddress.HostToNetworkOrder(value)));

    internal NetlinkMessage Nest(int type, Action<NetlinkMessage> content)
    {
        var start = bytes.Count;
        Add(type | NLA_F_NESTED, []);
        content(this);
        BitConverter.TryWriteBytes(CollectionsMarshal.AsSpan(bytes)[start..], (ushort)(bytes.Count - start));
        return this;
    }

    /// <summary>Fills in length and sequence number; says whether the message asks for an acknowledgment.</summary>
    internal bool Finish(int sequence)
    {
        var header = CollectionsMarshal.AsSpan(bytes);
        BitConverter.TryWriteBytes(header, bytes.Count);
        BitConverter.TryWriteBytes(header[8..], sequence);
        return (flags & Netlink.NLM_F_ACK) != 0;
    }
}
