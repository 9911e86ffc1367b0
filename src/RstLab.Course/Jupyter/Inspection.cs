using System.Text.Json.Nodes;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace RstLab.Course.Jupyter;

/// <summary>What stands at the cursor: its signature and its documentation.</summary>
internal static class Inspection
{
    private const int MaxOverloads = 8;

    private static readonly SymbolDisplayFormat Signature = new(
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypes,
        genericsOptions: SymbolDisplayGenericsOptions.IncludeTypeParameters,
        memberOptions: SymbolDisplayMemberOptions.IncludeParameters | SymbolDisplayMemberOptions.IncludeType | SymbolDisplayMemberOptions.IncludeContainingType | SymbolDisplayMemberOptions.IncludeModifiers | SymbolDisplayMemberOptions.IncludeConstantValue,
        parameterOptions: SymbolDisplayParameterOptions.IncludeType | SymbolDisplayParameterOptions.IncludeName | SymbolDisplayParameterOptions.IncludeParamsRefOut | SymbolDisplayParameterOptions.IncludeDefaultValue | SymbolDisplayParameterOptions.IncludeExtensionThis,
        propertyStyle: SymbolDisplayPropertyStyle.ShowReadWriteDescriptor,
        localOptions: SymbolDisplayLocalOptions.IncludeType,
        kindOptions: SymbolDisplayKindOptions.IncludeTypeKeyword | SymbolDisplayKindOptions.IncludeNamespaceKeyword,
        miscellaneousOptions: SymbolDisplayMiscellaneousOptions.UseSpecialTypes | SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    /// <summary>Answers an <c>inspect_request</c>.</summary>
    internal static JsonObject Find(CSharpEngine engine, string code, int? cursor, int detail)
    {
        var symbols = Symbols(engine, code, CodePosition.ToUnits(code, cursor));
        var data = new JsonObject();
        if (symbols.Count > 0)
        {
            var signatures = symbols.Take(MaxOverloads).Select(symbol => symbol.ToDisplayString(Signature))
                .Concat(symbols.Count > MaxOverloads ? [$"(and {symbols.Count - MaxOverloads} more)"] : []);
            var documentation = symbols.Select(symbol => Documentation.Of(symbol, detail > 0)).FirstOrDefault(text => text.Length > 0);
            data["text/plain"] = string.Join('\n', signatures) + (documentation is null ? "" : "\n\n" + documentation);
        }

        return new JsonObject { ["found"] = symbols.Count > 0, ["data"] = data, ["metadata"] = new JsonObject() };
    }

    private static List<ISymbol> Symbols(CSharpEngine engine, string code, int position)
    {
        var compilation = engine.Analyse(code);
        var tree = compilation.SyntaxTrees.Single();
        var model = compilation.GetSemanticModel(tree);
        var token = tree.GetRoot().FindToken(Math.Min(position, Math.Max(code.Length - 1, 0)));
        if (!token.IsKind(SyntaxKind.IdentifierToken) && position > 0)
        {
            token = tree.GetRoot().FindToken(position - 1); // right behind a name
        }

        for (var node = token.Parent; node is not null and not StatementSyntax; node = node.Parent)
        {
            // Between the parentheses of a call the call is meant.
            var found = node switch
            {
                ArgumentListSyntax { Parent: InvocationExpressionSyntax call } => Of(model, call.Expression),
                ArgumentListSyntax { Parent: { } creation } => Of(model, creation),
                SimpleNameSyntax or PredefinedTypeSyntax => Of(model, node),
                _ when token.IsKind(SyntaxKind.IdentifierToken) && model.GetDeclaredSymbol(node) is { } declared && declared.Name == token.ValueText => [declared],
                _ => [],
            };
            if (found.Count > 0)
            {
                return found;
            }
        }

        return [];
    }

    private static List<ISymbol> Of(SemanticModel model, SyntaxNode node)
    {
        var info = model.GetSymbolInfo(node);
        var chosen = info.Symbol is { } symbol ? [symbol] : info.CandidateSymbols.ToList();
        return chosen.Count == 0 ? [.. model.GetMemberGroup(node)] : chosen;
    }
}
