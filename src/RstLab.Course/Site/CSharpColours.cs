using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Classification;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

namespace RstLab.Course.Site;

/// <summary>
/// Colours C# with Roslyn's own classifier. All texts of a chapter are classified as one script document, because a document
/// costs more than its length; no references are given, because looking names up in them would take longer than all the rest,
/// and a type or a method can be told from its place (see <see cref="ByPlace"/>).
/// </summary>
internal static class CSharpColours
{
    // Ends a trailing expression, so that the next cell is read as a statement of its own.
    private const string Between = "\n;\n";

    private static readonly Lazy<AdhocWorkspace> Workspace = new(() => new AdhocWorkspace());

    /// <summary>The texts as HTML, coloured by the classes that site.css knows.</summary>
    internal static IReadOnlyList<string> Colour(IReadOnlyList<string> texts)
    {
        if (texts.Count == 0)
        {
            return [];
        }

        var whole = string.Join(Between, texts.Select(BlankMagics));
        var spans = Classify(whole);
        var coloured = new List<string>(texts.Count);
        var (start, next) = (0, 0);
        foreach (var text in texts)
        {
            coloured.Add(Write(whole, text, start, spans, ref next));
            start += text.Length + Between.Length;
        }

        return coloured;
    }

    private static ClassifiedSpan[] Classify(string text)
    {
        var project = ProjectId.CreateNewId();
        var id = DocumentId.CreateNewId(project);
        var document = Workspace.Value.CurrentSolution
            .AddProject(ProjectInfo.Create(project, VersionStamp.Default, "chapter", "chapter", LanguageNames.CSharp,
                parseOptions: new CSharpParseOptions(LanguageVersion.Latest, kind: SourceCodeKind.Script)))
            .AddDocument(DocumentInfo.Create(id, "chapter.csx", sourceCodeKind: SourceCodeKind.Script,
                loader: TextLoader.From(TextAndVersion.Create(SourceText.From(text), VersionStamp.Default))))
            .GetDocument(id)!;
        return [.. Classifier.GetClassifiedSpansAsync(document, new TextSpan(0, text.Length)).GetAwaiter().GetResult()
            .Where(span => !ClassificationTypeNames.AdditiveTypeNames.Contains(span.ClassificationType))
            .OrderBy(span => span.TextSpan.Start).ThenByDescending(span => span.TextSpan.Length)];
    }

    private static string Write(string whole, string text, int start, ClassifiedSpan[] spans, ref int next)
    {
        var html = new StringBuilder(text.Length * 2);
        var at = start;
        var end = start + text.Length;
        for (; next < spans.Length && spans[next].TextSpan.Start < end; next++)
        {
            var span = spans[next].TextSpan;
            if (span.Start < at)
            {
                continue; // inside the one before: an escape sequence in a string
            }

            html.Append(Plain(text, at - start, span.Start - start));
            at = Math.Min(span.End, end);
            var piece = Markup.Escape(text[(span.Start - start)..(at - start)]);
            var name = Class(spans[next].ClassificationType) ?? ByPlace(whole, spans[next]);
            html.Append(name is null ? piece : $"""<span class="{name}">{piece}</span>""");
        }

        return html.Append(Plain(text, at - start, text.Length)).ToString();
    }

    // What no span covers is white space and the lines that only the notebook's kernel understands.
    private static string Plain(string text, int from, int to)
    {
        var plain = text[from..to];
        return string.IsNullOrWhiteSpace(plain) ? plain : $"""<span class="p">{Markup.Escape(plain)}</span>""";
    }

    private static string? Class(string type) => type switch
    {
        _ when type.StartsWith(ClassificationTypeNames.Keyword, StringComparison.Ordinal) => "k",
        _ when type.StartsWith("string", StringComparison.Ordinal) => "s",
        _ when type.StartsWith(ClassificationTypeNames.Comment, StringComparison.Ordinal) || type.StartsWith("xml doc comment", StringComparison.Ordinal) => "c",
        _ when type.StartsWith("preprocessor", StringComparison.Ordinal) => "p",
        ClassificationTypeNames.NumericLiteral => "n",
        ClassificationTypeNames.MethodName or ClassificationTypeNames.ExtensionMethodName => "m",
        ClassificationTypeNames.ClassName or ClassificationTypeNames.RecordClassName or ClassificationTypeNames.StructName
            or ClassificationTypeNames.RecordStructName or ClassificationTypeNames.InterfaceName or ClassificationTypeNames.EnumName
            or ClassificationTypeNames.DelegateName or ClassificationTypeNames.TypeParameterName => "t",
        _ => null,
    };

    /// <summary>The class of a name that the document does not declare: called, it is a method; capitalised and first, a type.</summary>
    private static string? ByPlace(string whole, ClassifiedSpan span)
    {
        if (span.ClassificationType != ClassificationTypeNames.Identifier)
        {
            return null;
        }

        if (whole.AsSpan(span.TextSpan.Start, span.TextSpan.Length) is "var")
        {
            return "k"; // "using var" is no statement of a script, but it is one of a fenced example
        }

        var before = whole.AsSpan(0, span.TextSpan.Start).TrimEnd();
        var after = whole.AsSpan(span.TextSpan.End).TrimStart();
        var created = before.EndsWith("new", StringComparison.Ordinal);
        var next = after.Length == 0 ? ' ' : after[0];
        return next == '(' && !created ? "m"
            : char.IsAsciiLetterUpper(whole[span.TextSpan.Start]) && (created || (!before.EndsWith('.') && next is not (':' or '=' or ';'))) ? "t"
            : null;
    }

    // "#!import" is not C#; spaces in its place keep every offset.
    private static string BlankMagics(string text) => text.Contains("#!", StringComparison.Ordinal)
        ? string.Join('\n', text.Split('\n').Select(line => line.StartsWith("#!", StringComparison.Ordinal) ? new string(' ', line.Length) : line))
        : text;
}
