"""The only writer of `Delivery.state` after the insert: every move is one update, guarded by state and lease token.

A caller takes a lease with a token of its own. Every function here can be repeated with the same token when the
answer to its COMMIT was lost: a row that has moved on is not moved again. Rows taken in bulk are locked in the order
of their ids, so that two callers never wait for each other.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Case, F, QuerySet, Value, When
from django.db.models.functions import Greatest

from deliveries.models import Delivery
from deliveries.services.moves import NOT_REPEATED, lock_rows, take_planned, update_from_moves
from deliveries.verdicts import Move

State = Delivery.State
LEASE = timedelta(seconds=settings.LEASE_SECONDS)


def new_token() -> str:
    return uuid.uuid4().hex


def mark(ids: Collection[int], token: str, now: datetime) -> int:
    """planned → sending for rows that the caller holds locked and has looked at: approval, pause, consent, quiet hours,
    expiry. Commit before the first byte leaves. How many."""
    return take_planned(ids, State.SENDING, token, now + LEASE) if ids else 0


def claim(ids: Collection[int], token: str, now: datetime) -> int:
    """planned → claimed, likewise, for rows that need another moment: what comes next takes other locks. How many."""
    return take_planned(ids, State.CLAIMED, token, now + LEASE) if ids else 0


def held(ids: Collection[int], token: str) -> list[int]:
    """Those of these rows that are under this lease, whatever state it gave them."""
    return list(_mine(ids, token, State.CLAIMED, State.SENDING).values_list("pk", flat=True))


def lock(ids: Iterable[int]) -> None:
    """Hold the rows until the transaction ends, taken in the order of their ids."""
    lock_rows(list(ids))


def record(moves: Sequence[Move], token: str, now: datetime, *, from_claimed: bool = False) -> None:
    """Write what became of the rows of one window, in one statement whatever the outcomes.

    A row that the reaper took for lost meanwhile is settled too: the worker's word is the evidence.
    """
    if from_claimed:
        lock(move.delivery_id for move in moves)
    expected = [State.CLAIMED] if from_claimed else [State.SENDING, State.UNCERTAIN]
    update_from_moves(moves, token, expected, now)


def end_planned(moves: Sequence[Move], now: datetime) -> int:
    """planned → wherever its end is, for rows that the caller holds locked. How many."""
    return update_from_moves(moves, "", [State.PLANNED], now)


def put_back(ids: Collection[int], token: str, *, is_suspect: bool = False) -> int:
    """Back to planned: the caller knows that nothing of them was begun. How many.

    As if never claimed, unless they are suspects: in the hands of a worker that died over one of them.
    """
    if not ids:
        return 0
    lock(ids)
    begun = [State.CLAIMED, State.SENDING, State.UNCERTAIN]
    claims = F("claims") if is_suspect else Greatest(F("claims") - 1, 0)
    return _mine(ids, token, *begun).update(
        state=State.PLANNED, lease_token="", lease_until=None, finished_at=None, reason="", claims=claims
    )


def renew(ids: Collection[int], token: str, now: datetime) -> int:
    """Keep the lease of rows that are still being worked on. How many were still ours."""
    lock(ids)
    return _mine(ids, token, State.CLAIMED, State.SENDING).update(lease_until=now + LEASE)


def withdraw(ids: Collection[int], reason: str, now: datetime) -> int:
    """planned, claimed → withheld, whoever holds the lease: consent has changed. How many."""
    lock(ids)
    return _end(Delivery.objects.filter(pk__in=list(ids)), State.WITHHELD, reason, now)


def cancel(ids: Collection[int], now: datetime) -> int:
    """planned, claimed → cancelled. How many."""
    return _end(Delivery.objects.filter(pk__in=list(ids)), State.CANCELLED, "the campaign was cancelled", now)


def miss(ids: Collection[int], reason: str, now: datetime) -> int:
    """planned, claimed → missed. How many."""
    return _end(Delivery.objects.filter(pk__in=list(ids)), State.MISSED, reason, now)


def expire(ids: Collection[int], reason: str, now: datetime) -> int:
    """planned, claimed → expired. How many."""
    return _end(Delivery.objects.filter(pk__in=list(ids)), State.EXPIRED, reason, now)


def release_lapsed(ids: Collection[int], now: datetime) -> int:
    """claimed → planned where the lease ran out: nothing had left. How many."""
    lapsed = Delivery.objects.filter(pk__in=list(ids), state=State.CLAIMED, lease_until__lt=now)
    return lapsed.update(state=State.PLANNED, lease_token="", lease_until=None)


def doubt_lapsed(ids: Collection[int], now: datetime) -> int:
    """sending → uncertain where the lease ran out. How many.

    The token stays: should the worker be alive after all, its word settles the row.
    """
    lapsed = Delivery.objects.filter(pk__in=list(ids), state=State.SENDING, lease_until__lt=now)
    reason = "its worker was lost while it was leaving"
    return lapsed.update(state=State.UNCERTAIN, lease_until=None, finished_at=now, reason=reason)


def repeat_lapsed(ids: Collection[int], now: datetime) -> int:
    """sending → planned where the lease ran out and the message may go again: the other side knows repeats, or its
    campaign wants it at least once. How many."""
    lapsed = Delivery.objects.filter(pk__in=list(ids), state=State.SENDING, lease_until__lt=now)
    more = {"attempts": F("attempts") + 1, "repeats": F("repeats") + 1}
    return lapsed.update(state=State.PLANNED, lease_token="", lease_until=None, **more)


def _mine(ids: Collection[int], token: str, *states: str) -> QuerySet[Delivery]:
    return Delivery.objects.filter(pk__in=list(ids), lease_token=token, state__in=states)


def _end(rows: QuerySet[Delivery], state: str, reason: str, now: datetime) -> int:
    """As in `moves`: what waited to be sent again may have left, and does not end as if it never had."""
    return rows.filter(state__in=[State.PLANNED, State.CLAIMED]).update(
        state=_unless_repeated(state, State.UNCERTAIN),
        reason=_unless_repeated(reason[:200], f"{NOT_REPEATED}{reason}"[:200]),
        finished_at=now,
        lease_token="",
        lease_until=None,
    )


def _unless_repeated(value: str, repeated: str) -> Case:
    return Case(When(repeats__gt=0, then=Value(repeated)), default=Value(value))
