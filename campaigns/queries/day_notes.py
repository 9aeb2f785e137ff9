"""What else is on a day: public holidays of the countries chosen, and the entries of imported calendars."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import F

from audiences.models import Workspace
from audiences.public_holidays import holidays_between
from audiences.zones import zone_or
from campaigns.models import CalendarEntry

# An entry at an hour is looked for by its days in UTC, and may be on the day before or after in the workspace's zone.
ZONE_GAP = timedelta(days=1)
SHORTEST = timedelta(microseconds=1)


@dataclass(frozen=True)
class Note:
    """One line about a day. `about`: the countries that have the holiday, or the calendar; `clock`: when it begins."""

    kind: str  # holiday, event
    name: str
    about: str
    clock: str = ""


def day_notes(days: Iterable[date]) -> dict[date, list[Note]]:
    """For each of the days, holidays first; two queries, whatever there is. A day with nothing has an empty list."""
    notes: dict[date, list[Note]] = {day: [] for day in sorted(set(days))}
    if not notes:
        return notes
    first, last = min(notes), max(notes)
    zone_name, countries = Workspace.objects.values_list("timezone", "holiday_countries").first() or ("", [])
    for holiday in holidays_between(countries, first, last):
        _add(notes, holiday.day, Note("holiday", holiday.name, ", ".join(holiday.places)))
    zone = zone_or(zone_name, "UTC")
    for entry in _entries(first, last):
        _add_entry(notes, entry, zone)
    return notes


def _entries(first: date, last: date) -> Iterable[CalendarEntry]:
    near = CalendarEntry.objects.filter(last_day__gte=first - ZONE_GAP, first_day__lte=last + ZONE_GAP)
    return near.select_related("calendar").order_by(F("starts_at").asc(nulls_first=True), "name", "id")


def _add_entry(notes: dict[date, list[Note]], entry: CalendarEntry, zone: ZoneInfo) -> None:
    """On each of its days; the hour stands on the first alone."""
    first, last, clock = _shown(entry, zone)
    about = entry.calendar.name
    for day in notes:
        if first <= day <= last:
            _add(notes, day, Note("event", entry.name, about, clock if day == first else ""))


def _shown(entry: CalendarEntry, zone: ZoneInfo) -> tuple[date, date, str]:
    if entry.starts_at is None or entry.ends_at is None:
        return entry.first_day, entry.last_day, ""
    starts = entry.starts_at.astimezone(zone)
    return starts.date(), _last_day(entry.starts_at, entry.ends_at, zone), f"{starts:%H:%M}"


def _last_day(starts: datetime, ends: datetime, zone: ZoneInfo) -> date:
    """What ends at midnight is over on the day before."""
    return max(starts, ends - SHORTEST).astimezone(zone).date()


def _add(notes: dict[date, list[Note]], day: date, note: Note) -> None:
    if day in notes and note not in notes[day]:
        notes[day].append(note)
