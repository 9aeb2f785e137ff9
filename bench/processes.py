"""Processes that are measured: started in groups of their own, ended whatever happens, and what they cost."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
LOOK_EVERY = 0.2  # seconds between two looks at memory: reading it costs the measured process a little

CELERY = [sys.executable, "-m", "celery"]
QUIET = ["--loglevel=WARNING", "--without-gossip", "--without-mingle"]

Process = subprocess.Popen[str]


@contextmanager
def running(command: Sequence[str], environment: Mapping[str, str], log: Path, **pipes: int) -> Iterator[Process]:
    """The process while the block lasts; afterwards its whole group is gone. It hears no Ctrl-C: we end it."""
    with log.open("a") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command lines
            command,
            env={**os.environ, **environment},
            cwd=ROOT,
            stdin=pipes.get("stdin", subprocess.DEVNULL),
            stdout=pipes.get("stdout", output),
            stderr=output,
            text=True,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        end(process)


def end(process: Process) -> None:
    """Its whole group at once: nothing that it holds is kept, so there is nothing to be gentle for."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            with suppress(BrokenPipeError):
                pipe.close()


class Hand:
    """A process of ours that does as it is told: one word a line in, `done` out."""

    def __init__(self, process: Process, name: str) -> None:
        self.process, self.name = process, name

    def tell(self, *words: object) -> None:
        assert self.process.stdin  # noqa: S101 - for the type
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def wait(self) -> str:
        """What it answers. Raises `RuntimeError` where it broke: its log says why."""
        assert self.process.stdout  # noqa: S101 - for the type
        answer: str = self.process.stdout.readline().strip()
        if not answer:
            raise RuntimeError(f"{self.name} ended before it had done what it was told")
        return answer

    def do(self, *words: object) -> str:
        self.tell(*words)
        return self.wait()


@contextmanager
def hand(module: str, environment: Mapping[str, str], log: Path) -> Iterator[Hand]:
    """`python -m module`, ready to be told."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with running([sys.executable, "-m", module], environment, log, **pipes) as process:
        found = Hand(process, module)
        found.wait()
        yield found


def cpu_seconds(roots: Sequence[int]) -> float:
    """User and system time of these processes and all below them, of those that have ended too."""
    return sum(_own_and_ended(process) for process in tree(roots))


def tree(roots: Sequence[int]) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    for pid in roots:
        with suppress(psutil.NoSuchProcess):
            root = psutil.Process(pid)
            found += [root, *root.children(recursive=True)]
    return found


def _own_and_ended(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        # It ended this moment: its parent has its time now, or had it when it was asked.
        return 0.0
    return float(times.user + times.system + getattr(times, "children_user", 0) + getattr(times, "children_system", 0))


def megabytes(roots: Sequence[int]) -> float:
    """The memory of these processes and all below them; what they share is counted once, where the system tells."""
    return sum(map(_megabytes, tree(roots)))


def _megabytes(process: psutil.Process) -> float:
    with suppress(psutil.Error):
        memory = process.memory_full_info()
        return float(getattr(memory, "pss", memory.rss)) / 1e6
    return 0.0


class Peak:
    """The most memory that was seen while the block lasted."""

    def __init__(self, roots: Sequence[int]) -> None:
        self.most = 0.0
        self._roots = roots
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Peak":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        over = False
        while not over:
            over = self._over.wait(LOOK_EVERY)
            self.most = max(self.most, megabytes(self._roots))


def ends_on_signals() -> None:
    """So that `kill` and a closed terminal clean up as Ctrl-C does; and Ctrl-C too, where a shell had turned it off."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
