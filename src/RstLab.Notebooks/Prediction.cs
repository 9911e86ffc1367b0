using System.Globalization;

namespace RstLab.Notebooks;

/// <summary>Asks the reader to commit to an outcome before an experiment: <c>var guess = Predict.Choice(…); guess</c>.</summary>
public static class Predict
{
    /// <summary>A prediction of one outcome among several.</summary>
    /// <param name="id">A name in kebab case that begins with the chapter's number, such as <c>01-refused</c>; unique in the course.</param>
    /// <param name="answer">The number of the option that the reader believes in, from 1; 0 for none.</param>
    /// <param name="options">What could happen; two at the least.</param>
    /// <exception cref="ArgumentException">The id is not in kebab case, or there are fewer than two options.</exception>
    public static Prediction Choice(string id, int answer, params string[] options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.Length >= 2
            ? new(id, options, null, answer == 0 ? null : answer, 0)
            : throw new ArgumentException($"The prediction '{id}' has {options.Length} options; give two at the least.", nameof(options));
    }

    /// <summary>A prediction of a number.</summary>
    /// <param name="id">See <see cref="Choice"/>.</param>
    /// <param name="answer">What the reader believes; null for nothing.</param>
    /// <param name="unit">What is counted or measured, such as <c>segments</c> or <c>seconds</c>.</param>
    /// <param name="within">How far off an answer may be and still be right, in the same unit.</param>
    /// <exception cref="ArgumentException">The id is not in kebab case.</exception>
    public static Prediction Value(string id, double? answer, string unit, double within = 0) => new(id, [], unit, answer, within);
}

/// <summary>What the reader believes will happen; made by <see cref="Predict"/>, put beside the result by <see cref="ClaimSet{T}.Compare"/>.</summary>
[TypeFormatterSource(typeof(DisplaySource), PreferredMimeTypes = [DisplaySource.Html, DisplaySource.Text])]
public sealed class Prediction : IDisplayed
{
    private readonly string? refused;

    internal Prediction(string id, IReadOnlyList<string> options, string? unit, double? answer, double within)
    {
        ClaimSet.CheckKebabCase(id, "prediction");
        (Id, Options, Unit, Answer, Within) = (id, options, unit, answer, within);
        if (unit is null && answer is { } number && (number < 1 || number > options.Count))
        {
            // A slip of the keyboard must not stop a notebook that runs from top to bottom.
            (Answer, refused) = (null, string.Create(CultureInfo.InvariantCulture, $"{number} is none of the options 1 to {options.Count}, so it counts as no prediction."));
        }
    }

    /// <summary>The prediction's name.</summary>
    public string Id { get; }

    /// <summary>What could happen; empty for a number.</summary>
    public IReadOnlyList<string> Options { get; }

    /// <summary>What is counted or measured; null for a choice.</summary>
    public string? Unit { get; }

    /// <summary>The reader's answer: an option's number, from 1, or a value; null when none was given.</summary>
    public double? Answer { get; }

    /// <summary>How far off a value may be and still be right.</summary>
    public double Within { get; }

    /// <summary>The prediction as text, one option a line.</summary>
    public override string ToString() => string.Join('\n', [.. Options.Select((option, i) => string.Create(CultureInfo.InvariantCulture, $"{i + 1}. {option}")), State]);

    /// <summary>Whether an answer is what happened.</summary>
    internal bool IsRight(double happened) => Answer is { } answer && Math.Abs(answer - happened) <= Within;

    /// <summary>An option or a value in words.</summary>
    internal string Words(double answer) => Unit is not null ? $"{Markup.Value(answer)} {Unit}"
        : answer >= 1 && answer <= Options.Count && answer == Math.Floor(answer) ? string.Create(CultureInfo.InvariantCulture, $"{answer}. {Options[(int)answer - 1]}")
        : "none of the options";

    private string State => refused
        ?? (Answer is { } answer ? $"Your prediction: {Words(answer)}"
            : $"No prediction yet. Write {(Unit is null ? "the number of an option in place of 0" : "a number in place of null")}, and run the cell.");

    void IDisplayed.WriteText(TextWriter writer) => writer.Write(ToString());

    void IDisplayed.WriteHtml(TextWriter writer)
    {
        writer.Write($"<div class=\"rstlab-box\">{Style.Sheet}");
        if (Unit is null)
        {
            writer.Write($"<ol class=\"rstlab-options\" data-prediction=\"{Markup.Escape(Id)}\">");
            for (var i = 0; i < Options.Count; i++)
            {
                var chosen = Answer == i + 1;
                writer.Write(string.Create(CultureInfo.InvariantCulture, $"<li data-option=\"{i + 1}\"{(chosen ? " class=\"rstlab-chosen\"" : "")}>{Markup.Escape(Options[i])}</li>"));
            }

            writer.Write("</ol>");
        }
        else
        {
            writer.Write($"<p class=\"rstlab-value\" data-prediction=\"{Markup.Escape(Id)}\" data-unit=\"{Markup.Escape(Unit)}\" data-within=\"{Markup.Number(Within)}\">A number of {Markup.Escape(Unit)}.</p>");
        }

        writer.Write($"<p class=\"rstlab-state\">{Markup.Escape(State)}</p></div>");
    }
}

/// <summary>A prediction beside what happened.</summary>
/// <param name="Prediction">What the reader believed.</param>
/// <param name="Happened">What happened: an option's number, or a value; null when it could not be told.</param>
/// <param name="Rule">The rule that decides it.</param>
/// <param name="Missed">For options that are wrong, what who chose them may have overlooked.</param>
/// <param name="Why">Why it could not be told; null when it could.</param>
internal sealed record Comparison(Prediction Prediction, double? Happened, string Rule, IReadOnlyList<(int Option, string Text)> Missed, string? Why)
{
    public override string ToString() => string.Join('\n', [Predicted, Result, Rule, .. Told.Select(missed => missed.Text)]);

    private string Predicted => Prediction.Answer is { } answer ? $"You predicted: {Prediction.Words(answer)}" : "You made no prediction.";

    private string Result => Happened is { } happened
        ? $"What happened: {Prediction.Words(happened)}{(Prediction.Answer is null ? "" : Prediction.IsRight(happened) ? " You were right." : " That is not what you predicted.")}"
        : $"What happened could not be told: {Why}";

    // Who made no prediction sees what each wrong one would have overlooked.
    private IEnumerable<(int Option, string Text)> Told => Prediction.Answer is { } answer ? Missed.Where(missed => missed.Option == answer) : Missed;

    internal void WriteHtml(TextWriter writer)
    {
        var state = Prediction.Answer is null || Happened is null ? "open" : Prediction.IsRight(Happened.Value) ? "right" : "wrong";
        writer.Write($"<div class=\"rstlab-compared\" data-prediction=\"{Markup.Escape(Prediction.Id)}\" data-state=\"{state}\"{(Happened is { } happened ? $" data-happened=\"{Markup.Number(happened)}\"" : "")}>");
        writer.Write($"<p class=\"rstlab-predicted\">{Markup.Escape(Predicted)}</p><p class=\"rstlab-happened\">{Markup.Escape(Result)}</p><p class=\"rstlab-rule\">{Markup.Escape(Rule)}</p>");
        foreach (var (option, text) in Told)
        {
            writer.Write(string.Create(CultureInfo.InvariantCulture, $"<p class=\"rstlab-missed\" data-option=\"{option}\"><span class=\"rstlab-if\">If you chose {option}:</span> {Markup.Escape(text)}</p>"));
        }

        writer.Write("</div>");
    }
}
