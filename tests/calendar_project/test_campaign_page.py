"""The campaign page: what it shows, what its buttons do, and for whom."""

import html
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audiences.bitmaps import collect, dump
from audiences.clock import read_now
from audiences.models import Customer, Event, Workspace
from campaigns.models import CalendarEntry, Campaign, ImportedCalendar
from campaigns.services import lifecycle
from campaigns.services.versions import record_version
from deliveries.channels.outbox import MemoryOutbox
from deliveries.models import InboxItem, Withheld
from deliveries.queries import forecast as forecasts
from deliveries.queries.admission import decide_shard
from tests.builders import (
    NOW,
    make_campaign,
    make_customer,
    make_customers,
    make_delivery,
    make_message,
    make_running_send,
    make_segment,
    make_send,
    make_user,
)
from tests.calendar_project.test_week_page import visible

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    """A draft for tomorrow: pages read the clock themselves, so its day has to be ahead of it."""
    Workspace.current()
    now = read_now()
    tomorrow = now.date() + timedelta(days=1)
    segment = make_segment(make_customers(4))
    made = make_campaign([segment], name="Trial ending", owner=make_user("eli"), start_date=tomorrow)
    record_version(made.pk, None, now)
    return made


def sign_in(client: Client, campaign: Campaign, role: str = "approver", **fields: Any) -> User:
    user = make_user(team=campaign.team, role=role, **fields)
    client.force_login(user)
    return user


def address(campaign: Campaign) -> str:
    return reverse("calendar:campaign", args=[campaign.pk])


def page(client: Client, campaign: Campaign, **query: str) -> str:
    response = client.get(address(campaign), query)
    assert response.status_code == 200
    return response.content.decode()


def click(client: Client, campaign: Campaign, name: str, **values: Any) -> str:
    """Press a button of the page; what the next page says."""
    where = reverse("calendar:move-campaign", args=[campaign.pk, name])
    response = client.post(where, {"version": 1, **values}, follow=True)
    campaign.refresh_from_db()
    found = re.search(r'<div class="notices".*?</div>\s*</div>', response.content.decode(), re.DOTALL)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[0]))).strip() if found else ""


def test_the_page_says_the_plan_in_words(client: Client, campaign: Campaign) -> None:
    sign_in(client, campaign)
    text = page(client, campaign)
    assert "Trial ending" in text
    assert f"{campaign.start_date:%a %-d %b %Y} at 09:00" in text
    assert "leaves out who is at a cap, priority 50" in text


def test_the_forecast_is_a_funnel_that_names_every_reason(client: Client, campaign: Campaign) -> None:
    sign_in(client, campaign)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page(client, campaign)))
    assert "4 audience" in text
    assert "4 will be sent" in text


def test_nobody_sees_a_campaign_without_signing_in(client: Client, campaign: Campaign) -> None:
    assert client.get(address(campaign)).status_code == 302
    assert client.post(reverse("calendar:move-campaign", args=[campaign.pk, "ask"])).status_code == 302
    campaign.refresh_from_db()
    assert campaign.status == "draft"


def test_a_campaign_that_is_not_there_is_not_found(client: Client, campaign: Campaign) -> None:
    sign_in(client, campaign)
    for number in (campaign.pk + 1, 10**30):
        assert client.get(f"/calendar/campaigns/{number}/").status_code == 404


def test_a_planner_asks_and_an_approver_approves(client: Client, campaign: Campaign) -> None:
    sign_in(client, campaign, "planner")
    assert click(client, campaign, "ask") == "Asked for approval."
    assert campaign.status == "in_review"
    sign_in(client, campaign, "approver")
    assert click(client, campaign, "approve") == "Approved."
    assert campaign.status == "approved"


def test_a_second_click_changes_nothing_and_is_no_mistake(client: Client, campaign: Campaign) -> None:
    sign_in(client, campaign)
    click(client, campaign, "ask")
    entries = campaign.history.count()
    assert click(client, campaign, "ask") == "Asked for approval."
    assert campaign.history.count() == entries


def test_an_approval_of_a_version_that_was_edited_since_is_refused(client: Client, campaign: Campaign) -> None:
    sign_in(client, campaign)
    click(client, campaign, "ask")
    campaign.name = "Another"
    campaign.save()
    record_version(campaign.pk, None, read_now())
    lifecycle.ask_for_approval(campaign.pk, None, read_now())
    assert "has changed since version 1" in click(client, campaign, "approve")
    assert campaign.status == "in_review"


@pytest.mark.parametrize("name", ["ask", "cancel"])
def test_a_viewer_has_no_buttons_and_is_refused_without_them(client: Client, campaign: Campaign, name: str) -> None:
    sign_in(client, campaign, "viewer")
    assert "Ask for approval" not in page(client, campaign)
    assert "Only planners and approvers" in click(client, campaign, name)
    assert campaign.status == "draft"


def test_what_was_written_with_a_button_that_is_refused_is_not_lost(client: Client, campaign: Campaign) -> None:
    sign_in(client, campaign, "viewer")
    cancel = reverse("calendar:move-campaign", args=[campaign.pk, "cancel"])
    response = client.post(cancel, {"note": "The fair is full."})
    assert response.status_code == 403
    assert "The fair is full." in response.content.decode()


def test_a_planner_cannot_approve(client: Client, campaign: Campaign) -> None:
    sign_in(client, campaign, "planner")
    click(client, campaign, "ask")
    assert "Only approvers" in click(client, campaign, "approve")
    assert campaign.status == "in_review"


def test_what_stands_in_the_way_is_said_sentence_by_sentence(client: Client, campaign: Campaign) -> None:
    sign_in(client, campaign)
    campaign.messages.all().delete()
    campaign.include.clear()
    said = click(client, campaign, "ask")
    assert "There is no message for email." in said
    assert "Include at least one segment" in said
    assert campaign.status == "draft"


def test_a_cancellation_keeps_its_reason(client: Client, campaign: Campaign) -> None:
    sign_in(client, campaign)
    click(client, campaign, "cancel", note="The fair is full.")
    assert campaign.status == "cancelled"
    assert "The fair is full." in page(client, campaign)


@pytest.mark.parametrize("name", ["ask", "approve", "decline", "pause", "resume", "cancel"])
def test_nothing_moves_by_get(client: Client, campaign: Campaign, name: str) -> None:
    sign_in(client, campaign)
    entries = campaign.history.count()
    response = client.get(reverse("calendar:move-campaign", args=[campaign.pk, name]))
    assert (response.status_code, response["Location"]) == (302, address(campaign))
    assert campaign.history.count() == entries


def test_nothing_moves_without_the_csrf_token(campaign: Campaign) -> None:
    client = Client(enforce_csrf_checks=True)
    sign_in(client, campaign)
    response = client.post(reverse("calendar:move-campaign", args=[campaign.pk, "ask"]))
    assert response.status_code == 403
    assert "Nothing was changed" in response.content.decode()


def test_a_button_that_there_is_not_is_not_found(client: Client, campaign: Campaign) -> None:
    sign_in(client, campaign)
    assert client.post(reverse("calendar:move-campaign", args=[campaign.pk, "explode"])).status_code == 404


@pytest.mark.parametrize("version", ["", "x", "9" * 40, "-1", "²"])
def test_a_version_that_is_no_number_approves_nothing(client: Client, campaign: Campaign, version: str) -> None:
    sign_in(client, campaign)
    click(client, campaign, "ask")
    click(client, campaign, "approve", version=version)
    assert campaign.status == "in_review"


def test_the_button_names_its_version_without_separators(client: Client, campaign: Campaign) -> None:
    sign_in(client, campaign)
    campaign.versions.update(number=1234)
    click(client, campaign, "ask")
    assert 'value="1234"' in page(client, campaign)


def test_messages_are_shown_as_the_chosen_customer_gets_them(client: Client, campaign: Campaign) -> None:
    make_customer(external_id="zoe", name="Zoe <b>& Co</b>")
    sign_in(client, campaign)
    shown = page(client, campaign, customer="zoe")
    assert "Hello Zoe &lt;b&gt;&amp; Co&lt;/b&gt;" in shown
    assert "There is no customer “nobody”." in page(client, campaign, customer="nobody")


def test_html_is_cleaned_and_framed_in_a_sandbox(client: Client, campaign: Campaign) -> None:
    message = campaign.messages.get()
    message.html = (
        '<p onclick="x()">Hi</p><script>alert(1)</script><img src="https://evil.example/p.gif"><style>p{}</style>'
    )
    message.save()
    sign_in(client, campaign)
    frame = re.search(r"<iframe[^>]*>", page(client, campaign))
    assert frame
    assert 'sandbox=""' in frame[0]
    inside = html.unescape(re.search(r'srcdoc="([^"]*)"', frame[0])[1])  # type: ignore[index]
    assert "<p>Hi</p>" in inside
    assert not re.search(r"script|onclick|evil|<style", inside)


def test_a_template_that_fails_is_told_and_does_not_break_the_page(client: Client, campaign: Campaign) -> None:
    make_message(campaign, "in_app", title="{% for %}")
    sign_in(client, campaign)
    assert page(client, campaign)


def test_links_of_a_preview_unsubscribe_nobody(client: Client, campaign: Campaign) -> None:
    campaign.messages.update(html="<a href='{{ links.unsubscribe }}'>off</a>")
    sign_in(client, campaign)
    assert f"http://testserver{address(campaign)}" in html.unescape(page(client, campaign))


def test_a_test_to_oneself_is_mailed_and_is_no_delivery(client: Client, campaign: Campaign, settings: Any) -> None:
    settings.EMAIL_URL = "memory://"
    MemoryOutbox.messages.clear()
    user = sign_in(client, campaign, email="ana@example.com")
    message = campaign.messages.get()
    response = client.post(reverse("calendar:test-to-me", args=[campaign.pk, message.pk]), follow=True)
    assert "Sent to ana@example.com." in response.content.decode()
    assert [envelope.recipient for envelope in MemoryOutbox.messages] == [user.email]
    assert b"Subject: [Test] Hello" in MemoryOutbox.messages[0].data
    assert not campaign.sends.filter(deliveries__isnull=False).exists()


def test_a_test_needs_an_address_and_the_right(client: Client, campaign: Campaign) -> None:
    message = campaign.messages.get()
    where = reverse("calendar:test-to-me", args=[campaign.pk, message.pk])
    sign_in(client, campaign)
    assert "You have no address here" in client.post(where, follow=True).content.decode()
    sign_in(client, campaign, "viewer", email="tom@example.com")
    assert "Only planners and approvers" in client.post(where, follow=True).content.decode()


@pytest.mark.parametrize("days", [1, 3])
def test_the_page_takes_the_same_queries_with_1_and_with_3_sends(client: Client, campaign: Campaign, days: int) -> None:
    # One customer, so that the forecast is of one shard.
    campaign.include.set([make_segment(make_customers(1))])
    Campaign.objects.filter(pk=campaign.pk).update(trigger="recurring", rrule=f"FREQ=DAILY;COUNT={days}")
    record_version(campaign.pk, None, read_now())
    assert campaign.sends.filter(state="scheduled").count() == days
    sign_in(client, campaign)
    with CaptureQueriesContext(connection) as queries:
        page(client, campaign)
    # PostgreSQL is asked for the time as well.
    assert len(queries) == (59 if connection.vendor == "postgresql" else 58)


def test_a_campaign_that_paused_itself_says_why_and_what_to_do_until_it_is_resumed(client: Client) -> None:
    campaign = make_campaign([make_segment(make_customers(2))], owner=make_user("eli"))
    make_running_send(campaign)
    now = read_now()
    assert lifecycle.pause_itself(campaign.pk, "50 of the last 1,000 messages were reported as spam.", now)
    sign_in(client, campaign)
    told = page(client, campaign)
    assert "It paused itself" in told
    assert told.count("50 of the last 1,000 messages were reported as spam.") == 2  # above, and in the history
    assert "narrow the audience or the message" in told
    assert "Paused itself" in told
    assert "Failed deliveries" not in told  # they are in the admin
    assert click(client, campaign, "resume") == "Resumed."
    assert "It paused itself" not in page(client, campaign)


def test_a_pause_that_somebody_made_is_no_alarm(client: Client) -> None:
    campaign = make_campaign([make_segment(make_customers(2))])
    make_running_send(campaign)
    lifecycle.pause_itself(campaign.pk, "50 of the last 1,000 messages were reported as spam.", read_now())
    lifecycle.resume(campaign.pk, None, read_now())
    lifecycle.pause(campaign.pk, None, read_now())
    sign_in(client, campaign, is_staff=True)
    assert "It paused itself" not in page(client, campaign)


def test_staff_find_the_failed_deliveries_of_a_campaign_that_paused_itself(client: Client) -> None:
    campaign = make_campaign([make_segment(make_customers(2))])
    make_running_send(campaign)
    lifecycle.pause_itself(campaign.pk, "6 of the last 100 messages could not be rendered.", read_now())
    sign_in(client, campaign, is_staff=True)
    (link,) = re.findall(r'href="([^"]+)">Failed deliveries', page(client, campaign))
    assert client.get(link).status_code == 200


def test_the_holidays_and_events_of_the_days_ahead_stand_beside_the_schedule(
    client: Client, campaign: Campaign
) -> None:
    Workspace.objects.update(holiday_countries=["US"])
    fairs = ImportedCalendar.objects.create(name="Fairs")
    days = [date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 26)]
    CalendarEntry.objects.create(calendar=fairs, uid="1", name="Expo", first_day=days[0], last_day=days[2])
    campaign.sends.all().delete()
    for day in days:
        make_send(campaign, datetime.combine(day, time(9), tzinfo=UTC))
    sign_in(client, campaign)
    text = visible(page(client, campaign))
    assert "Thursday 26 November is Thanksgiving Day (US)" in text
    assert "3 days from Tuesday 24 November to Thursday 26 November: Expo (Fairs)" in text


def test_every_number_of_the_funnel_opens_its_reasons_and_each_reason_the_people(
    client: Client, campaign: Campaign
) -> None:
    Customer.objects.filter(pk=Customer.objects.order_by("pk").values("pk")[:1]).update(email="", address_hash="")
    sign_in(client, campaign)
    shown = html.unescape(page(client, campaign))
    assert re.search(r"<summary><b>3</b> reachable <span[^>]*>−1</span>", shown)
    (query,) = re.findall(r'/forecast/(\?[^"]*unreachable[^"]*)"', shown)
    told = client.get(reverse("calendar:forecast", args=[campaign.pk]) + query).content.decode()
    assert "E-mail cannot reach them." in told
    assert told.count("E-mail cannot reach them.") == 1
    others = client.get(reverse("calendar:forecast", args=[campaign.pk])).content.decode()
    assert others.count("Gets it on E-mail.") == 3


def test_the_people_behind_a_number_come_page_by_page(client: Client, campaign: Campaign) -> None:
    campaign.include.set([make_segment(make_customers(60))])
    sign_in(client, campaign)
    where, query, told = reverse("calendar:forecast", args=[campaign.pk]), "", []
    for _ in range(3):
        text = html.unescape(client.get(f"{where}{query}").content.decode())
        told.append(text.count("Gets it on E-mail."))
        more = re.search(r'href="(\?[^"]*)">More', text)
        query = more[1] if more else ""
    assert (told, query) == ([25, 25, 10], "")


@pytest.mark.parametrize(
    "query",
    ["reason=because", "channel=pigeon", "bound=cap:" + "9" * 40, "bound=%00", "reason=capped&bound=cap:999"],
)
def test_a_number_that_there_is_not_is_not_found_or_nobodys(client: Client, campaign: Campaign, query: str) -> None:
    sign_in(client, campaign)
    response = client.get(reverse("calendar:forecast", args=[campaign.pk]) + f"?{query}&beyond=²")
    assert response.status_code == (200 if "999" in query and "9999" not in query else 404)


def _counting(asked: list[Any]) -> Any:
    def counted(*args: Any) -> Any:
        asked.append(args)
        return decide_shard(*args)

    return counted


def test_the_forecast_is_worked_out_once_a_page(
    client: Client, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(forecasts, "decide_shard", _counting(asked))
    sign_in(client, campaign)
    page(client, campaign)
    assert len(asked) == len({customer.pk // settings.SHARD_SIZE for customer in Customer.objects.all()})


def test_before_anything_went_out_the_results_say_what_will_be_there(client: Client, campaign: Campaign) -> None:
    sign_in(client, campaign)
    text = re.sub(r"\s+", " ", page(client, campaign))
    assert "Nothing has gone out yet. Once it has, this shows whom it reached, and how many of them ordered" in text


def test_where_nobody_was_reached_there_are_no_shares_of_nobody(client: Client, campaign: Campaign) -> None:
    make_send(campaign, NOW - timedelta(days=7), state="cancelled")
    sign_in(client, campaign)
    text = page(client, campaign)
    assert "Nobody has been reached" in text
    assert "0 of 0" not in text


def test_results_stand_beside_those_held_out_with_how_many_of_each(client: Client) -> None:
    campaign = make_campaign(channels=["email", "in_app"], goal_within=timedelta(days=3), guardrails=["unsubscribed"])
    send = make_running_send(campaign)
    ann, held = make_delivery(send, state="sent").customer, make_customer()
    noted = make_delivery(send, ann, "in_app", state="sent")
    InboxItem.objects.create(delivery=noted, customer=ann, title="Hi", created_at=NOW, seen_at=NOW)
    members = dump(collect([held.pk]))
    Withheld.objects.create(send=send, channel="email", shard=0, reason="held_out", members=members, size=1)
    Event.objects.create(customer=ann, name="ordered", occurred_at=NOW + timedelta(hours=1), idempotency_key="1")
    sign_in(client, campaign)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page(client, campaign)))
    assert "1 person reached, 1 held out." in text
    assert "Goal: ordered within 3 days Reached 100% 1 of 1 Held out 0% 0 of 1" in text
    assert "Must not cause: unsubscribed within 3 days Reached 0% 0 of 1 Held out 0% 0 of 1" in text
    assert "1 seen, 0 read" in text


def test_a_customer_is_found_by_name_id_or_address_and_chosen_among_several(client: Client, campaign: Campaign) -> None:
    zoe = make_customer(external_id="z-1", name="Zoe Adler", email="zoe@example.com")
    make_customer(external_id="z-2", name="Zoe Berg")
    sign_in(client, campaign)
    for asked in ("z-1", "ZOE@example.com", "Zoe A", "zoe adler"):
        assert "Hello Zoe Adler" in page(client, campaign, customer=asked), asked
    several = page(client, campaign, customer="Zoe")
    assert "Which “Zoe”?" in several
    assert f'href="{address(campaign)}?customer=z-2#messages"' in several
    assert "Hello" not in several
    Customer.objects.filter(pk=zoe.pk).update(erased_at=read_now())
    assert "There is no customer “z-1”." in page(client, campaign, customer="z-1")


def test_every_message_comes_to_oneself_with_one_click(client: Client, campaign: Campaign, settings: Any) -> None:
    settings.EMAIL_URL = "memory://"
    MemoryOutbox.messages.clear()
    make_message(campaign, variant="B", subject="{{ customer.name }}, B")
    make_message(campaign, "in_app", title="{% for %}")
    customer = make_customer(name="Zoe", external_id="zoe")
    sign_in(client, campaign, email="ana@example.com")
    where = reverse("calendar:tests-to-me", args=[campaign.pk])
    response = client.post(where, {"customer": "zoe"}, follow=True)
    told = html.unescape(response.content.decode())
    assert "2 tests sent to ana@example.com." in told
    assert "in_app A: " in told
    assert response.redirect_chain[0][0].endswith("?customer=zoe#messages")
    assert [
        f"[Test email {each}]".encode() in mail.data for each, mail in zip("AB", MemoryOutbox.messages, strict=True)
    ] == [True] * 2
    assert not customer.deliveries.exists()


def test_a_viewer_sends_no_tests(client: Client, campaign: Campaign) -> None:
    sign_in(client, campaign, "viewer", email="tom@example.com")
    response = client.post(reverse("calendar:tests-to-me", args=[campaign.pk]), follow=True)
    assert "Only planners and approvers" in response.content.decode()
    assert "Send all to me" not in page(client, campaign)
