using Microsoft.DotNet.Interactive.Formatting;

namespace RstLab.Notebooks.Tests;

public class PredictionTests
{
    private static readonly string[] Options = ["A FIN.", "A RST.", "Nothing."];

    [Fact]
    public void A_prediction_stands_beside_what_happened_with_the_rule_and_what_it_missed()
    {
        var claims = Compared(answer: 1);

        var text = claims.ToString();
        Assert.Contains("You predicted: 1. A FIN.", text, StringComparison.Ordinal);
        Assert.Contains("What happened: 2. A RST. That is not what you predicted.", text, StringComparison.Ordinal);
        Assert.Contains("The rule.", text, StringComparison.Ordinal);
        Assert.Contains("Missed by 1.", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Missed by 3.", text, StringComparison.Ordinal);
        Assert.Contains("data-state=\"wrong\" data-happened=\"2\"", claims.ToDisplayString("text/html"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_right_prediction_is_told_so_and_nothing_was_missed()
    {
        var text = Compared(answer: 2).ToString();

        Assert.Contains("You were right.", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Missed", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_an_answer_nothing_breaks_and_every_misreading_is_explained()
    {
        var claims = Compared(answer: 0);

        Assert.True(claims.Hold);
        var text = claims.ToString();
        Assert.Contains("You made no prediction.", text, StringComparison.Ordinal);
        Assert.Contains("Missed by 1.", text, StringComparison.Ordinal);
        Assert.Contains("Missed by 3.", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(-1)]
    public void An_answer_that_is_no_option_is_told_and_counts_as_none(int answer)
    {
        var guess = Predict.Choice("02-guess", answer, Options);

        Assert.Null(guess.Answer);
        Assert.Contains($"{answer} is none of the options 1 to 3", guess.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_may_be_off_by_as_much_as_it_says()
    {
        var guess = Predict.Value("02-seconds", 1.2, "seconds", within: 0.5);

        Assert.Contains("You were right.", Claims.On(Samples.CloseThenSend).Compare(guess, _ => 1.5, "The rule.").ToString(), StringComparison.Ordinal);
        Assert.Contains("That is not what", Claims.On(Samples.CloseThenSend).Compare(guess, _ => 1.8, "The rule.").ToString(), StringComparison.Ordinal);
        Assert.Null(Predict.Value("02-none", null, "seconds").Answer);
    }

    [Fact]
    public void What_this_machine_cannot_witness_is_taken_from_the_recording_that_ships()
    {
        var guess = Predict.Choice("02-guess", 2, Options);

        Assert.Contains("You were right.", Claims.On(Samples.WithoutWire(Samples.CloseThenSend)).Compare(guess, r => r.Segments.Last().IsReset ? 2 : 1, "The rule.").ToString(), StringComparison.Ordinal);
        Assert.Contains("could not be told", Claims.On(Samples.WithoutWire(null)).Compare(guess, r => r.Segments.Last().IsReset ? 2 : 1, "The rule.").ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_options_are_a_list_that_a_page_can_make_buttons_of()
    {
        var html = Predict.Choice("02-guess", 3, Options).ToDisplayString("text/html");

        Assert.Contains("<ol class=\"rstlab-options\" data-prediction=\"02-guess\">", html, StringComparison.Ordinal);
        Assert.Contains("<li data-option=\"3\" class=\"rstlab-chosen\">Nothing.</li>", html, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Predict.Choice("02 guess", 0, Options));
        Assert.Throws<ArgumentException>(() => Predict.Choice("02-guess", 0, "Only one."));
    }

    private static ClaimSet<Recording> Compared(int answer) =>
        Claims.On(Samples.CloseThenSend)
            .Compare(Predict.Choice("02-guess", answer, Options), r => r.Segments.Any(s => s.IsReset) ? 2 : 3, "The rule.", (1, "Missed by 1."), (3, "Missed by 3."))
            .That("02-any", "There are calls.", r => r.Calls.Any());
}
