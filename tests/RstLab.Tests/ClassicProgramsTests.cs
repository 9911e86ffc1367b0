using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace RstLab.Tests;

/// <summary>The two-terminal programs as real processes, built once and then run without the SDK, which takes seconds each time.</summary>
public sealed partial class ClassicProgramsTests(ClassicPrograms programs) : IClassFixture<ClassicPrograms>
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task Writing_to_a_server_that_has_closed_fails_once_the_reset_is_there(string address)
    {
        Needs(address);
        using var server = await programs.ServeAsync("--address", address);

        using var client = programs.Client(server.Port, "--address", address, "--fin", "20");

        Assert.Equal(0, await client.ExitAsync());
        Assert.Equal(0, await server.ExitAsync());
        Assert.Contains("Poll(SelectRead) -> True", client.Output);
        Assert.Contains("Send(5000) -> 5000 (total 5000)", client.Output);
        AssertTotals(client.Output);
        Assert.Matches(OperatingSystem.IsLinux()
            ? "^Send[(]5000[)] -> (EPIPE 32 [(]SocketError.Shutdown: .+[)]|ECONNRESET 104 [(]SocketError.ConnectionReset: .+[)])$"
            : "^Send[(]5000[)] -> .*[(]SocketError[.].+: .+[)]$", client.Output[^1]);
    }

    [Fact]
    public async Task Writing_at_once_fails_in_the_end_however_the_race_goes()
    {
        using var server = await programs.ServeAsync();

        using var client = programs.Client(server.Port, "--fin", "0");

        Assert.Equal(0, await client.ExitAsync());
        AssertTotals(client.Output);
        Assert.Matches("^Send[(]5000[)] -> .*[(]SocketError[.](Shutdown|ConnectionReset|ConnectionAborted): .+[)]$", client.Output[^1]);
    }

    [Fact]
    public async Task Reading_after_FIN_and_reset_gives_0_on_Linux_and_the_next_write_EPIPE()
    {
        OnLinux();
        using var server = await programs.ServeAsync();

        using var client = programs.Client(server.Port, "--mode", "write-read", "--fin", "20");

        Assert.Equal(0, await client.ExitAsync());
        Assert.Equal(["Poll(SelectRead) -> True", "Send(5000) -> 5000 (total 5000)", "Poll(SelectError) -> True", "Receive(5000) -> 0"], client.Output[1..^1]);
        Assert.StartsWith("Send(5000) -> EPIPE 32 (SocketError.Shutdown: ", client.Output[^1], StringComparison.Ordinal);
        Assert.Contains("Close() of the connection, with 0 bytes unread -> ok", await server.OutputAsync());
    }

    [Fact]
    public async Task Reading_after_a_reset_without_FIN_gives_ECONNRESET_on_Linux()
    {
        OnLinux();
        using var server = await programs.ServeAsync("--read", "1"); // It waits for the client's block, and leaves most of it unread.

        using var client = programs.Client(server.Port, "--mode", "write-read", "--fin", "0");

        Assert.Equal(0, await client.ExitAsync());
        Assert.StartsWith("Receive(5000) -> ECONNRESET 104 (SocketError.ConnectionReset: ", client.Output[^2], StringComparison.Ordinal);
        Assert.StartsWith("Send(5000) -> EPIPE 32 (SocketError.Shutdown: ", client.Output[^1], StringComparison.Ordinal);
        Assert.Contains("Close() of the connection, with 4999 bytes unread -> ok", await server.OutputAsync());
    }

    [Fact]
    public async Task Lingering_for_0_seconds_resets_without_being_written_to()
    {
        OnLinux();
        using var server = await programs.ServeAsync("--linger", "0");

        using var client = programs.Client(server.Port, "--mode", "write-read", "--fin", "20");

        Assert.Equal(0, await client.ExitAsync());
        Assert.StartsWith("Send(5000) -> ECONNRESET 104 (SocketError.ConnectionReset: ", client.Output[2], StringComparison.Ordinal);
        Assert.Equal("Receive(5000) -> 0", client.Output[3]);
        Assert.StartsWith("Send(5000) -> EPIPE 32 (SocketError.Shutdown: ", client.Output[4], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_reads_everything_before_it_closes_sends_no_reset()
    {
        OnLinux();
        using var server = await programs.ServeAsync("--read", "5000");

        using var client = programs.Client(server.Port, "--mode", "write-read", "--fin", "0");

        Assert.Equal(1, await client.ExitAsync());
        Assert.Contains("Poll(SelectError) -> False", client.Output);
        Assert.Contains("No RST has come", client.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_was_started_again_knows_nothing_and_yet_the_old_connection_ends_as_any_closed_one()
    {
        OnLinux();
        using var server = await programs.ServeAsync();
        using var client = programs.Client(server.Port, "--mode", "wait", "--wait", "60");
        await client.LineAsync("Start the server again");
        Assert.Equal(0, await server.ExitAsync());

        using var again = await programs.ServeAsync("--port", server.Port);
        Assert.Equal(server.Port, again.Port);
        client.Enter();

        Assert.Equal(0, await client.ExitAsync());
        Assert.Equal(["Poll(SelectRead) -> True", "Send(5000) -> 5000 (total 5000)", "Poll(SelectError) -> True", "Receive(5000) -> 0"], client.Output[^5..^1]);
        Assert.StartsWith("Send(5000) -> EPIPE 32 (SocketError.Shutdown: ", client.Output[^1], StringComparison.Ordinal);
        Assert.DoesNotContain(again.Output, line => line.StartsWith("Accept", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Waiting_ends_without_Enter_when_its_time_is_up()
    {
        using var server = await programs.ServeAsync();
        using var client = programs.Client(server.Port, "--mode", "wait", "--wait", "1");
        Assert.Equal(0, await client.ExitAsync());
    }

    [Fact]
    public async Task A_busy_port_is_named_with_the_remedy()
    {
        using var server = await programs.ServeAsync();

        using var second = programs.Server("--port", server.Port);

        Assert.Equal(1, await second.ExitAsync());
        Assert.Matches(OperatingSystem.IsLinux()
            ? $"^(Bind[(]127.0.0.1:{server.Port}[)]|Listen[(]20[)]) -> EADDRINUSE 98 [(]SocketError.AddressAlreadyInUse: .+[)]$"
            : "[(]SocketError.A.+: .+[)]$", second.Output[^1]);
        Assert.Contains("--port 0", second.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_connection_is_named_with_its_meaning_and_the_remedy()
    {
        // Bound but not listening: nobody else gets the port meanwhile, and a SYN is refused as if nobody had it.
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)taken.LocalEndPoint!).Port.ToString(CultureInfo.InvariantCulture);

        using var client = programs.Client(port);

        Assert.Equal(1, await client.ExitAsync());
        Assert.Matches(OperatingSystem.IsLinux()
            ? $"^Connect[(]127.0.0.1:{port}[)] -> ECONNREFUSED 111 [(]SocketError.ConnectionRefused: .+[)]$"
            : "[(]SocketError.ConnectionRefused: .+[)]$", client.Output[^1]);
        Assert.Contains("src/classic/server.cs", client.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_to_which_nobody_comes_ends()
    {
        using var server = await programs.ServeAsync("--wait", "0");
        Assert.Equal(1, await server.ExitAsync());
        Assert.Contains("Nobody has connected within 0 s.", server.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("server", "There is no option --prot.", "--prot", "8000")]
    [InlineData("server", "--port needs a value.", "--port")]
    [InlineData("server", "--port 65536 is not a whole number from 0 to 65535.", "--port", "65536")]
    [InlineData("server", "--port -1 is not a whole number from 0 to 65535.", "--port", "-1")]
    [InlineData("server", "--hold soon is not a whole number from 0 to 600.", "--hold", "soon")]
    [InlineData("server", "--linger 1.5 is not a whole number from 0 to 600.", "--linger", "1.5")]
    [InlineData("server", "--address here is not an IP address.", "--address", "here")]
    [InlineData("client", "There is no option 8000.", "8000")]
    [InlineData("client", "--mode needs a value.", "--mode")]
    [InlineData("client", "--mode is write, write-read or wait", "--mode", "read")]
    [InlineData("client", "--port 99999999999 is not a whole number from 0 to 65535.", "--port", "99999999999")]
    public async Task A_usage_error_is_named_above_the_usage(string program, string message, params string[] arguments)
    {
        using var run = program == "server" ? programs.Server(arguments) : programs.Client(null, arguments);
        Assert.Equal(2, await run.ExitAsync());
        Assert.StartsWith(message, run.Errors, StringComparison.Ordinal);
        Assert.Contains($"usage: dotnet run src/classic/{program}.cs -- [options]", run.Errors, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Theory]
    [InlineData("server")]
    [InlineData("client")]
    public async Task Help_is_the_usage(string program)
    {
        using var run = program == "server" ? programs.Server("--help") : programs.Client(null, "--help");
        Assert.Equal(0, await run.ExitAsync());
        Assert.StartsWith($"usage: dotnet run src/classic/{program}.cs", run.Output[0], StringComparison.Ordinal);
    }

    /// <summary>The running total grows by what each write accepted.</summary>
    private static void AssertTotals(string[] output)
    {
        var total = 0;
        foreach (var match in output.Select(line => Accepted().Match(line)).Where(match => match.Success))
        {
            total += int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
            Assert.Equal(total.ToString(CultureInfo.InvariantCulture), match.Groups[2].Value);
        }
    }

    [GeneratedRegex("^Send[(]5000[)] -> ([0-9]+) [(]total ([0-9]+)[)]$")]
    private static partial Regex Accepted();

    private static void OnLinux() => Assert.SkipUnless(OperatingSystem.IsLinux(), "what the calls answer here is Linux's");

    private static void Needs(string address) =>
        Assert.SkipWhen(IPAddress.Parse(address).AddressFamily == AddressFamily.InterNetworkV6 && Machine.IPv6WhyNot() is not null, Machine.IPv6WhyNot() ?? "");
}

/// <summary>Builds the two programs, once for all tests, into a folder that goes with them.</summary>
public sealed class ClassicPrograms : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rstlab-classic-").FullName;

    public async ValueTask InitializeAsync()
    {
        await Task.WhenAll(BuildAsync("server"), BuildAsync("client"));

        async Task BuildAsync(string program)
        {
            // Build servers would outlive the build and hold its output open.
            using var build = new Run("dotnet", Repository.Root, "build", $"src/classic/{program}.cs", "--output", Path.Combine(_folder, program), "--disable-build-servers");
            Assert.True(await build.ExitAsync(TimeSpan.FromMinutes(3)) == 0, string.Join('\n', build.Output) + build.Errors);
        }
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    public Run Server(params string[] arguments) => Start("server", arguments);

    public Run Client(string? port, params string[] arguments) => Start("client", port is null ? arguments : ["--port", port, .. arguments]);

    /// <summary>A server that listens, on a port that the kernel chose unless one is given.</summary>
    public async Task<Run> ServeAsync(params string[] arguments)
    {
        var server = Server(["--port", "0", .. arguments]);
        await server.LineAsync("Listening on ");
        return server;
    }

    private Run Start(string program, string[] arguments) =>
        new("dotnet", _folder, [Path.Combine(_folder, program, $"{program}.dll"), .. arguments]);

    /// <summary>One run of a program. Every wait for it is bounded, and it does not outlive the test.</summary>
    public sealed class Run : IDisposable
    {
        private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
        private readonly Process _process;
        private readonly ConcurrentQueue<string> _output = new(), _errors = new();

        public Run(string program, string folder, params string[] arguments)
        {
            _process = new Process
            {
                StartInfo = new ProcessStartInfo(program, arguments)
                {
                    WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
                },
            };
            _process.OutputDataReceived += (_, e) => Keep(_output, e.Data);
            _process.ErrorDataReceived += (_, e) => Keep(_errors, e.Data);
            _process.Start();
            _process.BeginOutputReadLine();
            _process.BeginErrorReadLine();
        }

        public string[] Output => [.. _output];

        public string Errors => string.Join('\n', _errors);

        public string Port => Output.First(line => line.StartsWith("Listening on ", StringComparison.Ordinal)).Split(':')[^1];

        public async Task<int> ExitAsync(TimeSpan? limit = null)
        {
            using var end = new CancellationTokenSource(limit ?? Limit);
            try
            {
                await _process.WaitForExitAsync(end.Token);
                return _process.ExitCode;
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"The program has not ended within {limit ?? Limit}; it said:\n{string.Join('\n', _output)}\n{Errors}");
            }
        }

        public async Task<string[]> OutputAsync()
        {
            await ExitAsync();
            return Output;
        }

        public async Task LineAsync(string start)
        {
            for (var clock = Stopwatch.StartNew(); !Output.Any(line => line.StartsWith(start, StringComparison.Ordinal)); await Task.Delay(5))
            {
                Assert.True(clock.Elapsed < Limit, $"No line began with '{start}' within {Limit}; it said:\n{string.Join('\n', _output)}\n{Errors}");
            }
        }

        public void Enter() => _process.StandardInput.WriteLine();

        public void Dispose()
        {
            _process.Kill(entireProcessTree: true);
            _process.Dispose();
        }

        private static void Keep(ConcurrentQueue<string> lines, string? line)
        {
            if (line is not null)
            {
                lines.Enqueue(line);
            }
        }
    }
}
