from typing import Any

import pytest

from audiences.clock import read_now
from deliveries import tasks
from deliveries.models import Delivery
from tests.builders import NOW
from tests.deliveries.dispatches import make_memory_send, states

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Which dispatches were asked for."""
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(tasks.dispatch_channel, "apply_async", lambda args, **_: asked.append(args))
    return asked


def test_only_channels_with_something_due_are_woken(memory: Any, woken: list[tuple[str, ...]]) -> None:
    make_memory_send(2)
    make_memory_send(1, channel="in_app")
    Delivery.objects.update(expires_at="2100-01-01T00:00Z", closes_at="2100-01-01T00:00Z")
    Delivery.objects.filter(channel="in_app").update(due_at="2099-01-01T00:00Z")
    Delivery.objects.filter(channel="memory").update(due_at=NOW.replace(year=2020))
    tasks.dispatch_due()
    assert woken == [("memory",)]


def test_a_dispatch_of_a_channel_sends_what_is_due(memory: Any) -> None:
    send = make_memory_send(2)
    now = read_now()
    Delivery.objects.update(due_at=now, expires_at="2100-01-01T00:00Z", closes_at="2100-01-01T00:00Z")
    tasks.dispatch_channel("memory")
    assert states(send) == {"sent": 2}


def test_the_reaper_runs_by_the_clock(memory: Any) -> None:
    send = make_memory_send(1)
    Delivery.objects.update(due_at=NOW.replace(year=2020), expires_at=NOW.replace(year=2021))
    tasks.reap()
    assert states(send) == {"expired": 1}
