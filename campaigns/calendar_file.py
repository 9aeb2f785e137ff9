"""iCalendar files (RFC 5545): entries in, the bytes of a calendar out. What they mean is decided elsewhere."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from icalendar import Calendar, Event, vDuration, vText

PRODID = "-//Almanac//Calendar of sends//EN"
REFRESH = timedelta(minutes=15)
LENGTH = timedelta(minutes=30)
# `icalendar` lets every control character but CR and LF through, and calendar programs refuse the file.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
LINE_ENDS = re.compile(r"\r\n?")


@dataclass(frozen=True)
class Entry:
    """One send. `starts` is a date for a whole day, an aware moment, or a naive one: every reader's own clock."""

    uid: str
    sequence: int
    status: str  # TENTATIVE, CONFIRMED, CANCELLED
    starts: date | datetime
    changed_at: datetime
    summary: str
    description: str
    url: str
    category: str


def write_calendar(name: str, entries: Iterable[Entry]) -> bytes:
    """A calendar of the given name, in UTF-8, with CRLF and lines of at most 75 octets.

    Equal entries give equal bytes: the stamp of an entry is when it changed, not when the file was written.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("name", clean(name))
    calendar.add("x-wr-calname", clean(name))
    # Calendar.new() leaves out VALUE=DURATION, without which RFC 7986 has it ignored.
    refresh = vDuration(REFRESH)
    refresh.params["VALUE"] = "DURATION"
    calendar.add("refresh-interval", refresh)
    calendar.add("x-published-ttl", vText("PT15M"))
    for entry in entries:
        calendar.add_component(_event(entry))
    return bytes(calendar.to_ical())


def clean(text: str) -> str:
    """Without what no calendar program can read; line breaks and tabs stay."""
    return CONTROL.sub("", LINE_ENDS.sub("\n", text))


def _event(entry: Entry) -> Event:
    is_day = not isinstance(entry.starts, datetime)
    event = Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.sequence)
    event.add("status", entry.status)
    event.add("dtstamp", entry.changed_at)
    event.add("last-modified", entry.changed_at)
    event.add("dtstart", entry.starts)
    event.add("dtend", entry.starts + (timedelta(days=1) if is_day else LENGTH))
    # A day of a continuous campaign blocks nobody's time.
    event.add("transp", "TRANSPARENT" if is_day else "OPAQUE")
    event.add("summary", clean(entry.summary))
    event.add("description", clean(entry.description))
    event.add("url", entry.url)
    event.add("categories", [clean(entry.category)])
    return event
