"""The demo's account: for every send and channel, who was decided on, how, and what became of the admitted."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Sum

from campaigns.models import Send
from deliveries.models import Cap, Delivery, InboxItem, Withheld

Account = dict[str, Any]
Labelled = dict[tuple[int, str], dict[str, int]]


def accounts() -> list[Account]:
    """One account per send and channel that anything was decided on; three queries, whatever the number of sends."""
    sends = Send.objects.filter(audience_size__gt=0).select_related("campaign").defer("audience")
    withheld = _by_send_and_channel(
        Withheld.objects.values_list("send_id", "channel", "reason").annotate(total=Sum("size"))
    )
    states = _by_send_and_channel(Delivery.objects.values_list("send_id", "channel", "state").annotate(Count("id")))
    return [
        _account(send, channel, withheld[send.pk, channel], states[send.pk, channel])
        for send in sends
        for channel in send.campaign.channels
    ]


def received_by_channel(mails: int) -> dict[str, int]:
    """What came out at the other end: mails that the server counted, items in the inboxes."""
    return {"email": mails, "in_app": InboxItem.objects.count()}


def over_cap() -> int:
    """Customers with more messages than an active cap allows in some stretch of its length.

    Counted anew from the ledger, slot by slot; it shares nothing with admission. Rolling caps over every message or
    one channel, which is what the demo has.
    """
    caps = list(Cap.objects.filter(is_active=True, kind=Cap.Kind.ROLLING))
    return len({customer for cap in caps for customer in _over(cap, _slots(cap))})


def _by_send_and_channel(rows: Iterable[Any]) -> Labelled:
    found: Labelled = defaultdict(dict)
    for send_id, channel, label, total in rows:
        found[send_id, channel][str(label)] = total
    return found


def _account(send: Send, channel: str, withheld: dict[str, int], states: dict[str, int]) -> Account:
    return {
        "campaign": send.campaign.name,
        "trigger": send.campaign.trigger,
        "channel": channel,
        "audience": send.audience_size,
        "withheld": withheld,
        "admitted": sum(states.values()),
        "states": states,
    }


def _slots(cap: Cap) -> dict[int, list[datetime]]:
    taken = Delivery.objects.filter(counts_toward_caps=True, state__in=Delivery.HOLDING)
    if cap.channel:
        taken = taken.filter(channel=cap.channel)
    slots: dict[int, list[datetime]] = defaultdict(list)
    for customer_id, due_at in taken.order_by("due_at").values_list("customer_id", "due_at").iterator():
        slots[customer_id].append(due_at)
    return slots


def _over(cap: Cap, slots: dict[int, list[datetime]]) -> set[int]:
    length = timedelta(days=cap.days)
    return {
        customer
        for customer, times in slots.items()
        if any(late - early < length for early, late in zip(times, times[cap.limit :], strict=False))
    }
