using System.Diagnostics;
using System.Text.RegularExpressions;

namespace RstLab.Course.Tests;

/// <summary>The page on troubleshooting: it is what the program says, and the program says what is on it.</summary>
public sealed class TroubleshootingTests : IDisposable
{
    private static readonly CourseFolder Folder = CourseFolder.Find();

    private readonly TemporaryCourse course = new();

    public void Dispose() => course.Dispose();

    [Fact]
    public async Task Doctor_prints_the_page_that_the_site_has()
    {
        var (code, output, _) = await course.RunProgramAsync("doctor", "--markdown");

        Assert.Equal(0, code);
        Assert.Equal(Troubleshooting.ToMarkdown(), output.ReplaceLineEndings("\n"));
    }

    /// <param name="privileges">What the program is started with: less and less of root's.</param>
    [Theory]
    [InlineData("--bounding-set=-all,+net_raw,+net_admin")]
    [InlineData("--bounding-set=-all")]
    [InlineData("--reuid=65534 --regid=65534 --clear-groups")]
    public async Task What_doctor_finds_missing_is_explained_on_the_page(string privileges)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && File.Exists("/usr/bin/setpriv"), "it takes root and setpriv(1) to give privileges away");
        var program = Path.Combine(AppContext.BaseDirectory, "RstLab.Course.dll");
        var start = new ProcessStartInfo("setpriv", [.. privileges.Split(' '), "dotnet", program, "doctor", "--no-namespace"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["HOME"] = start.Environment["DOTNET_CLI_HOME"] = Path.GetTempPath();
        using var process = Process.Start(start)!;
        var complaining = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var complaint = await complaining;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.SkipWhen(process.ExitCode != 0 && privileges.Contains("reuid", StringComparison.Ordinal), $"an ordinary user cannot read this build: {complaint}");
        Assert.True(process.ExitCode == 0, complaint);

        var missing = said.Split('\n').Where(line => line.StartsWith("no ", StringComparison.Ordinal)).Select(line => line[20..].TrimEnd()).ToList();
        Assert.NotEmpty(missing);
        Assert.All(missing, why => Assert.True(Troubleshooting.All.Any(obstacle => Said(obstacle).IsMatch(why)), $"The page does not explain: {why}"));
        Assert.Contains("doctor --markdown", said, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_build_and_the_scripts_say_is_on_the_page_word_for_word()
    {
        Assert.All(Directory.EnumerateFiles(Path.Combine(Folder.Root, "notebooks"), "setup.csx", SearchOption.AllDirectories),
            script => Assert.Contains(Troubleshooting.NotBuilt.Message, File.ReadAllText(script), StringComparison.Ordinal));
        Assert.Contains($"Text=\"{Troubleshooting.NoPlotly.Message}\"", File.ReadAllText(Path.Combine(Folder.Root, "src", "RstLab.Course", "RstLab.Course.csproj")), StringComparison.Ordinal);
    }

    [Fact]
    public void Each_obstacle_is_on_the_page_once()
    {
        Assert.Distinct(Troubleshooting.All.Select(obstacle => obstacle.Title));
        Assert.Distinct(Troubleshooting.All.Select(obstacle => obstacle.Message));
        var defined = new[] { typeof(Obstacle), typeof(Troubleshooting) }
            .SelectMany(type => type.GetProperties(System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic))
            .Where(property => property.PropertyType == typeof(Obstacle)).Select(property => (Obstacle)property.GetValue(null)!);
        Assert.Empty(defined.Except(Troubleshooting.All).Select(obstacle => obstacle.Title));
    }

    [Fact]
    public void A_message_takes_as_many_details_as_it_has_places()
    {
        Assert.Equal("Another run is writing to /a. Wait until it has ended, or give this one a folder of its own with --output.", Troubleshooting.OutputHeld.Saying("/a"));
        Assert.Throws<ArgumentException>(() => Troubleshooting.OutputHeld.Saying());
        Assert.Throws<ArgumentException>(() => Obstacle.NoCounters.Saying("more"));
    }

    private static Regex Said(Obstacle obstacle) => new($"^{Regex.Escape(obstacle.Message).Replace("…", ".*", StringComparison.Ordinal)}$");
}
