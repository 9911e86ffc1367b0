using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Scripting;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Scripting;
using Microsoft.CodeAnalysis.Scripting.Hosting;
using RstLab.Course.Jupyter;

namespace RstLab.Course;

/// <summary>
/// Runs the cells of one notebook as the .NET Interactive C# kernel does, for what is portable between executors: state across
/// cells, a trailing expression as the value, top-level await, <c>#r</c> of a file, <c>#!import</c> of a script. Compiling and
/// running are apart, so that the next cells are compiled while a cell runs.
/// </summary>
/// <param name="folder">Where <c>#r</c> and <c>#!import</c> look: the notebook's folder.</param>
/// <param name="interactive">Whether a reader is at the cells, who may interrupt them (see <see cref="LoopGuard"/>) and run on after one failed.</param>
internal sealed partial class CSharpEngine(string folder, bool interactive = false)
{
    private static readonly InteractiveAssemblyLoader Loader = CreateLoader();

    // Shared by all chapters, so that the framework is bound once. What is in scope is what the real kernel has in scope.
    private static readonly Lazy<Script<object>> Root = new(static () =>
    {
        var root = CSharpScript.Create("", ScriptOptions.Default
            .WithReferences(ScriptReferences.Framework)
            .WithImports("System", "System.Text", "System.Collections", "System.Collections.Generic", "System.Threading.Tasks", "System.Linq")
            .WithLanguageVersion(LanguageVersion.Latest), assemblyLoader: Loader);
        root.Compile();
        return root;
    });

    // Adds what a cell in Jupyter may call.
    private static readonly Lazy<Script<object>> InteractiveRoot = new(static () =>
    {
        var root = Root.Value.ContinueWith("", ScriptOptions.Default
            .WithReferences(ScriptReferences.FromFile(typeof(Interruption).Assembly.Location))
            .WithImports(typeof(CellDisplay).FullName!)
            .WithLanguageVersion(LanguageVersion.Latest));
        root.Compile();
        return root;
    });

    // Scripts that only bring references and usings are the same in every chapter: compiled once.
    private static readonly System.Collections.Concurrent.ConcurrentDictionary<(string Path, string Text), Lazy<Script<object>>> Imports = new();

    private readonly ScriptOptions options = ScriptOptions.Default
        .WithReferences(Array.Empty<MetadataReference>())
        .WithImports(Array.Empty<string>())
        .WithMetadataResolver(new FolderReferenceResolver(folder))
        .WithLanguageVersion(LanguageVersion.Latest)
        .WithFileEncoding(Encoding.UTF8)
        .WithEmitDebugInformation(true);

    private readonly Dictionary<string, string[]> sources = new(StringComparer.Ordinal);
    private Script<object>? compiled;
    private ScriptState<object>? state;
    private volatile int abandoned;

    /// <summary>How long the compiler worked for this notebook.</summary>
    internal TimeSpan CompileTime { get; private set; }

    /// <summary>Compiles the next cell. Called for the cells in their order, by one thread at a time; the cells before need not have run.</summary>
    /// <param name="source">The cell's text.</param>
    /// <param name="number">The cell's number, from 1, for messages.</param>
    /// <param name="cancellation">Gives up.</param>
    internal CompiledCell Compile(string source, int number, CancellationToken cancellation)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            return CompileCell(source.ReplaceLineEndings("\n"), number, cancellation);
        }
        finally
        {
            CompileTime += Stopwatch.GetElapsedTime(started);
        }
    }

    /// <summary>Compiles something before the first cell comes, as the compiler's own start takes longest.</summary>
    internal static void WarmUp() => new CSharpEngine(Environment.CurrentDirectory, interactive: true).Compile("for (;;) { await Task.Yield(); }", 0, CancellationToken.None);

    /// <summary>Runs a compiled cell. Called for the cells in their order; unless a reader is at them, one that failed is the last.</summary>
    /// <param name="cell">What <see cref="Compile"/> made.</param>
    /// <param name="outputs">Where the cell's text, notes and error go. The value is returned and not written there.</param>
    internal async Task<CellOutcome> RunAsync(CompiledCell cell, CellOutputs outputs)
    {
        foreach (var note in cell.Notes)
        {
            outputs.Write("stderr", note + "\n");
        }

        var before = abandoned;
        foreach (var script in cell.Scripts)
        {
            state ??= await (interactive ? InteractiveRoot : Root).Value.RunAsync().ConfigureAwait(false);
            var after = await script.RunFromAsync(state, static _ => true).ConfigureAwait(false);
            if (before != abandoned)
            {
                return new CellOutcome(false, false, null, null); // the notebook went on without it
            }

            state = after;
            if (state.Exception is { } exception)
            {
                var (error, line) = Describe(exception, cell.Number);
                outputs.Add(error);
                return new CellOutcome(false, false, null, new ChapterError(cell.Number, line, $"{error.Name}: {exception.Message}"));
            }
        }

        if (cell.Error is { } broken)
        {
            outputs.Add(broken);
            return new CellOutcome(false, false, null, cell.Failure);
        }

        return new CellOutcome(true, cell.HasValue, cell.HasValue ? state!.ReturnValue : null, null);
    }

    /// <summary>Goes on as if the cell that runs had not been run; should it end after all, that changes nothing.</summary>
    internal void Abandon() => Interlocked.Increment(ref abandoned);

    /// <summary>The value of an expression, with nothing of it kept.</summary>
    internal async Task<object?> EvaluateAsync(string expression)
    {
        state ??= await (interactive ? InteractiveRoot : Root).Value.RunAsync().ConfigureAwait(false);
        return (await Next(expression, "expression").RunFromAsync(state).ConfigureAwait(false)).ReturnValue;
    }

    /// <summary>What the compiler makes of code that would be the next cell. Nothing is emitted.</summary>
    internal Compilation Analyse(string code) => Next(code, "cell").GetCompilation();

    private static InteractiveAssemblyLoader CreateLoader()
    {
        var loader = new InteractiveAssemblyLoader();
        loader.RegisterDependency(typeof(Interruption).Assembly);
        foreach (var assembly in ScriptReferences.Own.Values)
        {
            loader.RegisterDependency(assembly);
        }

        return loader;
    }

    private CompiledCell CompileCell(string source, int number, CancellationToken cancellation)
    {
        var cell = new CompiledCell(number);
        var path = PathOf(number);
        if (interactive)
        {
            compiled = (Script<object>?)state?.Script; // what failed or was abandoned is not built upon
        }

        var lines = source.Split('\n');
        sources[path] = lines;
        for (var i = 0; i < lines.Length; i++)
        {
            if (Magic().Match(lines[i]) is not { Success: true } magic)
            {
                continue;
            }

            if (magic.Groups["import"] is { Success: true } import)
            {
                if (lines.Take(i).Any(line => line.Trim().Length > 0))
                {
                    return cell.Fail(number, i + 1, "NotPortable", "#!import belongs on the first line of a cell of its own", lines[i]);
                }

                if (!Import(cell, import.Value, i + 1, lines[i], cancellation))
                {
                    return cell;
                }

                lines[i] = "";
                continue;
            }

            return magic.Groups["nuget"].Success
                ? cell.Fail(number, i + 1, "NotPortable", "#r \"nuget:...\" cannot be restored by this executor; put it into a script of its own and #!import that", lines[i])
                : cell.Fail(number, i + 1, "NotPortable", $"{magic.Value.Trim()} is not understood by every executor of C# notebooks; of the directives use #r \"file.dll\" and #!import \"file.csx\"", lines[i]);
        }

        var code = string.Join('\n', lines);
        if (code.Trim().Length > 0)
        {
            Add(cell, Next(code, path), cancellation, interactive && LoopGuard.Insert(code) is { } guarded ? Next(guarded, path) : null);
        }

        return cell;
    }

    private Script<object> Next(string code, string path) => (compiled ?? (interactive ? InteractiveRoot : Root).Value).ContinueWith(code, options.WithFilePath(path));

    private bool Import(CompiledCell cell, string file, int line, string text, CancellationToken cancellation)
    {
        var path = Path.GetFullPath(Path.Combine(folder, file));
        string code;
        try
        {
            code = File.ReadAllText(path).ReplaceLineEndings("\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            cell.Fail(cell.Number, line, "FileNotFound", $"#!import cannot read {path}: {e.Message}", text);
            return false;
        }

        var lines = code.Split('\n');
        sources[path] = lines;
        for (var i = 0; i < lines.Length; i++)
        {
            if (Magic().Match(lines[i]) is { Success: true } magic)
            {
                if (magic.Groups["nuget"].Success)
                {
                    cell.Notes.Add($"{file} is left out: it needs a package ({lines[i].Trim()}), and this executor restores none.");
                    return true;
                }

                cell.Fail(cell.Number, line, "NotPortable", $"{file}, line {(i + 1).ToString(CultureInfo.InvariantCulture)}: {magic.Value.Trim()} is not understood by every executor of C# notebooks", lines[i]);
                return false;
            }
        }

        Script<object> script;
        if (!interactive && compiled is null && IsPreamble(code))
        {
            script = Imports.GetOrAdd((path, code), key => new(() => Root.Value.ContinueWith(key.Text, options.WithFilePath(key.Path)))).Value;
        }
        else
        {
            script = Next(code, path);
        }

        return Add(cell, script, cancellation);
    }

    /// <summary>Adds a script to the cell, or says why it cannot.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="script">As it is written: messages name places in this.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <param name="guarded">The same as it shall run; null for as it is written.</param>
    private bool Add(CompiledCell cell, Script<object> script, CancellationToken cancellation, Script<object>? guarded = null)
    {
        var diagnostics = guarded is null
            ? script.Compile(cancellation)
            : [.. script.GetCompilation().GetDiagnostics(cancellation).Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning && !diagnostic.IsSuppressed)];
        var errors = diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error).OrderBy(diagnostic => diagnostic.Location.SourceSpan.Start).ToList();
        if (errors.Count > 0)
        {
            var first = errors[0].Location.GetLineSpan();
            IEnumerable<string> help = diagnostics.Any(IsUsingDeclaration) ? [Lint.CSharpRules.Using.Message] : [];
            cell.Fail("CompilationError", [.. errors.Select(Describe), .. help], first.Path == PathOf(cell.Number) ? first.StartLinePosition.Line + 1 : null, Summary(errors[0]), [.. errors.SelectMany(Traceback), .. help]);
            return false;
        }

        cell.Notes.AddRange(diagnostics.Select(Describe));
        script = guarded ?? script;
        script.Compile(cancellation);
        cell.Scripts.Add(script);
        cell.HasValue = HasValue(script);
        compiled = script;
        return true;

        static string Summary(Diagnostic diagnostic) => $"{diagnostic.Id}: {diagnostic.GetMessage(CultureInfo.InvariantCulture)}";
    }

    /// <summary>Whether the compiler misses a semicolon because it took a using declaration for a directive.</summary>
    private bool IsUsingDeclaration(Diagnostic diagnostic) => diagnostic.Id == "CS1002"
        && SourceLine(diagnostic.Location.GetLineSpan().Path, diagnostic.Location.GetLineSpan().StartLinePosition.Line + 1) is { } line
        && UsingDeclaration().IsMatch(line);

    private static bool HasValue(Script<object> script)
    {
        var compilation = script.GetCompilation();
        var tree = compilation.SyntaxTrees.Single();
        var root = (CompilationUnitSyntax)tree.GetRoot();
        return root.DescendantNodes(node => node is CompilationUnitSyntax or GlobalStatementSyntax or StatementSyntax).Any(node => node.IsKind(SyntaxKind.ReturnStatement))
            || (root.Members.LastOrDefault() is GlobalStatementSyntax { Statement: ExpressionStatementSyntax { SemicolonToken.IsMissing: true } last }
                && compilation.GetSemanticModel(tree).GetTypeInfo(last.Expression).ConvertedType?.SpecialType != SpecialType.System_Void);
    }

    /// <summary>Whether a script declares nothing that could hold state: references, usings and comments only.</summary>
    private static bool IsPreamble(string code) =>
        ((CompilationUnitSyntax)CSharpSyntaxTree.ParseText(code, new CSharpParseOptions(LanguageVersion.Latest, kind: SourceCodeKind.Script)).GetRoot()).Members.Count == 0;

    private static string PathOf(int number) => string.Create(CultureInfo.InvariantCulture, $"cell {number}");

    private string NameOf(string path) => path.EndsWith(".csx", StringComparison.OrdinalIgnoreCase) ? Path.GetRelativePath(folder, path).Replace('\\', '/') : path;

    private string Describe(Diagnostic diagnostic)
    {
        var span = diagnostic.Location.GetLineSpan();
        var kind = diagnostic.Severity == DiagnosticSeverity.Error ? "error" : "warning";
        return string.Create(CultureInfo.InvariantCulture,
            $"{NameOf(span.Path)}, line {span.StartLinePosition.Line + 1}, column {span.StartLinePosition.Character + 1}: {kind} {diagnostic.Id}: {diagnostic.GetMessage(CultureInfo.InvariantCulture)}");
    }

    private IEnumerable<string> Traceback(Diagnostic diagnostic)
    {
        yield return Describe(diagnostic);
        var start = diagnostic.Location.GetLineSpan().StartLinePosition;
        if (SourceLine(diagnostic.Location.GetLineSpan().Path, start.Line + 1) is { } line)
        {
            yield return $"    {line.Replace('\t', ' ')}";
            yield return $"    {new string(' ', Math.Min(start.Character, line.Length))}^";
        }
    }

    /// <summary>An exception as an output: where it happened in the reader's own code, and the chain of its causes.</summary>
    internal (ErrorOutput Error, int? Line) Describe(Exception exception, int number, string what = "")
    {
        var (place, line) = Innermost(exception, number);
        var traceback = new List<string>();
        for (var e = exception; e is not null; e = e.InnerException)
        {
            traceback.Add($"{(traceback.Count == 0 ? "" : "caused by ")}{e.GetType().FullName}: {e.Message}");
            foreach (var frame in new StackTrace(e, fNeedFileInfo: true).GetFrames())
            {
                if (frame.GetFileName() is { } path && sources.ContainsKey(path) && frame.GetFileLineNumber() is > 0 and var at)
                {
                    traceback.Add(string.Create(CultureInfo.InvariantCulture, $"   at {NameOf(path)}, line {at}: {SourceLine(path, at)?.Trim()}"));
                }
            }
        }

        return (new ErrorOutput(exception.GetType().Name, $"{place}: {what}{exception.Message}", traceback), line);
    }

    private static (string Place, int? Line) Innermost(Exception exception, int number)
    {
        foreach (var frame in new StackTrace(exception, fNeedFileInfo: true).GetFrames())
        {
            if (frame.GetFileName() == PathOf(number))
            {
                var line = frame.GetFileLineNumber();
                return (string.Create(CultureInfo.InvariantCulture, $"cell {number}, line {line}"), line);
            }
        }

        return (PathOf(number), null);
    }

    private string? SourceLine(string path, int line) =>
        sources.TryGetValue(path, out var lines) && line <= lines.Length ? lines[line - 1] : null;

    [GeneratedRegex(@"^\s*(await\s+)?using\s+[\w.<>\[\], ]+\s+\w+\s*=")]
    private static partial Regex UsingDeclaration();

    [GeneratedRegex("""^\s*(\#!import\s+"?(?<import>[^"]+?)"?\s*$|\#r\s+"(?<nuget>nuget:)|\#load\b|\#!\w+)""", RegexOptions.ExplicitCapture)]
    private static partial Regex Magic();
}

/// <summary>A cell that is ready to run, or the reason why it is not.</summary>
internal sealed class CompiledCell(int number)
{
    internal int Number { get; } = number;

    internal List<Script<object>> Scripts { get; } = [];

    /// <summary>Warnings of the compiler and other things to tell on stderr.</summary>
    internal List<string> Notes { get; } = [];

    internal bool HasValue { get; set; }

    internal ErrorOutput? Error { get; private set; }

    internal ChapterError? Failure { get; private set; }

    internal CompiledCell Fail(int cell, int line, string name, string message, string text)
    {
        var place = string.Create(CultureInfo.InvariantCulture, $"cell {cell}, line {line}: {message}");
        return Fail(name, [place], line, message, [place, $"    {text}"]);
    }

    internal CompiledCell Fail(string name, IReadOnlyList<string> messages, int? line, string summary, IReadOnlyList<string> traceback)
    {
        Error = new ErrorOutput(name, string.Join('\n', messages), traceback);
        Failure = new ChapterError(Number, line, summary);
        return this;
    }
}

/// <summary>How a cell ended.</summary>
/// <param name="Ran">Whether it ran to its end.</param>
/// <param name="HasValue">Whether it ends in an expression, whose value is shown, also when it is null.</param>
/// <param name="Value">The value.</param>
/// <param name="Error">What went wrong.</param>
internal sealed record CellOutcome(bool Ran, bool HasValue, object? Value, ChapterError? Error);
