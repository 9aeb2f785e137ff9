"""The fixes of a finding on the campaign's page: what each says it leaves, what it does, and for whom."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse

from audiences.clock import read_now
from audiences.models import Workspace
from campaigns.models import Campaign, Finding
from campaigns.services import lifecycle
from campaigns.services.overlaps import check_overlaps
from campaigns.services.versions import record_version
from tests.builders import make_campaign, make_customers, make_segment, make_team, make_user

pytestmark = pytest.mark.django_db
QUERIES = 73


@pytest.fixture
def pair() -> tuple[Campaign, Campaign]:
    """Two of different teams, a day apart in a week's time, that share 20 of their 30 customers."""
    Workspace.current()
    people = make_customers(40)
    now = read_now()
    monday = now.date() + timedelta(days=14 - now.weekday())
    ours = make_campaign([make_segment(people[:30])], name="Ours", start_date=monday)
    theirs = make_campaign(
        [make_segment(people[10:])], name="Theirs", start_date=monday + timedelta(days=1), team=make_team("success")
    )
    for each in (ours, theirs):
        record_version(each.pk, None, now)
    check_overlaps(now)
    return ours, theirs


def sign_in(client: Client, *teams: str, role: str = "planner") -> User:
    user = make_user(team=make_team(teams[0]), role=role)
    for team in teams[1:]:
        make_team(team).memberships.create(user=user, role=role)
    client.force_login(user)
    return user


def page(client: Client, campaign: Campaign) -> str:
    return html.unescape(client.get(reverse("calendar:campaign", args=[campaign.pk])).content.decode())


def fixes(client: Client, campaign: Campaign) -> dict[str, dict[str, str]]:
    """By name, the values that the form of each fix carries."""
    found = re.findall(r'action="[^"]*/findings/\d+/(\w+)/".*?</form>', page(client, campaign), re.DOTALL)
    forms = re.findall(r'action="[^"]*/findings/\d+/\w+/"(.*?)</form>', page(client, campaign), re.DOTALL)
    return {
        name: dict(re.findall(r'name="(\w+)"\s+value="([^"]*)"', form)) for name, form in zip(found, forms, strict=True)
    }


def press(client: Client, campaign: Campaign, name: str, **values: Any) -> Any:
    finding = Finding.objects.get()
    where = reverse("calendar:settle-finding", args=[campaign.pk, finding.pk, name])
    return client.post(where, values, follow=True)


def state() -> str:
    return Finding.objects.get().state


def test_each_fix_says_what_it_leaves(client: Client, pair: tuple[Campaign, Campaign]) -> None:
    sign_in(client, "lifecycle", "success")
    text = page(client, pair[0])
    assert "1 finding solved, no new one; none left." in text
    assert "10 of 30 people stay; none of them gets the other one." in text
    assert "It goes to 40 people, once; “Theirs” is cancelled for good." in text


def test_a_send_is_moved_out_of_the_way_to_a_working_day(client: Client, pair: tuple[Campaign, Campaign]) -> None:
    ours, _ = pair
    sign_in(client, "lifecycle")
    assert "moved from" in press(client, ours, "move", **fixes(client, ours)["move"]).content.decode()
    here, there = (each.sends.get().due_at for each in pair)
    assert abs(here - there) > timedelta(hours=72)
    assert here.weekday() < 5
    assert state() == "resolved"


def test_the_others_audience_is_left_out(client: Client, pair: tuple[Campaign, Campaign]) -> None:
    ours, theirs = pair
    sign_in(client, "lifecycle")
    response = press(client, ours, "exclude", **fixes(client, ours)["exclude"])
    assert "30 people before, 10 now" in response.content.decode()
    assert list(ours.exclude.all()) == list(theirs.include.all())
    assert state() == "resolved"


def test_one_takes_in_the_others_people_and_the_other_is_cancelled(
    client: Client, pair: tuple[Campaign, Campaign]
) -> None:
    ours, theirs = pair
    sign_in(client, "lifecycle", "success")
    press(client, ours, "merge", **fixes(client, ours)["merge"], note="One letter is enough.")
    theirs.refresh_from_db()
    assert (ours.include.count(), theirs.status, state()) == (2, "cancelled", "resolved")
    assert theirs.history.get(action="cancel").note == "One letter is enough."


def test_a_merge_is_offered_and_done_by_those_who_plan_for_both(
    client: Client, pair: tuple[Campaign, Campaign]
) -> None:
    ours, _ = pair
    sign_in(client, "lifecycle", "success")
    values = fixes(client, ours)["merge"]
    sign_in(client, "lifecycle")
    assert "merge" not in fixes(client, ours)
    assert "Only planners and approvers of Success" in press(client, ours, "merge", **values, note="x").content.decode()
    assert (ours.include.count(), state()) == (1, "open")


def test_a_fix_of_an_approved_campaign_says_that_it_has_to_be_approved_again(
    client: Client, pair: tuple[Campaign, Campaign]
) -> None:
    ours, _ = pair
    lifecycle.approve(ours.pk, lifecycle.ask_for_approval(ours.pk, None, read_now()).number, None, read_now())
    sign_in(client, "lifecycle")
    assert "Its audience has to be approved again." in page(client, ours)
    press(client, ours, "exclude", **fixes(client, ours)["exclude"])
    ours.refresh_from_db()
    assert ours.status == "draft"
    assert "Ask for approval of the audience" in page(client, ours)


@pytest.mark.parametrize("name", ["move", "exclude"])
def test_a_fix_of_what_has_changed_since_is_refused(client: Client, pair: tuple[Campaign, Campaign], name: str) -> None:
    ours, theirs = pair
    sign_in(client, "lifecycle")
    values = fixes(client, ours)[name]
    Campaign.objects.filter(pk=theirs.pk).update(priority=3)
    record_version(theirs.pk, None, read_now())
    response = press(client, ours, name, **values)
    assert response.status_code == 409
    assert "has changed since you looked" in response.content.decode()
    assert (ours.exclude.count(), ours.versions.count(), state()) == (0, 1, "open")


@pytest.mark.parametrize("name", ["move", "exclude", "merge", "acknowledge", "reopen"])
def test_values_that_nobody_offered_change_nothing(client: Client, pair: tuple[Campaign, Campaign], name: str) -> None:
    ours, _ = pair
    sign_in(client, "lifecycle")
    for values in (
        {},
        {"own": "x", "other": "9" * 40, "to": "\0", "send": "-1", "at": "never"},
        {"to": "2026-13-45T99:99"},
    ):
        assert press(client, ours, name, **values).status_code in (200, 403, 409)
    assert (ours.versions.count(), state()) == (1, "open")


def test_a_finding_is_left_with_a_reason_and_opened_again(client: Client, pair: tuple[Campaign, Campaign]) -> None:
    ours, theirs = pair
    sign_in(client, "success")
    assert "Say why it may stay as it is" in press(client, ours, "acknowledge", note=" ").content.decode()
    press(client, ours, "acknowledge", note="It is the yearly fair.")
    assert press(client, ours, "acknowledge", note="Twice").status_code == 200
    assert (Finding.objects.get().acknowledged_reason, state()) == ("It is the yearly fair.", "acknowledged")
    values = fixes(client, theirs)["reopen"]
    press(client, theirs, "reopen", **values)
    assert state() == "open"
    assert press(client, theirs, "reopen", **values).status_code == 200


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "2026-11-23T10:00", "9999-12-31T23:59:59Z", "\0"])
def test_a_moment_of_no_acknowledgement_opens_nothing(client: Client, pair: tuple[Campaign, Campaign], at: str) -> None:
    ours, _ = pair
    sign_in(client, "lifecycle")
    press(client, ours, "acknowledge", note="First")
    assert press(client, ours, "reopen", at=at).status_code == 409
    assert state() == "acknowledged"


def test_an_acknowledgement_that_came_later_is_not_taken_back(client: Client, pair: tuple[Campaign, Campaign]) -> None:
    ours, _ = pair
    sign_in(client, "lifecycle")
    press(client, ours, "acknowledge", note="First")
    old = fixes(client, ours)["reopen"]
    press(client, ours, "reopen", **old)
    press(client, ours, "acknowledge", note="Second")
    assert press(client, ours, "reopen", **old).status_code == 409
    assert state() == "acknowledged"


def test_viewers_and_strangers_are_offered_nothing_and_refused(client: Client, pair: tuple[Campaign, Campaign]) -> None:
    ours, _ = pair
    sign_in(client, "lifecycle")
    offered = fixes(client, ours)
    for teams, role in ((("lifecycle", "success"), "viewer"), (("product",), "approver")):
        sign_in(client, *teams, role=role)
        assert fixes(client, ours) == {}
        for name in ("move", "exclude", "acknowledge"):
            assert "Only planners" in press(client, ours, name, **{"note": "x", **offered[name]}).content.decode()
    assert (ours.versions.count(), state()) == (1, "open")


def test_a_finding_of_other_campaigns_and_a_fix_that_there_is_not_are_not_found(
    client: Client, pair: tuple[Campaign, Campaign]
) -> None:
    sign_in(client, "lifecycle")
    stranger = make_campaign()
    assert press(client, stranger, "acknowledge", note="x").status_code == 404
    assert press(client, pair[0], "explode").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_with_1_and_with_3_findings(
    client: Client, count: int, django_assert_num_queries: Any
) -> None:
    Workspace.current()
    now = read_now()
    segment = make_segment(make_customers(30))
    day = now.date() + timedelta(days=14 - now.weekday())
    made = [make_campaign([segment], start_date=day + timedelta(days=number % 2)) for number in range(count + 1)]
    for each in made:
        record_version(each.pk, None, now)
    check_overlaps(now)
    sign_in(client, "lifecycle")
    assert made[0].findings_as_first.count() == count
    where = reverse("calendar:campaign", args=[made[0].pk])
    # PostgreSQL is asked for the time as well.
    with django_assert_num_queries(QUERIES + (connection.vendor == "postgresql")):
        assert client.get(where).status_code == 200
