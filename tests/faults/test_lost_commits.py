"""The answer to a COMMIT is lost on its way: the work was done, and doing it again does nothing twice."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from django.db import OperationalError, connection

from audiences.models import Customer, Event, Segment, SegmentRefresh, Subscription, Workspace
from audiences.services.customers import CustomerRow, upsert_customers
from audiences.services.events import EventRow, record_events
from audiences.services.segments import refresh_segment
from campaigns.models import Firing, HistoryEntry, Send
from campaigns.services.firings import fire
from campaigns.services.planning import plan_sends
from campaigns.services.sends import freeze
from deliveries.models import Delivery, InboxItem, ShardAdmission, Withheld
from deliveries.services import repeating
from deliveries.services.admitting import admit_shard
from deliveries.services.admitting_firings import admit_firings
from deliveries.services.withdrawals import opt_out
from tests.builders import NOW, make_campaign, make_customers, make_segment
from tests.deliveries.dispatches import make_memory_send, run, states
from tests.deliveries.scenes import approve, make_approved_send, make_firing, make_spread

pytestmark = pytest.mark.django_db(transaction=True)
TABLES = (Customer, Event, SegmentRefresh, Subscription, Send, Firing, HistoryEntry, Delivery, ShardAdmission, Withheld)


@contextmanager
def lost_answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Every second COMMIT is made, and then the connection is lost. How many were is in the list."""
    Workspace.current()
    commit, made = connection._commit, list[int]()  # type: ignore[attr-defined]  # Django's own, under every atomic

    def lose() -> None:
        commit()
        made.append(1)
        if len(made) % 2:
            connection.close()
            raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(repeating, "WAITS", (0, 0, 0))
    with monkeypatch.context() as patch:
        patch.setattr(connection, "_commit", lose)
        yield made
    assert made


def again(work: Callable[[], Any]) -> Any:
    """As ticks or a caller do it, that hear nothing."""
    for _ in range(5):
        with suppress(OperationalError):
            return work()
    raise AssertionError("it never came to an end")


def counted() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in TABLES}


def a_shard() -> Callable[[], Any]:
    make_spread([1, 2, 3])
    send = make_approved_send([1, 2, 3, 4])
    freeze(send.pk, NOW)
    return lambda: admit_shard(send.pk, 0, NOW, NOW)


def firings() -> Callable[[], Any]:
    make_spread([1, 2, 3])
    send = make_approved_send([1, 2, 3], trigger="event", event="ordered")
    send.campaign.__class__.objects.update(status="running")
    for pk in (1, 2, 3):
        make_firing(send, pk, "event:1")
    return lambda: admit_firings(NOW)


def a_freeze() -> Callable[[], Any]:
    make_spread([1])
    send = make_approved_send([1])
    return lambda: freeze(send.pk, NOW)


def events() -> Callable[[], Any]:
    people = make_customers(3)
    rows = [EventRow(each.external_id, "ordered", NOW, f"order-{each.pk}") for each in people]
    return lambda: record_events(rows, NOW)


def customers() -> Callable[[], Any]:
    return lambda: upsert_customers([CustomerRow("a"), CustomerRow("b", name="Bob")], NOW)


def a_refresh() -> Callable[[], Any]:
    make_customers(2)
    segment = Segment.objects.create(slug="all", name="All", rule={"all": []})
    return lambda: refresh_segment(segment.pk, NOW)


def a_trigger() -> Callable[[], Any]:
    people = make_customers(3)
    campaign = make_campaign([make_segment(people)], trigger="event", event="ordered")
    approve(campaign)
    fire(campaign.pk, NOW)
    record_events([EventRow(each.external_id, "ordered", NOW, f"order-{each.pk}") for each in people], NOW)
    return lambda: fire(campaign.pk, NOW)


def planning() -> Callable[[], Any]:
    campaign = make_campaign([make_segment(make_customers(1))])
    return lambda: plan_sends(campaign.pk, NOW)


def leaving() -> Callable[[], Any]:
    send = make_memory_send(1, channel="email")
    row = send.deliveries.get()
    return lambda: opt_out(row.customer_id, row.topic_id, "email", NOW)


@pytest.mark.parametrize(
    "prepared", [a_shard, firings, a_freeze, events, customers, a_refresh, a_trigger, planning, leaving]
)
def test_invariant_05_what_is_repeated_after_a_lost_answer_is_done_once(
    prepared: Callable[[], Callable[[], Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    work = prepared()
    with lost_answers(monkeypatch):
        again(work)
    once = counted()
    work()
    assert counted() == once
    # The numbers are those of the work done once, not of it done twice.
    assert Delivery.objects.count() <= 3
    assert (Event.objects.count() <= 3, Firing.objects.count() <= 3, Customer.objects.count() <= 3) == (True,) * 3
    assert not Send.objects.filter(audience_size__gt=4).exists()


@pytest.mark.parametrize("channel", ["memory", "in_app"])
def test_a_dispatch_whose_answers_are_lost_sends_everything_once(
    memory: Any, monkeypatch: pytest.MonkeyPatch, channel: str
) -> None:
    send = make_memory_send(25, channel=channel)
    with lost_answers(monkeypatch):
        run(channel, limit=10)
    assert states(send) == {"sent": 25}
    assert (len(memory.sent), InboxItem.objects.count()) == ((25, 0) if channel == "memory" else (0, 25))
