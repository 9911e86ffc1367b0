"""Interrupting, by message and by signal, and ending."""
import contextlib
import os
import signal
import threading
import time

from session import LIMIT, equal, kernel, main, run, text, value


@contextlib.contextmanager
def repeated(interrupt):
    """Interrupts a moment after the cell was sent; and again, as a busy machine may not have begun with the cell by then."""
    done = threading.Event()

    def work():
        wait = 0.7
        while not done.wait(wait):
            interrupt()
            wait = 5

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


with kernel() as (manager, client):
    run(client, "var before = 5; var rounds = 0L;")

    def interrupted(code, by_signal=False):
        def interrupt():
            if by_signal:
                os.kill(manager.provisioner.pid, signal.SIGINT)
            else:
                manager.interrupt_kernel()

        with repeated(interrupt):
            reply, outputs = run(client, code)
        equal(reply["status"], "error")
        equal(value(client, "before"), "5")
        return outputs

    def an_endless_loop_ends_and_its_state_lives():
        interrupted("var during = 6; while (true) rounds++;")
        equal(value(client, "during"), "6")
        assert int(value(client, "rounds")) > 1000

    def an_endless_loop_ends_by_signal():
        interrupted("for (;;) { }", by_signal=True)

    def an_endless_wait_ends():
        interrupted("System.Threading.Thread.Sleep(-1);")

    def an_endless_await_ends():
        interrupted("await Task.Delay(-1);")

    def an_endless_wait_after_an_await_ends():
        interrupted("await Task.Delay(10); System.Threading.Thread.Sleep(-1);")

    def an_endless_loop_after_an_await_ends():
        interrupted("await Task.Run(() => { while (true) { } });")

    def endless_printing_ends_and_last_words_are_heard():
        # Slow enough that the kernel's own limit on a cell's text is not reached before the interrupt comes.
        outputs = interrupted("""try { Enumerable.Range(0, 20_000_000).ToList().ForEach(n => { System.Threading.Thread.SpinWait(20_000); Console.Write(n); }); }
        finally { Console.Write(" bye"); }""")
        assert text(outputs).endswith(" bye"), text(outputs)[-20:]

    def an_interrupt_of_nothing_does_nothing():
        manager.interrupt_kernel()
        time.sleep(0.3)
        equal(value(client, "before + 1"), "6")

    def what_cannot_be_stopped_ends_the_kernel_and_says_so():
        with repeated(manager.interrupt_kernel):
            reply, outputs = run(client, "_ = Enumerable.Repeat(1L, int.MaxValue).Select(n => Enumerable.Repeat(n, int.MaxValue).Sum()).Sum();")
        assert "The kernel ends" in reply["evalue"], reply
        until = time.time() + LIMIT
        while manager.is_alive() and time.time() < until:
            time.sleep(0.1)
        assert not manager.is_alive()
        manager.restart_kernel(now=True)
        client.wait_for_ready(timeout=LIMIT)
        equal(run(client, "before")[0]["status"], "error")

    def shutdown_ends_the_process():
        process = manager.provisioner.process
        client.shutdown()
        equal(process.wait(timeout=LIMIT), 0)

    main([
        an_endless_loop_ends_and_its_state_lives, an_endless_loop_ends_by_signal, an_endless_wait_ends, an_endless_await_ends,
        an_endless_wait_after_an_await_ends, an_endless_loop_after_an_await_ends,
        endless_printing_ends_and_last_words_are_heard, an_interrupt_of_nothing_does_nothing,
        what_cannot_be_stopped_ends_the_kernel_and_says_so, shutdown_ends_the_process,
    ])
