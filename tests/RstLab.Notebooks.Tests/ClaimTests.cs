namespace RstLab.Notebooks.Tests;

public class ClaimTests
{
    [Fact]
    public void A_claim_is_judged_on_the_live_recording()
    {
        var claims = Claims.On(Samples.CloseThenSend)
            .That("02-fin-first", "The server's close sends FIN, not RST.", r => r.SegmentsFrom("server").Any(s => s.Letters == "FA"))
            .That("02-wrong", "The second send succeeds.", r => r.CallsOf("client", "Send")[1].Ok);

        Assert.Equal([("02-fin-first", true, Evidence.Live), ("02-wrong", false, Evidence.Live)], claims.Select(c => (c.Id, c.Holds, c.Evidence)));
        Assert.Contains("client.Send → EPIPE (Shutdown)", claims[1].Detail, StringComparison.Ordinal);
        Assert.False(claims.Hold);
    }

    [Fact]
    public void An_absent_witness_is_asked_in_the_shipped_recording()
    {
        var claim = Claims.On(Samples.WithoutWire(Samples.CloseThenSend)).That("02-reason", "The reason is TCP_ABORT_ON_DATA.", r => r.ReasonsSent()[0] == "TCP_ABORT_ON_DATA")[0];

        Assert.True(claim.Holds);
        Assert.Equal(Evidence.Recorded, claim.Evidence);
    }

    [Fact]
    public void A_claim_about_the_app_alone_stays_live_where_the_wire_is_absent()
    {
        var claim = Claims.On(Samples.WithoutWire(Samples.CloseThenSend)).That("02-epipe", "EPIPE.", r => r.CallsOf("client", "Send")[1].ErrnoName == "EPIPE")[0];

        Assert.True(claim.Holds);
        Assert.Equal(Evidence.Live, claim.Evidence);
    }

    [Fact]
    public void Without_a_shipped_recording_a_question_to_an_absent_witness_breaks_the_claim_and_says_why()
    {
        var claim = Claims.On(Samples.WithoutWire(null)).That("02-reason", "A reason.", r => r.Segments.Any())[0];

        Assert.False(claim.Holds);
        Assert.Contains("CAP_NET_RAW", claim.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_replayed_recording_is_recorded_evidence()
    {
        var replay = Samples.CloseThenSend with { Witnesses = [.. Samples.AllLive.Select(w => w with { Evidence = Evidence.Recorded, Why = "a replay was asked for" })] };

        Assert.Equal(Evidence.Recorded, Claims.On(replay).That("02-a", "A.", r => r.Segments.Any())[0].Evidence);
        Assert.Equal(Evidence.Recorded, Claims.That("02-b", "B.", () => true, Samples.Refused, replay)[0].Evidence);
        Assert.Equal(Evidence.Live, Claims.That("02-c", "C.", () => true, Samples.Refused)[0].Evidence);
    }

    [Fact]
    public void Several_recordings_are_judged_together_and_replaced_where_one_is_absent()
    {
        var claims = Claims.On(Samples.Refused, Samples.WithoutWire(Samples.CloseThenSend)).That("02-two", "Both have a reset.", all => all.All(r => r.Segments.Any(s => s.IsReset)));

        Assert.True(claims[0].Holds);
        Assert.Equal(Evidence.Recorded, claims[0].Evidence);
    }

    [Fact]
    public void An_exception_in_a_condition_breaks_the_claim_with_its_message()
    {
        var claim = Claims.On(Samples.Refused).That("01-third", "There is a third call.", r => r.CallsOf("client")[2].Ok)[0];

        Assert.False(claim.Holds);
        Assert.Contains("Exception:", claim.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Fin First")]
    [InlineData("02_fin")]
    [InlineData("-fin")]
    [InlineData("")]
    public void An_id_that_is_not_in_kebab_case_is_refused(string id) =>
        Assert.Contains("kebab case", Assert.Throws<ArgumentException>(() => Claims.That(id, "A.", true)).Message, StringComparison.Ordinal);

    [Fact]
    public void An_id_is_given_once() =>
        Assert.Contains("'02-a'", Assert.Throws<ArgumentException>(() => Claims.That("02-a", "A.", true).That("02-a", "B.", true)).Message, StringComparison.Ordinal);

    [Fact]
    public void The_html_carries_what_every_executor_reads()
    {
        using var writer = new StringWriter();
        ((IDisplayed)Claims.That("02-a", "A <b>.", false, "seen & heard")).WriteHtml(writer);

        Assert.Contains("<ul class=\"rstlab-claims\"><li class=\"rstlab-claim\" id=\"claim-02-a\" data-claim-id=\"02-a\" data-holds=\"false\" data-evidence=\"live\">", writer.ToString(), StringComparison.Ordinal);
        Assert.Contains("A &lt;b&gt;.", writer.ToString(), StringComparison.Ordinal);
        Assert.Contains("<div class=\"rstlab-detail\">seen &amp; heard</div>", writer.ToString(), StringComparison.Ordinal);
    }
}
