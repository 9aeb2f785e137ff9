"""The sections of the plan on the campaign's page: who approved what, and the buttons that approve and decline."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from audiences.clock import read_now
from audiences.models import Workspace
from campaigns.models import Campaign
from campaigns.plan import SECTIONS
from campaigns.queries.approvals import latest_version, section_digests
from campaigns.services import lifecycle
from campaigns.services.versions import record_version
from tests.builders import make_campaign, make_customers, make_segment, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    """In review, for tomorrow."""
    Workspace.current()
    made = make_campaign(
        [make_segment(make_customers(2))], name="Trial ending", start_date=read_now().date() + timedelta(days=1)
    )
    lifecycle.ask_for_approval(made.pk, None, read_now())
    return made


def sign_in(client: Client, role: str = "approver", team: str = "lifecycle", name: str = "") -> User:
    user = make_user(name, team=make_team(team), role=role)
    client.force_login(user)
    return user


def seen(campaign: Campaign, section: str) -> dict[str, Any]:
    version = latest_version(campaign)
    assert version
    return {"version": version.number, "digest": section_digests(version)[section]}


def press(client: Client, campaign: Campaign, section: str, name: str = "approve", **values: Any) -> Any:
    where = reverse(f"calendar:{name}-section", args=[campaign.pk, section])
    response = client.post(where, {**seen(campaign, section), **values}, follow=True)
    campaign.refresh_from_db()
    return response


def page(client: Client, campaign: Campaign) -> str:
    return client.get(reverse("calendar:campaign", args=[campaign.pk])).content.decode()


def edit(campaign: Campaign, by: User | None = None, **fields: Any) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(**fields)
    record_version(campaign.pk, by, read_now())


def test_section_by_section_it_becomes_approved(client: Client, campaign: Campaign) -> None:
    sign_in(client)
    for section in ("audience", "content", "schedule"):
        assert f"The {section} is approved." in press(client, campaign, section).content.decode()
        assert campaign.status == "in_review"
    assert "With it the campaign is approved." in press(client, campaign, "goal").content.decode()
    assert campaign.status == "approved"


def test_an_edit_leaves_one_section_to_be_asked_for_and_says_what_changed(client: Client, campaign: Campaign) -> None:
    user = sign_in(client, name="ana")
    lifecycle.approve(campaign.pk, 1, user, read_now())
    edit(campaign, priority=77)
    text = page(client, campaign)
    assert "Ask for approval of the schedule" in text
    assert "to be asked for again" in text
    assert "Since ana approved it in version 1" in text
    assert "priority <del>50</del> <ins>77</ins>" in text
    assert text.count('<span class="pill pill--approved">approved</span>') == 3
    lifecycle.ask_for_approval(campaign.pk, None, read_now())
    text = page(client, campaign)
    assert "Approve the rest of version 2" in text
    assert reverse("calendar:approve-section", args=[campaign.pk, "schedule"]) in text
    assert reverse("calendar:approve-section", args=[campaign.pk, "goal"]) not in text


def test_a_page_that_is_old_approves_nothing_and_is_shown_anew(client: Client, campaign: Campaign) -> None:
    sign_in(client)
    old = {section: seen(campaign, section) for section in SECTIONS}
    edit(campaign, goal_event="paid")
    lifecycle.ask_for_approval(campaign.pk, None, read_now())
    for section in SECTIONS:
        response = press(client, campaign, section, **old[section])
        assert response.status_code == 409
        assert "has changed since version 1: read it again, then approve." in response.content.decode()
    response = client.post(reverse("calendar:move-campaign", args=[campaign.pk, "approve"]), {"version": 1})
    assert response.status_code == 409
    assert not campaign.section_approvals.exists()


@pytest.mark.parametrize("digest", ["", "x", "0" * 64, "é" * 500])
def test_a_digest_of_something_else_approves_nothing(client: Client, campaign: Campaign, digest: str) -> None:
    sign_in(client)
    assert press(client, campaign, "goal", digest=digest).status_code == 409
    assert not campaign.section_approvals.exists()


def test_a_second_click_changes_nothing_and_is_no_mistake(client: Client, campaign: Campaign) -> None:
    sign_in(client)
    press(client, campaign, "goal")
    entries = campaign.history.count()
    response = press(client, campaign, "goal")
    assert (response.status_code, campaign.history.count()) == (200, entries)
    assert "The goal is approved." in response.content.decode()


def test_a_section_is_declined_with_a_word_that_its_author_reads(client: Client, campaign: Campaign) -> None:
    sign_in(client)
    assert "Say what should change about the content" in press(client, campaign, "content", "decline").content.decode()
    assert campaign.status == "in_review"
    press(client, campaign, "content", "decline", note="It shouts.")
    assert campaign.status == "draft"
    assert "Content: It shouts." in page(client, campaign)


@pytest.mark.parametrize(("role", "team"), [("viewer", "lifecycle"), ("planner", "lifecycle"), ("approver", "success")])
def test_others_have_no_buttons_and_are_refused_without_them(
    client: Client, campaign: Campaign, role: str, team: str
) -> None:
    sign_in(client, role, team)
    assert "/sections/" not in page(client, campaign)
    for name in ("approve", "decline"):
        assert "Only approvers of Lifecycle" in press(client, campaign, "goal", name, note="x").content.decode()
    assert (campaign.status, campaign.section_approvals.count()) == ("in_review", 0)


def test_with_four_eyes_an_author_has_the_buttons_of_what_others_wrote(client: Client, campaign: Campaign) -> None:
    Workspace.objects.update(four_eyes=True)
    lifecycle.approve(campaign.pk, 1, None, read_now())
    ana = sign_in(client, name="ana")
    edit(campaign, by=ana, priority=77)
    edit(campaign, goal_event="paid")
    lifecycle.ask_for_approval(campaign.pk, None, read_now())
    text = page(client, campaign)
    assert reverse("calendar:approve-section", args=[campaign.pk, "goal"]) in text
    assert reverse("calendar:approve-section", args=[campaign.pk, "schedule"]) not in text
    assert "by somebody else: you wrote it or asked for it" in text
    assert "Four eyes: another approver of Lifecycle has to approve what is yours of it" in text
    assert "Four eyes: somebody else" in press(client, campaign, "schedule").content.decode()
    press(client, campaign, "goal")
    assert campaign.status == "in_review"
    sign_in(client)
    press(client, campaign, "schedule")
    assert campaign.status == "approved"


def test_a_section_that_there_is_not_and_a_campaign_that_is_not_there_are_not_found(
    client: Client, campaign: Campaign
) -> None:
    sign_in(client)
    for campaign_id, section in ((campaign.pk, "price"), (campaign.pk + 1, "goal")):
        for name in ("approve", "decline"):
            where = reverse(f"calendar:{name}-section", args=[campaign_id, section])
            assert client.post(where, {"version": 1}).status_code == 404


def test_the_admin_approves_what_is_open_and_says_what_stands(client: Client, campaign: Campaign) -> None:
    user = make_user("ana", team=make_team(), is_staff=True)
    client.force_login(user)
    press(client, campaign, "content")
    press(client, campaign, "audience")
    change = client.get(reverse("admin:campaigns_campaign_change", args=[campaign.pk])).content.decode()
    assert "Of it audience and content stand approved." in change
    client.post(reverse("admin:campaigns_campaign_move", args=[campaign.pk, "approve"]), {"version": 1})
    campaign.refresh_from_db()
    assert campaign.status == "approved"
    assert campaign.history.get(action="approve").note == "schedule, goal"
