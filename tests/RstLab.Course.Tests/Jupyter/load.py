"""Many executions, much output, and a subscriber that does not read."""
import zmq

from session import LIMIT, equal, kernel, main, run, text, value

with kernel() as (manager, client):

    def a_thousand_executions_are_answered_in_order():
        run(client, "var n = 0;")
        ids = [client.execute("n++;", store_history=False) for _ in range(1000)]
        replies = [client.get_shell_msg(timeout=LIMIT) for _ in ids]
        equal([reply["parent_header"]["msg_id"] for reply in replies], ids)
        equal({reply["content"]["status"] for reply in replies}, {"ok"})
        equal(value(client, "n"), "1000")

    def ten_megabytes_arrive_beside_a_subscriber_that_does_not_read():
        lazy = zmq.Context.instance().socket(zmq.SUB)
        lazy.setsockopt(zmq.RCVHWM, 1)
        lazy.setsockopt(zmq.RCVBUF, 4096)
        lazy.subscribe(b"")
        lazy.connect(f"tcp://127.0.0.1:{manager.get_connection_info()['iopub_port']}")
        _, outputs = run(client, r"""var line = new string('x', 99) + "\n"; for (var i = 0; i < 100_000; i++) Console.Write(line);""")
        equal(len(text(outputs)), 10_000_000)
        _, outputs = run(client, "for (var i = 0; i < 200_000; i++) Console.Write(line);")
        assert text(outputs).endswith("is left out)\n") and len(text(outputs)) < 20_000_000
        lazy.close(0)

    main([a_thousand_executions_are_answered_in_order, ten_megabytes_arrive_beside_a_subscriber_that_does_not_read])
