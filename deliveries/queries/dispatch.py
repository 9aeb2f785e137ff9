"""What dispatch and the reaper ask of the ledger."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.lookups import IsNull

from campaigns.models import Campaign, Send
from deliveries.channels.registry import channel_names
from deliveries.models import Delivery
from deliveries.queries.running import waiting_channels

ON = (Send.State.ADMITTING, Send.State.SENDING)
HELD = (Campaign.Status.PAUSED, Campaign.Status.CANCELLED)


def stopped_sends(send_ids: Iterable[int]) -> set[int]:
    """Those of these sends of which nothing may leave at this moment."""
    wanted = set(send_ids)
    return wanted - set(sends_under_way().filter(pk__in=wanted).values_list("pk", flat=True))


def longest_due(channel: str, urgent: bool, now: datetime) -> Subquery:
    """Of a send (`OuterRef`), since when the row is due that waits longest on the lane; nothing where none is.

    Asked of each send, of which few are under way, it is one look into `delivery_claimable`. Asked of the rows, it
    would be a walk over those of paused campaigns, who may have a million that are due before all others.
    """
    # `urgent` as a list: SQLite looks up a value in an index, and not a bare condition.
    rows = Delivery.objects.filter(send=OuterRef("pk"), channel=channel, urgent__in=[urgent])
    due = rows.filter(state=Delivery.State.PLANNED, due_at__lte=now, expires_at__gt=now).order_by("due_at", "id")
    return Subquery(due.values("due_at")[:1])


def sends_under_way() -> QuerySet[Send]:
    """Those of which something may leave, if it is due."""
    return Send.objects.filter(state__in=ON).exclude(campaign__status__in=HELD)


def channels_due(now: datetime) -> list[tuple[str, bool]]:
    """(channel, urgent) of every lane on which something is due, the urgent ones first. One statement a lane. A channel
    whose breaker waits is left out."""
    waiting = waiting_channels(now)
    names = [name for name in channel_names() if name not in waiting]
    lanes = [(name, urgent) for urgent in (True, False) for name in names]
    sends = sends_under_way()
    return [lane for lane in lanes if sends.filter(IsNull(longest_due(*lane, now), False)).exists()]
