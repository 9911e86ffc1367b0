using System.Text;

namespace RstLab.Course;

/// <summary>What the program itself can meet, beside what the library can; and the page that is written from both.</summary>
internal static class Troubleshooting
{
    internal static Obstacle NoUserNamespace { get; } = new(
        "User namespaces are switched off",
        "This system does not let an ordinary user make a network namespace (…). What needs one is shown from recordings; 'doctor' tells more.",
        """
        An ordinary user may capture and make hosts as root of a user namespace (user_namespaces(7)), where the system allows one. Here it does not; the parentheses have what unshare(1) said:

        | unshare says | because | to allow it, as root |
        |---|---|---|
        | `unshare failed: Operation not permitted`, in a container | the container engine's seccomp profile | give the container another profile, or work as its root with `NET_RAW` |
        | the same, on Debian | a sysctl of Debian's kernels | `sysctl kernel.unprivileged_userns_clone=1` |
        | `write failed /proc/self/uid_map: Operation not permitted`, on Ubuntu 23.10 and newer | AppArmor | `sysctl kernel.apparmor_restrict_unprivileged_userns=0` |
        | `unshare failed: No space left on device` | the limit is reached, or zero | `sysctl user.max_user_namespaces=15000`, and `user.max_net_namespaces` likewise |
        """,
        "Each of these sysctls is there to keep ordinary users away from parts of the kernel. On a machine that you share, ask first; a virtual machine of your own, Codespaces or a dev container do as well. Or run the program as root.");

    internal static Obstacle NoUnshare { get; } = new(
        "unshare is missing",
        "unshare(1) could not be started. What needs a network namespace is shown from recordings.",
        "The program enters its user namespace by way of unshare(1).",
        "Install the package `util-linux`, or run the program as root.");

    internal static Obstacle UnknownChapter { get; } = new(
        "An unknown chapter",
        "There is no chapter '…'. There are: …. A chapter goes by its number, its name or its file.",
        "A word on the command line is neither a command nor a chapter.",
        "`run 02` runs chapter 2; `--help` lists the commands.");

    internal static Obstacle NoChapters { get; } = new(
        "No chapters",
        "There is no chapter (a notebook whose name begins with two digits) in …. Run the program from the course's own folder, or name a notebook's file.",
        "The program looks for the course from its own place upwards, then from the current folder upwards, and found neither.",
        "`cd` into the repository, or give the notebook's path.");

    internal static Obstacle OutputHeld { get; } = new(
        "The output folder is held by another run",
        "Another run is writing to …. Wait until it has ended, or give this one a folder of its own with --output.",
        "Two runs in one folder would leave a mix of two courses. The lock ends with the process that holds it, in whatever way that ends; the file `.course.lock` may stay and means nothing by itself.",
        "Wait, or `--output` another folder. On Linux, `fuser artifacts/.course.lock` names the process.");

    internal static Obstacle OutputUnwritable { get; } = new(
        "The output folder cannot be written to",
        "The output folder … cannot be written to: … Give another one with --output.",
        "Often an earlier run as root has made `artifacts/`, and now you are an ordinary user.",
        "`sudo chown -R $USER artifacts`, or `--output` a folder of your own.");

    internal static Obstacle ChaptersAsOutput { get; } = new(
        "The output would replace the chapters",
        "The chapters themselves are in …, where the run would write over them. Give another folder with --output.",
        "A run writes the executed chapters into `notebooks/` of its output folder. You named the folder that has the chapters in a folder of that name.",
        "`--output` any other folder.");

    internal static Obstacle NotBuilt { get; } = new(
        "The library is not built",
        "NOT BUILT YET. Run 'dotnet build' in the repository's folder, then restart the kernel",
        "The first cell of a chapter loads the library from `artifacts/lib/`, and there is none. The message comes in the middle of an error CS0006, *Metadata file … could not be found*.",
        "Do what it says. Running the cell again is not enough in every kernel: that of .NET Interactive keeps the failed look-up.");

    internal static Obstacle SplitTypes { get; } = new(
        "One type is taken for two",
        "CS1503: cannot convert from 'RstLab.Notebooks.Figure […]' to 'RstLab.Notebooks.Figure […]'",
        "A `#r` that came after the first variables made the .NET Interactive kernel read the library again; the variables that it had before are of other types to it. The chapters reference everything in `setup.csx`, in their first cell, so that none comes later.",
        "Restart the kernel, and put the `#r` of your own into a cell before the one that imports `setup.csx`.");

    internal static Obstacle ForgottenAwait { get; } = new(
        "A task instead of its result",
        "This is a … whose result the cell did not wait for. Write await in front of the expression.",
        "The cell ends in a call such as `Lab.RunAsync(…)` without `await`. The experiment runs all the same, but nobody waits for it. The .NET Interactive kernel shows the fields of the compiler's state machine in its place.",
        "Write `await` in front of the call: `var recording = await Lab.RunAsync(…);`.");

    internal static Obstacle UsingDeclaration { get; } = new(
        "A using declaration in a cell",
        "`using var` works only inside a method or a lambda; at the top level use a using statement with braces, or dispose it yourself",
        "At the top level of a cell, a script reads `using` as the beginning of a `using` directive. The compiler then reports *CS1002: ; expected*, and the .NET Interactive kernel shows nothing more.",
        "`using (var socket = …) { … }`, or put the code into a method or a lambda.");

    internal static Obstacle NoPlotly { get; } = new(
        "Figures are still pictures",
        "plotly.js was not fetched (npm is missing or has no network); the site will load it from the CDN, and shows its own pictures where that cannot be reached.",
        "The build says so. Without plotly.js, pointing at a figure tells nothing; everything is in the picture and in the table below it.",
        "Install npm and build again. Behind a proxy, npm wants `npm config set proxy`.");

    private static readonly (string Title, string Text, IReadOnlyList<Obstacle> Obstacles)[] Sections =
    [
        ("What the machine does not allow", "`doctor` says these, and so does each figure that is *recorded*. None of them is a fault: the chapters run from top to bottom all the same.", Obstacle.OfTheMachine),
        ("As an ordinary user", "On Linux the program enters a user namespace of its own, where captures and two hosts are allowed. `--no-namespace` keeps it out.", [NoUserNamespace, NoUnshare]),
        ("When an experiment stops", "These are errors in the output of a cell.", Obstacle.OfAnExperiment),
        ("When the program stops", "The program says these on its error output, and ends with 1 or 2.", [UnknownChapter, NoChapters, OutputHeld, OutputUnwritable, ChaptersAsOutput]),
        ("In a notebook", "What an editor can do wrong is in [the first ten minutes](first-ten-minutes.md#when-it-does-not-start).", [NotBuilt, SplitTypes, ForgottenAwait, UsingDeclaration, NoPlotly]),
    ];

    /// <summary>Every obstacle of the page.</summary>
    internal static IEnumerable<Obstacle> All => Sections.SelectMany(section => section.Obstacles);

    /// <summary>The page, as Markdown: the site shows it, and <c>doctor --markdown</c> prints it.</summary>
    internal static string ToMarkdown()
    {
        var page = new StringBuilder("""
            # Troubleshooting

            What the program says when something is missing, what that means, and what helps. `dotnet run --project src/RstLab.Course -- doctor` looks at your machine and says which of them it has met. An ellipsis (…) stands for what differs from case to case.

            """.ReplaceLineEndings("\n"));
        foreach (var (title, text, obstacles) in Sections)
        {
            page.Append("\n## ").Append(title).Append("\n\n").Append(text).Append('\n');
            foreach (var obstacle in obstacles)
            {
                page.Append("\n### ").Append(obstacle.Title)
                    .Append("\n\n> ").Append(obstacle.Message)
                    .Append("\n\n**What it means.** ").Append(obstacle.Meaning.ReplaceLineEndings("\n"))
                    .Append("\n\n**What helps.** ").Append(obstacle.Remedy).Append('\n');
            }
        }

        return page.ToString();
    }
}
