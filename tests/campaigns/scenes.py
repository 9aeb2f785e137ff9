"""What tests of firings share: things that happen, and a campaign that follows them."""

from datetime import datetime, timedelta
from typing import Any

from audiences.models import Customer, Event
from campaigns.models import Campaign
from campaigns.services import lifecycle
from campaigns.services.firings import fire
from tests.builders import NOW, make_campaign, make_segment

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def happen(customer: Customer, at: datetime, name: str = "signed_up", **fields: Any) -> Event:
    key = f"{name}-{customer.pk}-{at.isoformat()}"
    return Event.objects.create(
        customer=customer, name=name, occurred_at=at, **{"received_at": at, "idempotency_key": key, **fields}
    )


def running(people: list[Customer], now: datetime = NOW, **fields: Any) -> Campaign:
    """An approved campaign that waits for `signed_up`, and has started."""
    campaign = make_campaign([make_segment(people)], **{"trigger": "event", "event": "signed_up", **fields})
    lifecycle.approve(campaign.pk, lifecycle.ask_for_approval(campaign.pk, None, now).number, None, now)
    fire(campaign.pk, now)
    return campaign


def keys(campaign: Campaign, **only: Any) -> list[str]:
    return list(campaign.firings.filter(**only).order_by("id").values_list("key", flat=True))
