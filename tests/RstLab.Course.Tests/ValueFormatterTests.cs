namespace RstLab.Course.Tests;

public sealed class ValueFormatterTests
{
    [Fact]
    public void Values_of_types_seen_for_the_first_time_are_formatted_on_several_threads_at_once()
    {
        Type[] parts = [typeof(int), typeof(string), typeof(DateTime), typeof(Guid), typeof(TimeSpan)];
        var values = (from a in parts from b in parts from c in parts select Array.CreateInstance(typeof(Tuple<,,>).MakeGenericType(a, b, c), 2)).ToList();

        Parallel.ForEach(values, new ParallelOptions { MaxDegreeOfParallelism = 8 }, value =>
            Assert.Equal(["text/html", "text/plain"], ValueFormatter.Format(value, 1).Data.Select(form => form.MimeType)));
    }
}
