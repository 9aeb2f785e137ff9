"""The filters of the week: what they leave, what the figures then count, and that an address can be shared."""

from typing import Any

import pytest
from django.test import Client

from audiences.models import Workspace
from campaigns.models import Campaign
from tests.builders import NOW, make_campaign, make_segment, make_send, make_team, make_user
from tests.calendar_project.test_week_page import WEEK, find, page, visible

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(client: Client) -> Client:
    Workspace.current()
    client.force_login(make_user("ana", team=make_team()))
    return client


@pytest.fixture
def plan(signed_in: Client) -> dict[str, Campaign]:
    """Two campaigns that differ in everything that can be filtered by."""
    success, bea = make_team("success"), make_user("bea")
    tips = make_campaign(name="Tips for October", status=Campaign.Status.APPROVED)
    renewal = make_campaign(
        [make_segment([], "renewing")], name="Renewal notice", team=success, owner=bea, channels=["in_app"]
    )
    for campaign in (tips, renewal):
        make_send(campaign, NOW)
    return {"tips": tips, "renewal": renewal}


def names(client: Client, **query: Any) -> set[str]:
    text = visible(page(client, f"{WEEK}?{'&'.join(f'{name}={value}' for name, value in query.items())}"))
    return {name for name in ("Tips for October", "Renewal notice") if name in text}


def test_each_filter_leaves_what_it_names(signed_in: Client, plan: dict[str, Campaign]) -> None:
    renewal = plan["renewal"]
    (segment,) = renewal.include.all()
    assert names(signed_in) == {"Tips for October", "Renewal notice"}
    for query in (
        {"team": renewal.team_id},
        {"owner": renewal.owner_id},
        {"channel": "in_app"},
        {"segment": segment.pk},
        {"status": "draft"},
        {"text": "rEnEwAl"},
        {"only": "unapproved"},
    ):
        assert names(signed_in, **query) == {"Renewal notice"}, query
    assert names(signed_in, topic=renewal.topic_id, channel="email") == {"Tips for October"}


def test_the_figures_count_what_the_filters_leave_and_a_figure_is_a_filter_of_its_own(
    signed_in: Client, plan: dict[str, Campaign]
) -> None:
    text = visible(page(signed_in, f"{WEEK}?team={plan['tips'].team_id}"))
    assert "send 1" in text
    assert "not approved 0" in text
    text = visible(page(signed_in, f"{WEEK}?only=unapproved"))
    assert "sends 2" in text
    assert "not approved 1" in text


def test_the_filters_go_along_to_the_next_week(signed_in: Client, plan: dict[str, Campaign]) -> None:
    html = page(signed_in, f"{WEEK}?text=R%26D&only=findings")
    assert 'href="/calendar/2026-W49/?text=R%26D&amp;only=findings"' in html
    assert 'href="?text=R%26D"' in html  # the figure again: everything
    assert 'href="?text=R%26D&amp;only=capped"' in html


def test_where_nothing_matches_the_page_says_so_and_offers_everything(
    signed_in: Client, plan: dict[str, Campaign]
) -> None:
    html = page(signed_in, f"{WEEK}?text=nothing-like-it")
    assert "Nothing of this week matches" in visible(html)
    assert '<a href="?">show everything</a>' in html


@pytest.mark.parametrize("query", ["team=99999", "team=x", "status=nice", "only=me", "text=" + "x" * 81, "owner=%00"])
def test_what_is_not_understood_is_not_heeded(signed_in: Client, plan: dict[str, Campaign], query: str) -> None:
    text = visible(page(signed_in, f"{WEEK}?{query}"))
    assert "Tips for October" in text
    assert "Renewal notice" in text


def test_only_those_with_open_findings(signed_in: Client, plan: dict[str, Campaign]) -> None:
    other = make_campaign(name="Another", status=Campaign.Status.APPROVED)
    make_send(other, NOW)
    find(plan["tips"], plan["tips"].sends.get(), other)
    assert names(signed_in, only="findings") == {"Tips for October"}
