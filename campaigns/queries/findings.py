"""The findings that there are among campaigns, and those that there would be after a move: computed, never written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from campaigns.overlap import Overlap, Side, Threshold, compare, with_move

SEVERITIES = ("high", "medium", "low")


@dataclass(frozen=True)
class Found:
    """One finding: the two campaigns, the one with the lower id first, and what they share."""

    first: int
    second: int
    overlap: Overlap

    @property
    def key(self) -> str:
        """The same at every check, so that what somebody said about it stays with it."""
        return f"{self.overlap.kind}:{self.first}:{self.second}"

    def other(self, campaign_id: int) -> int:
        return self.second if self.first == campaign_id else self.first


@dataclass(frozen=True)
class Foretold:
    """What a move does to the findings of its campaign. `stays`: each as it was and as it would be."""

    solved: tuple[Found, ...]
    new: tuple[Found, ...]
    stays: tuple[tuple[Found, Found], ...]


def found_among(sides: Sequence[Side], campaign_id: int | None = None) -> dict[str, Found]:
    """By key: what the checker writes down, of every pair or of those of one campaign."""
    window = timedelta(hours=settings.OVERLAP_WINDOW_HOURS)
    threshold = Threshold(settings.CROWDING_PEOPLE, settings.CROWDING_PERCENT)
    pairs = compare(sides, window, threshold, campaign_id)
    found = (Found(first.campaign_id, second.campaign_id, overlap) for first, second, overlap in pairs)
    return {each.key: each for each in found}


def foretell(sides: Sequence[Side], campaign_id: int, send_id: int, due_at: datetime) -> Foretold:
    """Of one campaign, were one of its sends due at another moment; the gravest first."""
    before = found_among(sides, campaign_id)
    after = found_among(with_move(sides, send_id, due_at), campaign_id)
    return Foretold(
        solved=_worst_first(found for key, found in before.items() if key not in after),
        new=_worst_first(found for key, found in after.items() if key not in before),
        stays=tuple((before[each.key], each) for each in _worst_first(after.values()) if each.key in before),
    )


def _worst_first(found: Iterable[Found]) -> tuple[Found, ...]:
    return tuple(sorted(found, key=lambda each: (SEVERITIES.index(each.overlap.severity), -each.overlap.shared)))
