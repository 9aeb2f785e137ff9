"""Invariant 11: the plan is open to the workspace, and changing is for those with the role.

What other teams see of a private campaign is in `test_private_campaigns`; every route as each role, in `test_roles`.
"""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audiences.clock import read_now
from audiences.models import Subscription
from campaigns.models import Campaign, HistoryEntry
from campaigns.refusals import NotAllowed
from campaigns.services import lifecycle
from campaigns.services.feeds import create_feed
from campaigns.services.versions import record_version
from tests.builders import make_campaign, make_customer, make_customers, make_segment, make_team, make_topic, make_user

pytestmark = pytest.mark.django_db
# What each move starts from, and the least role of the campaign's own team that may make it.
MOVES = {
    "ask": ("draft", "planner"),
    "approve": ("in_review", "approver"),
    "decline": ("in_review", "approver"),
    "pause": ("running", "planner"),
    "resume": ("paused", "planner"),
    "cancel": ("approved", "planner"),
}
PEOPLE = [(team, role) for team in ("lifecycle", "success") for role in ("viewer", "planner", "approver")]


def complete(status: str, **fields: Any) -> Campaign:
    campaign = make_campaign([make_segment(make_customers(2))], **{"start_date": "2099-11-24", **fields})
    campaign.refresh_from_db()
    version = record_version(campaign.pk, None, read_now())
    approved = version if status in ("approved", "running", "paused") else None
    Campaign.objects.filter(pk=campaign.pk).update(status=status, approved_version=approved)
    return campaign


def status(campaign: Campaign) -> str:
    return str(Campaign.objects.values_list("status", flat=True).get(pk=campaign.pk))


def may(name: str, team: str, role: str) -> bool:
    return team == "lifecycle" and role in (MOVES[name][1], "approver")


@pytest.mark.parametrize(("team", "role"), PEOPLE)
@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize("door", ["calendar:move-campaign", "admin:campaigns_campaign_move"])
def test_invariant_11_a_move_is_for_those_with_the_role(
    client: Client, door: str, name: str, team: str, role: str
) -> None:
    before = MOVES[name][0]
    campaign = complete(before)
    client.force_login(make_user(team=make_team(team), role=role, is_staff=True))
    client.post(reverse(door, args=[campaign.pk, name]), {"version": "1", "note": "because"})
    assert (status(campaign) != before) == may(name, team, role)
    assert HistoryEntry.objects.filter(campaign=campaign, by__isnull=False).exists() == may(name, team, role)


@pytest.mark.parametrize(("team", "role"), [*PEOPLE, ("lifecycle", "")])
@pytest.mark.parametrize("name", MOVES)
def test_invariant_11_the_services_ask_for_the_role_themselves(name: str, team: str, role: str) -> None:
    campaign, now = complete(MOVES[name][0]), read_now()
    user = make_user(team=make_team(team), role=role) if role else make_user()
    arguments: dict[str, tuple[Any, ...]] = {"approve": (1, user, now), "decline": (user, now, "because")}
    try:
        getattr(lifecycle, {"ask": "ask_for_approval"}.get(name, name))(campaign.pk, *arguments.get(name, (user, now)))
        allowed = True
    except NotAllowed:
        allowed = False
    assert (allowed, status(campaign) != MOVES[name][0]) == (bool(role) and may(name, team, role),) * 2


def test_invariant_11_somebody_of_no_team_sees_the_whole_plan(client: Client) -> None:
    day = (read_now() + timedelta(days=2)).date()
    campaign = complete("approved", start_date=day)
    reader = make_user(is_staff=True)
    client.force_login(reader)
    _, token = create_feed(reader, None, "Everything")
    for page in (
        f"/calendar/{day:%G-W%V}/",
        f"/calendar/campaigns/{campaign.pk}/",
        "/admin/campaigns/campaign/",
        reverse("admin:campaigns_campaign_change", args=[campaign.pk]),
        f"/feeds/{token}.ics",
    ):
        assert campaign.name in client.get(page).content.decode(), page


@pytest.mark.parametrize(("role", "changes"), [("viewer", 0), ("", 0), ("planner", 1)])
def test_invariant_11_what_a_customer_gets_is_changed_by_planners_alone(
    client: Client, role: str, changes: int
) -> None:
    customer, topic = make_customer(), make_topic()
    client.force_login(make_user(team=make_team(), role=role) if role else make_user())
    client.post(reverse("calendar:unsubscribe-customer", args=[customer.pk, topic.pk, "email"]))
    assert Subscription.objects.count() == changes
