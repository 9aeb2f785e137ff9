"""Polls that find little or nothing: they cost the channel no rate, and what was put back is found by them."""

from typing import Any

import pytest

from deliveries.channels.base import Outcome, Verdict
from deliveries.channels.memory import MemoryChannel as Memory
from deliveries.models import Delivery
from deliveries.queries.due import due_rows
from deliveries.services import claiming, rates
from deliveries.services.rates import OwnRates
from deliveries.services.shared_rates import SharedRates
from tests.builders import make_customers
from tests.deliveries.dispatches import make_memory_send, run, states

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["kept here", "kept in Redis"])
def rate(request: Any, monkeypatch: pytest.MonkeyPatch, settings: Any) -> int:
    """Messages a second on the channel; where there is a Redis it is kept there too, in a bucket of this test's own."""
    monkeypatch.setattr(rates, "_own", OwnRates())
    monkeypatch.setattr(rates, "_shared", SharedRates())
    settings.CHANNEL_RATES, settings.CELERY_TASK_DEFAULT_QUEUE = {"memory": 20.0}, f"test-{request.node.name}"
    if request.param == "kept here":
        settings.REDIS_URL = ""
    return 20


def test_a_poll_takes_from_the_rate_what_it_finds_and_no_more(memory: type[Memory], rate: int) -> None:
    send = make_memory_send(1)
    for _ in range(10):
        run()
    assert states(send) == {"sent": 1}
    # One has gone; of another, a part may have come in while the others were out.
    assert rates.allowance("memory", rate, urgent=True).count >= rate - 2


def test_rows_that_may_not_leave_take_nothing_from_the_rate(memory: type[Memory], rate: int) -> None:
    make_memory_send(make_customers(8, email=""))
    Delivery.objects.update(claims=claiming.MOST_CLAIMS)
    assert run()["ended"] == 8
    assert rates.allowance("memory", rate, urgent=True).count >= rate - 1


def test_what_was_put_back_leaves_in_the_same_dispatch(memory: type[Memory], monkeypatch: pytest.MonkeyPatch) -> None:
    send = make_memory_send(customers := make_customers(3))
    first = Delivery.objects.get(customer=customers[0])
    memory.answers[customers[0].external_id] = [Outcome(first.pk, Verdict.HELD)]
    looked_behind: list[set[int]] = []

    def look(*arguments: Any, **named: Any) -> Any:
        looked_behind.append({last for _, last in named.get("past", {}).values()})
        return due_rows(*arguments, **named)

    monkeypatch.setattr(claiming, "due_rows", look)
    run()
    last = Delivery.objects.get(customer=customers[-1])
    assert states(send) == {"sent": 3}
    assert looked_behind == [set(), {last.pk}, set(), {first.pk}, set()]
