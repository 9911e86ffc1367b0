using System.Diagnostics;
using RstLab.Course.Jupyter;

namespace RstLab.Course.Tests;

/// <summary>Jupyter's own programs, where this machine has them, with our kernel installed in a folder of its own.</summary>
public sealed class JupyterClients : IDisposable
{
    private static readonly Lazy<Task<string?>> Python = new(FindPythonAsync);

    private readonly string prefix = Directory.CreateTempSubdirectory("rstlab-jupyter-").FullName;

    public JupyterClients()
    {
        new KernelSpec(KernelSpec.FolderIn(prefix), KernelCommand.Program()).Install(KernelSpec.OwnName);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(prefix, (UnixFileMode)0b111_111_111); // a test comes here as another user
        }
    }

    internal string Prefix => prefix;

    public void Dispose() => Directory.Delete(prefix, recursive: true);

    /// <summary>How to run a program as an ordinary user.</summary>
    internal static readonly string[] Nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"];

    /// <summary>Runs one of the scripts in Jupyter/, and fails with what it says.</summary>
    internal async Task CheckAsync(string script, string[] arguments, string? module = null, bool asNobody = false)
    {
        var python = await Python.Value;
        Assert.SkipWhen(python is null, "Jupyter's clients are not here (Debian: python3-jupyter-client, python3-zmq).");
        if (module is not null)
        {
            Assert.SkipUnless((await RunAsync(python!, ["-c", $"import {module}"], TimeSpan.FromSeconds(30))).Code == 0, $"Python's {module} is not here (Debian: python3-{module.Replace('_', '-')}).");
        }

        string[] command = [python!, Path.Combine(AppContext.BaseDirectory, "Jupyter", script), .. arguments];
        var (code, output) = asNobody
            ? await RunAsync("setpriv", [.. Nobody, .. command], TimeSpan.FromSeconds(500))
            : await RunAsync(command[0], command[1..], TimeSpan.FromSeconds(500));
        Assert.True(code == 0, $"{script} ended with {code}:\n{output}");
    }

    /// <summary>Starts a program, with Jupyter looking for kernels in our folder first.</summary>
    internal Process Start(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = prefix };
        start.Environment["HOME"] = prefix;
        start.Environment["JUPYTER_PATH"] = Path.Combine(prefix, "share", "jupyter");
        start.Environment["JUPYTER_RUNTIME_DIR"] = Path.Combine(prefix, "runtime");
        start.Environment["JUPYTER_CONFIG_DIR"] = Path.Combine(prefix, "config");
        start.Environment["IPYTHONDIR"] = Path.Combine(prefix, "ipython");
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        start.Environment["NOTEBOOK_FOLDER"] = Path.Combine(CourseFolder.Find().Root, "notebooks");
        return Process.Start(start)!;
    }

    /// <summary>Runs a program until it ends.</summary>
    internal async Task<(int Code, string Output)> RunAsync(string program, string[] arguments, TimeSpan limit)
    {
        using var process = Start(program, arguments);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(limit);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(patience.Token), process.StandardError.ReadToEndAsync(patience.Token));
        try
        {
            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, await output + await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            return (-1, $"{program} {string.Join(' ', arguments)} did not end within {limit.TotalSeconds} s");
        }
    }

    // The first python3 may be another than the one that the system's packages are for.
    private static async Task<string?> FindPythonAsync()
    {
        foreach (var python in (string[])["/usr/bin/python3", "python3"])
        {
            try
            {
                using var trial = Process.Start(new ProcessStartInfo(python, ["-c", "import jupyter_client, zmq"]) { RedirectStandardError = true })!;
                await trial.WaitForExitAsync();
                if (trial.ExitCode == 0)
                {
                    return python;
                }
            }
            catch (System.ComponentModel.Win32Exception)
            {
                // There is none by this name.
            }
        }

        return null;
    }
}
