using System.Diagnostics;

namespace RstLab;

/// <summary>
/// The entry: opens the witnesses that this machine allows, runs a conversation, and returns what they saw.
/// </summary>
public static class Lab
{
    /// <summary>How long a conversation may take unless it says otherwise.</summary>
    public static readonly TimeSpan DefaultDeadline = TimeSpan.FromSeconds(10);

    /// <summary>Runs a conversation under the eyes of the witnesses.</summary>
    /// <param name="id">A name in kebab case that begins with the chapter's number, such as <c>02-close-then-send</c>; a recording of that name speaks for what this machine cannot witness.</param>
    /// <param name="conversation">The exchange.</param>
    /// <param name="deadline">How long it may take; null for <see cref="DefaultDeadline"/>.</param>
    /// <returns>The recording.</returns>
    /// <exception cref="TimeoutException">The conversation did not end in time; the message says what was awaited.</exception>
    /// <exception cref="NotPossibleHereException">This machine cannot run it, and no recording of that name ships.</exception>
    /// <exception cref="IOException">The machine is in no state to run anything, as no port is free; the message says what helps.</exception>
    public static async Task<Recording> RunAsync(string id, Func<Conversation, Task> conversation, TimeSpan? deadline = null)
    {
        CheckId(id);
        ArgumentNullException.ThrowIfNull(conversation);
        var session = LabSession.Current;
        var began = Stopwatch.GetTimestamp();
        if (session.Mode == LabMode.Replay)
        {
            return session.Add(InsteadOf(id, session, Obstacle.ReplayAsked.Message, null), TimeSpan.Zero);
        }

        Recording recording;
        try
        {
            recording = await RecordAsync(id, session, conversation, deadline ?? DefaultDeadline).ConfigureAwait(false);
        }
        catch (NotPossibleHereException e)
        {
            recording = InsteadOf(id, session, e.Message, e);
        }

        if (session.Mode == LabMode.Record)
        {
            Ship(recording, session);
        }

        return session.Add(recording, Stopwatch.GetElapsedTime(began));
    }

    /// <summary>
    /// Runs a conversation under the eyes of the witnesses, for a look only: the recording is not kept with those of the session, and
    /// none that ships speaks in its place. That is how an exercise watches what its reader wrote.
    /// </summary>
    /// <param name="id">A name in kebab case that begins with the chapter's number.</param>
    /// <param name="conversation">The exchange.</param>
    /// <param name="deadline">How long it may take; null for <see cref="DefaultDeadline"/>.</param>
    /// <returns>The recording.</returns>
    /// <exception cref="TimeoutException">The conversation did not end in time; the message says what was awaited.</exception>
    /// <exception cref="NotPossibleHereException">This machine cannot run it, or nothing is to be run as a replay was asked for.</exception>
    public static Task<Recording> TryAsync(string id, Func<Conversation, Task> conversation, TimeSpan? deadline = null)
    {
        CheckId(id);
        ArgumentNullException.ThrowIfNull(conversation);
        return LabSession.Current is { Mode: not LabMode.Replay } session
            ? RecordAsync(id, session, conversation, deadline ?? DefaultDeadline)
            : throw new NotPossibleHereException(Obstacle.ReplayAsked.Message);
    }

    /// <summary>
    /// Measures something that only the app witness is needed for, and keeps the table: a run leaves it behind as <c>results/ID.csv</c>.
    /// Where the measurement throws <see cref="NotPossibleHereException"/>, the table that ships with the course speaks.
    /// </summary>
    /// <param name="id">A name in kebab case that begins with the chapter's number.</param>
    /// <param name="measure">The measurement, run on a thread of its own: the rows.</param>
    /// <param name="columns">The columns' names, with the unit in parentheses where there is one.</param>
    /// <exception cref="NotPossibleHereException">This machine cannot run it, and no table of that name ships.</exception>
    /// <exception cref="IOException">The loopback device is down; the message says what helps.</exception>
    public static async Task<ResultTable> MeasureAsync(string id, Func<CancellationToken, IEnumerable<IReadOnlyList<object?>>> measure, params string[] columns)
    {
        CheckId(id);
        ArgumentNullException.ThrowIfNull(measure);
        var session = LabSession.Current;
        var began = Stopwatch.GetTimestamp();
        if (session.Mode == LabMode.Replay)
        {
            return session.Add(ShippedTable(id, session, Obstacle.ReplayAsked.Message, null), TimeSpan.Zero);
        }

        CheckLoopback($"Measurement {id}");
        List<IReadOnlyList<object?>> rows;
        try
        {
            rows = await Task.Factory.StartNew(
                () => measure(session.Cancellation).ToList(), session.Cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        }
        catch (NotPossibleHereException e)
        {
            return session.Add(ShippedTable(id, session, e.Message, e), Stopwatch.GetElapsedTime(began));
        }

        var table = new ResultTable { Id = id, Columns = columns, Rows = rows, Environment = Machine.Environment() };
        if (session.Mode == LabMode.Record && session.DataFile("results", id) is { } target)
        {
            table.Save(target + ".csv");
            table.SaveJson(target + ".json");
        }

        return session.Add(table, Stopwatch.GetElapsedTime(began));
    }

    private static void CheckLoopback(string what)
    {
        if (Machine.LoopbackWhyNot() is { } why)
        {
            throw new IOException($"{what} cannot run: {why}");
        }
    }

    // Ids become the names of files.
    private static void CheckId(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        if (id.Length == 0 || !id.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'))
        {
            throw new ArgumentException($"'{id}' cannot name an experiment: write it like 02-close-then-send, with lower-case letters, digits and hyphens.", nameof(id));
        }
    }

    private static async Task<Recording> RecordAsync(string id, LabSession session, Func<Conversation, Task> conversation, TimeSpan deadline)
    {
        CheckLoopback($"Experiment {id}");
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(session.Cancellation);
        var wireWhyNot = WireWitness.WhyNot();
        var kernelWhyNot = KernelWitness.WhyNot();
        var talk = new Conversation(wireWhyNot is null, ending.Token);
        using var kernel = kernelWhyNot is null ? new KernelWitness(talk.Start, talk.Addresses) : null;
        var environment = Machine.Environment();
        try
        {
            // The conversation may block its thread; the deadline must not depend on it.
            var running = Task.Run(() => conversation(talk), CancellationToken.None);
            ending.CancelAfter(deadline);
            var ended = Task.Delay(Timeout.Infinite, ending.Token);
            if (await Task.WhenAny(running, ended).ConfigureAwait(false) == running)
            {
                try
                {
                    await running.ConfigureAwait(false);
                }
                catch (TimeoutException e) when (ending.IsCancellationRequested && !session.Cancellation.IsCancellationRequested)
                {
                    throw TooLate(e, talk.IsAwaiting ? $"Waited for {talk.WhatWasAwaited()}." : e.Message);
                }
            }
            else
            {
                var awaited = talk.WhatWasAwaited();
                talk.CloseAll(); // unblocks what waits on a socket
                await Task.WhenAny(running, Task.Delay(TimeSpan.FromSeconds(1), CancellationToken.None)).ConfigureAwait(false);
                session.Cancellation.ThrowIfCancellationRequested();
                throw TooLate(null, $"Waited for {awaited}.");
            }

            session.Cancellation.ThrowIfCancellationRequested();
            var (traced, missed) = kernel?.Drain() ?? ([], 0);
            var counters = talk.Hosts?.Counters() ?? new Dictionary<string, long>();
            var (events, participants, frames, dropped) = talk.Finish();
            var wire = wireWhyNot is null
                ? new Witness(WitnessKind.Wire, Evidence.Live) { Dropped = dropped }
                : new Witness(WitnessKind.Wire, Evidence.Absent, wireWhyNot);
            if (missed > 0)
            {
                // An account with holes proves nothing.
                (kernelWhyNot, traced) = (Obstacle.TraceLost.Saying($"{missed}"), []);
            }

            var reasons = kernelWhyNot is null
                ? new Witness(WitnessKind.Kernel, Evidence.Live) { Method = KernelMethod.Trace }
                : counters.Count > 0
                    ? new Witness(WitnessKind.Kernel, Evidence.Live, $"only the counters: {kernelWhyNot}") { Method = KernelMethod.Counters, Dropped = missed }
                    : new Witness(WitnessKind.Kernel, Evidence.Absent, kernelWhyNot);
            var sent = traced.Where(r => talk.Concerns(r.From, r.To)).ToList();
            var speaks = wire.Evidence == Evidence.Live && reasons is { Evidence: Evidence.Live, Method: KernelMethod.Trace } && !sent.Exists(r => r.IsUnexplained);
            var shipped = speaks ? null : TryLoad(id, session);
            return new Recording
            {
                Id = id,
                Environment = environment,
                Witnesses = [new Witness(WitnessKind.App, Evidence.Live), SpokenFor(wire, shipped), SpokenFor(reasons, shipped)],
                Participants = participants,
                Events = InOrder(events, sent),
                Counters = counters,
                Frames = frames,
                Shipped = shipped,
            };
        }
        finally
        {
            talk.CloseAll();
        }

        TimeoutException TooLate(TimeoutException? cause, string awaited) =>
            new(Obstacle.TooLate.Saying(id, $"{deadline.TotalSeconds:0.#}", awaited), cause);
    }

    /// <summary>
    /// One order for the three accounts. They share a clock, but the trace cuts its stamps to microseconds: a reset that the
    /// kernel received is put behind the segment that carried it.
    /// </summary>
    private static List<LabEvent> InOrder(IReadOnlyList<LabEvent> events, IReadOnlyList<KernelReset> traced)
    {
        var resets = events.OfType<Segment>().Where(s => s.IsReset).ToList();
        var placed = traced.Select(r => r.Direction == ResetDirection.Received
                && resets.FirstOrDefault(s => s.From == r.From && s.To == r.To && Math.Abs(s.T - r.T) < 1_000_000) is { } carrier && carrier.T >= r.T
            ? r with { T = carrier.T + 1 }
            : r);
        var ordered = events.Concat(placed).OrderBy(e => e.T).ToList();

        // The time before the first event went into opening the witnesses.
        return [.. ordered.Select(e => e with { T = e.T - ordered[0].T })];
    }

    private static Witness SpokenFor(Witness witness, Recording? shipped) =>
        witness.Evidence == Evidence.Absent && shipped is not null ? witness with { Evidence = Evidence.Recorded } : witness;

    // All of it recorded: the experiment could not be run here at all.
    private static Recording InsteadOf(string id, LabSession session, string why, Exception? cause)
    {
        var shipped = TryLoad(id, session) ?? throw NothingShips(id, why, cause);
        return shipped with { Witnesses = [.. shipped.Witnesses.Select(w => w with { Evidence = Evidence.Recorded, Why = why })] };
    }

    private static ResultTable ShippedTable(string id, LabSession session, string why, Exception? cause) =>
        session.DataFile("results", id + ".json") is { } file && File.Exists(file)
            ? ResultTable.Load(file) with { Evidence = Evidence.Recorded }
            : throw NothingShips(id, why, cause);

    private static Recording? TryLoad(string id, LabSession session) =>
        session.DataFile("recordings", id + ".json") is { } file && File.Exists(file) ? Recording.Load(file) : null;

    private static NotPossibleHereException NothingShips(string id, string why, Exception? cause) =>
        new(Obstacle.NothingShips.Saying(id, why), cause);

    private static void Ship(Recording recording, LabSession session)
    {
        var silent = recording.Witnesses.FirstOrDefault(w => w.Evidence != Evidence.Live || w.Method == KernelMethod.Counters);
        if (silent is not null)
        {
            throw new NotPossibleHereException($"{recording.Id} cannot be recorded for shipping: the {silent.Kind.ToString().ToLowerInvariant()} witness is not live ({silent.Why}).");
        }

        if (session.DataFile("recordings", recording.Id) is { } target)
        {
            recording.Save(target + ".json");
            Pcap.Write(target + ".pcap", recording.Frames);
        }
    }
}
