"""The week page: what it shows, in how many queries, and what it never loads."""

import re
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audiences.bitmaps import collect, dump
from audiences.models import Customer, Workspace
from campaigns.models import CalendarEntry, Campaign, CampaignVersion, Finding, ImportedCalendar, Send
from deliveries.models import Delivery, Withheld
from tests.builders import (
    NOW,
    make_campaign,
    make_customers,
    make_segment,
    make_send,
    make_team,
    make_user,
)

pytestmark = pytest.mark.django_db
WEEK = "/calendar/2026-W48/"


@pytest.fixture
def signed_in(client: Client) -> Client:
    Workspace.current()
    client.force_login(make_user("ana", team=make_team()))
    return client


def page(client: Client, address: str = WEEK) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def visible(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def deliver(send: Send, states: list[str]) -> None:
    """One delivery in each of the states, as if the send had been admitted."""
    version = CampaignVersion.objects.create(
        campaign=send.campaign, number=send.campaign.versions.count() + 1, plan={}, digest="x"
    )
    Delivery.objects.bulk_create(
        Delivery(
            send=send,
            customer=customer,
            channel="email",
            version=version,
            variant="A",
            topic=send.campaign.topic,
            team=send.campaign.team,
            obeys_caps=True,
            counts_toward_caps=True,
            state=state,
            due_at=send.due_at,
            closes_at=send.due_at,
            expires_at=send.due_at,
        )
        for state, customer in zip(states, make_customers(len(states)), strict=True)
    )


def withhold(send: Send, customers: list[Customer]) -> None:
    """A cap kept it from these."""
    members = dump(collect(customer.pk for customer in customers))
    fields = {"channel": "email", "shard": 0, "reason": "capped", "bound_by": "cap:1", "members": members}
    Withheld.objects.create(send=send, size=len(customers), **fields)


def plan_a_week(count: int) -> None:
    """So many campaigns with all that a card can have: findings, outcomes, a cap, an experiment, always on."""
    customers = make_customers(2)
    for number in range(count):
        team = make_team(f"team-{number % 3}")
        campaign = make_campaign([make_segment(customers)], team=team, experiment_ends=NOW.date())
        send = make_send(campaign, NOW + timedelta(hours=number % 100), expected_volume=40)
        deliver(send, ["sent", "failed"])
        withhold(send, customers)
        always_on = make_campaign([], team=team, trigger="event", status="running")
        make_send(always_on, NOW, slot="2026-11-23", expected_volume=3)
        find(campaign, send, always_on)


def find(campaign: Campaign, send: Send, other: Campaign, **fields: Any) -> Finding:
    defaults = {
        "key": f"{campaign.pk}-{other.pk}",
        "kind": "duplicate",
        "severity": "high",
        "sends": [[send.pk, other.sends.get().pk]],
        "shared": 12,
        "percent_of_first": 30,
        "percent_of_second": 60,
        "axes": ["channel:email", "goal:ordered"],
        "inputs": "x",
        "found_at": NOW,
        "checked_at": NOW,
    }
    return Finding.objects.create(first=campaign, second=other, **{**defaults, **fields})


@pytest.mark.parametrize("count", [1, 3, 60])
def test_a_week_takes_the_same_queries_with_1_3_and_60_sends_and_loads_no_audience(
    signed_in: Client, count: int
) -> None:
    plan_a_week(count)
    with CaptureQueriesContext(connection) as queries:
        page(signed_in)
    # PostgreSQL is asked for the time as well.
    assert len(queries) == (27 if connection.vendor == "postgresql" else 26)
    assert not [query["sql"] for query in queries if '"campaigns_send"."audience",' in query["sql"]]


def test_a_page_of_60_sends_is_small(signed_in: Client) -> None:
    plan_a_week(60)
    assert len(page(signed_in)) < 200_000


def test_nobody_sees_the_plan_without_signing_in(client: Client) -> None:
    response = client.get(WEEK)
    assert (response.status_code, response["Location"]) == (302, f"/sign-in/?next={WEEK}")


def test_the_page_cannot_be_posted_to(signed_in: Client) -> None:
    assert signed_in.post(WEEK).status_code == 405


@pytest.mark.parametrize("address", ["2025-W53", "1999-W01", "2026-W99"])
def test_a_week_that_is_none_is_not_found(signed_in: Client, address: str) -> None:
    assert signed_in.get(f"/calendar/{address}/").status_code == 404


def test_an_empty_week_says_how_to_plan_a_campaign(signed_in: Client) -> None:
    assert "Nothing is planned for this week" in page(signed_in)


def test_a_card_says_when_to_whom_why_and_whose(signed_in: Client) -> None:
    campaign = make_campaign([make_segment([], slug="trial-users")], name="Trial ending", owner=make_user("eli"))
    make_send(campaign, NOW, expected_volume=1204)
    text = visible(page(signed_in))
    assert "09:00" in text
    assert "Trial ending trial-users · 1,204" in text
    assert "Ordered · eli" in text
    assert "Draft" in text


def test_an_approved_send_is_not_to_approve_and_a_draft_is(signed_in: Client) -> None:
    make_send(make_campaign([], status="approved"))
    make_send(make_campaign([]))
    text = visible(page(signed_in))
    assert "not approved 1" in text
    assert "1 to approve" in text


def test_a_local_send_stands_on_its_own_date_wherever_its_first_instant_falls(signed_in: Client) -> None:
    first_instant = datetime.fromisoformat("2026-11-22T19:00:00+00:00")
    campaign = make_campaign([], zone="customer", name="Good morning")
    make_send(campaign, first_instant, local_due="2026-11-23T09:00")
    assert "Good morning" in page(signed_in)
    assert "Good morning" not in page(signed_in, "/calendar/2026-W47/")


def test_a_send_stands_in_the_week_of_the_workspaces_zone(signed_in: Client) -> None:
    Workspace.objects.update(timezone="Asia/Tokyo")
    make_send(make_campaign([], name="Early"), datetime.fromisoformat("2026-11-22T16:00:00+00:00"))
    assert "Early" in page(signed_in)


def test_what_was_cancelled_or_missed_is_shown_and_not_counted(signed_in: Client) -> None:
    make_send(make_campaign([], name="Stopped"), state="cancelled", expected_volume=500)
    make_send(make_campaign([], name="Slept"), state="missed", reason="not approved", expected_volume=500)
    text = visible(page(signed_in))
    assert "Stopped" in text
    assert "Missed: not approved" in text
    assert "sends 0" in text
    assert "500 messages" not in text


def test_progress_counts_what_was_sent_and_what_was_not(signed_in: Client) -> None:
    send = make_send(make_campaign([], status="running"), state="sending", audience_size=5)
    deliver(send, ["sent", "sent", "failed", "uncertain", "planned"])
    text = visible(page(signed_in))
    assert "2 of 5 sent · 1 failed · 1 not confirmed" in text


def test_people_at_cap_are_different_people_however_many_sends_they_missed(signed_in: Client) -> None:
    people = make_customers(3)
    for members in (people[:2], people[1:]):
        withhold(make_send(make_campaign([])), members)
    assert "people at cap so far 3" in visible(page(signed_in))


def test_every_send_of_a_full_day_is_on_the_page(signed_in: Client) -> None:
    for number in range(20):
        make_send(make_campaign([], name=f"Number {number}"))
    html = page(signed_in)
    assert "+14 more" in html
    assert all(f">Number {number}<" in html for number in range(20))


def test_a_continuous_campaign_is_a_line_a_day_with_what_is_expected_then_what_was(signed_in: Client) -> None:
    campaign = make_campaign([], trigger="event", status="running", name="Welcome")
    make_send(campaign, NOW, slot="2026-11-23", expected_volume=20, state="sending")
    make_send(campaign, NOW + timedelta(days=1), slot="2026-11-24", expected_volume=20)
    deliver(campaign.sends.get(slot="2026-11-23"), ["sent"] * 14)
    text = visible(page(signed_in))
    assert "14 of ~20" in text
    assert "Welcome ~20" in text


def test_once_customers_set_it_off_the_line_counts_them_instead_of_the_estimate(signed_in: Client) -> None:
    campaign = make_campaign([], trigger="event", status="running", name="Welcome")
    make_send(campaign, NOW, slot="2026-11-23", expected_volume=20, state="sending", audience_size=4)
    assert "Welcome 0 of 4" in visible(page(signed_in))


def test_findings_to_decide_stand_worst_first_with_both_sends(signed_in: Client) -> None:
    first, second, third = (make_campaign([], name=name) for name in ("Digest", "Nudge", "Survey"))
    sends = [make_send(campaign, NOW + timedelta(hours=n)) for n, campaign in enumerate((first, second, third))]
    find(first, sends[0], third, severity="low", shared=900)
    find(first, sends[0], second, severity="high", shared=40)
    text = visible(page(signed_in))
    decide = text[text.index("Decide in this review") :]
    assert "Mon 09:00 Digest × Mon 10:00 Nudge High duplicate: 40 in both (60%), same channel and goal" in decide
    assert decide.index("Nudge") < decide.index("Survey")
    assert "findings open 2" in text


def test_a_finding_about_other_weeks_is_not_to_decide_in_this_one(signed_in: Client) -> None:
    first, second = make_campaign([]), make_campaign([])
    make_send(first)
    later = [make_send(campaign, NOW + timedelta(days=14), slot="later") for campaign in (first, second)]
    find(first, later[0], second)
    assert "No open findings" in page(signed_in)


def test_the_page_needs_no_inline_style_or_script(signed_in: Client) -> None:
    plan_a_week(3)
    html = page(signed_in)
    assert not re.search(r"\sstyle=|<style|<script(?! src=)|\son\w+=", html)


def test_names_are_shown_and_not_run(signed_in: Client) -> None:
    make_send(make_campaign([], name="<script>alert(1)</script>"))
    html = page(signed_in)
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_the_teams_stylesheet_carries_their_colours_and_changes_address_with_them(signed_in: Client) -> None:
    team = make_team()
    make_send(make_campaign([]))
    address = re.search(r"/calendar/teams-\w+\.css", page(signed_in))
    assert address
    response = signed_in.get(address[0])
    assert response["Content-Type"] == "text/css; charset=utf-8"
    assert f".team-{team.pk}{{--team:#2563eb}}" in response.content.decode()
    team.color = "#112233"
    team.save()
    assert address[0] not in page(signed_in)


def test_holidays_and_events_stand_on_their_days_and_many_of_them_fold(signed_in: Client) -> None:
    make_send(make_campaign())
    Workspace.objects.update(holiday_countries=["US"])
    fairs = ImportedCalendar.objects.create(name="Fairs")
    thursday = date(2026, 11, 26)
    CalendarEntry.objects.bulk_create(
        CalendarEntry(calendar=fairs, uid=str(number), name=f"Fair <{number}>", first_day=thursday, last_day=thursday)
        for number in range(4)
    )
    html = page(signed_in)
    (day,) = re.findall(r'<section class="day day--4.*?</section>', html, re.DOTALL)
    assert "Thanksgiving Day US Fair <0> Fairs +3 more holidays and events" in visible(day)
    assert html.count("Fair &lt;0&gt;") == day.count("Fair &lt;0&gt;") > 0
