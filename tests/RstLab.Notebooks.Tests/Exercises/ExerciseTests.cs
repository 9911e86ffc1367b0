using System.Diagnostics;
using Microsoft.DotNet.Interactive.Formatting;

namespace RstLab.Notebooks.Tests.Exercises;

public class ExerciseTests
{
    private static readonly Exercise Sample = new("02-sample", "A sample");

    public ExerciseTests() => Progress.Folder = null;

    [Fact]
    public async Task Everything_as_expected_is_passed_with_the_ladder_of_what_happened()
    {
        var attempt = await Sample.JudgeAsync("client.Close();", async check =>
        {
            var recording = await check.RunAsync(async talk => await talk.ConnectAsync());
            check.Expect("A call is made.", recording.Calls.Any(), "one");
        });

        Assert.Equal(AttemptStatus.Passed, attempt.Status);
        Assert.Equal("ladder", attempt.Ladder?.Kind);
        var html = attempt.ToDisplayString("text/html");
        Assert.Contains("data-exercise-id=\"02-sample\" data-status=\"passed\"", html, StringComparison.Ordinal);
        Assert.Contains("<figure class=\"rstlab-figure\" data-figure=\"ladder\"", html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("// TODO: send", AttemptStatus.Open)]
    [InlineData("client.Send(1);", AttemptStatus.Failed)]
    public async Task What_is_not_as_expected_is_failed_or_still_open_where_the_marker_stands(string code, AttemptStatus status)
    {
        var attempt = await Sample.JudgeAsync(code, check =>
        {
            check.Expect("A reset.", false, "no reset");
            return Task.CompletedTask;
        });

        Assert.Equal(status, attempt.Status);
        Assert.Contains("[NO] A reset. Seen: no reset", attempt.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Code_that_failed_while_the_machine_stood_still_runs_a_second_time_and_the_attempt_says_so()
    {
        var runs = 0;
        var attempt = await Sample.JudgeAsync("client.Send(1);", async check =>
        {
            if (++runs == 1)
            {
                await StandStillAsync();
            }

            check.Expect("The second run.", runs == 2, $"run {runs}");
        });

        Assert.Equal((2, AttemptStatus.Passed), (runs, attempt.Status));
        Assert.Contains("This machine stood still for 0.", attempt.ToString(), StringComparison.Ordinal);
        Assert.Contains("so the code ran a second time", attempt.ToDisplayString("text/html"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("client.Send(1);", false)] // the code's own failure, unless the machine really stands still just now
    [InlineData("// TODO: send", true)] // a starter fails whatever the machine does
    public async Task Code_runs_once_otherwise(string code, bool stalls)
    {
        var runs = 0;
        var attempt = await Sample.JudgeAsync(code, async check =>
        {
            runs++;
            if (stalls)
            {
                await StandStillAsync();
            }

            check.Expect("A reset.", false, "no reset");
        });

        Assert.Equal(attempt.ToString().Contains("This machine stood still", StringComparison.Ordinal) ? 2 : 1, runs);
        Assert.True(runs == 1 || !stalls);
    }

    /// <summary>Stops this process for a moment, as a machine without time for it does.</summary>
    private static async Task StandStillAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "there is no kill(1) to stop a process with");
        using var other = Process.Start("sh", ["-c", $"kill -STOP {Environment.ProcessId}; sleep 0.3; kill -CONT {Environment.ProcessId}"]);
        await other.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task What_the_code_throws_is_told_and_ends_the_check()
    {
        var attempt = await Sample.JudgeAsync("throw", async check =>
        {
            await check.RunAsync(_ => throw new InvalidOperationException("it went wrong"));
            check.Expect("Never reached.", true, "reached");
        });

        Assert.Equal(AttemptStatus.Failed, attempt.Status);
        Assert.Equal("InvalidOperationException: it went wrong", Assert.Single(attempt.Expectations).Seen);
    }

    [Fact]
    public async Task Code_that_waits_for_ever_is_ended_and_told_what_it_waited_for()
    {
        var attempt = await Sample.JudgeAsync("Receive", async check => await check.RunAsync(
            async talk => (await talk.ConnectAsync()).Client.Receive(), TimeSpan.FromSeconds(1)));

        Assert.Equal(AttemptStatus.Failed, attempt.Status);
        Assert.Contains("client.Receive did not return", Assert.Single(attempt.Expectations).Seen, StringComparison.Ordinal);
        Assert.NotNull(attempt.Ladder);
    }

    [Fact]
    public async Task What_no_witness_here_can_tell_does_not_count_and_nothing_else_leaves_it_open()
    {
        var attempt = await Sample.JudgeAsync("x", check =>
        {
            check.Expect(Samples.WithoutWire(null), "A reset.", r => r.Segments.Any(s => s.IsReset), _ => "");
            return Task.CompletedTask;
        });

        Assert.Equal(AttemptStatus.Open, attempt.Status);
        Assert.Contains("CAP_NET_RAW", attempt.WhyNotJudged, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_wire_nothing_is_passed_on_the_word_of_the_calls_alone()
    {
        var attempt = await Sample.JudgeAsync("x", check =>
        {
            check.Expect("A call is made.", true, "one");
            check.ExpectReasons(Samples.WithoutWire(null), ["TCP_STATE"], "TCPAbortOnData");
            return Task.CompletedTask;
        });

        Assert.Equal(AttemptStatus.Open, attempt.Status);
        Assert.NotNull(attempt.WhyNotJudged);
    }

    [Fact]
    public async Task In_a_replay_nothing_is_run()
    {
        using var replay = new LabSession { Mode = LabMode.Replay }.Enter();
        var ran = false;

        var attempt = await Sample.JudgeAsync("x", async check => await check.RunAsync(_ =>
        {
            ran = true;
            return Task.CompletedTask;
        }));

        Assert.Equal((AttemptStatus.Open, "a replay was asked for", false), (attempt.Status, attempt.WhyNotJudged, ran));
    }

    [Fact]
    public async Task Nothing_of_an_attempt_is_kept_among_the_recordings_of_the_session()
    {
        var session = new LabSession();
        using var entered = session.Enter();

        await Sample.JudgeAsync("x", async check => await check.RunAsync(async talk => await talk.ConnectAsync()));

        Assert.Empty(session.Recordings);
    }

    [Fact]
    public void Each_exercise_has_an_id_of_its_own_and_each_chapter_has_four_at_the_least()
    {
        Assert.Equal(Exercise.All.Count, Exercise.All.Select(exercise => exercise.Id).Distinct().Count());
        var chapters = Exercise.All.GroupBy(exercise => exercise.Id[..2]).ToDictionary(chapter => chapter.Key, chapter => chapter.Count());
        Assert.All(new[] { "00", "01", "02", "03", "04", "05", "06" }, chapter => Assert.True(chapters.GetValueOrDefault(chapter) >= 4, $"chapter {chapter} has {chapters.GetValueOrDefault(chapter)} exercises"));
    }
}
