namespace RstLab.Notebooks;

/// <summary>Claims about one subject.</summary>
/// <typeparam name="T">What the conditions look at.</typeparam>
[TypeFormatterSource(typeof(DisplaySource), PreferredMimeTypes = [DisplaySource.Html, DisplaySource.Text])]
public sealed class ClaimSet<T> : ClaimSet
    where T : class
{
    private readonly T subject;
    private readonly T? shipped;
    private readonly bool replay;
    private readonly Func<T, string?> describe;

    internal ClaimSet(T subject, T? shipped, bool replay, Func<T, string?> describe) =>
        (this.subject, this.shipped, this.replay, this.describe) = (subject, shipped, replay, describe);

    /// <summary>
    /// Judges a claim. A condition that asks an absent witness is put to the shipped recording; an exception in a condition
    /// breaks the claim, and its message is the detail.
    /// </summary>
    /// <param name="id">See <see cref="Claim.Id"/>.</param>
    /// <param name="text">The sentence.</param>
    /// <param name="condition">True when the sentence holds.</param>
    /// <param name="seen">Says what was seen, for a claim that is broken; null for a summary of the failures and resets.</param>
    /// <returns>This set, for the next claim.</returns>
    /// <exception cref="ArgumentException">The id is not in kebab case, or taken.</exception>
    public ClaimSet<T> That(string id, string text, Func<T, bool> condition, Func<T, string>? seen = null)
    {
        ArgumentNullException.ThrowIfNull(condition);
        CheckId(id);
        Add(Judge(id, text, condition, seen ?? describe));
        return this;
    }

    /// <summary>Judges a claim on anything that the cell knows.</summary>
    /// <param name="id">See <see cref="Claim.Id"/>.</param>
    /// <param name="text">The sentence.</param>
    /// <param name="condition">True when the sentence holds.</param>
    /// <returns>This set, for the next claim.</returns>
    /// <exception cref="ArgumentException">The id is not in kebab case, or taken.</exception>
    public ClaimSet<T> That(string id, string text, Func<bool> condition)
    {
        ArgumentNullException.ThrowIfNull(condition);
        CheckId(id);
        Add(Ask(id, text, subject, _ => condition(), describe, Live));
        return this;
    }

    /// <summary>Adds a claim that has been judged already.</summary>
    /// <param name="id">See <see cref="Claim.Id"/>.</param>
    /// <param name="text">The sentence.</param>
    /// <param name="holds">Whether it holds.</param>
    /// <param name="seen">What was seen; shown when it does not hold.</param>
    /// <returns>This set, for the next claim.</returns>
    /// <exception cref="ArgumentException">The id is not in kebab case, or taken.</exception>
    public ClaimSet<T> That(string id, string text, bool holds, string? seen = null)
    {
        CheckId(id);
        Add(new Claim(id, text, holds, Live, seen));
        return this;
    }

    /// <summary>Puts a prediction beside what happened. It is no claim: a wrong prediction, or none, breaks nothing.</summary>
    /// <param name="prediction">What the reader believed; null where nobody was asked, and then nothing is compared.</param>
    /// <param name="happened">What happened: the number of an option, from 1, or a value in the prediction's unit.</param>
    /// <param name="rule">The rule that decides it, in a sentence or two.</param>
    /// <param name="missed">For an option that is wrong, what who chose it may have overlooked.</param>
    /// <returns>This set, for its claims.</returns>
    public ClaimSet<T> Compare(Prediction? prediction, Func<T, double> happened, string rule, params (int Option, string Text)[] missed)
    {
        ArgumentNullException.ThrowIfNull(happened);
        if (prediction is null)
        {
            return this;
        }

        double? told = null;
        string? why = null;
        try
        {
            try
            {
                told = happened(subject);
            }
            catch (WitnessAbsentException) when (shipped is not null)
            {
                told = happened(shipped);
            }
        }
        catch (Exception e)
        {
            why = e.Message;
        }

        Add(new Comparison(prediction, told, rule, missed, why));
        return this;
    }

    private Evidence Live => replay ? Evidence.Recorded : Evidence.Live;

    private Claim Judge(string id, string text, Func<T, bool> condition, Func<T, string?> seen)
    {
        try
        {
            return new(id, text, condition(subject), Live, Describe(seen, subject));
        }
        catch (WitnessAbsentException absent) when (shipped is not null)
        {
            var claim = Ask(id, text, shipped, condition, seen, Evidence.Recorded);
            return claim.Holds ? claim : claim with { Detail = $"{claim.Detail} (in the shipped recording; here {absent.Message})" };
        }
        catch (WitnessAbsentException absent)
        {
            return new(id, text, false, Live, $"Not judged, and no recording is shipped that could be asked instead. {absent.Message}");
        }
        catch (Exception e)
        {
            return Broken(id, text, Live, e);
        }
    }

    private static Claim Ask(string id, string text, T asked, Func<T, bool> condition, Func<T, string?> seen, Evidence evidence)
    {
        try
        {
            return new(id, text, condition(asked), evidence, Describe(seen, asked));
        }
        catch (WitnessAbsentException absent)
        {
            return new(id, text, false, evidence, $"Not judged. {absent.Message}");
        }
        catch (Exception e)
        {
            return Broken(id, text, evidence, e);
        }
    }

    private static Claim Broken(string id, string text, Evidence evidence, Exception e) =>
        new(id, text, false, evidence, $"The condition threw {e.GetType().Name}: {e.Message}");

    private static string? Describe(Func<T, string?> seen, T asked)
    {
        try
        {
            return seen(asked);
        }
        catch (Exception e)
        {
            return $"(what was seen could not be told: {e.Message})";
        }
    }
}
