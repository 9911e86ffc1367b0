namespace RstLab.Tests;

public sealed class MeasureTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("rstlab-measure-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task A_measurement_that_is_not_possible_here_is_spoken_for_by_the_table_that_ships()
    {
        var recorder = new LabSession { Mode = LabMode.Record, DataFolder = _data };
        using (recorder.Enter())
        {
            await Lab.MeasureAsync("99-held", _ => [["SYN_SENT", 5]], "state", "bytes");
        }

        var session = new LabSession { DataFolder = _data };
        using (session.Enter())
        {
            var table = await Lab.MeasureAsync("99-held", _ => throw new NotPossibleHereException("no namespaces here"), "state", "bytes");

            Assert.Equal(Evidence.Recorded, table.Evidence);
            Assert.Equal(["SYN_SENT"], table.Texts("state"));
            Assert.Same(table, Assert.Single(session.Tables));
        }
    }

    [Fact]
    public async Task Without_a_table_that_ships_the_reason_is_told()
    {
        using (new LabSession { DataFolder = _data }.Enter())
        {
            var thrown = await Assert.ThrowsAsync<NotPossibleHereException>(() =>
                Lab.MeasureAsync("99-held", _ => throw new NotPossibleHereException("no namespaces here"), "state"));

            Assert.Contains("no namespaces here", thrown.Message, StringComparison.Ordinal);
            Assert.Contains("99-held", thrown.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Other_failures_of_a_measurement_are_not_hidden_by_a_table()
    {
        using (new LabSession { Mode = LabMode.Record, DataFolder = _data }.Enter())
        {
            await Lab.MeasureAsync("99-held", _ => [["x"]], "state");
        }

        using (new LabSession { DataFolder = _data }.Enter())
        {
            await Assert.ThrowsAsync<TimeoutException>(() => Lab.MeasureAsync("99-held", _ => throw new TimeoutException("held up"), "state"));
        }
    }
}
