namespace RstLab.Chapters.Tests;

public class BytesAcceptedTests
{
    [Fact]
    public void One_block_full_buffers_and_what_lies_between_are_counted_apart()
    {
        var table = Shipped.Table("02-bytes-accepted") with
        {
            Rows =
            [
                ["they race", 5000L, "EPIPE"], ["they race", 90_000L, "ECONNRESET"], ["they race", 10_000L, "ECONNRESET"], ["they race", 5000L, "EPIPE"],
                ["they race", 5000L, "ECONNRESET"], ["they race", 100_000L, "ECONNRESET"], [BytesAccepted.BuffersFull, 100_000L, "ECONNRESET"],
            ],
        };

        Assert.Equal(
            ["they race|5000|EPIPE|2", "they race|5000|ECONNRESET|1", "they race|10000 to 90000|ECONNRESET|2", "they race|100000|ECONNRESET|1", $"{BytesAccepted.BuffersFull}|100000|ECONNRESET|1"],
            BytesAccepted.Count(table).Rows.Select(row => string.Join('|', row)));
    }

    [Fact]
    public void The_endings_stand_beside_each_other_by_class()
    {
        var table = EndingsByClass.Compare(Shipped.Table("02-endings-by-class"));

        Assert.Equal(["the server disposes", "Socket", "NetworkStream", "TcpClient"], table.Columns);
        Assert.Equal(6, table.Rows.Count);
        Assert.Equal([EndingsByClass.Unread, "RST; Receive fails with ECONNRESET", "FIN, RST; Receive returns 0", "FIN, RST; Receive returns 0"], table.Rows[1]);
    }
}
