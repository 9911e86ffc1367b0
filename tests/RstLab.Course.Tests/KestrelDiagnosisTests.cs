using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace RstLab.Course.Tests;

/// <summary>The library knows Kestrel's exceptions by name only; here they are Kestrel's own.</summary>
public sealed class KestrelDiagnosisTests
{
    [Theory]
    [InlineData(Ending.Fin, WireEnding.Fin, EndedBy.OtherSide)]
    [InlineData(Ending.Reset, WireEnding.Reset, EndedBy.OtherSideOrBetween)]
    public async Task A_body_that_is_cut(Ending ending, WireEnding wire, EndedBy by)
    {
        var outcome = await RunAsync(ending, HalfAnOrder, http: async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            return "";
        });

        Expect(outcome, wire, by);
    }

    [Fact]
    public async Task A_body_of_which_the_handler_itself_aborted_the_connection()
    {
        var outcome = await RunAsync(Ending.Fin, async peer =>
        {
            await peer.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
            await peer.UntilAsync(System.Net.NetworkInformation.TcpState.Closed, System.Net.NetworkInformation.TcpState.CloseWait);
        }, http: async context =>
        {
            context.Abort();
            await context.Request.Body.CopyToAsync(Stream.Null);
            return "";
        });

        Expect(outcome, WireEnding.None, EndedBy.ThisSide);
    }

    [Fact]
    public async Task A_connection_that_is_reset_under_a_handler() => Expect(
        await RunAsync(Ending.Reset, AfterHello, connection: async context =>
        {
            await context.Transport.Output.WriteAsync("hello"u8.ToArray());
            return $"{(await context.Transport.Input.ReadAsync()).IsCompleted}";
        }),
        WireEnding.Reset, EndedBy.OtherSideOrBetween);

    [Theory]
    [InlineData(Ending.Fin, WireEnding.Fin, EndedBy.OtherSide)]
    [InlineData(Ending.Reset, WireEnding.Reset, EndedBy.OtherSideOrBetween)]
    public async Task A_WebSocket_without_a_close_frame(Ending ending, WireEnding wire, EndedBy by)
    {
        var outcome = await RunAsync(ending, async peer =>
        {
            await peer.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
            await peer.ReceiveUntilAsync();
            peer.End();
        }, http: async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            return $"{(await socket.ReceiveAsync(new Memory<byte>(new byte[10]), default)).Count}";
        });

        Expect(outcome, wire, by);
    }

    private static void Expect(StackOutcome outcome, WireEnding wire, EndedBy by)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the endings are those of Linux");
        Assert.True(outcome.Exception is not null, $"nothing was thrown; it returned {outcome.Result}");
        var diagnosis = ResetDiagnosis.Of(outcome.Exception);
        Assert.True((wire, by) == (diagnosis.Wire, diagnosis.By), $"{diagnosis}\n{outcome.Exception}");
    }

    private static async Task HalfAnOrder(BarePeer peer)
    {
        await peer.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n");
        await peer.ReceiveUntilAsync();
        await peer.SendAsync("hello");
        peer.End();
    }

    private static async Task AfterHello(BarePeer peer)
    {
        await peer.ReceiveUntilAsync("hello");
        peer.End();
    }

    private static async Task<StackOutcome> RunAsync(
        Ending ending, Func<BarePeer, Task> peer, Func<HttpContext, Task<string>>? http = null, Func<ConnectionContext, Task<string>>? connection = null)
    {
        var handled = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (connection is not null)
            {
                listen.Run(context => Keep(() => connection(context)));
            }
        }));
        await using var app = builder.Build();
        app.UseWebSockets();
        app.Run(Handle);
        await app.StartAsync(TestContext.Current.CancellationToken);
        var outcome = await StackTrial.RunAsync(new("Kestrel", "test", peer, async trial =>
        {
            trial.PeerConnects(new IPEndPoint(IPAddress.Loopback, new Uri(app.Urls.Single()).Port));
            return await handled.Task;
        }), ending);
        await app.StopAsync(TestContext.Current.CancellationToken);
        return outcome;

        Task Handle(HttpContext context) => Keep(() => http!(context));

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
}
