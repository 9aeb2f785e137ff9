"""A campaign is approved section by section, by people who did not write it, in a real browser and by keyboard."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from audiences.clock import read_now
from audiences.models import Workspace
from campaigns.models import Campaign
from campaigns.services.overlaps import check_overlaps
from campaigns.services.versions import record_version
from tests.browser.conftest import Visitor
from tests.builders import make_campaign, make_customers, make_segment, make_team, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Visit = Callable[..., Visitor]
LONG = "Donaudampfschiffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


@pytest.fixture
def campaign() -> Campaign:
    Workspace.current()
    Workspace.objects.update(four_eyes=True)
    now = read_now()
    day = now.date() + timedelta(days=14 - now.weekday())
    made = make_campaign([make_segment(make_customers(20))], name="Trial ending", start_date=day)
    record_version(made.pk, None, now)
    return made


def address(campaign: Campaign) -> str:
    return reverse("calendar:campaign", args=[campaign.pk])


def hears(page: Page, sentence: str) -> None:
    """The page that comes next says so; a key that is pressed does not wait for it by itself."""
    page.get_by_role("status").filter(has_text=sentence).wait_for()


def part(page: Page, name: str) -> str:
    return page.get_by_role("region", name=name, exact=True).inner_text()


def test_with_four_eyes_section_by_section(visit: Visit, campaign: Campaign) -> None:
    eli, ana = visit(), visit()
    eli.sign_in(make_user("eli", team=make_team(), role="approver"))
    page = eli.open(address(campaign))
    page.get_by_role("button", name="Ask for approval").click()
    assert page.get_by_role("button", name="Approve").count() == 0
    assert "by somebody else: you wrote it or asked for it" in part(page, "Goal")

    ana.sign_in(make_user("ana", team=make_team(), role="approver"))
    page = ana.open(address(campaign))
    for section in ("audience", "schedule", "goal"):
        page.get_by_role("button", name=f"Approve the {section}").click()
        hears(page, f"The {section} is approved.")
    page.get_by_text("Decline the content").first.click()
    page.get_by_label("What should change about the content?").fill("It shouts.")
    page.keyboard.press("Enter")
    hears(page, "The content is declined")

    campaign.messages.update(subject="Hello")
    record_version(campaign.pk, None, read_now())
    page = eli.open(address(campaign))
    assert "It shouts." in page.get_by_text("It shouts.").inner_text()
    page.get_by_role("button", name="Ask for approval of the content").click()

    page = ana.open(address(campaign))
    button = page.get_by_role("button", name="Approve the content")
    button.focus()
    page.keyboard.press("Enter")
    hears(page, "The content is approved. With it the campaign is approved.")
    assert "ana" in part(page, "Content")
    campaign.refresh_from_db()
    assert campaign.status == "approved"


def test_a_page_that_is_old_is_told_so_and_shown_anew(visit: Visit, campaign: Campaign) -> None:
    visitor = visit()
    visitor.sign_in(make_user("ana", team=make_team()))
    page = visitor.open(address(campaign))
    page.get_by_role("button", name="Ask for approval").click()
    Workspace.objects.update(four_eyes=False)
    page = visitor.open(address(campaign))
    Campaign.objects.filter(pk=campaign.pk).update(priority=3)
    record_version(campaign.pk, None, read_now())
    with page.expect_response(lambda response: response.request.method == "POST") as answer:
        page.get_by_role("button", name="Approve the goal").click()
    assert answer.value.status == 409
    hears(page, "read it again, then approve")
    # Chromium tells the console of every answer that is no success.
    assert len(visitor.complaints) == 1
    assert "409" in visitor.complaints.pop()


def test_numbers_of_the_funnel_open_by_keyboard_and_lead_to_people(visit: Visit, campaign: Campaign) -> None:
    customer = campaign.include.get().list_members.first()
    assert customer
    customer.customer.email = ""
    customer.customer.save()
    visitor = visit()
    visitor.sign_in(make_user("ana", team=make_team()))
    page = visitor.open(address(campaign))
    page.get_by_role("region", name="Forecast").locator("summary").first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="who are the channel cannot reach them").click()
    assert page.get_by_role("cell", name="E-mail cannot reach them.").count() == 1


def test_a_finding_is_mended_with_one_click(visit: Visit, campaign: Campaign) -> None:
    other = make_campaign([campaign.include.get()], name=LONG, start_date=campaign.start_date)
    record_version(other.pk, None, read_now())
    check_overlaps(read_now())
    visitor = visit(width=390)
    visitor.sign_in(make_user("ana", team=make_team()))
    page = visitor.open(address(campaign))
    assert not visitor.scrolls_sideways
    page.get_by_role("button", name="Move it to").click()
    hears(page, "moved from")
    assert page.get_by_text("Nothing of it gets in another campaign’s way.").count() == 1
    visitor.open(address(other))
    assert not visitor.scrolls_sideways
