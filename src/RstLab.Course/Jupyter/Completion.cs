using System.Text.Json.Nodes;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace RstLab.Course.Jupyter;

/// <summary>
/// What could be typed at the cursor. It asks the compiler's own model of the next submission, so that it knows exactly what the cells
/// before declared; the editor features of Roslyn would need a second copy of the notebook as a workspace, and a package more.
/// </summary>
internal static class Completion
{
    private const int Limit = 1000;

    /// <summary>Answers a <c>complete_request</c>.</summary>
    internal static JsonObject Find(CSharpEngine engine, string code, int? cursor)
    {
        var position = CodePosition.ToUnits(code, cursor);
        var start = position;
        while (start > 0 && SyntaxFacts.IsIdentifierPartCharacter(code[start - 1]))
        {
            start--;
        }

        var (typed, from, to) = (code[start..position], CodePosition.ToCharacters(code, start), CodePosition.ToCharacters(code, position));
        var matches = Names(engine, code[..start])
            .Where(found => found.Name.StartsWith(typed, StringComparison.OrdinalIgnoreCase))
            .DistinctBy(found => found.Name, StringComparer.Ordinal)
            .OrderByDescending(found => found.Name.StartsWith(typed, StringComparison.Ordinal))
            .ThenBy(found => found.Name, StringComparer.OrdinalIgnoreCase)
            .Take(Limit)
            .ToList();
        return new JsonObject
        {
            ["matches"] = new JsonArray([.. matches.Select(match => (JsonNode)match.Name)]),
            ["cursor_start"] = from,
            ["cursor_end"] = to,
            ["metadata"] = new JsonObject
            {
                ["_jupyter_types_experimental"] = new JsonArray([.. matches.Select(match => new JsonObject { ["text"] = match.Name, ["type"] = match.Kind, ["start"] = from, ["end"] = to })]),
            },
        };
    }

    /// <summary>The names that fit after the text. What follows the cursor is left out: it is often half written.</summary>
    private static IEnumerable<(string Name, string Kind)> Names(CSharpEngine engine, string before)
    {
        var compilation = engine.Analyse(before + "_"); // an identifier, where the word under the cursor stands
        var tree = compilation.SyntaxTrees.Single();
        var token = tree.GetRoot().FindToken(before.Length);
        if (!token.IsKind(SyntaxKind.IdentifierToken) || token.Span.Start != before.Length || token.Parent is not { } name)
        {
            return []; // in a comment, a text or a number
        }

        var model = compilation.GetSemanticModel(tree);
        ExpressionSyntax? receiver = name.Parent switch
        {
            MemberAccessExpressionSyntax access when access.Name == name => access.Expression,
            QualifiedNameSyntax qualified when qualified.Right == name => qualified.Left,
            MemberBindingExpressionSyntax binding => binding.Ancestors().OfType<ConditionalAccessExpressionSyntax>().FirstOrDefault()?.Expression,
            _ => null,
        };
        if (receiver is not null)
        {
            return Members(model, receiver, before.Length).Select(Named);
        }

        var symbols = model.LookupSymbols(before.Length).Where(symbol => symbol.CanBeReferencedByName && symbol.Name != "_");
        return name.Parent switch
        {
            UsingDirectiveSyntax => symbols.Where(symbol => symbol is INamespaceSymbol or INamedTypeSymbol).Select(Named),
            ObjectCreationExpressionSyntax => symbols.Where(symbol => symbol is INamespaceSymbol or INamedTypeSymbol { IsAbstract: false }).Select(Named),
            _ => symbols.Select(Named).Concat(Keywords),
        };
    }

    private static IEnumerable<ISymbol> Members(SemanticModel model, ExpressionSyntax receiver, int position)
    {
        var symbol = model.GetSymbolInfo(receiver).Symbol ?? model.GetSymbolInfo(receiver).CandidateSymbols.FirstOrDefault();
        if (symbol is INamespaceSymbol space)
        {
            return space.GetMembers().Where(member => model.IsAccessible(position, member));
        }

        var isType = symbol is ITypeSymbol;
        var type = isType ? (ITypeSymbol)symbol! : model.GetTypeInfo(receiver).Type;
        if (type is null or IErrorTypeSymbol)
        {
            return [];
        }

        return model.LookupSymbols(position, type, includeReducedExtensionMethods: !isType)
            .Where(member => member.CanBeReferencedByName && !IsHidden(member) && (isType ? member.IsStatic || member is INamedTypeSymbol : !member.IsStatic && member is not INamedTypeSymbol));
    }

    private static bool IsHidden(ISymbol symbol) => symbol.GetAttributes().Any(attribute =>
        attribute.AttributeClass?.Name == "EditorBrowsableAttribute" && attribute.ConstructorArguments is [{ Value: 1 }]);

    private static IEnumerable<(string Name, string Kind)> Keywords { get; } =
        [.. SyntaxFacts.GetReservedKeywordKinds().Concat([SyntaxKind.VarKeyword, SyntaxKind.AwaitKeyword, SyntaxKind.AsyncKeyword, SyntaxKind.RecordKeyword]).Select(kind => (SyntaxFacts.GetText(kind), "keyword"))];

    private static (string Name, string Kind) Named(ISymbol symbol) => (symbol.Name, symbol switch
    {
        IMethodSymbol => "function",
        INamedTypeSymbol => "class",
        INamespaceSymbol => "module",
        IPropertySymbol => "property",
        _ => "instance",
    });
}
