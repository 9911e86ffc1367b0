using System.ComponentModel;

namespace RstLab;

/// <summary>
/// Rules on what comes in, in the calling thread's network namespace, by nf_tables over netlink (linux/netfilter/nf_tables.h), as
/// <c>nft</c> would write them: <c>table inet rstlab { chain input { type filter hook input priority filter; … } }</c>.
/// </summary>
internal static class Firewall
{
    private const string Table = "rstlab", Chain = "input";

    // linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h
    private const int NFNL_SUBSYS_NFTABLES = 10, NFNL_MSG_BATCH_BEGIN = 16, NFNL_MSG_BATCH_END = 17;
    private const int NFT_MSG_NEWTABLE = 0, NFT_MSG_DELTABLE = 2, NFT_MSG_NEWCHAIN = 3, NFT_MSG_NEWRULE = 6;
    private const byte NFPROTO_INET = 1;
    private const int NFTA_TABLE_NAME = 1;
    private const int NFTA_CHAIN_TABLE = 1, NFTA_CHAIN_NAME = 3, NFTA_CHAIN_HOOK = 4, NFTA_CHAIN_TYPE = 7;
    private const int NFTA_HOOK_HOOKNUM = 1, NFTA_HOOK_PRIORITY = 2, NF_INET_LOCAL_IN = 1;
    private const int NFTA_RULE_TABLE = 1, NFTA_RULE_CHAIN = 2, NFTA_RULE_EXPRESSIONS = 4;
    private const int NFTA_LIST_ELEM = 1, NFTA_EXPR_NAME = 1, NFTA_EXPR_DATA = 2;
    private const int NFTA_META_DREG = 1, NFTA_META_KEY = 2, NFT_META_L4PROTO = 16;
    private const int NFTA_PAYLOAD_DREG = 1, NFTA_PAYLOAD_BASE = 2, NFTA_PAYLOAD_OFFSET = 3, NFTA_PAYLOAD_LEN = 4, NFT_PAYLOAD_TRANSPORT_HEADER = 2;
    private const int NFTA_CMP_SREG = 1, NFTA_CMP_OP = 2, NFTA_CMP_DATA = 3, NFT_CMP_EQ = 0, NFTA_DATA_VALUE = 1;
    private const int NFTA_REJECT_TYPE = 1, NFT_REJECT_TCP_RST = 1;
    private const int NFTA_IMMEDIATE_DREG = 1, NFTA_IMMEDIATE_DATA = 2, NFTA_DATA_VERDICT = 2, NFTA_VERDICT_CODE = 1, NF_DROP = 0;
    private const int NFT_REG_VERDICT = 0, NFT_REG_1 = 1;

    /// <summary>Adds <c>meta l4proto tcp tcp dport PORT reject with tcp reset</c>, before the rules that are there.</summary>
    internal static void RejectWithReset(int port) => AddRule($"tcp dport {port} reject with tcp reset",
        ("meta", m => m.AddBigEndian(NFTA_META_KEY, NFT_META_L4PROTO).AddBigEndian(NFTA_META_DREG, NFT_REG_1)),
        Equal((byte)Libc.IPPROTO_TCP),
        ("payload", m => m
            .AddBigEndian(NFTA_PAYLOAD_DREG, NFT_REG_1)
            .AddBigEndian(NFTA_PAYLOAD_BASE, NFT_PAYLOAD_TRANSPORT_HEADER)
            .AddBigEndian(NFTA_PAYLOAD_OFFSET, 2)
            .AddBigEndian(NFTA_PAYLOAD_LEN, 2)),
        Equal((byte)(port >> 8), (byte)port),
        ("reject", m => m.AddBigEndian(NFTA_REJECT_TYPE, NFT_REJECT_TCP_RST)));

    /// <summary>Adds <c>drop</c>, before the rules that are there.</summary>
    internal static void Drop() => AddRule("drop", ("immediate", m => m
        .AddBigEndian(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT)
        .Nest(NFTA_IMMEDIATE_DATA, data => data.Nest(NFTA_DATA_VERDICT, v => v.AddBigEndian(NFTA_VERDICT_CODE, NF_DROP)))));

    /// <summary>Removes all rules of this class; having none is no error.</summary>
    internal static void Clear() => Commit("remove the rules", NewTable(), Message(NFT_MSG_DELTABLE).Add(NFTA_TABLE_NAME, Table));

    private static (string, Action<NetlinkMessage>) Equal(params byte[] value) => ("cmp", m => m
        .AddBigEndian(NFTA_CMP_SREG, NFT_REG_1)
        .AddBigEndian(NFTA_CMP_OP, NFT_CMP_EQ)
        .Nest(NFTA_CMP_DATA, data => data.Add(NFTA_DATA_VALUE, value)));

    private static void AddRule(string rule, params (string Name, Action<NetlinkMessage> Data)[] expressions) => Commit(rule,
        NewTable(),
        Message(NFT_MSG_NEWCHAIN)
            .Add(NFTA_CHAIN_TABLE, Table)
            .Add(NFTA_CHAIN_NAME, Chain)
            .Add(NFTA_CHAIN_TYPE, "filter")
            .Nest(NFTA_CHAIN_HOOK, hook => hook.AddBigEndian(NFTA_HOOK_HOOKNUM, NF_INET_LOCAL_IN).AddBigEndian(NFTA_HOOK_PRIORITY, 0)),
        Message(NFT_MSG_NEWRULE)
            .Add(NFTA_RULE_TABLE, Table)
            .Add(NFTA_RULE_CHAIN, Chain)
            .Nest(NFTA_RULE_EXPRESSIONS, list =>
            {
                foreach (var (name, data) in expressions)
                {
                    list.Nest(NFTA_LIST_ELEM, e => e.Add(NFTA_EXPR_NAME, name).Nest(NFTA_EXPR_DATA, data));
                }
            }));

    /// <summary>Sends a batch, which takes effect as a whole or not at all.</summary>
    private static void Commit(string what, params NetlinkMessage[] messages)
    {
        try
        {
            using var netfilter = new Netlink(Libc.NETLINK_NETFILTER);
            netfilter.Request($"nf_tables: {what}", [Batch(NFNL_MSG_BATCH_BEGIN), .. messages, Batch(NFNL_MSG_BATCH_END)]);
        }
        catch (Win32Exception e) when (e.NativeErrorCode is Libc.EOPNOTSUPP or Libc.EPROTONOSUPPORT or Libc.EAFNOSUPPORT or Libc.ENOENT or Libc.EINVAL)
        {
            throw new NotSupportedException(Obstacle.NoFirewall.Saying(e.Message), e);
        }
    }

    private static NetlinkMessage NewTable() => Message(NFT_MSG_NEWTABLE).Add(NFTA_TABLE_NAME, Table);

    /// <summary>struct nfgenmsg: family, version, resource id in network byte order.</summary>
    private static NetlinkMessage Message(int type) =>
        new((NFNL_SUBSYS_NFTABLES << 8) | type, type == NFT_MSG_DELTABLE ? Netlink.NLM_F_ACK : (ushort)(Netlink.NLM_F_ACK | Netlink.NLM_F_CREATE), [NFPROTO_INET, 0, 0, 0]);

    private static NetlinkMessage Batch(int type) => new(type, 0, [0, 0, 0, NFNL_SUBSYS_NFTABLES]);
}
