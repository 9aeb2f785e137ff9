"""Recurrences and wall-clock times: which days a rule names, and which instant a clock on the wall means.

Rules are RFC 5545 RRULEs over whole days: the hour is the campaign's own. Everything here is naive wall-clock time
until `instant` says in which zone it is meant.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import takewhile
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from audiences.zones import zone_names

LONGEST_RULE = 300
MUST_FIRE_WITHIN = timedelta(days=5 * 366)
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
TIMES_OF_DAY = ("BYHOUR", "BYMINUTE", "BYSECOND")
LISTS = ("BYDAY", "BYMONTHDAY", "BYMONTH", "BYYEARDAY", "BYWEEKNO", "BYSETPOS")
KNOWN = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", *LISTS)
WEEKDAY = re.compile(r"[+-]?([1-9][0-9]?)?(?:MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
# The Gregorian calendar repeats every 400 years, weekdays included.
CYCLE_YEARS = 400
# How far after its first day a rule is followed at least.
ROOM_YEARS = 150
FURTHEST_EAST = timedelta(hours=13)


class RecurrenceError(ValueError):
    """Raised with a sentence that says what is wrong with a rule, and what would be right."""


def occurrences(rule: str, start: datetime, after: datetime, before: datetime) -> list[datetime]:
    """The naive wall-clock moments of a rule with `after <= moment < before`, ascending, no two on one date.

    `start` is the first day and the hour. Raises `RecurrenceError` for a rule that cannot be read, that would go
    more than once a day, or that names no day within five years of its start.
    """
    years, shifted = _in_last_cycle(start)
    parsed, first = _checked(rule, shifted, years)
    if first is None or before <= after:
        return []
    low, high = _moved(after, years), _moved(before, years)
    found = takewhile(lambda moment: moment < high, parsed.xafter(low, inc=True))
    return [_moved(moment, -years) for moment in found]


def has_more(rule: str, start: datetime, after: datetime) -> bool:
    """Whether the rule names any day from `after` on, however far ahead."""
    years, shifted = _in_last_cycle(start)
    parsed, _ = _checked(rule, shifted, years)
    return parsed.after(_moved(after, years), inc=True) is not None


def check_year(local: datetime) -> None:
    """Raise `RecurrenceError` for a year in which nobody plans, and near which the arithmetic of time zones ends."""
    if not 1900 <= local.year <= 2400:
        raise RecurrenceError(f"The day is in the year {local.year}: use one between 1900 and 2400.")


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """The UTC instant of a naive wall-clock moment.

    In the gap when clocks go forward, as much later as the clock jumps: 02:30 goes at 03:30. In the overlap when
    they go back, the first time. (PEP 495: `fold=0` means exactly these two.)
    """
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


@lru_cache(maxsize=8192)
def first_instant(local: datetime) -> datetime:
    """The earliest UTC instant at which any zone on earth has this wall-clock moment."""
    return min(instant(local, ZoneInfo(name)) for name in _eastern_zones(local.year))


@lru_cache(maxsize=8192)
def last_instant(local: datetime) -> datetime:
    """An instant by which every zone on earth has had this wall-clock moment: UTC−12 is the last."""
    return local.replace(tzinfo=UTC) + timedelta(hours=12)


def wall_time(moment: datetime, zone: ZoneInfo) -> datetime:
    """What the clock on the wall shows, naive."""
    return moment.astimezone(zone).replace(tzinfo=None)


@lru_cache(maxsize=64)
def _eastern_zones(year: int) -> tuple[str, ...]:
    """The zones that are far east of UTC at some time of the year: the first is among them (all, were there none)."""
    firsts = [datetime(year, month, 1, tzinfo=UTC) for month in range(1, 13)]
    eastern = [name for name in sorted(zone_names()) if any(_is_far_east(name, first) for first in firsts)]
    return tuple(eastern or sorted(zone_names()))


def _is_far_east(name: str, moment: datetime) -> bool:
    return (moment.astimezone(ZoneInfo(name)).utcoffset() or timedelta()) >= FURTHEST_EAST


def _in_last_cycle(start: datetime) -> tuple[int, datetime]:
    """The start moved by whole calendar cycles, close to the year 9999, and by how many years.

    `dateutil` looks for the next day until the year 9999. From here a rule that never fires ends after one cycle,
    in a twentieth of the time, and answers the same, because the calendar does.
    """
    check_year(start)
    years = (9999 - ROOM_YEARS - start.year) // CYCLE_YEARS * CYCLE_YEARS
    return years, _moved(start, years)


def _moved(moment: datetime, years: int) -> datetime:
    """The same day of another cycle; the end of time where there is none."""
    if moment.year + years > 9999:
        return datetime(9999, 12, 31, 23, 59)  # noqa: DTZ001 a wall clock
    return moment.replace(year=moment.year + years)


@lru_cache(maxsize=1024)
def _checked(rule: str, start: datetime, years: int) -> tuple[rrule, datetime | None]:
    """The parsed rule and its first moment."""
    parts = _parts(rule)
    _check_parts(parts)
    parsed = _parsed(parts, start, years)
    first = next(iter(parsed), None)
    if first is None or first - start > MUST_FIRE_WITHIN:
        raise RecurrenceError("This rule names no day within five years of its first day.")
    return parsed, first


def _parts(rule: str) -> dict[str, str]:
    """`FREQ=WEEKLY;BYDAY=TU` as a dict, or a sentence about why it is none."""
    if len(rule) > LONGEST_RULE:
        raise RecurrenceError(f"The rule has {len(rule)} characters; at most {LONGEST_RULE} are taken.")
    text = rule.strip().upper().removeprefix("RRULE:")
    if not text:
        raise RecurrenceError("There is no rule. Write one such as FREQ=WEEKLY;BYDAY=TU.")
    if any(word in text for word in ("DTSTART", "EXDATE", "RDATE", "EXRULE")) or len(text.split()) > 1:
        raise RecurrenceError("Write one rule and nothing else: the first day and the hour are fields of their own.")
    parts = [part.partition("=") for part in text.rstrip(";").split(";")]
    names = [name for name, _, _ in parts]
    if len(set(names)) < len(names):
        raise RecurrenceError("A part of the rule stands in it twice.")
    return {name: value for name, _, value in parts}


def _check_parts(parts: dict[str, str]) -> None:
    for name, value in parts.items():
        if name in TIMES_OF_DAY:
            raise RecurrenceError(f"Take {name} out: a campaign goes at most once a day, at its own hour.")
        if name not in KNOWN:
            raise RecurrenceError(f"“{name[:40]}” is not a part of a rule. Known are {', '.join(KNOWN)}.")
        if not value:
            raise RecurrenceError(f"{name} has no value.")
    _check_frequency(parts.get("FREQ", ""))
    _check_numbers(parts)
    _check_weekdays(parts)


def _check_frequency(frequency: str) -> None:
    if not frequency:
        raise RecurrenceError("The rule must say how often: FREQ=DAILY, WEEKLY, MONTHLY or YEARLY.")
    if frequency in ("HOURLY", "MINUTELY", "SECONDLY"):
        raise RecurrenceError(f"FREQ={frequency} goes more than once a day. Use DAILY, WEEKLY, MONTHLY or YEARLY.")
    if frequency not in FREQUENCIES:
        raise RecurrenceError(f"“{frequency[:40]}” is not a frequency. Use DAILY, WEEKLY, MONTHLY or YEARLY.")


def _check_numbers(parts: dict[str, str]) -> None:
    for name in ("INTERVAL", "COUNT"):
        value = parts.get(name, "1")
        if not (value.isascii() and value.isdigit() and 1 <= int(value) <= 10_000):
            raise RecurrenceError(f"{name} must be a whole number from 1 to 10000.")
    if "COUNT" in parts and "UNTIL" in parts:
        raise RecurrenceError("COUNT and UNTIL both end the rule: keep one of them.")
    if parts.get("UNTIL", "").endswith("Z"):
        raise RecurrenceError("UNTIL is a day of the calendar here, such as UNTIL=20261231, and no moment in UTC.")


def _check_weekdays(parts: dict[str, str]) -> None:
    """`dateutil` follows a tenth Monday of December out of its own tables."""
    in_month = parts["FREQ"] == "MONTHLY" or "BYMONTH" in parts
    for day in filter(None, parts.get("BYDAY", "").split(",")):
        found = WEEKDAY.fullmatch(day)
        if not found or int(found[1] or 1) > (5 if in_month else 53):
            raise RecurrenceError(f"BYDAY cannot be read: “{day[:20]}” is not a weekday such as TU, 1MO or -1FR.")


def _parsed(parts: dict[str, str], start: datetime, years: int) -> rrule:
    """By `dateutil`, whose complaints are about its own insides: ours name the part."""
    until = {"UNTIL": _until(parts["UNTIL"], years)} if "UNTIL" in parts else {}
    try:
        parsed = rrulestr(";".join(f"{name}={value}" for name, value in {**parts, **until}.items()), dtstart=start)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
        raise RecurrenceError(f"The rule cannot be read: {_readable(error)}.") from error
    if not isinstance(parsed, rrule):
        raise RecurrenceError("Write one rule and nothing else.")
    return parsed


def _readable(error: Exception) -> str:
    text = " ".join(str(error).split())[:120].rstrip(".")
    return text or "one of its values makes no sense"


def _until(value: str, years: int) -> str:
    """UNTIL, moved with the start. A bare date means the whole of that day, not its first second."""
    day, _, clock = value.partition("T")
    try:
        moment = datetime.strptime(f"{day}T{clock or '235959'}", "%Y%m%dT%H%M%S")  # noqa: DTZ007 a wall clock
    except ValueError as error:
        raise RecurrenceError("UNTIL must be a day such as UNTIL=20261231.") from error
    return _moved(moment, years).strftime("%Y%m%dT%H%M%S")
