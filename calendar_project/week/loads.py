"""What a day weighs: its messages, and the bar that shows which team sends how many of them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from campaigns.models import Team

from .cards import Card


@dataclass(frozen=True)
class Load:
    """One team's part of a day's load bar. `x` and `width` are in units of a bar that is 100 wide."""

    team: Team
    messages: int
    x: str
    width: str


def messages_of(cards: Iterable[Card]) -> int:
    return sum(each.messages for each in cards if each.counts)


def loads_of(teams: Iterable[Team], cards: Iterable[Card], heaviest: int) -> tuple[Load, ...]:
    """`heaviest`: the messages of the day whose bar is full."""
    by_team: Counter[int] = Counter()
    for each in cards:
        by_team[each.campaign.team_id] += each.messages if each.counts else 0
    loads, x = [], 0.0
    for team in teams:
        if messages := by_team[team.pk]:
            width = 100 * messages / heaviest
            loads.append(Load(team, messages, f"{x:.2f}", f"{width:.2f}"))
            x += width
    return tuple(loads)


def percent_words(percent: float | Decimal) -> str:
    """`29%`; what is there at all is never shown as nothing."""
    return "under 1%" if 0 < percent < 1 else f"{percent:.0f}%"
