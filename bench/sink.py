"""The SMTP sink of a run: postfix's `smtp-sink` where it is installed, else the bundled one; it counts mails."""

import os
import re
import shutil
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import PIPE

from bench.processes import Process, running

# Where postfix puts it on the common systems, which is on no ordinary user's path.
PLACES = os.pathsep.join(["/usr/sbin", "/usr/lib/postfix/sbin", "/usr/libexec/postfix", "/usr/lib/postfix"])
COUNT = re.compile(rb"mesg=(\d+)\r")
READ_EVERY = 0.005  # seconds: how exactly the last arrival is known
BACKLOG = 512
PATIENCE = 10  # seconds until it must answer


class Sink:
    """`port`; `count`, all mails since it started; `last_at`, when the last came, by `time.monotonic`."""

    def __init__(self, process: Process, port: int, name: str) -> None:
        self.process, self.port, self.name = process, port, name
        self.count, self.last_at = 0, time.monotonic()
        threading.Thread(target=self._read, daemon=True).start()

    def wait_for(self, count: int, patience: float, ends: Sequence[Process] = ()) -> float:
        """When the `count`-th mail had arrived. `TimeoutError` after `patience` seconds without any arrival.

        `ends`: processes that must not end before that.
        """
        began = time.monotonic()
        while self.count < count:
            dead = [process.args for process in ends if process.poll() is not None]
            if dead or time.monotonic() - max(self.last_at, began) > patience:
                raise TimeoutError(f"{self.count} of {count} mails arrived; ended meanwhile: {dead}")
            time.sleep(READ_EVERY)
        return self.last_at

    def _read(self) -> None:
        assert self.process.stdout  # noqa: S101 - for the type
        descriptor, rest = self.process.stdout.fileno(), b""
        with suppress(OSError):
            while data := os.read(descriptor, 1 << 16):
                rest = (rest + data)[-200_000:]
                if found := COUNT.findall(rest):
                    self.count, self.last_at = int(found[-1]), time.monotonic()
                    rest = rest[rest.rfind(b"\r") + 1 :]
                # It writes a line for every mail: read them by the handful.
                time.sleep(READ_EVERY)


@contextmanager
def sink(log: Path, keep: Path | None = None) -> Iterator[Sink]:
    """A sink on a free port of loopback. With `keep` every mail is written there, which only the bundled one does."""
    postfix = None if keep else shutil.which("smtp-sink", path=os.environ.get("PATH", "") + os.pathsep + PLACES)
    port = free_port()
    command = _postfix(postfix, port) if postfix else [sys.executable, "-m", "bench.bundled_sink", str(port)]
    command += [str(keep)] if keep else []
    with running(command, {}, log, stdout=PIPE) as process:
        _wait_until_it_answers(port)
        yield Sink(process, port, "postfix's smtp-sink" if postfix else "the bundled asyncio sink")


def _postfix(path: str, port: int) -> list[str]:
    # It refuses to run as root.
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    return [path, "-c", *user, f"127.0.0.1:{port}", str(BACKLOG)]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _wait_until_it_answers(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as client:
                client.recv(100)
                client.sendall(b"QUIT\r\n")
                client.recv(100)
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
