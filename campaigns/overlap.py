"""Overlap: what two campaigns share, by set algebra over their audiences. Pure; exact unless a side is continuous."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from heapq import nsmallest
from itertools import combinations

from pyroaring import BitMap

MOST_SENDS_LISTED = 20
# Shares of the smaller audience, in percent.
HIGH = 25
MEDIUM = 50


@dataclass(frozen=True)
class Side:
    """One campaign as the checker sees it. `sends` are (due at, send id), ascending.

    `per_day` is the expected number of people a day where it is continuous; None where it goes to its audience at
    once.
    """

    campaign_id: int
    audience: BitMap
    channels: frozenset[str]
    topic_id: int
    goal: str
    sends: tuple[tuple[datetime, int], ...]
    per_day: int | None = None

    @cached_property
    def moments(self) -> tuple[datetime, ...]:
        return tuple(at for at, _ in self.sends)


@dataclass(frozen=True)
class Threshold:
    """From where on sharing customers is crowding: both must be reached."""

    people: int = 10
    percent: float = 5


@dataclass(frozen=True)
class Overlap:
    """What a pair shares: `shared` people, as percent of each side, and along which axes besides."""

    kind: str
    severity: str
    shared: int
    percent_of_first: float
    percent_of_second: float
    axes: tuple[str, ...]
    sends: tuple[tuple[int, int], ...]
    sends_total: int
    is_estimated: bool


def overlap(first: Side, second: Side, window: timedelta, threshold: Threshold) -> Overlap | None:
    """The overlap of two campaigns with sends less than or exactly `window` apart; None where there is none to tell."""
    # The cheaper question first: most pairs of a long calendar are far apart.
    if not are_near(first, second, window):
        return None
    both = first.audience.intersection_cardinality(second.audience)
    if not both:
        return None
    share_first, share_second = _share(first, window), _share(second, window)
    shared = round(both * share_first * share_second)
    percent_of_first = _percent(shared, len(first.audience) * share_first)
    percent_of_second = _percent(shared, len(second.audience) * share_second)
    percent = max(percent_of_first, percent_of_second)
    axes = shared_axes(first, second)
    kind = _kind(axes, shared, percent, threshold)
    if not kind:
        return None
    return Overlap(
        kind=kind,
        severity=_severity(kind, percent),
        shared=shared,
        percent_of_first=percent_of_first,
        percent_of_second=percent_of_second,
        axes=axes,
        sends=nearest_pairs(first.sends, second.sends, window),
        sends_total=count_pairs(first.sends, second.sends, window),
        is_estimated=first.per_day is not None or second.per_day is not None,
    )


def compare(
    sides: Sequence[Side], window: timedelta, threshold: Threshold, campaign_id: int | None = None
) -> Iterator[tuple[Side, Side, Overlap]]:
    """Every pair that has something to tell, or every such pair of one campaign; each in the order of `sides`."""
    for first, second in combinations(sides, 2) if campaign_id is None else _pairs_with(sides, campaign_id):
        found = overlap(first, second, window, threshold)
        if found is not None:
            yield first, second, found


def _pairs_with(sides: Sequence[Side], campaign_id: int) -> Iterator[tuple[Side, Side]]:
    place = next((place for place, side in enumerate(sides) if side.campaign_id == campaign_id), None)
    if place is not None:
        yield from ((side, sides[place]) for side in sides[:place])
        yield from ((sides[place], side) for side in sides[place + 1 :])


def with_move(sides: Iterable[Side], send_id: int, due_at: datetime) -> list[Side]:
    """The same campaigns, with one send at another moment; as they are where none of them has it."""
    return [_moved(side, send_id, due_at) if any(each == send_id for _, each in side.sends) else side for side in sides]


def _moved(side: Side, send_id: int, due_at: datetime) -> Side:
    return replace(side, sends=tuple(sorted((due_at if each == send_id else at, each) for at, each in side.sends)))


def are_near(first: Side, second: Side, window: timedelta) -> bool:
    """Whether any two of their sends are at most `window` apart."""
    few, many = sorted((first.moments, second.moments), key=len)
    for at in few:
        index = bisect_left(many, at - window)
        if index < len(many) and many[index] <= at + window:
            return True
    return False


def shared_axes(first: Side, second: Side) -> tuple[str, ...]:
    """`channel:email`, `topic:3`, `goal:ordered`: what else is the same."""
    axes = [f"channel:{channel}" for channel in sorted(first.channels & second.channels)]
    if first.topic_id == second.topic_id:
        axes.append(f"topic:{first.topic_id}")
    if first.goal and first.goal == second.goal:
        axes.append(f"goal:{first.goal}")
    return tuple(axes)


def count_pairs(
    first: Sequence[tuple[datetime, int]], second: Sequence[tuple[datetime, int]], window: timedelta
) -> int:
    """How many pairs of sends are at most `window` apart; n log m."""
    moments = [moment for moment, _ in second]
    return sum(bisect_right(moments, at + window) - bisect_left(moments, at - window) for at, _ in first)


def nearest_pairs(
    first: Sequence[tuple[datetime, int]], second: Sequence[tuple[datetime, int]], window: timedelta
) -> tuple[tuple[int, int], ...]:
    """The send ids of the pairs that are nearest in time, at most 20."""
    pairs = nsmallest(MOST_SENDS_LISTED, _pairs(first, second, window))
    return tuple((one, other) for _, _, one, other in pairs)


def _pairs(
    first: Sequence[tuple[datetime, int]], second: Sequence[tuple[datetime, int]], window: timedelta
) -> Iterator[tuple[timedelta, datetime, int, int]]:
    moments = [moment for moment, _ in second]
    for at, send_id in first:
        for index in range(bisect_left(moments, at - window), bisect_right(moments, at + window)):
            yield abs(moments[index] - at), at, send_id, second[index][1]


def _share(side: Side, window: timedelta) -> float:
    """The part of its audience that a campaign is expected to write to around one send of the other: all of it, or
    where it is continuous, those of the days within the window on both sides."""
    if side.per_day is None:
        return 1.0
    days = 2 * window / timedelta(days=1)
    return min(1.0, side.per_day * days / len(side.audience))


def _percent(shared: int, size: float) -> float:
    return round(min(100.0, 100 * shared / size), 2) if size else 0.0


def _kind(axes: tuple[str, ...], shared: int, percent: float, threshold: Threshold) -> str:
    """`percent` is of the smaller side. Nobody shared is nothing to tell, even where an estimate rounds to it."""
    names = {axis.partition(":")[0] for axis in axes}
    if shared and "channel" in names and names & {"topic", "goal"}:
        return "duplicate"
    return "crowding" if shared >= threshold.people and percent >= threshold.percent else ""


def _severity(kind: str, percent: float) -> str:
    if kind == "duplicate":
        return "high" if percent >= HIGH else "medium"
    return "medium" if percent >= MEDIUM else "low"
