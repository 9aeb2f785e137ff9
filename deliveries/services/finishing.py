"""Moves sends on: to `sending` when everybody is decided on, to `done` when every delivery has come to its end."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from campaigns.models import Firing, Send
from campaigns.plan import CONTINUOUS
from campaigns.services.sends import move_state
from deliveries.models import Delivery
from deliveries.services.admitting import admitted_slices, missing_shards

# A continuous send is open for its day; an hour for the day on which clocks go back, and one for what is under way.
_DAY_IS_OVER = timedelta(hours=26)
_LATE_WORD = timedelta(minutes=10)


def finish_sends(now: datetime) -> int:
    """How many sends moved. An empty audience passes through both moves at once."""
    return _open_admitted(now) + _close_finished(now)


def reopen(delivery_ids: Iterable[int], now: datetime) -> int:
    """Sends that were over, of messages that may leave after all: back to `sending`, as nothing leaves of one that is
    over. How many."""
    over = Send.objects.filter(state=Send.State.DONE, deliveries__in=list(delivery_ids)).order_by()
    ids = set(over.values_list("pk", flat=True))
    return sum(move_state(pk, [Send.State.DONE], Send.State.SENDING, now, finished_at=None) for pk in sorted(ids))


def _open_admitted(now: datetime) -> int:
    sends = list(Send.objects.filter(state=Send.State.ADMITTING).order_by("pk"))
    done = admitted_slices(send.pk for send in sends)
    complete = [send.pk for send in sends if not missing_shards(send, done[send.pk])]
    return sum(move_state(pk, [Send.State.ADMITTING], Send.State.SENDING, now) for pk in complete)


def _close_finished(now: datetime) -> int:
    finished = list(_finished(now).values_list("pk", flat=True))
    return sum(move_state(pk, [Send.State.SENDING], Send.State.DONE, now, finished_at=now) for pk in finished)


def _finished(now: datetime) -> QuerySet[Send]:
    """Sends under way with nothing left to send; a continuous one when its day is over and no firing waits."""
    is_open = Q(state__in=Delivery.OPEN)
    # Taken for lost, but its worker may still come back and say that it was never begun.
    is_open |= Q(state=Delivery.State.UNCERTAIN, finished_at__gt=now - _LATE_WORD) & ~Q(lease_token="")
    still_open = Delivery.objects.filter(is_open, send=OuterRef("pk"))
    waiting = Firing.objects.filter(send=OuterRef("pk"), state=Firing.State.WAITING)
    day_is_over = ~Q(campaign__trigger__in=CONTINUOUS) | Q(due_at__lte=now - _DAY_IS_OVER)
    return Send.objects.filter(~Exists(still_open), ~Exists(waiting), day_is_over, state=Send.State.SENDING)
