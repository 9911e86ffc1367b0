namespace RstLab.Course.Tests;

public sealed class ValueFormatterTests
{
    private static readonly string Shipped = Path.Combine(CourseFolder.Find().Data, "recordings", "00-first-reset.json");

    [Fact]
    public void A_recording_is_shown_as_a_summary_that_names_how_to_draw_it()
    {
        var shown = ValueFormatter.Format(Recording.Load(Shipped), 1);

        Assert.Matches(@"^Recording 00-first-reset: \d+ calls, \d+ segments, \d+ kernel resets \(app live, wire live, kernel live\)\nFigure\.Ladder\(recording\) draws it", shown["text/plain"]);
        Assert.StartsWith("<pre>Recording 00-first-reset: ", shown["text/html"], StringComparison.Ordinal);
        Assert.Equal(["text/plain"], Microsoft.DotNet.Interactive.Formatting.Formatter.GetPreferredMimeTypesFor(typeof(Recording)));
    }

    [Fact]
    public async Task A_task_that_nobody_awaited_is_shown_as_what_it_is()
    {
        async Task<Recording> RunAsync()
        {
            await Task.Yield();
            return Recording.Load(Shipped);
        }

        var task = RunAsync();

        Assert.Equal(Troubleshooting.ForgottenAwait.Saying("Task<Recording>"), ValueFormatter.Format(task, 1)["text/plain"]);
        Assert.Equal(Troubleshooting.ForgottenAwait.Saying("Task"), ValueFormatter.Format(Task.Delay(1, TestContext.Current.CancellationToken), 1)["text/plain"]);
        await task;
    }

    [Fact]
    public void Values_of_types_seen_for_the_first_time_are_formatted_on_several_threads_at_once()
    {
        Type[] parts = [typeof(int), typeof(string), typeof(DateTime), typeof(Guid), typeof(TimeSpan)];
        var values = (from a in parts from b in parts from c in parts select Array.CreateInstance(typeof(Tuple<,,>).MakeGenericType(a, b, c), 2)).ToList();

        Parallel.ForEach(values, new ParallelOptions { MaxDegreeOfParallelism = 8 }, value =>
            Assert.Equal(["text/html", "text/plain"], ValueFormatter.Format(value, 1).Data.Select(form => form.MimeType)));
    }
}
