"""The peers as contenders: their processes, each with an environment of its own."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

from bench.place import Place
from bench.processes import CELERY, QUIET, Hand, hand, running
from bench.runners import PATIENCE, Commanded, Commissioned, Runner

AUTH = "django.contrib.contenttypes django.contrib.auth"


@dataclass(frozen=True)
class Peer:
    """A sender of `bench.peers`, which may fork; filled by a second process where it has a queue."""

    name: str
    module: str
    apps: str
    database: str
    workers: int
    variant: str = ""

    @property
    def processes(self) -> int:
        return self.workers

    @contextmanager
    def ready(self, place: Place, count: int, warm: int) -> Iterator[Runner]:
        url = "" if self.database == "none" else place.empty_database(self.database, "peer")
        environment = environment_of(place, url, self.apps, self.variant)
        module, word = f"bench.peers.{self.module}", ("send", self.workers)
        with hand(module, environment, place.log) as sender, self._filler(module, environment, place, sender) as filler:
            if url:
                filler.do("migrate")
            filler.do("fill", 0, warm)
            before = place.sink.count
            sender.do(*word)
            place.sink.wait_for(before + warm, PATIENCE)
            began = time.monotonic()
            filler.do("fill", warm, count)
            queue_s = time.monotonic() - began
            place.come_to_rest(self.database, url)
            yield Commissioned(queue_s, sender, word)

    def _filler(
        self, module: str, environment: dict[str, str], place: Place, sender: Hand
    ) -> AbstractContextManager[Hand]:
        """Another process, so that queueing leaves nothing in the memory of the one that is measured."""
        return nullcontext(sender) if self.database == "none" else hand(module, environment, place.log)


@dataclass(frozen=True)
class TaskEach:
    """A Celery task for every recipient. `workers`: each a pool of two processes."""

    workers: int
    name: str = "Celery, a task per recipient"
    database: str = "none"

    @property
    def processes(self) -> int:
        return 2 * self.workers

    @contextmanager
    def ready(self, place: Place, count: int, warm: int) -> Iterator[Runner]:
        place.redis.empty()
        environment, application = environment_of(place), "bench.peers.celery_tasks"
        worker = [*CELERY, "-A", application, "worker", f"--concurrency={self.processes}", "-Q", "idle", *QUIET]
        with hand(application, environment, place.log) as filler, running(worker, environment, place.log) as process:
            filler.do("fill", 0, warm, 0)
            began = time.monotonic()
            filler.do("fill", warm, count, 1)
            queue_s = time.monotonic() - began
            before = place.sink.count
            _begin_until_heard(filler, place)
            place.sink.wait_for(before + warm, PATIENCE, [process])
            yield Commanded([process], queue_s, filler, ("begin", 1))


def _begin_until_heard(filler: Hand, place: Place) -> None:
    """A worker that is still starting hears nothing."""
    before, deadline = place.sink.count, time.monotonic() + PATIENCE
    while place.sink.count == before:
        if time.monotonic() > deadline:
            raise TimeoutError("the workers did not begin")
        filler.do("begin", 0)
        time.sleep(0.5)


def environment_of(place: Place, url: str = "", apps: str = "", variant: str = "") -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "bench.peers.settings",
        "BENCH_APPS": apps,
        "BENCH_VARIANT": variant,
        "BENCH_DATABASE_URL": url,
        "BENCH_SMTP_PORT": str(place.sink.port),
        "BENCH_BROKER": place.redis.url,
        # post-office keeps a lock there, for which it would refuse to run twice on this machine.
        "TMPDIR": str(place.folder),
    }
