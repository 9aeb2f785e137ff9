"""A week as a company of a hundred people fills it: any number of sends with all that cards can show, from one seed."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.contrib.auth.models import User

from audiences.bitmaps import collect, dump
from audiences.models import Customer, Segment
from campaigns.models import Campaign, CampaignVersion, Finding, Milestone, Send, Team
from deliveries.models import Delivery, Withheld
from tests.builders import NOW, make_customers, make_topic, make_version

TEAMS = {
    "Lifecycle": "#2563eb",
    "Customer Success": "#059669",
    "Product": "#9333ea",
    "Billing & Trust": "#d97706",
    "Partnerships": "#be123c",
    "Community": "#0e7490",
}
NAMES = ("Trial ending", "Renewal nudge", "QBR invite", "Feature tips", "Win-back 30d", "Terms update", "NPS survey")
PEOPLE = ("Ana", "Ben", "Chidi", "Dora", "Eli", "Farah", "Goran", "Hanna", "Iris", "Jonas", "Kemi", "Lars")
STEPS = ("First value", "Adoption", "Expansion", "Renewal", "Advocacy")
CHANNELS = (["email"], ["email"], ["email"], ["in_app"], ["email", "in_app"])
# Each day of the week so many parts of the sends; the first two are over.
DAYS = (0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 6)
OVER = 2
ALWAYS_ON = 0.1


def plan_full_week(sends: int, monday: datetime = NOW) -> None:
    """So many sends from `monday` on (an instant of that day): one in ten is a day of a campaign that is always on."""
    chance = random.Random(48)
    days = int(sends * ALWAYS_ON)
    campaigns = _campaigns(sends - days, chance) + _campaigns(-(-days // 7), chance, trigger="event", status="running")
    dated = [_dated(campaign, monday, chance) for campaign in campaigns[: sends - days]]
    always_on = [_of_a_day(campaigns[sends - days + number // 7], number % 7, monday) for number in range(days)]
    made = Send.objects.bulk_create([*dated, *always_on])
    gone = [send for send in made if send.due_at < monday + timedelta(days=OVER)]
    _deliver(gone, chance)
    _find(made[: len(dated)], chance)


def _campaigns(count: int, chance: random.Random, **fields: str) -> list[Campaign]:
    teams, owners, milestones, segments = _teams(), _owners(), _milestones(), _segments(chance)
    topics = [make_topic(slug) for slug in ("tips", "news", "offers", "product")]
    statuses = ("approved", "approved", "approved", "in_review", "draft")
    rows = [
        Campaign(
            name=f"{chance.choice(NAMES)} {chance.choice(('', 'for admins', 'in the new onboarding'))} {number}",
            team=chance.choice(teams),
            owner=chance.choice([*owners, None]),
            topic=chance.choice(topics),
            milestone=chance.choice([*milestones, None]),
            channels=chance.choice(CHANNELS),
            goal_event=chance.choice(("ordered", "signed_in", "")),
            experiment_ends=NOW.date() + timedelta(days=number % 7) if number % 40 == 0 else None,
            **{"status": chance.choice(statuses), **fields},
        )
        for number in range(count)
    ]
    made = Campaign.objects.bulk_create(rows)
    link = Campaign.include.through
    pairs = [(campaign, segment) for campaign in made for segment in chance.sample(segments, chance.choice((1, 1, 2)))]
    link.objects.bulk_create(link(campaign=campaign, segment=segment) for campaign, segment in pairs)
    return made


def _teams() -> list[Team]:
    return [Team.objects.get_or_create(slug=name[:4], name=name, color=color)[0] for name, color in TEAMS.items()]


def _owners() -> list[User]:
    return [User.objects.get_or_create(username=f"owner-{name}", first_name=name)[0] for name in PEOPLE]


def _milestones() -> list[Milestone]:
    return [Milestone.objects.get_or_create(name=name, defaults={"event": name.lower()})[0] for name in STEPS]


def _segments(chance: random.Random) -> list[Segment]:
    names = [
        f"{who} in {where}" for who in ("Admins", "Trials", "Churn risk", "Readers") for where in ("EU", "US", "UK")
    ]
    return [
        Segment.objects.get_or_create(slug=name.lower().replace(" ", "-"), name=name, kind="list")[0] for name in names
    ]


def _dated(campaign: Campaign, monday: datetime, chance: random.Random) -> Send:
    at = timedelta(days=chance.choice(DAYS), minutes=15 * chance.randrange(40))
    due_at = monday + at
    is_over = at < timedelta(days=OVER) and campaign.status == "approved"
    return Send(
        campaign=campaign,
        slot=f"{due_at:%Y-%m-%dT%H:%M}",
        due_at=due_at,
        local_due=f"{due_at:%Y-%m-%dT%H:%M}" if chance.random() < 0.1 else "",
        state="done" if is_over else "missed" if at < timedelta(days=OVER) else "scheduled",
        reason="" if is_over or at >= timedelta(days=OVER) else "not approved",
        audience_size=chance.randrange(900, 60_000) if is_over else 0,
        expected_volume=chance.randrange(900, 60_000),
    )


def _of_a_day(campaign: Campaign, day: int, monday: datetime) -> Send:
    due_at = monday + timedelta(days=day)
    state = "done" if day < OVER else "scheduled"
    return Send(campaign=campaign, slot=f"{due_at:%Y-%m-%d}", due_at=due_at, expected_volume=40, state=state)


def _deliver(sends: list[Send], chance: random.Random) -> None:
    """Four deliveries of each send that went out, and two people whom a cap kept from it."""
    customers = make_customers(6)
    out = [send for send in sends if send.state == "done"]
    Delivery.objects.bulk_create(row for send in out for row in _deliveries(send, customers[:4], chance))
    capped = dump(collect(customer.pk for customer in customers[4:]))
    fields = {"channel": "email", "shard": 0, "reason": "capped", "bound_by": "cap:1", "members": capped, "size": 2}
    Withheld.objects.bulk_create(Withheld(send=send, **fields) for send in out)


def _deliveries(send: Send, customers: list[Customer], chance: random.Random) -> Iterator[Delivery]:
    version = _version(send.campaign)
    for customer in customers:
        yield Delivery(
            send=send,
            customer=customer,
            channel=send.campaign.channels[0],
            version=version,
            variant="A",
            topic_id=send.campaign.topic_id,
            team_id=send.campaign.team_id,
            obeys_caps=True,
            counts_toward_caps=True,
            state=chance.choice(("sent", "sent", "sent", "failed", "uncertain")),
            due_at=send.due_at,
            closes_at=send.due_at,
            expires_at=send.due_at,
        )


def _version(campaign: Campaign) -> CampaignVersion:
    return campaign.versions.first() or make_version(campaign)


def _find(sends: list[Send], chance: random.Random) -> None:
    """One open finding for every five dated sends."""
    pairs = dict.fromkeys(tuple(chance.sample(sends, 2)) for _ in range(len(sends) // 5))
    Finding.objects.bulk_create(
        Finding(
            key=f"{first.pk}-{second.pk}",
            kind=chance.choice(("duplicate", "crowding")),
            severity=chance.choice(("high", "medium", "low")),
            sends=[[first.pk, second.pk]],
            first=first.campaign,
            second=second.campaign,
            shared=chance.randrange(20, 9_000),
            percent_of_first=chance.randrange(1, 90),
            percent_of_second=chance.randrange(1, 90),
            axes=["channel:email", "goal:ordered"][: chance.randrange(3)],
            inputs="x",
            found_at=NOW,
            checked_at=NOW,
        )
        for first, second in pairs
    )
