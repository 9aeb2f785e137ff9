"""Which decisions make sense on an item of a review, and to which of its campaigns each may be done."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

#: Decision → the campaigns that it can be done to. To keep is done to none.
Offers = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Side:
    """One of the campaigns of an item, as it stands now. `moves`: its send on the agenda can still be moved."""

    campaign_id: int
    is_over: bool
    is_continuous: bool
    moves: bool
    include: frozenset[int]
    exclude: frozenset[int]


def offers(sides: Sequence[Side], *, is_duplicate: bool = False) -> Offers:
    """In the order in which they are offered. `is_duplicate`: they say much the same to the same people."""
    alive = [side for side in sides if not side.is_over]
    found: Offers = {
        "keep": (),
        "move": tuple(side.campaign_id for side in alive if side.moves),
        "exclude": tuple(side.campaign_id for side, other in _pairs(alive) if can_leave_out(side, other)),
        "merge": tuple(side.campaign_id for side, other in _pairs(alive) if is_duplicate and can_take_in(side, other)),
        "stop": tuple(side.campaign_id for side in alive),
        "hand_over": tuple(side.campaign_id for side in alive),
    }
    return {kind: ids for kind, ids in found.items() if ids or kind == "keep"}


def can_leave_out(side: Side, other: Side) -> bool:
    """Whether the other's segments may be excluded: one that is included too would leave nobody of it."""
    return bool(other.include - side.exclude) and not side.include & other.include


def can_take_in(side: Side, other: Side) -> bool:
    """Whether one campaign may have the people of both. Not where it would reach whom the other was to leave out, or
    leave out whom the other was to reach; and what follows what customers do has no hour to share."""
    return (
        not (side.is_continuous or other.is_continuous)
        and other.exclude <= side.exclude
        and not other.include & side.exclude
        and bool(other.include)
    )


def _pairs(sides: Sequence[Side]) -> Iterator[tuple[Side, Side]]:
    if len(sides) == 2:
        first, second = sides
        yield first, second
        yield second, first
