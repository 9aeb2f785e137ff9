"""What stands beside the week: what to decide, which goals are served, which experiments end."""

from collections import Counter
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.urls import reverse

from campaigns.models import Campaign, Finding, Send

from .board import Board
from .cards import first_name, goal_words, wall_clock
from .loads import percent_words
from .queries import WeekRows

WORST_FIRST: dict[str, int] = {Finding.Severity.HIGH: 0, Finding.Severity.MEDIUM: 1, Finding.Severity.LOW: 2}
AXIS_WORDS = {"channel": "channel", "topic": "topic", "goal": "goal"}


@dataclass(frozen=True)
class Side:
    """One of the two sends of a finding: when, which campaign, whose."""

    campaign: Campaign
    when: str
    owner: str


@dataclass(frozen=True)
class Decision:
    """A finding as something to decide."""

    finding: Finding
    sides: tuple[Side, Side]
    address: str
    percent: str
    shares: str


@dataclass(frozen=True)
class Goal:
    """How many sends of the week serve a goal. `width` is out of 100, relative to the most served."""

    name: str
    sends: int
    width: str


def decisions(rows: WeekRows, zone: ZoneInfo) -> list[Decision]:
    """Open findings worst first: by severity, then by the number of shared customers."""
    of_week = {send.pk for send in rows.sends}
    named = [(finding, pair) for finding in rows.findings if (pair := pair_in_week(finding, of_week))]
    named.sort(key=lambda each: (WORST_FIRST[each[0].severity], -each[0].shared, each[0].pk))
    return [_decision(finding, pair, rows, zone) for finding, pair in named]


def pair_in_week(finding: Finding, of_week: set[int]) -> list[int] | None:
    """The first pair of sends, nearest in time, of which one stands in the week; None where none does."""
    return next((pair for pair in finding.sends if of_week.intersection(pair)), None)


def goals_served(board: Board) -> list[Goal]:
    """By milestone where a campaign serves one, by its goal event otherwise; the most served first."""
    names = Counter(goal_words(card.campaign) for card in board.dated)
    names.pop("", None)
    most = max(names.values(), default=1)
    ordered = sorted(names.items(), key=lambda each: (-each[1], each[0]))
    return [Goal(name, sends, f"{100 * sends / most:.1f}") for name, sends in ordered]


def without_goal(board: Board) -> int:
    return sum(1 for card in board.dated if not (card.campaign.is_veiled or goal_words(card.campaign)))


def _decision(finding: Finding, pair: list[int], rows: WeekRows, zone: ZoneInfo) -> Decision:
    sends = {send.campaign_id: send for send_id in pair if (send := rows.partners.get(send_id))}
    sides = (
        _side(finding.first, sends.get(finding.first_id), zone),
        _side(finding.second, sends.get(finding.second_id), zone),
    )
    percent = max(finding.percent_of_first, finding.percent_of_second)
    address = reverse("calendar:campaign", args=[finding.first_id]) + "#findings"
    return Decision(finding, sides, address, percent_words(percent), axes_in_words(finding.axes))


def _side(campaign: Campaign, send: Send | None, zone: ZoneInfo) -> Side:
    when = f"{wall_clock(send, zone):%a %H:%M}" if send else ""
    return Side(campaign, "every day" if campaign.is_continuous else when, first_name(campaign))


def axes_in_words(axes: list[str]) -> str:
    """`["channel:email", "goal:ordered"]` → `same channel and goal`."""
    kinds = list(dict.fromkeys(AXIS_WORDS[axis.split(":")[0]] for axis in axes if axis.split(":")[0] in AXIS_WORDS))
    if not kinds:
        return ""
    return "same " + " and ".join([", ".join(kinds[:-1]), kinds[-1]] if len(kinds) > 1 else kinds)
