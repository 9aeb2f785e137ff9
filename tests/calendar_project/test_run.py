"""`manage.py run` as a person meets it: a process of its own, on a folder of its own."""

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.ports import free_port

PROJECT = Path(__file__).resolve().parents[2]
NOT_EMBEDDED = ("DATABASE_URL", "CELERY_BROKER_URL", "EMAIL_URL", "SECRET_KEY", "ALLOWED_HOSTS", "BASE_URL")

# The embedded workspace has its own database, whatever the suite is on.
pytestmark = pytest.mark.only_on("sqlite")


class Run:
    """One `manage.py run`; `output` is everything that it has said so far, errors too."""

    def __init__(self, data: Path, port: int) -> None:
        self.data, self.port, self.log = data, port, data.parent / f"log-{time.monotonic_ns()}"
        environment = {key: value for key, value in os.environ.items() if key not in NOT_EMBEDDED}
        environment |= {"ALMANAC_DATA": str(data), "PORT": str(port), "LOG_LEVEL": "INFO", "ALMANAC_BASE_URL": ""}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "run"],
                cwd=PROJECT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self.log.read_text()

    def wait_for(self, is_so: Callable[[], object], seconds: float = 240) -> None:
        end = time.monotonic() + seconds
        while not is_so():
            assert self.process.poll() is None, self.output
            assert time.monotonic() < end, self.output
            time.sleep(0.05)

    def page(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=20)

    def is_up(self) -> bool:
        return "Ctrl-C stops it." in self.output and self.page("/healthz").status_code == 200

    def stop(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def start(tmp_path: Path, port: int) -> Iterator[Callable[[], Run]]:
    """Starts on the same folder and port each time; none outlives the test."""
    runs: list[Run] = []

    def start_one() -> Run:
        runs.append(Run(tmp_path / "data", port))
        return runs[-1]

    yield start_one
    for run in runs:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait()


def counts(data: Path) -> dict[str, int]:
    tables = ("auth_user", "audiences_customer", "campaigns_campaign")
    with sqlite3.connect(f"file:{data}/almanac.sqlite3?mode=ro", uri=True) as database:
        return {table: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}  # noqa: S608


def test_it_answers_does_its_tasks_stops_cleanly_and_goes_on_with_the_same_data(start: Callable[[], Run]) -> None:
    first = start()
    first.wait_for(first.is_up)
    before = counts(first.data)
    sign_in = (first.data / "sign-in").read_text().split()
    assert before["auth_user"] >= 1
    assert set(first.page("/readyz").json().values()) == {"ok"}
    assert "almanac_deliveries" in first.page("/metrics").text
    assert before["audiences_customer"] > 1_000
    assert signs_in(first, *sign_in)
    assert style_sheet(first).headers["content-type"].startswith("text/css")
    # Beat asked, the broker carried, the worker did.
    first.wait_for(lambda: re.search(r"Task \S+\.tasks\.\S+\[\S+\] succeeded", first.output))

    began = time.monotonic()
    assert first.stop() == 0, first.output
    assert time.monotonic() - began < 10
    assert first.output.rstrip().endswith("Stopped.")
    assert "Traceback" not in first.output, first.output

    second = start()
    second.wait_for(second.is_up)
    assert counts(second.data) == before
    assert (second.data / "sign-in").read_text().split() == sign_in
    assert signs_in(second, *sign_in)
    assert second.stop(signal.SIGTERM) == 0, second.output
    assert "Traceback" not in second.output, second.output


def signs_in(run: Run, name: str, password: str) -> bool:
    with httpx.Client(base_url=f"http://127.0.0.1:{run.port}", timeout=20) as browser:
        browser.get("/admin/login/")
        form = {"username": name, "password": password, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        answer = browser.post("/admin/login/?next=/admin/", data=form, headers={"Referer": str(browser.base_url)})
        return answer.status_code == 302 and browser.get("/admin/").status_code == 200


def style_sheet(run: Run) -> httpx.Response:
    """Any style sheet that the admin's first page links to; nobody has run collectstatic."""
    links = re.findall(r'href="(/static/[^"]+\.css)', run.page("/admin/login/").text)
    return run.page(links[0]).raise_for_status()


def test_the_first_password_is_for_this_user_alone(start: Callable[[], Run]) -> None:
    run = start()
    run.wait_for(lambda: (run.data / "sign-in").exists())
    modes = {name: (run.data / name).stat().st_mode & 0o777 for name in ("sign-in", "secret_key")}
    assert modes == {"sign-in": 0o600, "secret_key": 0o600}


def test_a_second_one_on_the_same_data_says_so(start: Callable[[], Run]) -> None:
    first = start()
    first.wait_for(lambda: "Bringing the database up to date" in first.output)
    second = start()
    assert second.process.wait(30) == 1
    assert f"already running on this data ({first.data}), as process {first.process.pid} at" in second.output
    assert "Traceback" not in second.output


def test_a_taken_port_says_what_to_set(start: Callable[[], Run], port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        run = start()
        assert run.process.wait(30) == 1
    assert f"Port {port} cannot be used (address already in use). Set PORT to a free one" in run.output
    assert "Traceback" not in run.output


def test_it_can_be_stopped_before_it_is_ready(start: Callable[[], Run]) -> None:
    run = start()
    run.wait_for(lambda: "Loading the sample" in run.output)
    assert run.stop() == 0, run.output
    assert run.output.rstrip().endswith("Stopped before it was ready. The next start goes on from here.")
    assert "Traceback" not in run.output, run.output
