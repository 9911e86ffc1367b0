using System.CommandLine;
using System.Text.RegularExpressions;

namespace RstLab.Course.Jupyter;

/// <summary>The command <c>kernel</c>: install, uninstall, and what Jupyter itself starts.</summary>
internal sealed partial class KernelCommand(CourseFolder course, Option<bool> noNamespace, TextWriter output, TextWriter error)
{
    private readonly Option<string?> name = new("--name") { Description = $"The kernel's name for Jupyter; {KernelSpec.OwnName} when not given, and {KernelSpec.SharedName} too where nobody else has it.", HelpName = "name" };
    private readonly Option<bool> user = new("--user") { Description = "For this user only (the default)." };
    private readonly Option<string?> prefix = new("--prefix") { Description = "For everybody who uses the installation in this folder, such as /usr/local or a virtual environment.", HelpName = "folder" };
    private readonly Option<string> connectionFile = new("--connection-file") { Description = "The file that Jupyter wrote.", HelpName = "file", Required = true };
    private readonly Option<string?> inherited = new("--inherited") { Description = "The sockets that the kernel brings along into a network namespace.", Hidden = true };
    private JupyterKernel? running;

    /// <summary>Interrupts the cell of the kernel that runs in this process; false where none does.</summary>
    internal bool Interrupt()
    {
        running?.Interrupt();
        return running is not null;
    }

    internal Command Create()
    {
        name.Validators.Add(found =>
        {
            if (found.Tokens is [{ Value: var value }] && !Name().IsMatch(value))
            {
                found.AddError($"'{value}' is no name for a kernel: letters, digits, '.', '-' and '_' make one.");
            }
        });
        var install = new Command("install", "Let Jupyter find this kernel.") { name, user, prefix };
        var uninstall = new Command("uninstall", "Remove what install made, and nothing else.") { name, user, prefix };
        var run = new Command("run", "Be the kernel of one notebook. Jupyter starts this.") { connectionFile, inherited };
        foreach (var command in new[] { install, uninstall })
        {
            command.Validators.Add(found =>
            {
                if (found.GetValue(user) && found.GetValue(prefix) is not null)
                {
                    found.AddError("--user and --prefix exclude each other.");
                }
            });
        }

        install.SetAction(Install);
        uninstall.SetAction(Uninstall);
        run.SetAction(RunAsync);
        return new Command("kernel", "Use the course's own C# kernel in Jupyter.") { install, uninstall, run };
    }

    private int Install(ParseResult parsed)
    {
        var spec = new KernelSpec(Folder(parsed), Program());
        try
        {
            output.WriteLine($"installed {spec.Install(parsed.GetValue(name) ?? KernelSpec.OwnName)}");
            if (parsed.GetValue(name) is null)
            {
                output.WriteLine(spec.IsFree(KernelSpec.SharedName, KernelSpec.KnownFolders)
                    ? $"installed {spec.Install(KernelSpec.SharedName)}"
                    : $"left alone {KernelSpec.SharedName}, which another program provides: choose \"C# (RST Lab)\" in the notebook's Kernel menu");
            }

            output.WriteLine($"It starts {Program()[0]}: install it again when this folder has moved.");
            return 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            error.WriteLine($"Nothing more was installed: {e.Message}");
            return CourseProgram.Failed;
        }
    }

    private int Uninstall(ParseResult parsed)
    {
        try
        {
            var gone = new KernelSpec(Folder(parsed), Program()).Uninstall(parsed.GetValue(name));
            foreach (var folder in gone)
            {
                output.WriteLine($"removed {folder}");
            }

            if (gone.Count == 0)
            {
                output.WriteLine($"There is no kernel of this program in {Folder(parsed)}.");
            }

            return 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            error.WriteLine($"Not all was removed: {e.Message}");
            return CourseProgram.Failed;
        }
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        try
        {
            var path = parsed.GetValue(connectionFile)!;
            var connection = ConnectionFile.Load(path);
            using var listeners = parsed.GetValue(inherited) is { } descriptors ? KernelListeners.Adopt(descriptors) : KernelListeners.Bind(connection);
            if (!parsed.GetValue(noNamespace) && Rootless.Enter(() => ["kernel", "run", "--connection-file", path, "--inherited", listeners.HandOver()]) is { } why)
            {
                await error.WriteLineAsync(why).ConfigureAwait(false);
            }

            var kernel = new JupyterKernel(connection, listeners, Environment.CurrentDirectory, course.Data);
            await using (kernel.ConfigureAwait(false))
            {
                running = kernel;
                using var orphaned = CancellationTokenSource.CreateLinkedTokenSource(stop);
                _ = EndWithAsync(Environment.GetEnvironmentVariable("JPY_PARENT_PID"), orphaned);
                return await kernel.RunAsync(orphaned.Token).ConfigureAwait(false);
            }
        }
        catch (InvalidDataException e)
        {
            await error.WriteLineAsync(e.Message).ConfigureAwait(false);
            return CourseProgram.Failed;
        }
    }

    /// <summary>A kernel whose Jupyter died is nobody's; it ends too.</summary>
    private static async Task EndWithAsync(string? parent, CancellationTokenSource end)
    {
        try
        {
            if (int.TryParse(parent, out var id) && id > 1)
            {
                using var process = System.Diagnostics.Process.GetProcessById(id);
                await process.WaitForExitAsync(end.Token).ConfigureAwait(false);
                await end.CancelAsync().ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or OperationCanceledException or ObjectDisposedException)
        {
            // It was gone before, or we end first.
        }
    }

    private string Folder(ParseResult parsed) => parsed.GetValue(prefix) is { } folder ? KernelSpec.FolderIn(folder) : KernelSpec.UserFolder;

    /// <summary>How to start this very program again.</summary>
    internal static IReadOnlyList<string> Program()
    {
        var dll = typeof(KernelCommand).Assembly.Location;
        var program = Path.ChangeExtension(dll, OperatingSystem.IsWindows() ? ".exe" : null);
        return File.Exists(program) ? [program] : [Environment.ProcessPath!, dll];
    }

    [GeneratedRegex("^[A-Za-z0-9._-]+$")]
    private static partial Regex Name();
}
