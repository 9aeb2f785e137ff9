"""A send is moved by hand: dragged, by the keyboard, from a telephone, and when somebody else was quicker."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest
from playwright.sync_api import Page, expect

from audiences.clock import read_now
from audiences.models import Workspace
from campaigns.models import Campaign, Send
from campaigns.services import lifecycle, sends
from campaigns.services.overlaps import check_overlaps
from campaigns.services.versions import record_version
from tests.browser.conftest import Visitor
from tests.builders import make_campaign, make_customers, make_segment, make_team, make_user
from tests.deliveries.scenes import make_cap

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Visit = Callable[..., Visitor]


@pytest.fixture
def monday() -> date:
    """Of next week, so that every day of it is ahead."""
    Workspace.current()
    make_cap(1, days=2)
    today = read_now().date()
    return today + timedelta(days=7 - today.weekday())


@pytest.fixture
def week(monday: date) -> dict[str, Campaign]:
    """Two that collide on Tuesday, approved, and one that is alone on Friday."""
    segment = make_segment(make_customers(12), slug="trial-users")
    made = {
        name: make_campaign(
            [segment], name=name, start_date=monday + timedelta(days=day), local_time=time(hour), **more
        )
        for name, day, hour, more in (
            ("Renewal notice", 1, 8, {"priority": 90}),
            ("Trial ending", 1, 9, {}),
            ("Survey", 4, 9, {"goal_event": "", "channels": ["in_app"]}),
        )
    }
    for campaign in made.values():
        record_version(campaign.pk, None, read_now())
        version = lifecycle.ask_for_approval(campaign.pk, None, read_now())
        lifecycle.approve(campaign.pk, version.number, None, read_now())
    check_overlaps(read_now())
    return made


def open_week(visitor: Visitor, monday: date, role: str = "planner") -> Page:
    visitor.sign_in(make_user(team=make_team(), role=role, first_name="Ana"))
    return visitor.open(f"{monday:/calendar/%G-W%V/}")


def due(campaign: Campaign) -> datetime:
    return Send.objects.get(campaign=campaign).due_at


def test_a_card_is_dragged_to_another_day_and_back(visit: Visit, week: dict[str, Campaign], monday: date) -> None:
    visitor = visit()
    page = open_week(visitor, monday)
    trial = week["Trial ending"]
    before = due(trial)
    page.locator(".card", has_text="Trial ending").drag_to(page.locator(".day--7 .day__head"))
    dialog = page.get_by_role("dialog", name="Move Trial ending")
    expect(dialog).to_contain_text("1 finding solved, none new; 12 fewer people at cap; the approval is void.")
    expect(dialog).to_contain_text("duplicate with Renewal notice")
    assert due(trial) == before, "a look moves nothing"
    dialog.get_by_label("Why").fill("after the renewals")
    dialog.get_by_role("button", name="Move it").click()
    expect(page.locator(".day--7 .card", has_text="Trial ending")).to_be_visible()
    assert due(trial) == before + timedelta(days=5)
    assert trial.history.get(action="move send").note.endswith(": after the renewals")
    expect(page.locator("#move-said")).to_contain_text("“Trial ending” moved from")
    expect(page.locator(".day--7 .card a", has_text="Trial ending").first).to_be_focused()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".day--2 .card", has_text="Trial ending")).to_be_visible()
    expect(page.locator(".notices")).to_contain_text("The approval that it had is not restored")
    assert due(trial) == before


def test_a_card_dropped_where_it_was_asks_nothing(visit: Visit, week: dict[str, Campaign], monday: date) -> None:
    page = open_week(visit(), monday)
    page.locator(".card", has_text="Trial ending").drag_to(page.locator(".day--2 .day__head"))
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_card_is_moved_and_left_by_the_keyboard_alone(visit: Visit, week: dict[str, Campaign], monday: date) -> None:
    page = open_week(visit(), monday)
    trial = week["Trial ending"]
    before = due(trial)
    page.get_by_role("link", name="Renewal notice", exact=True).first.focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent") == "Trial ending"
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.textContent") == "Survey"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Alt+ArrowRight")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Move it")).to_be_focused()
    expect(page.locator("#move-told")).to_contain_text("No finding solved, none new")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.locator("#move-said")).to_have_text("Left where it is: nothing was moved.")
    assert page.evaluate("document.activeElement.textContent") == "Trial ending"
    assert due(trial) == before

    page.keyboard.press("Alt+ArrowRight")
    expect(dialog.locator("#move-date")).to_have_value(f"{monday + timedelta(days=2)}")
    page.keyboard.press("Alt+ArrowDown")
    expect(dialog.locator("#move-time")).to_have_value("10:00")
    expect(dialog.get_by_role("button", name="Move it")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".day--3 .card", has_text="Trial ending")).to_be_visible()
    assert due(trial) == before + timedelta(days=1, hours=1)
    expect(page.locator(".day--3 .card a", has_text="Trial ending").first).to_be_focused()


def test_over_the_end_of_the_week_the_page_goes_along(visit: Visit, week: dict[str, Campaign], monday: date) -> None:
    page = open_week(visit(), monday)
    page.get_by_role("link", name="Survey", exact=True).first.focus()
    for count in range(3):
        page.keyboard.press("Alt+ArrowRight")
        expect(page.locator("#move-date")).to_have_value(f"{monday + timedelta(days=5 + count)}")
    page.get_by_role("button", name="Move it").click()
    page.wait_for_url(f"**{monday + timedelta(days=7):/calendar/%G-W%V/}#send-*")
    expect(page.locator(".day--1 .card a", has_text="Survey").first).to_be_focused()


def test_whoever_was_slower_is_told_and_loses_nothing(visit: Visit, week: dict[str, Campaign], monday: date) -> None:
    visitor = visit()
    page = open_week(visitor, monday)
    trial = week["Trial ending"]
    page.locator(".card", has_text="Trial ending").drag_to(page.locator(".day--4 .day__head"))
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Why").fill("the hall is free")
    eli = make_user("eli", team=make_team(), role="planner", first_name="Eli")
    sends.move(Send.objects.get(campaign=trial).pk, datetime.combine(monday, time(15)), eli, read_now())
    dialog.get_by_role("button", name="Move it").click()
    expect(dialog).to_contain_text("Somebody has moved this send meanwhile: look at it again.")
    expect(dialog).to_contain_text("It stands on Mon")
    expect(dialog).to_contain_text("Eli")
    expect(dialog.get_by_label("Why")).to_have_value("the hall is free")
    assert f"{due(trial):%a %H:%M}" == "Mon 15:00"
    dialog.get_by_role("button", name="Move it").click()
    expect(page.locator(".day--4 .card", has_text="Trial ending")).to_be_visible()
    # The browser itself notes down every answer that is a refusal.
    assert [each for each in visitor.complaints if "409" not in each] == []
    visitor.complaints.clear()


def test_a_network_that_is_away_is_told_and_loses_nothing(
    visit: Visit, week: dict[str, Campaign], monday: date
) -> None:
    visitor = visit()
    page = open_week(visitor, monday)
    page.get_by_role("link", name="Survey", exact=True).first.focus()
    page.keyboard.press("Alt+ArrowLeft")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Why").fill("Thursday is calmer")
    visitor.context.set_offline(True)
    dialog.get_by_role("button", name="Move it").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Almanac did not answer.")
    expect(dialog.get_by_label("Why")).to_have_value("Thursday is calmer")
    visitor.context.set_offline(False)
    dialog.get_by_role("button", name="Move it").click()
    expect(page.locator(".day--4 .card", has_text="Survey")).to_be_visible()
    assert [each for each in visitor.complaints if "ERR_INTERNET_DISCONNECTED" not in each] == []
    visitor.complaints.clear()


def test_on_a_telephone_a_send_is_moved_to_a_day_and_an_hour(
    visit: Visit, week: dict[str, Campaign], monday: date
) -> None:
    visitor = visit(width=390)
    page = open_week(visitor, monday)
    page.get_by_role("link", name="Move to… Survey").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Day").fill(f"{monday + timedelta(days=6)}")
    dialog.get_by_label("Hour").fill("18:30")
    dialog.get_by_role("button", name="Show what it does").click()
    expect(dialog.get_by_role("button", name="Move it")).to_be_visible()
    assert not visitor.scrolls_sideways
    dialog.get_by_role("button", name="Move it").click()
    expect(page.locator(".day--7 .card", has_text="Survey")).to_be_visible()
    assert not visitor.scrolls_sideways


def test_without_a_script_it_is_a_page_of_its_own(visit: Visit, week: dict[str, Campaign], monday: date) -> None:
    visitor = visit(javascript=False)
    page = open_week(visitor, monday)
    page.locator(".card", has_text="Survey").hover()
    page.get_by_role("link", name="Move to… Survey").click()
    page.get_by_label("Day").fill(f"{monday + timedelta(days=5)}")
    page.get_by_role("button", name="Show what it does").click()
    page.get_by_role("button", name="Move it").click()
    expect(page.locator(".day--6 .card", has_text="Survey")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".day--5 .card", has_text="Survey")).to_be_visible()


def test_a_viewer_has_nothing_to_take_hold_of(visit: Visit, week: dict[str, Campaign], monday: date) -> None:
    page = open_week(visit(), monday, role="viewer")
    expect(page.locator(".card__move")).to_have_count(0)
    page.get_by_role("link", name="Survey", exact=True).first.focus()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.get_by_role("dialog")).to_have_count(0)
