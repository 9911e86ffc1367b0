"""What the checks share: a kernel that jupyter_client starts, and a client that talks with it."""
import contextlib
import os
import sys
import tempfile
import time
import warnings

warnings.simplefilter("ignore")
from jupyter_client.manager import KernelManager  # noqa: E402

NAME = "rstlab-csharp"
LIMIT = 240  # a bound, not an expectation: a machine may be very busy


@contextlib.contextmanager
def kernel(**options):
    manager = KernelManager(kernel_name=NAME)
    manager.start_kernel(**options)
    client = manager.client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=LIMIT)
        yield manager, client
    finally:
        client.stop_channels()
        if manager.is_alive():
            manager.shutdown_kernel(now=False)
        manager.cleanup_resources()


@contextlib.contextmanager
def gate():
    """A cell waits at `wait`, in C#, until the check calls `open_it`; so neither has to guess how fast the other is."""
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "open")

        def open_it():
            open(file, "w").close()

        yield f'while (!System.IO.File.Exists("{file}")) await Task.Delay(5);', open_it


def run(client, code, **options):
    """Runs a cell; gives the reply and the outputs, each a type and a content. `on_output` is called with each as it comes."""
    outputs = []
    on_output = options.pop("on_output", lambda output: None)

    def take(message):
        outputs.append((message["msg_type"], message["content"]))
        on_output(outputs[-1])

    reply = client.execute_interactive(code, timeout=LIMIT, allow_stdin=False, output_hook=take, **options)
    return reply["content"], [output for output in outputs if output[0] not in ("status", "execute_input")]


def text(outputs, name="stdout"):
    return "".join(content["text"] for kind, content in outputs if kind == "stream" and content["name"] == name)


def value(client, code):
    reply, outputs = run(client, code)
    assert reply["status"] == "ok", reply
    return [content["data"]["text/plain"] for kind, content in outputs if kind == "execute_result"][-1]


def equal(actual, expected):
    assert actual == expected, f"{actual!r}, not {expected!r}"


def main(checks):
    for check in checks:
        try:
            check()
        except Exception:
            print(f"in the check '{check.__name__}':", file=sys.stderr)
            raise
        print("held:", check.__name__)
