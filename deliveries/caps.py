"""Frequency caps over plain slots: whether one more message fits, and when it would.

A rolling cap of `limit` messages in `length` allows a message at `t` unless some window [x, x + length) that contains
`t` already holds `limit` slots, behind or ahead. Sorted slots s_1 <= s_2 <= ... do so exactly where a run of `limit`
of them has max(last, t) - min(first, t) < length. A calendar cap counts the customer's own day or ISO week.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ROLLING = "rolling"
CALENDAR = "calendar"


@dataclass(frozen=True)
class Reach:
    """What a message is, as far as a cap's scope can tell."""

    channel: str
    topic_id: int
    team_id: int


@dataclass(frozen=True)
class Slot:
    """One message that takes a place under the caps at a moment."""

    at: datetime
    reach: Reach


@dataclass(frozen=True)
class CapRule:
    """At most `limit` messages in `length`, over every message or one channel, topic or team."""

    id: int
    limit: int
    length: timedelta
    kind: str = ROLLING
    channel: str = ""  # empty: every channel
    topic_id: int | None = None  # None: every topic
    team_id: int | None = None  # None: every team
    name: str = ""

    def covers(self, reach: Reach) -> bool:
        return (
            self.channel in ("", reach.channel)
            and self.topic_id in (None, reach.topic_id)
            and self.team_id in (None, reach.team_id)
        )

    def times(self, slots: Iterable[Slot]) -> list[datetime]:
        """When the slots that this cap counts are taken, ascending."""
        return sorted(slot.at for slot in slots if self.covers(slot.reach))


def frees_at(times: Sequence[datetime], at: datetime, cap: CapRule, zone: ZoneInfo) -> datetime | None:
    """The first instant from `at` on at which the cap allows one more; None where it never does (limit 0)."""
    if cap.limit == 0:
        return None
    if cap.kind == CALENDAR:
        return _period_frees_at(times, at, cap, zone)
    # Each run that fits into a window blocks (last - length, first + length). These stretches come in ascending order
    # of both ends, so one pass is enough.
    for first, last in zip(times, times[cap.limit - 1 :], strict=False):
        if last - first < cap.length and last - cap.length < at < first + cap.length:
            at = first + cap.length
    return at


def share_a_window(one: datetime, other: datetime, cap: CapRule, zone: ZoneInfo) -> bool:
    """Whether some window of the cap can hold both instants."""
    if cap.kind == CALENDAR:
        return period_of(one, cap, zone) == period_of(other, cap, zone)
    return abs(one - other) < cap.length


def period_of(at: datetime, cap: CapRule, zone: ZoneInfo) -> date:
    """The first day of the customer's day or ISO week that holds the instant."""
    day = at.astimezone(zone).date()
    return day - timedelta(days=day.weekday()) if cap.length > timedelta(days=1) else day


def _period_frees_at(times: Sequence[datetime], at: datetime, cap: CapRule, zone: ZoneInfo) -> datetime:
    taken = [period_of(moment, cap, zone) for moment in times]
    while taken.count(period := period_of(at, cap, zone)) >= cap.limit:
        at = _midnight(period + cap.length, zone)
    return at


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day: where the clock jumps over midnight, the jump; where it shows it twice, the
    first time."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)
