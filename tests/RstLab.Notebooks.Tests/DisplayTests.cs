using Microsoft.DotNet.Interactive.Formatting;

namespace RstLab.Notebooks.Tests;

/// <summary>The display convention, against the formatter of the real kernel.</summary>
public class DisplayTests
{
    public static TheoryData<string> Shown => ["ladder", "claims", "claim", "table"];

    [Theory]
    [MemberData(nameof(Shown))]
    public void The_real_formatter_shows_every_type_as_html_and_as_text(string name)
    {
        var (shown, html, text) = Make(name);

        Assert.StartsWith(html, shown.ToDisplayString("text/html"), StringComparison.Ordinal);
        Assert.StartsWith(text, shown.ToDisplayString("text/plain"), StringComparison.Ordinal);
        Assert.Equal(["text/html", "text/plain"], Formatter.GetPreferredMimeTypesFor(shown.GetType()));
    }

    private static (object Shown, string Html, string Text) Make(string name) => name switch
    {
        "ladder" => (Figure.Ladder(Samples.CloseThenSend, "A title"), "<figure class=\"rstlab-figure\" data-figure=\"ladder\" data-evidence=\"live\"", "A title\n"),
        "claims" => (Claims.On(Samples.Refused).That("01-one", "One.", _ => true), "<div class=\"rstlab-box\"><style>", "[held, live] 01-one: One."),
        "claim" => (new Claim("01-one", "One.", false, Evidence.Recorded, "nothing"), "<ul class=\"rstlab-claims\"><style>", "[BROKEN, recorded] 01-one: One."),
        _ => (Show.Calls(Samples.Refused), "<div class=\"rstlab-box\"><style>", "The calls of 01-refused-ipv6\n"),
    };
}
