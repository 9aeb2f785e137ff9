"""Processes that a scenario starts, kills and looks at; none of them outlives it, however it ends."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from signal import SIGKILL

from tests.services import start_keeper, stop_at_the_end


class Process:
    """One of them, leader of a group of its own. A dead one stays a zombie until the end, so that no other process
    can get its number, or that of its group, meanwhile."""

    def __init__(
        self, command: list[str], environment: Mapping[str, str], log: Path, stdout: int | None = None
    ) -> None:
        with log.open("ab") as output:
            self.popen = subprocess.Popen(
                command,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output if stdout is None else stdout,
                stderr=output,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def is_alive(self) -> bool:
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    @property
    def children(self) -> list[int]:
        found = subprocess.run(["pgrep", "-P", str(self.pid)], capture_output=True, text=True, check=False)
        return [int(line) for line in found.stdout.split()]

    def kill(self) -> None:
        """This one alone: its children go on until they notice."""
        os.kill(self.pid, SIGKILL)

    def kill_group(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, SIGKILL)


class Processes:
    """All that one scenario started, in a folder of their own that goes with them."""

    def __init__(self, folder: Path, keeper: int) -> None:
        self.folder, self._keeper = folder, keeper
        self.all: list[Process] = []

    def start(self, command: list[str], environment: Mapping[str, str], log: str, stdout: int | None = None) -> Process:
        process = Process(command, environment, self.folder / log, stdout)
        # Should this process be killed itself: the keeper ends the whole group.
        stop_at_the_end(self._keeper, -process.pid, SIGKILL)
        self.all.append(process)
        return process

    def end(self) -> None:
        for process in self.all:
            process.kill_group()
        for process in self.all:
            process.popen.wait()
            if process.popen.stdout:
                process.popen.stdout.close()

    def logs(self) -> str:
        """The last lines of each, for a scenario that did not come to its end."""
        return "\n".join(f"--- {log.name}\n{log.read_text()[-3000:]}" for log in sorted(self.folder.glob("*.log")))


@contextmanager
def processes() -> Iterator[Processes]:
    folder = Path(tempfile.mkdtemp(prefix="almanac-faults-"))
    # A PostgreSQL of its own runs as another user and must reach its folder.
    folder.chmod(0o755)
    keeper = start_keeper(folder)
    started = Processes(folder, keeper)
    try:
        yield started
    finally:
        started.end()
        shutil.rmtree(folder, ignore_errors=True)
        os.close(keeper)
