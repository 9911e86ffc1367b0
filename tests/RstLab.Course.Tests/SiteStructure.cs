using System.Globalization;
using System.Text.RegularExpressions;
using RstLab.Course.Site;

namespace RstLab.Course.Tests;

/// <summary>What has to hold for every page of every site.</summary>
internal static partial class SiteStructure
{
    internal static IReadOnlyList<string> PagesOf(string site) => [.. Directory.GetFiles(site, "*.html", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    internal static void ElementsClose(string page)
    {
        var open = new Stack<string>();
        var html = Raw().Replace(File.ReadAllText(page), match => $"<{match.Groups["name"].Value}></{match.Groups["name"].Value}>");
        foreach (Match tag in Tag().Matches(html))
        {
            var name = tag.Groups["name"].Value;
            if (tag.Groups["close"].Length > 0)
            {
                Assert.True(open.Count > 0 && open.Pop() is var last && last == name, $"{Path.GetFileName(page)}: </{name}> closes nothing of its name, at: {Near(html, tag.Index)}");
            }
            else if (tag.Groups["self"].Length == 0 && name is not ("meta" or "link" or "br" or "hr" or "img" or "input"))
            {
                open.Push(name);
            }
        }

        Assert.Empty(open);
    }

    internal static void IdsAreUnique(string page) =>
        Assert.Empty(Id().Matches(File.ReadAllText(page)).GroupBy(match => match.Groups["id"].Value).Where(group => group.Count() > 1).Select(group => group.Key));

    internal static void LinksLead(string page)
    {
        foreach (Match link in Reference().Matches(File.ReadAllText(page)))
        {
            var url = System.Net.WebUtility.HtmlDecode(link.Groups["url"].Value);
            if (url.StartsWith("data:", StringComparison.Ordinal) || url == PlotlyScript.Cdn)
            {
                continue;
            }

            var parts = url.Split('#', 2);
            var file = parts[0].Length == 0 ? page : Path.Combine(Path.GetDirectoryName(page)!, Uri.UnescapeDataString(parts[0]));
            Assert.True(File.Exists(file), $"{Path.GetFileName(page)} links to {url}, which is not there");
            Assert.True(parts.Length == 1 || File.ReadAllText(file).Contains($"id=\"{Uri.UnescapeDataString(parts[1])}\"", StringComparison.Ordinal),
                $"{Path.GetFileName(page)} links to {url}, and the page has no such anchor");
        }
    }

    internal static void HeadingsStepByOne(string page)
    {
        var levels = Regex.Matches(File.ReadAllText(page), "<h([1-6])[ >]").Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(1, levels[0]);
        Assert.Single(levels, 1);
        Assert.All(levels.Zip(levels.Skip(1)), pair => Assert.True(pair.Second <= pair.First + 1, $"h{pair.First} then h{pair.Second} in {Path.GetFileName(page)}"));
    }

    private static string Near(string html, int at) => html[Math.Max(0, at - 60)..Math.Min(html.Length, at + 30)];

    [GeneratedRegex("<(?<name>script|style)\\b[^>]*>.*?</\\k<name>>", RegexOptions.Singleline)]
    private static partial Regex Raw();

    [GeneratedRegex("<(?<close>/?)(?<name>[a-z][a-z0-9]*)(?:\\s+[a-zA-Z:-]+(?:=\"[^\"]*\")?)*\\s*(?<self>/?)>", RegexOptions.IgnoreCase)]
    private static partial Regex Tag();

    [GeneratedRegex("\\sid=\"(?<id>[^\"]*)\"")]
    private static partial Regex Id();

    [GeneratedRegex("(?:href|src)=\"(?<url>[^\"]*)\"")]
    private static partial Regex Reference();
}
