"""What came of a campaign so far: whom it reached, and who did what it wants, beside those held out. Counts alone."""

from dataclasses import dataclass
from datetime import datetime

from campaigns.admin.durations import in_words
from campaigns.models import Campaign
from deliveries.queries.goals import LOOKED_AT, Arm, Results, results


@dataclass(frozen=True)
class Rate:
    """How many of how many, in words, and as a bar: `width` is out of 100, beside the larger of the two rates."""

    did: int
    size: int
    percent: str
    width: str


@dataclass(frozen=True)
class Outcome:
    """One event that is looked for after a send: the goal, or one that it must not cause."""

    name: str
    is_goal: bool
    reached: Rate
    held_out: Rate


@dataclass(frozen=True)
class ShownResults:
    """`counted`: people, or times where the campaign is continuous."""

    reached: int
    held_out: int
    counted: str
    within: str
    looked_at: int
    outcomes: tuple[Outcome, ...]


def shown_results(campaign: Campaign, now: datetime) -> ShownResults:
    """Four statements, whatever the number of sends and customers."""
    names = list(dict.fromkeys(filter(None, [campaign.goal_event, *campaign.guardrails])))
    found = results(campaign, names, campaign.goal_within, now)
    return ShownResults(
        reached=found.reached.size,
        held_out=found.held_out.size,
        counted="times" if found.is_of_firings else "people",
        within=f"within {in_words(found.within)}" if found.within else "at any time since",
        looked_at=LOOKED_AT,
        outcomes=tuple(_outcome(name, name == campaign.goal_event, found) for name in names),
    )


def _outcome(name: str, is_goal: bool, found: Results) -> Outcome:
    most = max(_share(arm, name) for arm in (found.reached, found.held_out))
    return Outcome(name, is_goal, _rate(found.reached, name, most), _rate(found.held_out, name, most))


def _share(arm: Arm, name: str) -> float:
    return arm.did[name] / arm.size if arm.size else 0.0


def _rate(arm: Arm, name: str, most: float) -> Rate:
    share = _share(arm, name)
    return Rate(arm.did[name], arm.size, rate_words(share), f"{100 * share / most:.1f}" if most else "0")


def rate_words(share: float) -> str:
    """`12%`, `1.4%`; what is there at all is never shown as nothing."""
    percent = 100 * share
    if 0 < percent < 0.1:
        return "under 0.1%"
    return f"{percent:.1f}%".replace(".0%", "%") if percent < 10 else f"{percent:.0f}%"
