using System.Net.Sockets;

namespace RstLab.Tests;

public class PlatformErrorsTests
{
    private static PlatformErrors Shipped => PlatformErrors.Load(Path.Combine(Repository.Root, "data", "platforms.json"));

    [Fact]
    public void The_file_that_ships_names_each_error_once_and_gives_a_source_for_every_value()
    {
        var shipped = Shipped;

        Assert.Equal(shipped.Errors.Count, shipped.Errors.Select(e => e.Name).Distinct().Count());
        Assert.All(shipped.Errors, e => Assert.Equal(
            (PlatformEvidence.Measured, PlatformEvidence.Documented, PlatformEvidence.Documented), (e.Linux.Evidence, e.MacOS.Evidence, e.Windows.Evidence)));
        Assert.All(shipped.Errors.SelectMany(e => new[] { e.MacOS, e.Windows }), v => Assert.Equal("https", shipped.Sources[v.Source].Url.Scheme));
        Assert.Superset(new HashSet<string> { "ECONNRESET", "EPIPE", "ECONNREFUSED", "ECONNABORTED", "ETIMEDOUT" }, shipped.Errors.Select(e => e.Name).ToHashSet());
    }

    [Fact]
    public void The_numbers_are_those_that_this_runtime_knows()
    {
        Assert.All(Shipped.Errors, e => Assert.Equal((int)e.SocketError, e.Windows.Number));
        Assert.All(Shipped.Errors, e => Assert.Equal(OperatingSystem.IsLinux() ? e.Linux.Number : OperatingSystem.IsMacOS() ? e.MacOS.Number : e.Windows.Number, new SocketException((int)e.SocketError).NativeErrorCode));
        Assert.All(Shipped.Errors, e => Assert.Equal(
            OperatingSystem.IsWindows() ? e.Windows.Name : e.Name,
            Errno.Name(new SocketException((int)e.SocketError).NativeErrorCode)));
    }

    [Theory]
    [InlineData("null", "is not a list of platform errors: at $: it holds nothing but null")]
    [InlineData("{", "is not a list of platform errors: at $, line 1: ")]
    [InlineData("""{"sources":{},"errors":[],"differences":[],"more":1}""", "more")]
    [InlineData("""{"sources":{},"errors":[],"differences":[{"system":"macOS","what":"x","source":"nowhere"}]}""", "at $.differences[0].source: it cites 'nowhere'")]
    [InlineData("""{"sources":{"a":null},"errors":[],"differences":[]}""", "at $.sources.a: it is null")]
    [InlineData("""{"sources":{},"errors":[null],"differences":[]}""", "at $.errors[0]: it is null")]
    [InlineData("""{"sources":{},"errors":[],"differences":[null]}""", "at $.differences[0]: it is null")]
    [InlineData("""{"sources":{},"errors":null,"differences":[]}""", "at $.errors, line 1: ")]
    [InlineData("""{"sources":{},"differences":[]}""", "errors")]
    [InlineData("""{"sources":{},"errors":[{"name":"EX","socketError":"Nonsense"}],"differences":[]}""", "socketError")]
    public void A_broken_file_is_refused_with_its_name_and_what_is_wrong(string json, string what)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, json);

            var message = Assert.Throws<InvalidDataException>(() => PlatformErrors.Load(file)).Message;

            Assert.Contains(file, message, StringComparison.Ordinal);
            Assert.Contains(what, message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
