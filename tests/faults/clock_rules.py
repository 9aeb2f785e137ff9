"""What must hold at a wall-clock moment in a zone, looked at by the clock on the wall alone, quarter by quarter.

Every offset since 1986 is a whole number of quarters of an hour, so nothing happens in between.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from pyroaring import BitMap

from campaigns.plan import Plan
from campaigns.recurrence import instant
from campaigns.slots import slots
from deliveries.caps import CALENDAR, CapRule, frees_at, period_of
from deliveries.quiet_hours import QuietPeriod
from deliveries.timing import Due, Schedule, closes_at, place

DAY, QUARTER = timedelta(days=1), timedelta(minutes=15)
LONG = timedelta(days=3)
ONE_A_DAY = CapRule(1, 1, DAY, CALENDAR)


def wall(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def exists(local: datetime, zone: ZoneInfo) -> bool:
    """Whether the clock ever shows it: not in a gap."""
    return any(wall(local.replace(tzinfo=zone, fold=fold).astimezone(UTC), zone) == local for fold in (0, 1))


def daily(local: datetime) -> Plan:
    return Plan(
        name="daily",
        team_id=1,
        topic_id=1,
        include=(),
        exclude=(),
        channels=("email",),
        messages=(),
        trigger="recurring",
        start_date=f"{local:%Y-%m-%d}",
        local_time=f"{local:%H:%M}",
        rrule="FREQ=DAILY;COUNT=3",
    )


def one_slot_a_date(local: datetime, zone: ZoneInfo) -> bool:
    """A recurrence has one slot for each of its dates, in their order, and the very instant that a send would have."""
    first = instant(local, zone)
    found = slots(daily(local), zone, first - DAY, first + LONG + DAY)
    days = [local + DAY * number for number in range(3)]
    return [(slot.name, slot.due_at) for slot in found] == [
        (f"{day:%Y-%m-%dT%H:%M}", instant(day, zone)) for day in days
    ]


def one_send_a_date(local: datetime, zone: ZoneInfo) -> bool:
    """At everyone's own hour: once for each date, on that date wherever the date has such an hour."""
    days = [local + DAY * number for number in range(-1, 2)]
    moments = [instant(day, zone) for day in days]
    on_time = (_is_kept(day, moment, zone) for day, moment in zip(days, moments, strict=True))
    return moments == sorted(set(moments)) and all(on_time)


def _is_kept(asked: datetime, moment: datetime, zone: ZoneInfo) -> bool:
    shown = wall(moment, zone)
    if exists(asked, zone):
        # Where the clock shows it twice, the first time.
        return shown == asked and moment == min(
            asked.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)
        )
    # As much later as the clock jumps: past midnight only where the gap reaches that far.
    jump = shown - asked
    return timedelta() < jump <= timedelta(hours=2) and (shown.date() == asked.date() or not _any_later(asked, zone))


def _any_later(asked: datetime, zone: ZoneInfo) -> bool:
    """Whether its date has any later quarter of an hour."""
    end = datetime.combine(asked.date() + DAY, time())
    later = (asked + QUARTER * number for number in range(1, int((end - asked) / QUARTER)))
    return any(exists(moment, zone) for moment in later)


def is_quiet(moment: datetime, zone: ZoneInfo, quiet: QuietPeriod) -> bool:
    clock = wall(moment, zone).time()
    if quiet.start < quiet.end:
        return quiet.start <= clock < quiet.end
    return not quiet.end <= clock < quiet.start


def never_quiet(local: datetime, zone: ZoneInfo, quiet: QuietPeriod) -> bool:
    """It waits as long as it is quiet and no longer, and what may not leave before quiet begins is held back."""
    wanted = instant(local, zone)
    (due,) = place({zone: BitMap([1])}, Schedule(wanted, local, LONG, DAY), quiet, wanted).dues
    waiting, open_ = quarters(wanted, due.at), quarters(due.at, closes_at(due, quiet))
    return (
        all(is_quiet(moment, zone, quiet) for moment in waiting)
        and not any(is_quiet(moment, zone, quiet) for moment in open_)
        and not is_quiet(due.at, zone, quiet)
        and _closes_in_time(due, zone, quiet)
    )


def _closes_in_time(due: Due, zone: ZoneInfo, quiet: QuietPeriod) -> bool:
    closes = closes_at(due, quiet)
    return closes == due.expires_at or is_quiet(closes, zone, quiet)


def quarters(begins: datetime, ends: datetime) -> Iterator[datetime]:
    """From the beginning, then on every full quarter before the end."""
    if begins < ends:
        yield begins
    moment = begins.replace(minute=begins.minute // 15 * 15, second=0, microsecond=0) + QUARTER
    while moment < ends:
        yield moment
        moment += QUARTER


def caps_count_own_days(local: datetime, zone: ZoneInfo) -> bool:
    """A calendar cap of one a day is full until the clock on the wall shows another date, and not longer."""
    taken = instant(local, zone)
    today = wall(taken, zone).date()
    frees = frees_at([taken], taken, ONE_A_DAY, zone)
    following = next(each for each in quarters(taken, taken + LONG) if wall(each, zone).date() > today)
    return frees == following and period_of(taken, ONE_A_DAY, zone) == today


@lru_cache(maxsize=1024)
def changes(zone: ZoneInfo) -> tuple[date, ...]:
    """The days from 2024 to 2030 on which the offset is another than the day before."""
    noons = [datetime(2024, 1, 1, 12, tzinfo=UTC) + DAY * number for number in range(7 * 365 + 2)]
    offsets = [noon.astimezone(zone).utcoffset() for noon in noons]
    pairs = zip(noons, offsets, noons[1:], offsets[1:], strict=False)
    return tuple(late.date() for _, before, late, after in pairs if before != after)
