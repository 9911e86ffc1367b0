using Microsoft.DotNet.Interactive.Formatting;

namespace RstLab.Course;

/// <summary>Shows a value as the kernel does: in the forms that its type prefers, and always as plain text too.</summary>
internal static class ValueFormatter
{
    internal static DisplayOutput Format(object? value, int? executionCount)
    {
        var type = value?.GetType() ?? typeof(object);
        var mimeTypes = value is string ? [PlainTextFormatter.MimeType] : Formatter.GetPreferredMimeTypesFor(type).Append(HtmlFormatter.MimeType).Append(PlainTextFormatter.MimeType).Distinct();
        return new DisplayOutput([.. mimeTypes.Select(mimeType => new MimeContent(mimeType, value.ToDisplayString(mimeType).ReplaceLineEndings("\n")))], executionCount);
    }
}
