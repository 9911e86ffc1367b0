namespace RstLab.Tests;

/// <summary>The checkout that the tests were built in.</summary>
internal static class Repository
{
    /// <summary>Its folder: the one above the tests that holds RstLab.slnx.</summary>
    internal static string Root { get; } = Find();

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "RstLab.slnx")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException($"There is no RstLab.slnx above {AppContext.BaseDirectory}: run the tests from their checkout.");
        }

        return folder.FullName;
    }
}
