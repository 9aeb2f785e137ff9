"""What the demo plays with: two caps, one team, segments, and four campaigns, one for each kind of trigger."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User

from audiences.models import Customer, Segment, Subscription, Suppression, Topic
from audiences.services.consent import SubscriptionRow, set_subscriptions, suppress
from campaigns.models import Campaign, Membership, Message, Team
from campaigns.services import lifecycle
from campaigns.services.versions import record_version
from deliveries.models import Cap

SEED = 23570
BUYERS = {"did": "ordered", "at_least": 1}
REGULARS = {"did": "ordered", "at_least": 2}
EMAIL = {
    "channel": "email",
    "subject": "{{ customer.name }}, new records are in",
    "text": "Hello {{ customer.name }},\n\nhave a listen: https://shop.example.com/new\n\n{{ links.unsubscribe }}\n",
    "html": "<p>Hello {{ customer.name }},</p><p>have a <a href='https://shop.example.com/new'>listen</a>.</p>"
    "<p><a href='{{ links.unsubscribe }}'>No more of these</a></p>",
}
IN_APP = {
    "channel": "in_app",
    "title": "New records are in",
    "body": "Have a listen, {{ customer.name }}",
    "link": "/new",
}


@dataclass(frozen=True)
class Part:
    """One campaign of the demo: what it says about itself beyond the usual."""

    name: str
    segment: str
    channels: list[str]
    fields: dict[str, Any] = field(default_factory=dict)


def parts(today: datetime) -> list[Part]:
    """`today`: now, as wall-clock time of the workspace. The dated ones go out at this minute."""
    clock = {"start_date": today.date(), "local_time": today.time().replace(second=0, microsecond=0)}
    return [
        Part("New records", "buyers", ["email"], {"trigger": "at", "priority": 60, "holdout_percent": 10, **clock}),
        Part(
            "Daily pick",
            "regulars",
            ["email", "in_app"],
            {"trigger": "recurring", "rrule": "FREQ=DAILY", "priority": 40, **clock},
        ),
        Part("Thank you", "buyers", ["email", "in_app"], {"trigger": "event", "event": "ordered", "reentry_days": 7}),
        Part(
            "We miss you",
            "buyers",
            ["in_app", "email"],
            {"trigger": "silence", "event": "ordered", "silence_days": 60, "reach": "first"},
        ),
    ]


def set_the_stage(then: datetime) -> None:
    """Consent of a few, the caps, the segments; before the campaigns."""
    topic = Topic.objects.create(slug="news", name="News")
    Segment.objects.create(slug="buyers", name="Everyone who ordered", rule=BUYERS)
    Segment.objects.create(slug="regulars", name="Ordered twice or more", rule=REGULARS)
    Cap.objects.create(name="One mail a day", limit=1, days=1, scope=Cap.Scope.CHANNEL, channel="email")
    Cap.objects.create(name="Three messages a week", limit=3, days=7)
    _hear_no(topic, then)


def put_on(now: datetime, then: datetime, today: datetime) -> list[Campaign]:
    """Write the campaigns, have them approved by somebody else than their owner, and start the continuous ones."""
    team = Team.objects.create(slug="shop", name="Shop")
    planner, approver = _person("planner", team), _person("approver", team)
    campaigns = [_write(part, team, planner, then) for part in parts(today)]
    for campaign in campaigns:
        version = lifecycle.ask_for_approval(campaign.pk, planner, then)
        lifecycle.approve(campaign.pk, version.number, approver, then)
        if campaign.is_continuous:
            lifecycle.start(campaign.pk, then)
    return campaigns


def _hear_no(topic: Topic, then: datetime) -> None:
    """Every thirtieth unsubscribed from mail, every hundredth address bounced."""
    ids = list(Customer.objects.order_by("pk").values_list("pk", flat=True))
    chance = random.Random(SEED)
    said_no = sorted(chance.sample(ids, len(ids) // 30))
    rows = [SubscriptionRow(customer_id, topic.pk, "email", False) for customer_id in said_no]
    set_subscriptions(rows, Subscription.Source.IMPORT, then)
    for customer in Customer.objects.filter(pk__in=chance.sample(ids, len(ids) // 100)):
        suppress(customer, "email", Suppression.Reason.BOUNCE, "no such mailbox", then)


def _person(role: str, team: Team) -> User:
    user = User.objects.create_user(f"demo-{role}")
    Membership.objects.create(team=team, user=user, role=role)
    return user


def _write(part: Part, team: Team, owner: User, then: datetime) -> Campaign:
    campaign = Campaign.objects.create(
        name=part.name,
        team=team,
        owner=owner,
        topic=Topic.objects.get(slug="news"),
        channels=part.channels,
        goal_event="ordered",
        goal_within=timedelta(days=14),
        **part.fields,
    )
    campaign.include.set(Segment.objects.filter(slug=part.segment))
    for content in (EMAIL, IN_APP):
        if content["channel"] in part.channels:
            Message.objects.create(campaign=campaign, **content)
    record_version(campaign.pk, owner, then)
    return campaign
