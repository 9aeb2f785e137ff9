"""The events of a calendar file as entries: when each is, once or as often as its rule names it within the horizon."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from .events import Unusable, WrittenEvent, read_event
from .lines import BadCalendar, events_of
from .repeats import STEPS, Horizon, TooFar, moments, same_moment

BACK, AHEAD = timedelta(days=366), timedelta(days=3 * 366)
MOST_ENTRIES = 10_000
TOLD = 5


@dataclass(frozen=True)
class Entry:
    """One event on the calendar. Whole days: the dates, the last included. Otherwise the instants too, in UTC."""

    uid: str
    name: str
    first_day: date
    last_day: date
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True)
class ReadCalendar:
    """`uids`: of every event that was understood, also of those that are cancelled and have no entry.
    `left_out`: sentences about those that were not, the first few.
    """

    uids: frozenset[str]
    entries: tuple[Entry, ...]
    left_out: tuple[str, ...]
    left_out_number: int


def read_calendar(file: bytes, zone: ZoneInfo, now: datetime) -> ReadCalendar:
    """What the file names; times that say no zone are meant in `zone`. Raises `BadCalendar` with a sentence.

    An event that repeats is followed from a year ago to three years ahead.
    """
    written, problems = _read_events(file, zone)
    if not written:
        raise BadCalendar(problems[0])
    horizon = Horizon(now - BACK, now + AHEAD, STEPS)
    entries: list[Entry] = []
    uids = set()
    for events in _by_uid(written):
        try:
            entries += _entries_of(events, horizon)
            uids.add(events[0].uid)
        except Unusable as problem:
            problems.append(str(problem))
        except TooFar as error:
            raise BadCalendar(str(error)) from error
        if len(entries) > MOST_ENTRIES:
            raise BadCalendar(f"The events of this file come to more than {MOST_ENTRIES:,} entries: split it.")
    if not uids:
        raise BadCalendar(problems[0])
    return ReadCalendar(frozenset(uids), tuple(entries), tuple(problems[:TOLD]), len(problems))


def _read_events(file: bytes, zone: ZoneInfo) -> tuple[list[WrittenEvent], list[str]]:
    written, problems = [], []
    for raw in events_of(file):
        try:
            written.append(read_event(raw, zone))
        except Unusable as problem:
            problems.append(str(problem))
    return written, problems


def _by_uid(events: Iterable[WrittenEvent]) -> list[list[WrittenEvent]]:
    """An event with those of its occurrences that are written apart, because they differ."""
    groups: dict[str, list[WrittenEvent]] = {}
    for event in events:
        groups.setdefault(event.uid, []).append(event)
    return list(groups.values())


def _entries_of(events: Sequence[WrittenEvent], horizon: Horizon) -> list[Entry]:
    """Of one UID: the occurrences of the last one written that is no exception, and the exceptions in their place."""
    apart = {same_moment(event.replaces): event for event in events if event.replaces is not None}
    whole = [event for event in events if event.replaces is None and not event.is_cancelled][-1:]
    as_ruled = [_entry(event, at) for event in whole for at in moments(event, horizon) if same_moment(at) not in apart]
    return as_ruled + [_entry(event, event.starts) for event in apart.values() if not event.is_cancelled]


def _entry(event: WrittenEvent, at: date | datetime) -> Entry:
    """One occurrence that begins at a date or an aware moment."""
    if not isinstance(at, datetime):
        days = max(event.length.days, 1)
        return Entry(event.uid, event.name, at, at + timedelta(days=days - 1))
    starts = at.astimezone(UTC)
    ends = starts + event.length
    return Entry(event.uid, event.name, starts.date(), ends.date(), starts, ends)
