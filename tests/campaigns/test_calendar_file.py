"""The calendar file, read back by `icalendar` and line by line as RFC 5545 has it."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import icalendar
from hypothesis import given
from hypothesis import strategies as st

from campaigns.calendar_file import Entry, clean, write_calendar

AT = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
NAME = re.compile(rb"^[A-Z][A-Z0-9-]*(;[A-Z-]+=[^:;]+)*:")


def entry(**fields: object) -> Entry:
    defaults = {
        "uid": "send-1@almanac.test",
        "sequence": 3,
        "status": "CONFIRMED",
        "starts": AT,
        "changed_at": AT - timedelta(days=1),
        "summary": "Welcome (Lifecycle)",
        "description": "Approved",
        "url": "https://almanac.test/calendar/campaigns/1/",
        "category": "Lifecycle",
    }
    return Entry(**{**defaults, **fields})  # type: ignore[arg-type]


def only_event(file: bytes) -> Any:
    (event,) = icalendar.Calendar.from_ical(file).walk("VEVENT")
    return event


def check_lines(file: bytes) -> None:
    """RFC 5545, 3.1: CRLF, at most 75 octets, folded lines begin with a space, every line is whole UTF-8."""
    assert file.endswith(b"\r\n")
    lines = file.removesuffix(b"\r\n").split(b"\r\n")
    for line in lines:
        assert len(line) <= 75
        assert b"\r" not in line
        assert b"\n" not in line
        line.decode()
        assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", line)
    for line in file.replace(b"\r\n ", b"").removesuffix(b"\r\n").split(b"\r\n"):
        assert NAME.match(line), line


def test_every_property_comes_back_as_it_was() -> None:
    file = write_calendar("Our plan", [entry()])
    check_lines(file)
    calendar = icalendar.Calendar.from_ical(file)
    assert (calendar["prodid"], calendar["name"]) == ("-//Almanac//Calendar of sends//EN", "Our plan")
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT15M\r\n" in file
    event = only_event(file)
    assert {name: str(event[name]) for name in ("UID", "STATUS", "SUMMARY", "URL", "TRANSP")} == {
        "UID": "send-1@almanac.test",
        "STATUS": "CONFIRMED",
        "SUMMARY": "Welcome (Lifecycle)",
        "URL": "https://almanac.test/calendar/campaigns/1/",
        "TRANSP": "OPAQUE",
    }
    assert (event["SEQUENCE"], event.start, event.end) == (3, AT, AT + timedelta(minutes=30))
    assert (event["DTSTAMP"].dt, event["LAST-MODIFIED"].dt) == (AT - timedelta(days=1),) * 2
    assert event.categories == ["Lifecycle"]


def test_a_day_is_a_whole_day_that_blocks_nobodys_time() -> None:
    file = write_calendar("x", [entry(starts=date(2026, 11, 24))])
    assert b"DTSTART;VALUE=DATE:20261124\r\nDTEND;VALUE=DATE:20261125\r\n" in file
    assert b"TRANSP:TRANSPARENT\r\n" in file


def test_everyones_own_hour_is_a_floating_time() -> None:
    assert b"DTSTART:20261124T090000\r\n" in write_calendar("x", [entry(starts=datetime(2026, 11, 24, 9, 0))])  # noqa: DTZ001


def test_a_line_cannot_be_smuggled_in() -> None:
    file = write_calendar("x", [entry(summary="A\r\nSTATUS:CANCELLED\x00\x1b", description="a\rb\nc;d,e\\f")])
    check_lines(file)
    event = only_event(file)
    assert (str(event["STATUS"]), str(event["SUMMARY"])) == ("CONFIRMED", "A\nSTATUS:CANCELLED")
    assert str(event["DESCRIPTION"]) == "a\nb\nc;d,e\\f"


def test_equal_entries_give_equal_bytes() -> None:
    assert write_calendar("x", [entry()]) == write_calendar("x", [entry()])


@given(st.text(max_size=200), st.text(max_size=300), st.text(max_size=40))
def test_any_text_makes_a_strict_file_and_comes_back(summary: str, description: str, category: str) -> None:
    file = write_calendar("Plän 📅", [entry(summary=summary, description=description, category=category)])
    check_lines(file)
    event = only_event(file)
    assert str(event["DESCRIPTION"]) == clean(description)
    assert str(event["SUMMARY"]) == clean(summary)
