namespace RstLab.Chapters;

/// <summary>One row of a table of <see cref="StackTrial.MeasureAsync"/>, read by the names of its columns; what is absent is an empty text.</summary>
internal readonly record struct StackRow(ResultTable Table, int Index)
{
    /// <summary>The stack that was tried.</summary>
    internal string Stack => Text("stack");

    /// <summary>What it was doing.</summary>
    internal string Situation => Text("situation");

    /// <summary><c>FIN</c> or <c>RST</c>.</summary>
    internal string Ending => Text("ending");

    /// <summary>The exceptions from the outermost to the cause; in parentheses what the call returned when it did not throw.</summary>
    internal string Outcome => Text("exception_chain");

    /// <summary>The <see cref="System.Net.Sockets.SocketError"/> in the chain.</summary>
    internal string Error => Text("socket_error");

    /// <summary>The <see cref="System.Net.Http.HttpRequestError"/> in the chain.</summary>
    internal string Http => Text("http_request_error");

    /// <summary>Whether the stack sent the request again by itself.</summary>
    internal bool Retried => Text("retried") == "yes";

    /// <summary>How many connections it took.</summary>
    internal int Connections => (int)Table.Numbers("connections")[Index];

    /// <summary>The messages of the exceptions, in the order of <see cref="Outcome"/>.</summary>
    internal string Messages => Text("messages");

    /// <summary>Whether the call threw.</summary>
    internal bool Threw => !Outcome.StartsWith('(');

    private string Text(string column) => Table.Texts(column)[Index];
}

/// <summary>The rows of a table of <see cref="StackTrial.MeasureAsync"/>.</summary>
internal static class StackRows
{
    /// <summary>All of them, in order.</summary>
    internal static IEnumerable<StackRow> StackRowsOf(this ResultTable table) =>
        Enumerable.Range(0, table.Rows.Count).Select(index => new StackRow(table, index));

    /// <summary>What a situation led to after a FIN.</summary>
    internal static StackRow Fin(this ResultTable table, string situation) => Of(table, situation, "FIN");

    /// <summary>What a situation led to after a RST.</summary>
    internal static StackRow Rst(this ResultTable table, string situation) => Of(table, situation, "RST");

    /// <summary>What some situations led to after a FIN.</summary>
    internal static IEnumerable<StackRow> Fins(this ResultTable table, params IEnumerable<string> situations) => situations.Select(table.Fin);

    /// <summary>What some situations led to after a RST.</summary>
    internal static IEnumerable<StackRow> Rsts(this ResultTable table, params IEnumerable<string> situations) => situations.Select(table.Rst);

    /// <summary>What some situations led to after a FIN and after a RST.</summary>
    internal static IEnumerable<StackRow> Both(this ResultTable table, params IReadOnlyList<string> situations) =>
        table.Fins(situations).Concat(table.Rsts(situations));

    private static StackRow Of(ResultTable table, string situation, string ending) =>
        table.StackRowsOf().Single(row => row.Situation == situation && row.Ending == ending);
}
