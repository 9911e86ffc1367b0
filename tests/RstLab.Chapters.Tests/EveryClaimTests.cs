using System.Text.RegularExpressions;

namespace RstLab.Chapters.Tests;

public partial class EveryClaimTests
{
    [Fact]
    public void Every_claim_has_a_counter_example()
    {
        var claims = Ids(Claim(), Path.Combine(Shipped.Root, "src", "RstLab.Chapters"));
        Assert.NotEmpty(claims);
        Assert.Equal(claims.Order(StringComparer.Ordinal), Ids(Example(), Path.Combine(Shipped.Root, "tests", "RstLab.Chapters.Tests")).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_claim_stands_with_its_condition_in_the_chapters_folder()
    {
        // Chapter 00 shows its readers, once, how a claim is written.
        Assert.All(Directory.EnumerateFiles(Path.Combine(Shipped.Root, "notebooks"), "0*.ipynb").Where(file => !Path.GetFileName(file).StartsWith("00", StringComparison.Ordinal)),
            file => Assert.DoesNotContain(".That(", File.ReadAllText(file), StringComparison.Ordinal));
    }

    private static List<string> Ids(Regex pattern, string folder) =>
        [.. Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).SelectMany(file => pattern.Matches(File.ReadAllText(file))).Select(match => match.Groups["id"].Value)];

    [GeneratedRegex("""\.That\(\s*"(?<id>[0-9]{2}-[a-z0-9-]+)"[,]""", RegexOptions.ExplicitCapture)]
    private static partial Regex Claim();

    [GeneratedRegex("""\.Breaks\(\s*"(?<id>[0-9]{2}-[a-z0-9-]+)"[,]""", RegexOptions.ExplicitCapture)]
    private static partial Regex Example();
}
