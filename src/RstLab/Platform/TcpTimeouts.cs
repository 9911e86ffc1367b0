using System.Globalization;

namespace RstLab;

/// <summary>
/// How long this machine's TCP takes to give up a peer that answers nothing, when no socket option says otherwise: computed from
/// the sysctls of ip-sysctl.rst, not measured. Where there are none (no Linux), the values that Linux documents stand in.
/// </summary>
/// <param name="KeepAliveTime">How long a connection is idle before the first keepalive probe (<c>tcp_keepalive_time</c>).</param>
/// <param name="KeepAliveInterval">The time between two probes (<c>tcp_keepalive_intvl</c>).</param>
/// <param name="KeepAliveProbes">How many probes may stay unanswered (<c>tcp_keepalive_probes</c>).</param>
/// <param name="Retries">How often unanswered data is sent again before the connection is given up (<c>tcp_retries2</c>).</param>
/// <param name="RetransmissionMax">The longest retransmission timeout (<c>tcp_rto_max_ms</c>, from kernel 6.15 on; 120 s before).</param>
public sealed record TcpTimeouts(TimeSpan KeepAliveTime, TimeSpan KeepAliveInterval, int KeepAliveProbes, int Retries, TimeSpan RetransmissionMax)
{
    // TCP_RTO_MIN. The kernel counts with it whatever the connection's own timeout is, which makes the sum a lower bound.
    private static readonly TimeSpan RetransmissionMin = TimeSpan.FromMilliseconds(200);

    /// <summary>The values that Linux documents as its defaults (Documentation/networking/ip-sysctl.rst).</summary>
    public static TcpTimeouts Documented { get; } = new(TimeSpan.FromSeconds(7200), TimeSpan.FromSeconds(75), 9, 15, TimeSpan.FromSeconds(120));

    /// <summary>After this time keepalive, once turned on, gives up a silent peer: the idle time and all probes.</summary>
    public TimeSpan KeepAliveLimit => KeepAliveTime + (KeepAliveInterval * KeepAliveProbes);

    /// <summary>
    /// After this time, at the earliest, unanswered data makes the kernel give up: the sum of the retransmission timeouts, which begin at
    /// 0.2 s and double until they reach their maximum (tcp_model_timeout, net/ipv4/tcp_timer.c). 924.6 s with the documented values.
    /// </summary>
    public TimeSpan RetransmissionLimit => Enumerable.Range(0, Retries + 1)
        .Select(doublings => RetransmissionMin * Math.Pow(2, Math.Min(doublings, 30)))
        .Aggregate(TimeSpan.Zero, (sum, timeout) => sum + (timeout < RetransmissionMax ? timeout : RetransmissionMax));

    /// <summary>The values of the calling process's network namespace.</summary>
    public static TcpTimeouts OfThisMachine() => new(
        TimeSpan.FromSeconds(Read("tcp_keepalive_time") ?? Documented.KeepAliveTime.TotalSeconds),
        TimeSpan.FromSeconds(Read("tcp_keepalive_intvl") ?? Documented.KeepAliveInterval.TotalSeconds),
        Read("tcp_keepalive_probes") ?? Documented.KeepAliveProbes,
        Read("tcp_retries2") ?? Documented.Retries,
        TimeSpan.FromMilliseconds(Read("tcp_rto_max_ms") ?? Documented.RetransmissionMax.TotalMilliseconds));

    private static int? Read(string sysctl)
    {
        var file = $"/proc/sys/net/ipv4/{sysctl}";
        return File.Exists(file) && int.TryParse(File.ReadAllText(file).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
    }
}
