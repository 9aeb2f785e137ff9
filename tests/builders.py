"""Plain functions that build what a test is about; every argument that a test does not name has a dull default."""

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.contrib.auth.models import User

from audiences.bitmaps import collect, dump
from audiences.models import Customer, ListMember, Segment, SegmentRefresh, Topic
from campaigns.models import AgendaItem, Campaign, CampaignVersion, Membership, Message, Review, Send, Team
from campaigns.queries.campaigns import read_plan
from deliveries.models import Delivery

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday
_numbers = itertools.count(1)


def make_customer(**fields: Any) -> Customer:
    number = next(_numbers)
    defaults = {"external_id": f"c{number}", "email": f"c{number}@example.com", "name": f"Customer {number}"}
    return Customer.objects.create(**{**defaults, **fields})


def make_customers(count: int, **fields: Any) -> list[Customer]:
    return [make_customer(**fields) for _ in range(count)]


def make_topic(slug: str = "tips", *, opt_in: bool = False) -> Topic:
    topic, _ = Topic.objects.get_or_create(slug=slug, defaults={"name": slug.title(), "opt_in": opt_in})
    return topic


def make_segment(members: list[Customer], slug: str = "") -> Segment:
    """A segment by list, already refreshed."""
    slug = slug or f"segment-{next(_numbers)}"
    segment = Segment.objects.create(slug=slug, name=slug, kind=Segment.Kind.LIST, size=len(members), refreshed_at=NOW)
    ListMember.objects.bulk_create(ListMember(segment=segment, customer=member) for member in members)
    stored = dump(collect(member.pk for member in members))
    SegmentRefresh.objects.create(
        segment=segment, refreshed_at=NOW, members=stored, entered=b"", left=b"", size=len(members), is_first=True
    )
    return segment


def make_team(slug: str = "lifecycle") -> Team:
    team, _ = Team.objects.get_or_create(slug=slug, defaults={"name": slug.title()})
    return team


def make_user(name: str = "", *, team: Team | None = None, role: str = "approver", **fields: Any) -> User:
    user = User.objects.create_user(name or f"user{next(_numbers)}", password="a long password", **fields)
    if team:
        Membership.objects.create(team=team, user=user, role=role)
    return user


def make_campaign(include: list[Segment] | None = None, **fields: Any) -> Campaign:
    """A draft that could go out: tomorrow at nine, by e-mail, to the given segments."""
    channels = fields.pop("channels", ["email"])
    defaults = {
        "name": f"Campaign {next(_numbers)}",
        "team": fields.pop("team", None) or make_team(),
        "topic": fields.pop("topic", None) or make_topic(),
        "channels": channels,
        "start_date": date(2026, 11, 24),
        "local_time": time(9, 0),
        "goal_event": "ordered",
    }
    campaign = Campaign.objects.create(**{**defaults, **fields})
    campaign.include.set(include or [])
    for channel in channels:
        make_message(campaign, channel)
    return campaign


def make_message(campaign: Campaign, channel: str = "email", **fields: Any) -> Message:
    contents = {
        "email": {
            "subject": "Hello {{ customer.name }}",
            "text": "Dear {{ customer.name }}",
            "html": "<p>Dear {{ customer.name }}</p>",
        },
    }
    defaults = contents.get(channel, {"title": "Hello {{ customer.name }}", "body": "Have a look", "link": "/"})
    return Message.objects.create(campaign=campaign, channel=channel, **{**defaults, **fields})


def make_send(campaign: Campaign, due_at: datetime = NOW, **fields: Any) -> Send:
    defaults = {"slot": f"{due_at:%Y-%m-%dT%H:%M}", "due_at": due_at}
    return Send.objects.create(campaign=campaign, **{**defaults, **fields})


def make_version(campaign: Campaign, **plan_fields: Any) -> CampaignVersion:
    """The campaign's rows as an immutable version; `plan_fields` override single fields of the plan."""
    plan = replace(read_plan(campaign), **plan_fields)
    number = campaign.versions.count() + 1
    return CampaignVersion.objects.create(
        campaign=campaign, number=number, plan=plan.as_json(), digest=plan.digest(), created_at=NOW
    )


def make_running_send(campaign: Campaign, due_at: datetime = NOW, **plan_fields: Any) -> Send:
    """A send that is on its way: its campaign running, its version pinned and approved."""
    version = make_version(campaign, **plan_fields)
    Campaign.objects.filter(pk=campaign.pk).update(status=Campaign.Status.RUNNING, approved_version=version)
    return make_send(campaign, due_at, state=Send.State.SENDING, version=version, frozen_at=due_at)


def make_delivery(send: Send, customer: Customer | None = None, channel: str = "email", **fields: Any) -> Delivery:
    """A planned row of the ledger, due when its send is, as admission would have written it."""
    campaign, due_at = send.campaign, fields.pop("due_at", send.due_at)
    expires_at = fields.pop("expires_at", due_at + timedelta(days=1))
    defaults = {
        "version_id": send.version_id,
        "variant": "A",
        "topic_id": campaign.topic_id,
        "team_id": campaign.team_id,
        "obeys_caps": campaign.obeys_caps,
        "counts_toward_caps": campaign.counts_toward_caps,
        "closes_at": expires_at,
        "admitted_at": NOW,
    }
    return Delivery.objects.create(
        send=send,
        customer=customer or make_customer(),
        channel=channel,
        due_at=due_at,
        expires_at=expires_at,
        **{**defaults, **fields},
    )


def make_review(week: str = "2026-W48", *, is_closed: bool = False, **fields: Any) -> Review:
    """One without an agenda, since a week before it was opened."""
    closing = {"state": Review.State.CLOSED, "closed_at": NOW} if is_closed else {}
    return Review.objects.create(week=week, **{"since": NOW - timedelta(days=7), "opened_at": NOW, **closing, **fields})


def make_item(review: Review, campaign: Campaign, about: str = "experiment", **fields: Any) -> AgendaItem:
    """An item that is to be decided, in the next place of the agenda."""
    place = review.items.count() + 1
    defaults = {"key": f"{about}:{campaign.pk}", "name": campaign.name, "facts": {"ends": "2026-11-27", "why": ""}}
    return AgendaItem.objects.create(
        review=review, place=place, about=about, campaign=campaign, **{**defaults, **fields}
    )
