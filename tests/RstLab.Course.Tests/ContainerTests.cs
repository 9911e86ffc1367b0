using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace RstLab.Course.Tests;

/// <summary>
/// What can be said of the container and of VS Code's files without a container engine: that they keep to their formats, name what
/// exists, promise what the README says, and that the steps of the image run.
/// </summary>
public sealed partial class ContainerTests
{
    private static readonly string Root = CourseFolder.Find().Root;

    private static readonly JsonObject DevContainer = Commented(".devcontainer", "devcontainer.json");

    private static readonly string Dockerfile = File.ReadAllText(Path.Combine(Root, ".devcontainer", "Dockerfile")).ReplaceLineEndings("\n");

    // The properties of the specification (containers.dev) for a container from a Dockerfile, with their types.
    private static readonly Dictionary<string, Func<JsonNode?, bool>> Properties = new(StringComparer.Ordinal)
    {
        ["$schema"] = Text, ["name"] = Text, ["features"] = Any, ["overrideFeatureInstallOrder"] = Texts, ["secrets"] = Any,
        ["build"] = node => Only(node, new() { ["dockerfile"] = Text, ["context"] = Text, ["target"] = Text, ["args"] = TextMap, ["cacheFrom"] = TextOrTexts }) && node!["dockerfile"] is not null,
        ["forwardPorts"] = node => node is JsonArray ports && ports.All(port => IsNumber(port) || (Text(port) && HostAndPort().IsMatch((string)port!))),
        ["portsAttributes"] = node => node is JsonObject ports && ports.All(port => Port(port.Value)), ["otherPortsAttributes"] = Port,
        ["containerEnv"] = TextMap, ["remoteEnv"] = node => node is JsonObject map && map.All(pair => pair.Value is null || Text(pair.Value)),
        ["containerUser"] = Text, ["remoteUser"] = Text, ["updateRemoteUserUID"] = Truth, ["userEnvProbe"] = OneOf("none", "loginShell", "loginInteractiveShell", "interactiveShell"),
        ["mounts"] = node => node is JsonArray, ["init"] = Truth, ["privileged"] = Truth, ["capAdd"] = Texts, ["securityOpt"] = Texts, ["runArgs"] = Texts,
        ["initializeCommand"] = Command, ["onCreateCommand"] = Command, ["updateContentCommand"] = Command, ["postCreateCommand"] = Command, ["postStartCommand"] = Command, ["postAttachCommand"] = Command,
        ["waitFor"] = OneOf("initializeCommand", "onCreateCommand", "updateContentCommand", "postCreateCommand", "postStartCommand"),
        ["hostRequirements"] = node => Only(node, new() { ["cpus"] = IsNumber, ["memory"] = Amount, ["storage"] = Amount, ["gpu"] = Any }),
        ["shutdownAction"] = OneOf("none", "stopContainer"), ["overrideCommand"] = Truth, ["workspaceFolder"] = Text, ["workspaceMount"] = Text, ["appPort"] = Any,
        ["customizations"] = node => node is JsonObject tools && tools.All(tool => tool.Value is JsonObject),
    };

    [Fact]
    public void The_dev_container_keeps_to_the_specification() =>
        Assert.All(DevContainer, pair => Assert.True(Properties.TryGetValue(pair.Key, out var fits) && fits(pair.Value), $"{pair.Key}: {pair.Value?.ToJsonString()}"));

    [Theory]
    [InlineData("capadd", "[]")]
    [InlineData("capAdd", "\"NET_RAW\"")]
    [InlineData("build", "{\"context\":\"..\"}")]
    [InlineData("hostRequirements", "{\"memory\":\"much\"}")]
    [InlineData("otherPortsAttributes", "{\"onAutoForward\":\"never\"}")]
    [InlineData("updateContentCommand", "7")]
    public void The_check_of_the_specification_sees_what_does_not_keep_to_it(string key, string value) =>
        Assert.False(Properties.TryGetValue(key, out var fits) && fits(JsonNode.Parse(value)));

    [Fact]
    public void The_dev_container_names_files_that_exist()
    {
        var folder = Path.Combine(Root, ".devcontainer");
        Assert.True(File.Exists(Path.Combine(folder, (string)DevContainer["build"]!["dockerfile"]!)));
        Assert.Equal(Root, Path.GetFullPath(Path.Combine(folder, (string)DevContainer["build"]!["context"]!)));
        var opened = (string)DevContainer["customizations"]!["codespaces"]!["openFiles"]![0]!;
        Assert.Equal("notebooks/00-start-here.ipynb", opened);
        Assert.Contains(opened, (string)DevContainer["postAttachCommand"]!, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Root, opened)));
    }

    [Fact]
    public void The_dev_container_adds_the_two_capabilities_and_opens_nothing()
    {
        Assert.Equal(["NET_RAW", "NET_ADMIN"], DevContainer["capAdd"]!.AsArray().Select(name => (string)name!));
        Assert.All(["privileged", "securityOpt", "runArgs", "mounts", "forwardPorts", "appPort", "postStartCommand"], key => Assert.False(DevContainer.ContainsKey(key)));
        Assert.Equal("ignore", (string?)DevContainer["otherPortsAttributes"]!["onAutoForward"]);
    }

    [Fact]
    public void What_is_slow_is_done_by_a_prebuild()
    {
        Assert.Contains("dotnet restore", (string)DevContainer["onCreateCommand"]!, StringComparison.Ordinal);
        Assert.Contains("dotnet build", (string)DevContainer["updateContentCommand"]!, StringComparison.Ordinal);
        Assert.DoesNotContain("dotnet", (string)DevContainer["postAttachCommand"]!, StringComparison.Ordinal);
    }

    [Fact]
    public void The_workspace_recommends_the_extensions_of_the_container() => Assert.Equal(
        DevContainer["customizations"]!["vscode"]!["extensions"]!.AsArray().Select(id => (string)id!),
        Commented(".vscode", "extensions.json")["recommendations"]!.AsArray().Select(id => (string)id!));

    [Fact]
    public void The_tasks_run_what_there_is()
    {
        var tasks = Commented(".vscode", "tasks.json")["tasks"]!.AsArray().ToDictionary(task => (string)task!["label"]!, task => string.Join(' ', task!["args"]!.AsArray().Prepend(task["command"]).Select(word => (string)word!)));

        Assert.Equal("dotnet run --project src/RstLab.Course", tasks["run the course"]);
        Assert.Equal("dotnet test", tasks["test"]);
        Assert.Equal("dotnet run --project src/RstLab.Course -- doctor", tasks["doctor"]);
        Assert.Equal("dotnet run --project src/RstLab.Course -- lint", tasks["lint the notebooks"]);
        Assert.True(Directory.Exists(Path.Combine(Root, "src", "RstLab.Course")));
    }

    [Fact]
    public void The_image_is_pinned_and_of_no_one_architecture()
    {
        var arguments = Argument().Matches(Dockerfile).ToDictionary(match => match.Groups["name"].Value, match => match.Groups["value"].Value);
        var images = From().Matches(Dockerfile).Select(match => match.Groups["image"].Value.Replace("${DOTNET_SDK}", arguments["DOTNET_SDK"], StringComparison.Ordinal)).ToList();

        Assert.Equal(2, images.Count);
        Assert.All(images, image => Assert.Matches(@":\d+\.\d+\.\d+-[a-z]", image));
        Assert.Contains(images, image => image.StartsWith("mcr.microsoft.com/dotnet/sdk:10.0.", StringComparison.Ordinal));
        Assert.DoesNotContain("--platform", Dockerfile, StringComparison.Ordinal);
        Assert.DoesNotMatch("amd64|x86_64|aarch64", WithoutComments());
    }

    [Fact]
    public void The_image_keeps_to_what_a_hub_expects()
    {
        Assert.Contains("ARG NB_USER=jovyan\nARG NB_UID=1000\n", Dockerfile, StringComparison.Ordinal);
        Assert.Equal("USER ${NB_UID}", Dockerfile.Split('\n').Last(line => line.StartsWith("USER ", StringComparison.Ordinal)));
        Assert.DoesNotMatch("sudo|setcap|EXPOSE|0\\.0\\.0\\.0|ENTRYPOINT", WithoutComments());
        var jupyter = File.ReadAllLines(Path.Combine(Root, ".devcontainer", "jupyter.txt"));
        Assert.All(["jupyterlab", "notebook", "jupyterhub"], name => Assert.Contains(jupyter, line => line.StartsWith(name + "==", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_image_copies_what_exists_and_calls_steps_that_exist()
    {
        var copied = Copy().Matches(Dockerfile).SelectMany(match => match.Groups["files"].Value.Split(' ')).ToList();
        Assert.NotEmpty(copied);
        Assert.All(copied, file => Assert.True(Path.Exists(Path.Combine(Root, file)), file));

        var steps = Step().Matches(Dockerfile).SelectMany(match => match.Groups["steps"].Value.Split(' ')).ToList();
        var script = File.ReadAllText(Path.Combine(Root, ".devcontainer", "install.sh"));
        Assert.Equal(["packages", "jupyter", "interactive", "plotly-net", "course", "user"], steps);
        Assert.All(steps, step => Assert.Contains($"\n{step}() {{\n", script.ReplaceLineEndings("\n"), StringComparison.Ordinal));
    }

    [Fact]
    public void The_package_of_the_charts_is_cached_in_the_version_that_the_script_asks_for()
    {
        var script = File.ReadAllText(Path.Combine(Root, ".devcontainer", "install.sh"));
        var version = Regex.Match(File.ReadAllText(Path.Combine(Root, "notebooks", "plotly-net.csx")), "#r \"nuget: Plotly.NET.Interactive, (.+)\"").Groups[1].Value;

        Assert.NotEmpty(version);
        Assert.Contains($"PLOTLY_NET={version} ", script, StringComparison.Ordinal);
        Assert.Contains("INTERACTIVE=1.0.712001 ", script, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_install_script_is_well_formed_and_names_its_steps()
    {
        Assert.Equal(0, (await BashAsync([], "-n", ".devcontainer/install.sh")).Code);
        var (code, output) = await BashAsync([], ".devcontainer/install.sh", "everything");

        Assert.Equal(2, code);
        Assert.Contains("packages jupyter interactive plotly-net course user", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_packages_of_the_image_exist()
    {
        if (!File.Exists("/usr/bin/apt-get") || !Directory.EnumerateFiles("/var/lib/apt/lists", "*Packages*").Any())
        {
            Assert.Skip("this machine has no apt with a list of packages");
        }

        var (code, output) = await BashAsync(new() { ["APT_OPTIONS"] = "--simulate" }, ".devcontainer/install.sh", "packages");

        Assert.True(code == 0, output);
    }

    [Fact]
    public async Task The_user_of_a_hub_takes_the_number_over_and_has_a_home_that_can_be_written()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess || !File.Exists("/usr/sbin/useradd"))
        {
            Assert.Skip("making users takes root and useradd");
        }

        var root = Directory.CreateTempSubdirectory("rstlab-image-").FullName;
        try
        {
            // As in the base image, where somebody has the number already.
            Directory.CreateDirectory(Path.Combine(root, "etc"));
            Directory.CreateDirectory(Path.Combine(root, "home", "ubuntu"));
            File.WriteAllText(Path.Combine(root, "etc", "passwd"), "root:x:0:0::/root:/bin/bash\nubuntu:x:1234:1234::/home/ubuntu:/bin/bash\n");
            File.WriteAllText(Path.Combine(root, "etc", "group"), "root:x:0:\nubuntu:x:1234:\n");
            File.WriteAllText(Path.Combine(root, "etc", "shadow"), "root:*:19000::::::\nubuntu:*:19000::::::\n");
            File.WriteAllText(Path.Combine(root, "etc", "gshadow"), "root:*::\nubuntu:!::\n");
            for (var time = 0; time < 2; time++) // again changes nothing
            {
                var (code, output) = await BashAsync(new() { ["ROOT"] = root, ["NB_USER"] = "reader", ["NB_UID"] = "1234" }, ".devcontainer/install.sh", "user");
                Assert.True(code == 0, output);
            }

            var users = File.ReadAllLines(Path.Combine(root, "etc", "passwd"));
            Assert.StartsWith("reader:x:1234:", Assert.Single(users, line => line.Contains(":1234:", StringComparison.Ordinal)), StringComparison.Ordinal);
            Assert.Equal(["reader"], Directory.GetDirectories(Path.Combine(root, "home")).Select(Path.GetFileName));
            Assert.Equal("1234 1234", (await BashAsync([], "-c", $"stat -c %u {root}/home/reader {root}/opt/nuget | xargs")).Output.Trim());
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static async Task<(int Code, string Output)> BashAsync(Dictionary<string, string> environment, params string[] arguments)
    {
        if (!File.Exists("/bin/bash") && !File.Exists("/usr/bin/bash"))
        {
            Assert.Skip("this machine has no bash");
        }

        var start = new ProcessStartInfo("bash", arguments) { WorkingDirectory = Root, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        using var process = Process.Start(start)!;
        try
        {
            var (output, error) = (process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output + await error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static JsonObject Commented(params string[] path) => JsonNode.Parse(
        File.ReadAllText(Path.Combine([Root, .. path])),
        documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = false, AllowDuplicateProperties = false })!.AsObject();

    private static string WithoutComments() => string.Join('\n', Dockerfile.Split('\n').Where(line => !line.StartsWith('#')));

    private static bool Any(JsonNode? node) => true;

    private static bool Text(JsonNode? node) => node?.GetValueKind() == JsonValueKind.String;

    private static bool IsNumber(JsonNode? node) => node?.GetValueKind() == JsonValueKind.Number;

    private static bool Truth(JsonNode? node) => node?.GetValueKind() is JsonValueKind.True or JsonValueKind.False;

    private static bool Texts(JsonNode? node) => node is JsonArray list && list.All(Text);

    private static bool TextOrTexts(JsonNode? node) => Text(node) || Texts(node);

    private static bool TextMap(JsonNode? node) => node is JsonObject map && map.All(pair => Text(pair.Value));

    private static bool Amount(JsonNode? node) => Text(node) && AmountOfMemory().IsMatch((string)node!);

    private static bool Command(JsonNode? node) => TextOrTexts(node) || (node is JsonObject map && map.All(pair => TextOrTexts(pair.Value)));

    private static bool Port(JsonNode? node) => Only(node, new()
    {
        ["onAutoForward"] = OneOf("notify", "openBrowser", "openBrowserOnce", "openPreview", "silent", "ignore"),
        ["elevateIfNeeded"] = Truth, ["label"] = Text, ["requireLocalPort"] = Truth, ["protocol"] = OneOf("http", "https"),
    });

    private static Func<JsonNode?, bool> OneOf(params string[] values) => node => Text(node) && values.Contains((string)node!);

    private static bool Only(JsonNode? node, Dictionary<string, Func<JsonNode?, bool>> allowed) =>
        node is JsonObject map && map.All(pair => allowed.TryGetValue(pair.Key, out var fits) && fits(pair.Value));

    [GeneratedRegex(@"^([a-z0-9-]+):(\d{1,5})$")]
    private static partial Regex HostAndPort();

    [GeneratedRegex(@"^\d+([tgmk]b)?$")]
    private static partial Regex AmountOfMemory();

    [GeneratedRegex("^ARG (?<name>[A-Z_]+)=(?<value>.+)$", RegexOptions.Multiline)]
    private static partial Regex Argument();

    [GeneratedRegex("^FROM (?<image>\\S+)", RegexOptions.Multiline)]
    private static partial Regex From();

    [GeneratedRegex("^COPY (?!--from)(?<files>.+) \\S+$", RegexOptions.Multiline)]
    private static partial Regex Copy();

    [GeneratedRegex("^RUN bash /opt/install/install\\.sh (?<steps>.+)$", RegexOptions.Multiline)]
    private static partial Regex Step();
}
