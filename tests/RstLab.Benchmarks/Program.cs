using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using RstLab;

const string usage = """
    usage: dotnet run -c Release --project tests/RstLab.Benchmarks -- [options]
      --c PATH           the C floor's source (default: ../shared/bench/rst_trials.c beside the repository)
      --runs N           runs of each side, alternating (default 25)
      --trials N         trials of one run (default 4000)
      --wire-trials N    trials of the long run under the wire witness (default 200000; 0 leaves it out)
      --memory N         trials of the longest memory run (default 100000; 0 leaves it out)
    """;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var root = RepositoryRoot();
var source = Path.Combine(root, "..", "shared", "bench", "rst_trials.c");
var (runs, trials, wireTrials, memoryTrials) = (25, 4_000, 200_000, 100_000);
for (var i = 0; i < args.Length; i += 2)
{
    var value = i + 1 < args.Length ? args[i + 1] : null;
    var number = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : -1;
    switch (args[i])
    {
        case "--c" when value is not null: source = value; break;
        case "--runs" when number > 0: runs = number; break;
        case "--trials" when number > 0: trials = number; break;
        case "--wire-trials" when number >= 0: wireTrials = number; break;
        case "--memory" when number >= 0: memoryTrials = number; break;
        default:
            Console.Error.WriteLine($"{args[i]} {value}".TrimEnd() + " is not understood.\n" + usage);
            return 2;
    }
}

if (!OperatingSystem.IsLinux())
{
    Console.Error.WriteLine("The benchmarks compare against a C program for Linux and read its /proc: they run on Linux.");
    return 2;
}

using var cancelled = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    cancelled.Cancel();
};
var wireWhyNot = WireWitness.WhyNot();
try
{
    Console.WriteLine($"{Machine.Environment()}\n");
    var (floor, whyNoFloor) = await BuildFloor();
    if (whyNoFloor is not null)
    {
        Console.WriteLine($"The comparison with C is skipped: {whyNoFloor}\n");
    }

    if (wireWhyNot is not null)
    {
        Console.WriteLine($"The runs under the wire witness are skipped: {wireWhyNot}\n");
    }

    await Speed(floor);
    Calls();
    if (wireTrials > 0 && wireWhyNot is null)
    {
        Drops();
    }

    if (memoryTrials > 0)
    {
        Memory();
    }

    return 0;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("Cancelled.");
    return 130;
}

async Task Speed(string? floor)
{
    Console.WriteLine($"## Trials per second: {runs} alternating runs of {trials} trials each\n");
    Console.WriteLine("| conversation | through | min | median | max | of C (medians) | goal | CPU time of a trial (us) |");
    Console.WriteLine("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    foreach (var (kind, name, goal) in new[]
    {
        (TrialKind.Refused, "refused", 0.6), (TrialKind.RefusedWithoutException, "refused", double.NaN),
        (TrialKind.RefusedNatively, "refused", double.NaN),
        (TrialKind.BrokenPipe, "broken-pipe", 0.85), (TrialKind.Aborted, "aborted", 0.85),
    })
    {
        // The just-in-time compiler is done with a loop after some thousand calls and a pause for its background thread.
        for (var i = 0; i < 4; i++)
        {
            Library(kind, 3000, watched: i % 2 == 1);
            await Task.Delay(200, cancelled.Token);
        }

        Side c = new("C"), library = new("RstLab"), watched = new("RstLab, wire witness on");
        for (var i = 0; i < runs; i++)
        {
            if (floor is not null)
            {
                var before = ChildrenCpu();
                c.PerSecond.Add(await Floor(floor, name));
                c.Cpu += ChildrenCpu() - before;
            }

            foreach (var side in wireWhyNot is null ? new[] { library, watched } : [library])
            {
                var before = Environment.CpuUsage.TotalTime;
                side.PerSecond.Add(Library(kind, trials, watched: side == watched));
                side.Cpu += Environment.CpuUsage.TotalTime - before;
            }
        }

        Row(name, c, c, double.NaN);
        Row(kind.ToString(), library, c, goal);
        Row(kind.ToString(), watched, c, double.IsNaN(goal) ? goal : 0.6);
    }

    Console.WriteLine();
}

void Row(string conversation, Side side, Side floor, double goal)
{
    if (side.PerSecond.Count > 0)
    {
        var ratio = floor.PerSecond.Count == 0 || side == floor ? "" : $"{Median(side.PerSecond) / Median(floor.PerSecond):F2}";
        var cpu = side.Cpu.TotalMicroseconds / ((double)runs * trials);
        Console.WriteLine($"| {conversation} | {side.Through} | {side.PerSecond.Min():F0} | {Median(side.PerSecond):F0} | {side.PerSecond.Max():F0} | {ratio} | {(double.IsNaN(goal) ? "" : $"{goal:F2}")} | {cpu:F1} |");
    }
}

double Library(TrialKind kind, int count, bool watched)
{
    using var wire = watched && wireWhyNot is null ? new WireWitness(WireWitness.Loopback, Stopwatch.GetTimestamp(), keep: false) : null;
    var run = Trials.Run(kind, count, keepTimes: false, wire, cancelled.Token);
    return wire is null or { Dropped: 0 } ? run.PerSecond : throw new InvalidOperationException($"The wire witness dropped {wire.Dropped} frames.");
}

async Task<double> Floor(string program, string name)
{
    // Its line: scenario N seconds "s" trials/s ..., all over its own loop as TrialRun.PerSecond is over the library's. The seconds are
    // rounded to a millisecond, the rate is not.
    var (exitCode, output) = await Execute(program, name, trials.ToString(CultureInfo.InvariantCulture));
    var words = output.Split(' ');
    return exitCode == 0 && words.Length > 4 && double.TryParse(words[4], CultureInfo.InvariantCulture, out var rate)
        ? rate
        : throw new InvalidOperationException($"rst_trials {name} ended with {exitCode} and said: {output}");
}

void Calls()
{
    Console.WriteLine($"## Where a trial's time goes: microseconds of one run of {trials} trials\n");
    Console.WriteLine("| conversation | call | median | mean | min | max | errors |");
    Console.WriteLine("| --- | --- | ---: | ---: | ---: | ---: | --- |");
    foreach (var kind in Enum.GetValues<TrialKind>())
    {
        var run = Trials.Run(kind, trials, cancellation: cancelled.Token);
        foreach (var call in run.Calls)
        {
            // The kept time of a trial is that of the call that failed.
            var median = call.Errors.Count > 0 ? $"{Median(run.Trials.Select(t => t.Elapsed / 1e3)):F1}" : "";
            var errors = string.Join(", ", call.Errors.Select(e => $"{Errno.Name(e.Errno)} {e.Count}"));
            Console.WriteLine($"| {kind} | {call.Who} {call.Call} | {median} | {call.Total / 1e3 / call.Count:F1} | {call.Min / 1e3:F1} | {call.Max / 1e3:F1} | {errors} |");
        }
    }

    Console.WriteLine();
}

void Drops()
{
    using var wire = new WireWitness(WireWitness.Loopback, Stopwatch.GetTimestamp(), keep: false);
    var run = Trials.Run(TrialKind.BrokenPipe, wireTrials, keepTimes: false, wire, cancelled.Token);
    Console.WriteLine($"## A long run under the wire witness\n\n| conversation | trials | per second | segments seen | resets seen | dropped |\n| --- | ---: | ---: | ---: | ---: | ---: |");
    Console.WriteLine($"| {TrialKind.BrokenPipe} | {run.Count} | {run.PerSecond:F0} | {wire.Seen} | {wire.Resets} | {wire.Dropped} |\n");
}

void Memory()
{
    Console.WriteLine("## Memory after a run that keeps only the summary\n\n| conversation | trials | allocated for each (bytes) | managed heap after (KiB) | resident set after (MiB) |\n| --- | ---: | ---: | ---: | ---: |");
    foreach (var kind in Enum.GetValues<TrialKind>())
    {
        foreach (var count in new[] { memoryTrials / 100, memoryTrials / 10, memoryTrials }.Where(c => c > 0))
        {
            var allocated = GC.GetTotalAllocatedBytes(precise: true);
            Trials.Run(kind, count, keepTimes: false, cancellation: cancelled.Token);
            allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
            var resident = Environment.WorkingSet;
            Console.WriteLine($"| {kind} | {count} | {(double)allocated / count:F0} | {GC.GetTotalMemory(forceFullCollection: true) / 1024} | {resident / 1048576.0:F1} |");
        }
    }

    Console.WriteLine();
}

async Task<(string? Program, string? WhyNot)> BuildFloor()
{
    if (!File.Exists(source))
    {
        return (null, $"there is no {source}; --c names another place.");
    }

    var program = Path.Combine(root, "artifacts", "bench", "rst_trials");
    Directory.CreateDirectory(Path.GetDirectoryName(program)!);
    try
    {
        var (exitCode, output) = await Execute("cc", "-O2", "-o", program, source);
        return exitCode == 0 ? (program, null) : (null, $"cc -O2 ended with {exitCode}: {output}");
    }
    catch (Win32Exception)
    {
        return (null, "there is no C compiler (cc) on the path.");
    }
}

async Task<(int ExitCode, string Output)> Execute(string file, params string[] arguments)
{
    using var process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
    try
    {
        var output = process.StandardOutput.ReadToEndAsync(cancelled.Token);
        var errors = process.StandardError.ReadToEndAsync(cancelled.Token);
        var text = await output + await errors;
        await process.WaitForExitAsync(cancelled.Token);
        return (process.ExitCode, text.Trim());
    }
    catch (OperationCanceledException)
    {
        process.Kill();
        throw;
    }
}

// User and system time of the children that have been waited for, in hundredths of a second (proc_pid_stat(5), fields 16 and 17).
static TimeSpan ChildrenCpu()
{
    var stat = File.ReadAllText("/proc/self/stat");
    var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
    return TimeSpan.FromMilliseconds(10 * (long.Parse(fields[13], CultureInfo.InvariantCulture) + long.Parse(fields[14], CultureInfo.InvariantCulture)));
}

static double Median(IEnumerable<double> values)
{
    var sorted = values.Order().ToArray();
    return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
}

static string RepositoryRoot()
{
    for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
    {
        if (File.Exists(Path.Combine(folder.FullName, "RstLab.slnx")))
        {
            return folder.FullName;
        }
    }

    return Environment.CurrentDirectory;
}

internal sealed class Side(string through)
{
    internal string Through { get; } = through;

    internal List<double> PerSecond { get; } = [];

    internal TimeSpan Cpu { get; set; }
}
