"""Where a plan stands on the calendar: its slots in a stretch of time, and which send takes which after an edit."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from campaigns.plan import Plan
from campaigns.recurrence import check_year, first_instant, has_more, instant, last_instant, occurrences, wall_time

# A day at either end: wall clocks of the earth are less than that from any one of them.
MARGIN = timedelta(days=2)


@dataclass(frozen=True)
class Slot:
    """One place: its name (`2026-11-24T09:00`, or `2026-11-24` for a day), its first instant, and when it is over."""

    name: str
    due_at: datetime
    over_at: datetime
    local_due: str = ""  # the wall-clock moment, where it goes at each customer's own hour

    @property
    def day(self) -> str:
        return self.name[:10]


@dataclass(frozen=True)
class Held:
    """A send that has not started: its id, the slot that it has, and whether somebody moved it by hand."""

    send_id: int
    slot: str
    by_hand: bool = False


@dataclass(frozen=True)
class Placement:
    """Which send gets which slot; `dropped` have none any more, `free` have no send yet."""

    placed: dict[int, Slot] = field(default_factory=dict)
    dropped: tuple[int, ...] = ()
    free: tuple[Slot, ...] = ()


def wall_name(local: datetime) -> str:
    return f"{local:%Y-%m-%dT%H:%M}"


def place(local: datetime, *, in_customer_zone: bool, zone: ZoneInfo) -> Slot:
    """The slot of one wall-clock moment, meant in the workspace's zone or in each customer's.

    Raises `RecurrenceError` for a year in which nobody plans.
    """
    check_year(local)
    if in_customer_zone:
        return Slot(wall_name(local), first_instant(local), last_instant(local), wall_name(local))
    due_at = instant(local, zone)
    return Slot(wall_name(local), due_at, due_at)


def slots(plan: Plan, zone: ZoneInfo, after: datetime, before: datetime) -> list[Slot]:
    """Every slot that is not over by `after` and is due before `before`, ascending.

    `zone` is the workspace's. Raises `RecurrenceError` for a bad rule; a trigger that lacks its date has none.
    """
    if plan.is_continuous:
        return [slot for slot in _days(zone, after, before) if slot.over_at > after and slot.due_at < before]
    local = place_all(plan, zone, wall_time(after, zone) - MARGIN, wall_time(before, zone) + MARGIN)
    return [slot for slot in local if slot.over_at >= after and slot.due_at < before]


def place_all(plan: Plan, zone: ZoneInfo, after: datetime, before: datetime) -> list[Slot]:
    in_customer_zone = plan.zone == "customer"
    return [place(local, in_customer_zone=in_customer_zone, zone=zone) for local in _moments(plan, after, before)]


def first_moment(plan: Plan) -> datetime | None:
    """The wall-clock moment that a dated trigger starts at, if it is complete."""
    if not (plan.start_date and plan.local_time):
        return None
    return datetime.combine(date.fromisoformat(plan.start_date), time.fromisoformat(plan.local_time))


def has_slots_left(plan: Plan, zone: ZoneInfo, now: datetime) -> bool:
    """Whether a dated plan will ever go out again. A continuous one always may."""
    start = first_moment(plan)
    if plan.is_continuous:
        return True
    if start is None:
        return False
    if plan.trigger == "recurring":
        return has_more(plan.rrule, start, wall_time(now, zone) - MARGIN / 2)
    return place(start, in_customer_zone=plan.zone == "customer", zone=zone).over_at > now


def _moments(plan: Plan, after: datetime, before: datetime) -> list[datetime]:
    start = first_moment(plan)
    if start is None:
        return []
    if plan.trigger == "recurring":
        return occurrences(plan.rrule, start, after, before)
    return [start] if after <= start < before else []


def _days(zone: ZoneInfo, after: datetime, before: datetime) -> Iterator[Slot]:
    day = wall_time(after, zone).date()
    while (due_at := instant(datetime.combine(day, time()), zone)) < before:
        following = day + timedelta(days=1)
        yield Slot(f"{day:%Y-%m-%d}", due_at, instant(datetime.combine(following, time()), zone))
        day = following


def settle(
    held: Sequence[Held], wanted: Iterable[Slot], taken: Iterable[str], now: datetime, *, single: bool
) -> Placement:
    """Give every unstarted send its slot after an edit of the trigger.

    1. A send whose slot is still wanted keeps it.
    2. A send takes the new slot of the same day: the hour was changed.
    3. The rest take what is left in their order: the days were changed. Not one that was moved by hand, unless the
       trigger has a `single` slot, which is then certainly its own.
    A send moved by hand that finds none keeps its old place; any other is dropped.
    `taken` are slots of sends that started, were cancelled by hand or are over: nobody gets them. A slot that is over
    is not given to anybody new.
    """
    by_name = {slot.name: slot for slot in wanted}
    placed = {send.send_id: by_name[send.slot] for send in held if send.slot in by_name}
    names = {slot.name for slot in placed.values()} | set(taken)
    free = [slot for slot in by_name.values() if slot.name not in names and slot.over_at > now]
    homeless = [send for send in held if send.send_id not in placed]
    _pair(homeless, free, placed, lambda send, slot: send.slot[:10] == slot.day)
    _pair(homeless, free, placed, lambda send, _: single or not send.by_hand)
    dropped = tuple(send.send_id for send in homeless if not send.by_hand)
    return Placement(placed, dropped, tuple(free))


def _pair(homeless: list[Held], free: list[Slot], placed: dict[int, Slot], fits: Callable[[Held, Slot], bool]) -> None:
    """Move every fitting pair, both in their order, from the two lists into `placed`."""
    for send in list(homeless):
        slot = next((slot for slot in free if fits(send, slot)), None)
        if slot is not None:
            placed[send.send_id] = slot
            homeless.remove(send)
            free.remove(slot)
