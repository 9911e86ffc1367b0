using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace RstLab;

/// <summary>What one trial does, between making the client's socket and closing it.</summary>
internal abstract class TrialConversation(TrialLoop loop) : IDisposable
{
    protected TrialLoop Loop { get; } = loop;

    /// <summary>Makes the calls; the last one is the trial's outcome.</summary>
    internal abstract void Talk();

    /// <summary>Ends what the conversation holds beyond one trial; nothing of it runs on afterwards.</summary>
    public virtual void Dispose()
    {
    }
}

internal sealed class Refused(TrialLoop loop) : TrialConversation(loop)
{
    private readonly CallTally _connect = loop.Tally("client", "Connect");

    internal override void Talk() => Loop.Connect(_connect);
}

internal sealed class RefusedWithoutException : TrialConversation
{
    private readonly CallTally _connect;
    private readonly ManualResetEventSlim _completed = new();
    private readonly SocketAsyncEventArgs _args;

    internal RefusedWithoutException(TrialLoop loop) : base(loop)
    {
        _connect = loop.Tally("client", "ConnectAsync");
        _args = new SocketAsyncEventArgs { RemoteEndPoint = loop.Target };
        _args.Completed += (_, _) => _completed.Set();
    }

    internal override void Talk()
    {
        Loop.Begin(_connect);
        _completed.Reset();
        if (Loop.Client.ConnectAsync(_args))
        {
            _completed.Wait(); // The loop's watch closes the socket of a stuck trial, which completes this.
        }

        Loop.End(_args.SocketError);
    }

    public override void Dispose()
    {
        _args.Dispose();
        _completed.Dispose();
        base.Dispose();
    }
}

internal sealed class RefusedNatively : TrialConversation
{
    private readonly CallTally _connect;
    private readonly byte[] _address;

    internal RefusedNatively(TrialLoop loop) : base(loop)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException($"{nameof(TrialKind.RefusedNatively)} calls Linux's C library; take {nameof(TrialKind.Refused)} elsewhere.");
        }

        _connect = loop.Tally("client", "connect(2)");
        var address = loop.Target.Serialize();
        _address = address.Buffer[..address.Size].ToArray();
    }

    internal override void Talk()
    {
        Loop.Begin(_connect);
        var result = Libc.Connect(Loop.Client.SafeHandle, _address, _address.Length);
        Loop.End(result == 0 ? SocketError.Success : Marshal.GetLastPInvokeError() switch
        {
            Libc.ECONNREFUSED => SocketError.ConnectionRefused,
            Libc.EADDRNOTAVAIL => SocketError.AddressNotAvailable,
            var errno => throw new SocketException((int)SocketError.SocketError, $"{Marshal.GetPInvokeErrorMessage(errno)} (connect(2) left {errno})"),
        });
    }
}

internal sealed class BrokenPipe(TrialLoop loop) : TrialConversation(loop)
{
    private readonly CallTally _connect = loop.Tally("client", "Connect");
    private readonly CallTally _accept = loop.Tally("server", "Accept");
    private readonly CallTally _close = loop.Tally("server", "Close");
    private readonly CallTally _send = loop.Tally("client", "Send");
    private readonly CallTally _reset = loop.Tally("client", "Poll for the reset");
    private readonly CallTally _sendAgain = loop.Tally("client", "Send again");
    private readonly byte[] _payload = new byte[5000];

    internal override void Talk()
    {
        Loop.Connect(_connect);
        Loop.Accept(_accept);
        Loop.CloseServer(_close);
        Loop.Send(_send, _payload);
        Loop.AwaitReset(_reset);
        Loop.Send(_sendAgain, _payload);
    }
}

internal sealed class Aborted(TrialLoop loop) : TrialConversation(loop)
{
    private readonly CallTally _connect = loop.Tally("client", "Connect");
    private readonly CallTally _accept = loop.Tally("server", "Accept");
    private readonly CallTally _abort = loop.Tally("server", "Abort");
    private readonly CallTally _receive = loop.Tally("client", "Receive");
    private readonly byte[] _buffer = new byte[1];

    internal override void Talk()
    {
        Loop.Connect(_connect);
        Loop.Accept(_accept);
        Loop.AbortServer(_abort);
        Loop.Begin(_receive);
        Loop.Client.Receive(_buffer, SocketFlags.None, out var error);
        Loop.End(error);
    }
}

/// <summary>The client of <see cref="Trials.BytesAccepted"/>, and its peer.</summary>
internal sealed class WriteUntilFailure : TrialConversation
{
    private readonly BytesAcceptedOptions _options;
    private readonly byte[] _block;
    private readonly CallTally _connect, _send, _writable, _reset, _pause, _accept, _readable, _close;
    private readonly Thread? _peer;

    internal WriteUntilFailure(TrialLoop loop, BytesAcceptedOptions options) : base(loop)
    {
        _options = options;
        _block = new byte[options.BlockSize];
        _connect = loop.Tally("client", "Connect");
        _accept = loop.Tally("server", "Accept");
        _send = loop.Tally("client", "Send");
        _writable = loop.Tally("client", "Poll for room");
        _reset = loop.Tally("client", "Poll for the reset");
        _pause = loop.Tally("client", "Sleep");
        _readable = loop.Tally("server", "Poll for data");
        _close = loop.Tally("server", "Close");
        if (options.Peer == PeerEnding.ClosesMeanwhile)
        {
            _peer = new Thread(AcceptAndClose) { IsBackground = true, Name = "accepts and closes" };
            _peer.Start();
        }
    }

    internal override void Talk()
    {
        Loop.Connect(_connect);
        // A blocking send that a reset cuts in two reports neither the part that was accepted nor the kernel's error.
        Loop.Client.Blocking = false;
        if (_peer is null)
        {
            Loop.Accept(_accept);
        }

        if (_options.Peer == PeerEnding.ClosesFirst)
        {
            Loop.CloseServer(_close);
        }

        SocketError error;
        while ((error = Loop.Send(_send, _block)) is SocketError.Success or SocketError.WouldBlock)
        {
            if (_options.Peer == PeerEnding.ClosesWithUnreadData && Loop.HasServer)
            {
                Loop.AwaitData(_readable);
                Loop.CloseServer(_close);
            }

            if (error == SocketError.WouldBlock)
            {
                if (_options.Peer == PeerEnding.ClosesWhenFull && Loop.HasServer)
                {
                    Loop.CloseServer(_close);
                }

                Loop.AwaitRoom(_writable);
            }
            else if (_options.WaitForReset)
            {
                Loop.AwaitReset(_reset);
            }

            if (_options.PauseBetweenWrites > TimeSpan.Zero)
            {
                Loop.Begin(_pause);
                Thread.Sleep(_options.PauseBetweenWrites);
                Loop.End(SocketError.Success);
            }
        }
    }

    public override void Dispose()
    {
        Loop.CloseListener(); // The peer's thread is in accept(2), which this ends.
        _peer?.Join();
        base.Dispose();
    }

    private void AcceptAndClose()
    {
        // These two tallies are this thread's own until it has ended.
        while (true)
        {
            var began = Stopwatch.GetTimestamp();
            try
            {
                using var connection = Loop.Listener.Accept();
                began = _accept.Add(began, SocketError.Success);
                if (_options.PauseBeforeClose > TimeSpan.Zero)
                {
                    Thread.Sleep(_options.PauseBeforeClose);
                    began = Stopwatch.GetTimestamp();
                }

                connection.Dispose();
                _close.Add(began, SocketError.Success);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return; // The listener is closed; were it anything else, the trial would be found stuck.
            }
        }
    }
}
