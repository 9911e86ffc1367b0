using System.Globalization;

namespace RstLab.Notebooks;

public sealed partial class Figure
{
    private static readonly double[] Quantiles = [0, .01, .05, .25, .5, .75, .95, .99, .999, 1];

    /// <summary>How often values fall into each of a row of equal bins.</summary>
    /// <param name="table">The trials, one a row.</param>
    /// <param name="column">The column to count; its name, with the unit, titles the axis.</param>
    /// <param name="group">A column whose values divide the trials into groups; null for one group.</param>
    /// <param name="bins">How many bins, at least 2.</param>
    /// <param name="logarithmic">Whether the axis is logarithmic, with bins of equal ratio; ignored, with a note, when a value is not above 0.</param>
    /// <param name="title">The title; a general one when null.</param>
    /// <param name="caption">The sentence that says what to see; medians and tails when null.</param>
    /// <exception cref="ArgumentException">There is no such column, or no number in it.</exception>
    public static Figure Histogram(ResultTable table, string column, string? group = null, int bins = 40, bool logarithmic = false, string? title = null, string? caption = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bins, 2);
        var groups = Groups(table, column, group);
        var notes = new List<string>();
        var x = ScaleOf(groups, logarithmic, notes);
        var edges = x.Divide(bins);
        var counts = groups.Select(g => Count(g.Values, edges)).ToList();
        var chart = new CurveChart
        {
            XTitle = Markup.Unit(column),
            YTitle = "trials in the bin",
            X = x.WithMargin(),
            Y = new Scale(0, counts.Max(c => c.Max()) * 1.05, isLogarithmic: false),
            IsFilled = true,
            Curves =
            [
                .. groups.Select((g, i) =>
                {
                    List<(double X, double Y)> points = [(edges[0], 0), .. counts[i].Select((n, bin) => (edges[bin], (double)n)), (edges[^1], 0)];
                    return new CurveChart.Curve(g.Name, points, [.. points.Where((p, bin) => p.Y > counts[i].Max() * .05 && bin % 3 == i % 3)]);
                }),
            ],
        };
        var data = new Table
        {
            Caption = "Trials in each bin",
            Columns = [$"from, {column}", "to", .. groups.Select(g => g.Name)],
            Rows = [.. Enumerable.Range(0, bins).Select(bin => (IReadOnlyList<object?>)[edges[bin], edges[bin + 1], .. counts.Select(c => (object?)c[bin])])],
        };
        return Of("histogram", table, title ?? $"Distribution of {Markup.Unit(column)}", caption ?? Tell(groups, column), $"x: {Markup.Unit(column)}; y: number of trials", notes, [Spread(groups, column), data], chart);
    }

    /// <summary>The share of trials at or below each value: steep where values crowd, flat where there are none.</summary>
    /// <param name="table">The trials, one a row.</param>
    /// <param name="column">The column with the values; its name, with the unit, titles the axis.</param>
    /// <param name="group">A column whose values divide the trials into groups; null for one group.</param>
    /// <param name="logarithmic">Whether the axis is logarithmic; ignored, with a note, when a value is not above 0.</param>
    /// <param name="title">The title; a general one when null.</param>
    /// <param name="caption">The sentence that says what to see; medians and tails when null.</param>
    /// <exception cref="ArgumentException">There is no such column, or no number in it.</exception>
    public static Figure Ecdf(ResultTable table, string column, string? group = null, bool logarithmic = false, string? title = null, string? caption = null)
    {
        var groups = Groups(table, column, group);
        var notes = new List<string>();
        var chart = new CurveChart
        {
            XTitle = Markup.Unit(column),
            YTitle = "share of trials at or below",
            X = ScaleOf(groups, logarithmic, notes).WithMargin(),
            Y = new Scale(0, 1.03, isLogarithmic: false),
            IsFilled = false,
            Curves = [.. groups.Select(g => new CurveChart.Curve(g.Name, Steps(g.Values), [.. Steps(g.Values).Where((_, i) => i % Math.Max(1, Math.Min(g.Values.Length, 400) / 6) == 0)]))],
        };
        return Of("ecdf", table, title ?? $"Cumulative distribution of {Markup.Unit(column)}", caption ?? Tell(groups, column), $"x: {Markup.Unit(column)}; y: share of trials, from 0 to 1", notes, [Spread(groups, column)], chart);
    }

    /// <summary>A bar for each category, and for each group in it.</summary>
    /// <param name="table">The results, one bar a row.</param>
    /// <param name="category">The column that names the categories.</param>
    /// <param name="value">The column with the lengths; its name, with the unit, titles the axis.</param>
    /// <param name="group">A column that names the groups in each category; null for one bar each.</param>
    /// <param name="error">A column with half the length of each bar's whisker, in the value's unit; null for none.</param>
    /// <param name="title">The title; a general one when null.</param>
    /// <param name="caption">The sentence that says what to see; the largest and the smallest when null.</param>
    /// <exception cref="ArgumentException">There is no such column, or no row.</exception>
    public static Figure Bars(ResultTable table, string category, string value, string? group = null, string? error = null, string? title = null, string? caption = null)
    {
        ArgumentNullException.ThrowIfNull(table);
        if (table.Rows.Count == 0)
        {
            throw new ArgumentException($"Table {table.Id} has no rows to draw.", nameof(table));
        }

        var (categories, groups, values) = (table.Texts(category), group is null ? null : table.Texts(group), table.Numbers(value));
        var errors = error is null ? null : table.Numbers(error);
        var chart = new BarChart
        {
            ValueTitle = Markup.Unit(value),
            Bars = [.. values.Select((v, i) => new BarChart.Bar(categories[i], groups?[i] ?? "", v, errors?[i]))],
        };
        var (most, least) = (chart.Bars.MaxBy(b => b.Value)!, chart.Bars.MinBy(b => b.Value)!);
        string Name(BarChart.Bar bar) => $"{bar.Category}{(bar.Group.Length == 0 ? "" : $", {bar.Group}")} with {Markup.Value(bar.Value)}";
        var name = title ?? $"{value} by {category}";
        var (data, layout) = chart.Plotly(name, category);
        return new()
        {
            Kind = "bars",
            Title = name,
            Caption = caption ?? $"{Markup.Unit(value)}: the largest is {Name(most)}, the smallest {Name(least)}.",
            Units = $"{Markup.Unit(value)}{(error is null ? "" : $"; whiskers: {error}")}",
            Tables = [new() { Caption = table.Id, Columns = table.Columns, Rows = table.Rows }],
            Environment = table.Environment,
            Evidence = table.Evidence == Evidence.Recorded ? Evidence.Recorded : Evidence.Live,
            Notes = NotesOf(table, []),
            Data = data,
            Layout = layout,
            Draw = chart.Draw,
        };
    }

    /// <summary>A bar for each category, from values that the cell worked out itself.</summary>
    /// <param name="id">A name for the data in kebab case that begins with the chapter's number.</param>
    /// <param name="title">The title.</param>
    /// <param name="category">What the categories are.</param>
    /// <param name="value">What the lengths are, with the unit in parentheses.</param>
    /// <param name="environment">Where it was measured, such as <see cref="ResultTable.Environment"/>.</param>
    /// <param name="bars">The bars, top to bottom.</param>
    /// <param name="evidence">Whether it was measured in this run.</param>
    /// <param name="caption">The sentence that says what to see; the largest and the smallest when null.</param>
    /// <exception cref="ArgumentException">There is no bar.</exception>
    public static Figure Bars(
        string id, string title, string category, string value, LabEnvironment environment, IEnumerable<(string Category, double Value)> bars, Evidence evidence = Evidence.Live, string? caption = null) =>
        Bars(
            new ResultTable { Id = id, Columns = [category, value], Rows = [.. bars.Select(b => (IReadOnlyList<object?>)[b.Category, b.Value])], Environment = environment, Evidence = evidence },
            category, value, title: title, caption: caption);

    private static Figure Of(string kind, ResultTable table, string title, string caption, string units, List<string> notes, IReadOnlyList<Table> tables, CurveChart chart)
    {
        var (data, layout) = chart.Plotly(title);
        return new()
        {
            Kind = kind,
            Title = title,
            Caption = caption,
            Units = units,
            Tables = tables,
            Environment = table.Environment,
            Evidence = table.Evidence == Evidence.Recorded ? Evidence.Recorded : Evidence.Live,
            Notes = NotesOf(table, notes),
            Data = data,
            Layout = layout,
            Draw = chart.Draw,
        };
    }

    private static List<string> NotesOf(ResultTable table, List<string> notes) => table.Evidence == Evidence.Recorded
        ? [string.Create(CultureInfo.InvariantCulture, $"Recorded, not live: these results ship with the course, made on {table.Environment.Kernel} with {table.Environment.Runtime} on {table.Environment.Date:yyyy-MM-dd}."), .. notes]
        : notes;

    /// <summary>The finite numbers of a column in ascending order, by group, in the order that the groups appear.</summary>
    private static List<(string Name, double[] Values)> Groups(ResultTable table, string column, string? group)
    {
        ArgumentNullException.ThrowIfNull(table);
        var (values, names) = (table.Texts(column), group is null ? null : table.Texts(group));
        var groups = values.Select((v, i) => (Name: names?[i] ?? "trials", Value: v.Length == 0 ? double.NaN : double.Parse(v, CultureInfo.InvariantCulture)))
            .Where(v => double.IsFinite(v.Value)).GroupBy(v => v.Name).Select(g => (g.Key, g.Select(v => v.Value).Order().ToArray())).ToList();
        return groups.Count > 0 ? groups : throw new ArgumentException($"Table {table.Id} has no number in column '{column}'; there is nothing to draw.", nameof(column));
    }

    private static Scale ScaleOf(List<(string Name, double[] Values)> groups, bool log, List<string> notes)
    {
        var (min, max) = (groups.Min(g => g.Values[0]), groups.Max(g => g.Values[^1]));
        if (log && min <= 0)
        {
            notes.Add($"The axis is linear: the smallest value is {Markup.Value(min)}, and a logarithmic axis starts above 0.");
            log = false;
        }

        return new(min, max, log);
    }

    /// <summary>How many values lie from each edge up to the next; the last bin includes its end.</summary>
    private static int[] Count(double[] values, double[] edges)
    {
        var counts = new int[edges.Length - 1];
        foreach (var value in values)
        {
            var found = Array.BinarySearch(edges, value);
            counts[Math.Clamp(found >= 0 ? found : ~found - 1, 0, counts.Length - 1)]++;
        }

        return counts;
    }

    /// <summary>The steps of a cumulative distribution; of many trials, 400 evenly chosen by rank, with both ends.</summary>
    private static List<(double X, double Y)> Steps(double[] sorted)
    {
        var steps = Math.Min(sorted.Length, 400);
        return [(sorted[0], 0), .. Enumerable.Range(1, steps).Select(i => (int)((long)i * sorted.Length / steps)).Select(rank => (sorted[rank - 1], (double)rank / sorted.Length))];
    }

    private static double Quantile(double[] sorted, double share) => sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];

    private static Table Spread(List<(string Name, double[] Values)> groups, string column) => new()
    {
        Caption = $"Quantiles of {column}: the value that the share of trials does not exceed",
        Columns = ["group", "trials", .. Quantiles.Select(q => q switch { 0 => "min", .5 => "median", 1 => "max", _ => string.Create(CultureInfo.InvariantCulture, $"{q * 100:0.#} %") })],
        Rows = [.. groups.Select(g => (IReadOnlyList<object?>)[g.Name, g.Values.Length, .. Quantiles.Select(q => (object?)Quantile(g.Values, q))])],
    };

    private static string Tell(List<(string Name, double[] Values)> groups, string column) => $"{Markup.Unit(column)}: " + string.Join("; ", groups.Select(g =>
        string.Create(CultureInfo.InvariantCulture, $"{(groups.Count > 1 ? $"{g.Name}: " : "")}{g.Values.Length} trials, median {Markup.Value(Quantile(g.Values, .5))}, 99 % at or below {Markup.Value(Quantile(g.Values, .99))}, largest {Markup.Value(g.Values[^1])}"))) + ".";
}
