"""What a team does on a Monday, clicked through."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.urls import reverse

from audiences.clock import read_now
from audiences.models import Customer, Workspace
from campaigns.models import Campaign
from campaigns.services.versions import record_version
from deliveries import tokens
from tests.browser.conftest import Visitor
from tests.builders import make_campaign, make_customers, make_segment, make_team, make_topic, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Visit = Callable[..., Visitor]


@pytest.fixture
def campaign() -> Campaign:
    """A draft of the Lifecycle team that goes out tomorrow."""
    Workspace.current()
    now = read_now()
    team = make_team()
    segment = make_segment(make_customers(5), slug="trial-users")
    made = make_campaign(
        [segment],
        name="Trial ending",
        team=team,
        start_date=now.date() + timedelta(days=1),
        channels=["email", "in_app"],
    )
    record_version(made.pk, None, now)
    return made


def week_of(campaign: Campaign) -> str:
    assert campaign.start_date
    return campaign.start_date.strftime("/calendar/%G-W%V/")


def test_one_asks_for_approval_and_another_approves(visit: Visit, campaign: Campaign) -> None:
    planner, approver = visit(), visit()
    planner.sign_in(make_user("eli", team=campaign.team, role="planner"))
    page = planner.open(week_of(campaign))
    page.get_by_role("link", name="Trial ending", exact=True).click()
    page.get_by_role("button", name="Ask for approval").click()
    assert page.get_by_role("status").inner_text() == "Asked for approval."
    assert page.get_by_role("button", name="Approve").count() == 0

    approver.sign_in(make_user("ana", team=campaign.team, role="approver"))
    page = approver.open(week_of(campaign))
    assert page.locator(".card--review").count() == 1
    page.get_by_role("link", name="Trial ending", exact=True).click()
    page.get_by_role("button", name="Approve version 1").click()
    assert page.get_by_role("status").inner_text() == "Approved."
    approver.open(week_of(campaign))
    assert page.locator(".card--approved").count() == 1


def test_a_message_is_seen_as_the_customer_gets_it(visit: Visit, campaign: Campaign) -> None:
    visitor = visit()
    visitor.sign_in(make_user("ana", team=campaign.team))
    page = visitor.open(reverse("calendar:campaign", args=[campaign.pk]))
    inside = page.frame_locator("iframe.preview__frame")
    assert "Dear Customer" in inside.locator("p").inner_text()


def test_the_week_is_reached_and_opened_with_the_keyboard_alone(visit: Visit, campaign: Campaign) -> None:
    visitor = visit()
    visitor.sign_in(make_user("ana", team=campaign.team))
    page = visitor.open(week_of(campaign))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Trial ending":
            break
    outline = page.evaluate("getComputedStyle(document.activeElement.closest('.card')).outlineWidth")
    assert outline == "3px"
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{reverse('calendar:campaign', args=[campaign.pk])}")


def test_a_customer_changes_their_preferences(visit: Visit, campaign: Campaign) -> None:
    make_topic("news")
    customer = Customer.objects.first()
    assert customer
    visitor = visit()
    page = visitor.open(reverse("preferences", args=[tokens.preferences_token(customer.pk)]))
    page.get_by_role("checkbox").first.uncheck()
    page.get_by_role("button").first.click()
    assert customer.subscriptions.filter(subscribed=False).count() == 1


def test_a_customer_is_found_and_opted_out(visit: Visit, campaign: Campaign) -> None:
    visitor = visit()
    visitor.sign_in(make_user("ana", team=campaign.team))
    customer = Customer.objects.first()
    assert customer
    page = visitor.open("/calendar/customers/")
    page.get_by_role("searchbox").fill(customer.external_id)
    page.get_by_role("button", name="Find").click()
    page.get_by_role("button", name="Opt out").first.click()
    assert "gets no more" in page.get_by_role("status").inner_text()


def test_no_page_scrolls_sideways_on_a_telephone(visit: Visit, campaign: Campaign) -> None:
    visitor = visit(width=390)
    visitor.sign_in(make_user("ana", team=campaign.team))
    customer = Customer.objects.first()
    assert customer
    for path in (
        week_of(campaign),
        "/calendar/2027-W20/",
        reverse("calendar:campaign", args=[campaign.pk]),
        "/calendar/customers/",
        reverse("calendar:customer", args=[customer.pk]),
    ):
        visitor.open(path)
        assert not visitor.scrolls_sideways, path


def test_signing_out_ends_it(visit: Visit, campaign: Campaign) -> None:
    visitor = visit()
    page = visitor.sign_in(make_user("ana", team=campaign.team))
    page.get_by_role("button", name="Sign out").click()
    visitor.open("/calendar/")
    assert "/sign-in/" in page.url
