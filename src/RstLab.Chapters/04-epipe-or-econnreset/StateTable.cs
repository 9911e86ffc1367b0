using System.Net.NetworkInformation;

namespace RstLab.Chapters;

/// <summary>How the claims of chapter 4 read its tables, which have a row for each state and sequence of calls.</summary>
internal static class StateTable
{
    internal static readonly string[] Resets = [.. HeldState.All.Where(s => s.IsReset).Select(s => s.Name)];

    // In TIME_WAIT the connection is no longer the socket's.
    internal static readonly string[] ResetsOfTheSocket = [.. HeldState.All.Where(s => s.IsReset && s.State != TcpState.TimeWait).Select(s => s.Name)];

    /// <summary>What the calls of a cell returned.</summary>
    /// <param name="table">The table.</param>
    /// <param name="state">The state's name.</param>
    /// <param name="operation">The calls, joined by <c>+</c>.</param>
    /// <param name="column">The column that names the calls.</param>
    internal static string Cell(this ResultTable table, string state, string operation, string column = "operation")
    {
        var (states, operations) = (table.Texts("state"), table.Texts(column));
        return table.Texts("outcome")[Enumerable.Range(0, states.Count).Single(i => states[i] == state && operations[i] == operation)];
    }

    /// <summary>The outcome of each call of a cell.</summary>
    internal static string[] Parts(this ResultTable table, string state, string operation, string column = "operation") =>
        table.Cell(state, operation, column).Split('+');

    internal static bool InAll(this ResultTable table, string operation, string outcome, params IEnumerable<string> states) =>
        states.All(state => table.Cell(state, operation) == outcome);

    /// <summary>The cells that a rule does not predict, as text.</summary>
    internal static List<string> Differences(this ResultTable table, Func<HeldState, string, string> rule)
    {
        var rows = table.Texts("state").Zip(table.Texts("operation"), table.Texts("outcome"));
        return [.. rows.Where(row => rule(HeldState.All.Single(s => s.Name == row.First), row.Second) != row.Third).Select(row =>
            $"{row.First}, {row.Second}: {row.Third}")];
    }
}
