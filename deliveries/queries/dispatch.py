"""What dispatch and the reaper ask of the ledger."""

from collections.abc import Iterable
from datetime import datetime

from campaigns.models import Campaign, Send
from deliveries.models import Delivery

ON = (Send.State.ADMITTING, Send.State.SENDING)
HELD = (Campaign.Status.PAUSED, Campaign.Status.CANCELLED)


def stopped_sends(send_ids: Iterable[int]) -> set[int]:
    """Those of these sends of which nothing may leave at this moment."""
    wanted = set(send_ids)
    going_on = Send.objects.filter(pk__in=wanted, state__in=ON).exclude(campaign__status__in=HELD)
    return wanted - set(going_on.values_list("pk", flat=True))


def channels_due(now: datetime) -> list[str]:
    """The channels on which something is due, sorted. Served by the index `delivery_claimable`."""
    due = Delivery.objects.filter(state=Delivery.State.PLANNED, due_at__lte=now, expires_at__gt=now)
    on = due.filter(send__state__in=ON).exclude(send__campaign__status__in=HELD)
    return sorted(set(on.order_by().values_list("channel", flat=True).distinct()))
