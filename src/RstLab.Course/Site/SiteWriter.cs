using System.Text;
using RstLab.Notebooks;

namespace RstLab.Course.Site;

/// <summary>
/// Writes the course as web pages under <c>site/</c>: an index, a page a chapter, its solutions, the pages beside the chapters,
/// and everything that they point at, all of them in each language, so that the folder works from the file system and can be
/// published alone.
/// </summary>
public static class SiteWriter
{
    /// <summary>Writes the site. Each file is replaced only when its new version is complete.</summary>
    /// <param name="result">What the run found; the notebooks carry their outputs.</param>
    /// <param name="outputFolder">Where the run leaves its files; the site goes to <c>site/</c> in it. Captures, recordings and results are taken from beside it.</param>
    /// <param name="notebooksFolder">Where the chapters were read from, for the files that their text links to, the pages beside them and the translations; null to leave those links as plain words.</param>
    /// <returns>The path of <c>index.html</c>.</returns>
    /// <exception cref="FormatException">A translation cannot be read; the message says where and what to do.</exception>
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
        var files = new ProjectFiles(site, outputFolder, notebooksFolder);
        Edition[] editions = [new(result, Words.English, notebooksFolder), new(result, Words.Chinese, notebooksFolder)];
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
        var notebooks = result.Chapters.Select(chapter => (Chapter: chapter, Folder: "")).Concat(result.Solutions.Select(solution => (Chapter: solution, Folder: Edition.Solutions)));
        var pages = notebooks.AsParallel().SelectMany(notebook => ChapterPage.Of(editions, notebook.Chapter, notebook.Folder, files, local))
            .Concat(editions.AsParallel().SelectMany(edition => edition.Reference.Select(text => ReferencePage.Of(edition, text, files))))
            .ToLookup(page => page.Edition);
        files.Copy();
        foreach (var page in editions.SelectMany(edition => pages[edition]))
        {
            Save(site, page);
        }

        foreach (var edition in editions)
        {
            Save(site, IndexPage.Of(edition, pages[edition].ToDictionary(page => page.Place, StringComparer.Ordinal))); // last: it links to all the others
        }

        return Path.Combine(site, "index.html");
    }

    private static void Save(string site, Page page) => SafeFile.Replace(Path.Combine(site, page.File), stream => stream.Write(Encoding.UTF8.GetBytes(page.ToString())));
}
