"""The flight recorder, as a worker writes it and as whoever finds it reads it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deliveries import flight_recorder
from deliveries.flight_recorder import Flight, FlightRecorder, abandoned

A_FLIGHT = """
import os, sys
from pathlib import Path
from deliveries.flight_recorder import FlightRecorder
recorder = FlightRecorder(Path(sys.argv[1]))
recorder.window("token", [1, 2, 3, 4])
recorder.taken(1)
recorder.leaving(1)
recorder.ended(1, {})
recorder.taken(2)
recorder.leaving(2)
recorder.taken(3)
os.kill(os.getpid(), 9)
"""


def found(folder: Path) -> list[list[Flight]]:
    return [list(left.flights) for left in abandoned(folder)]


def test_what_was_written_survives_kill_9(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", A_FLIGHT, str(tmp_path)], check=False)
    assert killed.returncode == -9
    assert found(tmp_path) == [[Flight("token", {1, 2, 3, 4}, taken={1, 2, 3}, leaving={1, 2}, ended={1: {}})]]


def test_nobody_takes_the_file_of_a_worker_that_lives(tmp_path: Path) -> None:
    recorder = FlightRecorder(tmp_path)
    recorder.window("token", [1])
    assert found(tmp_path) == []
    recorder.abandon()
    assert found(tmp_path) == [[Flight("token", {1})]]


def test_two_who_find_a_file_do_not_both_settle_it(tmp_path: Path) -> None:
    FlightRecorder(tmp_path).abandon()
    first = abandoned(tmp_path)
    left = next(first)
    assert found(tmp_path) == []
    left.remove()
    first.close()  # type: ignore[attr-defined]
    assert found(tmp_path) == []


def test_a_dispatch_that_ends_well_leaves_nothing(tmp_path: Path) -> None:
    recorder = FlightRecorder(tmp_path)
    recorder.window("token", [1])
    recorder.close()
    assert list(tmp_path.iterdir()) == []


def test_a_row_that_is_taken_again_belongs_to_its_latest_window(tmp_path: Path) -> None:
    recorder = FlightRecorder(tmp_path)
    recorder.window("first", [1, 2])
    recorder.taken(1)
    recorder.window("second", [1])
    recorder.leaving(1)
    recorder.abandon()
    assert found(tmp_path) == [[Flight("first", {1, 2}, taken={1}), Flight("second", {1}, leaving={1})]]


def test_a_last_line_that_was_cut_off_never_happened(tmp_path: Path) -> None:
    recorder = FlightRecorder(tmp_path)
    recorder.window("token", [1, 22])
    recorder.abandon()
    recorder.path.write_bytes(recorder.path.read_bytes().replace(b"\0" * 9, b"leaving 2", 1))
    assert found(tmp_path) == [[Flight("token", {1, 22})]]


def test_a_file_of_another_boot_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(flight_recorder, "boot_id", lambda: "another")
        recorder = FlightRecorder(tmp_path)
        recorder.window("token", [1])
        recorder.abandon()
    assert found(tmp_path) == [[]]


def test_where_no_boot_is_known_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flight_recorder, "boot_id", lambda: flight_recorder.UNKNOWN)
    recorder = FlightRecorder(tmp_path)
    recorder.window("token", [1])
    recorder.leaving(1)
    recorder.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("at", ["first", "later"])
def test_a_recorder_without_room_takes_its_file_away_and_lets_the_mail_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    def full(*_: int) -> None:
        raise OSError(28, "no space left")

    if at == "first":
        monkeypatch.setattr(os, "posix_fallocate", full)
    recorder = FlightRecorder(tmp_path)
    monkeypatch.setattr(os, "posix_fallocate", full)
    recorder.window("token", range(flight_recorder.ROOM))
    recorder.leaving(1)
    recorder.ended(1, {})
    assert list(tmp_path.iterdir()) == []
    recorder.close()


def test_it_takes_more_room_as_it_needs_it(tmp_path: Path) -> None:
    recorder = FlightRecorder(tmp_path)
    recorder.window("token", range(flight_recorder.ROOM))
    recorder.taken(7)
    recorder.abandon()
    assert found(tmp_path) == [[Flight("token", set(range(flight_recorder.ROOM)), taken={7})]]


def test_an_ended_message_says_how(tmp_path: Path) -> None:
    recorder = FlightRecorder(tmp_path)
    recorder.window("token", [1])
    recorder.leaving(1)
    recorder.ended(1, {"verdict": "rejected", "evidence": {"text": "kein Postfach für\nä"}})
    recorder.abandon()
    assert found(tmp_path)[0][0].ended == {1: {"verdict": "rejected", "evidence": {"text": "kein Postfach für\nä"}}}
