"""The rows of the week: what each switch makes of the same sends, and that each is counted once."""

import re

import pytest
from django.test import Client

from audiences.models import Workspace
from campaigns.models import Milestone
from tests.builders import NOW, make_campaign, make_segment, make_send, make_team, make_user
from tests.calendar_project.full_week import plan_full_week
from tests.calendar_project.test_week_page import WEEK, page, visible

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(client: Client) -> Client:
    """Two sends: one on two channels to two segments, with all that a row can be; one without owner or milestone."""
    Workspace.current()
    client.force_login(make_user("ana", team=make_team()))
    step = Milestone.objects.create(name="Adoption", event="adopted")
    segments = [make_segment([], "trials"), make_segment([], "admins")]
    both = make_campaign(
        segments, name="Both", channels=["email", "in_app"], owner=make_user("eli"), milestone=step, status="approved"
    )
    make_send(both, expected_volume=50)
    make_send(make_campaign(name="Other"))
    make_team("success")
    return client


def lanes(client: Client, rows: str, address: str = WEEK) -> dict[str, int]:
    """Row → how many of its sends its heading counts, in the order of the page."""
    html = page(client, f"{address}?rows={rows}")
    found = re.findall(r'lane__name">(.*?)</span>.*?lane__figures">\s*(\d+) send', html, re.DOTALL)
    return {name: int(count) for name, count in found}


def test_a_send_stands_in_each_row_that_it_belongs_to(signed_in: Client) -> None:
    assert {rows: lanes(signed_in, rows) for rows in ("channels", "audiences", "owners", "milestones")} == {
        "channels": {"E-mail": 2, "In the app": 1},
        "audiences": {"admins": 1, "trials": 1, "No audience": 1},
        "owners": {"eli": 1, "No owner": 1},
        "milestones": {"Adoption": 1, "No milestone": 1},
    }


def test_a_busy_block_is_not_said_to_have_no_owner_no_audience_or_no_milestone(signed_in: Client) -> None:
    make_send(make_campaign(name="Secret", team=make_team("success"), is_private=True))
    found = {rows: lanes(signed_in, rows) for rows in ("audiences", "owners", "milestones")}
    assert [list(each.items())[-1] for each in found.values()] == [("Private", 1)] * 3
    assert lanes(signed_in, "channels") == {"E-mail": 3, "In the app": 1}


@pytest.mark.parametrize("rows", ["teams", ""])
def test_teams_are_the_rows_unless_others_are_chosen_and_stand_there_with_nothing_too(
    signed_in: Client, rows: str
) -> None:
    assert lanes(signed_in, rows) == {"Lifecycle": 2, "Success": 0}


@pytest.mark.parametrize("rows", ["channels", "audiences"])
def test_the_figures_and_the_day_count_each_send_once(signed_in: Client, rows: str) -> None:
    text = visible(page(signed_in, f"{WEEK}?rows={rows}"))
    assert "sends 2 " in text
    assert "Mon 23 2 sends 100 messages" in text


def test_an_id_stands_once_in_the_page_however_many_rows_a_send_stands_in(signed_in: Client) -> None:
    html = page(signed_in, f"{WEEK}?rows=audiences")
    ids = re.findall(r'id="([^"]+)"', html)
    assert html.count(">Both<") == 2
    assert len(ids) == len(set(ids))


def test_every_cell_of_a_day_is_there_so_that_rows_line_up(signed_in: Client) -> None:
    plan_full_week(30)
    for rows in ("teams", "audiences", "owners"):
        html = page(signed_in, f"{WEEK}?rows={rows}")
        cells = [
            day.count('<div class="cell') - day.count('<div class="cell__') for day in html.split("<section ")[1:8]
        ]
        assert cells == [html.count("lane__name")] * 7


def test_the_rows_go_along_to_other_weeks_to_figures_and_with_the_filters(signed_in: Client) -> None:
    html = page(signed_in, f"{WEEK}?rows=owners&channel=email")
    for address in (
        "/calendar/2026-W49/?channel=email&amp;rows=owners",
        "?channel=email&amp;only=capped&amp;rows=owners",
        "?channel=email&amp;rows=channels",
        "?channel=email",  # the teams again
        "?rows=owners",  # show everything
    ):
        assert f'href="{address}"' in html
    assert '<input type="hidden" name="rows" value="owners">' in html


def test_rows_alone_are_no_filter(signed_in: Client) -> None:
    assert "Show everything" not in page(signed_in, f"{WEEK}?rows=owners")


def test_rows_that_are_none_are_not_heeded(signed_in: Client) -> None:
    assert lanes(signed_in, "tables") == {"Lifecycle": 2, "Success": 0}


def test_a_day_has_only_the_rows_that_have_something(signed_in: Client) -> None:
    assert lanes(signed_in, "teams", f"/calendar/{NOW:%Y-%m-%d}/") == {"Lifecycle": 2}
