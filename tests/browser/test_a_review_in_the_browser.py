"""A whole review, from the agenda to the minutes, with a mouse, with the keyboard, and on a telephone."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from audiences.clock import read_now
from audiences.models import Workspace
from campaigns.models import Campaign, Decision, Finding, MinutesMail
from campaigns.services.overlaps import check_overlaps
from campaigns.services.versions import record_version
from tests.browser.conftest import Visitor
from tests.browser.test_accessibility import grave_faults
from tests.builders import make_campaign, make_customers, make_review, make_segment, make_team, make_user
from tests.campaigns.meetings import low_one

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Visit = Callable[..., Visitor]


@pytest.fixture
def ana() -> User:
    return make_user("ana", team=make_team(), first_name="Ana", email="ana@example.com")


@pytest.fixture
def eli() -> User:
    return make_user("eli", team=make_team(), role="planner", first_name="Eli")


@pytest.fixture
def clash(ana: User) -> Finding:
    """Two drafts that share two people and go out tomorrow; a third one is nobody's."""
    Workspace.current()
    people, now = make_customers(4), read_now()
    day = now.date() + timedelta(days=1)
    for name, its in (("Trial ending", people[:3]), ("Win-back", people[1:])):
        record_version(make_campaign([make_segment(its)], name=name, owner=ana, start_date=day).pk, ana, now)
    make_campaign(name="Nobody’s survey", owner=None, start_date=None)
    check_overlaps(now)
    return Finding.objects.get()


def at_the_review(visitor: Visitor, user: User) -> Page:
    """From the navigation to the week of tomorrow, which is the next one on a Sunday."""
    page = visitor.sign_in(user)
    page.get_by_role("link", name="Review", exact=True).click()
    tomorrow = read_now().date() + timedelta(days=1)
    return visitor.open(tomorrow.strftime("/review/%G-W%V/"))


def test_a_whole_review_from_open_to_minutes(visit: Visit, clash: Finding, ana: User, eli: User) -> None:
    visitor = visit()
    page = at_the_review(visitor, ana)
    expect(page.get_by_role("heading", name="This is what the agenda would be")).to_be_visible()
    page.get_by_role("button", name="Open the review").click()

    page.get_by_role("link", name="Decide item 1", exact=True).click()
    page.locator("[name=decision][value=exclude]").check()
    page.get_by_label("Trial ending").check()
    page.get_by_label("Why?").fill("Win-back first.")
    page.get_by_role("button", name="Decide", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("3 people before, 1 now")

    page.get_by_role("button", name="Take it back item 1").click()
    expect(page.get_by_role("status")).to_contain_text("Taken back")
    page.get_by_role("link", name="Decide item 1", exact=True).click()
    page.locator("[name=decision][value=keep]").check()
    assert page.get_by_label("Trial ending").is_hidden()
    page.get_by_label("Why?").fill("Two days apart.")
    page.get_by_role("button", name="Decide", exact=True).click()

    page.get_by_role("link", name="Decide item 2", exact=True).click()
    page.locator("[name=decision][value=hand_over]").check()
    page.get_by_label("To", exact=True).select_option("Eli")
    page.get_by_label("Why?").fill("Eli asked for it.")
    page.get_by_role("button", name="Decide", exact=True).click()

    page.get_by_label("Anything else for the minutes?").fill("Bring the numbers.")
    page.get_by_role("button", name="Close and write the minutes").click()
    page.wait_for_url("**/minutes/")
    for words in ("Two days apart.", "Offered to Eli, who has to accept it.", "Bring the numbers."):
        expect(page.get_by_text(words)).to_be_visible()
    assert MinutesMail.objects.filter(to=ana).count() == 1

    # Eli accepts what was handed over.
    other = visit()
    page = at_the_review(other, eli)
    page.get_by_role("link", name="Review", exact=True).click()
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("status")).to_have_text("It is yours now.")
    assert Campaign.objects.get(name="Nobody’s survey").owner == eli


def test_a_review_by_keyboard_alone(visit: Visit, clash: Finding, ana: User) -> None:
    visitor = visit()
    page = at_the_review(visitor, ana)
    page.get_by_role("button", name="Open the review").click()
    page.wait_for_selector(".tally")
    page.wait_for_load_state()
    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Item 1"
    page.keyboard.press("m")
    page.wait_for_selector(".decide")
    assert page.locator("[name=decision][value=move]").is_checked()
    page.keyboard.press("Escape")
    page.wait_for_selector(".decide", state="detached")
    page.keyboard.press("e")
    page.wait_for_selector(".decide")
    assert page.evaluate("document.activeElement.id") == "decide-reason"
    page.keyboard.type("My own e, m and s.")
    page.keyboard.press("Enter")
    page.wait_for_selector(".item--decided")
    assert Decision.objects.get().reason == "My own e, m and s."
    # The next item that waits has the focus.
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Item 2"


def test_all_the_low_ones_are_kept_by_keyboard_and_taken_back(visit: Visit, ana: User) -> None:
    review = make_review(f"{read_now() + timedelta(days=1):%G-W%V}")
    for _ in range(14):
        low_one(review)
    visitor = visit()
    page = at_the_review(visitor, ana)
    page.keyboard.press("j")
    page.keyboard.press("l")
    assert page.evaluate("document.activeElement.name") == "reason"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("l")
    page.keyboard.type("Few people, and late.")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Kept: 14 low findings.")
    assert Decision.objects.filter(taken_back_at=None).count() == 14
    page.get_by_role("button", name="Take all of them back").click()
    expect(page.get_by_role("status")).to_contain_text("14 low findings wait again")
    assert not Decision.objects.filter(taken_back_at=None).exists()
    assert grave_faults(page) == []


def test_it_works_without_a_script(visit: Visit, clash: Finding, ana: User) -> None:
    visitor = visit()
    visitor.page.route("**/*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page = at_the_review(visitor, ana)
    page.get_by_role("button", name="Open the review").click()
    page.get_by_role("link", name="Decide item 1", exact=True).click()
    page.locator("[name=decision][value=stop]").check()
    page.get_by_label("Win-back").check()
    page.get_by_label("What was learnt?").fill("Nobody missed it.")
    page.get_by_label("Why?").fill("Too much.")
    page.get_by_role("button", name="Decide", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Stopped for good.")
    visitor.open("/review/stopped/")
    expect(page.get_by_text("Nobody missed it.")).to_be_visible()


def test_somebody_who_was_quicker_is_named(visit: Visit, clash: Finding, ana: User, eli: User) -> None:
    first, second = visit(), visit()
    page = at_the_review(first, ana)
    page.get_by_role("button", name="Open the review").click()
    page.wait_for_selector(".tally")
    slow = at_the_review(second, eli)
    slow.get_by_role("link", name="Decide item 1", exact=True).click()
    page.get_by_role("link", name="Decide item 1", exact=True).click()
    for each in (page, slow):
        each.locator("[name=decision][value=keep]").check()
        each.get_by_label("Why?").fill("Fine.")
    page.get_by_role("button", name="Decide", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Both stay.")
    slow.get_by_role("button", name="Decide", exact=True).click()
    expect(slow.get_by_text("Somebody was quicker: keep, says Ana.")).to_be_visible()
    expect(slow.get_by_text("This was not saved")).to_be_in_viewport()
    # From there on everything leads to the page itself: its links, a reload.
    slow.get_by_role("link", name="Decide item 2", exact=True).click()
    expect(slow.locator(".decide")).to_be_visible()
    slow.go_back()
    slow.reload()
    expect(slow.get_by_role("heading", name="Review of week")).to_be_visible()
    assert "/items/" not in slow.url
    # A 409 is an error to the console, and meant to be one here.
    second.complaints.clear()


def test_no_page_of_the_review_scrolls_sideways_on_a_telephone(visit: Visit, clash: Finding, ana: User) -> None:
    visitor = visit(width=390)
    page = at_the_review(visitor, ana)
    address = page.url.removeprefix(visitor.address)
    assert not visitor.scrolls_sideways
    page.get_by_role("button", name="Open the review").click()
    page.get_by_role("link", name="Decide item 1", exact=True).click()
    page.wait_for_selector(".decide")
    assert not visitor.scrolls_sideways
    visitor.open(address)
    page.get_by_role("button", name="Close and write the minutes").click()
    page.wait_for_url("**/minutes/")
    for path in (f"{address}minutes/", "/review/", "/review/stopped/"):
        visitor.open(path)
        assert not visitor.scrolls_sideways, path
