using System.Net.NetworkInformation;

namespace RstLab;

/// <summary>A state that a client is held in until a reset finds it there.</summary>
/// <param name="State">The state of the connection (RFC 9293 section 3.3.2).</param>
/// <param name="Unread">How many bytes the peer has sent and the client has not read: 0 or more.</param>
/// <param name="IsReset">Whether a reset comes at all; without one it is a control.</param>
public sealed record HeldState(TcpState State, int Unread = 0, bool IsReset = true)
{
    /// <summary>
    /// The nine states that a client can be in when a reset arrives, two of them also with unread bytes, and two controls without a reset.
    /// </summary>
    public static IReadOnlyList<HeldState> All { get; } =
    [
        new(TcpState.SynSent), new(TcpState.SynReceived), new(TcpState.Established), new(TcpState.Established, 5), new(TcpState.CloseWait),
        new(TcpState.CloseWait, 5), new(TcpState.FinWait1), new(TcpState.FinWait2), new(TcpState.Closing), new(TcpState.LastAck), new(TcpState.TimeWait),
        new(TcpState.Established, IsReset: false), new(TcpState.CloseWait, IsReset: false),
    ];

    /// <summary>The name in tables: that of RFC 9293 with underscores, such as <c>CLOSE_WAIT with unread bytes</c>.</summary>
    public string Name => $"{Standard(State)}{(Unread > 0 ? " with unread bytes" : "")}{(IsReset ? "" : ", no reset")}";

    /// <summary>Whether the attempt to connect is still under way in this state, and nobody has asked for its result.</summary>
    public bool IsConnecting => State is TcpState.SynSent or TcpState.SynReceived;

    /// <summary>Whether the client has sent its FIN in this state.</summary>
    public bool HasSentFin => State is TcpState.FinWait1 or TcpState.FinWait2 or TcpState.Closing or TcpState.LastAck or TcpState.TimeWait;

    /// <summary>Whether the client has seen the peer's FIN in this state.</summary>
    public bool HasSeenFin => State is TcpState.CloseWait or TcpState.LastAck or TcpState.Closing or TcpState.TimeWait;

    /// <inheritdoc cref="Name"/>
    public override string ToString() => Name;

    private static string Standard(TcpState state) => state switch
    {
        TcpState.SynSent => "SYN_SENT",
        TcpState.SynReceived => "SYN_RECEIVED",
        TcpState.CloseWait => "CLOSE_WAIT",
        TcpState.FinWait1 => "FIN_WAIT_1",
        TcpState.FinWait2 => "FIN_WAIT_2",
        TcpState.LastAck => "LAST_ACK",
        TcpState.TimeWait => "TIME_WAIT",
        _ => state.ToString().ToUpperInvariant(),
    };
}
