"""Calendars from elsewhere: a file is read into one of them, and what it holds already is replaced by its UID."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from campaigns.calendar_reading import ReadCalendar
from campaigns.models import CalendarEntry, ImportedCalendar
from campaigns.refusals import NotAllowed
from campaigns.rights import can_plan_somewhere


@dataclass(frozen=True)
class Imported:
    """Events of the file, by what became of them; `kept`: entries of the calendar that the file does not speak of."""

    new: int
    replaced: int
    entries: int
    kept: int


def import_into(calendar_id: int, read: ReadCalendar, filename: str, by: User | None, now: datetime) -> Imported:
    """Put what was read in the place of what the calendar had under the same UIDs; all of it or nothing.

    Two imports into one calendar wait for each other: the later one counts.
    """
    if not can_plan_somewhere(by):
        raise NotAllowed("Only planners and approvers import calendars.")
    with transaction.atomic():
        calendar = ImportedCalendar.objects.select_for_update(no_key=True).get(pk=calendar_id)
        known = set(calendar.entries.values_list("uid", flat=True))
        gone = known & read.uids
        _remove(calendar, gone)
        kept = calendar.entries.count()
        CalendarEntry.objects.bulk_create(_rows(calendar, read), batch_size=500)
        calendar.filename, calendar.imported_by, calendar.imported_at = filename[:200], by, now
        calendar.save(update_fields=["filename", "imported_by", "imported_at"])
    return Imported(len(read.uids - known), len(gone), len(read.entries), kept)


def _remove(calendar: ImportedCalendar, uids: set[str]) -> None:
    ordered = sorted(uids)
    for at in range(0, len(ordered), 500):
        calendar.entries.filter(uid__in=ordered[at : at + 500]).delete()


def _rows(calendar: ImportedCalendar, read: ReadCalendar) -> list[CalendarEntry]:
    return [
        CalendarEntry(
            calendar=calendar,
            uid=entry.uid,
            name=entry.name,
            first_day=entry.first_day,
            last_day=entry.last_day,
            starts_at=entry.starts_at,
            ends_at=entry.ends_at,
        )
        for entry in read.entries
    ]
