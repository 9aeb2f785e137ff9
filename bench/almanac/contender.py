"""Almanac as a contender: a worker and a beat as in the Procfile, with the real ledger, caps and consent."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from bench.letter import SENDER
from bench.place import Place
from bench.processes import CELERY, QUIET, Hand, hand, running
from bench.runners import PATIENCE, Commanded, Runner


@dataclass(frozen=True)
class Almanac:
    """`workers`: each is one line of the Procfile, a pool of `pool` processes."""

    database: str
    workers: int
    name: str = "Almanac"
    pool: int = 2

    @property
    def processes(self) -> int:
        return self.workers * self.pool

    @contextmanager
    def ready(self, place: Place, count: int, warm: int) -> Iterator[Runner]:
        """Admitted and held back before anything is started, because a worker would not wait for the word."""
        place.redis.empty()
        environment = environment_of(place, place.empty_database(self.database, "almanac"))
        with ExitStack() as stack:
            planner = stack.enter_context(hand("bench.almanac.hand", environment, place.log))
            queue_s = _admitted(planner, count, warm)
            processes = [
                stack.enter_context(running([*CELERY, "-A", "calendar_project", *arguments], environment, place.log))
                for arguments in self._lines()
            ]
            before = place.sink.count
            # Woken often enough for every process of the pool to get a share.
            planner.do("begin", 0, 2 * self.processes)
            place.sink.wait_for(before + warm, PATIENCE, processes)
            planner.do("settle", 0, warm)
            place.come_to_rest(self.database, environment["DATABASE_URL"])
            yield Commanded(processes, queue_s, planner, ("begin", 1, 1), ("settle", 1, count))

    def _lines(self) -> Iterator[list[str]]:
        """What the Procfile says behind `celery -A calendar_project`."""
        for number in range(self.workers):
            yield ["worker", f"--concurrency={self.pool}", f"--hostname=worker{number}@%h", *QUIET]
        yield ["beat", QUIET[0], "--pidfile="]


def _admitted(planner: Hand, count: int, warm: int) -> float:
    """How long admission took, of both campaigns."""
    planner.do("migrate")
    planner.do("fill", 0, warm, 0)
    planner.do("fill", warm, count, 1)
    planner.do("plan")
    began = time.monotonic()
    planner.do("admit")
    return time.monotonic() - began


def environment_of(place: Place, database_url: str) -> dict[str, str]:
    """A deployment's settings."""
    return {
        "DJANGO_SETTINGS_MODULE": "calendar_project.settings",
        "DATABASE_URL": database_url,
        "CELERY_BROKER_URL": place.redis.url,
        "EMAIL_URL": f"smtp://127.0.0.1:{place.sink.port}",
        "EMAIL_FROM": SENDER,
        "SECRET_KEY": "benchmark-" * 6,
        "ALLOWED_HOSTS": "almanac.example.com",
        "BASE_URL": "https://almanac.example.com",
        "ALMANAC_DATA": str(place.folder / "data"),
        "LOG_LEVEL": "WARNING",
    }
