"""A success manager puts a customer on hold and lifts it again; another team looks at a week with a busy block."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.urls import reverse

from audiences.clock import read_now
from audiences.models import Hold, Workspace
from campaigns.services.versions import record_version
from tests.browser.conftest import Visitor
from tests.builders import make_campaign, make_customer, make_customers, make_segment, make_team, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Visit = Callable[..., Visitor]


@pytest.mark.parametrize("width", [1280, 390])
def test_a_customer_is_put_on_hold_and_the_hold_is_lifted(visit: Visit, width: int) -> None:
    Workspace.current()
    customer, visitor = make_customer(name="Zoe"), visit(width)
    visitor.sign_in(make_user("dora", team=make_team("success"), role="planner"))
    page = visitor.open(reverse("calendar:customer", args=[customer.pk]))
    page.get_by_text("Put on hold").first.click()
    page.get_by_role("textbox", name="Why").fill("in escalation")
    page.locator("#hold-day").fill("2099-11-27")
    assert "transactional messages" in page.locator("section", has_text="Put on hold").last.inner_text()
    page.get_by_role("button", name="Put on hold").click()
    assert page.get_by_role("status").inner_text() == "Zoe is on hold until the end of Friday 27 November 2099."
    assert not visitor.scrolls_sideways
    page.get_by_role("button", name="Lift it").click()
    assert "campaigns reach Zoe again" in page.get_by_role("status").inner_text()
    assert Hold.objects.get().lifted_at is not None


@pytest.mark.parametrize("width", [1280, 390])
def test_a_busy_block_leads_nowhere_and_says_when_and_how_many(visit: Visit, width: int) -> None:
    Workspace.current()
    day = read_now().date() + timedelta(days=1)
    segment = make_segment(make_customers(5), slug="secret-segment")
    campaign = make_campaign([segment], name="Secret", team=make_team("product"), is_private=True, start_date=day)
    record_version(campaign.pk, None, read_now())
    visitor = visit(width)
    visitor.sign_in(make_user("ana", team=make_team()))
    page = visitor.open(day.strftime("/calendar/%G-W%V/"))
    block = page.locator(".card--busy")
    assert "A private campaign of Product" in block.inner_text()
    assert "5 people" in block.inner_text()
    assert block.get_by_role("link").count() == 0
    assert "Secret" not in page.locator("main").inner_text()
    assert not visitor.scrolls_sideways
