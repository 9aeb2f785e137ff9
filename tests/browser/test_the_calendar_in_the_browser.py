"""The week's rows, folds and other views, as they are laid out and as a keyboard reaches them."""

from collections.abc import Callable
from typing import Any

import pytest

from audiences.models import Workspace
from campaigns.models import Campaign
from tests.browser.conftest import Visitor
from tests.builders import NOW, make_campaign, make_send, make_team, make_user
from tests.calendar_project.full_week import plan_full_week

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Visit = Callable[..., Visitor]
WEEK, MONTH, DAY = "/calendar/2026-W48/", "/calendar/2026-11/", "/calendar/2026-11-26/"
LONGEST_WORD = "Donaudampfschifffahrtsgesellschaftskapitän"
# By row of cells as they lie under each other: how far apart their upper edges are.
EDGES = """() => {
  const days = [...document.querySelectorAll(".day")].map(day => [...day.querySelectorAll(".cell")]);
  return days[0].map((_, row) => {
    const tops = days.map(day => day[row].getBoundingClientRect().top);
    return Math.max(...tops) - Math.min(...tops);
  });
}"""


@pytest.fixture
def full(transactional_db: None) -> None:
    Workspace.current()
    plan_full_week(120)


def sign_in(visit: Visit, **options: Any) -> Visitor:
    visitor = visit(**options)
    visitor.sign_in(make_user(team=make_team()))
    return visitor


@pytest.mark.parametrize("rows", ["teams", "owners"])
def test_the_cells_of_a_row_lie_side_by_side_however_many_rows_there_are(visit: Visit, full: None, rows: str) -> None:
    page = sign_in(visit).open(f"{WEEK}?rows={rows}")
    edges = page.evaluate(EDGES)
    assert len(edges) >= 6
    assert max(edges) < 1


def test_a_folded_send_is_reached_and_opened_with_the_keyboard(visit: Visit) -> None:
    Workspace.current()
    for number in range(9):
        make_send(make_campaign(name=f"Number {number}"))
    page = sign_in(visit).open(WEEK)
    page.locator(".more summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Number 6"
    page.keyboard.press("Enter")
    page.wait_for_url("**/calendar/campaigns/*/")
    assert page.locator("h1").inner_text() == "Number 6"


def test_one_goes_from_the_week_to_owners_to_a_day_and_to_the_month(visit: Visit, full: None) -> None:
    page = sign_in(visit).open(f"{WEEK}?channel=email")
    page.get_by_role("link", name="Owners").click()
    page.get_by_role("link", name="Thu 26").click()
    page.wait_for_url(f"**{DAY}?channel=email&rows=owners")
    page.get_by_role("link", name="Month").click()
    page.wait_for_url(f"**{MONTH}?channel=email&rows=owners")
    page.get_by_role("link", name="Week 48").click()
    page.wait_for_url(f"**{WEEK}?channel=email&rows=owners")


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_spills_whatever_the_names_are(visit: Visit, full: None, width: int) -> None:
    Campaign.objects.update(name=LONGEST_WORD * 2, goal_event=LONGEST_WORD, milestone=None, experiment_ends=NOW)
    visitor = sign_in(visit, width=width)
    for path in (WEEK, f"{WEEK}?segment=&rows=owners", f"{WEEK}?text=d", f"{WEEK}list/", MONTH, DAY):
        visitor.open(path)
        assert not visitor.scrolls_sideways, path
        wide = "[...document.querySelectorAll('.cell, .card, .lane, .day__head, .month__day')]"
        spilling = f"{wide}.filter(each => each.clientWidth && each.scrollWidth > each.clientWidth + 1).length"
        assert visitor.page.evaluate(spilling) == 0, path
