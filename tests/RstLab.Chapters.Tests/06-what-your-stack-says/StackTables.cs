namespace RstLab.Chapters.Tests;

/// <summary>Changes to the tables of chapter 6.</summary>
internal static class StackTables
{
    /// <summary>With another value in one column of a situation's row for an ending; with no ending, of its rows for both.</summary>
    internal static ResultTable With(this ResultTable table, string situation, string? ending, string column, object? value) =>
        table.With(row => (string?)row("situation") == situation && (ending is null || (string?)row("ending") == ending), column, value);

    /// <summary>With another outcome, such as <c>(0 bytes)</c> or <c>IOException</c>.</summary>
    internal static ResultTable WithOutcome(this ResultTable table, string situation, string? ending, string outcome) =>
        table.With(situation, ending, "exception_chain", outcome);

    /// <summary>With another socket's error; null for none.</summary>
    internal static ResultTable WithError(this ResultTable table, string situation, string? ending, string? error) =>
        table.With(situation, ending, "socket_error", error);

    /// <summary>With another class of HttpClient's errors.</summary>
    internal static ResultTable WithHttp(this ResultTable table, string situation, string? ending, string? error) =>
        table.With(situation, ending, "http_request_error", error);

    /// <summary>With a request that was sent again, on as many connections.</summary>
    internal static ResultTable WithConnections(this ResultTable table, string situation, string? ending, int connections) =>
        table.With(situation, ending, "retried", connections > 1 ? "yes" : "no").With(situation, ending, "connections", connections);

    /// <summary>With another number of endings that were logged at Warning or above.</summary>
    internal static ResultTable WithTimes(this ResultTable table, string situation, string ending, int times) =>
        table.With(situation, ending, "Warning or above, of 10", times);
}
