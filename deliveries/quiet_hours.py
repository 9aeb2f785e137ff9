"""Quiet hours as the customer's clock on the wall tells them: when a message may leave, and until when.

Half-open and by the wall: at 02:15 it is quiet under "22:00 to 02:30", in both of the hours that the clock shows
02:15 on the day when it goes back. On the day when it jumps over 02:30, quiet ends with the jump.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class QuietPeriod:
    """From `start` up to, but not including, `end`; where `end` is the smaller, past midnight."""

    start: time
    end: time

    def __post_init__(self) -> None:
        if self.start == self.end:
            raise ValueError("quiet hours that start when they end could mean the whole day or nothing at all")

    def holds_at(self, wall: time) -> bool:
        if self.start < self.end:
            return self.start <= wall < self.end
        return wall >= self.start or wall < self.end


def is_quiet(at: datetime, zone: ZoneInfo, quiet: QuietPeriod | None) -> bool:
    return quiet is not None and quiet.holds_at(at.astimezone(zone).time())


@lru_cache(maxsize=4096)
def next_allowed(at: datetime, zone: ZoneInfo, quiet: QuietPeriod | None) -> datetime:
    """`at` itself, or the first instant after it that is not quiet. Aware, UTC."""
    if quiet is None or not is_quiet(at, zone, quiet):
        return at
    return next(edge for edge in _edges(at, zone, quiet) if not is_quiet(edge, zone, quiet))


@lru_cache(maxsize=4096)
def next_quiet(at: datetime, zone: ZoneInfo, quiet: QuietPeriod | None) -> datetime | None:
    """The first instant from `at` on that is quiet; None where there are no quiet hours. Aware, UTC."""
    if quiet is None or is_quiet(at, zone, quiet):
        return at if quiet else None
    return next(edge for edge in _edges(at, zone, quiet) if is_quiet(edge, zone, quiet))


def _edges(at: datetime, zone: ZoneInfo, quiet: QuietPeriod) -> list[datetime]:
    """Every instant of the next three days at which it can turn quiet or stop being so, ascending."""
    until = at + 3 * _DAY
    today = at.astimezone(zone).date()
    walls = [
        datetime.combine(today + day * _DAY, wall, zone).replace(fold=fold).astimezone(UTC)
        for day in range(-1, 4)
        for wall in (quiet.start, quiet.end)
        for fold in (0, 1)
    ]
    return sorted(edge for edge in (*walls, *_clock_changes(at, until, zone)) if at < edge <= until)


def _clock_changes(start: datetime, end: datetime, zone: ZoneInfo) -> list[datetime]:
    """The instants at which the zone's offset changes; no zone changes it twice within six hours."""
    hours = [start + timedelta(hours=6 * step) for step in range(int((end - start) / timedelta(hours=6)) + 1)]
    return [_change(low, high, zone) for low, high in pairwise(hours) if _offset(low, zone) != _offset(high, zone)]


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Bisect to the whole second: the first instant with the offset that holds at `after`."""
    low, high, offset = int(before.timestamp()), int(after.timestamp()) + 1, _offset(after, zone)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _offset(datetime.fromtimestamp(middle, UTC), zone) == offset else (middle, high)
    return datetime.fromtimestamp(high, UTC)


def _offset(at: datetime, zone: ZoneInfo) -> timedelta | None:
    return at.astimezone(zone).utcoffset()
