"""Loads the sample workspace: all of it or none of it, the same on every machine, and once."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from audiences.models import Customer, Event, Segment, Workspace
from audiences.services.segments import refresh_all
from audiences.zones import zone_or
from calendar_project.sample import history, reviews, settling
from calendar_project.sample.campaigns import decide_on, draft_campaigns
from calendar_project.sample.customers import hold_one, load_consent, load_customers, orders
from calendar_project.sample.people import external_id
from calendar_project.sample.purchases import purchases
from calendar_project.sample.workspace import TIMEZONE
from campaigns.models import Campaign, Send, Team
from deliveries.models import Delivery

#: How far back campaigns have been running: long enough for two weeks of the calendar to show outcomes.
HISTORY = timedelta(days=10)
FIRST_CUSTOMER = external_id("00004")


class WorkspaceInUse(Exception):
    """The sample was not loaded, because there is something that it could spoil."""


@dataclass(frozen=True)
class Loaded:
    """What the workspace holds afterwards. `is_new`: False where it was loaded before and nothing was done."""

    is_new: bool
    customers: int
    events: int
    segments: int
    teams: int
    campaigns: int
    sends: int
    deliveries: int


def load_sample(now: datetime, password: str = "") -> Loaded:
    """Load it, as if its campaigns had been running for ten days. A second call does nothing.

    Everything is written in one transaction, so that a kill leaves nothing behind. Nothing leaves this machine: mail
    of these ten days goes to nobody, in-app messages are in their inboxes. `password` is for the people of the sample;
    without one they cannot sign in until somebody gives them one.
    """
    with transaction.atomic():
        # The workspace's row is the lock: of two loads at once one waits, then finds the sample there.
        Workspace.current()
        Workspace.objects.select_for_update().get()
        is_new = not Customer.objects.filter(external_id=FIRST_CUSTOMER).exists()
        if is_new:
            _require_empty()
            _load(now, password)
        return _count(is_new)


def _require_empty() -> None:
    """The sample brings its own zone, salt and holdout: in a workspace in use they would change who gets what."""
    if Customer.objects.exists() or Campaign.objects.exists():
        raise WorkspaceInUse("This workspace has customers or campaigns already: the sample goes into an empty one.")


def _load(now: datetime, password: str) -> None:
    began = now - HISTORY
    zone = zone_or(TIMEZONE, "UTC")
    bought = list(purchases(now.astimezone(zone).date(), zone))
    settling.load_people(password)
    topics = settling.load_rules()
    load_customers(bought, began)
    load_consent(topics, began)
    history.record(orders(bought, until=began), began, imported=True)
    settling.load_segments(began)
    refresh_all(began)
    draft_campaigns(now, began)
    met = reviews.last_review_at(now, began)
    history.live_through(began, met, list(orders(bought, since=began, until=met)))
    reviews.hold_last_review(now, met)
    history.live_through(met, now, list(orders(bought, since=met, until=now)))
    hold_one(now)
    decide_on(now)
    reviews.open_this_review(now)


def _count(is_new: bool) -> Loaded:
    return Loaded(
        is_new=is_new,
        customers=Customer.objects.count(),
        events=Event.objects.count(),
        segments=Segment.objects.count(),
        teams=Team.objects.count(),
        campaigns=Campaign.objects.count(),
        sends=Send.objects.count(),
        deliveries=Delivery.objects.count(),
    )
