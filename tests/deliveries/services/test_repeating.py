"""The answer to a COMMIT is lost: the work was done, the worker does not know, and does it again."""

from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from django.db import OperationalError, transaction

from deliveries.models import InboxItem
from deliveries.services import dispatching, local, repeating, rescheduling
from tests.deliveries.dispatches import make_memory_send, run, states

pytestmark = pytest.mark.django_db(transaction=True)
T = TypeVar("T")


def done_twice(work: Callable[[], T]) -> T:
    """Every commit loses its answer once."""
    with transaction.atomic():
        work()
    with transaction.atomic():
        return work()


@pytest.fixture(autouse=True)
def _lossy(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (dispatching, local, rescheduling):
        monkeypatch.setattr(module, "repeatably", done_twice)


def test_invariant_05_no_lost_answer_sends_anything_twice_or_not_at_all(memory: Any) -> None:
    send = make_memory_send(25)
    run(limit=10)
    assert states(send) == {"sent": 25}
    assert set(Counter(message.delivery_id for message in memory.sent).values()) == {1}


def test_no_lost_answer_doubles_an_inbox_item() -> None:
    send = make_memory_send(5, channel="in_app")
    run("in_app")
    assert (states(send), InboxItem.objects.count()) == ({"sent": 5}, 5)


def test_work_is_repeated_on_a_new_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeating, "WAITS", (0, 0))
    tries: list[int] = []

    def fail_twice() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise OperationalError("the connection is lost")
        return "done"

    assert repeating.repeatably(fail_twice) == "done"
    assert len(tries) == 3


def test_what_fails_every_time_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeating, "WAITS", (0, 0))

    def fail() -> None:
        raise OperationalError("the connection is lost")

    with pytest.raises(OperationalError):
        repeating.repeatably(fail)
