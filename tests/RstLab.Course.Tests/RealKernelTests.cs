using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Scripting;
using Microsoft.CodeAnalysis.Scripting;

namespace RstLab.Course.Tests;

/// <summary>
/// The C# kernel of .NET Interactive references a handful of assemblies and finds the rest as Roslyn's own resolver does. A
/// chapter that needs more has to say so with <c>#r</c>; this program, which references everything, would not notice.
/// </summary>
public sealed partial class RealKernelTests
{
    private static readonly string Notebooks = Path.Combine(FindRoot(), "notebooks");

    public static TheoryData<string> Chapters => [.. Directory.EnumerateFiles(Notebooks, "*.ipynb").Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Chapters))]
    public void A_chapter_compiles_with_what_the_real_kernel_references(string chapter)
    {
        Assert.SkipUnless(File.Exists(Path.Combine(Notebooks, "../artifacts/lib/RstLab.Notebooks.dll")), "the libraries are not in artifacts/lib; dotnet build puts them there");
        var options = Options();
        Script<object>? script = null;
        foreach (var cell in Notebook.Load(Path.Combine(Notebooks, chapter)).Cells.Where(cell => cell.Kind == CellKind.Code))
        {
            var code = Import().Replace(cell.Source, match => File.ReadAllText(Path.Combine(Notebooks, match.Groups["file"].Value)));
            if (code.Contains("#r \"nuget:", StringComparison.Ordinal))
            {
                continue; // A script that is only for kernels that restore packages.
            }

            script = script is null ? CSharpScript.Create(code, options) : script.ContinueWith(code, options);
            var said = script.Compile(TestContext.Current.CancellationToken).Where(d => d.Severity >= DiagnosticSeverity.Warning).ToList();

            // Warnings count too: the kernel writes them into the reader's notebook.
            Assert.True(said.Count == 0, $"{chapter}, cell {cell.Id}:\n{string.Join('\n', said.Take(5))}");
        }
    }

    /// <summary>A kernel that reads the library again takes its types for others than those of the variables that are there (CS1503).</summary>
    [Theory]
    [InlineData("stacks.csx")]
    [InlineData("#r \"System.Xml.Linq\"\n1")]
    [InlineData("a package")]
    public void What_a_reader_imports_after_the_first_variables_leaves_them_of_the_same_types(string later)
    {
        Assert.SkipUnless(File.Exists(Path.Combine(Notebooks, "../artifacts/lib/RstLab.Notebooks.dll")), "the libraries are not in artifacts/lib; dotnet build puts them there");
        var script = CSharpScript.Create(File.ReadAllText(Path.Combine(Notebooks, "setup.csx")), Options())
            .ContinueWith("Recording recording = null;\nFigure figure = null;")
            .ContinueWith(later switch
            {
                "a package" => $"#r \"{typeof(Spectre.Console.AnsiConsole).Assembly.Location}\"\nSpectre.Console.Color.Red",
                _ when later.EndsWith(".csx", StringComparison.Ordinal) => File.ReadAllText(Path.Combine(Notebooks, later)),
                _ => later,
            })
            .ContinueWith("Figure Same(Figure shown) => shown;\n(Same(figure), Figure.Ladder(recording))");

        Assert.Empty(script.Compile(TestContext.Current.CancellationToken).Where(d => d.Severity == DiagnosticSeverity.Error));
    }

    /// <summary>The order that the first ten minutes recommend, for what the library itself refers to, which may not come later.</summary>
    [Fact]
    public void A_reference_of_the_readers_own_is_safe_before_the_setup()
    {
        Assert.SkipUnless(File.Exists(Path.Combine(Notebooks, "../artifacts/lib/RstLab.Notebooks.dll")), "the libraries are not in artifacts/lib; dotnet build puts them there");
        var script = CSharpScript.Create("#r \"System.Net.Quic\"\n1", Options())
            .ContinueWith(File.ReadAllText(Path.Combine(Notebooks, "setup.csx")))
            .ContinueWith("Recording recording = null;\nFigure figure = null;")
            .ContinueWith(File.ReadAllText(Path.Combine(Notebooks, "stacks.csx")))
            .ContinueWith("Figure Same(Figure shown) => shown;\n(Same(figure), Figure.Ladder(recording))");

        Assert.Empty(script.Compile(TestContext.Current.CancellationToken).Where(d => d.Severity == DiagnosticSeverity.Error));
    }

    private static ScriptOptions Options() => ScriptOptions.Default
        .WithLanguageVersion(LanguageVersion.Latest)
        .AddImports("System", "System.Text", "System.Collections", "System.Collections.Generic", "System.Threading.Tasks", "System.Linq")
        .AddReferences(typeof(Enumerable).Assembly, typeof(IEnumerable<>).Assembly, typeof(Task<>).Assembly)
        .WithMetadataResolver(ScriptMetadataResolver.Default.WithBaseDirectory(Notebooks));

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "RstLab.slnx")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException($"No RstLab.slnx above {AppContext.BaseDirectory}.");
        }

        return folder.FullName;
    }

    [GeneratedRegex("""^\#!import\s+"?(?<file>[^"\r\n]+?)"?\s*$""", RegexOptions.ExplicitCapture | RegexOptions.Multiline)]
    private static partial Regex Import();
}
