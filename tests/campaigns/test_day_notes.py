"""What else is on a day: holidays of the workspace's countries, entries of calendars, by its own clock."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from audiences.models import Workspace
from campaigns.models import CalendarEntry, ImportedCalendar
from campaigns.queries.day_notes import Note, day_notes

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 11, 23)
WEEK = [MONDAY + timedelta(days=number) for number in range(7)]


def choose(*countries: str, timezone: str = "UTC") -> None:
    workspace = Workspace.current()
    workspace.holiday_countries, workspace.timezone = list(countries), timezone
    workspace.save()


def enter(name: str, first: date, last: date | None = None, **fields: Any) -> CalendarEntry:
    calendar, _ = ImportedCalendar.objects.get_or_create(name="Fairs")
    return CalendarEntry.objects.create(
        calendar=calendar, uid=name, name=name, first_day=first, last_day=last or first, **fields
    )


def test_a_day_has_its_holidays_first_and_then_the_events() -> None:
    choose("US")
    thursday = date(2026, 11, 26)
    enter("Expo", thursday, date(2026, 11, 27))
    notes = day_notes(WEEK)
    expo = Note("event", "Expo", "Fairs")
    assert notes == {
        **{day: [] for day in WEEK},
        thursday: [Note("holiday", "Thanksgiving Day", "US"), expo],
        date(2026, 11, 27): [expo],
    }


def test_an_hour_is_shown_on_its_first_day_by_the_workspaces_clock() -> None:
    choose(timezone="Asia/Tokyo")
    starts = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)  # Tuesday, 05:00 in Tokyo
    enter("Launch", MONDAY, starts_at=starts, ends_at=starts + timedelta(hours=1))
    assert [note.clock for note in day_notes(WEEK)[date(2026, 11, 24)]] == ["05:00"]
    assert day_notes([MONDAY]) == {MONDAY: []}


def test_what_ends_at_midnight_is_over_and_what_has_no_length_is_on_its_day() -> None:
    choose()
    starts = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
    enter("Gala", MONDAY, date(2026, 11, 24), starts_at=starts, ends_at=starts + timedelta(hours=2))
    midnight = datetime(2026, 11, 25, 0, 0, tzinfo=UTC)
    enter("Moment", midnight.date(), starts_at=midnight, ends_at=midnight)
    notes = day_notes(WEEK)
    assert [[note.name for note in notes[day]] for day in WEEK[:3]] == [["Gala"], [], ["Moment"]]


@pytest.mark.parametrize("count", [1, 3])
def test_it_costs_two_queries_whatever_there_is(count: int, django_assert_num_queries: Any) -> None:
    choose(*["US", "DE", "FR"][:count])
    for number in range(count):
        enter(f"Expo {number}", MONDAY)
    with django_assert_num_queries(2):
        assert len(day_notes(WEEK)[MONDAY]) == count
    with django_assert_num_queries(0):
        assert day_notes([]) == {}
