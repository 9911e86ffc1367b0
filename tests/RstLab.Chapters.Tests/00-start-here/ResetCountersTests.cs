namespace RstLab.Chapters.Tests;

public class ResetCountersTests
{
    private const string Ending = "what the server does", Sent = "OutRsts", Sender = "abort counters there";

    [Fact]
    public void The_counters() => CounterExamples.To(ResetCounters.Claims, Shipped.Table("00-reset-counters"))
        .Breaks("00-counters-every-reset", t => t.With(row => (string?)row(Ending) == "Close(0)", Sent, 0L))
        .Breaks("00-counters-every-reset", t => t with { Rows = [.. t.Rows.Skip(1)] })
        .Breaks("00-counters-unnamed", t => t.With(row => ((string?)row(Ending))!.StartsWith("nothing listens", StringComparison.Ordinal), Sender, "TCPAbortFailed"))
        .Breaks("00-counters-unnamed", t => t.With(row => ((string?)row(Ending))!.StartsWith("Close, then data", StringComparison.Ordinal), Sender, "TCPAbortOnData"))
        .Breaks("00-counters-unnamed", t => t.With(row => ((string?)row(Ending))!.StartsWith("Close of a listener", StringComparison.Ordinal), Sender, "TCPAbortOnClose"))
        .Breaks("00-counters-shared", t => t.With(row => (string?)row(Ending) == "Close(0)", Sender, "TCPAbortOnLinger"))
        .Breaks("00-counters-shared", t => t.With(row => ((string?)row(Ending))!.StartsWith("Shutdown(Both)", StringComparison.Ordinal), Sender, ""))
        .Breaks("00-counters-unread", t => t.With(row => (string?)row(Ending) == "Close with unread data", Sender, "TCPAbortOnData"))
        .Breaks("00-counters-unread", t => t.With(row => (string?)row(Ending) == "Close(0)", Sender, "TCPAbortOnClose"))
        .Check();
}
