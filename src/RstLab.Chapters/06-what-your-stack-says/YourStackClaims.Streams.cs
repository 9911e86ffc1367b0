using RstLab.Notebooks;

namespace RstLab.Chapters;

/// <summary>What chapter 6 claims: each sentence beside the condition that this run has to meet.</summary>
public static partial class YourStackClaims
{
    private const string Wrapped = "IOException > SocketException";

    /// <summary>Reading from NetworkStream and Pipelines.</summary>
    /// <param name="reads">The table <c>06-reads</c>.</param>
    /// <param name="guess">What the reader predicted for the read after the one that threw.</param>
    public static ClaimSet Reads(ResultTable reads, Prediction? guess = null) => Claims.On(reads)
        .Compare(guess, t => t.Rst("read, again") switch { { Outcome: "(0 bytes)" } => 2, { Error: "ConnectionReset" } => 1, _ => 3 },
            "The kernel reports an error once. After that the connection is simply at its end, and a read at the end returns 0.",
            (1, "The first read has taken the error. Neither the kernel nor the stream keeps it for the next one."),
            (3, "A read at the end returns 0. It is a write that fails there, with Broken pipe."))
        .That("06-read-fin-zero", "After a FIN a read returns 0 bytes and throws nothing, whether it was pending or begins afterwards.",
            t => t.Fins("read", "read, pending").All(row => row.Outcome == "(0 bytes)"))
        .That("06-read-rst-throws",
            "After a RST a read throws an IOException around a SocketException with ConnectionReset, whether it was pending or begins afterwards.",
            t => t.Rsts("read", "read, pending").All(row => row is { Outcome: Wrapped, Error: "ConnectionReset" }))
        .That("06-read-rst-once", "The stream reports the reset once: the first read throws, and the next one returns 0, as after a FIN.",
            t => t.Rst("read").Threw && t.Both("read, again").All(row => row.Outcome == "(0 bytes)"))
        .That("06-read-data-first", "Data that came before the ending is delivered first, after a FIN and (on Linux) after a RST.",
            t => t.Both("read, data came before").All(row => row.Outcome == "(5 bytes)"))
        .That("06-read-exactly",
            "ReadExactly turns a FIN that comes too early into an EndOfStreamException with no socket's error in the chain. After a RST there is one.",
            t => t.Fin("read exactly, half came") is { Outcome: "EndOfStreamException", Error: "" }
                && t.Rst("read exactly, half came") is { Threw: true, Error: "ConnectionReset" })
        .That("06-pipes-pass-on",
            "Pipelines add nothing: a FIN completes the reader with what has come, and after a RST the reader throws what a read from the "
                + "stream throws.",
            t => t.Fin("PipeReader").Outcome == "(completed, 5 bytes)"
                && t.Rst("PipeReader") is { Threw: true } pipe && (pipe.Outcome, pipe.Error) == (t.Rst("read").Outcome, t.Rst("read").Error));

    /// <summary>Writing to NetworkStream and Pipelines.</summary>
    /// <param name="writes">The table <c>06-writes</c>.</param>
    public static ClaimSet Writes(ResultTable writes) => Claims.On(writes)
        .That("06-write-fin-accepted",
            "The first write after a peer's close is accepted, and a RST answers it. The write after that RST throws, with "
                + "SocketError.Shutdown, which is .NET's name for EPIPE (Broken pipe).",
            t => t.Fin("write, first").Outcome == "(written)" && t.Fin("write, second") is { Threw: true, Error: "Shutdown" })
        .That("06-write-rst", "After a RST the first write throws ConnectionReset, and the second throws Shutdown.",
            t => t.Rst("write, first").Error == "ConnectionReset" && t.Rst("write, second").Error == "Shutdown")
        .That("06-write-pipes", "The second write of a PipeWriter over the stream throws what the stream's second write throws, after a FIN and after a RST.",
            t => t.Both("PipeWriter, second").All(row => row.Threw)
                && t.Both("PipeWriter, second").Select(row => (row.Outcome, row.Error))
                    .SequenceEqual(t.Both("write, second").Select(row => (row.Outcome, row.Error))));

    /// <summary>SslStream.</summary>
    /// <param name="tls">The table <c>06-tls</c>.</param>
    /// <param name="guess">What the reader predicted for a FIN without a close_notify.</param>
    public static ClaimSet Tls(ResultTable tls, Prediction? guess = null) => Claims.On(tls)
        .Compare(guess, t => t.Fin("read, no close_notify").Outcome == "(0 bytes)" ? 2 : 1,
            "SslStream takes a FIN between two records for the end. Only your protocol can show whether the message was whole.",
            (1, "After the handshake, a read throws only if the FIN comes in the middle of a record. Many peers never send a close_notify, so .NET "
                + "does not require one."))
        .That("06-tls-handshake-fin",
            "After a FIN in the handshake, AuthenticateAs… throws an IOException with no SocketException inside, on the client and on the server.",
            t => t.Fins("handshake, client", "handshake, server").All(row => row is { Outcome: "IOException", Error: "" }))
        .That("06-tls-handshake-rst",
            "After a RST in the handshake, it throws an IOException around ConnectionReset, on the client and on the server. Neither side "
                + "throws an AuthenticationException.",
            t => t.Rsts("handshake, client", "handshake, server").All(row => row is { Outcome: Wrapped, Error: "ConnectionReset" }))
        .That("06-tls-truncated", "A FIN between two records looks the same with and without close_notify: SslStream returns 0.",
            t => t.Fins("read, after close_notify", "read, no close_notify").All(row => row.Outcome == "(0 bytes)"))
        .That("06-tls-farewell",
            "If a close_notify came first, SslStream returns 0 even after a RST. Without one, the read throws ConnectionReset.",
            t => t.Rst("read, after close_notify").Outcome == "(0 bytes)" && t.Rst("read, no close_notify").Error == "ConnectionReset")
        .That("06-tls-half-record",
            "After a FIN in the middle of a record, the read throws an IOException with no SocketException inside.",
            t => t.Fin("read, half a record") is { Outcome: "IOException", Error: "" })
        .That("06-tls-write",
            "Once the connection is reset, the second write throws an IOException around Shutdown, whether the peer ended it with a FIN or a RST.",
            t => t.Both("write, second").All(row => row is { Outcome: Wrapped, Error: "Shutdown" }));
}
