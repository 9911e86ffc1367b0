namespace RstLab.Course.Site;

/// <summary>
/// The plotly.js that the pages draw with. The build takes it from npm (package.json beside this file) and puts it beside the
/// program; where that was not possible the pages ask the CDN for the same file, and the browser checks it against the hash.
/// </summary>
internal static class PlotlyScript
{
    internal const string FileName = "plotly-cartesian.min.js";

    internal const string Version = "4.1.1";

    /// <summary>SHA-384 of the file in the npm package, as Subresource Integrity writes it.</summary>
    internal const string Integrity = "sha384-zc4SwKObGL/W0M3RUI09UPWjlgIZHfbwMgcZO6713mRh78tfUmIQKhzCyE2LIiUg";

    internal const string Cdn = $"https://cdn.jsdelivr.net/npm/plotly.js-cartesian-dist-min@{Version}/{FileName}";

    /// <summary>The file that the build left beside the program; it need not exist.</summary>
    internal static string BuiltFile => Path.Combine(AppContext.BaseDirectory, FileName);

    /// <summary>The element that loads it.</summary>
    /// <param name="local">Whether the file is in the site's folder.</param>
    /// <param name="toSite">From the page to the site's folder.</param>
    internal static string Element(bool local, string toSite) => local
        ? $"""<script defer src="{toSite}{FileName}"></script>"""
        : $"""<script defer src="{Cdn}" integrity="{Integrity}" crossorigin="anonymous"></script>""";
}
