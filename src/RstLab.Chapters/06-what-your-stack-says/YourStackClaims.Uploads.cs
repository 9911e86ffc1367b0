using System.Net.Sockets;
using RstLab.Notebooks;

namespace RstLab.Chapters;

/// <content>An upload that is refused.</content>
public static partial class YourStackClaims
{
    /// <summary>The ladder of an upload of 2000 bytes that is refused after the first 1000.</summary>
    /// <param name="refused">The recording <c>06-upload-refused</c>.</param>
    /// <param name="guess">What the reader expects HttpClient to return.</param>
    public static ClaimSet UploadRefused(Recording refused, Prediction? guess = null) => Claims.On(refused)
        .Compare(guess, r => r.CallsOf("client", "PostAsync")[0] switch { { Ok: true } => 1, { Error: SocketError.ConnectionReset } => 2, { Error: SocketError.Shutdown } => 3, _ => 0 },
            "A close with data unread sends a RST, and a RST ends what is still being written. Over HTTP/1.1, HttpClient reads no response "
                + "before it has written the body.",
            (1, "It does cross the wire, and it lies in the client's socket. But HttpClient was still writing, and its write failed first."),
            (3, "Broken pipe comes when no error is left, or when a FIN came before the RST. Here the write was the first call after a RST alone."))
        .That("06-upload-answer-arrived", "The whole 413 crossed the wire before the RST.",
            r => r.SegmentsFrom("server").ToList() is var sent
                && sent.FindIndex(s => s.Length == r.CallsOf("server", "Send")[0].Bytes) is var answer and >= 0 && sent.FindIndex(s => s.IsReset) > answer)
        .That("06-upload-answer-lost", "HttpClient had not sent all of the file yet. It threw ConnectionReset and did not return the 413.",
            r => r.SegmentsFrom("client").Sum(s => s.Length) < 2000
                && r.CallsOf("client", "PostAsync")[0] is { Ok: false, Error: SocketError.ConnectionReset });

    /// <summary>What helps a client whose upload is refused.</summary>
    /// <param name="upload">The table <c>06-upload</c>.</param>
    public static ClaimSet Uploads(ResultTable upload) => Claims.On(upload)
        .That("06-upload-unread",
            "A server that closes its Socket with the upload unread resets the connection even where it did not ask for a RST: a client that "
                + "is still writing gets ConnectionReset, not 413.",
            t => t.Both("upload, refused with data unread").All(row => row is { Threw: true, Error: "ConnectionReset" }))
        .That("06-upload-unread-stream",
            "A server that closes its NetworkStream with the upload unread sends a FIN before the RST: a client that is still writing gets "
                + "Shutdown (Broken pipe), not 413.",
            t => t.Fin("upload, refused by NetworkStream, data unread") is { Threw: true, Error: "Shutdown" })
        .That("06-upload-drained", "If the server reads the rest before it closes, the client gets its 413.",
            t => t.Fin("upload, refused, the rest is read").Outcome == "(413, 2000 bytes written)")
        .That("06-upload-expect",
            "With Expect: 100-continue and a body of more than 1024 bytes, the client gets its 413 and has written no byte of the body.",
            t => t.Fin("upload, Expect: 100-continue").Outcome == "(413, 0 bytes written)")
        .That("06-upload-all-sent",
            "If the client has nothing left to write, it reads the 413 (on Linux) although a RST followed it, whether or not the server asked "
                + "for that RST.",
            t => t.Both("upload, refused when all was sent").All(row => row.Outcome == "(413, 1000 bytes written)"));
}
