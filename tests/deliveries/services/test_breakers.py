"""Circuit breakers: how long a channel waits, that many refusals are one, and how it comes back."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from deliveries.models import Breaker
from deliveries.queries.dispatch import channels_due
from deliveries.queries.running import standing
from deliveries.services import breakers
from deliveries.services.breakers import close, may_try, note_slow_down, note_taken, wait_after
from tests.builders import NOW
from tests.deliveries.dispatches import make_memory_send

pytestmark = pytest.mark.django_db


def is_half_open(channel: str, now: datetime) -> bool:
    return standing(channel, now) is Breaker.Standing.HALF_OPEN


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    breakers._found_closed.clear()
    yield
    breakers._found_closed.clear()


def after(seconds: float) -> Any:
    return NOW + timedelta(seconds=seconds)


def row() -> Any:
    return Breaker.objects.values("failures", "waits_until", "problem", "changed_at").get(channel="email")


def another_process_refused(now: Any) -> None:
    """What a note of another process leaves behind, which this one has not heard of."""
    Breaker.objects.update_or_create(
        channel="email", defaults={"failures": 1, "waits_until": now + timedelta(seconds=5), "changed_at": now}
    )


def test_a_channel_that_was_never_refused_is_closed() -> None:
    assert (may_try("email", NOW), is_half_open("email", NOW)) == (True, False)


def test_a_refusal_makes_the_channel_wait_and_then_try_a_little() -> None:
    assert note_slow_down("email", "421 too many connections", NOW)
    assert row() == {
        "failures": 1,
        "waits_until": after(5),
        "problem": "421 too many connections",
        "changed_at": NOW,
    }
    assert [(may_try("email", after(s)), is_half_open("email", after(s))) for s in (0, 4.9, 5, 500)] == [
        (False, False),
        (False, False),
        (True, True),
        (True, True),
    ]
    assert may_try("webhook", NOW)


def test_each_refusal_in_a_row_waits_twice_as_long_up_to_five_minutes() -> None:
    now, waits = NOW, []
    for _ in range(9):
        assert note_slow_down("email", "421", now)
        waits.append((row()["waits_until"] - now).total_seconds())
        now = row()["waits_until"]
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]


@pytest.mark.parametrize(
    ("failures", "asked", "seconds"),
    [(1, 30, 30), (1, 1, 5), (3, 1, 20), (1, 86_400, 3_600), (1, float("inf"), 3_600), (1, -5, 5), (99, None, 300)],
)
def test_the_other_side_may_ask_for_longer_within_the_hour(failures: int, asked: Any, seconds: float) -> None:
    assert wait_after(failures, asked) == timedelta(seconds=seconds)


def test_many_who_hear_the_same_refusal_count_it_once() -> None:
    assert [note_slow_down("email", f"421 {number}", after(number / 10)) for number in range(9)] == [True] + [False] * 8
    assert row()["problem"] == "421 0"


@pytest.mark.django_db(transaction=True)
def test_many_at_the_very_same_moment_count_it_once_too() -> None:
    counted: list[bool] = []
    ready = threading.Barrier(8)

    def note() -> None:
        ready.wait()
        counted.append(note_slow_down("email", "421", NOW))
        connection.close()

    threads = [threading.Thread(target=note) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counted) == [False] * 7 + [True]
    assert row()["failures"] == 1


def test_a_message_that_is_taken_closes_a_half_open_breaker() -> None:
    note_slow_down("email", "421", NOW)
    note_taken("email", after(5))
    assert (row()["failures"], row()["waits_until"]) == (0, None)
    note_slow_down("email", "421", after(6))
    assert row()["waits_until"] == after(11)  # from the beginning again


def test_what_was_on_its_way_before_the_refusal_does_not_end_the_waiting() -> None:
    note_slow_down("email", "421", NOW)
    note_taken("email", after(1))
    assert not may_try("email", after(1))


def test_a_closed_breaker_costs_one_look_a_second(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        for number in range(10):
            note_taken("email", after(number / 10))
    with django_assert_num_queries(1):
        note_taken("email", after(1))


def test_what_another_process_opened_is_closed_within_a_second_of_trying() -> None:
    note_taken("email", NOW)
    another_process_refused(NOW)
    note_taken("email", after(5))
    assert may_try("email", after(5))
    assert not is_half_open("email", after(5))


def test_what_this_process_opened_is_closed_at_the_first_message_taken() -> None:
    note_taken("email", after(4.9))
    note_slow_down("email", "421", after(4.95), retry_after=0)
    Breaker.objects.update(waits_until=after(5))
    note_taken("email", after(5))
    assert row()["failures"] == 0


def test_an_operator_closes_it_at_once_and_what_was_said_stays() -> None:
    note_slow_down("email", "421 slow", NOW)
    assert [close("email", after(1)), close("email", after(1))] == [True, False]
    assert (may_try("email", after(1)), is_half_open("email", after(1)), row()["problem"]) == (True, False, "421 slow")


def test_what_the_other_side_says_is_kept_as_far_as_a_database_takes_it() -> None:
    note_slow_down("email", "no\x00thing \ud800" + "x" * 400, NOW)
    assert row()["problem"].startswith("nothing ?x")
    assert len(row()["problem"]) == 300


def test_a_channel_that_waits_is_not_woken_before_its_time(memory: Any) -> None:
    make_memory_send(2)
    note_slow_down("memory", "421", NOW)
    assert [channels_due(after(seconds)) for seconds in (0, 4.9, 5)] == [[], [], [("memory", False)]]
