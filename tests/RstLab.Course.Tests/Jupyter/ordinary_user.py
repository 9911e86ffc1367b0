"""A kernel of an ordinary user: it works in a network namespace of its own, and is reached from outside."""
import os

from session import equal, kernel, main, run, value

with kernel(cwd=os.environ["NOTEBOOK_FOLDER"]) as (manager, client):

    def the_wire_is_live():
        equal(run(client, '#!import "setup.csx"')[0]["status"], "ok")
        run(client, """var recording = await Lab.RunAsync("ordinary", async talk =>
        {
            var (client, server) = await talk.ConnectAsync();
            server.Close();
            client.Send(5000);
            await client.UntilAsync(TcpState.Closed);
        });""")
        equal(value(client, 'string.Join(" ", recording.Witnesses.Where(w => w.Evidence == Evidence.Live).Select(w => w.Kind))'), "App Wire")  # counters are only for hosts of an experiment's own

    def the_listening_sockets_are_not_handed_to_children():
        equal(value(client, """var child = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("sh", ["-c", "ls -l /proc/$$/fd | grep -c socket: || true"]) { RedirectStandardOutput = true });
        child.StandardOutput.ReadToEnd().Trim()"""), "0")

    main([the_wire_is_live, the_listening_sockets_are_not_handed_to_children])
