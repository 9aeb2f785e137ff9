"""What a process of the benchmark costs is read with all below it, and nothing of it is left afterwards."""

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from bench.processes import Peak, cpu_seconds, hand, running

BURNS = "import time\nwhile time.process_time() < 0.3: pass"
# It waits for a child that burns, tells the number of one that stays, and stays.
PARENT = f"""
import subprocess, sys, time
subprocess.run([sys.executable, "-c", {BURNS!r}])
held = b"x" * 30_000_000
print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]).pid, flush=True)
time.sleep(60)
"""


def is_gone(pid: int) -> bool:
    """A kill is a wish: its process may be seen for another moment, and a zombie is as good as gone."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


def test_those_that_have_ended_are_counted_and_those_that_stay_are_ended(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT]
    with running(command, {}, tmp_path / "log", stdout=subprocess.PIPE) as process, Peak([process.pid]) as peak:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        # The system counts in hundredths, and each of them may have lost the last.
        assert 0.27 <= cpu_seconds([process.pid]) < 5
        assert psutil.pid_exists(child)
    assert peak.most > 30
    assert not psutil.pid_exists(process.pid)
    assert is_gone(child)


def test_a_hand_that_broke_is_told_of(tmp_path: Path) -> None:
    with (
        pytest.raises(RuntimeError, match="ended before it had done"),
        hand("tests.bench.no_such_module", {}, tmp_path / "log"),
    ):
        pass
    assert "No module named" in (tmp_path / "log").read_text()
