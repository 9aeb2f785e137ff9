"""Has the page changed? A tag that changes with whatever the page shows, and is cheap."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audiences.models import Workspace
from calendar_project.live.versions import PageVersion, campaign_version, days_version
from campaigns.models import CalendarEntry, Campaign, Finding, ImportedCalendar, Send
from campaigns.queries.approvals import section_digests
from campaigns.services import handoffs
from campaigns.services.approvals import Seen, approve_section
from campaigns.services.lifecycle import pause
from campaigns.services.sends import cancel
from deliveries.models import Delivery, ShardAdmission
from tests.builders import NOW, make_campaign, make_delivery, make_running_send, make_send, make_team, make_user
from tests.calendar_project.admin_rows import finding
from tests.calendar_project.test_week_page import WEEK

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 11, 23)
CHANGES = "/calendar/changes/2026-11-23/7/"


@pytest.fixture
def send() -> Send:
    return make_running_send(make_campaign(name="Trial ending"))


@pytest.fixture
def signed_in(client: Client) -> Client:
    Workspace.current()
    client.force_login(make_user("ana", team=make_team()))
    return client


def version() -> PageVersion:
    return days_version(MONDAY, 7, None)


def import_calendar() -> None:
    calendar = ImportedCalendar.objects.create(name="Fairs")
    CalendarEntry.objects.create(calendar=calendar, uid="1", name="Fair", first_day=MONDAY, last_day=MONDAY)


def offer_it(send: Send) -> None:
    approver = make_user("eva", team=send.campaign.team, role="approver")
    handoffs.offer(send.campaign_id, make_user("ben", team=send.campaign.team).pk, approver, NOW)


def approve_its_goal(send: Send) -> None:
    Campaign.objects.filter(pk=send.campaign_id).update(status="in_review")
    approver = make_user("eva", team=send.campaign.team, role="approver")
    version = send.campaign.versions.latest("number")
    seen = Seen("goal", section_digests(version)["goal"], version.number)
    approve_section(send.campaign_id, seen, approver, NOW)


PLANNED: dict[str, Callable[[Send], object]] = {
    "another send": lambda send: make_send(send.campaign, NOW + timedelta(hours=1)),
    "one moves out of the week": lambda send: Send.objects.filter(pk=send.pk).update(due_at=NOW + timedelta(days=30)),
    "one is cancelled": lambda send: cancel(send.pk, None, NOW),
    "its campaign is paused": lambda send: pause(send.campaign_id, None, NOW),
    "its campaign is edited": lambda send: Campaign.objects.filter(pk=send.campaign_id).update(updated_at=NOW),
    "it is offered to somebody": lambda send: offer_it(send),
    "a section of it is approved": lambda send: approve_its_goal(send),
    "a finding": lambda _: finding(),
    "a calendar is imported": lambda _: import_calendar(),
}


@pytest.mark.parametrize("change", PLANNED.values(), ids=PLANNED)
def test_the_plan_has_another_version_after_every_change(send: Send, change: Callable[[Send], object]) -> None:
    before = version()
    assert version() == before
    change(send)
    assert version().plan != before.plan


def test_a_finding_that_is_settled_is_a_change(send: Send) -> None:
    found = finding()
    before = version()
    Finding.objects.filter(pk=found.pk).update(state="acknowledged")
    assert version().plan != before.plan


def test_of_two_changes_at_once_the_one_that_is_seen_later_is_a_change_too(send: Send) -> None:
    """The earlier moment may be committed after the later one was seen."""
    other = make_send(send.campaign, NOW + timedelta(hours=1))
    Send.objects.filter(pk=other.pk).update(changed_at=NOW + timedelta(seconds=2))
    before = version()
    Send.objects.filter(pk=send.pk).update(changed_at=NOW + timedelta(seconds=1))
    assert version().plan != before.plan


def test_what_goes_out_changes_the_progress_alone(send: Send) -> None:
    delivery = make_delivery(send)
    before = version()
    Delivery.objects.filter(pk=delivery.pk).update(state="sent", finished_at=NOW)
    sent = version()
    ShardAdmission.objects.create(send=send, shard=0, due_at=NOW, admitted_at=NOW)
    assert (sent.plan, version().plan) == (before.plan, before.plan)
    assert len({before.progress, sent.progress, version().progress}) == 3


def test_what_is_weeks_away_is_no_change(send: Send) -> None:
    before = version()
    make_send(make_campaign(), NOW + timedelta(days=30))
    assert version() == before


def test_the_page_of_a_campaign_follows_its_own_sends(send: Send) -> None:
    before = campaign_version(send.campaign_id, None)
    make_send(make_campaign(), NOW)
    assert campaign_version(send.campaign_id, None) == before
    cancel(send.pk, None, NOW)
    assert campaign_version(send.campaign_id, None).plan != before.plan


@pytest.mark.parametrize("sends", [1, 3])
def test_asking_again_is_a_304_in_two_statements_whatever_there_is(signed_in: Client, sends: int) -> None:
    for number in range(sends):
        make_send(make_campaign(), NOW + timedelta(hours=number))
    first = signed_in.get(CHANGES)
    assert (first.status_code, first["Cache-Control"]) == (200, "private, no-cache")
    with CaptureQueriesContext(connection) as queries:
        again = signed_in.get(CHANGES, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert len(queries) == 2 + 3  # who is asking: the session, the user and their teams
    make_send(make_campaign(), NOW)
    assert signed_in.get(CHANGES, headers={"if-none-match": first["ETag"]}).status_code == 200


def test_the_tag_in_the_page_is_the_one_that_is_asked_with(signed_in: Client) -> None:
    make_send(make_campaign(), NOW)
    html = signed_in.get(WEEK).content.decode()
    tag = html.partition('data-tag="')[2].partition('"')[0]
    assert f'data-address="{CHANGES}"' in html
    assert signed_in.get(CHANGES, headers={"if-none-match": f'"{tag}"'}).status_code == 304


@pytest.mark.parametrize("address", ["2026-13-01/7", "soon/7", "2026-11-23/0", "2026-11-23/63", "0001-01-01/7"])
def test_there_are_no_other_stretches(signed_in: Client, address: str) -> None:
    assert signed_in.get(f"/calendar/changes/{address}/").status_code == 404


def test_a_page_that_brings_itself_up_to_date_uses_up_no_message(signed_in: Client) -> None:
    signed_in.post("/calendar/views/", {"name": "", "back": WEEK})
    assert "A view needs a name" not in signed_in.get(WEEK, headers={"x-live": "1"}).content.decode()
    assert "A view needs a name" in signed_in.get(WEEK).content.decode()
