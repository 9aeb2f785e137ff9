"""The inbox: tokens for a customer's own eyes, and what becomes of an item when they look at it."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from audiences.models import Customer
from audiences.services.events import EventRow, record_events
from deliveries import tokens
from deliveries.models import InboxItem

# Action → the column that says when, and the event of the customer that it is.
ACTIONS = {"seen": "seen_at", "read": "read_at", "dismiss": "dismissed_at"}
EVENTS = {"seen": "message.seen", "read": "message.read", "dismiss": "message.dismissed"}


class NoSuchItem(LookupError):
    """The customer has no such item."""


def token_for(customer: Customer) -> str:
    """What the product hands to its customer's browser: good for this customer's inbox alone, for thirty days."""
    return tokens.inbox_token(customer.pk)


def act(customer_id: int, item_id: int, action: str, now: datetime) -> InboxItem:
    """Note that an item was seen, read or dismissed; the first time counts. Raises `NoSuchItem`.

    Whoever reads an item has seen it. What happened becomes an event of the customer, so that campaigns can go by it.
    """
    with transaction.atomic():
        item = _locked(customer_id, item_id)
        news = [step for step in _implied(action) if getattr(item, ACTIONS[step]) is None]
        for step in news:
            setattr(item, ACTIONS[step], now)
        if news:
            item.save(update_fields=[ACTIONS[step] for step in news])
            _record(item, news, now)
    return item


def _locked(customer_id: int, item_id: int) -> InboxItem:
    items = InboxItem.objects.select_for_update(of=("self",)).select_related("customer", "delivery__send")
    item = items.filter(customer=customer_id, pk=item_id).first()
    if item is None:
        raise NoSuchItem
    return item


def _implied(action: str) -> Sequence[str]:
    return ("seen", "read") if action == "read" else (action,)


def _record(item: InboxItem, steps: Sequence[str], now: datetime) -> None:
    properties = {
        "campaign": item.delivery.send.campaign_id,
        "send": item.delivery.send_id,
        "channel": item.delivery.channel,
        "variant": item.delivery.variant,
    }
    rows = [
        EventRow(
            customer=item.customer.external_id,
            name=EVENTS[step],
            occurred_at=now,
            idempotency_key=f"{EVENTS[step]}:{item.delivery_id}",
            properties=properties,
        )
        for step in steps
    ]
    record_events(rows, now)
