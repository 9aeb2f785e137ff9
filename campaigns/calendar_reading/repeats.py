"""When an event that repeats takes place within a horizon: by its rule, its added days and those that it leaves out."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from campaigns.recurrence import RecurrenceError, occurrences

from .events import Unusable, WrittenEvent

#: Days, weeks, months or years that the rules of one file are followed over, all together: a second or two.
STEPS = 200_000
DAYS_OF = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 30, "YEARLY": 365}


class TooFar(ValueError):
    """The rules of the file would have to be followed for too long."""


@dataclass
class Horizon:
    """From when to when, and how many steps are left."""

    after: datetime
    before: datetime
    steps: int

    def spend(self, event: WrittenEvent) -> None:
        frequency = next((part[5:] for part in event.rule.upper().split(";") if part.startswith("FREQ=")), "")
        days = max((self.before.date() - _day(event.starts)).days, 1)
        self.steps -= days // DAYS_OF.get(frequency, 1) + 1
        if self.steps < 0:
            raise TooFar(f"{event.label} and those before it repeat over too long a time: let them begin later.")


def moments(event: WrittenEvent, horizon: Horizon) -> list[date | datetime]:
    """When its occurrences begin, in order: dates for whole days, aware moments otherwise. Raises `Unusable`.

    An event without a rule is when it is, however long ago.
    """
    by_rule = _by_rule(event, horizon) if event.rule else []
    begins = [] if event.rule and not _is_within(event.starts, horizon) else [event.starts]
    added = [at for at in event.added if not event.rule or _is_within(at, horizon)]
    found = {same_moment(at): at for at in (*begins, *by_rule, *added)}
    for gone in event.dropped:
        found.pop(same_moment(gone), None)
    return [found[key] for key in sorted(found)]


def _by_rule(event: WrittenEvent, horizon: Horizon) -> list[date | datetime]:
    horizon.spend(event)
    starts = event.starts
    try:
        wall = occurrences(_wall_rule(event), _wall(starts), _low(event, horizon), _high(horizon))
    except RecurrenceError as error:
        raise Unusable(f"{event.label} repeats by a rule that cannot be followed: {event.rule[:100]}.") from error
    if not isinstance(starts, datetime):
        return [each.date() for each in wall]
    return [each.replace(tzinfo=starts.tzinfo, fold=0) for each in wall]


def _wall_rule(event: WrittenEvent) -> str:
    """The rule with UNTIL on the clock of the event's own zone, as `occurrences` has it: files write it in UTC."""
    return ";".join(_wall_until(part, event.starts) for part in event.rule.upper().split(";"))


def _wall_until(part: str, starts: date | datetime) -> str:
    if not part.startswith("UNTIL="):
        return part
    if not isinstance(starts, datetime):
        return part[:14]
    if not part.endswith("Z"):
        return part
    try:
        until = datetime.strptime(part, "UNTIL=%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return part
    return f"UNTIL={until.astimezone(starts.tzinfo):%Y%m%dT%H%M%S}"


def _low(event: WrittenEvent, horizon: Horizon) -> datetime:
    """What began before the horizon and reaches into it belongs to it."""
    return horizon.after.replace(tzinfo=None) - event.length - timedelta(days=1)


def _high(horizon: Horizon) -> datetime:
    return horizon.before.replace(tzinfo=None)


def _is_within(at: date | datetime, horizon: Horizon) -> bool:
    return horizon.after.date() <= _day(at) <= horizon.before.date()


def _wall(value: date | datetime) -> datetime:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else datetime.combine(value, time())


def _day(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value


def same_moment(value: date | datetime) -> tuple[datetime, bool]:
    """The same moment is the same occurrence, in whichever zone it is written."""
    if isinstance(value, datetime):
        return value.astimezone(UTC), True
    return datetime.combine(value, time(), tzinfo=UTC), False
