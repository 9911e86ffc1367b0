namespace RstLab.Notebooks;

/// <summary>The formatters of everything in this library that a cell can end with. The kernel calls it by the names of its members.</summary>
internal sealed class DisplaySource
{
    internal const string Html = "text/html", Text = "text/plain";

    private readonly object[] formatters =
        [new DisplayFormatter(Html, (shown, writer) => shown.WriteHtml(writer)), new DisplayFormatter(Text, (shown, writer) => shown.WriteText(writer))];

    public IEnumerable<object> CreateTypeFormatters() => formatters;

    /// <summary>One formatter in the shape that the kernel looks for: <c>MimeType</c> and <c>Format</c>.</summary>
    private sealed class DisplayFormatter(string mimeType, Action<IDisplayed, TextWriter> write)
    {
        public string MimeType { get; } = mimeType;

        public bool Format(object instance, TextWriter writer)
        {
            if (instance is not IDisplayed shown)
            {
                return false;
            }

            write(shown, writer);
            return true;
        }
    }
}
