using System.Text;
using RstLab.Notebooks;

namespace RstLab.Course.Site;

/// <summary>
/// Writes the course as web pages under <c>site/</c>: an index, a page a chapter, and everything that they point at, so that
/// the folder works from the file system and can be published alone.
/// </summary>
public static class SiteWriter
{
    /// <summary>Writes the site. Each file is replaced only when its new version is complete.</summary>
    /// <param name="result">What the run found; the notebooks carry their outputs.</param>
    /// <param name="outputFolder">Where the run leaves its files; the site goes to <c>site/</c> in it. Captures, recordings and results are taken from beside it.</param>
    /// <param name="notebooksFolder">Where the chapters were read from, for the files that their text links to; null to leave those links as plain words.</param>
    /// <returns>The path of <c>index.html</c>.</returns>
    public static string Write(CourseResult result, string outputFolder, string? notebooksFolder = null) =>
        Write(result, outputFolder, notebooksFolder, PlotlyScript.BuiltFile);

    /// <summary>
    /// Loads and compiles what colouring C# needs, which takes longer than to use it: to be called in the background while the
    /// chapters wait for their connections.
    /// </summary>
    public static void WarmUp() => CSharpColours.Colour(["var answer = await Lab.RunAsync(\"warm\", async talk => { int n = 1; /* nothing */ });"]);

    internal static string Write(CourseResult result, string outputFolder, string? notebooksFolder, string plotlyFile)
    {
        var site = Path.Combine(Path.GetFullPath(outputFolder), "site");
        var files = new ProjectFiles(site, outputFolder, notebooksFolder, result.Chapters.Select(chapter => chapter.Id).ToHashSet(StringComparer.Ordinal));
        var local = File.Exists(plotlyFile);
        if (local)
        {
            files.Add(PlotlyScript.FileName, plotlyFile);
        }

        foreach (var file in (ReadOnlySpan<string>)["site.css", "site.js"])
        {
            SafeFile.Replace(Path.Combine(site, file), stream =>
            {
                using var resource = typeof(SiteWriter).Assembly.GetManifestResourceStream($"RstLab.Course.Site.{file}")!;
                resource.CopyTo(stream);
            });
        }

        SafeFile.Replace(Path.Combine(site, "figures.js"), stream => stream.Write(Encoding.UTF8.GetBytes(Figure.DrawingScript)));
        var pages = result.Chapters.AsParallel().Select(chapter => ChapterPage.Of(result, chapter, files, PlotlyScript.Element(local)))
            .ToDictionary(page => page.Chapter!, StringComparer.Ordinal);
        files.Copy();
        foreach (var (id, page) in pages)
        {
            Save(Path.Combine(site, $"{id}.html"), page);
        }

        var index = Path.Combine(site, "index.html");
        Save(index, IndexPage.Of(result, pages)); // last: it links to all the others
        return index;
    }

    private static void Save(string path, Page page) => SafeFile.Replace(path, stream => stream.Write(Encoding.UTF8.GetBytes(page.ToString())));
}
