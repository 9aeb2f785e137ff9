"""The pages as axe sees them (https://github.com/dequelabs/axe-core): no serious fault, light or dark."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from playwright.sync_api import Page

from audiences.clock import read_now
from audiences.models import Workspace
from calendar_project.review_page.stretch import stretch_of
from calendar_project.week.weeks import Week
from campaigns.models import Campaign
from campaigns.queries.campaigns import workspace_zone
from campaigns.services.overlaps import check_overlaps
from campaigns.services.reviews import close_review, open_review
from campaigns.services.versions import record_version
from tests.browser.conftest import Visitor
from tests.builders import (
    make_campaign,
    make_customers,
    make_delivery,
    make_running_send,
    make_segment,
    make_team,
    make_user,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Scheme = Literal["light", "dark"]
GRAVE = ("serious", "critical")


@pytest.fixture
def ana() -> User:
    return make_user("ana", team=make_team(), first_name="Ana")


@pytest.fixture
def paths(ana: User) -> dict[str, str]:
    """A week with two drafts that clash, one that nobody owns, a busy block of another team and a send that has gone
    out; one review that is closed, and one that is open."""
    Workspace.current()
    now, people = read_now(), make_customers(30)
    day = now.date() + timedelta(days=1)
    drafts = [
        make_campaign([make_segment(its)], name=name, owner=ana, start_date=day, experiment_ends=day)
        for name, its in (("Trial ending", people[:20]), ("Win-back", people[5:]))
    ]
    make_campaign([make_segment(people)], name="Secret", team=make_team("product"), start_date=day, is_private=True)
    make_campaign(name="Nobody’s survey", owner=None, start_date=None, goal_event="")
    for campaign in Campaign.objects.all():
        record_version(campaign.pk, ana, now)
    gone = make_running_send(make_campaign(name="Gone out", channels=["email", "in_app"], owner=ana), now)
    for state in ("sent", "failed", "planned"):
        make_delivery(gone, state=state)
    check_overlaps(now)
    week = Week.of(day)
    close_review(
        open_review(stretch_of(week, workspace_zone()), ana, now, {}).pk, ana, now, "We meet earlier next time."
    )
    held = open_review(stretch_of(week.next, workspace_zone()), ana, now, {})
    item = held.items.exclude(finding=None).earliest("place")
    ahead = drafts[0].sends.earliest("due_at")
    return {
        "week": f"/calendar/{week.address}/",
        "list": f"/calendar/{week.address}/list/?status=draft",
        "month": f"/calendar/{day:%Y-%m}/",
        "day": f"/calendar/{day}/?rows=channels",
        "campaign": f"/calendar/campaigns/{drafts[0].pk}/",
        "campaign that goes out": f"/calendar/campaigns/{gone.campaign_id}/",
        "forecast": f"/calendar/campaigns/{drafts[0].pk}/forecast/",
        "move": f"/calendar/sends/{ahead.pk}/move/?date={day + timedelta(days=9)}&time=10:00",
        "review": f"/review/{week.next.address}/?item={item.pk}",
        "minutes": f"/review/{week.address}/minutes/",
        "reviews": "/review/",
        "stopped": "/review/stopped/",
        "customer": f"/calendar/customers/{people[0].pk}/",
    }


def grave_faults(page: Page) -> list[str]:
    """Which rule, how bad, and where."""
    found: Any = Axe().run(page).response["violations"]
    return [
        f"{each['id']} ({each['impact']}): {node['target']}"
        for each in found
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]


def test_axe_sees_a_fault_where_there_is_one(visit: Callable[..., Visitor]) -> None:
    page = visit().open("/sign-in/")
    page.evaluate("document.querySelector('label').remove()")
    assert [fault.split(" (")[0] for fault in grave_faults(page)] == ["label"]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_no_page_has_a_serious_fault_nor_scrolls_sideways(
    visit: Callable[..., Visitor], ana: User, paths: dict[str, str], scheme: Scheme, width: int
) -> None:
    visitor = visit(width)
    visitor.page.emulate_media(color_scheme=scheme)
    visitor.open("/sign-in/")
    faults = {"sign in": grave_faults(visitor.page)}
    visitor.sign_in(ana)
    for name, path in paths.items():
        page = visitor.open(path)
        page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
        faults[name] = grave_faults(page) + ["scrolls sideways"] * visitor.scrolls_sideways
    assert {name: its for name, its in faults.items() if its} == {}
