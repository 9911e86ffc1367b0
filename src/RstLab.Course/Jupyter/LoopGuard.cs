using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace RstLab.Course.Jupyter;

/// <summary>
/// .NET cannot stop a thread that computes. So that an endless loop in a cell can be interrupted and the notebook's state lives on,
/// each loop that stands in a cell asks, in each round, whether it was interrupted. Lines stay where they are.
/// </summary>
internal static class LoopGuard
{
    private const string Check = "global::RstLab.Course.Jupyter.Interruption.Check();";

    /// <summary>The code with its loops guarded; null where it has none.</summary>
    internal static string? Insert(string code)
    {
        var root = CSharpSyntaxTree.ParseText(code, new CSharpParseOptions(LanguageVersion.Latest, kind: SourceCodeKind.Script)).GetRoot();
        var insertions = new List<(int At, string Text)>();
        foreach (var node in root.DescendantNodes())
        {
            switch (node)
            {
                case WhileStatementSyntax { Statement: var body }:
                    Guard(body);
                    break;
                case DoStatementSyntax { Statement: var body }:
                    Guard(body);
                    break;
                case ForStatementSyntax { Statement: var body }:
                    Guard(body);
                    break;
                case CommonForEachStatementSyntax { Statement: var body }:
                    Guard(body);
                    break;
                case LabeledStatementSyntax { ColonToken: var colon }:
                    insertions.Add((colon.Span.End, Check)); // a goto loops too
                    break;
            }
        }

        if (insertions.Count == 0)
        {
            return null;
        }

        var guarded = new StringBuilder(code);
        foreach (var (at, text) in insertions.OrderByDescending(insertion => insertion.At))
        {
            guarded.Insert(at, text);
        }

        return guarded.ToString();

        void Guard(StatementSyntax body)
        {
            if (body is BlockSyntax block)
            {
                insertions.Add((block.OpenBraceToken.Span.End, Check));
            }
            else
            {
                insertions.Add((body.SpanStart, "{" + Check));
                insertions.Add((body.Span.End, "}"));
            }
        }
    }
}
