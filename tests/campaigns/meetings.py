"""What tests of the review start from: a week that is settled, plans that get in each other's way, and decisions."""

from datetime import UTC, date, datetime, time
from typing import Any

from django.contrib.auth.models import User

from audiences.models import Customer
from campaigns.models import AgendaItem, Campaign, Decision, Finding, Review
from campaigns.queries.agenda import Stretch
from campaigns.queries.standing import standing
from campaigns.services.decisions import Answer, decide
from campaigns.services.lifecycle import approve, ask_for_approval
from campaigns.services.overlaps import check_overlaps
from campaigns.services.planning import plan_sends
from campaigns.services.reviews import open_review
from tests.builders import NOW, make_campaign, make_customers, make_item, make_segment, make_team

WEEK = Stretch(
    "2026-W48",
    date(2026, 11, 23),
    date(2026, 11, 29),
    datetime(2026, 11, 23, tzinfo=UTC),
    datetime(2026, 11, 30, tzinfo=UTC),
)
NEXT = Stretch(
    "2026-W49",
    date(2026, 11, 30),
    date(2026, 12, 6),
    datetime(2026, 11, 30, tzinfo=UTC),
    datetime(2026, 12, 7, tzinfo=UTC),
)


def planned(people: list[Customer], **fields: Any) -> Campaign:
    """Approved, with its sends on the calendar."""
    campaign = make_campaign([make_segment(people)], **fields)
    plan_sends(campaign.pk, NOW)
    approve(campaign.pk, ask_for_approval(campaign.pk, None, NOW).number, None, NOW)
    campaign.refresh_from_db()
    return campaign


def clashing(**fields: Any) -> Finding:
    """Two approved campaigns, on Tuesday at nine and at noon, that share two of their three people."""
    people = fields.pop("people", None) or make_customers(4)
    owner = fields.pop("owner", None)
    planned(people[:3], owner=owner, **fields)
    planned(people[1:], owner=owner, local_time=time(12), **fields)
    check_overlaps(NOW)
    return Finding.objects.get()


def opened(week: Stretch = WEEK, now: datetime = NOW, by: User | None = None) -> Review:
    return open_review(week, by, now, {})


def low_one(review: Review, severity: str = "low", team: str = "lifecycle", **fields: Any) -> AgendaItem:
    """A finding between two campaigns, on the agenda."""
    private = fields.pop("is_private", False)
    first = make_campaign(team=make_team(team), is_private=private, owner=None)
    second = make_campaign(team=make_team(team))
    finding = Finding.objects.create(
        key=f"crowding:{first.pk}", kind="crowding", severity=severity, first=first, second=second, shared=2000,
        percent_of_first=30, percent_of_second=30, inputs="x", found_at=NOW, checked_at=NOW,
    )  # fmt: skip
    facts = {
        "kind": "crowding", "severity": severity, "shared": 2000, "percent": 30.0, "axes": [], "is_estimated": False,
        "whens": [None, None],
    }  # fmt: skip
    return make_item(
        review, first, "finding", other=second, other_name=second.name, finding=finding, facts=facts,
        key=f"finding:{finding.pk}", **fields,
    )  # fmt: skip


def item_about(review: Review, about: str = "finding") -> AgendaItem:
    return review.items.filter(about=about).order_by("place")[0]


def decided(item: AgendaItem, kind: str, by: User | None = None, now: datetime = NOW, **fields: Any) -> Decision:
    """As the page would have it decided that was made just now."""
    return decide(item.pk, Answer(kind, **{"reason": "Because.", "seen": standing(item), **fields}), by, now)
