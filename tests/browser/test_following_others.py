"""Two people on one week: what one changes, the other sees within seconds, and keeps their place."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from playwright.sync_api import Page, expect

from audiences.clock import read_now
from audiences.models import Workspace
from campaigns.models import Campaign, Send
from campaigns.services.versions import record_version
from deliveries.models import Delivery
from tests.browser.conftest import Visitor
from tests.builders import make_campaign, make_customers, make_delivery, make_running_send, make_segment, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Visit = Callable[..., Visitor]
WITHIN = 15_000  # seconds are three questions; the machine may be busy


@pytest.fixture
def campaigns() -> list[Campaign]:
    """More than a cell shows, all on the same day, the first of them a draft to be asked for."""
    Workspace.current()
    now = read_now()
    segment = make_segment(make_customers(3), slug="trial-users")
    made = [
        make_campaign([segment], name=f"Trial ending {number}", start_date=now.date() + timedelta(days=1))
        for number in range(9)
    ]
    for campaign in made:
        record_version(campaign.pk, None, now)
    return made


def week_of(campaign: Campaign) -> str:
    assert campaign.start_date
    return campaign.start_date.strftime("/calendar/%G-W%V/")


def watch(visit: Visit, campaign: Campaign, name: str = "ana", role: str = "approver") -> Visitor:
    visitor = visit()
    visitor.sign_in(make_user(name, team=campaign.team, role=role))
    visitor.open(week_of(campaign))
    return visitor


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent.trim()"))


def test_a_change_by_one_is_seen_by_the_other_who_keeps_focus_scroll_and_what_is_unfolded(
    visit: Visit, campaigns: list[Campaign]
) -> None:
    first = campaigns[0]
    watcher = watch(visit, first).page
    watcher.locator(".more summary").first.click()
    link = watcher.get_by_role("link", name="Trial ending 8")
    link.focus()
    watcher.evaluate("window.scrollTo(0, 200)")
    scrolled = watcher.evaluate("window.scrollY")
    watcher.evaluate("document.querySelector('.board').dataset.same = 'yes'")

    planner = visit()
    planner.sign_in(make_user("eli", team=first.team, role="planner"))
    page = planner.open(reverse("calendar:campaign", args=[first.pk]))
    page.get_by_role("button", name="Ask for approval").click()

    card = watcher.locator(f"#send-{first.sends.get().pk}")
    expect(card).to_have_class(re.compile("card--review"), timeout=WITHIN)
    expect(watcher.locator("#live")).to_have_text("Changed by somebody else: Trial ending 0.")
    assert focused(watcher) == "Trial ending 8"
    assert watcher.locator(".more[open]").count() == 1
    assert watcher.evaluate("window.scrollY") == scrolled
    assert watcher.locator(".board[data-same]").count() == 1


def test_filters_apply_to_what_comes_in_and_a_first_send_appears_on_an_empty_week(
    visit: Visit, campaigns: list[Campaign]
) -> None:
    visitor = visit()
    visitor.sign_in(make_user("ana", team=campaigns[0].team))
    page = visitor.open(f"{week_of(campaigns[0])}?text=win-back")
    expect(page.get_by_text("Nothing of this week matches")).to_be_visible()
    for name in ("Win-back", "Renewal"):
        made = make_campaign(name=name, start_date=campaigns[0].start_date)
        record_version(made.pk, None, read_now())
    expect(page.get_by_role("link", name="Win-back", exact=True)).to_be_visible(timeout=WITHIN)
    assert page.get_by_role("link", name="Renewal").count() == 0


def test_whoever_is_in_the_middle_of_something_is_left_in_peace_until_they_are_done(
    visit: Visit, campaigns: list[Campaign]
) -> None:
    watcher = watch(visit, campaigns[0]).page
    watcher.goto(watcher.url + "?status=draft")
    watcher.get_by_text("Save this view").click()
    watcher.get_by_label("Name").last.fill("Ours")
    Send.objects.filter(campaign=campaigns[0]).update(sequence=5, state=Send.State.CANCELLED)
    expect(watcher.locator("#live")).to_contain_text("It is shown when you are done here.", timeout=WITHIN)
    assert watcher.get_by_label("Name").last.input_value() == "Ours"
    expect(watcher.get_by_role("link", name="Trial ending 0", exact=True)).to_be_visible()
    watcher.get_by_text("Save this view").click()
    expect(watcher.get_by_role("link", name="Trial ending 0", exact=True)).to_have_count(0, timeout=WITHIN)


def test_the_progress_of_a_running_send_moves_in_the_week_and_on_its_page(
    visit: Visit, campaigns: list[Campaign]
) -> None:
    now = read_now()
    campaign = make_campaign(name="Newsletter", start_date=campaigns[0].start_date)
    send = make_running_send(campaign, now + timedelta(days=1))
    deliveries = [make_delivery(send, customer, admitted_at=now) for customer in make_customers(4)]
    watcher = watch(visit, campaigns[0])
    watcher.open(week_of(campaigns[0]) + "?text=Newsletter")  # alone on its day: many of a day are a line each
    other = watcher.context.new_page()
    other.goto(watcher.address + reverse("calendar:campaign", args=[campaign.pk]))
    ids = [delivery.pk for delivery in deliveries[:3]]
    Delivery.objects.filter(pk__in=ids).update(state="sent", finished_at=read_now())
    expect(watcher.page.locator(f"#send-{send.pk} .card__progress")).to_contain_text("3 of 4 sent", timeout=2 * WITHIN)
    expect(watcher.page.locator("#live")).to_have_text("")
    other.bring_to_front()
    expect(other.locator(f"#send-{send.pk}")).to_contain_text("3 sent", timeout=2 * WITHIN)


def test_whoever_is_signed_out_elsewhere_is_told_so(visit: Visit, campaigns: list[Campaign]) -> None:
    watcher = watch(visit, campaigns[0]).page
    Session.objects.all().delete()
    expect(watcher.locator("#live")).to_contain_text("You are signed out", timeout=WITHIN)
    assert watcher.get_by_role("link", name="Sign in again").get_attribute("href") == (
        "/sign-in/?next=" + week_of(campaigns[0]).replace("/", "%2F")
    )


def test_without_the_network_it_waits_and_goes_on_after(visit: Visit, campaigns: list[Campaign]) -> None:
    watcher = watch(visit, campaigns[0])
    watcher.context.set_offline(True)
    Send.objects.filter(campaign=campaigns[0]).update(sequence=5, state=Send.State.CANCELLED)
    watcher.page.wait_for_timeout(6_000)
    assert watcher.page.locator(".card--over").count() == 0
    watcher.context.set_offline(False)
    expect(watcher.page.locator(".card--over")).to_have_count(1, timeout=WITHIN)
