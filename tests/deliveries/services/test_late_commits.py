"""A COMMIT whose answer was lost, and which the server is still at when the work is done again."""

import threading
from datetime import datetime
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from deliveries.channels.memory import MemoryChannel
from deliveries.flight_recorder import FlightRecorder
from deliveries.services import dispatching
from deliveries.services.claiming import Known, Window, claim
from tests.deliveries.dispatches import make_memory_send, run, states

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.only_on("postgresql")]


def test_rows_of_a_commit_that_lands_late_go_back(memory: type[MemoryChannel], monkeypatch: pytest.MonkeyPatch) -> None:
    send = make_memory_send(12)
    record = FlightRecorder.window
    may_land, found = threading.Event(), list[Window]()
    claimed = threading.Event()
    calls: list[str] = []

    def server(*arguments: Any, **named: Any) -> None:
        with transaction.atomic():
            found.append(claim(*arguments, **named))
            claimed.set()
            may_land.wait(10)
        connection.close()

    def lossy(name: str, token: str, now: datetime, limit: int, known: Known, **named: Any) -> Window:
        calls.append(token)
        if len(calls) == 1:
            first = threading.Thread(target=server, args=(name, token, now, limit, known), kwargs=named)
            first.start()
            claimed.wait(10)
            return found[0]
        window = claim(name, token, now, limit, known, **named)
        may_land.set()
        return window

    def write_down(recorder: Any, token: str, ids: Any) -> None:
        record(recorder, token, ids)
        if len(calls) == 1:
            raise OperationalError("the answer to COMMIT is lost")

    monkeypatch.setattr(dispatching, "claim", lossy)
    monkeypatch.setattr(FlightRecorder, "window", write_down)
    run()
    assert states(send) == {"sent": 2, "planned": 10}
    run()
    assert (states(send), len(memory.sent)) == ({"sent": 12}, 12)
