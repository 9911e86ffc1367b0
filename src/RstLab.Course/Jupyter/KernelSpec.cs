using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RstLab.Course.Jupyter;

/// <summary>
/// The small file by which Jupyter finds a kernel. It names the built program by its full path, so that a cell's kernel starts at once
/// and never builds; where the repository moves, installing again is the remedy, and what Jupyter says until then names the old path.
/// </summary>
internal sealed class KernelSpec(string kernels, IReadOnlyList<string> program)
{
    internal const string OwnName = "rstlab-csharp";

    /// <summary>The name that C# notebooks carry, the chapters too.</summary>
    internal const string SharedName = ".net-csharp";

    private static readonly string[] Environments = ["VIRTUAL_ENV", "CONDA_PREFIX"];

    private const string Marker = "rstlab"; // in the metadata of what install made

    /// <summary>Where Jupyter looks for an ordinary user's kernels.</summary>
    internal static string UserFolder
    {
        get
        {
            var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            var data = Environment.GetEnvironmentVariable("JUPYTER_DATA_DIR") is { Length: > 0 } set ? set
                : OperatingSystem.IsWindows() ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData), "jupyter")
                : OperatingSystem.IsMacOS() ? Path.Combine(home, "Library", "Jupyter")
                : Path.Combine(Environment.GetEnvironmentVariable("XDG_DATA_HOME") is { Length: > 0 } share ? share : Path.Combine(home, ".local", "share"), "jupyter");
            return Path.Combine(data, "kernels");
        }
    }

    /// <summary>The kernels' folder of an installation such as <c>/usr/local</c> or a virtual environment.</summary>
    internal static string FolderIn(string prefix) => Path.Combine(Path.GetFullPath(prefix), "share", "jupyter", "kernels");

    /// <summary>Every other place where Jupyter may find a kernel of the same name.</summary>
    internal static IEnumerable<string> KnownFolders =>
        (Environment.GetEnvironmentVariable("JUPYTER_PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Select(path => Path.Combine(path, "kernels"))
            .Append(UserFolder)
            .Concat(OperatingSystem.IsWindows()
                ? [Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "jupyter", "kernels")]
                : ["/usr/local/share/jupyter/kernels", "/usr/share/jupyter/kernels"])
            .Concat(Environments.Select(Environment.GetEnvironmentVariable).OfType<string>().Select(FolderIn));

    /// <summary>Installs under a name.</summary>
    /// <exception cref="IOException">The place cannot be written, or holds a kernel of that name that is not ours.</exception>
    internal string Install(string name)
    {
        var folder = Path.Combine(kernels, name);
        if (Directory.Exists(folder) && !IsOurs(folder))
        {
            throw new IOException($"{folder} holds a kernel that this program did not install. Choose another --name, or remove it.");
        }

        Directory.CreateDirectory(folder);
        var spec = new JsonObject
        {
            ["argv"] = new JsonArray([.. program.Concat(["kernel", "run", "--connection-file", "{connection_file}"]).Select(part => (JsonNode)part)]),
            ["display_name"] = name == SharedName ? ".NET (C#)" : name == OwnName ? "C# (RST Lab)" : $"C# (RST Lab, {name})",
            ["language"] = "C#",
            ["interrupt_mode"] = "message",
            ["metadata"] = new JsonObject { [Marker] = new JsonObject { ["installed_by"] = "kernel install" } },
        };
        File.WriteAllText(Path.Combine(folder, "kernel.json"), spec.ToJsonString(new JsonSerializerOptions { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) + "\n");
        return folder;
    }

    /// <summary>Whether nobody else's kernel has the name, here or wherever else Jupyter looks.</summary>
    internal bool IsFree(string name, IEnumerable<string> elsewhere) =>
        elsewhere.Append(kernels).Select(place => Path.Combine(place, name)).All(folder => !Directory.Exists(folder) || IsOurs(folder));

    /// <summary>Removes what was installed here, under one name or under all.</summary>
    /// <returns>The folders that are gone.</returns>
    internal IReadOnlyList<string> Uninstall(string? name)
    {
        var gone = !Directory.Exists(kernels) ? []
            : Directory.EnumerateDirectories(kernels).Where(folder => (name is null || Path.GetFileName(folder) == name) && IsOurs(folder)).Order(StringComparer.Ordinal).ToList();
        foreach (var folder in gone)
        {
            File.Delete(Path.Combine(folder, "kernel.json"));
            if (!Directory.EnumerateFileSystemEntries(folder).Any())
            {
                Directory.Delete(folder); // a logo that somebody added stays
            }
        }

        return gone;
    }

    private static bool IsOurs(string folder)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "kernel.json")))?["metadata"]?[Marker] is JsonObject;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}
