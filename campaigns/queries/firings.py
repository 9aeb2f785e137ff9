"""Firings: what is due to be decided on, and what a customer has fired before."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from campaigns.models import Campaign, Firing, Send
from campaigns.reentry import Earlier, Happening

GOING = (Send.State.SCHEDULED, Send.State.ADMITTING, Send.State.SENDING)


def due_firings(now: datetime, limit: int, without: Iterable[int] = ()) -> list[Firing]:
    """Waiting firings of running campaigns whose moment has come, oldest first, with their send and campaign.

    `without`: ids of sends to pass over.
    """
    return list(
        Firing.objects.filter(
            state=Firing.State.WAITING,
            due_at__lte=now,
            campaign__status=Campaign.Status.RUNNING,
            campaign__approved_version__isnull=False,
            send__state__in=GOING,
        )
        .exclude(send__in=list(without))
        .select_related("campaign__approved_version", "send")
        .defer("send__audience")
        .order_by("due_at", "id")[:limit]
    )


def earlier_firings(
    campaign_id: int, happenings: Sequence[Happening], reentry_days: int | None
) -> dict[int, list[Earlier]]:
    """What has fired before for these customers, by customer id; one query."""
    customers = {happening.customer_id for happening in happenings}
    firings = Firing.objects.filter(campaign_id=campaign_id, customer_id__in=customers)
    if reentry_days == 0:
        # Only the very same reason stands in the way; there may be many others.
        firings = firings.filter(key__in={happening.key for happening in happenings})
    found = defaultdict(list)
    for customer_id, key, occurred_at, state in firings.values_list("customer_id", "key", "occurred_at", "state"):
        found[customer_id].append(Earlier(key, occurred_at, state == Firing.State.DROPPED))
    return found
