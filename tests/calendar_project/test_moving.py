"""Moving a send on the week: who may, what the dry run says, what the move does, and how it is refused."""

import re
from datetime import datetime, time, timedelta
from html import unescape
from threading import Event, Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audiences.clock import read_now
from audiences.models import Workspace
from calendar_project.moving.addresses import card_address
from campaigns.models import Campaign, Send
from campaigns.services import lifecycle, sends
from campaigns.services.overlaps import check_overlaps
from campaigns.services.versions import lock_campaign, record_version
from tests.builders import make_campaign, make_customer, make_customers, make_segment, make_team, make_user
from tests.deliveries.scenes import make_cap

pytestmark = pytest.mark.django_db
FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture
def today() -> datetime:
    """Midnight: pages read the clock themselves."""
    Workspace.current()
    return read_now().replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)


@pytest.fixture
def send(today: datetime) -> Send:
    """A draft's, in three days at nine."""
    return planned(today, 3)


def planned(today: datetime, days: int, **fields: Any) -> Send:
    defaults = {"name": "Trial ending", "start_date": (today + timedelta(days=days)).date(), "local_time": time(9)}
    campaign = make_campaign([make_segment(make_customers(4))], **{**defaults, **fields})
    record_version(campaign.pk, None, read_now())
    return campaign.sends.earliest("due_at")


def sign_in(client: Client, role: str = "planner", team: str = "lifecycle") -> User:
    user = make_user(team=make_team(team), role=role, first_name="Ana")
    client.force_login(user)
    return user


def address(send: Send) -> str:
    return reverse("calendar:move-send", args=[send.pk])


def to(moment: datetime, **values: Any) -> dict[str, Any]:
    return {"date": f"{moment:%Y-%m-%d}", "time": f"{moment:%H:%M}", **values}


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", response.content.decode()))).strip()


def approve(send: Send) -> None:
    version = lifecycle.ask_for_approval(send.campaign_id, None, read_now())
    lifecycle.approve(send.campaign_id, version.number, None, read_now())


def test_the_page_asks_for_a_day_and_an_hour_and_begins_with_its_own(client: Client, send: Send) -> None:
    sign_in(client)
    html = client.get(address(send)).content.decode()
    assert f'value="{send.due_at:%Y-%m-%d}"' in html
    assert 'value="09:00"' in html
    assert "Move it" not in html


def test_the_dry_run_says_what_is_solved_what_is_new_who_is_at_cap_and_what_is_void(
    client: Client, send: Send, today: datetime
) -> None:
    make_cap(1, days=2)
    for name, days in (("Digest", 3), ("Nudge", 10)):
        planned(today, days, name=name, priority=90).campaign.include.set(send.campaign.include.all())
    for each in Send.objects.all():
        approve(each)
    sign_in(client)
    told = text(client.get(address(send), to(today + timedelta(days=20, hours=10))))
    assert "1 finding solved, none new; 4 fewer people at cap; the approval is void." in told
    assert "Its approval is void: until Lifecycle approves it again, no send of it begins." in told
    assert "Solved (1) high duplicate with Digest : 4 in both (100%), same channel, topic and goal" in told
    told = text(client.get(address(send), to(today + timedelta(days=10, hours=10))))
    assert "1 finding solved, 1 new; as many people at cap; the approval is void." in told
    assert "New (1) high duplicate with Nudge" in told
    send.refresh_from_db()
    assert (send.sequence, send.campaign.status) == (0, "approved")


def test_a_draft_has_no_approval_to_lose(client: Client, send: Send, today: datetime) -> None:
    sign_in(client)
    told = text(client.get(address(send), to(today + timedelta(days=5))))
    assert "No finding solved, none new; as many people at cap." in told
    assert "approval" not in told


def test_what_stood_in_review_or_was_stopped_on_its_way_is_told(client: Client, today: datetime) -> None:
    sign_in(client)
    send = planned(today, 3, trigger="recurring", rrule="FREQ=DAILY;COUNT=3")
    lifecycle.ask_for_approval(send.campaign_id, None, read_now())
    assert "taken out of review" in text(client.get(address(send), to(today + timedelta(days=9))))
    approve_again = send.campaign.versions.get().number
    lifecycle.approve(send.campaign_id, approve_again, None, read_now())
    lifecycle.pause(send.campaign_id, None, read_now())
    Send.objects.filter(pk=send.pk).update(state="paused")
    other = send.campaign.sends.filter(state="scheduled").earliest("due_at")
    told = text(client.get(address(other), to(today + timedelta(days=9))))
    assert "What was stopped on its way is cancelled: 1 send of it." in told


def test_a_script_gets_the_part_alone(client: Client, send: Send, today: datetime) -> None:
    sign_in(client)
    part = client.get(address(send), to(today + timedelta(days=5)), headers=FETCH)
    assert "<html" not in part.content.decode()
    assert part["Vary"].startswith("X-Requested-With") or "X-Requested-With" in part["Vary"]


def test_a_move_is_done_told_with_an_undo_and_kept_in_the_history(client: Client, send: Send, today: datetime) -> None:
    approve(send)
    user = sign_in(client)
    there = today + timedelta(days=5, hours=9)
    values = to(there, sequence=send.sequence, why="after the fair", back="/calendar/?team=1")
    response = client.post(address(send), values)
    week = there.strftime("/calendar/%G-W%V/")
    assert (response.status_code, response["Location"]) == (302, f"{week}?team=1#send-{send.pk}")
    send.refresh_from_db()
    assert (send.due_at.replace(tzinfo=None), send.moved_by_hand) == (there, True)
    assert Campaign.objects.get().status == "draft"
    entry = send.campaign.history.get(action="move send")
    assert (entry.by, entry.note.endswith(": after the fair")) == (user, True)
    page = client.get(response["Location"])
    assert "Its approval is void: ask for approval again. Undo moves it back and does not restore" in text(page)

    undo = dict(re.findall(r'name="(\w+)"\s+value="([^"]*)"', undo_form(page)))
    response = client.post(address(send), undo)
    page = client.get(response["Location"])
    assert "is back on" in text(page)
    assert "The approval that it had is not restored" in text(page)
    assert "move__undo" not in page.content.decode()
    send.refresh_from_db()
    assert (f"{send.due_at:%H:%M}", send.moved_by_hand, Campaign.objects.get().status) == ("09:00", False, "draft")


def test_in_a_workspace_elsewhere_every_hour_is_by_its_own_clock(client: Client, send: Send, today: datetime) -> None:
    Workspace.objects.update(timezone="Asia/Tokyo")
    sign_in(client)
    was = send.due_at
    assert "18:00 →" in text(client.get(address(send), to(today + timedelta(days=5, hours=10))))
    page = client.post(address(send), to(today + timedelta(days=5, hours=10), sequence=0), follow=True)
    assert re.search(r"moved from \w+ \d+ \w+ 18:00 to .* 10:00", text(page))
    client.post(address(send), dict(re.findall(r'name="(\w+)"\s+value="([^"]*)"', undo_form(page))))
    send.refresh_from_db()
    assert send.due_at == was


def undo_form(page: Any) -> str:
    return str(page.content.decode().split("move__undo")[1].split("</form>")[0])


def test_a_script_is_told_where_the_card_stands_now(client: Client, send: Send, today: datetime) -> None:
    sign_in(client)
    there = today + timedelta(days=5, hours=9)
    response = client.post(address(send), to(there, sequence=0), headers=FETCH)
    assert (response.status_code, response.content) == (204, b"")
    assert response["Location"] == f"{there:/calendar/%G-W%V/}#send-{send.pk}"


def test_a_second_click_is_no_mistake(client: Client, send: Send, today: datetime) -> None:
    sign_in(client)
    values = to(today + timedelta(days=5, hours=9), sequence=0)
    client.post(address(send), values)
    response = client.post(address(send), values, follow=True)
    assert response.status_code == 200
    assert "stands on" in text(response)
    assert send.campaign.history.filter(action="move send").count() == 1


@pytest.mark.parametrize("headers", [FETCH, {}])
def test_whoever_was_slower_is_refused_with_what_stands_there_now(
    client: Client, send: Send, today: datetime, headers: dict[str, str]
) -> None:
    eli = make_user("eli", team=send.campaign.team, role="planner", first_name="Eli")
    sends.move(send.pk, today + timedelta(days=6, hours=10), eli, read_now(), 0, "the hall is free")
    sign_in(client)
    response = client.post(address(send), to(today + timedelta(days=5), sequence=0, why="mine"), headers=headers)
    assert response.status_code == 409
    told = text(response)
    assert "Somebody has moved this send meanwhile" in told
    assert f"It stands on {today + timedelta(days=6):%a} {(today + timedelta(days=6)).day}" in told
    assert "the hall is free" in told
    # Nothing that was chosen is lost, and the fresh sequence goes with it.
    assert 'name="sequence" value="1"' in response.content.decode()
    assert 'value="mine"' in response.content.decode()


@pytest.mark.parametrize(
    ("minutes", "sentence"),
    [(-60, "That moment has passed: choose a later one."), (5, "less than 15 minutes ahead: choose a later one.")],
)
def test_a_moment_that_is_past_or_too_near_is_refused(client: Client, send: Send, minutes: int, sentence: str) -> None:
    sign_in(client)
    values = to(read_now() + timedelta(minutes=minutes), sequence=0)
    looked = client.get(address(send), values)
    assert (looked.status_code, "Move it" in text(looked)) == (200, False)
    assert sentence in text(looked)
    done = client.post(address(send), values)
    assert (done.status_code, sentence in text(done)) == (409, True)


def test_a_send_that_is_about_to_leave_is_refused(client: Client, send: Send, today: datetime) -> None:
    Send.objects.filter(pk=send.pk).update(due_at=read_now() + timedelta(minutes=5))
    sign_in(client)
    assert "nothing is moved in the last 15 minutes" in text(client.get(address(send)))
    assert client.post(address(send), to(today + timedelta(days=5), sequence=0)).status_code == 409


def test_a_day_of_a_continuous_campaign_is_refused(client: Client, today: datetime) -> None:
    day = planned(today, 1, trigger="event", event="signed_up")
    sign_in(client)
    assert "goes out when customers do something" in text(client.get(address(day)))
    assert client.post(address(day), to(today + timedelta(days=5), sequence=0)).status_code == 409


def test_a_template_is_refused(client: Client, send: Send, today: datetime) -> None:
    Campaign.objects.update(is_template=True)
    sign_in(client)
    assert client.post(address(send), to(today + timedelta(days=5), sequence=0)).status_code == 409


@pytest.mark.parametrize(
    "values", [{}, {"date": "soon", "time": "09:00"}, {"date": "2027-02-30", "time": "25:00"}, {"date": "2027-01-05"}]
)
def test_what_is_no_moment_is_told_and_moves_nothing(client: Client, send: Send, values: dict[str, str]) -> None:
    sign_in(client)
    assert client.get(address(send), values).status_code == 200
    assert client.post(address(send), {**values, "sequence": 0}).status_code == 400
    send.refresh_from_db()
    assert send.sequence == 0


@pytest.mark.parametrize("values", [{"date": "0001-01-01", "time": "00:00"}, {"date": "9999-12-31", "time": "23:59"}])
def test_the_ends_of_time_are_refused_with_a_sentence(client: Client, send: Send, values: dict[str, str]) -> None:
    sign_in(client)
    assert "between 1900 and 2400" in text(client.get(address(send), values))


@pytest.mark.parametrize(("role", "team"), [("viewer", "lifecycle"), ("approver", "success")])
def test_without_the_right_there_is_no_handle_and_a_403(client: Client, send: Send, role: str, team: str) -> None:
    sign_in(client, role, team)
    week = f"{send.due_at:/calendar/%G-W%V/}"
    assert "card__move" not in client.get(week).content.decode()
    for response in (client.get(address(send)), client.post(address(send), to(send.due_at, sequence=0))):
        assert response.status_code == 403
        assert "Only planners and approvers of Lifecycle can move sends of Trial ending." in text(response)


def test_nobody_moves_without_signing_in_or_without_the_token(send: Send, today: datetime) -> None:
    assert Client().post(address(send), to(today + timedelta(days=5))).status_code == 302
    strict = Client(enforce_csrf_checks=True)
    sign_in(strict)
    assert strict.post(address(send), to(today + timedelta(days=5), sequence=0)).status_code == 403
    assert Client().get("/calendar/sends/999999/move/").status_code == 302
    assert strict.get("/calendar/sends/999999/move/").status_code == 404


def test_handles_are_on_the_cards_that_can_be_moved_alone(client: Client, send: Send, today: datetime) -> None:
    planned(today, 3, trigger="event", event="signed_up", name="Always on")
    over = planned(today, 3, name="Stopped")
    Send.objects.filter(pk=over.pk).update(state="cancelled")
    sign_in(client)
    html = client.get(f"{send.due_at:/calendar/%G-W%V/}").content.decode()
    assert re.findall(r'card__move"\s+href="([^"]+)"', html) == [address(send)]
    assert html.count("moving.js") == 1


def test_an_hour_that_clocks_leap_over_is_told_with_where_it_goes(client: Client, send: Send) -> None:
    Workspace.objects.update(timezone="Europe/Berlin")
    sign_in(client)
    leap = last_sunday_of_march(read_now().year + 1)
    assert "Clocks go forward over that hour: it goes at 03:30." in text(client.get(address(send), to(leap)))


def last_sunday_of_march(year: int) -> datetime:
    last = datetime(year, 3, 31, 2, 30)  # noqa: DTZ001 a wall clock
    return last - timedelta(days=(last.weekday() + 1) % 7)


def test_at_everyones_own_hour_it_is_moved_by_that_clock(client: Client, today: datetime) -> None:
    send = planned(today, 3, zone="customer")
    sign_in(client)
    there = today + timedelta(days=6, hours=11)
    assert "at each customer’s own hour" in text(client.get(address(send), to(there)))
    response = client.post(address(send), to(there, sequence=0))
    assert response["Location"].startswith(f"{there:/calendar/%G-W%V/}")
    send.refresh_from_db()
    assert send.local_due == f"{there:%Y-%m-%dT%H:%M}"


def test_the_dry_run_waits_for_nobody_who_writes(client: Client, today: datetime) -> None:
    """See the one below; here, that it has nothing to wait with."""
    make_cap(1)
    send = planned(today, 3, priority=90)
    planned(today, 3).campaign.include.set(send.campaign.include.all())
    sign_in(client)
    with CaptureQueriesContext(connection) as queries:
        client.get(address(send), to(today + timedelta(days=5)))
    assert not [query["sql"] for query in queries if not query["sql"].startswith("SELECT") or " FOR " in query["sql"]]


@pytest.mark.django_db(transaction=True)
def test_the_dry_run_answers_while_somebody_holds_the_campaign(client: Client, send: Send, today: datetime) -> None:
    sign_in(client)
    with holding(send.campaign_id):
        assert "Move it" in text(client.get(address(send), to(today + timedelta(days=5))))


class holding:  # noqa: N801 - used like a function
    """Somebody else in the middle of a change of the campaign, until the end of the block."""

    def __init__(self, campaign_id: int) -> None:
        self.campaign_id, self.holds, self.done = campaign_id, Event(), Event()
        self.thread = Thread(target=self.hold)

    def hold(self) -> None:
        with transaction.atomic():
            lock_campaign(self.campaign_id)
            self.holds.set()
            self.done.wait(20)
        connection.close()

    def __enter__(self) -> None:
        self.thread.start()
        assert self.holds.wait(20)

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.thread.join()


@pytest.mark.parametrize("others", [1, 3])
def test_a_dry_run_costs_the_same_queries_whatever_overlaps(client: Client, today: datetime, others: int) -> None:
    # One customer, so that the forecast is of one shard; without caps nothing has to be asked of the others.
    segment = make_segment([make_customer()])
    made = [planned(today, 3, name=f"Number {number}") for number in range(others + 1)]
    for each in made:
        each.campaign.include.set([segment])
    check_overlaps(read_now())
    sign_in(client)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address(made[0]), to(today + timedelta(days=30))).status_code == 200
    assert len(queries) == (34 if connection.vendor == "postgresql" else 33)


def test_the_overlaps_are_checked_again_at_once(
    client: Client,
    send: Send,
    today: datetime,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    asked: list[int] = []
    monkeypatch.setattr("campaigns.tasks.check_overlaps.delay", asked.append)
    sign_in(client)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(address(send), to(today + timedelta(days=5), sequence=0))
        client.post(reverse("calendar:move-campaign", args=[send.campaign_id, "ask"]), {"version": 2})
    assert asked == [send.campaign_id, send.campaign_id]


def test_a_broker_that_is_away_makes_no_failure_of_what_was_done(
    client: Client,
    send: Send,
    today: datetime,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    def away(campaign_id: int) -> None:
        raise ConnectionError("nobody there")

    monkeypatch.setattr("campaigns.tasks.check_overlaps.delay", away)
    sign_in(client)
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(address(send), to(today + timedelta(days=5), sequence=0)).status_code == 302


DAY = datetime(2026, 11, 25).date()  # noqa: DTZ001 a day


@pytest.mark.parametrize(
    ("back", "address"),
    [
        ("", "/calendar/2026-W48/#send-7"),
        ("/calendar/", "/calendar/2026-W48/#send-7"),
        ("/calendar/2026-W47/?team=1&text=x#send-3", "/calendar/2026-W48/?team=1&text=x#send-7"),
        ("/calendar/campaigns/3/?page=2", "/calendar/campaigns/3/?page=2#send-7"),
        ("https://evil.example/", "/calendar/2026-W48/#send-7"),
        ("//evil.example/calendar/", "/calendar/2026-W48/#send-7"),
        ("/\\evil.example", "/calendar/2026-W48/#send-7"),
        ("/admin/", "/calendar/2026-W48/#send-7"),
        ("/calendar/2026-W47/\n?a\r\nSet-Cookie: x", "/calendar/2026-W48/#send-7"),
        ("/calendar/?a\r\nSet-Cookie: x", "/calendar/2026-W48/?a%0D%0ASet-Cookie:%20x#send-7"),
    ],
)
def test_one_comes_back_to_where_one_was_in_the_week_of_the_send(back: str, address: str) -> None:
    assert card_address(7, DAY, back) == address
