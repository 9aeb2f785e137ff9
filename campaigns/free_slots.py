"""The nearest day to which a send can move out of another campaign's way without getting into anybody else's. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from campaigns.overlap import Side, Threshold, overlap

#: How far a send is moved at most.
FARTHEST = 14
SATURDAY = 5


@dataclass(frozen=True)
class Place:
    """A wall-clock moment, naive, and the first instant that it stands for."""

    local: datetime
    due_at: datetime


@dataclass(frozen=True)
class FreeSlot:
    """Where it can go, and with how many campaigns it overlaps before and after."""

    place: Place
    before: int
    after: int


def days_around(day: date) -> Iterator[date]:
    """The nearest first, later before earlier; no weekend for what goes out on a working day."""
    for distance in range(1, FARTHEST + 1):
        for each in (day + timedelta(days=distance), day - timedelta(days=distance)):
            if day.weekday() >= SATURDAY or each.weekday() < SATURDAY:
                yield each


def free_slot(
    sides: Sequence[Side],
    campaign_id: int,
    other_id: int,
    send_id: int,
    places: Iterator[Place],
    window: timedelta,
    threshold: Threshold,
) -> FreeSlot | None:
    """The first place at which nothing is left of the overlap with the other one, and no further overlap comes."""
    side = next((side for side in sides if side.campaign_id == campaign_id), None)
    if side is None:
        return None
    others = [each for each in sides if each.campaign_id != campaign_id]
    before = _overlapping(side, others, window, threshold)
    if other_id not in before:
        # It is mended already, and the checker has not been by yet.
        return None
    for place in places:
        after = _overlapping(_moved(side, send_id, place.due_at), others, window, threshold)
        if other_id not in after and after <= before:
            return FreeSlot(place, len(before), len(after))
    return None


def _overlapping(side: Side, others: Sequence[Side], window: timedelta, threshold: Threshold) -> set[int]:
    return {each.campaign_id for each in others if overlap(side, each, window, threshold)}


def _moved(side: Side, send_id: int, due_at: datetime) -> Side:
    return replace(side, sends=tuple(sorted((due_at if each == send_id else at, each) for at, each in side.sends)))
