"""Writing a campaign in the admin: its form, its version, its rights, and what refuses to be saved."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from audiences.clock import read_now
from campaigns.models import Campaign, HistoryEntry
from campaigns.services.versions import record_version
from tests.builders import (
    make_campaign,
    make_customers,
    make_segment,
    make_send,
    make_team,
    make_topic,
    make_user,
)

pytestmark = pytest.mark.django_db
ADD = "/admin/campaigns/campaign/add/"
MESSAGES = {"messages-TOTAL_FORMS": "0", "messages-INITIAL_FORMS": "0"}


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def sign_in(client: Client, role: str, team: str = "lifecycle") -> Client:
    client.force_login(make_user(is_staff=True, team=make_team(team), role=role))
    return client


def change(campaign: Campaign) -> str:
    return reverse("admin:campaigns_campaign_change", args=[campaign.pk])


def form(**fields: Any) -> dict[str, Any]:
    """What the browser posts for a campaign that is complete."""
    tomorrow = (read_now() + timedelta(days=2)).date()
    return {
        "name": "Welcome",
        "team": make_team().pk,
        "topic": make_topic().pk,
        "channels_0": "email",
        "reach": "all",
        "holdout_percent": "5",
        "trigger": "at",
        "zone": "workspace",
        "start_date": str(tomorrow),
        "local_time": "09:00",
        "priority": "50",
        "on_breach": "skip",
        "obeys_caps": "on",
        "goal_event": "ordered",
        "goal_within": "2 weeks",
        "guardrails": "unsubscribed, complained",
        **message(),
        **fields,
    }


def message(**fields: Any) -> dict[str, Any]:
    values = {"channel": "email", "variant": "A", "weight": "1", "subject": "Hi", "text": "Hello", **fields}
    posted = {f"messages-0-{name}": value for name, value in values.items()}
    return {**MESSAGES, "messages-TOTAL_FORMS": "1", **posted}


def test_a_campaign_is_written_with_its_messages_and_gets_a_version(admin: Client) -> None:
    segment = make_segment(make_customers(3))
    page = admin.post(ADD, form(include=[segment.pk], delay="1 day 6 hours"), follow=True).content.decode()
    campaign = Campaign.objects.get()
    assert (campaign.channels, campaign.guardrails) == (["email"], ["unsubscribed", "complained"])
    assert (campaign.goal_within, campaign.delay) == (timedelta(days=14), timedelta(days=1, hours=6))
    plan = campaign.versions.get().plan
    assert plan["include"] == [segment.pk]
    assert plan["messages"][0]["subject"] == "Hi"
    assert campaign.sends.count() == 1
    assert "Version 1" in page
    assert "Sends ahead" in page


def test_an_extra_message_that_nobody_touched_is_none(admin: Client) -> None:
    empty = dict.fromkeys(["channel", "subject", "html", "text", "title", "body", "link"], "")
    admin.post(ADD, form(**message(**empty)))
    assert not Campaign.objects.get().messages.exists()


def test_the_form_shows_lengths_of_time_in_words(admin: Client) -> None:
    campaign = make_campaign(delay=timedelta(hours=30), goal_within=timedelta(days=14))
    page = admin.get(change(campaign)).content.decode()
    assert 'value="1 day 6 hours"' in page
    assert 'value="14 days"' in page


def test_what_is_missing_stands_above_the_form(admin: Client) -> None:
    page = admin.get(change(make_campaign())).content.decode()
    assert "Include at least one segment: this campaign is for nobody." in page


def test_channels_keep_their_order(admin: Client) -> None:
    admin.post(ADD, form(channels_0="in_app", channels_1="email"))
    assert Campaign.objects.get().channels == ["in_app", "email"]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"delay": "soon"}, "“soon” is not a length of time. Write 30 minutes, 6 hours, 2 days or 1 week."),
        ({"delay": "3 moons"}, "“moons” is not a unit."),
        ({"expires_after": "999999 weeks"}, "Ten years is the longest"),
        ({"channels_1": "email"}, "E-mail is chosen twice"),
        ({"channels_0": "pigeon"}, "There is no channel “pigeon”"),
        ({"trigger": "recurring", "rrule": "FREQ=SECONDLY"}, "FREQ=SECONDLY goes more than once a day"),
        ({"trigger": "recurring", "rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "names no day within five years"),
        ({"trigger": "recurring", "rrule": "every tuesday"}, "rule"),
        ({"name": ""}, "This field is required"),
        ({"holdout_percent": "95"}, "less than or equal to 90"),
        ({"messages-0-subject": "{{ customer.name"}, "Line 1"),
        ({"messages-0-channel": "pigeon"}, "pigeon is not one of the available choices"),
    ],
)
def test_a_wrong_value_is_told_beside_its_field_and_nothing_is_saved(
    admin: Client, fields: dict[str, Any], says: str
) -> None:
    page = admin.post(ADD, form(**fields))
    assert page.status_code == 200
    assert says in page.content.decode().replace("&#x27;", "'")
    assert not Campaign.objects.exists()


def test_a_segment_both_included_and_excluded_is_refused(admin: Client) -> None:
    segment = make_segment([], slug="everyone")
    page = admin.post(ADD, form(include=[segment.pk], exclude=[segment.pk])).content.decode()
    assert "Both included and excluded, so it would be left out: everyone." in page


def test_whoever_saves_over_a_newer_version_is_told_and_nothing_is_lost(admin: Client) -> None:
    campaign = make_campaign(name="First")
    record_version(campaign.pk, None, read_now())
    Campaign.objects.filter(pk=campaign.pk).update(name="Second")
    record_version(campaign.pk, None, read_now())
    existing = {"messages-0-id": campaign.messages.get().pk, "messages-INITIAL_FORMS": "1"}
    page = admin.post(change(campaign), form(name="Third", version_seen="1", **existing)).content.decode()
    assert "Somebody saved version 2 of this campaign while you were editing version 1." in page
    assert Campaign.objects.get().name == "Second"


def test_an_edit_of_what_was_approved_says_that_it_needs_a_new_approval(admin: Client) -> None:
    campaign = make_campaign()
    version = record_version(campaign.pk, None, read_now())
    Campaign.objects.update(status="approved", approved_version=version)
    existing = {"messages-0-id": campaign.messages.get().pk, "messages-INITIAL_FORMS": "1"}
    page = admin.post(change(campaign), {**form(name="Other", version_seen="1"), **existing}, follow=True)
    assert "needs a new approval" in page.content.decode()
    assert Campaign.objects.get().status == "draft"


@pytest.mark.parametrize("is_going_out", [False, True])
def test_an_edit_in_the_middle_of_a_send_says_that_the_send_goes_on(admin: Client, is_going_out: bool) -> None:
    campaign = make_campaign()
    version = record_version(campaign.pk, None, read_now())
    Campaign.objects.update(status="running", approved_version=version)
    make_send(campaign, state="sending" if is_going_out else "done")
    existing = {"messages-0-id": campaign.messages.get().pk, "messages-INITIAL_FORMS": "1"}
    page = admin.post(change(campaign), {**form(name="Other", version_seen="1"), **existing}, follow=True)
    assert "needs a new approval" in page.content.decode()
    assert ("goes on as it was approved" in page.content.decode()) == is_going_out


def test_a_planner_writes_campaigns_of_their_team_alone(client: Client) -> None:
    sign_in(client, "planner")
    assert client.post(ADD, form()).status_code == 302
    page = client.post(ADD, form(name="Theirs", team=make_team("success").pk)).content.decode()
    assert "Select a valid choice" in page
    assert not Campaign.objects.filter(name="Theirs").exists()


@pytest.mark.parametrize(("role", "team"), [("viewer", "lifecycle"), ("approver", "success")])
def test_whoever_does_not_plan_for_its_team_sees_a_campaign_and_cannot_change_it(
    client: Client, role: str, team: str
) -> None:
    sign_in(client, role, team)
    campaign = make_campaign(name="Ours")
    assert "Ours" in client.get(change(campaign)).content.decode()
    assert client.post(change(campaign), form(name="Mine")).status_code == 403
    assert Campaign.objects.get().name == "Ours"


def test_a_viewer_cannot_begin_a_campaign(client: Client) -> None:
    assert sign_in(client, "viewer").get(ADD).status_code == 403


@pytest.mark.parametrize("status", ["done", "cancelled"])
def test_what_has_ended_is_only_looked_at(admin: Client, status: str) -> None:
    campaign = make_campaign(status=status)
    assert admin.get(change(campaign)).status_code == 200
    assert admin.post(change(campaign), form()).status_code == 403


def test_nobody_deletes_a_campaign(admin: Client) -> None:
    campaign = make_campaign()
    address = reverse("admin:campaigns_campaign_delete", args=[campaign.pk])
    assert admin.post(address, {"post": "yes"}).status_code == 403
    assert Campaign.objects.exists()


def test_the_page_costs_the_same_however_much_there_is_to_say(admin: Client, django_assert_num_queries: Any) -> None:
    campaign = make_campaign([make_segment(make_customers(1))])
    record_version(campaign.pk, None, read_now())
    admin.get(change(campaign))
    with django_assert_num_queries(PAGE_QUERIES):
        admin.get(change(campaign))
    for number in range(3):
        campaign.include.add(make_segment(make_customers(1)))
        campaign.name = f"Name {number}"
        campaign.save()
        record_version(campaign.pk, None, read_now())
    with django_assert_num_queries(PAGE_QUERIES):
        admin.get(change(campaign))


# On PostgreSQL the clock is the database's.
PAGE_QUERIES = 28 + (connection.vendor == "postgresql")


def test_marking_a_campaign_private_voids_no_approval_and_is_in_its_history(client: Client) -> None:
    client.force_login(make_user("mara", team=make_team(), role="planner", is_staff=True))
    client.post(ADD, form())
    campaign = Campaign.objects.get()
    Campaign.objects.update(status="approved", approved_version=campaign.versions.get())
    unchanged = {**form(), **MESSAGES, "version_seen": "1"}
    for is_private in ({"is_private": "on"}, {}):
        client.post(change(campaign), {**unchanged, **is_private})
        campaign.refresh_from_db()
        assert (campaign.is_private, campaign.status, campaign.versions.count()) == (bool(is_private), "approved", 1)
    history = HistoryEntry.objects.exclude(action="created").order_by("pk").values_list("action", "by__username")
    assert list(history) == [("made private", "mara"), ("made open", "mara")]
