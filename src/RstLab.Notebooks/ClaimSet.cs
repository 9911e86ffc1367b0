using System.Collections;
using System.Text.RegularExpressions;

namespace RstLab.Notebooks;

/// <summary>The claims of one cell, in order. Begin with <see cref="Claims"/>.</summary>
[TypeFormatterSource(typeof(DisplaySource), PreferredMimeTypes = [DisplaySource.Html, DisplaySource.Text])]
public partial class ClaimSet : IReadOnlyList<Claim>, IDisplayed
{
    private readonly List<Claim> claims = [];
    private readonly List<Comparison> comparisons = [];

    private protected ClaimSet()
    {
    }

    /// <summary>How many claims there are.</summary>
    public int Count => claims.Count;

    /// <summary>Whether every claim holds.</summary>
    public bool Hold => claims.TrueForAll(c => c.Holds);

    /// <summary>One claim.</summary>
    /// <param name="index">Its place, from 0.</param>
    public Claim this[int index] => claims[index];

    /// <summary>The claims in order.</summary>
    public IEnumerator<Claim> GetEnumerator() => claims.GetEnumerator();

    /// <summary>The predictions beside what happened, then the claims, one or two lines each.</summary>
    public override string ToString() => string.Join('\n', [.. comparisons.Select(c => c.ToString()), .. claims.Select(c => c.ToString())]);

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    void IDisplayed.WriteHtml(TextWriter writer)
    {
        writer.Write($"<div class=\"rstlab-box\">{Style.Sheet}");
        comparisons.ForEach(comparison => comparison.WriteHtml(writer));
        writer.Write("<ul class=\"rstlab-claims\">");
        claims.ForEach(claim => claim.WriteItem(writer));
        writer.Write("</ul></div>");
    }

    void IDisplayed.WriteText(TextWriter writer) => writer.Write(ToString());

    /// <summary>Refuses a name that is not in kebab case.</summary>
    internal static void CheckKebabCase(string id, string what)
    {
        ArgumentNullException.ThrowIfNull(id);
        if (!KebabCase().IsMatch(id))
        {
            throw new ArgumentException($"The {what}'s id '{id}' is not in kebab case; write it like 02-fin-first: lower-case letters, digits and single hyphens.", nameof(id));
        }
    }

    private protected void Add(Claim claim) => claims.Add(claim);

    private protected void Add(Comparison comparison) => comparisons.Add(comparison);

    private protected void CheckId(string id)
    {
        CheckKebabCase(id, "claim");
        if (claims.Exists(c => c.Id == id))
        {
            throw new ArgumentException($"The claim's id '{id}' is taken by an earlier claim of this cell; give each claim its own.", nameof(id));
        }
    }

    [GeneratedRegex("^[a-z0-9]+(-[a-z0-9]+)*$", RegexOptions.CultureInvariant)]
    private static partial Regex KebabCase();
}
