"""`manage.py run`: the embedded workspace, from nothing to a page that answers, until Ctrl-C."""

import fcntl
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from audiences.clock import read_now
from calendar_project import first_start


class Command(BaseCommand):
    help = "Starts Almanac in one process on this machine; needs nothing else. Ctrl-C stops it."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.EMBEDDED:
            raise CommandError(
                "run is for a workspace on one machine, and this environment describes a deployment: start web, "
                "worker and beat instead (docs/operators.md), or unset DATABASE_URL and the others."
            )
        data_dir: Path = settings.ENVIRONMENT.data_dir
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _leave)
        with only_one(data_dir / "almanac.lock"):
            self._run(data_dir / "sign-in")

    def _run(self, sign_in: Path) -> None:
        # Imported here: it makes the web application, which a mere `manage.py help` does not need.
        from calendar_project import embedded

        with _listener(settings.ENVIRONMENT.port) as listener:
            first_start.prepare(sign_in, read_now, self._tell)
            self._welcome(sign_in)
            # Each thread opens its own; this one is the web server's from now on.
            connections.close_all()
            rested = embedded.serve(listener)
        self._tell("Stopped." if rested else "Stopped in the middle of a task; the next start takes it up again.")
        if not rested:
            # The interpreter would wait for the task's thread.
            os._exit(0)

    def _welcome(self, sign_in: Path) -> None:
        password = first_start.kept_password(sign_in)
        self._tell("")
        self._tell(f"Almanac is at    {settings.BASE_URL}/")
        if password:
            self._tell(f"Sign in as       {first_start.ADMIN}")
            self._tell(f"with password    {password}    (kept in {_short(sign_in)})")
        self._tell("Ctrl-C stops it.")

    def _tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _short(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _leave(*_: object) -> None:
    """Stopped while getting ready, at once. Not an exception: one that is raised inside a call from SQLite is lost.

    Nothing needs tidying: each migration is a transaction, and so is the sample.
    """
    os.write(sys.stdout.fileno(), b"Stopped before it was ready. The next start goes on from here.\n")
    os._exit(0)


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Held while this process lives, however it ends. Two schedulers on one database would do everything twice."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as taken:
            lock.seek(0)
            who = lock.read().strip() or "as another process"
            raise CommandError(
                f"Almanac is already running on this data ({path.parent}), {who}. "
                "Stop that one, or set ALMANAC_DATA to another folder."
            ) from taken
        lock.truncate(0)
        lock.write(f"as process {os.getpid()} at {settings.BASE_URL}/")
        lock.flush()
        yield


@contextmanager
def _listener(port: int) -> Iterator[Any]:
    from calendar_project.embedded import listen

    try:
        listener = listen(port)
    except OSError as taken:
        why = os.strerror(taken.errno or 0).lower()
        raise CommandError(
            f"Port {port} cannot be used ({why}). Set PORT to a free one: PORT={port + 1} make run"
        ) from taken
    with listener:
        yield listener
