"""Heartbeats: a row a part, written when the part has run."""

from datetime import timedelta
from typing import Any

import pytest

from deliveries import tasks
from deliveries.models import Heartbeat
from deliveries.queries.running import ages, silent_parts
from deliveries.services import reaping
from deliveries.services.heartbeats import beat
from tests.builders import NOW

pytestmark = pytest.mark.django_db
LONG_AGO = NOW - timedelta(days=1)


def after(seconds: float) -> Any:
    return NOW + timedelta(seconds=seconds)


def test_a_beat_is_a_row_and_the_next_one_moves_it() -> None:
    beat("tick", NOW)
    beat("tick", after(10))
    assert list(Heartbeat.objects.values_list("part", "at")) == [("tick", after(10))]


def test_a_part_that_runs_every_second_writes_every_five(django_assert_num_queries: Any) -> None:
    beat("tick", NOW)
    with django_assert_num_queries(4):
        for second in range(1, 5):
            beat("tick", after(second))
    beat("tick", after(5))
    assert Heartbeat.objects.get().at == after(5)


def test_a_part_that_has_not_run_for_a_minute_is_silent() -> None:
    beat("tick", NOW)
    beat("reaper", after(-1))
    assert silent_parts(after(60), LONG_AGO) == {"dispatcher": None, "reaper": timedelta(seconds=61)}


def test_nothing_is_silent_in_the_first_minute_after_the_asking_process_began() -> None:
    beat("tick", LONG_AGO)  # before the upgrade, say
    assert silent_parts(after(60), NOW) == {}
    assert set(silent_parts(after(61), NOW)) == {"tick", "dispatcher", "reaper"}


def test_a_clock_that_is_ahead_makes_no_age_below_nothing() -> None:
    beat("tick", after(5))
    assert ages(NOW) == {"tick": timedelta(0), "dispatcher": None, "reaper": None}


@pytest.mark.django_db(transaction=True)
def test_each_task_of_the_clock_has_a_pulse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks.admit_firings, "apply_async", lambda **_: None)
    parts = []
    for task in (tasks.admit_due, tasks.dispatch_due, tasks.reap):
        task()
        parts.append(set(Heartbeat.objects.values_list("part", flat=True)))
    assert parts == [{"tick"}, {"tick", "dispatcher"}, {"tick", "dispatcher", "reaper"}]


def test_a_part_that_fails_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(reaping, "reap", fail)
    with pytest.raises(RuntimeError):
        tasks.reap()
    assert not Heartbeat.objects.exists()
