"""The claim: what is due, looked at once more and marked, in the transaction that locks it."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from audiences.zones import zone_or
from campaigns.rendering import TemplateProblem
from deliveries.caps import Reach
from deliveries.channels.base import Outcome, Outgoing, Verdict
from deliveries.channels.registry import channel_class, channel_names
from deliveries.models import Delivery
from deliveries.queries.due import DueRow, Past, due_rows, expiries
from deliveries.queries.rules import WorkspaceRules, workspace_rules
from deliveries.quiet_hours import QuietPeriod, is_quiet
from deliveries.services import ledger
from deliveries.services.composing import Version, compose, events_of, versions
from deliveries.services.rescheduling import Late
from deliveries.verdicts import Move

logger = logging.getLogger(__name__)
State = Delivery.State
#: A message that was in the hands of so many workers that died is taken for what kills them.
MOST_CLAIMS = 5
#: From here on it leaves by itself: what only lay beside it is not to share its fate.
SUSPECT_CLAIMS = 2


class Known:
    """What a dispatch reads once: the rules of the workspace, each version that it meets, and how far it has come."""

    def __init__(self) -> None:
        self.rules: WorkspaceRules = workspace_rules()
        self.versions: dict[int, Version] = {}
        self.past: Past = {}

    def learn(self, version_ids: set[int]) -> None:
        if missing := version_ids - self.versions.keys():
            self.versions |= versions(missing)


@dataclass
class Window:
    """Rows claimed together. Every one of them is in `ready`, `late` or `ended`."""

    token: str
    known: Known
    past: Past = field(default_factory=dict)  # the last row of each send
    events: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    ready: dict[int, DueRow] = field(default_factory=dict)  # by id, in the order of the claim
    late: list[Late] = field(default_factory=list)  # need another moment
    ended: list[Move] = field(default_factory=list)  # end here

    @property
    def size(self) -> int:
        return len(self.ready) + len(self.late) + len(self.ended)

    def composed(self, row: DueRow) -> Outgoing | Outcome:
        """The message, or what becomes of it without one: a failing template or customer ends this row and no other."""
        try:
            return compose(row, self.known.versions[row.version_id], self.events.get(row.firing_id, {}))
        except TemplateProblem as problem:
            return Outcome(row.id, Verdict.REJECTED, {"phase": "template", "text": f"template: {problem}"})
        except Exception as problem:  # a fault of ours and no template's: tried again, and the others go on
            logger.exception("delivery %s could not be composed", row.id)
            return Outcome(row.id, Verdict.DEFERRED, {"phase": "compose", "text": type(problem).__name__})

    def may_repeat(self, row: DueRow) -> bool:
        # Read from a recorder, the channel may be one that the operator has taken out since.
        is_idempotent = row.channel in channel_names() and channel_class(row.channel).is_idempotent
        return is_idempotent or self.known.versions[row.version_id].plan.may_repeat

    def postpone(self, rows: Sequence[Late]) -> None:
        """These were ready, and need another moment now."""
        self.late += rows
        for row in rows:
            del self.ready[row.delivery_id]

    def another_moment(self, row: DueRow, expires_at: datetime, now: datetime) -> Late:
        """The row as one that needs another moment, the first of which is `now`."""
        return late_row(row, self.known.versions[row.version_id], self.known.rules, expires_at, now)


def look(channel: str, token: str, now: datetime, limit: int, known: Known, *, urgent: bool) -> Window:
    """Lock what is due and say what is to become of it; a constant number of statements. Inside a transaction."""
    rows = _apart(_behind(channel, token, now, limit, known, urgent)) if limit else []
    window = Window(token, known, {row.send_id: (row.due_at, row.id) for row in rows})
    known.learn({row.version_id for row in rows})
    window.events = events_of({row.firing_id for row in rows} - {0})
    is_late = _Quiet(channel, window, now)
    address_field = channel_class(channel).address_field
    late = []
    for row in rows:
        plan = known.versions[row.version_id].plan
        if end := _end(row, plan.transactional, address_field):
            # What was seen stays, unless its customer was erased.
            window.ended.append(Move(row.id, end[0], row.attempts, end[1], evidence={} if row.is_erased else None))
        elif is_late(row):
            late.append(row)
        else:
            window.ready[row.id] = row
    expire = expiries(row.id for row in late) if late else {}
    window.late = [window.another_moment(row, expire[row.id], now) for row in late]
    return window


def take(window: Window, now: datetime, *, to_send: bool = True) -> None:
    """Write down what `look` said, in its transaction. `to_send`: mark those that are ready."""
    ledger.end_planned(window.ended, now)
    ledger.claim([row.delivery_id for row in window.late], window.token, now)
    if to_send:
        ledger.mark(list(window.ready), window.token, now)


def _behind(channel: str, token: str, now: datetime, limit: int, known: Known, urgent: bool) -> list[DueRow]:
    """What is due behind the rows that were taken; if nothing is, from the start: some may have been put back."""
    rows = due_rows(channel, token, now, limit, urgent=urgent, past=known.past)
    if not rows and known.past:
        known.past = {}
        rows = due_rows(channel, token, now, limit, urgent=urgent)
    return rows


def _apart(rows: list[DueRow]) -> list[DueRow]:
    """Those that nothing is held against; where there are none, the first of the suspects alone."""
    return [row for row in rows if not SUSPECT_CLAIMS <= row.claims < MOST_CLAIMS] or rows[:1]


def _end(row: DueRow, is_transactional: bool, address_field: str) -> tuple[str, str] | None:
    """The state and the reason of a row that may not leave any more."""
    if row.claims >= MOST_CLAIMS:
        return State.FAILED, f"poison: it was in the hands of {row.claims} workers that died"
    if row.is_erased:
        return State.WITHHELD, "erased"
    if row.suppressed > is_transactional:
        # A transactional message heeds one reason alone: that the address does not exist.
        return State.WITHHELD, "suppressed"
    if not row.is_subscribed and not is_transactional:
        return State.WITHHELD, "unsubscribed"
    if row.is_on_hold and not is_transactional:
        return State.WITHHELD, "on hold"
    if address_field and not getattr(row, address_field):
        return State.WITHHELD, "unreachable"
    return None


class _Quiet:
    """Whether a row may not leave at this moment: by the hours it was admitted under, or by those set since."""

    def __init__(self, channel: str, window: Window, now: datetime) -> None:
        self.window, self.now = window, now
        self.quiet: QuietPeriod | None = window.known.rules.quiet.get(channel)
        self._by_zone: dict[str, bool] = {}

    def __call__(self, row: DueRow) -> bool:
        if row.is_closed:
            return True
        if self.quiet is None or not self.window.known.versions[row.version_id].plan.quiet_hours_apply:
            return False
        if row.timezone not in self._by_zone:
            zone = zone_or(row.timezone, self.window.known.rules.zone.key)
            self._by_zone[row.timezone] = is_quiet(self.now, zone, self.quiet)
        return self._by_zone[row.timezone]


def late_row(row: DueRow, version: Version, rules: WorkspaceRules, expires_at: datetime, now: datetime) -> Late:
    plan = version.plan
    return Late(
        delivery_id=row.id,
        customer_id=row.customer_id,
        reach=Reach(row.channel, row.topic_id, row.team_id),
        zone=zone_or(row.timezone, rules.zone.key),
        quiet_hours_apply=plan.quiet_hours_apply,
        obeys_caps=row.obeys_caps,
        counts=row.counts_toward_caps,
        waits_for_caps=plan.on_breach == "defer",
        attempts=row.attempts,
        expires_at=expires_at,
        after=now,
        may_have_left=row.repeats > 0,
    )


def claim(
    channel: str, token: str, now: datetime, limit: int, known: Known, *, urgent: bool, before: Window | None
) -> Window:
    """Look and take. Inside a transaction; `before`: the window of an earlier try whose COMMIT was not answered."""
    if before is not None and (
        held := set(ledger.held([*before.ready, *(row.delivery_id for row in before.late)], token))
    ):
        before.ready = {pk: row for pk, row in before.ready.items() if pk in held}
        before.late = [row for row in before.late if row.delivery_id in held]
        return before
    window = look(channel, token, now, limit, known, urgent=urgent)
    take(window, now)
    return window
