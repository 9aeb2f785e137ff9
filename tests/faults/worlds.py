"""What the database says, in words that do not depend on how often something was tried: two runs can be compared."""

from collections import Counter
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import Min, Model

from audiences.models import Customer, Event, Segment, SegmentRefresh, Subscription, Suppression
from campaigns.models import (
    AgendaItem,
    Campaign,
    CampaignVersion,
    Decision,
    Finding,
    Firing,
    Handoff,
    HistoryEntry,
    MinutesMail,
    Retirement,
    Review,
    Send,
    TriggerCursor,
)
from deliveries.models import Delivery, InboxItem, ShardAdmission, Withheld

World = dict[str, Counter[tuple[Any, ...]]]
# No ids of rows: a transaction that was rolled back has used some up. Customers have ids of their own choice.
TOLD: dict[type[Model], tuple[str, ...]] = {
    Customer: ("external_id", "email", "name", "timezone", "erased_at"),
    Event: ("customer", "name", "occurred_at"),
    Subscription: ("customer", "channel", "subscribed", "changed_at"),
    Suppression: ("customer", "address_hash", "channel", "reason", "note"),
    Segment: ("kind", "size", "refreshed_at"),
    SegmentRefresh: ("refreshed_at", "size", "is_first"),
    Campaign: ("campaign", "status", "approved_version__number", "started_at"),
    CampaignVersion: ("campaign", "number"),
    HistoryEntry: ("campaign", "action", "note", "at", "version__number"),
    Send: (
        "campaign",
        "slot",
        "state",
        "reason",
        "due_at",
        "version__number",
        "audience_size",
        "expected_volume",
        "frozen_at",
        "finished_at",
        "sequence",
    ),
    Finding: ("kind", "severity", "state", "shared", "sends_total", "found_at", "checked_at"),
    Review: ("week", "state", "opened_at", "closed_at"),
    AgendaItem: ("review__week", "campaign", "place", "about", "carries_over"),
    Decision: ("campaign", "kind", "did", "taken_back_at"),
    MinutesMail: ("review__week", "claimed_at", "sent_at"),
    Handoff: ("campaign", "state", "answered_at"),
    Retirement: ("campaign", "why", "learnt"),
    TriggerCursor: ("campaign", "read_until"),
    Firing: ("campaign", "customer", "state", "reason", "occurred_at", "send__slot"),
    ShardAdmission: ("send__campaign", "send__slot", "shard", "due_at", "admitted_at"),
    Delivery: (
        "send__campaign",
        "send__slot",
        "customer",
        "channel",
        "state",
        "reason",
        "due_at",
        "closes_at",
        "expires_at",
        "finished_at",
        "lease_until",
        "repeats",
    ),
    Withheld: ("send__campaign", "send__slot", "channel", "shard", "reason", "size"),
    InboxItem: ("customer", "title"),
}


def world() -> World:
    """Every row that matters, with how often it is there. Campaigns are counted from the first one that there is."""
    first = Campaign.objects.aggregate(first=Min("pk"))["first"] or 0
    return {model.__name__: _rows(model, columns, first) for model, columns in TOLD.items()}


def _rows(model: type[Model], columns: tuple[str, ...], first: int) -> Counter[tuple[Any, ...]]:
    names = ["pk" if model is Campaign and name == "campaign" else name for name in columns]
    rows = model._default_manager.values_list(*names)
    counted = [name.endswith("campaign") for name in columns]
    return Counter(
        tuple(value - first if is_campaign else value for value, is_campaign in zip(row, counted, strict=True))
        for row in rows
    )


def empty_the_world() -> None:
    """Faster than a flush; ids go on, so that nothing that a process remembers by an id is taken for another."""
    ours = [app.name for app in apps.get_app_configs() if app.name in {"audiences", "campaigns", "deliveries"}]
    tables = [model._meta.db_table for name in ours for model in apps.get_app_config(name).get_models()]
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")


def differences(one: World, other: World) -> dict[str, str]:
    """By model: the rows that only the first has, and those that only the second has."""
    return {name: f"{one[name] - other[name]} / {other[name] - one[name]}" for name in one if one[name] != other[name]}
