"""Slots of many customers at once: who would be over a cap, by bitmaps instead of one by one."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pyroaring import BitMap

from deliveries.caps import CALENDAR, CapRule, Slot, share_a_window


@dataclass(frozen=True)
class SlotSet:
    """One slot each for `members`, all at the same moment.

    `source` tells sets apart that one customer can be in two of. `winner` (`campaign:9`) is set where the slot is
    spoken for by a send of higher order, rather than taken.
    """

    slot: Slot
    members: BitMap
    source: str
    winner: str = ""


@dataclass(frozen=True)
class Holding:
    """Customers who hold exactly these slots already."""

    slots: tuple[Slot, ...]
    members: BitMap


def at_least(count: int, sets: Iterable[BitMap], everyone: BitMap) -> BitMap:
    """Those of `everyone` who are in `count` of the sets or more."""
    # levels[k]: in at least k of the sets looked at so far.
    levels = [everyone] + [BitMap() for _ in range(count)]
    for members in sets:
        for level in range(count, 0, -1):
            levels[level] = levels[level] | (levels[level - 1] & members)
    return levels[count]


def crowded(
    cap: CapRule, at: datetime, zone: ZoneInfo, held: Sequence[Slot], sets: Iterable[SlotSet], everyone: BitMap
) -> BitMap:
    """Those of `everyone` for whom one more message at `at` would break the cap.

    All of them hold the slots `held`; `sets` say which of them have which slots besides.
    """
    if cap.limit == 0:
        return everyone
    times = [moment for moment in cap.times(held) if share_a_window(moment, at, cap, zone)]
    near = [
        each
        for each in sets
        if cap.covers(each.slot.reach)
        and share_a_window(each.slot.at, at, cap, zone)
        and not everyone.isdisjoint(each.members)
    ]
    if len(times) + len({each.source for each in near}) < cap.limit:
        return BitMap()
    left = everyone
    for begins in _windows(cap, at, times, near):
        spare = cap.limit - sum(_within(moment, begins, cap) for moment in times)
        if spare <= 0:
            return everyone
        # Only of those whom no window has stopped yet: in a full week the first few stop nearly everybody.
        left = left - at_least(spare, (each.members for each in near if _within(each.slot.at, begins, cap)), left)
        if not left:
            break
    return everyone - left


def _windows(cap: CapRule, at: datetime, times: Iterable[datetime], near: Iterable[SlotSet]) -> list[datetime | None]:
    """The beginnings of every window that matters: at the message, or at a slot before it. None: the one period.

    One that holds no slot beyond those of the window before it stops nobody whom that one does not.
    """
    if cap.kind == CALENDAR:
        return [None]
    moments = sorted({*times, *(each.slot.at for each in near)})
    begins: list[datetime] = []
    for moment in (*moments[: bisect_left(moments, at)], at):
        until = bisect_left(moments, moment + cap.length)
        if not begins or until > bisect_left(moments, begins[-1] + cap.length):
            begins.append(moment)
    return list(begins)


def _within(moment: datetime, begins: datetime | None, cap: CapRule) -> bool:
    return begins is None or begins <= moment < begins + cap.length


def split_by(sets: Iterable[SlotSet], everyone: BitMap) -> list[Holding]:
    """`everyone` cut by which of the sets they are in, each part with those slots."""
    parts = [Holding((), everyone)]
    for each in sets:
        inside = (Holding((*part.slots, each.slot), part.members & each.members) for part in parts)
        outside = (Holding(part.slots, part.members - each.members) for part in parts)
        parts = [part for part in (*inside, *outside) if part.members]
    return parts
