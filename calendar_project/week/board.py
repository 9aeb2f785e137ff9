"""The board of a period: its days by rows, put together in memory from what was read."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import TypeVar
from zoneinfo import ZoneInfo

from django.urls import reverse

from calendar_project.moving.handles import Movable
from campaigns.models import Finding

from .cards import Card, card
from .cells import Cell, Lane, cards_that_fit, make_cell
from .days import Day
from .filters import WeekFilter
from .loads import loads_of, messages_of
from .periods import Period
from .queries import WeekRows
from .rows import Key, Row, keys_of, rows_of
from .weeks import Week

K = TypeVar("K")


@dataclass(frozen=True)
class Board:
    """`days` and `lanes` hold the cards that are shown; `cards` are all that the figures count, each once."""

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
    def weeks(self) -> list[tuple[Week, list[Day]]]:
        return [(week, list(days)) for week, days in groupby(self.days, lambda each: Week.of(each.day))]


def build_board(
    period: Period,
    rows: WeekRows,
    zone: ZoneInfo,
    today: date,
    chosen: WeekFilter,
    movable: Movable,
    most: int | None,
) -> Board:
    """`most`: cards of a cell that are shown whole where there is room for them; None: all of them."""
    cards = sorted(cards_of(rows, zone, movable), key=lambda each: (each.clock, each.send.pk))
    shown = chosen.shown(cards, {campaign.pk for campaign in rows.experiments})
    by_row = in_rows(shown, rows, chosen.kind)
    lanes = tuple(_lane(row, by_row[row.key]) for row in rows_of(chosen.kind, rows, set(by_row)))
    by_day = group(shown, lambda each: each.day)
    heaviest = max((messages_of(by_day[day]) for day in period.days), default=0)
    cells = cells_of(period, lanes, by_row, most)
    days = tuple(
        Day(
            day=day,
            is_own=period.has(day),
            is_today=day == today,
            cells=cells[day],
            dated=tuple(each for each in by_day[day] if not each.campaign.is_continuous),
            always_on=tuple(each for each in by_day[day] if each.campaign.is_continuous),
            loads=loads_of(rows.teams, by_day[day], heaviest),
            experiments=tuple(each for each in rows.experiments if each.experiment_ends == day),
        )
        for day in period.days
    )
    return Board(days, lanes, tuple(cards), tuple(shown))


def cards_of(rows: WeekRows, zone: ZoneInfo, movable: Movable) -> Iterable[Card]:
    """Every send of the period as a card."""
    findings, nothing = findings_by_send(rows.findings), Counter[str]()
    # Asking for each address takes longer than all the rest of a card.
    somewhere, elsewhere = reverse("calendar:campaign", args=[0]), reverse("calendar:move-send", args=[0])
    for send in rows.sends:
        is_veiled = send.campaign.is_veiled
        address = "" if is_veiled else somewhere.replace("/0/", f"/{send.campaign_id}/")
        segments = ", ".join(rows.audiences.get(send.campaign_id, {}).values())
        states, capped = rows.states.get(send.pk, nothing), rows.withheld.get(send.pk, nothing)["capped"]
        shown = card(send, zone, address, segments, states, capped, 0 if is_veiled else findings[send.pk])
        yield replace(shown, move_address=elsewhere.replace("/0/", f"/{send.pk}/")) if send in movable else shown


def findings_by_send(findings: Iterable[Finding]) -> Counter[int]:
    """How many open findings name each send."""
    return Counter(
        send_id for finding in findings for send_id in {send_id for pair in finding.sends for send_id in pair}
    )


def in_rows(cards: Iterable[Card], rows: WeekRows, kind: str) -> dict[Key, list[Card]]:
    """By row; a card that stands in several is marked in all but the first."""
    by_row: dict[Key, list[Card]] = defaultdict(list)
    for each in cards:
        for number, key in enumerate(keys_of(kind, each.campaign, rows.audiences)):
            by_row[key].append(replace(each, is_again=True) if number else each)
    return by_row


def cells_of(
    period: Period, lanes: Iterable[Lane], by_row: dict[Key, list[Card]], most: int | None
) -> dict[date, tuple[Cell, ...]]:
    grid = [(lane, group(by_row[lane.row.key], lambda each: each.day)) for lane in lanes]
    fitting = cards_that_fit([by_day[day] for _, by_day in grid for day in period.days], most)
    return {day: tuple(make_cell(lane, by_day[day], fitting) for lane, by_day in grid) for day in period.days}


def group(cards: Iterable[Card], key: Callable[[Card], K]) -> dict[K, list[Card]]:
    groups: dict[K, list[Card]] = defaultdict(list)
    for each in cards:
        groups[key(each)].append(each)
    return groups


def _lane(row: Row, cards: list[Card]) -> Lane:
    dated = [each for each in cards if each.counts and not each.campaign.is_continuous]
    continuous = {each.campaign.pk for each in cards if each.counts and each.campaign.is_continuous}
    return Lane(row, len(dated), len(continuous), sum(1 for each in cards if each.is_to_approve), messages_of(cards))
