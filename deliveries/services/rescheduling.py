"""Messages that may not leave now, or are to be tried again much later: another moment, its slot tested again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from audiences.services.locks import lock_shards, shard_of_customer
from deliveries.caps import Reach, Slot, frees_at
from deliveries.models import Delivery
from deliveries.queries.rules import WorkspaceRules, workspace_rules
from deliveries.quiet_hours import QuietPeriod, next_allowed, next_quiet
from deliveries.services import ledger
from deliveries.services.repeating import repeatably
from deliveries.verdicts import Move

State = Delivery.State
# A cap's moment may be quiet and a quiet night's end capped; whoever is still looking after so many turns has expired.
MOST_TURNS = 20
# A next try that is no farther away keeps the slot of the one before.
A_MOMENT = timedelta(minutes=15)


@dataclass(frozen=True)
class Late:
    """A row that needs another moment, with all that it depends on; `after` is the first that would do.

    `may_have_left`: it keeps its slot whatever becomes of it, and does not wait for a cap, which would move that away
    from where it was used. `is_repeat`: that is news.
    """

    delivery_id: int
    customer_id: int
    reach: Reach
    zone: ZoneInfo
    quiet_hours_apply: bool
    obeys_caps: bool
    counts: bool
    waits_for_caps: bool
    attempts: int
    expires_at: datetime
    after: datetime
    evidence: Mapping[str, Any] | None = None
    may_have_left: bool = False
    is_repeat: bool = False


Slots = dict[int, dict[int, Slot]]  # customer id -> delivery id -> slot


def to_be_retried(row: Late, move: Move, now: datetime) -> Late | None:
    """The row as its next try makes it, where that is so far away that its slot must be tested; None: it keeps it."""
    if move.due_at is None or not row.obeys_caps or move.due_at - now <= A_MOMENT:
        return None
    late = replace(row, after=move.due_at, attempts=move.attempts, evidence=move.evidence)
    return replace(late, may_have_left=True, is_repeat=True) if move.is_repeat else late


def reschedule(late: Sequence[Late], token: str, now: datetime, *, from_claimed: bool = True) -> int:
    """Give each row its next moment, or say why there is none. One transaction a shard. How many rows.

    `from_claimed`: nothing of them was begun; otherwise they were, and have certainly not left.
    """
    shards: defaultdict[int, list[Late]] = defaultdict(list)
    for row in late:
        shards[shard_of_customer(row.customer_id)].append(row)
    for shard in sorted(shards):
        repeatably(partial(_reschedule_shard, shard, shards[shard], token, now, from_claimed))
    return len(late)


def _reschedule_shard(shard: int, rows: Sequence[Late], token: str, now: datetime, from_claimed: bool) -> None:
    # 1. The lock that admission counts under; 2. the slots as they are now; 3. the rows.
    lock_shards([shard])
    rules = workspace_rules()
    slots = _slots_of({row.customer_id for row in rows if row.obeys_caps})
    moves = [_next_move(row, rules, slots) for row in sorted(rows, key=lambda row: row.delivery_id)]
    ledger.lock(row.delivery_id for row in rows)
    ledger.record(moves, token, now, from_claimed=from_claimed)


def _next_move(row: Late, rules: WorkspaceRules, slots: Slots) -> Move:
    taken = slots.get(row.customer_id, {})
    own = taken.pop(row.delivery_id, None)
    quiet = rules.quiet.get(row.reach.channel) if row.quiet_hours_apply else None
    at, bound_by = _next_moment(row, rules, quiet, list(taken.values()))
    if own is not None and row.may_have_left:
        taken[row.delivery_id] = own
    if bound_by:
        return _move(row, State.WITHHELD, reason=f"capped ({bound_by})")
    if at is None or at >= row.expires_at:
        return _move(row, State.EXPIRED, reason="quiet hours would have made it too late")
    if own is not None or row.counts:
        slots.setdefault(row.customer_id, taken)[row.delivery_id] = Slot(at, row.reach)
    closes_at = min(next_quiet(at, row.zone, quiet) or row.expires_at, row.expires_at)
    return _move(row, State.PLANNED, due_at=at, closes_at=closes_at)


def _move(row: Late, state: str, **more: Any) -> Move:
    return Move(row.delivery_id, state, row.attempts, evidence=row.evidence, is_repeat=row.is_repeat, **more)


def _next_moment(
    row: Late, rules: WorkspaceRules, quiet: QuietPeriod | None, taken: Iterable[Slot]
) -> tuple[datetime | None, str]:
    """The first moment that is neither quiet nor over a cap, or the cap that binds a row that does not wait for it."""
    at = row.after
    for _ in range(MOST_TURNS):
        at = next_allowed(at, row.zone, quiet)
        freed: datetime | None = at
        for cap in rules.caps_over(row.reach) if row.obeys_caps else ():
            freed = frees_at(cap.times(taken), at, cap, row.zone)
            if freed != at:
                break
        if freed == at:
            return at, ""
        if freed is None or row.may_have_left or not row.waits_for_caps:
            return None, f"cap:{cap.id}"
        at = freed
        if at >= row.expires_at:
            break
    return None, ""


def _slots_of(customers: set[int]) -> Slots:
    """Every slot that these customers hold near enough to matter, in one statement."""
    rows = Delivery.objects.filter(customer__in=customers, counts_toward_caps=True, state__in=Delivery.HOLDING)
    slots: defaultdict[int, dict[int, Slot]] = defaultdict(dict)
    columns = rows.values_list("pk", "customer_id", "due_at", "channel", "topic_id", "team_id")
    for pk, customer_id, due_at, channel, topic_id, team_id in columns:
        slots[customer_id][pk] = Slot(due_at, Reach(channel, topic_id, team_id))
    return slots
