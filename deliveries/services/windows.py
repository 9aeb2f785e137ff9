"""A window: the messages that are marked `sending` together, and the watch that is kept while they leave."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import connection

from deliveries.channels.base import Channel, Outcome, Verdict
from deliveries.queries.dispatch import stopped_sends
from deliveries.services import ledger
from deliveries.services.preparing import Ready
from deliveries.services.repeating import patiently, repeatably

logger = logging.getLogger(__name__)
WINDOW_SECONDS = 0.25
LOOK_EVERY = 0.25
SMALLEST, FIRST, LARGEST = 1, 10, 1000


class ProviderInTransaction(RuntimeError):
    """A provider was about to be called inside a database transaction: locks would be held as long as it takes."""


class Stop(StrEnum):
    """Why a window ended before its end."""

    SLOW_DOWN = "slow_down"  # the other side asks the whole channel to wait
    BUDGET = "budget"  # our time is spent; the next dispatch goes on
    BROKEN = "broken"  # the channel broke its promise not to raise


@dataclass
class Sent:
    """What became of a window. `not_begun` certainly has not left."""

    outcomes: list[Outcome] = field(default_factory=list)
    not_begun: list[int] = field(default_factory=list)
    stop: Stop | None = None


class Pace:
    """How many messages make a quarter of a second at the rate just seen; it grows at most fourfold a window."""

    def __init__(self) -> None:
        self.size = FIRST

    def learn(self, messages: int, seconds: float) -> None:
        if messages:
            wanted = int(messages / max(seconds, 1e-6) * WINDOW_SECONDS)
            self.size = max(SMALLEST, min(wanted, self.size * 4, LARGEST))


class Watch:
    """Looks up every quarter of a second: which sends were stopped, whether time is up, that the lease holds."""

    def __init__(self, token: str, clock: Callable[[], datetime], deadline: float) -> None:
        self.token, self.clock, self.deadline = token, clock, deadline
        self._looked = time.monotonic()
        self._renewed = time.monotonic()

    @property
    def is_time(self) -> bool:
        return time.monotonic() - self._looked >= LOOK_EVERY

    def look(self, sends: set[int], held: Sequence[int]) -> set[int]:
        """The sends of these that were paused, cancelled or otherwise stopped."""
        self._looked = time.monotonic()
        if timedelta(seconds=self._looked - self._renewed) > ledger.LEASE / 4:
            repeatably(lambda: ledger.renew(held, self.token, self.clock()))
            self._renewed = self._looked
        # A look that failed would take with it what is known of the window: every message of it would be in doubt.
        return patiently(lambda: stopped_sends(sends))

    @property
    def is_over(self) -> bool:
        return time.monotonic() > self.deadline


def send_window(channel: Channel, window: Sequence[Ready], watch: Watch, held: Sequence[int]) -> Sent:
    """Hand the window to the channel, one message at a time, looking up in between.

    `held`: every row under this worker's lease, which a long window keeps alive. Raises `ProviderInTransaction`.
    """
    if connection.in_atomic_block:
        raise ProviderInTransaction(f"{type(channel).__name__} must not be called inside a transaction")
    sent = Sent()
    waiting = list(window)
    while waiting and not sent.stop:
        # Round again only after a stopped send: the rest of the window goes on without its messages.
        waiting = _send_until_stopped(channel, waiting, watch, held, sent)
    sent.not_begun += [ready.tried.delivery_id for ready in waiting]
    return sent


def _send_until_stopped(
    channel: Channel, window: list[Ready], watch: Watch, held: Sequence[int], sent: Sent
) -> list[Ready]:
    """Send on until something stops; what is left of the window, without the messages of stopped sends."""
    answers = channel.send([ready.outgoing for ready in window])
    for position, ready in enumerate(window):
        # Before the message is begun: what the channel is not asked for does not leave.
        if watch.is_time and (stopped := watch.look({each.send_id for each in window[position:]}, held)):
            _close(answers)
            return _without(stopped, window[position:], sent)
        if watch.is_over:
            sent.stop = Stop.BUDGET
        else:
            sent.outcomes.append(_next_outcome(answers, ready, sent))
        if sent.stop:
            _close(answers)
            return window[position + (sent.stop is not Stop.BUDGET) :]
    return []


def _next_outcome(answers: Any, ready: Ready, sent: Sent) -> Outcome:
    expected = ready.tried.delivery_id
    try:
        outcome: Outcome = next(answers)
        if outcome.delivery_id != expected:
            raise RuntimeError(f"the outcome of {outcome.delivery_id} came for {expected}")
    except Exception as problem:  # a channel must not raise; where it does, this message may have left
        logger.exception("the channel broke at delivery %s", expected)
        sent.stop = Stop.BROKEN
        evidence = {"phase": "channel", "text": type(problem).__name__}
        return Outcome(expected, Verdict.AMBIGUOUS, evidence)
    if outcome.slow_down:
        sent.stop = Stop.SLOW_DOWN
    return scrubbed(outcome, ready.outgoing.address)


def scrubbed(outcome: Outcome, address: str) -> Outcome:
    """The outcome without the customer's address, which servers like to repeat: evidence outlives an erasure."""
    if not address:
        return outcome
    evidence = {
        key: value.replace(address, "<address>") if isinstance(value, str) else value
        for key, value in outcome.evidence.items()
    }
    return Outcome(outcome.delivery_id, outcome.verdict, evidence, outcome.suppress, outcome.slow_down)


def _without(stopped: set[int], rest: list[Ready], sent: Sent) -> list[Ready]:
    sent.not_begun += [ready.tried.delivery_id for ready in rest if ready.send_id in stopped]
    return [ready for ready in rest if ready.send_id not in stopped]


def _close(answers: Any) -> None:
    if hasattr(answers, "close"):
        answers.close()
