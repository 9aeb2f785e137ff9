"""The month, the list and a day beside the week: what they hold, and that one leads to the other with its filters."""

import re
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audiences.models import Workspace
from campaigns.models import Send
from tests.builders import NOW, make_campaign, make_customers, make_send, make_team, make_user
from tests.calendar_project.full_week import plan_full_week
from tests.calendar_project.test_week_page import WEEK, deliver, page, visible, withhold

pytestmark = pytest.mark.django_db
MONTH, LIST, DAY = "/calendar/2026-11/", f"{WEEK}list/", "/calendar/2026-11-23/"
VIEWS = [WEEK, LIST, MONTH, DAY]


@pytest.fixture
def signed_in(client: Client) -> Client:
    Workspace.current()
    client.force_login(make_user("ana", team=make_team()))
    return client


def sends_on(html: str) -> set[int]:
    return {int(number) for number in re.findall(r'id="send-(\d+)"', html)}


@pytest.mark.parametrize("address", VIEWS)
def test_a_view_takes_the_same_queries_with_60_and_with_180_sends(signed_in: Client, address: str) -> None:
    counts = []
    for sends in (60, 120):
        plan_full_week(sends)
        with CaptureQueriesContext(connection) as queries:
            page(signed_in, address)
        counts.append(len(queries))
    # PostgreSQL is asked for the time as well, and a day's findings are about campaigns of other days, too.
    expected = 27 + (connection.vendor == "postgresql") + (address == DAY)
    assert counts == [expected] * 2


def test_600_sends_of_a_week_are_all_on_its_page_within_400_kb(signed_in: Client) -> None:
    plan_full_week(600)
    for rows in ("teams", "channels", "audiences", "owners", "milestones"):
        html = page(signed_in, f"{WEEK}?rows={rows}")
        assert len(html.encode()) < 400_000
        assert sends_on(html) == set(Send.objects.values_list("pk", flat=True))


def test_the_list_has_all_600_too(signed_in: Client) -> None:
    plan_full_week(600)
    html = page(signed_in, LIST)
    assert sends_on(html) == set(Send.objects.values_list("pk", flat=True))
    assert html.count('<tr class="row ') == 600
    assert "+" not in visible(html)[visible(html).index("Monday 23 November") :]


def test_the_list_is_in_order_of_day_and_time(signed_in: Client) -> None:
    for name, at in (("Third", timedelta(days=1)), ("Second", timedelta(hours=2)), ("First", timedelta(hours=1))):
        make_send(make_campaign(name=name), NOW + at)
    assert re.findall("Monday|Tuesday|First|Second|Third", visible(page(signed_in, LIST))) == [
        "Monday",
        "First",
        "Second",
        "Tuesday",
        "Third",
    ]


def test_a_month_names_a_few_sends_of_a_day_and_leads_to_the_others(signed_in: Client) -> None:
    for number in range(10):
        make_send(make_campaign(name=f"Number {number}"), NOW + timedelta(minutes=number), expected_volume=10)
    html = page(signed_in, MONTH)
    assert "10 sends 100 messages" in visible(html)
    assert re.findall(r"Number \d", html) == ["Number 0", "Number 1", "Number 2", "Number 3"]
    assert '<a href="/calendar/2026-11-23/">+6 more' in html
    assert page(signed_in, DAY).count('class="card ') == 10


def test_a_month_has_the_rest_of_its_first_and_last_week(signed_in: Client) -> None:
    make_send(make_campaign(name="Before"), NOW - timedelta(days=26))
    make_send(make_campaign(name="After"), NOW + timedelta(days=13))
    text = visible(page(signed_in, MONTH))
    assert "Before" in text
    assert "After" in text


def test_a_send_stands_on_its_day_where_clocks_change(signed_in: Client) -> None:
    Workspace.objects.update(timezone="Europe/Berlin")
    late = datetime.fromisoformat("2026-10-25T22:30:00+00:00")  # half past eleven at night, in winter time already
    make_send(make_campaign(name="Late"), late)
    for address in ("/calendar/2026-W43/", "/calendar/2026-W43/list/", "/calendar/2026-10-25/", "/calendar/2026-10/"):
        assert "23:30" in page(signed_in, address)
    for address in ("/calendar/2026-W44/", "/calendar/2026-10-26/"):
        assert "Late" not in page(signed_in, address)


def test_new_years_day_is_of_week_53_and_of_both_months(signed_in: Client) -> None:
    make_send(make_campaign(name="Happy"), datetime.fromisoformat("2027-01-01T09:00:00+00:00"))
    for address in ("/calendar/2026-W53/", "/calendar/2027-01-01/", "/calendar/2027-01/", "/calendar/2026-12/"):
        assert "Happy" in page(signed_in, address)


@pytest.mark.parametrize("address", VIEWS)
def test_a_view_leads_to_the_others_and_to_its_neighbours_with_the_filters(
    signed_in: Client, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calendar_project.week.views.read_now", lambda: NOW)
    html = page(signed_in, f"{address}?text=x&rows=owners")
    query = "?text=x&amp;rows=owners"
    for other in (WEEK, LIST, MONTH):
        assert f'href="{other}{query}"' in html
    before, after = {
        WEEK: ("/calendar/2026-W47/", "/calendar/2026-W49/"),
        LIST: ("/calendar/2026-W47/list/", "/calendar/2026-W49/list/"),
        MONTH: ("/calendar/2026-10/", "/calendar/2026-12/"),
        DAY: ("/calendar/2026-11-22/", "/calendar/2026-11-24/"),
    }[address]
    assert f'href="{before}{query}"' in html
    assert f'href="{after}{query}"' in html


@pytest.mark.parametrize("address", VIEWS)
def test_a_view_heeds_the_filters(signed_in: Client, address: str) -> None:
    make_send(make_campaign(name="Tips"))
    make_send(make_campaign(name="Offers"))
    text = visible(page(signed_in, f"{address}?text=tips"))
    assert "Tips" in text
    assert "Offers" not in text


@pytest.mark.parametrize("address", ["/calendar/2026-13/", "/calendar/2026-02-30/", "/calendar/2026-W54/list/"])
def test_what_is_no_month_day_or_week_is_not_found(signed_in: Client, address: str) -> None:
    assert signed_in.get(address).status_code == 404


@pytest.mark.parametrize("address", VIEWS)
def test_a_view_needs_no_inline_style_or_script_and_runs_no_name(signed_in: Client, address: str) -> None:
    make_send(make_campaign(name="<script>alert(1)</script>", owner=make_user("eli", first_name="<b>Eli")))
    html = page(signed_in, f"{address}?rows=owners")
    assert not re.search(r"\sstyle=|<style|<script(?! src=)|\son\w+=|<b>Eli", html)


@pytest.mark.parametrize("address", VIEWS)
def test_an_empty_time_says_how_to_plan(signed_in: Client, address: str) -> None:
    assert "Nothing is planned" in page(signed_in, address)


def test_a_day_says_which_share_of_its_messages_a_cap_held(signed_in: Client) -> None:
    send = make_send(make_campaign(status="running"), state="done", audience_size=4)
    deliver(send, ["sent"] * 3)
    withhold(send, make_customers(1))
    assert "25% held by a cap" in visible(page(signed_in))


def test_a_day_sums_up_what_is_always_on(signed_in: Client) -> None:
    for name in ("Welcome", "Thanks"):
        campaign = make_campaign(trigger="event", status="running", name=name)
        make_send(campaign, NOW, slot="2026-11-23", expected_volume=20, state="sending")
        make_send(campaign, NOW + timedelta(days=1), slot="2026-11-24", expected_volume=20)
        deliver(campaign.sends.get(slot="2026-11-23"), ["sent"] * 7)
    text = visible(page(signed_in))
    assert "14 of ~40 always on" in text
    assert " ~40 always on" in text


def test_experiments_that_do_not_fit_the_head_of_a_day_open(signed_in: Client) -> None:
    for number in range(5):
        make_send(make_campaign(name=f"Test {number}", experiment_ends=NOW.date()))
    assert "+3 more end" in visible(page(signed_in))
