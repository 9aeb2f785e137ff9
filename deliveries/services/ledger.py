"""The only writer of `Delivery.state` after the insert: every move is one update, guarded by state and lease token.

A caller takes a lease with a token of its own. Every function here can be repeated with the same token when the
answer to its COMMIT was lost: a row that has moved on is not moved again. Rows taken in bulk are locked in the order
of their ids, so that two callers never wait for each other.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Case, CharField, F, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Concat

from campaigns.models import Campaign, Send
from deliveries.models import Delivery
from deliveries.queries.consent import erased, may_be_sent, suppressed
from deliveries.services.moves import update_from_moves
from deliveries.verdicts import Move

State = Delivery.State
LEASE = timedelta(seconds=settings.LEASE_SECONDS)

# Nothing leaves unless its send is under way and its campaign neither paused nor cancelled.
SEND_IS_ON = Q(send__state__in=[Send.State.ADMITTING, Send.State.SENDING]) & ~Q(
    send__campaign__status__in=[Campaign.Status.PAUSED, Campaign.Status.CANCELLED]
)


def new_token() -> str:
    return uuid.uuid4().hex


def claim(channel: str, token: str, now: datetime, limit: int, urgent: bool | None = None) -> list[int]:
    """Take up to `limit` due rows, the longest due first; their ids. planned → claimed.

    The Message-ID is set with the first claim and kept ever after: a repeat is recognised by it.
    """
    with transaction.atomic(savepoint=False):
        # Rows that another worker is taking at this moment are passed over, not waited for.
        due = Delivery.objects.filter(SEND_IS_ON, channel=channel, state=State.PLANNED, due_at__lte=now)
        due = due.filter(*([] if urgent is None else [Q(urgent=urgent)]), expires_at__gt=now).order_by("due_at", "id")
        ids = list(due.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:limit])
        message_id = Concat(Cast("id", CharField()), Value(f".{token[:16]}"), output_field=CharField())
        Delivery.objects.filter(pk__in=ids, state=State.PLANNED).update(
            state=State.CLAIMED,
            lease_token=token,
            lease_until=now + LEASE,
            message_id=Case(When(message_id="", then=message_id), default=F("message_id")),
        )
        # Read back by the token, so that a repeat also returns what the call took whose answer was lost.
        mine = Delivery.objects.filter(state=State.CLAIMED, lease_until=now + LEASE, lease_token=token)
        return list(mine.order_by("due_at", "id").values_list("pk", flat=True))


def lock(ids: Iterable[int]) -> None:
    """Hold the rows until the transaction ends. Must come before a statement that looks at other tables too.

    READ COMMITTED would otherwise judge a row by what was true before the row changed: an opt-out that committed
    while we waited for its row would be overlooked.
    """
    rows = Delivery.objects.filter(pk__in=list(ids)).order_by("pk")
    list(rows.select_for_update().values_list("pk", flat=True))


def mark(ids: Sequence[int], token: str, now: datetime, transactional: Collection[int] = ()) -> list[int]:
    """claimed → sending for those that may leave at this moment; their ids, in the order given. Call `lock` first.

    The last look: approval, pause, cancel, quiet hours, expiry, suppression, subscription. Commit before the first byte
    leaves. `transactional` are ids of versions, for which a subscription does not count.
    """
    _markable(ids, token, now, transactional).update(state=State.SENDING, lease_until=now + LEASE)
    # Read back, so that a repeat gives the same answer as the call whose answer was lost.
    marked = set(_mine(ids, token, State.SENDING).values_list("pk", flat=True))
    return [pk for pk in ids if pk in marked]


def markable(ids: Sequence[int], token: str, now: datetime, transactional: Collection[int] = ()) -> list[int]:
    """What `mark` would mark, for a local channel, which goes from claimed to sent in one commit. `lock` first."""
    found = set(_markable(ids, token, now, transactional).values_list("pk", flat=True))
    return [pk for pk in ids if pk in found]


def record(moves: Sequence[Move], token: str, now: datetime, *, from_claimed: bool = False) -> None:
    """Write what became of the rows of one window, in one statement whatever the outcomes.

    A row that the reaper took for lost meanwhile is settled too: the worker's word is the evidence.
    """
    if from_claimed:
        lock(move.delivery_id for move in moves)
    expected = [State.CLAIMED] if from_claimed else [State.SENDING, State.UNCERTAIN]
    update_from_moves(moves, token, expected, now)


def put_back(ids: Collection[int], token: str) -> int:
    """Back to planned, as if never claimed: the caller knows that nothing of them was begun. How many."""
    if not ids:
        return 0
    lock(ids)
    begun = [State.CLAIMED, State.SENDING, State.UNCERTAIN]
    return _mine(ids, token, *begun).update(
        state=State.PLANNED, lease_token="", lease_until=None, finished_at=None, reason=""
    )


def release(ids: Collection[int], token: str) -> int:
    """claimed → planned, for a worker that cannot go on; what it marked stays as it is. How many."""
    lock(ids)
    return _mine(ids, token, State.CLAIMED).update(state=State.PLANNED, lease_token="", lease_until=None)


def renew(ids: Collection[int], token: str, now: datetime) -> int:
    """Keep the lease of rows that are still being worked on. How many were still ours."""
    lock(ids)
    return _mine(ids, token, State.CLAIMED, State.SENDING).update(lease_until=now + LEASE)


def withhold_changed(ids: Collection[int], token: str, now: datetime, transactional: Collection[int] = ()) -> int:
    """claimed → withheld for those whose consent has changed since they were admitted. How many. `lock` first."""
    rows = _mine(ids, token, State.CLAIMED).exclude(may_be_sent(transactional))
    why = Case(
        When(erased(), then=Value("erased")),
        When(suppressed(), then=Value("suppressed")),
        default=Value("unsubscribed"),
        output_field=CharField(),
    )
    # The reason is read before the state changes; a join cannot be read inside an UPDATE.
    found = rows.annotate(why=why).values_list("pk", "attempts", "why")
    moves = [Move(pk, State.WITHHELD, attempts, reason=reason) for pk, attempts, reason in found]
    return update_from_moves(moves, token, [State.CLAIMED], now)


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
    """sending → planned where the lease ran out and the other side knows a repeat by its Message-ID. How many."""
    lapsed = Delivery.objects.filter(pk__in=list(ids), state=State.SENDING, lease_until__lt=now)
    return lapsed.update(state=State.PLANNED, lease_token="", lease_until=None, attempts=F("attempts") + 1)


def _mine(ids: Collection[int], token: str, *states: str) -> QuerySet[Delivery]:
    return Delivery.objects.filter(pk__in=list(ids), lease_token=token, state__in=states)


def _markable(ids: Collection[int], token: str, now: datetime, transactional: Collection[int]) -> QuerySet[Delivery]:
    rows = _mine(ids, token, State.CLAIMED).filter(SEND_IS_ON, closes_at__gt=now, expires_at__gt=now)
    return rows.filter(may_be_sent(transactional))


def _end(rows: QuerySet[Delivery], state: str, reason: str, now: datetime, **more: Any) -> int:
    return rows.filter(state__in=[State.PLANNED, State.CLAIMED]).update(
        state=state, reason=reason[:200], finished_at=now, lease_token="", lease_until=None, **more
    )
