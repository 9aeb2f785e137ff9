"""What a cell of the board shows: whole cards as long as there is room on the page, then a line for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from .cards import Card
from .rows import Row

T = TypeVar("T")
# So many whole cards a page has room for. With more rows or sends a cell shows fewer, and the rest as lines.
ROOM = 150
# So many lines are in view where there is room for no card, and of what goes out every day; the others open on request.
LINES = 6


@dataclass(frozen=True)
class Lane:
    """A row of the period: what its heading says."""

    row: Row
    sends: int
    continuous: int
    not_approved: int
    messages: int


@dataclass(frozen=True)
class Cell:
    """One row on one day. `lines` and `standing` are in view, what is `folded` opens on request."""

    lane: Lane
    cards: Sequence[Card]
    lines: Sequence[Card]
    folded: Sequence[Card]
    standing: Sequence[Card]
    standing_folded: Sequence[Card]

    @property
    def is_empty(self) -> bool:
        return not (self.cards or self.lines or self.standing)


def cards_that_fit(cells: Sequence[Sequence[Card]], most: int | None) -> int:
    """How many whole cards every cell may show; `most`: never more than so many."""
    sizes = [sum(not each.campaign.is_continuous for each in cards) for cards in cells]
    start = max(sizes, default=0) if most is None else most
    return next(fitting for fitting in range(start, -1, -1) if sum(min(size, fitting) for size in sizes) <= ROOM)


def make_cell(lane: Lane, cards: Sequence[Card], fitting: int) -> Cell:
    dated = [each for each in cards if not each.campaign.is_continuous]
    whole, rest = dated[:fitting], dated[fitting:]
    lines, folded = fold(rest, 0 if whole else LINES)
    return Cell(lane, whole, lines, folded, *fold([each for each in cards if each.campaign.is_continuous], LINES))


def fold(items: Sequence[T], shown: int) -> tuple[Sequence[T], Sequence[T]]:
    """Those in view and the others: a fold that hides a single line would take as much room as the line."""
    at = len(items) if len(items) <= shown + 1 else shown
    return items[:at], items[at:]
