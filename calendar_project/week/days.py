"""One day of the calendar: what its head says, and what stands in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from campaigns.models import Campaign

from .cards import Card
from .cells import Cell, fold
from .loads import Load, messages_of, percent_words

# So many experiments the head of a day has room for.
ENDING = 2
# So many names a day of a month has room for; the others open with the day.
NAMES = 4


@dataclass(frozen=True)
class Day:
    """One cell for each row; `dated` and `always_on` have every card once, in order of time."""

    day: date
    is_own: bool
    is_today: bool
    cells: Sequence[Cell]
    dated: Sequence[Card]
    always_on: Sequence[Card]
    loads: Sequence[Load]
    experiments: Sequence[Campaign]

    @property
    def number(self) -> str:
        """1 for Monday, as a part of a class."""
        return str(self.day.isoweekday())

    @property
    def is_weekend(self) -> bool:
        return self.day.isoweekday() > 5

    @property
    def address(self) -> str:
        return self.day.isoformat()

    @property
    def cards(self) -> Sequence[Card]:
        return [*self.dated, *self.always_on]

    @property
    def sends(self) -> int:
        return sum(1 for each in self.dated if each.counts)

    @property
    def messages(self) -> int:
        return messages_of(self.cards)

    @property
    def expected(self) -> int:
        """Of what is always on: the estimate for the day."""
        return sum(each.send.expected_volume for each in self.always_on if each.counts)

    @property
    def actual(self) -> int:
        """Of what is always on: what has come of the estimate so far."""
        return sum(each.progress.admitted for each in self.always_on if each.progress)

    @property
    def capped(self) -> int:
        return sum(each.capped for each in self.cards)

    @property
    def reached(self) -> int:
        """Messages that would have gone out, had there been no cap: the admitted, and those that one held."""
        return self.capped + sum(each.progress.admitted for each in self.cards if each.progress)

    @property
    def capped_share(self) -> str:
        return percent_words(100 * self.capped / self.reached) if self.reached else ""

    @property
    def ending(self) -> Sequence[Campaign]:
        return fold(self.experiments, ENDING)[0]

    @property
    def ending_folded(self) -> Sequence[Campaign]:
        return fold(self.experiments, ENDING)[1]

    @property
    def named(self) -> Sequence[Card]:
        """As many as a day of a month has room for."""
        return fold(self.dated, NAMES)[0]

    @property
    def more(self) -> int:
        return len(self.cards) - len(self.named)
