using System.Globalization;

namespace RstLab.Notebooks;

/// <summary>A sentence of a chapter and whether this run bears it out.</summary>
/// <param name="Id">A name in kebab case that begins with the chapter's number, such as <c>02-fin-first</c>; unique in the course.</param>
/// <param name="Text">The sentence, as the reader should remember it.</param>
/// <param name="Holds">Whether the condition was true.</param>
/// <param name="Evidence"><see cref="Evidence.Live"/> when it was judged on this run, <see cref="Evidence.Recorded"/> when on a shipped recording.</param>
/// <param name="Detail">What was seen, or why it could not be judged; null where there is nothing to add.</param>
[TypeFormatterSource(typeof(DisplaySource), PreferredMimeTypes = [DisplaySource.Html, DisplaySource.Text])]
public sealed record Claim(string Id, string Text, bool Holds, Evidence Evidence, string? Detail = null) : IDisplayed
{
    /// <summary>The claim on one line, such as <c>[held, live] 02-fin-first: …</c>; a second line says what was seen when it is broken.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"[{(Holds ? "held" : "BROKEN")}, {EvidenceName}] {Id}: {Text}{(Holds || Detail is null ? "" : $"\n    seen: {Detail}")}");

    void IDisplayed.WriteHtml(TextWriter writer)
    {
        writer.Write($"<ul class=\"rstlab-claims\">{Style.Sheet}");
        WriteItem(writer);
        writer.Write("</ul>");
    }

    void IDisplayed.WriteText(TextWriter writer) => writer.Write(ToString());

    /// <summary>Writes the list item; the style comes from the list that it stands in.</summary>
    internal void WriteItem(TextWriter writer)
    {
        var id = Markup.Escape(Id);
        writer.Write($"<li class=\"rstlab-claim\" id=\"claim-{id}\" data-claim-id=\"{id}\" data-holds=\"{(Holds ? "true" : "false")}\" data-evidence=\"{EvidenceName}\">");
        writer.Write($"<span class=\"rstlab-badge rstlab-{(Holds ? "held" : "broken")}\"><span aria-hidden=\"true\">{(Holds ? "✓" : "✗")}</span> {(Holds ? "held" : "broken")}</span> ");
        writer.Write($"<span class=\"rstlab-badge rstlab-{EvidenceName}\">{EvidenceName}</span> ");
        writer.Write($"<span class=\"rstlab-claim-text\">{Markup.Escape(Text)}</span> <code class=\"rstlab-claim-id\">{id}</code>");
        if (!Holds && Detail is not null)
        {
            writer.Write($"<div class=\"rstlab-detail\">{Markup.Escape(Detail)}</div>");
        }

        writer.Write("</li>");
    }

    private string EvidenceName => Evidence == Evidence.Recorded ? "recorded" : "live";
}
