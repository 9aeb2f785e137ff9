"""The database goes away for a moment while messages leave: what is known is written down when it is back."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection

from audiences.models import Suppression
from deliveries.channels.base import Outcome, Verdict
from deliveries.queries.dispatch import stopped_sends
from deliveries.services import dispatching, pages, repeating, windows
from deliveries.services.claiming import claim
from deliveries.services.withdrawals import suppress_bounced
from tests.deliveries.dispatches import make_memory_send, run, states

pytestmark = pytest.mark.django_db(transaction=True)


class Lost:
    """A piece of work that finds the connection lost at its first call, as after a restart of the server."""

    def __init__(self, work: Callable[..., Any]) -> None:
        self.work, self.calls = work, 0

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        self.calls += 1
        if self.calls == 1:
            connection.close()
            raise OperationalError("server closed the connection unexpectedly")
        return self.work(*arguments, **named)


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeating, "WAITS", (0, 0))


def received(memory: Any) -> Counter[int]:
    return Counter(message.delivery_id for message in memory.sent)


def test_a_look_that_finds_no_database_leaves_nothing_in_doubt(memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    send = make_memory_send(25)
    monkeypatch.setattr(windows, "LOOK_EVERY", 0)
    monkeypatch.setattr(windows, "stopped_sends", Lost(stopped_sends))
    run()
    assert states(send) == {"sent": 25}
    assert set(received(memory).values()) == {1}


def test_a_bounce_that_finds_no_database_loses_no_outcome(memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    send = make_memory_send(5)
    gone = send.deliveries.order_by("id")[2]
    memory.answers = {gone.customer.external_id: [Outcome(gone.pk, Verdict.REJECTED, {}, suppress="bounce")]}
    monkeypatch.setattr(pages, "suppress_bounced", Lost(suppress_bounced))
    run()
    assert states(send) == {"sent": 4, "failed": 1}
    assert Suppression.objects.count() == 1


def test_a_claim_that_finds_no_database_is_made_again(memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    send = make_memory_send(5)
    monkeypatch.setattr(dispatching, "claim", Lost(claim))
    assert (run()["accepted"], states(send)) == (5, {"sent": 5})
