"""Local channels: the message is a row of ours, written in the transaction that says that it was sent."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime

from deliveries.channels.base import Channel, Outcome, Outgoing
from deliveries.services import ledger
from deliveries.services.claiming import Known, Window, look, take
from deliveries.services.pages import decide
from deliveries.services.repeating import repeatably
from deliveries.services.rescheduling import reschedule

LIMIT = 500  # rows that are locked while they are rendered,
SECONDS = 1.0  # and for about how long; the rest stays planned and comes with the next transaction


def deliver_locally(
    name: str, channel: Channel, clock: Callable[[], datetime], deadline: float, *, urgent: bool
) -> Counter[str]:
    """planned → sent in one commit with what the channel writes: exactly once, so there is no `sending`."""
    counts: Counter[str] = Counter()
    known = Known()
    while time.monotonic() < deadline:
        token, now = ledger.new_token(), clock()
        window = repeatably(lambda: _deliver(name, channel, token, now, known, urgent, counts))  # noqa: B023 - called at once
        if not window.size:
            break
        reschedule(window.late, token, now)
        counts.update(claimed=window.size, late=len(window.late), ended=len(window.ended))
    return counts


def _deliver(
    name: str, channel: Channel, token: str, now: datetime, known: Known, urgent: bool, counts: Counter[str]
) -> Window:
    window = look(name, token, now, LIMIT, known, urgent=urgent)
    take(window, now, to_send=False)
    outcomes: list[Outcome] = []
    messages = list(_composed(window, outcomes))
    outcomes += channel.send(messages, _anything_may_leave)
    near, far = decide(window, outcomes, now)
    ledger.end_planned(near, now)
    ledger.claim([row.delivery_id for row in far], token, now)
    window.postpone(far)
    counts.update(str(outcome.verdict) for outcome in outcomes)
    return window


def _composed(window: Window, failed: list[Outcome]) -> Iterator[Outgoing]:
    enough = time.monotonic() + SECONDS
    for row in window.ready.values():
        if time.monotonic() > enough:
            return
        composed = window.composed(row)
        if isinstance(composed, Outgoing):
            yield composed
        else:
            failed.append(composed)


def _anything_may_leave(_: int) -> bool:
    """What was looked at in this very transaction is locked until it ends."""
    return True
