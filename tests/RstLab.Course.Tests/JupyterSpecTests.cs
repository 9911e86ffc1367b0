using System.Text;
using System.Text.Json.Nodes;
using RstLab.Course.Jupyter;

namespace RstLab.Course.Tests;

/// <summary>How Jupyter finds the kernel, and what the kernel makes of what it is told.</summary>
public sealed class JupyterSpecTests : IDisposable
{
    private readonly TemporaryCourse course = new();

    private string Kernels => course.In("env", "share", "jupyter", "kernels");

    public void Dispose() => course.Dispose();

    [Fact]
    public async Task It_installs_under_a_name_starts_this_program_and_is_removed_again()
    {
        var (code, output, error) = await course.RunProgramAsync("kernel", "install", "--prefix", course.In("env"), "--name", "my-lab");

        Assert.Equal((0, ""), (code, error));
        var spec = JsonNode.Parse(File.ReadAllText(Path.Combine(Kernels, "my-lab", "kernel.json")))!;
        var argv = spec["argv"]!.AsArray().Select(part => (string)part!).ToList();
        Assert.True(File.Exists(argv[0]) && Path.IsPathFullyQualified(argv[0]));
        Assert.Equal(["kernel", "run", "--connection-file", "{connection_file}"], argv.TakeLast(4));
        Assert.Equal(("C#", "message"), ((string)spec["language"]!, (string)spec["interrupt_mode"]!));
        Assert.Contains("install it again when this folder has moved", output, StringComparison.Ordinal);

        Assert.Equal(0, (await course.RunProgramAsync("kernel", "uninstall", "--prefix", course.In("env"))).Code);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Kernels));
    }

    [Fact]
    public void A_name_that_somebody_else_uses_is_not_free_and_stays_as_it_is()
    {
        var other = Path.Combine(Kernels, KernelSpec.SharedName);
        Directory.CreateDirectory(other);
        File.WriteAllText(Path.Combine(other, "kernel.json"), """{"argv": ["dotnet", "interactive"]}""");
        var here = new KernelSpec(Kernels, ["program"]);
        var elsewhere = new KernelSpec(course.In("elsewhere"), ["program"]);

        Assert.False(here.IsFree(KernelSpec.SharedName, []));
        Assert.False(elsewhere.IsFree(KernelSpec.SharedName, [Kernels]));
        Assert.True(elsewhere.IsFree(KernelSpec.SharedName, []));
        Assert.Throws<IOException>(() => here.Install(KernelSpec.SharedName));
        Assert.Empty(here.Uninstall(null));
        Assert.True(File.Exists(Path.Combine(other, "kernel.json")));
    }

    [Fact]
    public void Uninstalling_keeps_what_somebody_put_beside_it()
    {
        var spec = new KernelSpec(Kernels, ["program"]);
        File.WriteAllText(Path.Combine(spec.Install("one"), "logo-64x64.png"), "picture");
        spec.Install("two");
        spec.Install("two");

        Assert.True(spec.IsFree("two", [])); // our own may be renewed
        Assert.Equal(["one", "two"], spec.Uninstall(null).Select(Path.GetFileName));
        Assert.Equal(["logo-64x64.png"], Directory.EnumerateFiles(Kernels, "*", SearchOption.AllDirectories).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("--name", "../evil")]
    [InlineData("--name", "a b")]
    [InlineData("--user", "--prefix", "x")]
    public async Task A_wrong_command_line_is_told(params string[] options)
    {
        var (code, _, error) = await course.RunProgramAsync(["kernel", "install", .. options]);

        Assert.Equal(CourseProgram.Usage, code);
        Assert.Contains("See --help.", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_place_that_cannot_be_written_is_told()
    {
        var (code, _, error) = await course.RunProgramAsync("kernel", "install", "--prefix", course.WriteText("file", ""));

        Assert.Equal(CourseProgram.Failed, code);
        Assert.Contains("Nothing more was installed", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nonsense", "cannot be read")]
    [InlineData("[]", "is no JSON object")]
    [InlineData("""{"key": ""}""", "has no key")]
    [InlineData("""{"key": "k", "signature_scheme": "hmac-md5"}""", "signature scheme hmac-md5")]
    [InlineData("""{"key": "k", "transport": "pgm", "shell_port": 1}""", "the transport pgm")]
    [InlineData("""{"key": "k", "ip": "example", "shell_port": 1}""", "no IP address")]
    [InlineData("""{"key": "k", "shell_port": 70000}""", "no usable shell_port")]
    public async Task A_connection_file_that_does_not_do_is_told(string text, string why)
    {
        var (code, _, error) = await course.RunProgramAsync("kernel", "run", "--connection-file", course.WriteText("connection.json", text));

        Assert.Equal(CourseProgram.Failed, code);
        Assert.Contains(why, error, StringComparison.Ordinal);
        Assert.Contains("connection.json", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_told()
    {
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        var port = ((System.Net.IPEndPoint)taken.LocalEndpoint).Port;
        var (code, _, error) = await course.RunProgramAsync("kernel", "run", "--connection-file", course.WriteText("connection.json", $$"""{"key": "k", "shell_port": {{port}}}"""));

        Assert.Equal(CourseProgram.Failed, code);
        Assert.Contains($"cannot listen on 127.0.0.1:{port} (shell)", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)] // the signature
    [InlineData(2)] // the header
    [InlineData(5)] // the content
    public void A_message_is_read_only_as_it_was_signed(int changed)
    {
        var codec = new JupyterCodec("secret"u8.ToArray());
        using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        var frames = codec.Write([], "execute_request", [], new JsonObject { ["code"] = "1" });
        if (changed >= 0)
        {
            frames[changed] = [.. frames[changed].AsSpan(0, frames[changed].Length - 1), (byte)(frames[changed][^1] ^ 1)];
        }

        Assert.Equal(changed < 0, codec.Read(null!, frames) is { Type: "execute_request" });
        Assert.Null(new JupyterCodec("other"u8.ToArray()).Read(null!, frames));
        Assert.Null(codec.Read(null!, [.. frames.Take(4)]));
        Assert.Null(codec.Read(null!, []));
    }

    [Theory]
    [InlineData("a😀b", null, 4)]
    [InlineData("a😀b", 2, 3)]
    [InlineData("a😀b", 99, 4)]
    [InlineData("", 5, 0)]
    [InlineData("a\ud83d", 2, 2)]
    public void A_cursor_is_counted_in_characters(string text, int? characters, int units) =>
        Assert.Equal(units, CodePosition.ToUnits(text, characters));

    [Theory]
    [InlineData("while (true) { }", "while (true) {@ }")]
    [InlineData("while (true) ;", "while (true) {@;}")]
    [InlineData("for (;;) do x++; while (x < 3);", "for (;;) {@do {@x++;} while (x < 3);}")]
    [InlineData("foreach (var (a, b) in c)\n  F();", "foreach (var (a, b) in c)\n  {@F();}")]
    [InlineData("again: goto again;", "again:@ goto again;")]
    [InlineData("void F() { await foreach (var x in y) { } }", "void F() { await foreach (var x in y) {@ } }")]
    public void Loops_ask_whether_they_were_interrupted(string code, string guarded) =>
        Assert.Equal(guarded, LoopGuard.Insert(code)?.Replace("global::RstLab.Course.Jupyter.Interruption.Check();", "@", StringComparison.Ordinal));

    [Fact]
    public void Code_without_a_loop_is_left_as_it_is() => Assert.Null(LoopGuard.Insert("var text = \"while (true) { }\"; // for (;;) { }"));
}
