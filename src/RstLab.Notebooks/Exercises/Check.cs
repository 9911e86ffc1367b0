using System.Globalization;

namespace RstLab.Notebooks;

/// <summary>One thing that an exercise expects, and what was seen.</summary>
/// <param name="Expected">What is expected, as a sentence.</param>
/// <param name="Seen">What was seen, or why nobody here could see it.</param>
/// <param name="Met">Whether it is as expected; null when no witness of this machine could tell.</param>
public sealed record Expectation(string Expected, string Seen, bool? Met);

/// <summary>Runs a reader's code live and collects what is expected of it against what was seen.</summary>
internal sealed class Check(string id)
{
    /// <summary>How long a reader's code may take unless the exercise says otherwise.</summary>
    internal static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(5);

    private readonly List<Expectation> expectations = [];
    private Recording? last;
    private Recording? telling;

    internal IReadOnlyList<Expectation> Expectations => expectations;

    /// <summary>
    /// Why nothing can be passed here: something that was expected had no witness, and the wire was not there to see what was done. Null
    /// where the wire was. A kernel that does not name its reasons does not make the check blind.
    /// </summary>
    internal string? Blind { get; private set; }

    /// <summary>The recording to show: the one in which something was first not as expected, else the last.</summary>
    internal Recording? Shown => telling ?? last;

    /// <summary>Runs a conversation that has the reader's code in it. What the code throws, or that it does not end, ends the check.</summary>
    /// <param name="conversation">The exchange; it must end when its token is cancelled or its sockets are closed.</param>
    /// <param name="limit">How long it may take; null for <see cref="DefaultLimit"/>.</param>
    /// <returns>What the witnesses saw.</returns>
    /// <exception cref="CheckEndedException">The code threw or did not end; the expectation that says so is there.</exception>
    /// <exception cref="NotPossibleHereException">This machine cannot run it.</exception>
    internal async Task<Recording> RunAsync(Func<Conversation, Task> conversation, TimeSpan? limit = null)
    {
        var atMost = limit ?? DefaultLimit;
        Exception? thrown = null;
        last = await Lab.TryAsync(id, async talk =>
        {
            try
            {
                await Task.Run(() => conversation(talk), CancellationToken.None).WaitAsync(atMost, talk.Cancellation).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not NotPossibleHereException)
            {
                thrown = e;
            }
        }, atMost + TimeSpan.FromSeconds(5)).ConfigureAwait(false);
        LabSession.Current.Cancellation.ThrowIfCancellationRequested();
        if (thrown is null)
        {
            return last;
        }

        Expect(
            string.Create(CultureInfo.InvariantCulture, $"The code comes to its end, within {atMost.TotalSeconds:0.#} s."), false,
            thrown is TimeoutException && last.Calls.Where(call => call.Result == "pending").Select(call => $"{call.Who}.{call.Call}").ToList() is var pending
                ? pending.Count > 0 ? $"It was still waiting: {string.Join(", ", pending)} did not return." : "It did not end in time."
                : $"{thrown.GetType().Name}: {thrown.Message}");
        throw new CheckEndedException();
    }

    /// <summary>Says what is expected, and whether it was so.</summary>
    internal void Expect(string expected, bool met, string seen) => Add(new Expectation(expected, seen, met));

    /// <summary>Expects that a call of the reader's code returned something; what it threw instead is what was seen.</summary>
    internal void ExpectResult(string expected, AppCall call, string right) => Expect(expected, call.Result == right, Told(call));

    /// <summary>What a call returned, or what it threw.</summary>
    internal static string Told(AppCall call) => call.Result ?? $"It threw {call.Outcome}: {call.Message}";

    /// <summary>Says what is expected of a recording. Where the witness that is asked is absent, the expectation does not count.</summary>
    internal void Expect(Recording recording, string expected, Func<Recording, bool> met, Func<Recording, string> seen)
    {
        try
        {
            Add(new Expectation(expected, seen(recording), met(recording)));
        }
        catch (WitnessAbsentException absent)
        {
            AddUnjudged(expected, absent);
        }
    }

    /// <summary>
    /// Expects an answer of a function of the reader's. What it throws, or that it does not return, is a wrong one; that it asks a
    /// witness that is absent here is none.
    /// </summary>
    /// <param name="expected">What is expected, as a sentence.</param>
    /// <param name="ask">Calls the reader's function.</param>
    /// <param name="right">The right answer.</param>
    internal async Task ExpectAnswerAsync<T>(string expected, Func<T> ask, T right)
    {
        try
        {
            var given = await Task.Run(ask).WaitAsync(DefaultLimit, LabSession.Current.Cancellation).ConfigureAwait(false);
            Add(new Expectation(expected, string.Create(CultureInfo.InvariantCulture, $"The answer is {given}."), EqualityComparer<T>.Default.Equals(given, right)));
        }
        catch (WitnessAbsentException absent)
        {
            AddUnjudged(expected, absent);
        }
        catch (Exception e) when (!LabSession.Current.Cancellation.IsCancellationRequested)
        {
            Add(new Expectation(expected, e is TimeoutException ? "It did not return in time." : $"{e.GetType().Name}: {e.Message}", false));
        }
    }

    /// <summary>
    /// Expects that the kernel sent resets for exactly these reasons. Where it cannot name its reasons, its counters are asked, if one is given.
    /// </summary>
    /// <param name="recording">What was seen.</param>
    /// <param name="reasons">The reasons, in order, as the trace point <c>tcp:tcp_send_reset</c> names them.</param>
    /// <param name="counter">A counter of TcpExt that grows by one for each of them, such as <c>TCPAbortOnClose</c>; null where there is none.</param>
    internal void ExpectReasons(Recording recording, IReadOnlyList<string> reasons, string? counter = null)
    {
        var expected = reasons.Count == 0 ? "The kernel sends no reset." : $"The kernel sends {(reasons.Count == 1 ? "one reset, and its reason is" : "resets, and their reasons are")} {string.Join(", ", reasons)}.";
        try
        {
            var sent = recording.ReasonsSent();
            Add(new Expectation(expected, sent.Count == 0 ? "It sent none." : string.Join(", ", sent), sent.SequenceEqual(reasons)));
        }
        catch (WitnessAbsentException absent)
            when (counter is null || recording.Counters.Count == 0 || recording[WitnessKind.Wire].Evidence != Evidence.Live)
        {
            AddUnjudged(expected, absent);
        }
        catch (WitnessAbsentException)
        {
            // The counter is that of both hosts together: it can refute, and the wire has to confirm.
            var counted = recording.Counters.GetValueOrDefault("TcpExt" + counter);
            Add(new Expectation(expected, string.Create(CultureInfo.InvariantCulture, $"The counter {counter} grew by {counted}."), counted >= reasons.Count));
        }
    }

    /// <summary>The cases of an exercise in an order that nobody can know.</summary>
    internal static T[] Shuffled<T>(params T[] cases)
    {
        Random.Shared.Shuffle(cases);
        return cases;
    }

    private void AddUnjudged(string expected, WitnessAbsentException absent)
    {
        Add(new Expectation(expected, $"Not judged here: {absent.Message}", null));
        Blind ??= absent.Kind == WitnessKind.Wire || last?[WitnessKind.Wire].Evidence != Evidence.Live ? absent.Message : null;
    }

    private void Add(Expectation expectation)
    {
        expectations.Add(expectation);
        telling ??= expectation.Met == false ? last : null;
    }
}

/// <summary>Nothing more can be found out about an attempt; what ended it is among the expectations.</summary>
internal sealed class CheckEndedException : Exception;
