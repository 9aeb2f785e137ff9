"""Dispatch: claim what is due on a channel a window at a time, let it leave, write what happened.

    [ outcomes of the window before last + marks of the next ]      one transaction, on a thread of its own
    render ──> channel ──> answers                                  meanwhile: the present window, in no transaction

A window is marked `sending` and committed before its first byte leaves. What a worker that dies leaves behind is
settled by its flight recorder (`settling`), or, where that is lost too, when its lease runs out (`reaping`).
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from django.conf import settings

from deliveries.channels import registry
from deliveries.channels.base import Channel, Verdict
from deliveries.flight_recorder import FlightRecorder
from deliveries.services import breakers, ledger
from deliveries.services.beside import Beside
from deliveries.services.claiming import Known, Window, claim
from deliveries.services.local import deliver_locally
from deliveries.services.pages import prepare, write_down
from deliveries.services.rates import Allowance, allowance
from deliveries.services.repeating import patiently, repeatably
from deliveries.services.rescheduling import reschedule
from deliveries.services.settling import settle_abandoned
from deliveries.services.windows import FIRST, LARGEST, Pace, Sent, Stop, Watch, send_window
from deliveries.verdicts import Move

Clock = Callable[[], datetime]
A_MOMENT = 0.1  # seconds until the channel's rate is asked again


def dispatch(
    channel_name: str,
    clock: Clock,
    budget_seconds: float = 5.0,
    limit: int = LARGEST,
    *,
    urgent: bool = False,
    on_plenty: Callable[[], None] = lambda: None,
) -> Counter[str]:
    """Send what is due on the channel and lane until nothing is, the budget is spent or the channel asks for patience.

    Returns how many came to which verdict, and `claimed`, `late`, `ended`, `put_back`. Safe to run any number of times
    at once. `clock` is read again for every claim: a dispatch lasts longer than a moment. `limit`: of one window.
    `on_plenty`: called once, as soon as there is more than one worker can take at a time.
    """
    settle_abandoned(clock())
    deadline = time.monotonic() + budget_seconds
    channel = registry.channel(channel_name)
    if channel.is_local:
        return deliver_locally(channel_name, channel, clock, deadline, urgent=urgent)
    if not breakers.may_try(channel_name, clock()):
        return Counter()
    recorder = FlightRecorder(settings.RECORDERS)
    try:
        counts = _Run(channel_name, channel, clock, deadline, limit, urgent, recorder).go(on_plenty)
        recorder.close()
    finally:
        # After a failure it is left where it is, and the next dispatch settles what it holds.
        recorder.abandon()
        channel.close()
    return counts


class _Run:
    """The windows of one dispatch on a channel that leaves this machine."""

    def __init__(
        self,
        name: str,
        channel: Channel,
        clock: Clock,
        deadline: float,
        limit: int,
        urgent: bool,
        recorder: FlightRecorder,
    ) -> None:
        self.name, self.channel, self.clock, self.limit, self.urgent = name, channel, clock, limit, urgent
        self.recorder = recorder
        self.watch = Watch(clock, deadline)
        self.pace = Pace(name, urgent=urgent)
        self.known = Known()
        self.counts: Counter[str] = Counter()
        # By token: marked, if at all, by a COMMIT that was not answered, and in no window.
        self.strays: dict[str, set[int]] = {}
        self.is_stopped = self.has_plenty = False
        self.asked = 0  # how many the latest claim was for
        self.is_full = False  # as far as the channel's rate goes

    def go(self, on_plenty: Callable[[], None]) -> Counter[str]:
        window, unwritten = self._wait_for_room(self._turn_page([])), list[Sent]()
        with Beside() as beside:
            while window.ready:
                # A window that was not full was the last for now: nothing is won by asking while it leaves.
                is_full = window.size >= self.asked
                if is_full and window.size > FIRST and not self.has_plenty:
                    self.has_plenty = True
                    on_plenty()
                ahead = beside.submit(self._turn_page, unwritten) if beside.is_apart and is_full else None
                sent = self._send(window)
                window, unwritten = (ahead.result(), [sent]) if ahead else (self._turn_page([*unwritten, sent]), [])
                if not window.ready and unwritten:
                    window, unwritten = self._turn_page(unwritten), []
                window = self._wait_for_room(window)
        # A server may still have been at that COMMIT when the claim was made again, over the rows that it left.
        for token, ids in self.strays.items():
            self.counts["put_back"] += repeatably(partial(ledger.put_back, ids, token))
        return self.counts

    def _wait_for_room(self, window: Window) -> Window:
        """Ask again as long as it is the channel's rate that leaves no room, and go on behind rows that ended or were
        given another moment: what may leave must not wait for them."""
        while not window.ready and (self.is_full or window.size) and not self.watch.is_over:
            if self.is_full:
                time.sleep(A_MOMENT)
            window = self._turn_page([])
        return window

    def _send(self, window: Window) -> Sent:
        if self.is_stopped:
            self.counts["put_back"] += len(window.ready)
            return Sent(window, put_back=set(window.ready))
        began = time.monotonic()
        sent = send_window(self.channel, window, self.watch, self.recorder)
        self.pace.learn(len(sent.outcomes), time.monotonic() - began)
        self.counts.update(str(outcome.verdict) for outcome in sent.outcomes)
        self.counts["slowed"] += sent.stop is Stop.SLOW_DOWN
        self._tell_breaker(sent)
        self.counts["put_back"] += len(sent.put_back) + len(sent.suspects)
        self.is_stopped = sent.stop is not None
        return sent

    def _tell_breaker(self, sent: Sent) -> None:
        if sent.stop is Stop.SLOW_DOWN:
            self.pace.forget()
            patiently(lambda: breakers.note_slow_down(self.name, sent.problem, self.clock(), sent.retry_after))
        elif any(outcome.verdict is Verdict.ACCEPTED for outcome in sent.outcomes):
            patiently(lambda: breakers.note_taken(self.name, self.clock()))

    def _turn_page(self, unwritten: Sequence[Sent]) -> Window:
        """Commit what became of windows together with the claim of another."""
        # By themselves and before: they take the locks of shards, which must come before the locks of rows.
        pages = [(sent, prepare(sent, self.clock())) for sent in unwritten]
        token = ledger.new_token()
        tries: list[Window] = []
        grant = self._granted()
        self.asked = grant.count
        window = repeatably(lambda: self._write(pages, token, grant.count, tries))
        # Only now that it is committed: rows of a claim that was undone must not be passed over.
        self.known.past |= window.past
        grant.give_back(grant.count - len(window.ready))
        if window.ready:
            self.watch.held[token] = window
        for sent in unwritten:
            del self.watch.held[sent.window.token]
        if len(tries) > 1:
            tried = {pk for each in tries for pk in [*each.ready, *(row.delivery_id for row in each.late)]}
            self.strays[token] = tried - {*window.ready, *(row.delivery_id for row in window.late)}
        if window.size:
            self.counts.update(claimed=window.size, late=len(window.late), ended=len(window.ended))
            reschedule(window.late, token, self.clock())
        return window

    def _write(self, pages: Sequence[tuple[Sent, list[Move]]], token: str, limit: int, tries: list[Window]) -> Window:
        # Rows in the order of their ids first; the claim after it never waits for a row.
        now = self.clock()
        ledger.lock(pk for sent, _ in pages for pk in sent.window.ready)
        for sent, moves in pages:
            write_down(sent, moves, now)
        before = tries[-1] if tries else None
        window = claim(self.name, token, now, limit, self.known, urgent=self.urgent, before=before)
        tries.append(window)
        self.recorder.window(token, [*window.ready, *(row.delivery_id for row in window.late)])
        return window

    def _granted(self) -> Allowance:
        wanted = 0 if self.is_stopped or self.watch.is_over else min(self.pace.size, self.limit)
        granted = allowance(self.name, wanted, urgent=self.urgent)
        self.is_full = granted.count == 0 < wanted
        return granted
