"""What a dead worker's recorder says was answered becomes of the row just what the worker would have made of it."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from audiences.models import Customer, Suppression
from campaigns.models import Send
from deliveries.channels.base import Outcome, Verdict
from deliveries.channels.memory import MemoryChannel
from deliveries.flight_recorder import FlightRecorder
from deliveries.models import Breaker, Cap, Delivery
from deliveries.services import repeating, settling
from deliveries.services.evidence import as_record
from deliveries.services.settling import settle_abandoned
from tests.builders import NOW, make_customer
from tests.deliveries.dispatches import claim_rows, make_memory_send, only, run

pytestmark = pytest.mark.django_db(transaction=True)
Memory = type[MemoryChannel]


@pytest.fixture
def recorder(memory: Memory, settings: Any, tmp_path: Path) -> Iterator[FlightRecorder]:
    settings.RECORDERS = tmp_path
    recorder = FlightRecorder(tmp_path)
    yield recorder
    recorder.abandon()


def answered(recorder: FlightRecorder, verdict: Verdict, *, has_left: bool = True, **said: Any) -> Delivery:
    """The only row that is due, as a worker leaves it that was told the verdict and died."""
    (delivery_id,) = claim_rows("dead")
    recorder.window("dead", [delivery_id])
    recorder.taken(delivery_id)
    if has_left:
        recorder.leaving(delivery_id)
    recorder.ended(delivery_id, as_record(Outcome(delivery_id, verdict, **said)))
    leave(recorder)
    settle_abandoned(NOW)
    return Delivery.objects.get(pk=delivery_id)


def leave(recorder: FlightRecorder) -> None:
    """As somebody who died just now."""
    recorder.abandon()
    os.utime(recorder.path, times=2 * (NOW.timestamp(),))


def make_often_tried(customer: Customer) -> Send:
    """Tried so often that its next try is hours away."""
    send = make_memory_send([customer])
    Delivery.objects.filter(send=send).update(attempts=5)
    return send


def take_slot(customer: Customer, at: datetime) -> None:
    other = make_memory_send([customer])
    Delivery.objects.filter(send=other).update(state="sent", due_at=at)


def test_invariant_03_a_next_try_that_is_hours_away_is_tested_against_the_caps(recorder: FlightRecorder) -> None:
    customer = make_customer()
    cap = Cap.objects.create(name="one a day", limit=1, days=1)
    # More than a day after the first try, less than a day after the next one.
    take_slot(customer, NOW + timedelta(hours=25))
    make_often_tried(customer)
    row = answered(recorder, Verdict.DEFERRED, evidence={"text": "later"})
    assert (row.state, row.reason, row.attempts) == ("withheld", f"capped (cap:{cap.pk})", 6)
    assert row.evidence == {"text": "later"}


def test_a_next_try_that_is_hours_away_takes_its_slot_there(recorder: FlightRecorder) -> None:
    Cap.objects.create(name="one a day", limit=1, days=1)
    make_often_tried(make_customer())
    row = answered(recorder, Verdict.DEFERRED)
    assert (row.state, row.attempts, row.lease_token) == ("planned", 6, "")
    assert NOW + timedelta(hours=4) <= row.due_at < NOW + timedelta(hours=5)


def test_a_channel_that_asked_for_patience_gets_it(recorder: FlightRecorder) -> None:
    make_memory_send(1)
    said = {"phase": "connect", "text": "421 too many", "retry_after": 90}
    row = answered(recorder, Verdict.DEFERRED, has_left=False, evidence=said, slow_down=True)
    assert (row.state, row.attempts, row.due_at) == ("planned", 0, NOW + timedelta(seconds=15))
    breaker = Breaker.objects.get()
    assert (breaker.channel, breaker.failures, breaker.problem) == ("memory", 1, "421 too many")
    assert breaker.waits_until == NOW + timedelta(seconds=90)


def test_what_the_recorder_says_is_heeded_by_the_very_dispatch_that_finds_it(
    recorder: FlightRecorder, memory: Memory
) -> None:
    send = make_memory_send(2)
    ids = claim_rows("dead")
    first = ids[0]
    recorder.window("dead", ids)
    recorder.taken(first)
    recorder.ended(first, as_record(Outcome(first, Verdict.DEFERRED, {"phase": "connect"}, slow_down=True)))
    leave(recorder)
    run()
    assert (memory.sent, set(Delivery.objects.filter(send=send).values_list("state", flat=True))) == ([], {"planned"})


def test_a_bounce_that_was_told_before_the_message_left_is_heeded(recorder: FlightRecorder) -> None:
    make_memory_send(1)
    row = answered(recorder, Verdict.REJECTED, has_left=False, evidence={"text": "no such user"}, suppress="bounce")
    assert (row.state, row.reason) == ("failed", "bounced: no such user")
    assert Suppression.objects.get().customer_id == row.customer_id


@pytest.mark.parametrize("has_left", [True, False])
def test_one_that_was_held_goes_back_and_is_not_under_suspicion(recorder: FlightRecorder, has_left: bool) -> None:
    make_memory_send(1)
    row = answered(recorder, Verdict.HELD, has_left=has_left)
    assert (row.state, row.attempts, row.claims, row.due_at) == ("planned", 0, 0, NOW)


def test_a_far_repeat_is_counted_as_one(recorder: FlightRecorder, memory: Memory) -> None:
    memory.is_idempotent = True
    try:
        make_often_tried(make_customer())
        row = answered(recorder, Verdict.AMBIGUOUS)
    finally:
        memory.is_idempotent = False
    assert (row.state, row.repeats) == ("planned", 1)


def test_a_settling_that_dies_half_way_is_done_again(recorder: FlightRecorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """It dies when the far row has moved and the near one has not."""
    far, near = make_often_tried(make_customer()), make_memory_send(1)
    Cap.objects.create(name="one a day", limit=1, days=1)
    ids = claim_rows("dead")
    recorder.window("dead", ids)
    for delivery_id in ids:
        said = Outcome(delivery_id, Verdict.DEFERRED, {"phase": "dot"}, slow_down=True)
        recorder.leaving(delivery_id)
        recorder.ended(delivery_id, as_record(said))
    recorder.abandon()
    with monkeypatch.context() as patch:
        patch.setattr(repeating, "WAITS", ())
        patch.setattr(settling, "write_down", lost)
        with pytest.raises(OperationalError):
            settle_abandoned(NOW)
    assert (only(far).state, only(near).state) == ("planned", "sending")
    assert settle_abandoned(NOW)["deferred"] == 1
    assert [(row.state, row.attempts) for row in (only(far), only(near))] == [("planned", 6), ("planned", 1)]
    assert Breaker.objects.get().failures == 1


def lost(*_: Any) -> int:
    raise OperationalError("the connection is lost")


def test_a_record_of_a_release_that_knew_no_patience_is_read(recorder: FlightRecorder) -> None:
    send = make_memory_send(1)
    (delivery_id,) = claim_rows("dead")
    recorder.window("dead", [delivery_id])
    recorder.ended(delivery_id, {"verdict": "deferred", "evidence": {}, "suppress": ""})
    recorder.abandon()
    settle_abandoned(NOW)
    assert (only(send).state, only(send).attempts) == ("planned", 1)
