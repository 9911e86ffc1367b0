namespace RstLab.Course;

/// <summary>The places where the program touches the lab: the session of a chapter, the claims, the captures, the machine.</summary>
internal sealed class LabScope : ILabScope
{
    public IReadOnlyList<Recording> Recordings => [];

    public IReadOnlyList<ResultTable> Tables => [];

    public IDisposable Enter() => new MemoryStream();

    public IEnumerable<ClaimResult> ClaimsIn(object? value, int cell) => [];

    internal static void SaveCapture(Recording recording, string path)
    {
    }

    internal static LabEnvironment Machine() => new(
        System.Runtime.InteropServices.RuntimeInformation.OSDescription, Environment.OSVersion.ToString(),
        System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture.ToString(), System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription,
        Environment.ProcessorCount, "root", DateTimeOffset.UtcNow);

    internal static IEnumerable<string> Doctor() => ["..."];
}
