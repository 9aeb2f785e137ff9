"""What tests of dispatch start from: sends on the memory channel, and who is in which state."""

from collections import Counter
from datetime import datetime
from typing import Any

from django.db import transaction

from audiences.models import Customer
from campaigns.models import Send
from deliveries.models import Delivery
from deliveries.services.claiming import Known, claim
from deliveries.services.dispatching import dispatch
from tests.builders import NOW, make_campaign, make_customers, make_delivery, make_running_send


def make_memory_send(customers: int | list[Customer] = 3, channel: str = "memory", **fields: Any) -> Send:
    """A send under way on one channel, with a planned delivery for each customer."""
    plan = fields.pop("plan", {})
    send = make_running_send(make_campaign(channels=[channel], **fields), **plan)
    for customer in make_customers(customers) if isinstance(customers, int) else customers:
        make_delivery(send, customer, channel)
    return send


def run(channel: str = "memory", now: datetime = NOW, **arguments: Any) -> Counter[str]:
    """A dispatch at a moment that stands still."""
    return dispatch(channel, lambda: now, **arguments)


def states(send: Send) -> Counter[str]:
    return Counter(Delivery.objects.filter(send=send).values_list("state", flat=True))


def only(send: Send) -> Delivery:
    """The one delivery of a send."""
    return Delivery.objects.get(send=send)


def claim_rows(token: str, channel: str = "memory", now: datetime = NOW, limit: int = 100) -> list[int]:
    """What a worker does that marks what is due, and dies or goes on by hand; the ids that it marked."""
    with transaction.atomic():
        return list(claim(channel, token, now, limit, Known(), urgent=False, before=None).ready)
