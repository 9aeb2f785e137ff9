"""ISO weeks as values."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_project.week.periods import NoSuchPeriod
from calendar_project.week.weeks import Week


@given(day=st.dates(date(2001, 1, 1), date(2998, 12, 31)))
def test_every_day_is_in_the_week_that_it_names(day: date) -> None:
    week = Week.of(day)
    assert day in week.days
    assert Week.parse(week.address) == week
    assert week.next.previous == week == week.previous.next
    assert week.next.days[0] - week.days[0] == timedelta(days=7)


def test_the_turn_of_the_year_belongs_to_week_53() -> None:
    assert Week.of(date(2027, 1, 3)).address == "2026-W53"


@pytest.mark.parametrize("address", ["2026-48", "2025-W53", "2026-W00", "2026-W54", "1999-W01", "", "2026-W48/"])
def test_what_is_no_week_is_refused(address: str) -> None:
    with pytest.raises(NoSuchPeriod):
        Week.parse(address)


def test_a_week_is_an_hour_shorter_or_longer_where_clocks_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    lengths = [end - start for start, end in (Week(2026, number).bounds(berlin) for number in (13, 43, 48))]
    assert lengths == [timedelta(hours=167), timedelta(hours=169), timedelta(hours=168)]
    assert Week(2026, 48).bounds(berlin)[0] == datetime(2026, 11, 22, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("week", "title"),
    [
        (Week(2026, 48), "23 – 29 November 2026"),
        (Week(2026, 49), "30 November – 6 December 2026"),
        (Week(2026, 53), "28 December 2026 – 3 January 2027"),
    ],
)
def test_a_title_says_as_much_of_its_first_day_as_the_last_leaves_open(week: Week, title: str) -> None:
    assert week.title == title
