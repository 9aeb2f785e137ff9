"""The board of the week: teams by days, put together from the rows in memory."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar
from zoneinfo import ZoneInfo

from campaigns.models import Campaign, Finding, Send, Team

from .cards import Card, card
from .filters import WeekFilter
from .queries import WeekRows
from .weeks import Week

# A cell shows so many cards; the others open on request.
SHOWN = 6
K = TypeVar("K")


@dataclass(frozen=True)
class Cell:
    """One team on one day: its dated sends in order of time, and its continuous campaigns."""

    team: Team
    number: str
    cards: tuple[Card, ...]
    baseline: tuple[Card, ...]

    @property
    def shown(self) -> tuple[Card, ...]:
        # A button that reveals a single card takes as much room as the card.
        return self.cards if len(self.cards) <= SHOWN + 1 else self.cards[:SHOWN]

    @property
    def folded(self) -> tuple[Card, ...]:
        return self.cards[len(self.shown) :]


@dataclass(frozen=True)
class Load:
    """One team's part of a day's load bar. `x` and `width` are in units of a bar that is 100 wide."""

    team: Team
    messages: int
    x: str
    width: str


@dataclass(frozen=True)
class Day:
    day: date
    number: str
    is_today: bool
    is_weekend: bool
    cells: tuple[Cell, ...]
    sends: int
    messages: int
    capped: int
    loads: tuple[Load, ...]
    experiments: tuple[Campaign, ...]


@dataclass(frozen=True)
class Lane:
    """One team's row: what its heading says."""

    team: Team
    number: str
    sends: int
    continuous: int
    not_approved: int
    messages: int


@dataclass(frozen=True)
class Board:
    """`days` and `lanes` hold the cards that are shown; `cards` are all that the figures count."""

    days: tuple[Day, ...]
    lanes: tuple[Lane, ...]
    cards: tuple[Card, ...]
    shown: tuple[Card, ...]

    @property
    def dated(self) -> tuple[Card, ...]:
        return tuple(card for card in self.cards if card.counts and not card.campaign.is_continuous)

    @property
    def not_approved(self) -> int:
        return sum(1 for card in self.cards if card.is_to_approve)

    @property
    def messages(self) -> int:
        return sum(day.messages for day in self.days)


def build_board(week: Week, rows: WeekRows, zone: ZoneInfo, today: date, chosen: WeekFilter) -> Board:
    by_send = findings_by_send(rows.findings)
    cards = [_card(send, rows, zone, by_send) for send in rows.sends]
    cards.sort(key=lambda each: (each.clock, each.send.pk))
    shown = chosen.shown(cards, {campaign.pk for campaign in rows.experiments})
    by_day = _group(shown, lambda each: each.day)
    heaviest = max((_messages(by_day[day]) for day in week.days), default=0)
    days = tuple(_day(day, number, by_day[day], rows, heaviest, today) for number, day in enumerate(week.days, 1))
    by_team = _group(shown, lambda each: each.campaign.team_id)
    lanes = tuple(_lane(team, number, by_team[team.pk]) for number, team in enumerate(rows.teams, 1))
    return Board(days, lanes, tuple(cards), tuple(shown))


def findings_by_send(findings: Iterable[Finding]) -> Counter[int]:
    """How many open findings name each send."""
    return Counter(
        send_id for finding in findings for send_id in {send_id for pair in finding.sends for send_id in pair}
    )


def _card(send: Send, rows: WeekRows, zone: ZoneInfo, findings: Counter[int]) -> Card:
    empty: Counter[str] = Counter()
    states, withheld = rows.states.get(send.pk, empty), rows.withheld.get(send.pk, empty)
    return card(send, zone, states, withheld, 0 if send.campaign.is_veiled else findings[send.pk])


def _day(day: date, number: int, cards: list[Card], rows: WeekRows, heaviest: int, today: date) -> Day:
    by_team = _group(cards, lambda each: each.campaign.team_id)
    return Day(
        day=day,
        number=str(number),
        is_today=day == today,
        is_weekend=number > 5,
        cells=tuple(_cell(team, at, by_team[team.pk]) for at, team in enumerate(rows.teams, 1)),
        sends=sum(1 for each in cards if each.counts and not each.campaign.is_continuous),
        messages=_messages(cards),
        capped=sum(each.capped for each in cards),
        loads=_loads(rows.teams, by_team, heaviest),
        experiments=tuple(each for each in rows.experiments if each.experiment_ends == day),
    )


def _cell(team: Team, number: int, cards: list[Card]) -> Cell:
    dated = tuple(each for each in cards if not each.campaign.is_continuous)
    return Cell(team, str(number), dated, tuple(each for each in cards if each.campaign.is_continuous))


def _loads(teams: list[Team], by_team: dict[int, list[Card]], heaviest: int) -> tuple[Load, ...]:
    loads, x = [], 0.0
    for team in teams:
        messages = _messages(by_team[team.pk])
        if messages:
            width = 100 * messages / heaviest
            loads.append(Load(team, messages, f"{x:.2f}", f"{width:.2f}"))
            x += width
    return tuple(loads)


def _lane(team: Team, number: int, cards: list[Card]) -> Lane:
    dated = [each for each in cards if each.counts and not each.campaign.is_continuous]
    continuous = {each.campaign.pk for each in cards if each.counts and each.campaign.is_continuous}
    not_approved = sum(1 for each in cards if each.is_to_approve)
    return Lane(team, str(number), len(dated), len(continuous), not_approved, _messages(cards))


def _messages(cards: Iterable[Card]) -> int:
    return sum(each.messages for each in cards if each.counts)


def _group(cards: Iterable[Card], key: Callable[[Card], K]) -> dict[K, list[Card]]:
    groups: dict[K, list[Card]] = defaultdict(list)
    for each in cards:
        groups[key(each)].append(each)
    return groups
