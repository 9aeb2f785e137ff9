"""The processes of a deployment, started as the Procfile and the systemd units start them, on real servers."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.mail_server import MailServer
from tests.ports import free_port

PROJECT = Path(__file__).resolve().parents[2]
PROCFILE = dict(line.split(": ", 1) for line in (PROJECT / "Procfile").read_text().splitlines())
UNITS = PROJECT / "docs" / "operations" / "systemd"
# Tests that run beside this one have theirs.
DATABASE = f"almanac_procfile_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
PROCESSES = ("web", "worker", "urgent", "beat")

pytestmark = pytest.mark.only_on("postgresql")


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    return re.sub(r"(//[^/]*)/[^?]*", rf"\1/{name}", url, count=1)


@pytest.fixture
def environment(tmp_path: Path, smtp_server: MailServer) -> Iterator[dict[str, str]]:
    """A complete environment on a database of its own, and a broker's database that no other test uses."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        server.execute(f"CREATE DATABASE {DATABASE}")
    broker, port = os.environ["REDIS_URL"], str(free_port())
    yield {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "ALMANAC_DATA": str(tmp_path / "data"),
        "DATABASE_URL": with_database(os.environ["DATABASE_URL"], DATABASE),
        "CELERY_BROKER_URL": f"{broker}?virtual_host=9" if broker.startswith("redis+socket") else broker,
        "EMAIL_URL": smtp_server.url,
        "ALLOWED_HOSTS": "127.0.0.1",
        "BASE_URL": f"http://127.0.0.1:{port}",
        "PORT": port,
        "LOG_LEVEL": "INFO",
    }
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Starts a line of the Procfile; what it says is in `<name>.log`."""
    running: list[subprocess.Popen[bytes]] = []

    def start_line(name: str) -> subprocess.Popen[bytes]:
        with (tmp_path / f"{name}.log").open("wb") as log:
            running.append(
                subprocess.Popen(
                    ["sh", "-c", PROCFILE[name]],
                    cwd=PROJECT,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )
        return running[-1]

    yield start_line
    for process in running:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for(is_so: Callable[[], object], told: Path, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, told.read_text()
        time.sleep(0.1)


def is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz", timeout=10).status_code == 200
    except httpx.TransportError:
        return False


def test_the_processes_do_their_work_and_stop_when_asked(
    start: Callable[[str], subprocess.Popen[bytes]], environment: dict[str, str], tmp_path: Path
) -> None:
    assert start("release").wait(120) == 0, (tmp_path / "release.log").read_text()
    processes = [start(name) for name in PROCESSES]
    address = environment["BASE_URL"]

    wait_for(lambda: is_ready(address), tmp_path / "web.log")
    page = httpx.get(f"{address}/admin/login/").raise_for_status().text
    # Gathered by `release`: a digest in the name, so that browsers keep it for good.
    link = re.search(r'href="(/static/\S+\.[0-9a-f]{12}\.css)"', page)
    assert link, page
    assert "immutable" in httpx.get(address + link[1]).raise_for_status().headers["Cache-Control"]
    done = re.compile(r"Task \S+\.tasks\.\S+\[\S+\] succeeded")
    for log in (tmp_path / "worker.log", tmp_path / "urgent.log"):
        wait_for(lambda: done.search(log.read_text()), log)  # noqa: B023 - at once
    assert "audiences.tasks" not in (tmp_path / "urgent.log").read_text()

    for process in processes:
        process.send_signal(signal.SIGTERM)
    for name, process in zip(PROCESSES, processes, strict=True):
        assert process.wait(30) in {0, -signal.SIGTERM}, name
        assert "Traceback" not in (tmp_path / f"{name}.log").read_text(), (tmp_path / f"{name}.log").read_text()


@pytest.mark.parametrize("name", PROCESSES)
def test_the_systemd_unit_starts_what_the_procfile_starts(name: str) -> None:
    unit = (UNITS / f"almanac-{name}.service").read_text()
    line = re.search(r"^ExecStart=/opt/almanac/.venv/bin/(.*)$", unit, re.M)
    assert line
    # A percent sign is doubled in a unit; what its environment names has its default there.
    starts = line[1].replace("%%", "%").replace("${CELERY_QUEUE}", "almanac")
    assert ("${CELERY_QUEUE}" in line[1]) == ("Environment=CELERY_QUEUE=almanac\nEnvironmentFile=" in unit)
    defaults = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", PROCFILE[name])
    assert defaults.endswith(f"exec {starts}")
