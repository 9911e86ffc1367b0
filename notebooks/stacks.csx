// What chapter 6 needs beside setup.csx, which references the libraries: its stacks' namespaces, a certificate, a web server, an upload,
// and a way to read its tables.

using System.Collections.Concurrent;
using System.IO;
using System.IO.Pipelines;
using System.Net.Http;
using System.Net.Security;
using System.Net.WebSockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

// A certificate of our own, in memory. Only this process knows it.
class Tls
{
    public static readonly X509Certificate2 Certificate = Make();

    public static async Task<SslStream> ServeAsync(BarePeer peer)
    {
        var tls = new SslStream(new NetworkStream(peer.Socket));
        await tls.AuthenticateAsServerAsync(Certificate);
        return tls;
    }

    public static async Task<SslStream> ConnectAsync(StackTrial trial)
    {
        var tls = new SslStream(await trial.ConnectAsync(), false, (_, certificate, _, _) => Certificate.Equals(certificate));
        await tls.AuthenticateAsClientAsync("localhost");
        return tls;
    }

    static X509Certificate2 Make()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }
}

// A content whose sending the cell controls.
class Upload(long length, Func<Stream, Task> write) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext context) => write(stream);

    protected override bool TryComputeLength(out long value)
    {
        value = length;
        return true;
    }
}

// Kestrel on a port of loopback, for one trial. What its handler returned or threw is kept, and so is its log.
class Kestrel : IAsyncDisposable
{
    readonly TaskCompletionSource<string> handled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly WebApplication app;

    Kestrel(Func<HttpContext, Task<string>> http, Func<ConnectionContext, Task<string>> connection, bool tls)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Logging.SetMinimumLevel(LogLevel.Trace).AddProvider(Log);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (tls)
            {
                listen.UseHttps(Tls.Certificate);
            }

            if (connection != null)
            {
                listen.Run(context => Keep(() => connection(context)));
            }
        }));
        app = builder.Build();
        app.UseWebSockets();
        app.Run(context => Keep(() => http(context)));
    }

    public KeptLog Log { get; } = new();

    public Task<string> Handled => handled.Task;

    public IPEndPoint Address => new(IPAddress.Loopback, new Uri(app.Urls.Single()).Port);

    public static async Task<Kestrel> StartAsync(
        Func<HttpContext, Task<string>> http = null, Func<ConnectionContext, Task<string>> connection = null, bool tls = false)
    {
        var server = new Kestrel(http, connection, tls);
        await server.app.StartAsync();
        server.Log.Lines.Clear();
        return server;
    }

    public Task UntilLoggedAsync(string name) => StackTrial.UntilAsync(() => Log.Lines.Any(line => line.Event == name), () => $"Kestrel to log {name}");

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }

    async Task Keep(Func<Task<string>> handle)
    {
        try
        {
            handled.TrySetResult(await handle());
        }
        catch (Exception e)
        {
            handled.TrySetException(e);
            throw;
        }
    }
}

class KeptLog : ILoggerProvider, ILogger
{
    public ConcurrentQueue<(LogLevel Level, string Event)> Lines { get; } = new();

    public LogLevel Loudest => Lines.Max(line => line.Level);

    public string OfTheEnding => Lines.Where(line => line.Event is "ConnectionReadFin" or "ConnectionReset").Select(line => $"{line.Level} {line.Event}").FirstOrDefault();

    // Kestrel's lines only: the host logs its own start and stop.
    public ILogger CreateLogger(string category) =>
        category.StartsWith("Microsoft.AspNetCore.Server.Kestrel") ? this : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

    public bool IsEnabled(LogLevel level) => true;

    public IDisposable BeginScope<T>(T state) where T : notnull => null;

    public void Log<T>(LogLevel level, EventId id, T state, Exception exception, Func<T, Exception, string> format) =>
        Lines.Enqueue((level, id.Name ?? format(state, exception)));

    public void Dispose()
    {
    }
}

// Ctrl-C is the course's business, not the web server's.
class NoLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken stop) => Task.CompletedTask;

    public Task StopAsync(CancellationToken stop) => Task.CompletedTask;
}

// The two endings side by side; the socket's error stands for the SocketException that carries it.
static Table SideBySide(ResultTable table, string caption)
{
    string Said(IReadOnlyList<object> row) => row is null ? null
        : $"{((string)row[3]).Replace("SocketException", (string)row[4])}{(row[5] is null ? "" : $" [{row[5]}]")}{((string)row[6] == "yes" ? $", sent {row[7]} times" : "")}";
    return new()
    {
        Caption = caption,
        Columns = ["situation", "after a FIN", "after a RST"],
        Rows = table.Rows.GroupBy(row => table.Texts("stack").Distinct().Count() > 1 ? $"{row[0]}: {row[1]}" : row[1]).Select(g => (IReadOnlyList<object>)
            [g.Key, Said(g.SingleOrDefault(row => (string)row[2] == "FIN")), Said(g.SingleOrDefault(row => (string)row[2] == "RST"))]).ToList(),
        Foot = Show.Results(table).Foot,
    };
}
