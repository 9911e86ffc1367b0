using System.Net.Http;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using RstLab.Course.Lint;

namespace RstLab.Course.Tests;

/// <summary>The cheat sheet against the claims, tables and recordings that it sums up, so that it cannot drift from them.</summary>
public sealed partial class CheatSheetTests
{
    private static readonly CourseFolder Folder = CourseFolder.Find();
    private static readonly string Sheet = Path.Combine(Folder.Root, "notebooks", "cheat-sheet.md");
    private static readonly string Text = File.ReadAllText(Sheet).ReplaceLineEndings("\n");

    /// <summary>The claims, and the tables that ship: where a name has to occur that the sheet may use.</summary>
    private static readonly string Shown = string.Join('\n',
    [
        .. Folder.Notebooks.SelectMany(file => Notebook.Load(file).Cells).Where(cell => cell.Kind == CellKind.Code && cell.Source.Contains(".That(", StringComparison.Ordinal)).Select(cell => cell.Source),
        .. Directory.EnumerateFiles(Path.Combine(Folder.Root, "src", "RstLab.Chapters"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText),
        .. Directory.EnumerateFiles(Path.Combine(Folder.Data, "results"), "*.csv").Select(File.ReadAllText),
    ]);

    [Fact]
    public void Each_row_names_a_claim_and_links_to_it()
    {
        Assert.Empty(NotebookLint.Check(Sheet, "cheat-sheet.md"));
        var rows = Text.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.EndsWith("| shown by |", StringComparison.Ordinal)).ToList();
        Assert.True(rows.Count >= 30);
        Assert.All(rows, row => Assert.Matches(ClaimLink(), row[row.TrimEnd('|', ' ').LastIndexOf('|')..]));
        Assert.All(ChapterLink().Matches(Text), link => Assert.Matches(ClaimLink(), link.Value));
    }

    [Fact]
    public void Each_error_and_reason_that_it_names_occurs_in_a_claim_or_a_table()
    {
        var words = Word().Matches(Text).Select(word => word.Value).Distinct().ToList();
        var names = words.Where(word => Errno().IsMatch(word) || Reason().IsMatch(word)
            || Enum.TryParse<SocketError>(word, out _) || Enum.TryParse<HttpRequestError>(word, out _)).ToList();
        Assert.Superset(new HashSet<string> { "EPIPE", "ECONNRESET", "NO_SOCKET", "TCP_FLAGS", "ConnectionReset", "ResponseEnded" }, names.ToHashSet());
        Assert.All(names, name => Assert.Matches($@"\b{name}\b", Shown));
    }

    [Fact]
    public void Each_chain_of_exceptions_was_met_by_chapter_6_with_that_error()
    {
        var met = ResultTable.Load(Path.Combine(Folder.Data, "results", "06-stacks.json")).Rows
            .Select(row => (Chain: (string)row[3]!, Errors: new HashSet<string?> { row[4] as string, row[5] as string })).ToList();
        var chains = Chain().Matches(Text).Select(chain => chain.Groups["chain"].Value).ToList();
        Assert.True(chains.Count >= 8);
        foreach (var chain in chains)
        {
            var errors = Value().Matches(chain).Select(value => value.Groups["value"].Value).ToList();
            var types = Value().Replace(chain, "");
            Assert.True(met.Exists(row => $" {row.Chain} ".Contains($" {types} ", StringComparison.Ordinal) && errors.TrueForAll(row.Errors.Contains)), $"Chapter 6 has not met {chain}");
        }
    }

    [Fact]
    public void Each_reason_that_the_kernel_gave_in_a_recording_is_explained()
    {
        var given = Directory.EnumerateFiles(Path.Combine(Folder.Data, "recordings"), "*.json").SelectMany(file => RstLab.Recording.Load(file).Resets)
            .Where(reset => reset.Direction == ResetDirection.Sent).Select(reset => reset.Reason!).Distinct().ToList();
        Assert.Contains("NO_SOCKET", given);
        Assert.All(given, reason => Assert.Matches($@"(?m)^\| (?:\w+, )*{reason}[,\s]", Text));
    }

    [Fact]
    public void The_times_are_those_that_Linux_and_NET_have()
    {
        var (alive, sent) = (TcpTimeouts.Documented.KeepAliveLimit, TcpTimeouts.Documented.RetransmissionLimit);
        Assert.Contains($"= {alive.Hours} h {alive.Minutes} min |", Text, StringComparison.Ordinal);
        Assert.Contains($"| {sent.Minutes} min {sent.Seconds} s |", Text, StringComparison.Ordinal);
        using var client = new HttpClient();
        Assert.Contains($"| {client.Timeout.TotalSeconds} s; never |", Text, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\[(?<id>\d\d-[a-z0-9-]+)\]\(\d\d-[a-z-]+\.ipynb#claim-\k<id>\)")]
    private static partial Regex ClaimLink();

    [GeneratedRegex(@"\[[^]]*\]\([^)]*\.ipynb[^)]*\)")]
    private static partial Regex ChapterLink();

    [GeneratedRegex(@"\b[A-Za-z]\w+\b")]
    private static partial Regex Word();

    [GeneratedRegex("^E[A-Z]{4,}$")]
    private static partial Regex Errno();

    [GeneratedRegex("^(?:NO_SOCKET|INVALID_SYN|TCP_[A-Z0-9_]+)$")]
    private static partial Regex Reason();

    [GeneratedRegex(@"`(?<chain>\w+Exception(?: \(\w+\))?(?: > \w+Exception(?: \(\w+\))?)+|(?!Socket)\w+Exception(?: \(\w+\))?)`")]
    private static partial Regex Chain();

    [GeneratedRegex(@" \((?<value>\w+)\)")]
    private static partial Regex Value();
}
