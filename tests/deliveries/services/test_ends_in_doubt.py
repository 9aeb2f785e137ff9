"""A message that may have left and was to be sent again: whatever stops the repeat, nobody says that it never left."""

from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from audiences.models import Customer, Subscription, Suppression
from campaigns.models import Campaign, Send
from deliveries.channels.base import Verdict
from deliveries.channels.memory import MemoryChannel
from deliveries.models import Cap, Delivery, QuietHours
from deliveries.services import ledger
from deliveries.services.claiming import MOST_CLAIMS
from deliveries.services.erasure import erase_customer
from deliveries.services.reaping import reap
from deliveries.services.withdrawals import opt_out, suppress
from deliveries.verdicts import MAX_ATTEMPTS
from tests.builders import NOW, make_customer
from tests.deliveries.dispatches import claim_rows, make_memory_send, only, run

pytestmark = pytest.mark.django_db(transaction=True)
Memory = type[MemoryChannel]
LOST = {"phase": "memory", "text": "told to be ambiguous"}
SAID = "it may have left, and was not sent again: "


@pytest.fixture(autouse=True)
def _knows_repeats(memory: Memory) -> Iterator[None]:
    memory.is_idempotent = True
    yield
    memory.is_idempotent = False


def make_repeat(memory: Memory, customer: Customer | None = None, attempts: int = 0, **fields: Any) -> Send:
    """A row whose answer was lost and that waits for its next try."""
    customer = customer or make_customer()
    send = make_memory_send([customer], **fields)
    Delivery.objects.filter(send=send).update(attempts=attempts)
    memory.answers[customer.external_id] = [Verdict.AMBIGUOUS]
    run()
    return send


def cancel(row: Delivery) -> None:
    Campaign.objects.update(status=Campaign.Status.CANCELLED)
    reap(NOW)


def miss(row: Delivery) -> None:
    Send.objects.update(state=Send.State.MISSED)
    reap(NOW)


def expire(row: Delivery) -> None:
    reap(row.expires_at)


def unsubscribe(row: Delivery) -> None:
    opt_out(row.customer_id, row.topic_id, row.channel, NOW)


def complain(row: Delivery) -> None:
    suppress(row.customer_id, "", "complaint", "", NOW)


def import_a_suppression(row: Delivery) -> None:
    Suppression.objects.create(customer_id=row.customer_id, channel="memory", reason="manual")
    run(now=row.due_at)


def import_an_opt_out(row: Delivery) -> None:
    said = {"subscribed": False, "source": "import", "changed_at": NOW}
    Subscription.objects.create(customer_id=row.customer_id, topic_id=row.topic_id, channel="memory", **said)
    run(now=row.due_at)


def poison(row: Delivery) -> None:
    Delivery.objects.update(claims=MOST_CLAIMS)
    run(now=row.due_at)


def sleep_too_long(row: Delivery) -> None:
    QuietHours.objects.create(channel="memory", start=time(8), end=time(10))
    Delivery.objects.update(expires_at=NOW + timedelta(minutes=30))
    run(now=row.due_at)


ENDS: dict[Callable[[Delivery], None], str] = {
    cancel: "the campaign was cancelled",
    miss: "its send was missed",
    expire: "its time ran out before it could leave",
    unsubscribe: "unsubscribed",
    complain: "suppressed",
    import_a_suppression: "suppressed",
    import_an_opt_out: "unsubscribed",
    poison: f"poison: it was in the hands of {MOST_CLAIMS} workers that died",
    sleep_too_long: "quiet hours would have made it too late",
}


@pytest.mark.parametrize("stop", ENDS, ids=lambda stop: stop.__name__)
def test_whatever_stops_the_repeat_it_may_have_left(memory: Memory, stop: Callable[[Delivery], None]) -> None:
    send = make_repeat(memory)
    stop(only(send))
    row = only(send)
    assert (row.state, row.reason, row.evidence) == ("uncertain", f"{SAID}{ENDS[stop]}", LOST)
    assert (row.lease_token, row.lease_until) == ("", None)
    assert row.finished_at is not None


def test_a_claimed_one_may_have_left_too(memory: Memory) -> None:
    send = make_repeat(memory)
    ledger.claim([only(send).pk], "dead", NOW)
    cancel(only(send))
    assert only(send).state == "uncertain"


def test_an_erased_customer_leaves_no_evidence_and_the_doubt(memory: Memory) -> None:
    send = make_repeat(memory)
    erase_customer(only(send).customer_id, NOW)
    assert (only(send).state, only(send).reason, only(send).evidence) == ("uncertain", f"{SAID}erased", {})


def test_one_that_was_leaving_when_its_customer_was_erased_keeps_the_doubt_alone(memory: Memory) -> None:
    send = make_repeat(memory)
    Customer.objects.update(erased_at=NOW)
    run(now=only(send).due_at)
    assert (only(send).state, only(send).reason, only(send).evidence) == ("uncertain", f"{SAID}erased", {})


def test_a_repeat_that_is_refused_may_have_left_the_first_time(memory: Memory) -> None:
    send = make_repeat(memory)
    memory.answers[only(send).customer.external_id] = [Verdict.REJECTED]
    run(now=only(send).due_at)
    assert (only(send).state, only(send).reason) == ("uncertain", f"{SAID}told to be rejected")


def test_a_repeat_that_is_put_off_until_nobody_tries_again_may_have_left(memory: Memory) -> None:
    send = make_repeat(memory, attempts=MAX_ATTEMPTS - 2)
    memory.answers[only(send).customer.external_id] = [Verdict.DEFERRED]
    run(now=only(send).due_at)
    said = f"{SAID}gave up after {MAX_ATTEMPTS} tries: told to be deferred"
    assert (only(send).state, only(send).reason) == ("uncertain", said)


def test_a_repeat_after_a_lost_machine_may_have_left(memory: Memory) -> None:
    send = make_memory_send(1)
    claim_rows("dead")
    lapsed = NOW + ledger.LEASE + timedelta(seconds=1)
    reap(lapsed)
    assert (only(send).state, only(send).repeats) == ("planned", 1)
    cancel(only(send))
    assert only(send).state == "uncertain"


def test_a_long_reason_still_fits(memory: Memory) -> None:
    send = make_repeat(memory)
    ledger.withdraw([only(send).pk], "x" * 300, NOW)
    assert only(send).reason == (SAID + "x" * 300)[:200]


def test_one_that_was_only_put_off_ends_as_ever(memory: Memory) -> None:
    customer = make_customer()
    send = make_memory_send([customer])
    memory.answers[customer.external_id] = [Verdict.DEFERRED]
    run()
    cancel(only(send))
    assert (only(send).state, only(send).reason) == ("cancelled", "the campaign was cancelled")


def take_slot(customer: Customer, at: datetime) -> None:
    other = make_memory_send([customer])
    Delivery.objects.filter(send=other).update(state="sent", due_at=at)


def test_a_far_repeat_is_counted_as_one(memory: Memory) -> None:
    row = only(make_repeat(memory, attempts=5))
    assert (row.state, row.repeats, row.due_at > NOW + timedelta(hours=4)) == ("planned", 1, True)


@pytest.mark.parametrize("on_breach", ["skip", "defer"])
def test_a_far_repeat_that_a_cap_stops_keeps_the_slot_it_may_have_used(memory: Memory, on_breach: str) -> None:
    """It does not wait for the cap either: its slot would move away from where it may have left."""
    customer = make_customer()
    cap = Cap.objects.create(name="one a day", limit=1, days=1)
    take_slot(customer, NOW + timedelta(hours=25))
    row = only(make_repeat(memory, customer, attempts=5, on_breach=on_breach))
    assert (row.state, row.reason, row.due_at) == ("uncertain", f"{SAID}capped (cap:{cap.pk})", NOW)
    assert (row.repeats, row.evidence, row.state in Delivery.HOLDING) == (0, LOST, True)


def test_a_repeat_that_quiet_hours_put_off_does_not_wait_for_a_cap(memory: Memory) -> None:
    customer = make_customer()
    send = make_repeat(memory, customer, on_breach="defer")
    due = only(send).due_at
    cap = Cap.objects.create(name="one a day", limit=1, days=1)
    take_slot(customer, NOW - timedelta(hours=1))
    QuietHours.objects.create(channel="memory", start=time(8), end=time(10))
    run(now=due)
    assert (only(send).state, only(send).reason) == ("uncertain", f"{SAID}capped (cap:{cap.pk})")


def test_a_repeat_that_quiet_hours_put_off_keeps_its_evidence(memory: Memory) -> None:
    send = make_repeat(memory)
    QuietHours.objects.create(channel="memory", start=time(8), end=time(10))
    run(now=only(send).due_at)
    row = only(send)
    assert (row.state, row.due_at, row.evidence) == ("planned", NOW + timedelta(hours=1), LOST)


def test_a_repeat_that_ends_still_stands_in_the_way_of_another_that_is_late_with_it(memory: Memory) -> None:
    customer = make_customer()
    send, other = make_repeat(memory, customer), make_memory_send([customer])
    cap = Cap.objects.create(name="one a day", limit=1, days=1)
    Delivery.objects.filter(send=send).update(expires_at=NOW + timedelta(minutes=30))
    QuietHours.objects.create(channel="memory", start=time(8), end=time(10))
    run(now=only(send).due_at)
    assert (only(send).state, only(other).state) == ("uncertain", "withheld")
    assert only(other).reason == f"capped (cap:{cap.pk})"
