"""What dispatch and the reaper ask of the ledger."""

from collections.abc import Iterable
from datetime import datetime

from campaigns.models import Campaign, Send
from deliveries.channels.registry import channel_names
from deliveries.models import Delivery
from deliveries.queries.running import waiting_channels

ON = (Send.State.ADMITTING, Send.State.SENDING)
HELD = (Campaign.Status.PAUSED, Campaign.Status.CANCELLED)


def stopped_sends(send_ids: Iterable[int]) -> set[int]:
    """Those of these sends of which nothing may leave at this moment."""
    wanted = set(send_ids)
    going_on = Send.objects.filter(pk__in=wanted, state__in=ON).exclude(campaign__status__in=HELD)
    return wanted - set(going_on.values_list("pk", flat=True))


def channels_due(now: datetime) -> list[tuple[str, bool]]:
    """(channel, urgent) of every lane on which something is due, the urgent ones first. One statement a lane, each
    served by `delivery_claimable`: the first row that is found is the answer, however many are due. A channel whose
    breaker waits is left out."""
    due = Delivery.objects.filter(state=Delivery.State.PLANNED, due_at__lte=now, expires_at__gt=now)
    on = due.filter(send__state__in=ON).exclude(send__campaign__status__in=HELD).order_by("due_at", "id").values("pk")
    waiting = waiting_channels(now)
    names = [name for name in channel_names() if name not in waiting]
    lanes = [(name, urgent) for urgent in (True, False) for name in names]
    return [(name, urgent) for name, urgent in lanes if on.filter(channel=name, urgent=urgent)[:1]]
