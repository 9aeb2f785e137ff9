"""Until when something lasts: a day in a zone, an instant, or until somebody ends it; read, and said."""

from datetime import date, datetime, time, timedelta, tzinfo

LAST_YEAR = 9000


class NoSuchMoment(ValueError):
    """The text is no day and no moment; says what would be."""


def end_of(day: date, zone: tzinfo) -> datetime:
    """The first instant after the day."""
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone)


def read_until(text: str, zone: tzinfo) -> datetime:
    """`2026-11-27` is the end of that day in the zone; a moment has its offset. Raises `NoSuchMoment`."""
    try:
        moment = (
            datetime.fromisoformat(text) if len(text) > len("2026-11-27") else end_of(date.fromisoformat(text), zone)
        )
    except (TypeError, ValueError, OverflowError) as problem:
        raise NoSuchMoment("Must be a day such as 2026-11-27, or a moment such as 2026-11-27T14:00:00Z.") from problem
    if moment.tzinfo is None or moment.year > LAST_YEAR:
        raise NoSuchMoment("Say the offset from UTC too, such as 2026-11-27T14:00:00+01:00, and a year before 9000.")
    return moment


def until_words(until: datetime | None, zone: tzinfo) -> str:
    """`until the end of Friday 27 November 2026`, `until 14:00 on …`, `until somebody lifts it`."""
    if until is None:
        return "until somebody lifts it"
    local = until.astimezone(zone)
    if local.time() == time.min:
        return f"until the end of {local - timedelta(days=1):%A %-d %B %Y}"
    return f"until {local:%H:%M on %A %-d %B %Y}"
