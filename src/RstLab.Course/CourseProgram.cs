using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using RstLab.Course.Jupyter;
using RstLab.Course.Lint;
using RstLab.Course.Site;
using Spectre.Console;

namespace RstLab.Course;

/// <summary>The command line.</summary>
internal sealed class CourseProgram(CourseFolder folder, TextWriter output, TextWriter error)
{
    /// <summary>Something failed, or a claim broke.</summary>
    internal const int Failed = 1;

    /// <summary>The command line was wrong.</summary>
    internal const int Usage = 2;

    /// <summary>Ended by Ctrl-C or by SIGTERM, as shells count it.</summary>
    internal const int Interrupted = 130, Terminated = 143;

    /// <summary>Opens the lab of a chapter in a test; null for the real one.</summary>
    internal Func<CancellationToken, ILabScope>? Lab { get; init; }

    internal TimeSpan TimeLimit { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Whether chapters are run by a process of their own, which this one outlives.</summary>
    internal bool Supervises { get; init; }

    /// <summary>Who this process runs the chapters for; null when it runs them by itself, or none.</summary>
    internal Worker? Worker { get; init; }

    private readonly Argument<string[]> chapters = new("chapter") { Description = "The chapters to run, by number (01), name (01-nobody-listening) or file; all of them when none is named.", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<bool> record = new("--record") { Description = "Run live with every witness, and renew the recordings and tables that ship in data/.", Recursive = true };
    private readonly Option<bool> replay = new("--replay") { Description = "Run nothing live: show the recordings that ship in data/.", Recursive = true };
    private readonly Option<string?> outputFolder = new("--output") { Description = "The folder for what the run leaves behind; artifacts/ of the course when not given.", HelpName = "folder", Arity = ArgumentArity.ExactlyOne, Recursive = true };
    private readonly Option<bool> noNamespace = new("--no-namespace") { Description = "As an ordinary user on Linux, stay in the machine's own network namespace, without captures.", Recursive = true };

    private readonly Option<bool> markdown = new("--markdown") { Description = "Look at nothing, and print the page on troubleshooting: every message, what it means and what helps." };

    private readonly Argument<string[]> lintFiles = new("file") { Description = "The notebooks, scripts and pages to check; everything in notebooks/ when none is named.", Arity = ArgumentArity.ZeroOrMore };

    private readonly Argument<string?> exercise = new("exercise") { Description = "The exercise's id; all of them when none is named.", Arity = ArgumentArity.ZeroOrOne };

    /// <summary>Runs the program and returns its exit code.</summary>
    internal async Task<int> RunAsync(string[] arguments, CancellationToken cancellation = default)
    {
        // A misspelt option must not pass as a chapter's name.
        chapters.Validators.Add(found =>
        {
            foreach (var token in found.Tokens.Where(token => token.Value.StartsWith('-')))
            {
                found.AddError($"There is no option '{token.Value}'.");
            }
        });
        var run = new Command("run", "Run chapters and write the course's site (what happens when no command is given).") { chapters };
        var kernel = new KernelCommand(folder, noNamespace, output, error);
        var doctor = new Command("doctor", "Tell what this machine can witness, why not where not, and what would enable it.") { markdown };
        var lint = new Command("lint", "Check that the notebooks run unchanged in every executor of C# notebooks, that their links lead somewhere, and that translations are complete and of the text that is there now.") { lintFiles };
        var reset = new Command("reset", "Forget that exercises were passed: one, or all of them.") { exercise };
        var progress = new Command("progress", "Tell which exercises you have passed in notebooks.") { reset };
        var pictures = new Command("pictures", "Draw the pictures in data/figures anew, from the recordings and tables that ship.");
        var root = new RootCommand("RST Lab: run the chapters on this machine's own kernel.") { chapters, record, replay, outputFolder, noNamespace, run, doctor, lint, pictures, progress, kernel.Create() };
        run.SetAction((parsed, stop) => RunChaptersAsync(parsed, arguments, stop));
        root.SetAction((parsed, stop) => RunChaptersAsync(parsed, arguments, stop));
        doctor.SetAction(parsed => Doctor(parsed, arguments));
        progress.SetAction(_ => TellProgress(Notebooks.Progress.Show));
        pictures.SetAction((_, stop) => DrawPicturesAsync(stop));
        reset.SetAction(parsed => TellProgress(() => Notebooks.Progress.Reset(parsed.GetValue(exercise))));
        lint.SetAction(parsed => Lint(parsed.GetValue(lintFiles) ?? []));

        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0 || (parsed.GetValue(record) && parsed.GetValue(replay)))
        {
            foreach (var message in parsed.Errors.Select(e => e.Message).DefaultIfEmpty("--record and --replay exclude each other."))
            {
                error.WriteLine(message);
            }

            error.WriteLine("See --help.");
            return Usage;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var code = Interrupted;
        var asked = 0L;
        void Stop(PosixSignalContext signal)
        {
            if (signal.Signal == PosixSignal.SIGINT && kernel.Interrupt())
            {
                signal.Cancel = true; // to a kernel it means: stop the cell
                return;
            }

            // The first one ends the run in order; a later one is left to the system. Wrappers such as timeout(1) send each twice.
            var now = Environment.TickCount64;
            var first = Interlocked.CompareExchange(ref asked, now, 0);
            signal.Cancel = first == 0 || now - first < 1000;
            code = signal.Signal == PosixSignal.SIGTERM ? Terminated : Interrupted;
            stop.Cancel();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        var result = await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = error, ProcessTerminationTimeout = null }, stop.Token).ConfigureAwait(false);
        return stop.IsCancellationRequested ? code : result;
    }

    private async Task<int> RunChaptersAsync(ParseResult parsed, string[] arguments, CancellationToken stop)
    {
        IReadOnlyList<string> notebooks;
        try
        {
            notebooks = folder.Resolve(parsed.GetValue(chapters) ?? []);
        }
        catch (UnknownChapterException e)
        {
            error.WriteLine(e.Message);
            return Usage;
        }

        if (Supervises)
        {
            return Supervise(parsed, arguments, notebooks, stop);
        }

        Rootless.Settle();
        if (!parsed.GetValue(replay) && Machine.WhyNothingRuns() is { } obstacle)
        {
            error.WriteLine(obstacle);
            return Failed;
        }

        try
        {
            using var place = OutputFolder.Open(parsed.GetValue(outputFolder) ?? folder.Artifacts, notebooks);
            var mode = ModeOf(parsed);
            var fresh = Path.Combine(place.Path, "recorded");
            if (mode == LabMode.Record && Directory.Exists(fresh))
            {
                Directory.Delete(fresh, recursive: true); // of a recording that failed
            }

            var result = await RunWithProgressAsync(notebooks, mode, mode == LabMode.Record ? fresh : folder.Data, stop).ConfigureAwait(false);
            if (stop.IsCancellationRequested)
            {
                error.WriteLine("Interrupted; nothing was written.");
                return Interrupted;
            }

            place.WriteChapters(result);
            place.WriteSummary(result);
            var index = SiteWriter.Write(result, place.Path, Path.GetDirectoryName(notebooks[0]));
            result = CourseRun.Measured(Worker, result);
            place.WriteSummary(result); // again, now that the whole is measured
            Tell(result, index);
            if (mode == LabMode.Record)
            {
                Ship(fresh, result.Passed);
                return result.Passed ? await DrawPicturesAsync(stop).ConfigureAwait(false) : Failed;
            }

            return result.Passed ? 0 : Failed;
        }
        catch (Exception e) when (e is OutputFolderException or OverlayException or IOException or UnauthorizedAccessException)
        {
            error.WriteLine(e.Message);
            return Failed;
        }
    }

    /// <summary>Has the chapters run by a process of their own, in a namespace of its own where that is needed and allowed.</summary>
    private int Supervise(ParseResult parsed, string[] arguments, IReadOnlyList<string> notebooks, CancellationToken stop)
    {
        string? why = null;
        var command = MayUnshare(parsed) ? Rootless.Command(arguments, out why) : null;
        Warn(why);
        return new Supervisor(command ?? [.. Rootless.Self(), .. arguments], CourseRun.FilesOf(notebooks), error).Run(stop);
    }

    /// <summary>What was recorded replaces what ships, but only if all of it is good.</summary>
    private void Ship(string fresh, bool passed)
    {
        if (!passed)
        {
            output.WriteLine($"{folder.Data} was left as it is. What was recorded is in {fresh}");
            return;
        }

        foreach (var file in Directory.EnumerateFiles(fresh, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(folder.Data, Path.GetRelativePath(fresh, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Move(file, target, overwrite: true);
        }

        Directory.Delete(fresh, recursive: true);
        output.WriteLine($"Recorded into {folder.Data}");
    }

    private async Task<CourseResult> RunWithProgressAsync(IReadOnlyList<string> notebooks, LabMode mode, string data, CancellationToken stop)
    {
        // A cell may block its thread for as long as an experiment waits; the others must not wait for the pool to grow.
        ThreadPool.GetMinThreads(out var workers, out var completions);
        ThreadPool.SetMinThreads(Math.Max(workers, 16), completions);
        _ = Task.Run(SiteWriter.WarmUp, CancellationToken.None);
        var environment = Machine.Environment();
        var openLab = Lab ?? (ending => new LabScope(new LabSession { Mode = mode, DataFolder = data, Cancellation = ending }));
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        if (Console.IsOutputRedirected || !ReferenceEquals(output, Console.Out) || !console.Profile.Capabilities.Ansi)
        {
            // A terminal that cannot move its cursor, such as TERM=dumb, would show the table again with each change.
            return await new CourseRun(openLab, new PlainProgress(output)) { TimeLimit = TimeLimit, Worker = Worker }.RunAsync(notebooks, environment, stop).ConfigureAwait(false);
        }

        var table = new TableProgress(console, [.. notebooks.Select(file => Path.GetFileNameWithoutExtension(file)!)]);
        return await table.WhileAsync(new CourseRun(openLab, table) { TimeLimit = TimeLimit, Worker = Worker }.RunAsync(notebooks, environment, stop)).ConfigureAwait(false);
    }

    private LabMode ModeOf(ParseResult parsed) => parsed.GetValue(record) ? LabMode.Record : parsed.GetValue(replay) ? LabMode.Replay : LabMode.Live;

    private int Doctor(ParseResult parsed, string[] arguments)
    {
        if (parsed.GetValue(markdown))
        {
            output.Write(Troubleshooting.ToMarkdown());
            return 0;
        }

        if (MayUnshare(parsed))
        {
            Warn(Rootless.Enter(() => arguments));
        }

        output.WriteLine(Machine.Environment());
        var capabilities = Machine.Capabilities();
        foreach (var capability in capabilities)
        {
            output.WriteLine($"{(capability.Available ? "yes" : "no "),-4}{capability.Name,-16}{capability.WhyNot ?? capability.Gives}");
        }

        if (capabilities.Any(capability => !capability.Available))
        {
            output.WriteLine("What each of these means, and what helps: doctor --markdown, or the page Troubleshooting of the site.");
        }

        return 0;
    }

    private int Lint(string[] files)
    {
        var all = files.Length == 0 ? NotebookLint.In(Path.Combine(folder.Root, "notebooks")) : files;
        try
        {
            var findings = all.SelectMany(file => NotebookLint.Check(file, files.Length == 0 ? Path.GetRelativePath(folder.Root, file) : file)).ToList();
            findings.ForEach(output.WriteLine);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{all.Count} files, {findings.Count} findings."));
            return findings.Count == 0 ? 0 : Failed;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            error.WriteLine(e.Message);
            return Usage;
        }
    }

    private async Task<int> DrawPicturesAsync(CancellationToken stop)
    {
        var pictures = new Pictures(folder);
        try
        {
            var drawn = await pictures.RenewAsync(stop).ConfigureAwait(false);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Drew {drawn} pictures into {pictures.Folder}"));
            return 0;
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            error.WriteLine(e.Message);
            return Failed;
        }
    }

    private int TellProgress(Func<Notebooks.Table> progress)
    {
        try
        {
            output.WriteLine(progress());
            return 0;
        }
        catch (Exception e) when (e is ArgumentException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            error.WriteLine(e is ArgumentException ? e.Message.Split(" (Parameter", 2)[0] : e.Message);
            return e is ArgumentException ? Usage : Failed;
        }
    }

    private bool MayUnshare(ParseResult parsed) => !parsed.GetValue(replay) && !parsed.GetValue(noNamespace);

    private void Warn(string? why)
    {
        if (why is not null)
        {
            error.WriteLine(why);
        }
    }

    private static string Solved(List<ExerciseResult> exercises)
    {
        var judged = exercises.Count(exercise => exercise.Solution is not null);
        var unjudged = judged == exercises.Count ? "" : string.Create(CultureInfo.InvariantCulture, $" ({exercises.Count - judged} more cannot be judged here)");
        return exercises.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{exercises.Count(exercise => exercise.Solution == Notebooks.AttemptStatus.Passed)} of {judged} solutions passed{unjudged}, ");
    }

    private void Tell(CourseResult result, string index)
    {
        foreach (var chapter in result.Chapters)
        {
            foreach (var wrong in chapter.Errors)
            {
                error.WriteLine($"{chapter.Id}: {wrong}");
            }

            foreach (var claim in chapter.Claims.Where(claim => !claim.Holds))
            {
                error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{chapter.Id}: cell {claim.Cell}: broken claim {claim.Id}: {claim.Text}{(claim.Detail is null ? "" : $" ({claim.Detail})")}"));
            }
        }

        var claims = result.Chapters.SelectMany(chapter => chapter.Claims).ToList();
        var exercises = result.Chapters.SelectMany(chapter => chapter.Exercises).ToList();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{result.Chapters.Count(chapter => chapter.Passed)} of {result.Chapters.Count} chapters passed, {Solved(exercises)}{claims.Count(claim => claim.Holds)} of {claims.Count} claims held, {result.Seconds:0.0} s, {result.PeakMemoryMb:0} MiB at most."));
        output.WriteLine($"Read it: {index}");
    }
}
