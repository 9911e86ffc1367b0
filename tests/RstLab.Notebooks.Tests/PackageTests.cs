using System.Diagnostics;
using System.IO.Compression;
using System.Xml.Linq;

namespace RstLab.Notebooks.Tests;

/// <summary>The packages, made from what the build of these tests left, in a feed of their own.</summary>
public sealed class PackageTests(PackageTests.Feed feed) : IClassFixture<PackageTests.Feed>
{
    [Theory]
    [InlineData("RstLab")]
    [InlineData("RstLab.Notebooks")]
    public void A_package_has_its_library_its_documentation_its_readme_and_its_license(string id)
    {
        using var package = feed.Open(id);

        Assert.All([$"lib/net10.0/{id}.dll", $"lib/net10.0/{id}.xml", "README.md"], name => Assert.NotNull(package.GetEntry(name)));
        var metadata = Metadata(package, id);
        Assert.Equal("MIT", Child(metadata, "license").Value);
        Assert.Equal("expression", Child(metadata, "license").Attribute("type")!.Value);
        Assert.Equal("README.md", Child(metadata, "readme").Value);
        Assert.NotEmpty(Child(metadata, "description").Value);
    }

    [Theory]
    [InlineData("RstLab")]
    [InlineData("RstLab.Notebooks", "RstLab")]
    public void A_package_depends_on_nothing_but_the_library(string id, params string[] on)
    {
        using var package = feed.Open(id);

        Assert.Equal(on, Metadata(package, id).Descendants().Where(element => element.Name.LocalName == "dependency").Select(element => element.Attribute("id")!.Value));
    }

    [Fact]
    public void The_kernel_finds_an_extension_that_brings_the_namespaces_of_the_setup()
    {
        using var package = feed.Open("RstLab.Notebooks");
        using var reader = new StreamReader(package.GetEntry("interactive-extensions/dotnet/extension.dib")!.Open());
        var extension = reader.ReadToEnd().ReplaceLineEndings("\n").Split('\n');

        Assert.Equal("#!csharp", extension[0]);
        Assert.Equal(
            File.ReadLines(Path.Combine(feed.Root, "notebooks", "setup.csx")).Where(line => line.StartsWith("using ", StringComparison.Ordinal) && line != "using RstLab.Chapters;"),
            extension.Where(line => line.StartsWith("using ", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_notebook_of_ones_own_restores_it_from_a_folder()
    {
        // What a kernel does for #r "nuget:": it restores a project that references the package.
        var folder = Directory.CreateDirectory(Path.Combine(feed.Folder, "own")).FullName;
        File.WriteAllText(Path.Combine(folder, "own.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <RestoreSources>{feed.Folder}</RestoreSources>
                <RestorePackagesPath>{folder}/packages</RestorePackagesPath>
              </PropertyGroup>
              <ItemGroup><PackageReference Include="RstLab.Notebooks" Version="*" /></ItemGroup>
            </Project>
            """);
        Feed.Dotnet(folder, "restore");

        Assert.Equal(["rstlab", "rstlab.notebooks"], Directory.GetDirectories(Path.Combine(folder, "packages")).Select(Path.GetFileName).Order());
    }

    private static XElement Metadata(ZipArchive package, string id)
    {
        using var stream = package.GetEntry($"{id}.nuspec")!.Open();
        return XDocument.Load(stream).Root!.Elements().First();
    }

    private static XElement Child(XElement metadata, string name) => metadata.Elements().Single(element => element.Name.LocalName == name);

    /// <summary>A folder with the two packages.</summary>
    public sealed class Feed : IDisposable
    {
        public Feed()
        {
            Dotnet(Root, "pack", Path.Combine("src", "RstLab"), "--no-build", "-c", Configuration, "-o", Folder);
            Dotnet(Root, "pack", Path.Combine("src", "RstLab.Notebooks"), "--no-build", "-c", Configuration, "-o", Folder);
        }

        public string Folder { get; } = Directory.CreateTempSubdirectory("rstlab-feed-").FullName;

        /// <summary>The repository: artifacts/bin/RstLab.Notebooks.Tests/debug is four steps below it.</summary>
        public string Root { get; } = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", ".."));

        private static string Configuration => Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)) == "release" ? "Release" : "Debug";

        public ZipArchive Open(string id) => ZipFile.OpenRead(Assert.Single(Directory.GetFiles(Folder, $"{id}.?.?.?.nupkg")));

        public static void Dotnet(string folder, params string[] arguments)
        {
            using var process = Process.Start(new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [.. arguments, "--nologo", "-v", "q"])
            {
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["MSBUILDDISABLENODEREUSE"] = "1" },
            })!;
            var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            if (!process.WaitForExit(TimeSpan.FromSeconds(120)))
            {
                process.Kill(entireProcessTree: true);
                Assert.Fail($"dotnet {string.Join(' ', arguments)} took more than two minutes");
            }

            Assert.True(process.ExitCode == 0, $"dotnet {string.Join(' ', arguments)}: {output.Result}{error.Result}");
        }

        public void Dispose() => Directory.Delete(Folder, recursive: true);
    }
}
