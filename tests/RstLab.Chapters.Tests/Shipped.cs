namespace RstLab.Chapters.Tests;

/// <summary>What ships in <c>data/</c>, and ways to make something else of it, on which a sentence is false.</summary>
internal static class Shipped
{
    internal static readonly string Root = FindRoot();

    private static readonly string Data = Path.Combine(Root, "data");

    internal static Recording Recording(string id) => RstLab.Recording.Load(Path.Combine(Data, "recordings", id + ".json"));

    internal static ResultTable Table(string id) => ResultTable.Load(Path.Combine(Data, "results", id + ".json"));

    /// <summary>With a change to those events of one kind that a condition picks; null removes them.</summary>
    internal static Recording With<T>(this Recording recording, Func<T, bool> which, Func<T, T?> change)
        where T : LabEvent
    {
        var picked = 0;
        LabEvent?[] events = [.. recording.Events.Select(e =>
        {
            if (e is not T it || !which(it))
            {
                return e;
            }

            picked++;
            return change(it);
        })];
        Assert.True(picked > 0, $"{recording.Id} has no such {typeof(T).Name} to change");
        return recording with { Events = [.. events.OfType<LabEvent>()] };
    }

    /// <summary>With a change to one call: the first is 0.</summary>
    internal static Recording WithCall(this Recording recording, string who, string call, int index, Func<AppCall, AppCall> change)
    {
        var it = recording.CallsOf(who, call)[index];
        return recording.With<AppCall>(one => ReferenceEquals(one, it), change);
    }

    /// <summary>Without the segments that a condition picks.</summary>
    internal static Recording WithoutSegments(this Recording recording, Func<Segment, bool> which) => recording.With(which, _ => null);

    /// <summary>With another reason for each reset that the kernel sent.</summary>
    internal static Recording WithReason(this Recording recording, string reason) =>
        recording.With<KernelReset>(reset => reset.Direction == ResetDirection.Sent, reset => reset with { Reason = reason });

    /// <summary>A call that returned something else.</summary>
    internal static AppCall Returning(this AppCall call, object result) =>
        call with { Result = FormattableString.Invariant($"{result}"), Error = null, Errno = null, ErrnoName = null, Exception = null, Message = null };

    /// <summary>A call that failed with another error.</summary>
    internal static AppCall FailingWith(this AppCall call, string errno, System.Net.Sockets.SocketError error) =>
        call with { Result = null, ErrnoName = errno, Error = error, Exception = "System.Net.Sockets.SocketException" };

    /// <summary>With another value in one column of the rows that a condition picks; a row is read by the names of its columns.</summary>
    internal static ResultTable With(this ResultTable table, Func<Func<string, object?>, bool> which, string column, object? value)
    {
        var index = IndexOf(table, column);
        var picked = table.Rows.Where(row => which(name => row[IndexOf(table, name)])).ToHashSet(ReferenceEqualityComparer.Instance);
        Assert.True(picked.Count > 0, $"{table.Id} has no such row to change");
        return table with { Rows = [.. table.Rows.Select(row => picked.Contains(row) ? [.. row.Select((old, i) => i == index ? value : old)] : row)] };
    }

    /// <summary>With a FIN of the same sender just before the first segment that a condition picks.</summary>
    internal static Recording WithFinBefore(this Recording recording, Func<Segment, bool> which)
    {
        var it = recording.Segments.First(which);
        var events = recording.Events.ToList();
        events.Insert(events.IndexOf(it), it with { Flags = ControlBits.Fin | ControlBits.Ack });
        return recording with { Events = events };
    }

    private static int IndexOf(ResultTable table, string column)
    {
        var index = table.Columns.ToList().IndexOf(column);
        Assert.True(index >= 0, $"{table.Id} has no column '{column}'");
        return index;
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "RstLab.slnx")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException($"No RstLab.slnx above {AppContext.BaseDirectory}.");
        }

        return folder.FullName;
    }
}
