"""Feeds: the secret address, what it shows, and that it costs little."""

import logging
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

import icalendar
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audiences.clock import read_now
from campaigns.models import Campaign, Feed, Send, Team
from campaigns.services.feeds import create_feed, feed_by_token, feed_file, revoke
from campaigns.services.lifecycle import approve, ask_for_approval, cancel
from campaigns.services.planning import plan_sends
from campaigns.services.reviews import close_review
from campaigns.services.versions import record_version
from tests.builders import NOW, make_campaign, make_customer, make_review, make_segment, make_team, make_user
from tests.campaigns.test_calendar_file import check_lines

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> datetime:
    """The view reads the clock itself."""
    return read_now()


def make_feed(team: Team | None = None) -> tuple[Feed, str]:
    return create_feed(make_user(), team, "Our plan")


def planned(now: datetime, **fields: Any) -> Campaign:
    days = {"start_date": (now + timedelta(days=2)).date()}
    campaign = make_campaign([make_segment([make_customer()])], **{**days, **fields})
    plan_sends(campaign.pk, now)
    return campaign


def events(client: Client, token: str) -> list[Any]:
    answer = client.get(f"/feeds/{token}.ics")
    assert answer.status_code == 200
    check_lines(answer.content)
    return list(icalendar.Calendar.from_ical(answer.content).walk("VEVENT"))


def test_the_token_is_shown_once_and_kept_as_a_hash() -> None:
    feed, token = make_feed()
    assert feed.token_hash == sha256(token.encode()).hexdigest()
    assert token not in str(Feed.objects.values())
    assert feed_by_token(token, NOW) == feed


def test_one_event_per_send_with_a_uid_that_stays(client: Client, now: datetime) -> None:
    campaign = planned(now)
    _, token = make_feed()
    (event,) = events(client, token)
    send = campaign.sends.get()
    assert (str(event["UID"]), event["SEQUENCE"], str(event["STATUS"])) == (
        f"send-{send.pk}@testserver",
        0,
        "TENTATIVE",
    )
    assert str(event["SUMMARY"]) == f"{campaign.name} (Lifecycle)"
    Campaign.objects.filter(pk=campaign.pk).update(start_date=(now + timedelta(days=3)).date())
    record_version(campaign.pk, None, now)
    (moved,) = events(client, token)
    assert (str(moved["UID"]), moved["SEQUENCE"]) == (str(event["UID"]), 1)
    assert moved.start - event.start == timedelta(days=1)


def test_the_status_follows_the_approval_and_the_send(client: Client, now: datetime) -> None:
    campaign = planned(now)
    _, token = make_feed()
    approve(campaign.pk, ask_for_approval(campaign.pk, None, now).number, None, now)
    assert [str(event["STATUS"]) for event in events(client, token)] == ["CONFIRMED"]
    cancel(campaign.pk, None, now)
    (event,) = events(client, token)
    assert (str(event["STATUS"]), event["SEQUENCE"]) == ("CANCELLED", 1)


def test_a_day_of_a_continuous_campaign_is_all_day_and_a_local_send_floats(client: Client, now: datetime) -> None:
    planned(now, trigger="event", event="signed_up")
    local = planned(now, zone="customer")
    _, token = make_feed()
    found = events(client, token)
    assert {type(event.start) for event in found if event["TRANSP"] == "TRANSPARENT"} == {date}
    (floating,) = [event for event in found if event["TRANSP"] == "OPAQUE"]
    assert floating.start == datetime.fromisoformat(local.sends.get().local_due)


def test_a_feed_of_a_team_shows_that_team_alone_and_templates_never(client: Client, now: datetime) -> None:
    planned(now)
    other = planned(now, team=make_team("success"))
    planned(now, is_template=True)
    _, token = make_feed(make_team("success"))
    assert [str(event["SUMMARY"]) for event in events(client, token)] == [f"{other.name} (Success)"]
    assert len(events(client, make_feed()[1])) == 2


def test_an_unknown_a_revoked_and_an_owners_token_that_left_are_all_the_same_404(client: Client) -> None:
    feed, token = make_feed()
    other, orphaned = make_feed()
    assert revoke(feed.pk, NOW)
    assert not revoke(feed.pk, NOW)
    User.objects.filter(pk=other.owner_id).update(is_active=False)
    answers = [client.get(f"/feeds/{word}.ics") for word in (token, orphaned, "nonsense", "%00", "é" * 50)]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, b"There is no such feed.")}


def test_the_token_is_never_logged(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    feed, token = make_feed()
    client.get(f"/feeds/{token}.ics")
    revoke(feed.pk, NOW)
    client.get(f"/feeds/{token}.ics")
    client.post(f"/feeds/{token}.ics")
    assert token not in caplog.text.replace(feed.token_hash, "")


def test_what_is_unchanged_is_not_sent_again(client: Client, now: datetime) -> None:
    campaign = planned(now)
    _, token = make_feed()
    address = f"/feeds/{token}.ics"
    first = client.get(address)
    assert first["Content-Type"] == "text/calendar; charset=utf-8"
    assert first["Cache-Control"] == "private, no-cache"
    for header in ({"if-none-match": first["ETag"]}, {"if-modified-since": first["Last-Modified"]}):
        again = client.get(address, headers=header)
        assert (again.status_code, again.content) == (304, b"")
    head = client.head(address)
    assert (head.status_code, head.content, head["ETag"]) == (200, b"", first["ETag"])
    Campaign.objects.filter(pk=campaign.pk).update(name="Another name")
    record_version(campaign.pk, None, now + timedelta(minutes=1))
    assert client.get(address, headers={"if-none-match": first["ETag"]}).status_code == 200


def test_a_feed_is_only_read(client: Client) -> None:
    _, token = make_feed()
    assert [client.post(f"/feeds/{token}.ics").status_code, client.delete(f"/feeds/{token}.ics").status_code] == [
        405,
        405,
    ]


def test_reading_is_noted_once_an_hour() -> None:
    feed, token = make_feed()
    for minutes in (0, 30, 90):
        feed_by_token(token, NOW + timedelta(minutes=minutes))
    feed.refresh_from_db()
    assert feed.last_read_at == NOW + timedelta(minutes=90)


# The feed, its owner's teams, its version (two), the sends and the reviews; PostgreSQL is asked for the time as well.
FEED_QUERIES = 6 + (connection.vendor == "postgresql")


def test_a_feed_costs_the_same_number_of_queries_for_one_send_and_for_three(client: Client, now: datetime) -> None:
    _, token = make_feed()
    costs = []
    for number in (1, 2):
        for _ in range(number):
            planned(now, owner=make_user())
        client.get(f"/feeds/{token}.ics")
        with CaptureQueriesContext(connection) as queries:
            assert len(events(client, token)) in (1, 3)
        costs.append(len(queries))
    assert costs == [FEED_QUERIES, FEED_QUERIES]


def test_the_frozen_audience_is_not_read(now: datetime) -> None:
    Send.objects.filter(campaign=planned(now)).update(audience=b"x" * 1000)
    with CaptureQueriesContext(connection) as queries:
        feed_file(make_feed()[0], now)
    assert not [query for query in queries if '"audience"' in query["sql"] and "SELECT" in query["sql"]]


def test_a_review_stands_in_every_feed_and_leads_to_its_minutes_once_it_is_closed(
    client: Client, now: datetime
) -> None:
    review = make_review(since=now, opened_at=now)
    _, token = make_feed(make_team("success"))
    address = f"/feeds/{token}.ics"
    (event,) = events(client, token)
    assert (str(event["SUMMARY"]), str(event["URL"])) == ("Review of week 48", "http://testserver/review/2026-W48/")
    first = client.get(address)
    close_review(review.pk, None, now + timedelta(minutes=40))
    assert client.get(address, headers={"if-none-match": first["ETag"]}).status_code == 200
    (closed,) = events(client, token)
    assert str(closed["UID"]) == str(event["UID"]) == f"review-{review.pk}@testserver"
    assert (closed["SEQUENCE"], str(closed["URL"])) == (1, "http://testserver/review/2026-W48/minutes/")
