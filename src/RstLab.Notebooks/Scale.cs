using System.Globalization;

namespace RstLab.Notebooks;

/// <summary>An axis: maps values to pixels and knows where its ticks belong.</summary>
internal sealed class Scale
{
    private static readonly int[] Steps = [1, 2, 5, 10];

    private readonly double from, to;

    internal Scale(double min, double max, bool isLogarithmic)
    {
        IsLogarithmic = isLogarithmic;
        (from, to) = isLogarithmic ? (Math.Log10(min), Math.Log10(max)) : (min, max);
        if (to - from < 1e-12 * Math.Max(1, Math.Abs(to)))
        {
            // All values are equal: give them room on both sides.
            var room = isLogarithmic ? .5 : Math.Max(Math.Abs(to) * .5, .5);
            (from, to) = (from - room, to + room);
        }
    }

    internal bool IsLogarithmic { get; }

    /// <summary>The ends as Plotly wants them: exponents on a logarithmic axis.</summary>
    internal (double From, double To) Range => (from, to);

    internal double Place(double value, double start, double end) =>
        start + ((((IsLogarithmic ? Math.Log10(value) : value) - from) / (to - from)) * (end - start));

    /// <summary>The same axis with a little room at both ends: a curve that starts on the edge is hard to see.</summary>
    internal Scale WithMargin()
    {
        var margin = (to - from) * .03;
        return IsLogarithmic
            ? new(Math.Pow(10, from - margin), Math.Pow(10, to + margin), true)
            : new(from - margin, to + margin, false);
    }

    /// <summary>Values that divide the axis evenly on its own scale, ends included.</summary>
    internal double[] Divide(int parts) =>
        [.. Enumerable.Range(0, parts + 1).Select(i => from + ((to - from) * i / parts)).Select(v => IsLogarithmic ? Math.Pow(10, v) : v)];

    /// <summary>Round values within the axis, about as many as asked for.</summary>
    internal IReadOnlyList<double> Ticks(int wanted)
    {
        if (!IsLogarithmic)
        {
            var rough = (to - from) / wanted;
            var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
            var step = Steps.First(m => m * power >= rough * .8) * power;
            return [.. Enumerable.Range(0, wanted * 3).Select(i => (Math.Ceiling(from / step) + i) * step).TakeWhile(v => v <= to + (step * 1e-9))];
        }

        int[] within = (to - from) * 3 <= wanted + 1 ? [1, 2, 5] : (to - from) * 2 <= wanted + 1 ? [1, 3] : [1];
        var every = Math.Max(1, (int)Math.Ceiling((to - from) / wanted));
        return
        [
            .. Enumerable.Range((int)Math.Floor(from), (int)Math.Ceiling(to) - (int)Math.Floor(from) + 1).Where(e => e % every == 0)
                .SelectMany(e => within.Select(m => m * Math.Pow(10, e))).Where(v => Math.Log10(v) >= from - 1e-9 && Math.Log10(v) <= to + 1e-9),
        ];
    }

    internal static string Name(double tick) => Math.Abs(tick) switch
    {
        0 => "0",
        >= 1e9 or < 1e-4 => tick.ToString("0.##e0", CultureInfo.InvariantCulture),
        >= 1e6 => (tick / 1e6).ToString("0.##", CultureInfo.InvariantCulture) + " M",
        >= 1e4 => (tick / 1e3).ToString("0.##", CultureInfo.InvariantCulture) + " k",
        _ => Math.Round(tick, 6).ToString("0.######", CultureInfo.InvariantCulture),
    };
}
