"""The reaper: what a lost worker left behind, what came too late, and what was cancelled."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from campaigns.models import Campaign, Send
from deliveries.channels import registry
from deliveries.models import Delivery
from deliveries.services import ledger
from deliveries.services.settling import settle_abandoned
from deliveries.verdicts import MAX_ATTEMPTS

State = Delivery.State
SLICE = 5_000  # rows a transaction: no lock is held for long, however much there is
CANCELLED = Q(state=Send.State.CANCELLED) | Q(campaign__status=Campaign.Status.CANCELLED)
# As `Plan.may_repeat` says.
AT_LEAST_ONCE = Q(version__plan__at_least_once=True, version__plan__transactional=True)
WAITING = (State.PLANNED, State.CLAIMED)


def reap(now: datetime) -> Counter[str]:
    """Tidy the ledger as of `now`; how many rows of each kind. Safe to run at any time, twice."""
    settled = settle_abandoned(now)
    rows = Delivery.objects
    waiting = rows.filter(state__in=WAITING)
    lapsed = rows.filter(lease_until__lt=now)
    sending = lapsed.filter(state=State.SENDING)
    wanted_twice = Q(channel__in=_idempotent_channels()) | AT_LEAST_ONCE
    repeatable = sending.filter(wanted_twice, attempts__lt=MAX_ATTEMPTS)
    steps: dict[str, tuple[QuerySet[Delivery], Callable[[list[int]], int]]] = {
        "released": (lapsed.filter(state=State.CLAIMED), partial(ledger.release_lapsed, now=now)),
        "repeated": (repeatable, partial(ledger.repeat_lapsed, now=now)),
        "uncertain": (sending, partial(ledger.doubt_lapsed, now=now)),
        "cancelled": (waiting.filter(send__in=_holding(CANCELLED)), partial(ledger.cancel, now=now)),
        "missed": (
            waiting.filter(send__in=_holding(Q(state=Send.State.MISSED))),
            partial(ledger.miss, reason="its send was missed", now=now),
        ),
        "expired": (
            rows.filter(state=State.PLANNED, due_at__lte=now, expires_at__lte=now),
            partial(ledger.expire, reason="its time ran out before it could leave", now=now),
        ),
    }
    return settled + Counter({name: _in_slices(found, move) for name, (found, move) in steps.items()})


def _holding(ended: Q) -> list[int]:
    """Sends that have ended and still hold rows that wait. Asked of the sends, which are few; the ledger grows."""
    rows = Delivery.objects.filter(send=OuterRef("pk"), state__in=WAITING)
    return list(Send.objects.filter(ended, Exists(rows)).order_by("pk").values_list("pk", flat=True))


def _in_slices(found: QuerySet[Delivery], move: Callable[[list[int]], int]) -> int:
    """Move them slice by slice in the order of their ids; rows that somebody else holds are left for the next time."""
    total = after = 0
    while True:
        with transaction.atomic():
            rows = found.filter(pk__gt=after).order_by("pk").select_for_update(skip_locked=True, of=("self",))
            ids = list(rows.values_list("pk", flat=True)[:SLICE])
            total += move(ids) if ids else 0
        if len(ids) < SLICE:
            return total
        after = ids[-1]


def _idempotent_channels() -> list[str]:
    return [name for name in registry.channel_names() if registry.channel_class(name).is_idempotent]
