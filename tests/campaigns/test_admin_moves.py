"""The buttons of a campaign: each asks first, changes nothing by GET, and obeys the roles."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audiences.clock import read_now
from campaigns.models import Campaign
from campaigns.services.versions import record_version
from tests.builders import make_campaign, make_customers, make_segment, make_team, make_user

pytestmark = pytest.mark.django_db
STATUSES = {"ask": "draft", "approve": "in_review", "decline": "in_review", "pause": "running", "resume": "paused"}


def sign_in(client: Client, role: str, team: str = "lifecycle") -> Client:
    client.force_login(make_user(is_staff=True, team=make_team(team), role=role))
    return client


def complete(status: str = "draft", **fields: Any) -> Campaign:
    campaign = make_campaign([make_segment(make_customers(2))], start_date="2099-11-24", **fields)
    campaign.refresh_from_db()
    version = record_version(campaign.pk, None, read_now())
    approved = {"approved_version": version} if status in ("approved", "running", "paused") else {}
    Campaign.objects.filter(pk=campaign.pk).update(status=status, **approved)
    return campaign


def move(campaign: Campaign, name: str) -> str:
    return reverse("admin:campaigns_campaign_move", args=[campaign.pk, name])


def status(campaign: Campaign) -> str:
    return str(Campaign.objects.values_list("status", flat=True).get(pk=campaign.pk))


@pytest.mark.parametrize("name", [*STATUSES, "cancel", "clone", "keep"])
def test_a_get_asks_and_changes_nothing(client: Client, name: str) -> None:
    campaign = complete(STATUSES.get(name, "draft"))
    response = sign_in(client, "approver").get(move(campaign, name))
    assert response.status_code == 200
    assert 'method="post"' in response.content.decode()
    assert (status(campaign), Campaign.objects.count()) == (STATUSES.get(name, "draft"), 1)


def test_a_planner_asks_and_an_approver_approves(client: Client) -> None:
    campaign = complete()
    sign_in(client, "planner").post(move(campaign, "ask"), {"version": 1})
    assert status(campaign) == "in_review"
    client.post(move(campaign, "approve"), {"version": 1})
    assert status(campaign) == "in_review"
    sign_in(client, "approver").post(move(campaign, "approve"), {"version": 1})
    assert status(campaign) == "approved"


def test_approving_what_has_changed_meanwhile_is_refused(client: Client) -> None:
    campaign = complete("in_review")
    Campaign.objects.filter(pk=campaign.pk).update(name="Other")
    page = sign_in(client, "approver").post(move(campaign, "approve"), {"version": 1}, follow=True).content.decode()
    assert "being edited" in page
    assert status(campaign) == "in_review"


def test_asking_for_what_is_not_ready_says_what_is_missing(client: Client) -> None:
    campaign = make_campaign()
    record_version(campaign.pk, None, read_now())
    page = sign_in(client, "planner").post(move(campaign, "ask"), {"version": 1}, follow=True).content.decode()
    assert "Include at least one segment" in page
    assert status(campaign) == "draft"


def test_declining_needs_a_reason_that_is_kept(client: Client) -> None:
    campaign = complete("in_review")
    sign_in(client, "approver")
    assert "This field is required" in client.post(move(campaign, "decline"), {"version": 1}).content.decode()
    client.post(move(campaign, "decline"), {"version": 1, "note": "Too many in one week"})
    assert status(campaign) == "draft"
    assert campaign.history.get(action="decline").note == "Too many in one week"


@pytest.mark.parametrize(("name", "before", "after"), [("pause", "running", "paused"), ("resume", "paused", "running")])
def test_a_campaign_is_paused_and_goes_on(client: Client, name: str, before: str, after: str) -> None:
    campaign = complete(before)
    sign_in(client, "planner").post(move(campaign, name), {"version": 1})
    assert status(campaign) == after


def test_a_cancelled_campaign_has_no_buttons_but_copying(client: Client) -> None:
    campaign = complete()
    sign_in(client, "planner").post(move(campaign, "cancel"), {"version": 1})
    page = client.get(reverse("admin:campaigns_campaign_change", args=[campaign.pk])).content.decode()
    assert status(campaign) == "cancelled"
    assert move(campaign, "clone") in page
    assert not any(move(campaign, name) in page for name in [*STATUSES, "cancel"])


@pytest.mark.parametrize(("name", "is_template"), [("clone", False), ("keep", True)])
def test_a_copy_is_a_draft_of_its_own(client: Client, name: str, is_template: bool) -> None:
    campaign = complete()
    sign_in(client, "planner").post(move(campaign, name), {"version": 1})
    copy = Campaign.objects.exclude(pk=campaign.pk).get()
    assert (copy.status, copy.is_template) == ("draft", is_template)


def test_a_campaign_is_started_from_a_template(client: Client) -> None:
    template = complete(is_template=True)
    page = sign_in(client, "planner").get(reverse("admin:campaigns_campaign_change", args=[template.pk]))
    assert move(template, "start") in page.content.decode()
    assert move(template, "ask") not in page.content.decode()
    client.post(move(template, "start"), {"version": 1})
    assert not Campaign.objects.exclude(pk=template.pk).get().is_template


@pytest.mark.parametrize(("role", "team"), [("viewer", "lifecycle"), ("approver", "success")])
@pytest.mark.parametrize("name", [*STATUSES, "cancel", "clone", "keep"])
def test_other_people_are_told_that_their_role_does_not_include_it(
    client: Client, name: str, role: str, team: str
) -> None:
    before = STATUSES.get(name, "draft")
    campaign = complete(before)
    page = sign_in(client, role, team).post(move(campaign, name), {"version": 1, "note": "x"}, follow=True)
    assert "your role in the team Lifecycle does not include it" in page.content.decode()
    assert (status(campaign), Campaign.objects.count()) == (before, 1)


def test_an_unknown_button_and_an_unknown_campaign_are_not_found(client: Client) -> None:
    sign_in(client, "approver")
    assert client.post(move(complete(), "explode"), {"version": 1}).status_code == 404
    assert client.post("/admin/campaigns/campaign/999/move/ask/", {"version": 1}).status_code == 302


def test_a_button_without_its_token_is_refused() -> None:
    client = Client(enforce_csrf_checks=True)
    campaign = complete()
    assert sign_in(client, "planner").post(move(campaign, "cancel"), {"version": 1}).status_code == 403
    assert status(campaign) == "draft"
