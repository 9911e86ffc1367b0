"""The requests of Jupyter's protocol 5.3, one kernel for all."""
import json
import os
import queue
import threading
import time

import zmq
from jupyter_client import BlockingKernelClient
from jupyter_client.session import Session

from session import LIMIT, equal, gate, kernel, main, run, text, value

with kernel(cwd=os.environ.get("NOTEBOOK_FOLDER", ".")) as (manager, client):

    def ask(kind, content, channel=None):
        channel = channel or client.shell_channel
        message = client.session.msg(kind, content)
        channel.send(message)
        until = time.time() + LIMIT
        while time.time() < until:
            reply = (client.get_control_msg if channel is client.control_channel else client.get_shell_msg)(timeout=LIMIT)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                return reply
        raise TimeoutError(kind)

    def kernel_info_tells_the_language_and_the_protocol():
        info = ask("kernel_info_request", {})["content"]
        equal((info["status"], info["language_info"]["name"], info["language_info"]["file_extension"], info["protocol_version"]), ("ok", "C#", ".cs", "5.3"))
        equal(ask("kernel_info_request", {}, client.control_channel)["content"]["status"], "ok")

    def text_comes_while_the_cell_runs():
        with gate() as (wait, open_it):  # a kernel that kept the text to the end would never come there
            _, outputs = run(client, f'Console.Write("first"); {wait} Console.Error.Write("then"); Console.Write("last");',
                             on_output=lambda output: output[0] == "stream" and open_it())
        equal([(content["name"], content["text"]) for _, content in outputs], [("stdout", "first"), ("stderr", "then"), ("stdout", "last")])

    def values_come_in_all_forms():
        _, outputs = run(client, "display(1); 2")
        equal([kind for kind, _ in outputs], ["display_data", "execute_result"])
        equal(sorted(outputs[1][1]["data"]), ["text/html", "text/plain"])
        equal(outputs[1][1]["data"]["text/plain"], "2")

    def an_exception_tells_cell_and_line_and_keeps_the_state():
        reply, outputs = run(client, 'var kept = 41;\nthrow new InvalidOperationException("no");')
        equal((reply["status"], reply["ename"], reply["traceback"][0]), ("error", "InvalidOperationException", "System.InvalidOperationException: no"))
        assert "line 2: throw new" in reply["traceback"][1], reply
        equal([kind for kind, _ in outputs], ["error"])
        equal(value(client, "kept + 1"), "42")

    def a_cell_that_does_not_compile_changes_nothing():
        reply, outputs = run(client, "for (var i = 0; i < 3; i++) { }  var wrong = nowhere;")
        equal((reply["ename"], "line 1, column 46: error CS0103" in reply["evalue"]), ("CompilationError", True))
        equal(value(client, "kept"), "41")

    def a_silent_cell_shows_and_counts_nothing():
        count = run(client, "1")[0]["execution_count"]
        reply, outputs = run(client, 'Console.Write("x"); 5', silent=True)
        equal((reply["status"], outputs), ("ok", []))
        equal(run(client, "1", store_history=False)[0]["execution_count"], count)
        equal(run(client, "1")[0]["execution_count"], count + 1)

    def expressions_are_evaluated_with_the_cell():
        reply, _ = run(client, "kept = 7;", user_expressions={"good": "kept * 2", "bad": "nowhere"})
        equal(reply["user_expressions"]["good"]["data"]["text/plain"], "14")
        equal(reply["user_expressions"]["bad"]["status"], "error")

    def cells_behind_a_failed_one_are_aborted_unless_asked_otherwise():
        def three(stop):
            with gate() as (wait, open_it):
                ids = [client.execute(code, stop_on_error=stop) for code in (f"{wait} throw new Exception();", "kept = 100;", "kept")]
                ask("kernel_info_request", {}, client.control_channel)
                time.sleep(0.5)  # nothing reports that the kernel has read what waits; a round trip on another channel, and then some
                open_it()
                replies = {}
                while len(replies) < 3:
                    reply = client.get_shell_msg(timeout=LIMIT)
                    replies[reply["parent_header"]["msg_id"]] = reply["content"]["status"]
            return [replies[i] for i in ids]

        equal(three(True), ["error", "aborted", "aborted"])
        equal(value(client, "kept"), "7")
        equal(three(False), ["error", "ok", "ok"])

    def a_cell_cannot_wait_for_input():
        equal(run(client, "Console.ReadLine()")[0]["ename"], "NotSupportedException")

    def text_of_half_characters_and_no_text_are_sent():
        equal(text(run(client, r'Console.Write("\ud83d"); Console.Write("\ude00"); Console.Write("é€")')[1]), "😀é€")
        equal(run(client, r'"\ud800"')[0]["status"], "ok")
        equal(run(client, "  \n")[0]["status"], "ok")

    def completion_knows_members_variables_and_extensions():
        def complete(code, at=None):
            return client.complete(code, at, reply=True, timeout=LIMIT)["content"]

        run(client, "using System.Net.Sockets; class Ladder { public int Rungs => 3; } var ladder = new Ladder();")
        equal(complete("Console.WriteL")["matches"], ["WriteLine"])
        assert {"Rungs", "ToString"} <= set(complete("ladder.")["matches"]), complete("ladder.")
        equal(complete("lad")["matches"][:1], ["ladder"])
        assert "Select" in complete("new int[3].Sel")["matches"]
        assert "ConnectionReset" in complete("SocketError.Conn")["matches"]
        assert "Sockets" in complete("System.Net.So")["matches"]
        assert "Socket" in complete("foreach (var x in y) { new Sock")["matches"]
        equal(complete('"ladder.')["matches"], [])
        equal(complete("// ladder.")["matches"], [])
        found = complete("var 😀 = 1; ladder.Run; 5", len("var 😀 = 1; ladder.Ru"))
        equal((found["matches"], found["cursor_start"], found["cursor_end"]), (["Rungs"], 18, 20))

    def inspection_shows_signature_and_documentation():
        def inspect(code, at=None):
            return client.inspect(code, at, reply=True, timeout=LIMIT)["content"]["data"].get("text/plain", "")

        assert "static int Math.Abs(int value)" in inspect("Math.Abs(")
        equal(inspect("ladder.Rungs", 9), "int Ladder.Rungs { get; }")
        equal(inspect("nowhere"), "")
        run(client, "/// <summary>Half of it.</summary>\nint Half(int n) => n / 2;")
        equal(inspect("Half(4)", 2), "int Half(int n)\n\nHalf of it.")

    def scripts_and_libraries_are_found_in_the_notebooks_folder():
        equal(run(client, '#!import "setup.csx"')[0]["status"], "ok")
        documentation = client.inspect("await Lab.RunAsync(", reply=True, timeout=LIMIT)["content"]["data"]["text/plain"]
        assert "Task<Recording> Lab.RunAsync(" in documentation and documentation.count("\n") > 2, documentation
        equal(value(client, "LabSession.Current.Mode"), "Live")

    def code_is_complete_or_not():
        def judge(code):
            client.is_complete(code)
            return client.get_shell_msg(timeout=LIMIT)["content"]["status"]

        equal([judge(code) for code in ("1", "for (;;) {", "var = ;", '#!import "setup.csx"')], ["complete", "incomplete", "invalid", "complete"])

    def history_remembers_the_inputs():
        equal([entry[2] for entry in client.history(hist_access_type="search", pattern="kept = 7*", unique=True, reply=True, timeout=LIMIT)["content"]["history"]], ["kept = 7;"])

    def comms_are_closed_as_nobody_answers_them():
        equal(ask("comm_info_request", {})["content"]["comms"], {})
        message = client.session.msg("comm_open", {"comm_id": "c", "target_name": "nobody", "data": {}})
        client.shell_channel.send(message)
        until = time.time() + LIMIT
        while time.time() < until:
            got = client.get_iopub_msg(timeout=LIMIT)
            if got["msg_type"] == "comm_close":
                equal(got["content"]["comm_id"], "c")
                return
        raise TimeoutError("comm_close")

    def messages_that_are_not_signed_with_the_key_are_dropped():
        for key in (b"", b"another"):
            stranger = BlockingKernelClient()
            stranger.load_connection_info(json.loads(json.dumps({**manager.get_connection_info(), "key": key.decode()})))
            stranger.session = Session(key=key, signature_scheme="hmac-sha256")
            stranger.start_channels(hb=False)
            stranger.execute("kept = 666;")
            stranger.kernel_info()
            try:
                stranger.get_shell_msg(timeout=1)
                raise AssertionError("a stranger was answered")
            except queue.Empty:
                stranger.stop_channels()
        equal(value(client, "kept"), "100")

    def two_clients_work_at_once():
        other = manager.client()
        other.start_channels()
        other.wait_for_ready(timeout=LIMIT)
        failures = []

        def work(who, name):
            try:
                for i in range(20):
                    equal(text(run(who, f'Console.Write("{name}{i}")')[1]), f"{name}{i}")
            except Exception as e:
                failures.append(e)

        threads = [threading.Thread(target=work, args=pair) for pair in ((client, "a"), (other, "b"))]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        other.stop_channels()
        equal(failures, [])

    def the_heartbeat_answers_while_a_cell_runs():
        with gate() as (wait, open_it):
            client.execute(wait.replace("await Task.Delay(5)", "System.Threading.Thread.Sleep(5)"))
            heartbeat = zmq.Context.instance().socket(zmq.REQ)
            heartbeat.connect(f"tcp://127.0.0.1:{manager.get_connection_info()['hb_port']}")
            heartbeat.send(b"are you there?")
            assert heartbeat.poll(LIMIT * 1000), "no heartbeat while a cell runs"
            equal(heartbeat.recv(), b"are you there?")
            heartbeat.close(0)
            open_it()
            client.get_shell_msg(timeout=LIMIT)

    def only_the_named_address_is_bound():
        info = manager.get_connection_info()
        bound = {}
        for file in ("/proc/net/tcp", "/proc/net/tcp6"):
            for line in open(file).readlines()[1:]:
                local, state = line.split()[1], line.split()[3]
                if state == "0A":
                    bound.setdefault(int(local.split(":")[1], 16), set()).add(local.split(":")[0])
        equal([bound.get(info[name + "_port"]) for name in ("shell", "iopub", "stdin", "hb", "control")], [{"0100007F"}] * 5)

    main([
        kernel_info_tells_the_language_and_the_protocol, text_comes_while_the_cell_runs, values_come_in_all_forms,
        an_exception_tells_cell_and_line_and_keeps_the_state, a_cell_that_does_not_compile_changes_nothing,
        a_silent_cell_shows_and_counts_nothing, expressions_are_evaluated_with_the_cell,
        cells_behind_a_failed_one_are_aborted_unless_asked_otherwise, a_cell_cannot_wait_for_input,
        text_of_half_characters_and_no_text_are_sent, completion_knows_members_variables_and_extensions,
        inspection_shows_signature_and_documentation,
        scripts_and_libraries_are_found_in_the_notebooks_folder, code_is_complete_or_not, history_remembers_the_inputs,
        comms_are_closed_as_nobody_answers_them, messages_that_are_not_signed_with_the_key_are_dropped, two_clients_work_at_once,
        the_heartbeat_answers_while_a_cell_runs, only_the_named_address_is_bound,
    ])
