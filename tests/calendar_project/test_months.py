"""Months and days as values, and that weeks and months lead back to each other."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_project.week.months import Month, OneDay
from calendar_project.week.periods import NoSuchPeriod
from calendar_project.week.weeks import Week

DAYS = st.dates(date(2001, 1, 1), date(2998, 12, 31))


@given(day=DAYS)
def test_a_month_has_whole_weeks_and_every_day_of_its_own(day: date) -> None:
    month = Month.of(day)
    days, (first, last) = month.days, month.own
    assert (days[0].isoweekday(), days[-1].isoweekday(), len(days) % 7) == (1, 7, 0)
    assert [each for each in days if month.has(each)] == [first + timedelta(n) for n in range((last - first).days + 1)]
    assert month.next.previous == month == month.previous.next == Month.parse(month.address)


@given(day=DAYS)
def test_from_a_month_to_a_week_and_back_is_the_same_month(day: date) -> None:
    month = Month.of(day)
    assert Month.of(Week.of(month.anchor).anchor) == month


@given(day=DAYS)
def test_a_day_leads_to_its_neighbours(day: date) -> None:
    one = OneDay(day)
    assert (one.next.day - one.day, one.previous.next) == (timedelta(1), one)
    assert OneDay.parse(one.address) == one
    assert one.days == (day,)


def test_december_ends_with_week_53() -> None:
    assert Week.of(Month(2026, 12).days[-1]).address == "2026-W53"


@pytest.mark.parametrize("address", ["2026-13", "2026-00", "1999-12", "2026-1", "", "٢٠٢٦-11"])
def test_what_is_no_month_is_refused(address: str) -> None:
    with pytest.raises(NoSuchPeriod):
        Month.parse(address)


@pytest.mark.parametrize("address", ["2026-02-29", "1999-12-31", "20261124", "2026-11-24T00", "2026-W48-2"])
def test_what_is_no_day_is_refused(address: str) -> None:
    with pytest.raises(NoSuchPeriod):
        OneDay.parse(address)
