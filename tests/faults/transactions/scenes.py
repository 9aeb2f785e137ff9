"""What the scenes share: people, and a send that is under way to them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from audiences.models import Customer
from audiences.services.events import EventRow, record_events
from campaigns.models import Send
from tests.builders import NOW, make_campaign, make_delivery, make_running_send
from tests.deliveries.scenes import make_spread

# What a tick or a caller does, and does again when it was not told how it ended.
Work = Callable[[], Any]
SOME = (1, 2, 255, 256, 700)  # three shards of 256


def under_way(channel: str, customers: int) -> Send:
    send = make_running_send(make_campaign(channels=[channel]))
    for customer in make_spread(range(1, customers + 1)):
        make_delivery(send, customer, channel)
    return send


def happen(moment: datetime) -> None:
    """Everybody who is there has ordered."""
    people = Customer.objects.filter(erased_at__isnull=True).order_by("pk").values_list("external_id", flat=True)
    record_events([EventRow(each, "ordered", moment, f"order-{each}") for each in people], NOW)
