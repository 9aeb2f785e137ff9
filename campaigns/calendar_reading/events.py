"""One event of a calendar file as values: its name, when it begins, how long it is, by which rule it repeats."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import icalendar

from campaigns.calendar_file import clean

from .lines import RawEvent

LONGEST_NAME = 200
LONGEST_UID = 255
LONGEST = timedelta(days=400)
YEARS = range(1900, 2401)
NAMELESS = "Without a name"


class Unusable(ValueError):
    """One event cannot be used; the text is a sentence that names it and the line on which it begins."""


@dataclass(frozen=True)
class WrittenEvent:
    """Dates for whole days, aware moments otherwise. `replaces`: the occurrence of its UID that it stands for."""

    uid: str
    name: str
    line: int
    starts: date | datetime
    length: timedelta
    rule: str
    added: tuple[date | datetime, ...]
    dropped: tuple[date | datetime, ...]
    replaces: date | datetime | None
    is_cancelled: bool

    @property
    def label(self) -> str:
        return f"“{self.name[:60]}” (line {self.line})"


def read_event(raw: RawEvent, zone: ZoneInfo) -> WrittenEvent:
    """Times without a zone are meant in `zone`. Raises `Unusable`."""
    try:
        event = icalendar.Event.from_ical(raw.text)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
        raise Unusable(f"The event in line {raw.line} cannot be read: {_short(error)}.") from error
    name = " ".join(clean(str(event.get("summary", ""))).split())[:LONGEST_NAME] or NAMELESS
    label = f"“{name[:60]}” (line {raw.line})"
    if event.errors:
        part, problem = event.errors[0]
        raise Unusable(f"{label} has a {part} that cannot be read: {_short(problem)}.")
    try:
        return _event(event, raw, name, zone)
    except Unusable as problem:
        raise Unusable(f"{label} {problem}.") from problem


def _event(event: Any, raw: RawEvent, name: str, zone: ZoneInfo) -> WrittenEvent:
    starts = _moment(event, "DTSTART", zone)
    if starts is None:
        raise Unusable("does not say when it begins: DTSTART is missing")
    if starts.year not in YEARS:
        raise Unusable(f"begins in the year {starts.year}")
    return WrittenEvent(
        uid=_uid(event, raw),
        name=name,
        line=raw.line,
        starts=starts,
        length=_length(event, starts, zone),
        rule=_rule(event),
        added=tuple(_listed(event, "RDATE", zone)),
        dropped=tuple(_listed(event, "EXDATE", zone)),
        replaces=_moment(event, "RECURRENCE-ID", zone),
        is_cancelled=str(event.get("status", "")).upper() == "CANCELLED",
    )


def _uid(event: Any, raw: RawEvent) -> str:
    """Its own; one that has none is known by its text, so that the same text is the same event."""
    uid = clean(str(event.get("uid", ""))).strip()
    if uid and len(uid) <= LONGEST_UID:
        return uid
    return "sha256-" + sha256((uid or raw.text).encode()).hexdigest()


def _moment(event: Any, part: str, zone: ZoneInfo) -> date | datetime | None:
    value = event.get(part)
    if isinstance(value, list):
        raise Unusable(f"has more than one {part}")
    return None if value is None else _aware(value.dt, value.params.get("TZID"), zone)


def _listed(event: Any, part: str, zone: ZoneInfo) -> list[date | datetime]:
    """The dates of all its lines of this name; of a period, when it begins."""
    value = event.get(part)
    lines = value if isinstance(value, list) else [value] if value is not None else []
    tzid = [line.params.get("TZID") for line in lines]
    pairs = [(each.dt, name) for line, name in zip(lines, tzid, strict=True) for each in line.dts]
    return [_aware(dt[0] if isinstance(dt, tuple) else dt, name, zone) for dt, name in pairs]


def _aware(value: Any, tzid: str | None, zone: ZoneInfo) -> date | datetime:
    if not isinstance(value, date):
        raise Unusable("has a time without a day")
    if not isinstance(value, datetime) or value.tzinfo is not None:
        return value
    if tzid:
        raise Unusable(f"is in the time zone “{str(tzid)[:60]}”, which is not known: use a name such as Europe/Berlin")
    return value.replace(tzinfo=zone)


def _length(event: Any, starts: date | datetime, zone: ZoneInfo) -> timedelta:
    """By its end or its duration; a day where it says neither and is of whole days."""
    ends = _moment(event, "DTEND", zone)
    duration = event.get("duration")
    if ends is not None:
        if isinstance(ends, datetime) != isinstance(starts, datetime):
            raise Unusable("begins with a day and ends at an hour, or the other way round")
        # Moments are compared in UTC: within one zone Python subtracts what the clocks show.
        length = _in_utc(ends) - _in_utc(starts)
    else:
        length = duration.dt if duration is not None else timedelta()
    if length < timedelta():
        raise Unusable("ends before it begins")
    if length > LONGEST:
        raise Unusable(f"lasts {length.days} days; at most {LONGEST.days} are shown")
    return length


def _in_utc(value: date | datetime) -> date | datetime:
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def _rule(event: Any) -> str:
    value = event.get("rrule")
    if isinstance(value, list) or "exrule" in event:
        raise Unusable("repeats by more than one rule")
    return value.to_ical().decode() if value else ""


def _short(problem: object) -> str:
    return " ".join(str(problem).split())[:100].rstrip(".")
