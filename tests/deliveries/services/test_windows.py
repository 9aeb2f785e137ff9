"""Every message of a window is accounted for, whatever breaks between its answer and the record of it."""

import time
from functools import partial
from typing import Any

import pytest

from campaigns.services import lifecycle
from deliveries.channels.base import Outcome, Verdict
from deliveries.channels.memory import MemoryChannel
from deliveries.flight_recorder import FlightRecorder
from deliveries.models import Delivery
from deliveries.queries.due import row_of
from deliveries.services.claiming import Known, Window
from deliveries.services.windows import FIRST, LARGEST, PACE_LASTS, Pace, Watch
from tests.builders import NOW
from tests.deliveries.dispatches import make_memory_send, only, run, states

pytestmark = pytest.mark.django_db(transaction=True)
Memory = type[MemoryChannel]


def test_an_answer_that_cannot_be_written_down_leaves_its_message_in_doubt(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = make_memory_send(1)

    def fail_once(*_: Any) -> None:
        monkeypatch.undo()
        raise ValueError("it cannot be written")

    monkeypatch.setattr(FlightRecorder, "ended", fail_once)
    run()
    assert (states(send), only(send).evidence) == ({"uncertain": 1}, {"phase": "channel", "text": "ValueError"})


def test_an_answer_of_a_message_that_had_not_begun_puts_it_back_under_suspicion(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = make_memory_send(1)
    row = only(send)

    def answer_at_once(self: MemoryChannel, messages: Any, may_leave: Any) -> Any:
        for outgoing in messages:
            yield Outcome(outgoing.delivery_id, Verdict.REJECTED, {"text": {1, 2}})

    monkeypatch.setattr(MemoryChannel, "send", answer_at_once)
    run()
    row.refresh_from_db()
    assert (row.state, row.claims, row.lease_token) == ("planned", 1, "")


def test_an_answer_to_nothing_in_hand_breaks_the_window_and_loses_nothing(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = make_memory_send(2)

    def answer_twice(self: MemoryChannel, messages: Any, may_leave: Any) -> Any:
        for outgoing in messages:
            may_leave(outgoing.delivery_id)
            yield Outcome(outgoing.delivery_id, Verdict.ACCEPTED)
            yield Outcome(outgoing.delivery_id, Verdict.REJECTED)

    monkeypatch.setattr(MemoryChannel, "send", answer_twice)
    run()
    assert states(send) == {"sent": 1, "planned": 1}


def test_a_look_is_at_the_window_ahead_as_well(memory: Any) -> None:
    """It is marked already and begins with what the last look found."""
    ahead = make_memory_send(1)
    row = row_of(only(ahead).pk, NOW)
    watch = Watch(lambda: NOW, time.monotonic() + 60)
    watch.held["token"] = Window("token", Known(), ready={row.id: row})
    lifecycle.pause(ahead.campaign_id, None, NOW)
    watch.look(set())
    assert watch.stopped == {ahead.pk}


def test_a_dispatch_begins_at_a_quarter_of_what_the_channels_last_one_came_to(monkeypatch: pytest.MonkeyPatch) -> None:
    last = Pace("memory")
    while last.size < LARGEST:
        last.learn(last.size, 0)
    assert (Pace("memory").size, Pace("another").size) == (LARGEST // 4, FIRST)
    later = time.monotonic() + PACE_LASTS
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert Pace("memory").size == FIRST


def test_a_dispatch_begins_no_slower_than_one_that_knows_nothing() -> None:
    Pace("memory").learn(1, 30.0)
    assert Pace("memory").size == FIRST


def test_a_triggered_message_says_nothing_of_how_fast_many_would_go(memory: Memory) -> None:
    Pace.latest["memory", False] = LARGEST, time.monotonic()
    make_memory_send(1)
    Delivery.objects.update(urgent=True)
    assert run(urgent=True)["accepted"] == 1
    assert Pace("memory").size == LARGEST // 4


def test_a_channel_that_asks_for_patience_is_asked_with_little_the_next_time(memory: Memory) -> None:
    Pace.latest["memory", False] = 16 * FIRST, time.monotonic()
    make_memory_send(16 * FIRST)
    refusal = Outcome(0, Verdict.DEFERRED, {"phase": "connect", "text": "not now"}, slow_down=True)
    rows = Delivery.objects.values_list("customer__external_id", "pk")
    memory.answers = {external_id: [refusal._replace(delivery_id=pk)] for external_id, pk in rows}
    assert run()["slowed"] == 1
    assert Pace("memory").size == FIRST


def test_another_worker_is_woken_only_where_a_window_leaves_some_behind(memory: Memory) -> None:
    woken: list[int] = []
    for waiting in (4 * FIRST - 1, 4 * FIRST):
        Pace.latest["memory", False] = 16 * FIRST, time.monotonic()
        make_memory_send(waiting)
        run(on_plenty=partial(woken.append, waiting))
    assert woken == [4 * FIRST]
