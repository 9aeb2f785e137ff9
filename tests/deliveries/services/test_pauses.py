"""A dispatch in a thread of its own, and a campaign that is stopped while it sends."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from campaigns.models import Campaign, Send
from campaigns.services import lifecycle
from deliveries.channels.base import Outgoing
from deliveries.channels.memory import MemoryChannel
from deliveries.services.reaping import reap
from tests.builders import NOW
from tests.deliveries.dispatches import make_memory_send, run, states

pytestmark = pytest.mark.django_db(transaction=True)
Memory = type[MemoryChannel]
PACE = 0.01  # seconds a message


class SlowSink:
    """Takes a message every hundredth of a second and remembers when. `at(n)` waits until `n` have come."""

    def __init__(self) -> None:
        self.moments: list[float] = []

    def __call__(self, _: Outgoing) -> None:
        self.moments.append(time.monotonic())
        time.sleep(PACE)

    def at(self, count: int) -> None:
        deadline = time.monotonic() + 20
        while len(self.moments) < count and time.monotonic() < deadline:
            time.sleep(0.002)
        assert len(self.moments) >= count

    def after(self, moment: float) -> list[float]:
        return [each - moment for each in self.moments if each > moment]


@pytest.fixture
def sink(memory: Memory) -> Iterator[SlowSink]:
    sink = SlowSink()
    memory.on_message = sink
    yield sink
    memory.on_message = None


def in_a_thread(work: Callable[[], object]) -> threading.Thread:
    """A worker with a database connection of its own."""

    def working() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=working)
    thread.start()
    return thread


def received(memory: Memory) -> Counter[int]:
    return Counter(message.delivery_id for message in memory.sent)


def _stopped_while_sending(send: Send, sink: SlowSink, stop: Callable[..., None], at: int = 30) -> list[float]:
    """How long after the stop's commit each later message was begun.

    The first windows are of 10 and at most 40 messages: only past the fiftieth is a window as long as it gets.
    """
    worker = in_a_thread(lambda: run(budget_seconds=30))
    sink.at(at)
    stop(send.campaign_id, None, NOW)
    committed = time.monotonic()
    worker.join()
    return sink.after(committed)


def test_invariant_07_a_paused_campaign_stops_within_half_a_second(memory: Memory, sink: SlowSink) -> None:
    send = make_memory_send(200)
    late = _stopped_while_sending(send, sink, lifecycle.pause, at=60)
    assert all(seconds < 0.5 for seconds in late)
    left = len(memory.sent)
    assert 60 <= left < 200
    assert states(send) == {"sent": left, "planned": 200 - left}
    assert run() == {}


def test_invariant_07_resuming_repeats_nobody_and_skips_nobody(memory: Memory, sink: SlowSink) -> None:
    send = make_memory_send(120)
    for _ in range(2):
        _stopped_while_sending(send, sink, lifecycle.pause)
        lifecycle.resume(send.campaign_id, None, NOW)
        sink.moments.clear()
    memory.on_message = None
    run()
    assert states(send) == {"sent": 120}
    assert set(received(memory).values()) == {1}
    assert len(received(memory)) == 120


def test_invariant_07_a_cancelled_campaign_stops_within_half_a_second_and_for_good(
    memory: Memory, sink: SlowSink
) -> None:
    send = make_memory_send(200)
    late = _stopped_while_sending(send, sink, lifecycle.cancel, at=60)
    assert all(seconds < 0.5 for seconds in late)
    left = len(memory.sent)
    reap(NOW)
    assert states(send) == {"sent": left, "cancelled": 200 - left}
    assert run() == {}


def test_a_pause_of_one_campaign_does_not_hold_up_another(memory: Memory, sink: SlowSink) -> None:
    paused, other = make_memory_send(60), make_memory_send(60)
    _stopped_while_sending(paused, sink, lifecycle.pause)
    assert states(other) == {"sent": 60}
    assert states(paused)["planned"] > 0


def test_invariant_05_two_workers_send_nothing_twice(memory: Memory, sink: SlowSink) -> None:
    send = make_memory_send(100)
    workers = [in_a_thread(lambda: run(limit=7, budget_seconds=30)) for _ in range(3)]
    for worker in workers:
        worker.join()
    assert states(send) == {"sent": 100}
    assert set(received(memory).values()) == {1}


def test_invariant_07_a_pause_is_seen_between_two_messages_of_a_window(memory: Memory) -> None:
    """Without a thread: the pause is committed by the sink itself, a moment after the window was marked."""
    send = make_memory_send(10)
    begun: list[int] = []

    def pause_at_the_third(message: Outgoing) -> None:
        begun.append(message.delivery_id)
        if len(begun) == 3:
            Campaign.objects.update(status=Campaign.Status.PAUSED)
            time.sleep(0.3)

    memory.on_message = pause_at_the_third
    run()
    # The third was in hand: it was asked about once more before it left.
    assert (len(begun), states(send)) == (3, {"sent": 2, "planned": 8})
