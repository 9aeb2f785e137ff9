from typing import Any

import pytest
from kombu.exceptions import OperationalError

from audiences.clock import read_now
from audiences.turns import turn
from campaigns.models import Campaign
from deliveries import tasks
from deliveries.models import Delivery
from tests.builders import NOW
from tests.deliveries.dispatches import make_memory_send, states
from tests.deliveries.scenes import make_approved_send, make_firing, make_spread

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Which tasks were asked for, and in which queue."""
    asked: list[tuple[Any, ...]] = []

    def note(args: tuple[Any, ...] = (), queue: str = "", **options: Any) -> None:
        assert options.pop("expires") == 5
        # What is under way does not wait for a broker that is away; a tick may.
        assert options == ({} if queue else {"retry": False})
        asked.append((*args, queue))

    for task in (tasks.dispatch_channel, tasks.dispatch_due, tasks.admit_shard):
        monkeypatch.setattr(task, "apply_async", note)
    return asked


def test_only_channels_with_something_due_are_woken(memory: Any, woken: list[tuple[Any, ...]]) -> None:
    make_memory_send(2)
    make_memory_send(1, channel="in_app")
    Delivery.objects.update(expires_at="2100-01-01T00:00Z", closes_at="2100-01-01T00:00Z")
    Delivery.objects.filter(channel="in_app").update(due_at="2099-01-01T00:00Z")
    Delivery.objects.filter(channel="memory").update(due_at=NOW.replace(year=2020))
    tasks.dispatch_due()
    assert woken == [("memory", False, "almanac-bulk")]


def test_the_urgent_lane_is_woken_first_and_in_a_queue_of_its_own(memory: Any, woken: list[tuple[Any, ...]]) -> None:
    make_memory_send(2)
    Delivery.objects.update(due_at=NOW.replace(year=2020), expires_at="2100-01-01T00:00Z")
    Delivery.objects.filter(pk=Delivery.objects.latest("pk").pk).update(urgent=True)
    tasks.dispatch_due()
    assert woken == [("memory", True, "almanac"), ("memory", False, "almanac-bulk")]


def test_shards_of_a_transactional_send_stand_before_those_of_others(woken: list[tuple[Any, ...]]) -> None:
    now = read_now()
    people = make_spread([1, 2])
    bulk = make_approved_send([each.pk for each in people], now)
    urgent = make_approved_send([each.pk for each in people], now, transactional=True)
    tasks.admit_due()
    assert [(send, queue) for send, *_, queue in woken] == [(bulk.pk, "almanac-bulk"), (urgent.pk, "almanac")]


def test_what_was_admitted_is_dispatched_without_waiting_for_a_tick(woken: list[tuple[Any, ...]]) -> None:
    tasks.admit_firings()
    assert woken == []
    now = read_now()
    (customer,) = make_spread([1])
    day = make_approved_send([customer.pk], now, trigger="event", event="ordered")
    Campaign.objects.update(status=Campaign.Status.RUNNING)
    make_firing(day, customer.pk, "event:1", now)
    tasks.admit_firings()
    assert woken == [("",)]


def test_a_second_dispatch_of_a_lane_in_one_process_leaves_at_once(memory: Any) -> None:
    send = make_memory_send(1)
    Delivery.objects.update(due_at=read_now(), expires_at="2100-01-01T00:00Z", closes_at="2100-01-01T00:00Z")
    with turn("dispatch memory False"):
        tasks.dispatch_channel("memory", False)
    assert states(send) == {"planned": 1}


def test_a_dispatch_of_a_channel_sends_what_is_due(memory: Any) -> None:
    send = make_memory_send(2)
    now = read_now()
    Delivery.objects.update(due_at=now, expires_at="2100-01-01T00:00Z", closes_at="2100-01-01T00:00Z")
    tasks.dispatch_channel("memory", False)
    assert states(send) == {"sent": 2}


def test_a_dispatch_that_has_plenty_wakes_another_worker_at_once(memory: Any, woken: list[tuple[Any, ...]]) -> None:
    make_memory_send(400)
    Delivery.objects.update(
        due_at=NOW.replace(year=2020), expires_at="2100-01-01T00:00Z", closes_at="2100-01-01T00:00Z"
    )
    tasks.dispatch_channel("memory", False)
    assert woken == [("",), ("",)]


def test_what_is_under_way_goes_on_where_nobody_can_be_woken(memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(tasks.dispatch_due, "apply_async", refuse)
    send = make_memory_send(50)
    Delivery.objects.update(
        due_at=NOW.replace(year=2020), expires_at="2100-01-01T00:00Z", closes_at="2100-01-01T00:00Z"
    )
    tasks.dispatch_channel("memory", False)
    assert states(send) == {"sent": 50}


def test_the_reaper_runs_by_the_clock(memory: Any) -> None:
    send = make_memory_send(1)
    Delivery.objects.update(due_at=NOW.replace(year=2020), expires_at=NOW.replace(year=2021))
    tasks.reap()
    assert states(send) == {"expired": 1}


def test_a_dispatch_that_had_something_to_do_asks_at_once_for_more(memory: Any, woken: list[tuple[Any, ...]]) -> None:
    make_memory_send(2)
    Delivery.objects.update(
        due_at=NOW.replace(year=2020), expires_at="2100-01-01T00:00Z", closes_at="2100-01-01T00:00Z"
    )
    tasks.dispatch_channel("memory", False)
    assert woken == [("",)]
    tasks.dispatch_channel("memory", False)
    assert woken == [("",)]
