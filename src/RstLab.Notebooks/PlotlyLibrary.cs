namespace RstLab.Notebooks;

/// <summary>
/// Brings plotly.js into a notebook, so that figures are drawn by it without network and without a module loader. It has 1.5 MB,
/// so one figure brings it for all: the first that a process shows. That figure brings it again when it is shown again, as the cell
/// that is run again replaces the output that had it. A page that loads plotly.js itself, and a folder without the file, need
/// nothing here; without plotly.js each figure is its still picture.
/// </summary>
internal sealed class PlotlyLibrary(string file)
{
    internal const string FileName = "plotly-cartesian.min.js";

    private string? bearer;

    /// <summary>What figures bring along; null where they bring nothing. At first it is the file that the build put beside this library.</summary>
    internal static PlotlyLibrary? ForNotebooks { get; set; } = Path.GetDirectoryName(typeof(PlotlyLibrary).Assembly.Location) is { Length: > 0 } folder && File.Exists(Path.Combine(folder, FileName))
        ? new(Path.Combine(folder, FileName))
        : null;

    /// <summary>The element that loads it, for the figure that brings it; empty for all others.</summary>
    internal string ElementFor(Figure figure)
    {
        var name = $"{figure.Kind} {figure.RecordingId} {figure.Title}";
        if ((Interlocked.CompareExchange(ref bearer, name, null) ?? name) != name)
        {
            return "";
        }

        try
        {
            // Its module header would hand the library to a loader, where a page has one, and not to the page.
            return $"<script>if(!window.Plotly)(function(module,exports,define){{{File.ReadAllText(file)}\n}}).call(window);</script>";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ""; // a build is just renewing it; the picture stays still
        }
    }
}
