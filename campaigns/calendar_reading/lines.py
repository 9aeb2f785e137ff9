"""A calendar file as lines: what is no calendar is refused by the number of its line, and each event is cut out.

Only events are taken. Time zones that a file defines itself are left out: `icalendar` would keep them for whoever comes
next, and follow the rules of their changes for as long as they please.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

LARGEST = 2_000_000
MOST_EVENTS = 2_000
DEEPEST = 10
NAME = re.compile(r"[A-Za-z0-9-]+[;:]")
SHOWN = 40


class BadCalendar(ValueError):
    """The file cannot be used; the text is a sentence that says which line or event is to blame."""


@dataclass(frozen=True)
class RawEvent:
    """The text of one event, without what is nested in it, and the line on which it begins."""

    line: int
    text: str


@dataclass
class _Open:
    """What was begun and not ended yet: names with their lines; and the lines of the event that is being read."""

    names: list[tuple[str, int]] = field(default_factory=list)
    event: list[str] = field(default_factory=list)


def events_of(file: bytes) -> list[RawEvent]:
    """Every event of the file in its order; raises `BadCalendar` where there is none, or a line is no line."""
    lines = list(_unfolded(_text(file)))
    if not lines or lines[0][1].strip().upper() != "BEGIN:VCALENDAR":
        raise BadCalendar("This is no calendar file: it does not begin with BEGIN:VCALENDAR.")
    events = list(_cut(lines))
    if not events:
        raise BadCalendar("There is no event in this file.")
    if len(events) > MOST_EVENTS:
        raise BadCalendar(f"There are {len(events):,} events in this file; at most {MOST_EVENTS:,} are read at once.")
    return events


def _text(file: bytes) -> str:
    if len(file) > LARGEST:
        raise BadCalendar(f"The file has {len(file) / 1e6:.1f} MB; at most {LARGEST / 1e6:.0f} MB are read.")
    try:
        text = file.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = file.count(b"\n", 0, error.start) + 1
        raise BadCalendar(f"Line {line} is not in UTF-8: export the calendar once more as UTF-8.") from error
    if "\0" in text:
        raise BadCalendar(f"Line {text.count(chr(10), 0, text.index(chr(0))) + 1} holds a NUL, which no calendar does.")
    return text


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their numbers; one that begins with a blank goes on with the line before."""
    number, parts = 0, [""]
    for at, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if line[:1] in (" ", "\t") and number:
            parts.append(line[1:])
            continue
        if "".join(parts).strip():
            yield number, "".join(parts)
        number, parts = at, [line]
    if "".join(parts).strip():
        yield number, "".join(parts)


def _cut(lines: list[tuple[int, str]]) -> Iterator[RawEvent]:
    begun = _Open()
    for number, line in lines:
        if not NAME.match(line):
            raise BadCalendar(
                f"Line {number} cannot be read: “{line.strip()[:SHOWN]}”. A line is a name, a colon and a value, such "
                "as SUMMARY:Trade fair."
            )
        word, _, value = line.strip().upper().partition(":")
        if word == "BEGIN":
            _begin(begun, value.strip(), number)
        elif word == "END":
            yield from _end(begun, value.strip(), number)
        elif [name for name, _ in begun.names] == ["VCALENDAR", "VEVENT"]:
            begun.event.append(line)
    if begun.names:
        name, number = begun.names[-1]
        raise BadCalendar(
            f"Line {number} says BEGIN:{name}, and the file is over before END:{name}. Is all of it here?"
        )


def _begin(begun: _Open, name: str, number: int) -> None:
    begun.names.append((name[:SHOWN], number))
    if len(begun.names) > DEEPEST:
        raise BadCalendar(f"Line {number} begins a part within a part, the {DEEPEST}th: no calendar is so deep.")


def _end(begun: _Open, name: str, number: int) -> Iterator[RawEvent]:
    expected, since = begun.names.pop() if begun.names else ("", 0)
    if expected != name[:SHOWN]:
        opened = f"after BEGIN:{expected} in line {since}" if expected else "where nothing was begun"
        raise BadCalendar(f"Line {number} says END:{name[:SHOWN]} {opened}.")
    if (name, len(begun.names)) == ("VEVENT", 1):
        text = "\r\n".join(["BEGIN:VEVENT", *begun.event, "END:VEVENT", ""])
        begun.event = []
        yield RawEvent(since, text)
