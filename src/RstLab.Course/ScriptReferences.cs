using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.PortableExecutable;
using Microsoft.CodeAnalysis;

namespace RstLab.Course;

/// <summary>
/// What the cells of all chapters compile against. Shared, and only the metadata of each file is read: the whole framework then
/// costs some megabytes once instead of a hundred a chapter.
/// </summary>
internal static class ScriptReferences
{
    private static readonly ConcurrentDictionary<string, Lazy<PortableExecutableReference>> Files = new(StringComparer.Ordinal);

    /// <summary>The assemblies that this program brings itself; a <c>#r</c> of one of these names means the one that is loaded, so that types are identical.</summary>
    internal static IReadOnlyDictionary<string, Assembly> Own { get; } = new[] { typeof(Recording).Assembly, Assembly.Load("RstLab.Notebooks"), Assembly.Load("RstLab.Chapters") }
        .ToDictionary(assembly => assembly.GetName().Name!, StringComparer.OrdinalIgnoreCase);

    /// <summary>Everything in Microsoft.NETCore.App and Microsoft.AspNetCore.App.</summary>
    internal static IReadOnlyList<PortableExecutableReference> Framework { get; } = LoadFramework();

    internal static PortableExecutableReference FromFile(string path) => Files.GetOrAdd(path, static key => new(() =>
    {
        using var stream = File.OpenRead(key);
        var module = ModuleMetadata.CreateFromStream(stream, PEStreamOptions.PrefetchMetadata);
        return AssemblyMetadata.Create(module).GetReference(filePath: key);
    })).Value;

    private static List<PortableExecutableReference> LoadFramework()
    {
        var netCore = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        var aspNetCore = Path.GetDirectoryName(typeof(Microsoft.AspNetCore.Http.HttpContext).Assembly.Location)!;
        var all = (string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!;
        return [.. all.Split(Path.PathSeparator)
            .Where(path => Path.GetDirectoryName(path) is { } folder && (folder == netCore || folder == aspNetCore))
            .Select(FromFile)];
    }
}

/// <summary>Resolves <c>#r "relative.dll"</c> against the folder of the notebook or of the script that it stands in.</summary>
internal sealed class FolderReferenceResolver(string folder) : MetadataReferenceResolver
{
    private string Folder { get; } = folder;

    public override ImmutableArray<PortableExecutableReference> ResolveReference(string reference, string? baseFilePath, MetadataReferenceProperties properties)
    {
        var path = Path.GetFullPath(Path.Combine(baseFilePath is null ? Folder : Path.GetDirectoryName(Path.Combine(Folder, baseFilePath))!, reference));
        if (!File.Exists(path))
        {
            // A bare name of the framework, such as System.Net.Http, is fine too: it is in scope anyway.
            var name = reference.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) ? reference : reference + ".dll";
            return [.. ScriptReferences.Framework.Where(file => string.Equals(Path.GetFileName(file.FilePath), name, StringComparison.OrdinalIgnoreCase))];
        }

        return [ScriptReferences.FromFile(ScriptReferences.Own.TryGetValue(Path.GetFileNameWithoutExtension(path), out var own) ? own.Location : path)];
    }

    public override bool Equals(object? other) => other is FolderReferenceResolver resolver && resolver.Folder == Folder;

    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Folder);
}
