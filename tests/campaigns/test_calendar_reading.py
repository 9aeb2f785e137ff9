"""Calendar files from elsewhere: what is taken, how often, in which zone, and which sentence a bad one gets."""

from contextlib import suppress
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.calendar_reading import BadCalendar, Entry, ReadCalendar, read_calendar
from tests.builders import NOW

BERLIN = ZoneInfo("Europe/Berlin")
FAIR = "UID:fair\nDTSTART;VALUE=DATE:20261126\nDTEND;VALUE=DATE:20261128\nSUMMARY:Trade fair"


def calendar(*events: str) -> bytes:
    """A file with the events, of which each is given as its lines."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0"]
    for event in events:
        lines += ["BEGIN:VEVENT", *event.split("\n"), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def read(*events: str) -> ReadCalendar:
    return read_calendar(calendar(*events), BERLIN, NOW)


def days(found: ReadCalendar) -> list[date]:
    return [entry.first_day for entry in found.entries]


def at(day: int, hour: int, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def test_whole_days_end_on_the_day_before_the_one_that_is_written() -> None:
    assert read(FAIR).entries == (Entry("fair", "Trade fair", date(2026, 11, 26), date(2026, 11, 27)),)


@pytest.mark.parametrize(
    ("starts", "hour"),
    [
        ("DTSTART:20261124T090000Z", 9),
        ("DTSTART;TZID=America/New_York:20261124T090000", 14),
        ("DTSTART;TZID=W. Europe Standard Time:20261124T090000", 8),
        ("DTSTART:20261124T090000", 8),  # no zone: the workspace's
    ],
)
def test_an_hour_is_meant_in_the_zone_that_the_file_says(starts: str, hour: int) -> None:
    (entry,) = read(f"UID:1\n{starts}\nDURATION:PT90M\nSUMMARY:Launch").entries
    assert (entry.starts_at, entry.ends_at) == (at(24, hour), at(24, hour + 1).replace(minute=30))


def test_what_repeats_stays_at_its_hour_when_the_clocks_change_and_ends_when_its_rule_says() -> None:
    found = read(
        "UID:1\nDTSTART;TZID=Europe/Berlin:20261020T100000\nRRULE:FREQ=WEEKLY;UNTIL=20261103T090000Z\nSUMMARY:Market"
    )
    assert [entry.starts_at for entry in found.entries] == [at(20, 8, 10), at(27, 9, 10), at(3, 9)]


def test_what_repeats_for_ever_is_followed_from_a_year_ago_to_three_years_ahead() -> None:
    found = days(read("UID:1\nDTSTART;VALUE=DATE:19900301\nRRULE:FREQ=YEARLY\nSUMMARY:Founded"))
    assert found == [date(year, 3, 1) for year in range(2026, 2030)]


def test_days_are_added_left_out_moved_and_cancelled() -> None:
    weekly = "UID:1\nDTSTART;VALUE=DATE:20261102\nRRULE:FREQ=WEEKLY;COUNT=4\nSUMMARY:Market"
    moved = "UID:1\nRECURRENCE-ID;VALUE=DATE:20261109\nDTSTART;VALUE=DATE:20261110\nSUMMARY:Market, on a Tuesday"
    gone = "UID:1\nRECURRENCE-ID;VALUE=DATE:20261116\nDTSTART;VALUE=DATE:20261116\nSTATUS:CANCELLED"
    found = read(f"{weekly}\nEXDATE;VALUE=DATE:20261123\nRDATE;VALUE=DATE:20261225", moved, gone)
    assert sorted(days(found)) == [date(2026, 11, 2), date(2026, 11, 10), date(2026, 12, 25)]


def test_a_cancelled_event_is_known_by_its_uid_and_is_on_no_day() -> None:
    found = read(FAIR + "\nSTATUS:CANCELLED")
    assert (set(found.uids), found.entries) == ({"fair"}, ())


def test_an_event_without_a_uid_is_the_same_one_as_long_as_its_text_is() -> None:
    nameless = FAIR.removeprefix("UID:fair\n")
    assert read(nameless).uids == read(nameless).uids != read(nameless + "s").uids


def test_folded_lines_nested_alarms_and_a_byte_order_mark_are_read() -> None:
    event = FAIR + " in\n  Leipzig\nBEGIN:VALARM\nTRIGGER:-PT5M\nSUMMARY:Wake up\nEND:VALARM"
    (entry,) = read_calendar(b"\xef\xbb\xbf" + calendar(event), BERLIN, NOW).entries
    assert entry.name == "Trade fair in Leipzig"


def test_a_zone_that_a_file_makes_up_is_not_followed() -> None:
    """Its rules of change would be, for as long as they please, and kept for whoever imports next."""
    zone = "BEGIN:VTIMEZONE\nTZID:Ours\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0000\nTZOFFSETTO:+0500\n"
    zone += "RRULE:FREQ=SECONDLY\nEND:STANDARD\nEND:VTIMEZONE"
    event = "UID:1\nDTSTART;TZID=Ours:20261124T090000\nSUMMARY:Launch"
    file = calendar(event).replace(b"BEGIN:VEVENT", zone.encode() + b"\nBEGIN:VEVENT", 1)
    with pytest.raises(BadCalendar, match="time zone “Ours”, which is not known"):
        read_calendar(file, BERLIN, NOW)


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        ("UID:1\nSUMMARY:Launch", "“Launch” (line 9) does not say when it begins: DTSTART is missing."),
        ("UID:1\nDTSTART:soon\nSUMMARY:Launch", "“Launch” (line 9) has a DTSTART that cannot be read"),
        ("UID:1\nDTSTART:20261124T090000Z\nDTEND:20261124T080000Z", "“Without a name” (line 9) ends before it begins."),
        (
            "UID:1\nDTSTART:20261124T090000Z\nRRULE:FREQ=HOURLY",
            "repeats by a rule that cannot be followed: FREQ=HOURLY",
        ),
        ("UID:1\nDTSTART:20261124T090000Z\nRRULE:FREQ=DAILY;X=1", "cannot be followed"),
        ("UID:1\nDTSTART;VALUE=DATE:00010101", "begins in the year 1."),
        ("UID:1\nDTSTART;VALUE=DATE:20261124\nDTEND;VALUE=DATE:20301124", "lasts 1461 days"),
        ("UID:1\nDTSTART;VALUE=DATE:20261124\nDTEND:20261125T090000Z", "begins with a day and ends at an hour"),
    ],
)
def test_an_event_that_cannot_be_used_is_named_and_left_out(event: str, sentence: str) -> None:
    found = read(FAIR, event)
    assert (set(found.uids), len(found.entries), found.left_out_number) == ({"fair"}, 1, 1)
    assert sentence in found.left_out[0]


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (b"", "This is no calendar file: it does not begin with BEGIN:VCALENDAR."),
        (b"name,day\nFair,2026-11-26\n", "This is no calendar file"),
        (calendar(), "There is no event in this file."),
        (calendar(FAIR).replace(b"SUMMARY:", b"SUMMARY "), "Line 7 cannot be read: “SUMMARY Trade fair”."),
        (calendar(FAIR)[:-36], "Line 3 says BEGIN:VEVENT, and the file is over before END:VEVENT. Is all of it here?"),
        (calendar(FAIR).replace(b"END:VEVENT", b"END:VTODO"), "Line 8 says END:VTODO after BEGIN:VEVENT in line 3."),
        (calendar(FAIR).replace(b"fair", "fähr".encode("latin-1")), "Line 4 is not in UTF-8"),
        (calendar(FAIR).replace(b"Trade", b"Tr\0ade"), "Line 7 holds a NUL"),
        (calendar("UID:1\nDTSTART:never"), "has a DTSTART that cannot be read"),
        (calendar(*[FAIR] * 2_001), "There are 2,001 events in this file; at most 2,000 are read at once."),
        (b"BEGIN:VCALENDAR\n" * 12, "Line 11 begins a part within a part"),
        (calendar(FAIR) + b" " * 2_000_000, "The file has 2.0 MB; at most 2 MB are read."),
        (
            calendar(*(f"UID:{at}\nDTSTART;VALUE=DATE:20261101\nRRULE:FREQ=DAILY" for at in range(12))),
            "come to more than 10,000 entries",
        ),
        (
            calendar(*(f"UID:{at}\nDTSTART;VALUE=DATE:19010101\nRRULE:FREQ=DAILY;COUNT=2" for at in range(9))),
            "“Without a name” (line 23) and those before it repeat over too long a time",
        ),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_refused_with_a_sentence(file: bytes, sentence: str) -> None:
    with pytest.raises(BadCalendar) as refused:
        read_calendar(file, BERLIN, NOW)
    assert sentence in str(refused.value)


WORDS = st.sampled_from(
    ["BEGIN:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "END:VCALENDAR", "UID:1", "DTSTART:20261124", "DTEND:x", " fold",
     "DTSTART;TZID=:20261124T000000", "RRULE:FREQ=DAILY;UNTIL=x", "RRULE:", "EXDATE:", "RDATE;VALUE=PERIOD:x/y",
     "DURATION:-P1D", "RECURRENCE-ID:20261124", "DTSTART;VALUE=TIME:090000", "SUMMARY;X=\"", "RRULE:FREQ=YEARLY"]
)  # fmt: skip


@given(st.lists(WORDS | st.text(max_size=20), max_size=12), st.booleans())
def test_whatever_is_given_is_read_or_refused_and_never_breaks(lines: list[str], wrapped: bool) -> None:
    text = "\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR"] if wrapped else lines)
    with suppress(BadCalendar):
        read_calendar(text.encode(errors="surrogatepass"), BERLIN, NOW)
