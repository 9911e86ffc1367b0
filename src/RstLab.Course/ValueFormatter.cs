using Microsoft.DotNet.Interactive.Formatting;

namespace RstLab.Course;

/// <summary>Shows a value as the kernel does: in the forms that its type prefers, and always as plain text too.</summary>
internal static class ValueFormatter
{
    internal static DisplayOutput Format(object? value, int? executionCount)
    {
        if (value is Task task)
        {
            return new DisplayOutput([new MimeContent(PlainTextFormatter.MimeType, Troubleshooting.ForgottenAwait.Saying(NameOf(task.GetType())))], executionCount);
        }

        var type = value?.GetType() ?? typeof(object);
        var mimeTypes = value is string ? [PlainTextFormatter.MimeType] : Formatter.GetPreferredMimeTypesFor(type).Append(HtmlFormatter.MimeType).Append(PlainTextFormatter.MimeType).Distinct();
        return new DisplayOutput([.. mimeTypes.Select(mimeType => new MimeContent(mimeType, value.ToDisplayString(mimeType).ReplaceLineEndings("\n")))], executionCount);
    }

    // An async method's own task is of a private type; what it promises is what it derives from.
    private static string NameOf(Type type)
    {
        for (var t = type; t != typeof(Task) && t is not null; t = t.BaseType)
        {
            if (t.IsGenericType && t.GetGenericTypeDefinition() == typeof(Task<>) && t.GetGenericArguments()[0].IsVisible)
            {
                return $"Task<{t.GetGenericArguments()[0].Name}>";
            }
        }

        return "Task";
    }
}
