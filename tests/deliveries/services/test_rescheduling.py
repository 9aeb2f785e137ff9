from datetime import datetime, time, timedelta
from typing import Any

import pytest

from audiences.models import Customer
from campaigns.models import Send
from deliveries.channels.base import Verdict
from deliveries.channels.memory import MemoryChannel
from deliveries.models import Cap, Delivery, QuietHours
from tests.builders import NOW, make_customer
from tests.deliveries.dispatches import make_memory_send, only, run

pytestmark = pytest.mark.django_db(transaction=True)
Memory = type[MemoryChannel]
QUIET_ENDS = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _quiet(memory: Memory) -> None:
    QuietHours.objects.create(channel="memory", start=time(8), end=time(10))


def make_late_send(customer: Customer, **fields: Any) -> Send:
    """Due in the middle of the quiet hours, because they were set after its admission."""
    return make_memory_send([customer], **fields)


def take_slot(customer: Customer, at: datetime) -> None:
    send = make_memory_send([customer])
    Delivery.objects.filter(send=send).update(state="sent", due_at=at)


def test_the_new_moment_holds_until_the_next_quiet_hours(memory: Memory) -> None:
    send = make_late_send(make_customer())
    run()
    row = only(send)
    assert (row.due_at, row.closes_at) == (QUIET_ENDS, NOW + timedelta(hours=23))
    assert (row.attempts, row.lease_token) == (0, "")


def test_quiet_is_what_the_customers_clock_says(memory: Memory) -> None:
    send = make_late_send(make_customer(timezone="Asia/Tokyo"))
    run()
    assert only(send).state == "sent"


def test_a_bad_zone_falls_back_to_the_workspaces(memory: Memory) -> None:
    send = make_late_send(make_customer(timezone="Mars/Olympus"))
    run()
    assert only(send).due_at == QUIET_ENDS


def test_a_slot_that_a_later_moment_would_overfill_is_not_taken(memory: Memory) -> None:
    customer = make_customer()
    cap = Cap.objects.create(name="one a day", limit=1, days=1)
    take_slot(customer, QUIET_ENDS + timedelta(hours=23))
    send = make_late_send(customer)
    run()
    assert (only(send).state, only(send).reason) == ("withheld", f"capped (cap:{cap.pk})")


def test_its_own_slot_does_not_stand_in_its_way(memory: Memory) -> None:
    Cap.objects.create(name="one a day", limit=1, days=1)
    send = make_late_send(make_customer())
    run()
    assert (only(send).state, only(send).due_at) == ("planned", QUIET_ENDS)


def test_two_late_rows_of_one_customer_do_not_both_take_the_last_slot(memory: Memory) -> None:
    Cap.objects.create(name="one a day", limit=1, days=1)
    customer = make_customer()
    for _ in range(2):
        make_late_send(customer)
    Delivery.objects.filter(pk=Delivery.objects.order_by("-pk")[0].pk).update(due_at=NOW - timedelta(hours=30))
    run()
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["planned", "withheld"]


def test_a_campaign_that_defers_waits_for_the_cap(memory: Memory) -> None:
    customer = make_customer()
    Cap.objects.create(name="one in two days", limit=1, days=1)
    take_slot(customer, NOW - timedelta(hours=21))
    send = make_late_send(customer, on_breach="defer")
    run()
    assert (only(send).state, only(send).due_at) == ("planned", NOW + timedelta(hours=3))


def test_a_row_that_obeys_no_caps_only_waits_for_the_quiet_to_end(memory: Memory) -> None:
    customer = make_customer()
    Cap.objects.create(name="nobody", limit=0, days=1)
    send = make_late_send(customer, obeys_caps=False)
    run()
    assert (only(send).state, only(send).due_at) == ("planned", QUIET_ENDS)


def fail_often(memory: Memory, send: Send) -> Delivery:
    """Deferred for the sixth time, so that the next try is hours away."""
    QuietHours.objects.all().delete()
    row = only(send)
    Delivery.objects.filter(pk=row.pk).update(attempts=5, closes_at=row.expires_at)
    memory.answers[row.customer.external_id] = [Verdict.DEFERRED]
    run()
    row.refresh_from_db()
    return row


def test_a_next_try_that_is_hours_away_is_tested_against_the_caps_again(memory: Memory) -> None:
    customer = make_customer()
    cap = Cap.objects.create(name="one a day", limit=1, days=1)
    # More than a day after the first try, less than a day after the next one.
    take_slot(customer, NOW + timedelta(hours=25))
    row = fail_often(memory, make_late_send(customer))
    assert (row.state, row.reason, row.attempts) == ("withheld", f"capped (cap:{cap.pk})", 6)


def test_a_next_try_that_is_hours_away_takes_its_slot_there(memory: Memory) -> None:
    Cap.objects.create(name="one a day", limit=1, days=1)
    row = fail_often(memory, make_late_send(make_customer()))
    assert (row.state, row.attempts, row.lease_token) == ("planned", 6, "")
    assert NOW + timedelta(hours=4) <= row.due_at < NOW + timedelta(hours=5)
    assert row.evidence != {}


def test_a_local_channels_next_try_that_is_hours_away_is_tested_too(memory: Memory, monkeypatch: Any) -> None:
    monkeypatch.setattr(memory, "is_local", True)
    customer = make_customer()
    cap = Cap.objects.create(name="one a day", limit=1, days=1)
    take_slot(customer, NOW + timedelta(hours=25))
    row = fail_often(memory, make_late_send(customer))
    assert (row.state, row.reason, row.attempts) == ("withheld", f"capped (cap:{cap.pk})", 6)


def test_a_local_channels_next_try_takes_its_slot_where_it_is_free(memory: Memory, monkeypatch: Any) -> None:
    monkeypatch.setattr(memory, "is_local", True)
    Cap.objects.create(name="one a day", limit=1, days=1)
    row = fail_often(memory, make_late_send(make_customer()))
    assert (row.state, row.attempts, row.lease_token, row.claims) == ("planned", 6, "", 0)
    assert NOW + timedelta(hours=4) <= row.due_at < NOW + timedelta(hours=5)
