"""A window: the messages that are marked `sending` together, and the watch that is kept while they leave."""

import logging
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from django.db import InterfaceError, OperationalError, connection

from deliveries.channels.base import Channel, Outcome, Outgoing, Verdict
from deliveries.flight_recorder import FlightRecorder
from deliveries.queries.dispatch import stopped_sends
from deliveries.queries.due import DueRow
from deliveries.services import ledger
from deliveries.services.claiming import Window
from deliveries.services.evidence import as_record, scrubbed
from deliveries.services.repeating import patiently, repeatably

logger = logging.getLogger(__name__)
# Two windows are marked at any time, the one that leaves and the one that is next: together a quarter of a second.
WINDOW_SECONDS = 0.125
LOOK_EVERY = 0.25
SMALLEST, FIRST, LARGEST = 1, 10, 1_000
PACE_LASTS = 60  # seconds


class ProviderInTransaction(RuntimeError):
    """A provider was about to be called inside a database transaction: locks would be held as long as it takes."""


class Stop(StrEnum):
    """Why a window ended before its end."""

    SLOW_DOWN = "slow_down"  # the other side asks the whole channel to wait
    BUDGET = "budget"  # our time is spent; the next dispatch goes on
    BROKEN = "broken"  # the channel broke its promise not to raise


@dataclass
class Sent:
    """What became of a window. `put_back` and `suspects` certainly have not left; over one of these it broke."""

    window: Window
    outcomes: list[Outcome] = field(default_factory=list)
    put_back: set[int] = field(default_factory=set)
    suspects: set[int] = field(default_factory=set)
    stop: Stop | None = None
    problem: str = ""  # what the other side said when it asked for patience,
    retry_after: float | None = None  # and for how many seconds, where it said that

    def add(self, outcome: Outcome) -> None:
        if outcome.verdict is Verdict.HELD:
            self.put_back.add(outcome.delivery_id)
        else:
            self.outcomes.append(outcome)
        if outcome.slow_down:
            self.stop = Stop.SLOW_DOWN
            self.problem = str(outcome.evidence.get("text", ""))
            self.retry_after = outcome.evidence.get("retry_after")


class Pace:
    """How many messages make a window at the rate just seen; it grows at most fourfold a window.

    A bulk send is one dispatch after the other: each begins at a quarter of what the channel's last one came to, so
    that its first window is marked and gone soon.
    """

    #: By channel and lane: the size that was last learnt in this process, and when. Triggered messages come one by one,
    #: and say nothing of how fast many would go.
    latest: ClassVar[dict[tuple[str, bool], tuple[int, float]]] = {}

    def __init__(self, channel: str, *, urgent: bool = False) -> None:
        self._lane = channel, urgent
        size, learnt_at = self.latest.get(self._lane, (FIRST, 0.0))
        self.size = max(FIRST, size // 4) if time.monotonic() - learnt_at < PACE_LASTS else FIRST

    def learn(self, messages: int, seconds: float) -> None:
        if messages:
            wanted = int(messages / max(seconds, 1e-6) * WINDOW_SECONDS)
            self.size = max(SMALLEST, min(wanted, self.size * 4, LARGEST))
            self.latest[self._lane] = self.size, time.monotonic()

    def forget(self) -> None:
        """The other side asks for patience: what it is asked next is little."""
        self.latest.pop(self._lane, None)


class Watch:
    """Looks up every quarter of a second: which sends were stopped, whether time is up, that the lease holds."""

    def __init__(self, clock: Callable[[], datetime], deadline: float) -> None:
        self.clock, self.deadline = clock, deadline
        # Kept from one window to the next, which is marked already and would go on with what was just stopped.
        self.stopped: set[int] = set()
        # By token: those that are marked and not yet written down, the one ahead among them.
        self.held: dict[str, Window] = {}
        self._looked = self._renewed = time.monotonic()

    @property
    def is_time(self) -> bool:
        return time.monotonic() - self._looked >= LOOK_EVERY

    @property
    def is_over(self) -> bool:
        return time.monotonic() > self.deadline

    def look(self, sends: Collection[int]) -> None:
        """Find out which of the sends were paused, cancelled or otherwise stopped."""
        self._looked = time.monotonic()
        if timedelta(seconds=self._looked - self._renewed) > ledger.LEASE / 4:
            repeatably(self._renew)
            self._renewed = self._looked
        # The window ahead is marked already, and takes this look for its own.
        ahead = {row.send_id for window in list(self.held.values()) for row in window.ready.values()}
        # A look that failed would take with it what is known of the window: every message of it would be in doubt.
        self.stopped = patiently(lambda: stopped_sends(self.stopped.union(sends, ahead)))

    def _renew(self) -> None:
        for window in list(self.held.values()):
            ledger.renew(window.ready, window.token, self.clock())


class Feed:
    """Gives the channel one message after the other, rendered when it is taken, and keeps the books of it.

    Not begun: in `waiting`. Taken and not answered: in `in_hand`, True where its point of no return was passed.
    """

    def __init__(self, window: Window, watch: Watch, recorder: FlightRecorder) -> None:
        self.window, self.watch, self.recorder = window, watch, recorder
        self.sent = Sent(window)
        self.waiting = dict(window.ready)
        self.in_hand: dict[int, bool] = {}
        self._sends = {row.send_id for row in window.ready.values()}

    def __iter__(self) -> Iterator[Outgoing]:
        for row in self.window.ready.values():
            self._look()
            if self.sent.stop or self.watch.is_over:
                self.sent.stop = self.sent.stop or Stop.BUDGET
                return
            if row.send_id not in self.watch.stopped and (outgoing := self._taken(row)):
                yield outgoing

    def may_leave(self, delivery_id: int) -> bool:
        self._look()
        if self.window.ready[delivery_id].send_id in self.watch.stopped:
            return False
        self.in_hand[delivery_id] = True
        self.recorder.leaving(delivery_id)
        return True

    def answered(self, outcome: Outcome) -> None:
        """Raises `KeyError` for an outcome of a message that is not in hand."""
        if outcome.delivery_id not in self.in_hand:
            raise KeyError(outcome.delivery_id)
        outcome = scrubbed(outcome, self.window.ready[outcome.delivery_id].email)
        self.recorder.ended(outcome.delivery_id, as_record(outcome))
        self.sent.add(outcome)
        # Last: an answer that cannot be written down finds its message in hand still, and so in doubt and not lost.
        del self.in_hand[outcome.delivery_id]

    def _taken(self, row: DueRow) -> Outgoing | None:
        self.recorder.taken(row.id)
        self.in_hand[row.id] = False
        del self.waiting[row.id]
        composed = self.window.composed(row)
        if isinstance(composed, Outgoing):
            return composed
        self.answered(composed)
        return None

    def _look(self) -> None:
        if self.watch.is_time:
            self.watch.look(self._sends)


def send_window(channel: Channel, window: Window, watch: Watch, recorder: FlightRecorder) -> Sent:
    """Let the window leave, looking up in between. Raises `ProviderInTransaction`."""
    if connection.in_atomic_block:
        raise ProviderInTransaction(f"{type(channel).__name__} must not be called inside a transaction")
    feed = Feed(window, watch, recorder)
    try:
        for outcome in channel.send(feed, feed.may_leave):
            feed.answered(outcome)
    except (OperationalError, InterfaceError):
        raise  # the database is away for longer than we wait: the recorder knows how far each message came
    except Exception as problem:  # a channel must not raise; where it does, what had begun may have left
        logger.exception("the channel broke")
        feed.sent.stop = Stop.BROKEN
        evidence = {"phase": "channel", "text": type(problem).__name__}
        for delivery_id in [pk for pk, has_begun in feed.in_hand.items() if has_begun]:
            feed.answered(Outcome(delivery_id, Verdict.AMBIGUOUS, evidence))
        feed.sent.suspects |= feed.in_hand.keys()
    feed.sent.put_back |= feed.waiting.keys() | feed.in_hand.keys() - feed.sent.suspects
    return feed.sent
