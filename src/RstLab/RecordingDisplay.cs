using System.Net;

namespace RstLab;

/// <summary>
/// Tells a .NET Interactive kernel how to show a type. The kernel knows this attribute by its name and the names of its
/// properties, whoever declares it, so that no package is needed.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class TypeFormatterSourceAttribute(Type formatterSourceType) : Attribute
{
    /// <summary>A type with a constructor without parameters and a method <c>IEnumerable&lt;object&gt; CreateTypeFormatters()</c>.</summary>
    public Type FormatterSourceType { get; } = formatterSourceType;

    /// <summary>The kinds of output that the kernel sends when the cell names none.</summary>
    public string[] PreferredMimeTypes { get; set; } = [];
}

/// <summary>Shows a recording that a cell ends with as its summary. The kernel calls it by the names of its members.</summary>
internal sealed class RecordingDisplay
{
    private readonly object[] _formatters =
        [new Formatter("text/html", recording => $"<pre>{WebUtility.HtmlEncode(recording.ToString())}</pre>"), new Formatter("text/plain", recording => recording.ToString())];

    public IEnumerable<object> CreateTypeFormatters() => _formatters;

    private sealed class Formatter(string mimeType, Func<Recording, string> format)
    {
        public string MimeType { get; } = mimeType;

        public bool Format(object instance, TextWriter writer)
        {
            writer.Write(format((Recording)instance));
            return true;
        }
    }
}
