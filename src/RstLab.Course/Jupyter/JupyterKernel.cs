using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.CodeAnalysis.CSharp;

namespace RstLab.Course.Jupyter;

/// <summary>
/// A kernel for one notebook, by Jupyter's messaging protocol 5.3, on the engine of the headless run. Requests on the shell socket are
/// answered in their order; interrupt and shutdown come on the control socket, which is served meanwhile.
/// </summary>
internal sealed class JupyterKernel : IAsyncDisposable
{
    private const int MaxWaitingRequests = 1000;

    private readonly ConnectionFile connection;
    private readonly JupyterCodec codec;
    private readonly CSharpEngine engine;
    private readonly string data;
    private readonly byte[] topic = Encoding.ASCII.GetBytes($"kernel.{Guid.NewGuid():N}");
    private readonly InputHistory history = new();
    private readonly Channel<JupyterMessage> shell = Channel.CreateBounded<JupyterMessage>(MaxWaitingRequests);
    private readonly Channel<JupyterMessage> control = Channel.CreateBounded<JupyterMessage>(MaxWaitingRequests);
    private readonly CancellationTokenSource ending = new();
    private readonly List<ZmtpSocket> sockets;
    private readonly ZmtpSocket output;
    private readonly Lock interrupting = new();
    private KernelCell? running;
    private int executionCount;
    private int exitCode;

    /// <summary>Listens to front-ends from now on; <see cref="RunAsync"/> answers them.</summary>
    /// <param name="connection">The key, and what else the front-end said.</param>
    /// <param name="listeners">Where; owned from now on.</param>
    /// <param name="folder">The notebook's folder.</param>
    /// <param name="data">Where the recordings that ship lie.</param>
    internal JupyterKernel(ConnectionFile connection, KernelListeners listeners, string folder, string data)
    {
        this.connection = connection;
        this.data = data;
        codec = new JupyterCodec(connection.Key);
        engine = new CSharpEngine(folder, interactive: true);
        output = new ZmtpSocket(ZmtpSocketType.Publisher, listeners["iopub"]);
        sockets =
        [
            output,
            new ZmtpSocket(ZmtpSocketType.Reply, listeners["hb"]), // echoes, whatever the kernel is busy with
            new ZmtpSocket(ZmtpSocketType.Router, listeners["stdin"], static (_, _, _) => ValueTask.CompletedTask), // nothing is ever asked of the reader
            new ZmtpSocket(ZmtpSocketType.Router, listeners["control"], (from, frames, stop) => EnqueueAsync(control, from, frames, stop)),
            new ZmtpSocket(ZmtpSocketType.Router, listeners["shell"], (from, frames, stop) => EnqueueAsync(shell, from, frames, stop)),
        ];
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(sockets.Select(socket => socket.DisposeAsync().AsTask())).ConfigureAwait(false);
        foreach (var file in sockets.Select(socket => socket.Address).OfType<UnixDomainSocketEndPoint>())
        {
            File.Delete(file.ToString());
        }
    }

    /// <summary>Serves until a front-end shuts the kernel down, or it has to end.</summary>
    /// <returns>The exit code: 0, or 1 where the kernel ended because a cell could not be stopped.</returns>
    internal async Task<int> RunAsync(CancellationToken cancellation)
    {
        using var stop = cancellation.Register(ending.Cancel);
        Console.SetIn(new NoInput());
        Publish("status", [], new JsonObject { ["execution_state"] = "starting" });
        _ = Task.Run(CSharpEngine.WarmUp, CancellationToken.None);
        try
        {
            await Task.WhenAll(ServeAsync(shell, ending.Token), ServeAsync(control, ending.Token)).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Shut down.
        }

        return exitCode;
    }

    /// <summary>Stops the cell that runs, if one does. The signal and the message come here.</summary>
    internal void Interrupt()
    {
        lock (interrupting)
        {
            running?.Interrupt();
        }
    }

    private async ValueTask EnqueueAsync(Channel<JupyterMessage> queue, ZmtpPeer from, IReadOnlyList<byte[]> frames, CancellationToken cancellation)
    {
        if (codec.Read(from, frames) is { } message)
        {
            await queue.Writer.WriteAsync(message, cancellation).ConfigureAwait(false);
        }
    }

    private async Task ServeAsync(Channel<JupyterMessage> queue, CancellationToken cancellation)
    {
        await foreach (var request in queue.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
        {
            State("busy", request);
            try
            {
                await AnswerAsync(request).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellation.IsCancellationRequested)
            {
                // A request that we mishandle must not end the kernel.
                await CellConsole.Error.WriteLineAsync($"{request.Type}: {e}").ConfigureAwait(false);
                Reply(request, ErrorReply(e.GetType().Name, e.Message, []));
            }

            State("idle", request);
        }
    }

    private async Task AnswerAsync(JupyterMessage request)
    {
        switch (request.Type)
        {
            case "execute_request":
                await ExecuteAsync(request).ConfigureAwait(false);
                break;
            case "kernel_info_request":
                Reply(request, KernelInfo());
                break;
            case "is_complete_request":
                Reply(request, IsComplete(request.Text("code")), status: null);
                break;
            case "complete_request":
                Reply(request, Completion.Find(engine, request.Text("code"), request.Number("cursor_pos")));
                break;
            case "inspect_request":
                Reply(request, Inspection.Find(engine, request.Text("code"), request.Number("cursor_pos"), request.Number("detail_level") ?? 0));
                break;
            case "history_request":
                Reply(request, history.Find(request));
                break;
            case "comm_info_request":
                Reply(request, new JsonObject { ["comms"] = new JsonObject() });
                break;
            case "comm_open":
                // Nobody here is at the other end; the protocol's answer to that is to close.
                Publish("comm_close", request.Header, new JsonObject { ["comm_id"] = request.Text("comm_id"), ["data"] = new JsonObject() });
                break;
            case "connect_request":
                Reply(request, new JsonObject(KernelListeners.Names.Select(name => KeyValuePair.Create(name + "_port", (JsonNode?)connection.Port(name)))));
                break;
            case "interrupt_request":
                Interrupt();
                Reply(request, []);
                break;
            case "shutdown_request":
                var answer = new JsonObject { ["restart"] = request.Flag("restart", false) };
                Publish("shutdown_reply", request.Header, (JsonObject)answer.DeepClone());
                Reply(request, answer);
                State("idle", request);
                await ending.CancelAsync().ConfigureAwait(false);
                break;
            default:
                break; // comm_msg, comm_close, and requests of other protocol versions, have no answer
        }
    }

    private async Task ExecuteAsync(JupyterMessage request)
    {
        var code = request.Text("code");
        var silent = request.Flag("silent", false);
        var store = !silent && request.Flag("store_history", true);
        if (code.AsSpan().Trim().IsEmpty)
        {
            Reply(request, new JsonObject { ["execution_count"] = executionCount, ["user_expressions"] = new JsonObject(), ["payload"] = new JsonArray() });
            return;
        }

        var number = store ? ++executionCount : Math.Max(executionCount, 1);
        if (!silent)
        {
            Publish("execute_input", request.Header, new JsonObject { ["code"] = code, ["execution_count"] = number });
        }

        var shown = new StreamedOutputs(silent ? null : (type, content) => Publish(type, request.Header, content));
        using var cell = new KernelCell(engine, code, number, shown, data);
        lock (interrupting)
        {
            running = cell;
        }

        var end = await cell.RunAsync().ConfigureAwait(false);
        lock (interrupting)
        {
            running = null;
        }

        shown.Flush();
        if (store)
        {
            history.Add(number, code, shown.Value);
        }

        if (shown.Error is { } error)
        {
            var reply = ErrorReply(error.Name, error.Value, error.Traceback);
            reply["execution_count"] = number;
            Reply(request, reply, status: null);
            if (request.Flag("stop_on_error", true) || cell.IsInterrupted)
            {
                await AbortWaitingAsync().ConfigureAwait(false);
            }
        }
        else
        {
            Reply(request, new JsonObject { ["execution_count"] = number, ["user_expressions"] = await EvaluateAsync(request).ConfigureAwait(false), ["payload"] = new JsonArray() });
        }

        if (end == CellEnding.Unstoppable)
        {
            State("idle", request);
            exitCode = 1;
            await ending.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The cells that wait behind one that failed are not run; other requests are.</summary>
    private async Task AbortWaitingAsync()
    {
        for (var waiting = shell.Reader.Count; waiting > 0 && shell.Reader.TryRead(out var request); waiting--)
        {
            State("busy", request);
            if (request.Type == "execute_request")
            {
                Reply(request, [], "aborted");
            }
            else
            {
                await AnswerAsync(request).ConfigureAwait(false);
            }

            State("idle", request);
        }
    }

    private async Task<JsonObject> EvaluateAsync(JupyterMessage request)
    {
        var values = new JsonObject();
        foreach (var (name, expression) in request.Content["user_expressions"] as JsonObject ?? [])
        {
            try
            {
                var value = ValueFormatter.Format(await engine.EvaluateAsync(expression?.ToString() ?? "").WaitAsync(TimeSpan.FromSeconds(10)).ConfigureAwait(false), executionCount);
                values[name] = new JsonObject { ["status"] = "ok", ["data"] = StreamedOutputs.Bundle(value), ["metadata"] = new JsonObject() };
            }
            catch (Exception e)
            {
                values[name] = ErrorReply(e.GetType().Name, e.Message, []);
            }
        }

        return values;
    }

    private static JsonObject KernelInfo() => new()
    {
        ["protocol_version"] = JupyterCodec.ProtocolVersion,
        ["implementation"] = "rstlab-csharp",
        ["implementation_version"] = typeof(JupyterKernel).Assembly.GetName().Version!.ToString(3),
        ["language_info"] = new JsonObject
        {
            ["name"] = "C#",
            ["version"] = LanguageVersion.Latest.MapSpecifiedToEffectiveVersion().ToDisplayString(),
            ["mimetype"] = "text/x-csharp",
            ["file_extension"] = ".cs",
            ["pygments_lexer"] = "csharp",
            ["codemirror_mode"] = "text/x-csharp",
        },
        ["banner"] = $"RST Lab: C# on {System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription}",
        ["debugger"] = false,
        ["help_links"] = new JsonArray(),
    };

    private static JsonObject IsComplete(string code)
    {
        var tree = CSharpSyntaxTree.ParseText(code, new CSharpParseOptions(LanguageVersion.Latest, kind: Microsoft.CodeAnalysis.SourceCodeKind.Script));
        if (!SyntaxFactory.IsCompleteSubmission(tree))
        {
            return new JsonObject { ["status"] = "incomplete", ["indent"] = "    " };
        }

        // Directives such as #!import are errors to the parser and fine to the engine.
        return new JsonObject { ["status"] = tree.GetDiagnostics().Any(found => found.Severity == Microsoft.CodeAnalysis.DiagnosticSeverity.Error && !code.AsSpan().TrimStart().StartsWith("#!")) ? "invalid" : "complete" };
    }

    private static JsonObject ErrorReply(string name, string value, IReadOnlyList<string> traceback) => new()
    {
        ["status"] = "error",
        ["ename"] = name,
        ["evalue"] = value,
        ["traceback"] = new JsonArray([.. traceback.Select(line => (JsonNode)line)]),
    };

    private void Reply(JupyterMessage request, JsonObject content, string? status = "ok")
    {
        if (status is not null && !content.ContainsKey("status"))
        {
            content["status"] = status;
        }

        request.From.Send(ZmtpConnection.Encode(codec.Write(request.Route, request.Type.Replace("_request", "_reply", StringComparison.Ordinal), request.Header, content)));
    }

    private void State(string state, JupyterMessage request) => Publish("status", request.Header, new JsonObject { ["execution_state"] = state });

    private void Publish(string type, byte[] parent, JsonObject content) => output.Publish(codec.Write([topic], type, parent, content));

    /// <summary>What a cell reads from: a notebook cannot answer, and an endless wait would be worse than an exception.</summary>
    private sealed class NoInput : TextReader
    {
        public override int Peek() => Read();

        public override int Read() => throw new NotSupportedException("a cell cannot read from the console; put what it needs into a variable");

        public override string? ReadLine() => throw new NotSupportedException("a cell cannot read from the console; put what it needs into a variable");
    }
}
