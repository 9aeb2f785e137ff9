"""Those who send: each is started, warmed up, and brought to where one word lets the whole of the run begin."""

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Protocol

from bench.letter import SENDER
from bench.place import Place
from bench.processes import Hand, Process, hand, running

PATIENCE = 120  # seconds without any mail
CELERY = [sys.executable, "-m", "celery"]
QUIET = ["--loglevel=WARNING", "--without-gossip", "--without-mingle"]


class Runner(Protocol):
    """A contender that is warm and whose mails are queued. `processes`: what its costs are read from, with all below.

    `queue_s`: how long it took to queue them, or to decide on them.
    """

    processes: list[Process]
    queue_s: float

    def begin(self) -> None:
        """The word; returns at once."""

    def settle(self) -> None:
        """Wait until its own records say that every mail is sent."""


class Contender(Protocol):
    name: str
    database: str  # PostgreSQL, SQLite or none
    workers: int

    def ready(self, place: Place, count: int, warm: int) -> AbstractContextManager[Runner]:
        """Warm after `warm` mails, which are at the sink, with `count` more waiting for the word."""


@dataclass
class Queued:
    """A runner whose whole run is one word to one process of its own."""

    hand: Hand
    word: tuple[object, ...]
    queue_s: float

    @property
    def processes(self) -> list[Process]:
        return [self.hand.process]

    def begin(self) -> None:
        self.hand.tell(*self.word)

    def settle(self) -> None:
        self.hand.wait()


@dataclass(frozen=True)
class Peer:
    """A sender of `bench.peers`, one process or one that forks; filled by a second process where it has a queue."""

    name: str
    module: str
    apps: str
    database: str
    workers: int

    @contextmanager
    def ready(self, place: Place, count: int, warm: int) -> Iterator[Runner]:
        environment = self._environment(place)
        module = f"bench.peers.{self.module}"
        with hand(module, environment, place.log) as sender, self._filler(module, environment, place, sender) as filler:
            word = ("send", self.workers)
            filler.do("fill", 0, warm)
            sender.do(*word)
            began = time.monotonic()
            filler.do("fill", warm, count)
            queue_s = time.monotonic() - began
            place.come_to_rest(self.database, environment["BENCH_DATABASE_URL"])
            yield Queued(sender, word, queue_s)

    @contextmanager
    def _filler(self, module: str, environment: dict[str, str], place: Place, sender: Hand) -> Iterator[Hand]:
        """Another process, so that queueing leaves nothing in the memory of the one that is measured."""
        if self.database == "none":
            yield sender
            return
        with hand(module, environment, place.log) as filler:
            filler.do("migrate")
            yield filler

    def _environment(self, place: Place) -> dict[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": "bench.peers.settings",
            "BENCH_APPS": self.apps,
            "BENCH_DATABASE_URL": "" if self.database == "none" else place.empty_database(self.database, "peer"),
            "BENCH_SMTP_PORT": str(place.sink.port),
            "BENCH_BROKER": place.redis.url,
            # post-office keeps a lock there, which is nobody else's business.
            "TMPDIR": str(place.folder),
        }


@dataclass
class Released:
    """A runner whose workers wait for somebody else to let the mails go."""

    processes: list[Process]
    hand: Hand
    begins: tuple[object, ...]
    settles: tuple[object, ...]
    queue_s: float

    def begin(self) -> None:
        self.hand.do(*self.begins)

    def settle(self) -> None:
        if self.settles:
            self.hand.do(*self.settles)


@dataclass(frozen=True)
class TaskEach:
    """A Celery task for every recipient."""

    workers: int
    name: str = "Celery, a task per recipient"
    database: str = "none"

    @contextmanager
    def ready(self, place: Place, count: int, warm: int) -> Iterator[Runner]:
        place.redis.empty()
        environment = Peer(self.name, "", "", self.database, self.workers)._environment(place)
        application = "bench.peers.celery_tasks"
        worker = [*CELERY, "-A", application, "worker", f"--concurrency={self.workers}", "-Q", "idle", *QUIET]
        with hand(application, environment, place.log) as filler, running(worker, environment, place.log) as process:
            filler.do("fill", 0, warm, 0)
            began = time.monotonic()
            filler.do("fill", warm, count, 1)
            queue_s = time.monotonic() - began
            before = place.sink.count
            _begin_until_heard(filler, place, before)
            place.sink.wait_for(before + warm, PATIENCE, [process])
            yield Released([process], filler, ("begin", 1), (), queue_s)


def _begin_until_heard(filler: Hand, place: Place, before: int) -> None:
    """A worker that is still starting hears nothing."""
    deadline = time.monotonic() + PATIENCE
    while place.sink.count == before:
        if time.monotonic() > deadline:
            raise TimeoutError("the workers did not begin")
        filler.do("begin", 0)
        time.sleep(0.5)


@dataclass(frozen=True)
class Almanac:
    """The real thing: a worker and a beat as in the Procfile, the real dispatch, ledger, caps and consent."""

    database: str
    workers: int
    name: str = "Almanac"

    @contextmanager
    def ready(self, place: Place, count: int, warm: int) -> Iterator[Runner]:
        place.redis.empty()
        environment = self._environment(place, place.empty_database(self.database, "almanac"))
        celery = [*CELERY, "-A", "calendar_project"]
        with ExitStack() as stack:
            planner = stack.enter_context(hand("bench.almanac.hand", environment, place.log))
            queue_s = _admitted(planner, count, warm)
            worker = [*celery, "worker", f"--concurrency={self.workers}", *QUIET]
            processes = [
                stack.enter_context(running(command, environment, place.log))
                for command in (worker, [*celery, "beat", "--loglevel=WARNING", "--pidfile="])
            ]
            before = place.sink.count
            # Often enough for every process of the pool to get a share.
            planner.do("begin", 0, 2 * self.workers)
            place.sink.wait_for(before + warm, PATIENCE, processes)
            planner.do("settle", 0, warm)
            place.come_to_rest(self.database, environment["DATABASE_URL"])
            yield Released(processes, planner, ("begin", 1, 1), ("settle", 1, count), queue_s)

    def _environment(self, place: Place, database: str) -> dict[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": "calendar_project.settings",
            "DATABASE_URL": database,
            "CELERY_BROKER_URL": place.redis.url,
            "EMAIL_URL": f"smtp://127.0.0.1:{place.sink.port}",
            "EMAIL_FROM": SENDER,
            "SECRET_KEY": "benchmark-" * 6,
            "ALLOWED_HOSTS": "almanac.example.com",
            "BASE_URL": "https://almanac.example.com",
            "ALMANAC_DATA": str(place.folder / "data"),
            "LOG_LEVEL": "WARNING",
        }


def _admitted(planner: Hand, count: int, warm: int) -> float:
    """How long admission took, of both campaigns."""
    planner.do("migrate")
    planner.do("fill", 0, warm, 0)
    planner.do("fill", warm, count, 1)
    planner.do("plan")
    began = time.monotonic()
    planner.do("admit")
    return time.monotonic() - began


AUTH = "django.contrib.contenttypes django.contrib.auth"
CONTENDERS: list[Contender] = [
    Almanac("PostgreSQL", 1),
    Almanac("PostgreSQL", 2),
    Almanac("SQLite", 1),
    Almanac("SQLite", 2),
    Peer("django-post-office", "post_office", f"{AUTH} post_office", "PostgreSQL", 1),
    Peer("django-post-office", "post_office", f"{AUTH} post_office", "PostgreSQL", 2),
    Peer("django-mailer", "mailer", "mailer", "PostgreSQL", 1),
    Peer("Django's send_messages", "send_messages", "", "none", 1),
    TaskEach(2),
]


def available() -> tuple[list[Contender], list[str]]:
    """Those that can be run here, and the packages that are missing for the others."""
    missing = [name for name in ("post_office", "mailer") if find_spec(name) is None]
    return [each for each in CONTENDERS if getattr(each, "module", "") not in missing], missing
