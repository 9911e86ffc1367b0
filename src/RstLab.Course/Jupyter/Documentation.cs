using System.Collections.Concurrent;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;

namespace RstLab.Course.Jupyter;

/// <summary>
/// XML documentation as plain text: of cells from their comments, of libraries from the file beside the DLL, of the framework from the
/// SDK's reference packs. Read when it is asked for; a compiler that keeps it all costs a hundred megabytes.
/// </summary>
internal static partial class Documentation
{
    private static readonly ConcurrentDictionary<string, string> Found = new(StringComparer.Ordinal);

    /// <summary>The documentation of a symbol; empty where there is none.</summary>
    /// <param name="symbol">Anything that can have some.</param>
    /// <param name="all">Also the remarks.</param>
    internal static string Of(ISymbol symbol, bool all)
    {
        symbol = ((symbol as IMethodSymbol)?.ReducedFrom ?? symbol).OriginalDefinition;
        var xml = symbol.GetDocumentationCommentXml() is { Length: > 0 } own ? own
            : symbol.GetDocumentationCommentId() is { } id && symbol.ContainingAssembly is { } assembly ? Found.GetOrAdd(id, _ => Search(id, assembly))
            : "";
        try
        {
            return xml.Length == 0 ? "" : Text(XElement.Parse(xml), all);
        }
        catch (XmlException)
        {
            return "";
        }
    }

    private static string Search(string id, IAssemblySymbol assembly)
    {
        foreach (var file in Files(assembly))
        {
            using var reader = XmlReader.Create(file, new XmlReaderSettings { IgnoreWhitespace = false });
            try
            {
                while (reader.ReadToFollowing("member"))
                {
                    if (reader.GetAttribute("name") == id)
                    {
                        return reader.ReadOuterXml();
                    }
                }
            }
            catch (XmlException)
            {
                // A broken file documents nothing.
            }
        }

        return "";
    }

    private static IEnumerable<string> Files(IAssemblySymbol assembly)
    {
        var name = assembly.Identity.Name;
        if (ScriptReferences.Own.TryGetValue(name, out var own) && Path.ChangeExtension(own.Location, ".xml") is var beside && File.Exists(beside))
        {
            return [beside];
        }

        // shared/Microsoft.NETCore.App/10.0.0 -> packs/Microsoft.NETCore.App.Ref/10.0.0/ref/net10.0
        var packs = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", "..", "packs"));
        if (!Directory.Exists(packs))
        {
            return [];
        }

        // A type is often documented under the assembly that programs name, not under the one that implements it.
        string[] likely = [name + ".xml", "System.Runtime.xml", "System.Collections.xml", "System.Linq.xml"];
        return Directory.EnumerateDirectories(packs, "*.App.Ref")
            .SelectMany(pack => Directory.EnumerateFiles(pack, "*.xml", SearchOption.AllDirectories))
            .Where(file => Path.GetDirectoryName(file)!.Contains($"{Path.DirectorySeparatorChar}ref{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .OrderBy(file => Array.IndexOf(likely, Path.GetFileName(file)) is >= 0 and var rank ? rank : likely.Length);
    }

    private static string Text(XElement member, bool all)
    {
        var text = new StringBuilder();
        foreach (var part in member.Elements())
        {
            var line = part.Name.LocalName switch
            {
                "summary" => Plain(part),
                "param" or "typeparam" => $"{part.Attribute("name")?.Value}: {Plain(part)}",
                "returns" => $"Returns: {Plain(part)}",
                "exception" => $"{Reference(part)}: {Plain(part)}",
                "remarks" when all => Plain(part),
                _ => "",
            };
            if (line.Length > 0)
            {
                text.Append(text.Length > 0 ? "\n" : "").Append(line);
            }
        }

        return text.ToString();
    }

    private static string Plain(XElement element) => Blank().Replace(string.Concat(element.DescendantNodes().Select(node => node switch
    {
        XText content => content.Value,
        XElement { IsEmpty: true } reference => Reference(reference),
        _ => "",
    })), " ").Trim();

    private static string Reference(XElement element)
    {
        var target = (element.Attribute("cref") ?? element.Attribute("langword") ?? element.Attribute("name") ?? element.Attribute("href"))?.Value ?? "";
        return target is [var kind, ':', .. var id] ? string.Join('.', id.Split('(')[0].Split('.').TakeLast(kind is 'T' or 'N' ? 1 : 2)) : target;
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blank();
}
