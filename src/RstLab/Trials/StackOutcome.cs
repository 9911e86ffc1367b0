using System.Net.Http;
using System.Net.Sockets;

namespace RstLab;

/// <summary>A stack in a situation that ends: who does what. It is tried once with each ending.</summary>
/// <param name="Stack">The stack, such as <c>HttpClient</c>.</param>
/// <param name="Situation">What it is doing, in a few words.</param>
/// <param name="Peer">The bare peer's script.</param>
/// <param name="Use">What the stack is used for; its result in a few words.</param>
public sealed record StackSituation(string Stack, string Situation, Func<BarePeer, Task> Peer, Func<StackTrial, Task<string>> Use)
{
    /// <summary>How many connections it takes when the stack sends nothing twice.</summary>
    public int Connections { get; init; } = 1;

    /// <summary>The endings that it is tried with.</summary>
    public IReadOnlyList<Ending> Endings { get; init; } = [Ending.Fin, Ending.Reset];
}

/// <summary>What a stack made of an ending.</summary>
/// <param name="Stack">The stack, such as <c>HttpClient</c>.</param>
/// <param name="Situation">What it was doing.</param>
/// <param name="Ending">What the other side did.</param>
/// <param name="Result">What the call returned; null when it threw.</param>
/// <param name="Exception">What it threw; null when it returned.</param>
/// <param name="Connections">How many connections it took.</param>
/// <param name="Retried">Whether the stack sent the request again on another connection, by itself.</param>
public sealed record StackOutcome(string Stack, string Situation, Ending Ending, string? Result, Exception? Exception, int Connections = 1, bool Retried = false)
{
    /// <summary>The names of the columns of <see cref="Values"/>.</summary>
    public static string[] Columns => ["stack", "situation", "ending", "exception_chain", "socket_error", "http_request_error", "retried", "connections", "diagnosed", "diagnosis", "messages"];

    /// <summary>The exceptions from the outermost to the cause, such as <c>IOException &gt; SocketException</c>; in parentheses what the call returned when it did not throw.</summary>
    public string ExceptionChain => Exception is null ? $"({Result})" : string.Join(" > ", Chain(Exception).Select(e => e.GetType().Name));

    /// <summary>The socket's error; null where no exception carries one.</summary>
    public SocketError? SocketError => Exception is null ? null : Errno.Find(Exception)?.SocketErrorCode;

    /// <summary>What HttpClient classed it as, such as <see cref="HttpRequestError.ResponseEnded"/>; null for other stacks.</summary>
    public HttpRequestError? HttpRequestError => Exception is null ? null : Chain(Exception).Select(e => e switch
    {
        HttpRequestException request => request.HttpRequestError,
        HttpIOException response => response.HttpRequestError,
        _ => (HttpRequestError?)null,
    }).FirstOrDefault(e => e is not null);

    /// <summary>One row of a table with the <see cref="Columns"/>.</summary>
    public IReadOnlyList<object?> Values =>
        [Stack, Situation, Ending == Ending.Fin ? "FIN" : "RST", ExceptionChain, SocketError?.ToString(), HttpRequestError?.ToString(), Retried ? "yes" : "no",
            Connections, Diagnosis?.Wire.ToString(), Diagnosis?.Headline, Messages];

    /// <summary>The messages of the exceptions, in the order of <see cref="ExceptionChain"/>; null when there is none.</summary>
    public string? Messages => Exception is null ? null : string.Join(" > ", Chain(Exception).Select(e => e.Message));

    /// <summary>What is read from the exception; null when there is none.</summary>
    public ResetDiagnosis? Diagnosis => Exception is null ? null : ResetDiagnosis.Of(Exception);

    private static IEnumerable<Exception> Chain(Exception exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            yield return e;
        }
    }
}
