"""Celery workers and beats of a scenario, kept running as a supervisor would, each on a machine's files of its own."""

import os
import random
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL
from urllib.parse import urlsplit

from django.db import connection

from tests.faults.processes import Process, Processes

# Long enough for a computer that does much else meanwhile, short enough to be waited for; what the e-mail channel may
# take for one message stays well below it.
LEASE, TIMEOUT, CONNECTIONS = 10, 3, 4
CHILDREN = 2


class Fleet:
    """`workers` and `beats` are those that should be running now; in `data` each worker's files."""

    def __init__(self, processes: Processes, email_url: str, **environment: str) -> None:
        self.processes = processes
        self.environment = {
            "DATABASE_URL": database_url(),
            "EMAIL_URL": email_url,
            "LEASE_SECONDS": str(LEASE),
            "CELERY_QUEUE": processes.folder.name,
            **environment,
        }
        self.workers: list[Process] = []
        self.beats: list[Process] = []
        self.data: dict[Process, Path] = {}

    def start(self, workers: int = 2, beats: int = 1) -> None:
        self.beats += [self._celery(self.processes.folder / f"beat-{number}", "beat") for number in range(beats)]
        for _ in range(workers):
            self.workers.append(self._worker(self._new_machine()))

    @property
    def is_whole(self) -> bool:
        return all(process.is_alive for process in [*self.workers, *self.beats])

    def kill_any(self, chance: random.Random) -> int:
        """One main or pool child of the workers; how many connections died with it. A main takes its children along
        (Celery asks the kernel for that), and is started again."""
        main = chance.choice(self.workers)
        target = chance.choice([main.pid, *main.children])
        with suppress(ProcessLookupError):
            os.kill(target, SIGKILL)
        if target == main.pid:
            self._replace(main, self.data[main])
            return CHILDREN * CONNECTIONS
        return CONNECTIONS

    def lose_machine(self, chance: random.Random) -> int:
        """One worker with its children and whatever it had on its disk; how many connections died with it."""
        lost = chance.choice(self.workers)
        lost.kill_group()
        # Some of them may take a moment to die. Nobody else looks here: the new machine has a folder of its own.
        shutil.rmtree(self.data[lost], ignore_errors=True)
        self._replace(lost, self._new_machine())
        return CHILDREN * CONNECTIONS

    def _replace(self, worker: Process, data: Path) -> None:
        self.workers[self.workers.index(worker)] = self._worker(data)

    def _new_machine(self) -> Path:
        return self.processes.folder / f"machine-{len(self.data) + 1}"

    def _worker(self, data: Path) -> Process:
        options = [f"--concurrency={CHILDREN}", f"--hostname={data.name}@here", "--without-mingle", "--without-gossip"]
        worker = self._celery(data, "worker", *options)
        self.data[worker] = data
        return worker

    def _celery(self, data: Path, *arguments: str) -> Process:
        data.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "celery", "-A", "calendar_project", *arguments, "--loglevel=WARNING"]
        return self.processes.start(command, {**self.environment, "ALMANAC_DATA": str(data)}, f"{data.name}.log")


def database_url() -> str:
    """The operator's `DATABASE_URL` with the name of the database that this process is on."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    return parts._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
