using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace RstLab.Course.Lint;

/// <summary>
/// What C# may look like in a cell, so that every executor of notebooks runs it: what was measured in the .NET Interactive kernel
/// not to work, and what other executors do not have.
/// </summary>
internal static partial class CSharpRules
{
    private static readonly CSharpParseOptions Options = new(LanguageVersion.Latest, kind: SourceCodeKind.Script);

    /// <summary>Checks a cell, or a script that a cell imports.</summary>
    /// <param name="source">The text, lines separated by <c>\n</c>.</param>
    /// <param name="folder">The notebook's folder, which imports are relative to; null for a script.</param>
    internal static IReadOnlyList<Fault> Check(string source, string? folder)
    {
        var faults = new List<Fault>();
        var code = WithoutMagics(source, folder, faults);
        var tree = CSharpSyntaxTree.ParseText(code, Options);
        var root = (CompilationUnitSyntax)tree.GetRoot();
        Directives(root, isScript: folder is null, faults);
        var forItsKernel = folder is null && source.Contains("#r \"nuget:", StringComparison.Ordinal); // others leave such a script out
        foreach (var node in root.DescendantNodes())
        {
            if (Check(node) is { } fault && !(forItsKernel && fault == Display))
            {
                faults.Add(new Fault(LineOf(node), fault.Rule, fault.Message));
            }
        }

        // After a statement the parser skips what begins like a using directive; a real one it names (CS1529).
        var directives = tree.GetDiagnostics().Where(d => d.Id == "CS1529").Select(d => d.Location.SourceSpan.Start).ToHashSet();
        faults.AddRange(root.DescendantTrivia()
            .Where(trivia => trivia.IsKind(SyntaxKind.SkippedTokensTrivia) && trivia.ToString() == "using" && !directives.Contains(trivia.SpanStart))
            .Select(trivia => new Fault(tree.GetLineSpan(trivia.Span).StartLinePosition.Line + 1, Using.Rule, Using.Message)));

        var figures = root.DescendantNodes().OfType<InvocationExpressionSyntax>().Where(call => call.Expression is MemberAccessExpressionSyntax { Expression: IdentifierNameSyntax { Identifier.Text: "Figure" } }).ToList();
        faults.AddRange(figures.Skip(folder is null ? figures.Count : 1).Select(figure => new Fault(LineOf(figure), "two-figures", "a second figure in one cell is not shown; give it a cell of its own")));
        if (faults.Count == 0 && tree.GetDiagnostics().FirstOrDefault(d => d.Severity == DiagnosticSeverity.Error) is { } wrong)
        {
            faults.Add(new Fault(wrong.Location.GetLineSpan().StartLinePosition.Line + 1, "syntax", $"{wrong.Id}: {wrong.GetMessage(CultureInfo.InvariantCulture)}"));
        }

        return faults;
    }

    /// <summary>Takes the lines out that are no C#, and judges them.</summary>
    private static string WithoutMagics(string source, string? folder, List<Fault> faults)
    {
        var lines = source.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (Magic().Match(lines[i]) is not { Success: true } magic)
            {
                continue;
            }

            if (magic.Value is not "#!import")
            {
                faults.Add(new Fault(i + 1, "magic", $"{magic.Value} is not understood by every executor; of the directives use #r \"file.dll\" and #!import \"file.csx\""));
            }
            else if (folder is null || lines.Where((line, n) => n != i && line.Trim().Length > 0).Any())
            {
                faults.Add(new Fault(i + 1, "import", "#!import belongs on the first line of a cell of its own"));
            }
            else if (Import().Match(lines[i]) is not { Success: true } import)
            {
                faults.Add(new Fault(i + 1, "import", "#!import takes a script: #!import \"file.csx\""));
            }
            else if (Path.IsPathRooted(import.Groups["file"].Value) || !File.Exists(Path.Combine(folder, import.Groups["file"].Value)))
            {
                faults.Add(new Fault(i + 1, "import", $"there is no {import.Groups["file"].Value} in the notebook's folder"));
            }
            else if (Check(File.ReadAllText(Path.Combine(folder, import.Groups["file"].Value)).ReplaceLineEndings("\n"), folder: null) is [var first, ..])
            {
                faults.Add(new Fault(i + 1, "import", string.Create(CultureInfo.InvariantCulture, $"{import.Groups["file"].Value}, line {first.Line}: {first.Message}")));
            }

            lines[i] = "";
        }

        return string.Join('\n', lines);
    }

    private static void Directives(CompilationUnitSyntax root, bool isScript, List<Fault> faults)
    {
        for (var directive = root.GetFirstDirective(); directive is not null; directive = directive.GetNextDirective())
        {
            if (directive is LoadDirectiveTriviaSyntax)
            {
                faults.Add(new Fault(LineOf(directive), "load", "#load is not understood by every executor; use #!import \"file.csx\" in a cell of its own"));
            }
            else if (directive is ReferenceDirectiveTriviaSyntax reference)
            {
                var file = reference.File.ValueText;
                var message = isScript && IsOfFramework(file) ? null
                    : file.StartsWith("nuget:", StringComparison.OrdinalIgnoreCase) ? isScript ? null : "a package cannot be restored by every executor; put it into a script of its own and #!import that"
                    : Path.IsPathRooted(file) || file.Contains(':', StringComparison.Ordinal) || !file.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) ? isScript ? "#r takes a file relative to the notebook's folder, or the name of an assembly of .NET" : "#r takes a file relative to the notebook's folder: #r \"relative.dll\""
                    : root.GetFirstToken() is { RawKind: not 0 } first && first.SpanStart < directive.SpanStart ? "#r comes first in its cell"
                    : null;
                if (message is not null)
                {
                    faults.Add(new Fault(LineOf(directive), file.StartsWith("nuget:", StringComparison.OrdinalIgnoreCase) ? "package" : "reference", message));
                }
            }
        }
    }

    /// <summary>Whether it is an assembly of .NET or ASP.NET Core by its name, which a kernel may not reference by itself.</summary>
    private static bool IsOfFramework(string name) =>
        ScriptReferences.Framework.Any(file => string.Equals(Path.GetFileNameWithoutExtension(file.FilePath), name, StringComparison.OrdinalIgnoreCase));

    private static (string Rule, string Message)? Check(SyntaxNode node) => node switch
    {
        // At the top level Roslyn's scripting reads `await (x)` as a call of a method that is named await.
        InvocationExpressionSyntax { Expression: IdentifierNameSyntax { Identifier.Text: "await" } } =>
            ("await-parentheses", "`await (x)` at the top level is read as a call of a method named await; write `await x`"),
        UsingDirectiveSyntax { SemicolonToken.IsMissing: true } or LocalDeclarationStatementSyntax { UsingKeyword.RawKind: not 0, Parent: GlobalStatementSyntax } =>
            Using,
        FieldDeclarationSyntax { Parent: CompilationUnitSyntax } field when field.Declaration.Variables.Any(v => IsSpan(field.Declaration.Type, v.Initializer?.Value)) =>
            ("top-level-span", "a variable at the top level is a field, and a span cannot be one; use an array or Memory<T>"),
        BaseNamespaceDeclarationSyntax => ("namespace", "a script cannot declare a namespace"),
        ParameterSyntax { Parent.Parent: MethodDeclarationSyntax { Parent: TypeDeclarationSyntax } } extended when extended.Modifiers.Any(SyntaxKind.ThisKeyword) => Extension,
        ExtensionBlockDeclarationSyntax => Extension,
        InvocationExpressionSyntax { Expression: IdentifierNameSyntax { Identifier.Text: "display" or "Display" } } => Display,
        InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.Text: "Display" or "DisplayAs" or "DisplayTable" } } => Display,
        MemberAccessExpressionSyntax { Expression: IdentifierNameSyntax { Identifier.Text: "Formatter" } } => Display,
        IdentifierNameSyntax { Identifier.Text: "DisplayedValue" } => Display,
        MemberAccessExpressionSyntax { Name.Identifier.Text: "Exit" or "FailFast", Expression: var on } when on.ToString().EndsWith("Environment", StringComparison.Ordinal) =>
            ("exit", "ending the process kills the kernel; return, or throw"),
        MethodDeclarationSyntax { ReturnType: var type, Modifiers: var modifiers } when IsAsyncVoid(type, modifiers) => AsyncVoid,
        LocalFunctionStatementSyntax { ReturnType: var type, Modifiers: var modifiers } when IsAsyncVoid(type, modifiers) => AsyncVoid,
        AnonymousFunctionExpressionSyntax { AsyncKeyword.RawKind: not 0, Parent: var place } when IsForVoid(place) => AsyncVoid,
        _ => null,
    };

    internal static (string Rule, string Message) Using => ("top-level-using", Troubleshooting.UsingDeclaration.Message);

    private static (string, string) Extension => ("extension-method", "an extension method inside a class does not compile in a cell; declare it at the top level, without a class");

    private static (string Rule, string Message) Display => ("display", "not every executor has it; end the cell with the value instead");

    private static (string, string) AsyncVoid => ("async-void", "an exception in it kills the kernel; return Task");

    private static bool IsAsyncVoid(TypeSyntax type, SyntaxTokenList modifiers) =>
        modifiers.Any(SyntaxKind.AsyncKeyword) && type is PredefinedTypeSyntax { Keyword.RawKind: (int)SyntaxKind.VoidKeyword };

    /// <summary>Whether a function stands where its task is lost, as far as that shows without binding: an Action, a thread's start, an event.</summary>
    private static bool IsForVoid(SyntaxNode? place) => place switch
    {
        EqualsValueClauseSyntax { Parent.Parent: VariableDeclarationSyntax { Type: var type } } => type.ToString() is var name && (name == "Action" || name.StartsWith("Action<", StringComparison.Ordinal)),
        ArgumentSyntax { Parent.Parent: ObjectCreationExpressionSyntax { Type: var type } } => type.ToString().EndsWith("Thread", StringComparison.Ordinal),
        AssignmentExpressionSyntax assignment => assignment.IsKind(SyntaxKind.AddAssignmentExpression),
        _ => false,
    };

    private static bool IsSpan(TypeSyntax type, ExpressionSyntax? value) =>
        (type is QualifiedNameSyntax qualified ? qualified.Right : type) is GenericNameSyntax { Identifier.Text: "Span" or "ReadOnlySpan" }
        || (type.IsVar && value is InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.Text: "AsSpan" } });

    private static int LineOf(SyntaxNode node) => node.SyntaxTree.GetLineSpan(node.Span).StartLinePosition.Line + 1;

    [GeneratedRegex("^\\s*#!import\\s+\"?(?<file>[^\"]+?\\.csx)\"?\\s*$")]
    private static partial Regex Import();

    [GeneratedRegex(@"(?<=^\s*)(?:#![\w-]*|#i\b)")]
    private static partial Regex Magic();
}
