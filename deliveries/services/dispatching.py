"""Dispatch: claim what is due on a channel, mark it a window at a time, hand it to the channel, write what happened.

    claim ──> prepare ──> [ outcomes of the last window + marks of this one ] ──> channel ──> ...
                               one transaction                                 no transaction

A window is marked `sending` and committed before its first byte leaves. A worker that dies leaves at most one window
in doubt; everything else goes back to planned when the lease runs out.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from django.db import Error

from deliveries.channels import registry
from deliveries.channels.base import Channel
from deliveries.services import ledger
from deliveries.services.local import deliver_locally
from deliveries.services.preparing import Batch, Ready, prepare
from deliveries.services.repeating import patiently, repeatably
from deliveries.services.rescheduling import reschedule, to_be_retried
from deliveries.services.windows import Pace, Sent, Stop, Watch, send_window
from deliveries.services.withdrawals import suppress_bounced
from deliveries.verdicts import Move, settle

Clock = Callable[[], datetime]
CLAIM_LIMIT = 1000
# The first claim of a dispatch: while a channel is down, each tick costs a few rows and not a thousand.
FIRST_CLAIM = 10


def dispatch(
    channel_name: str,
    clock: Clock,
    budget_seconds: float = 5.0,
    limit: int = CLAIM_LIMIT,
    *,
    urgent: bool | None = None,
) -> Counter[str]:
    """Send what is due on the channel until nothing is, the budget is spent or the channel asks for patience.

    Returns how many came to which verdict, and `claimed`, `late`, `ended`, `put_back`. Safe to run any number of times
    at once. `clock` is read again for every claim and window: a dispatch lasts longer than a moment.
    """
    counts: Counter[str] = Counter()
    deadline = time.monotonic() + budget_seconds
    channel = registry.channel(channel_name)
    size = min(FIRST_CLAIM, limit)
    try:
        while time.monotonic() < deadline and not counts["slowed"]:
            if not _dispatch_batch(channel_name, channel, clock, deadline, size, counts, urgent):
                break
            size = limit
    finally:
        channel.close()
    return counts


def _dispatch_batch(
    name: str, channel: Channel, clock: Clock, deadline: float, limit: int, counts: Counter[str], urgent: bool | None
) -> bool:
    """One claim, from beginning to end; False if there was nothing to claim."""
    token, now = ledger.new_token(), clock()
    ids = repeatably(lambda: ledger.claim(name, token, now, limit, urgent))
    if not ids:
        return False
    try:
        batch = prepare(ids, now)
        counts.update(claimed=len(ids), late=len(batch.late), ended=len(batch.ended))
        repeatably(lambda: ledger.record(batch.ended, token, now, from_claimed=True))
        reschedule(batch.late, token, now)
        if channel.is_local:
            counts.update(deliver_locally(channel, batch, token, clock()))
        else:
            _Run(name, channel, batch, token, clock, deadline, counts).send_all()
    except Exception:
        # What was not marked has not left, and need not wait until the lease runs out.
        with suppress(Error):
            repeatably(lambda: ledger.release(ids, token))
        raise
    return True


class _Run:
    """The windows of one batch on a channel that leaves this machine."""

    def __init__(
        self,
        name: str,
        channel: Channel,
        batch: Batch,
        token: str,
        clock: Clock,
        deadline: float,
        counts: Counter[str],
    ) -> None:
        self.name, self.channel, self.batch = name, channel, batch
        self.token, self.clock, self.counts = token, clock, counts
        self.ready = {ready.tried.delivery_id: ready for ready in batch.ready}
        self.watch = Watch(token, clock, deadline)
        self.pace = Pace()

    def send_all(self) -> None:
        waiting = list(self.batch.ready)
        done = Sent()
        while waiting and not done.stop:
            window, waiting = waiting[: self.pace.size], waiting[self.pace.size :]
            marked = self._turn_page(done, window)
            done = self._send(marked, waiting)
        self._turn_page(done, [])
        if waiting:
            self.counts["put_back"] += repeatably(lambda: ledger.put_back(_ids(waiting), self.token))

    def _send(self, marked: Sequence[Ready], waiting: Sequence[Ready]) -> Sent:
        began = time.monotonic()
        done = send_window(self.channel, marked, self.watch, held=_ids([*marked, *waiting]))
        self.pace.learn(len(done.outcomes), time.monotonic() - began)
        self.counts.update(str(outcome.verdict) for outcome in done.outcomes)
        self.counts["slowed"] += done.stop is Stop.SLOW_DOWN
        return done

    def _turn_page(self, done: Sent, window: Sequence[Ready]) -> list[Ready]:
        """Commit what became of the last window together with the marks of the next; those that were marked."""
        # First, and by itself: it takes the locks of shards, which must come before the locks of rows.
        patiently(lambda: suppress_bounced(self.name, self.batch.ready, done.outcomes, self.clock()))
        moves = self._reschedule_far(self._moves(done))
        marked = set(repeatably(lambda: self._write(done, moves, window)))
        self.counts["put_back"] += len(done.not_begun)
        return [ready for ready in window if ready.tried.delivery_id in marked]

    def _moves(self, done: Sent) -> list[Move]:
        now, idempotent = self.clock(), self.channel.is_idempotent
        return [
            settle(outcome, self.ready[outcome.delivery_id].tried, now, is_idempotent=idempotent)
            for outcome in done.outcomes
        ]

    def _reschedule_far(self, moves: Sequence[Move]) -> list[Move]:
        """Settle those whose next try is far away: their slot is tested under the shard's lock. The other moves."""
        now = self.clock()
        far = [
            late for move in moves if (late := to_be_retried(self.ready[move.delivery_id].row, move, now)) is not None
        ]
        reschedule(far, self.token, now, from_claimed=False)
        settled = {late.delivery_id for late in far}
        return [move for move in moves if move.delivery_id not in settled]

    def _write(self, done: Sent, moves: Sequence[Move], window: Sequence[Ready]) -> list[int]:
        now, token, ids = self.clock(), self.token, _ids(window)
        ledger.lock([*(move.delivery_id for move in moves), *done.not_begun, *ids])
        ledger.record(moves, token, now)
        ledger.put_back(done.not_begun, token)
        marked = ledger.mark(ids, token, now, self.batch.transactional)
        ledger.withhold_changed(ids, token, now, self.batch.transactional)
        # What could be neither marked nor withheld is paused, cancelled or quiet by now: nobody's again.
        ledger.put_back(set(ids) - set(marked), token)
        return marked


def _ids(rows: Sequence[Ready]) -> list[int]:
    return [ready.tried.delivery_id for ready in rows]
