"""The rows of the board: what they may be, and in which of them a campaign stands."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from campaigns.models import Campaign
from deliveries.channels.registry import channel_names, label

from .filters import Audiences
from .queries import WeekRows

# A row's id, the name of a channel, or what stands for none at all.
Key = int | str
NONE = ""
# And what stands for what nobody is told: a busy block has none of these.
PRIVATE = "private"
HIDDEN = ("audiences", "owners", "milestones")


@dataclass(frozen=True)
class Row:
    """`team` is the id of the team whose colour it has, as a part of a class; empty: of none."""

    key: Key
    name: str
    team: str = ""


def keys_of(kind: str, campaign: Campaign, audiences: Audiences) -> Iterable[Key]:
    """The rows in which it stands: several for two channels or two segments, never none."""
    if campaign.is_veiled and kind in HIDDEN:
        return [PRIVATE]
    keys: dict[str, Callable[[], Iterable[Key]]] = {
        "teams": lambda: [campaign.team_id],
        "channels": lambda: campaign.channels,
        "audiences": lambda: audiences.get(campaign.pk, {}),
        "owners": lambda: [campaign.owner_id or NONE],
        "milestones": lambda: [campaign.milestone_id or NONE],
    }
    return keys[kind]() or [NONE]


def rows_of(kind: str, rows: WeekRows, used: set[Key]) -> list[Row]:
    """Those with anything in them, in the order of their names, steps or channels; every team."""
    if kind == "teams":
        return [Row(team.pk, team.name, str(team.pk)) for team in rows.teams]
    named = [*NAMES[kind](rows).items(), (NONE, f"No {kind.removesuffix('s')}"), (PRIVATE, "Private")]
    return [Row(key, name) for key, name in named if key in used]


def _channels(rows: WeekRows) -> dict[Key, str]:
    """Those of this workspace, then any that campaigns still name."""
    named = [*channel_names(), *sorted({name for send in rows.sends for name in send.campaign.channels})]
    return {name: label(name) for name in named}


def _audiences(rows: WeekRows) -> dict[Key, str]:
    return _by_name({key: name for segments in rows.audiences.values() for key, name in segments.items()})


def _owners(rows: WeekRows) -> dict[Key, str]:
    owners = {send.campaign.owner for send in rows.sends if send.campaign.owner}
    return _by_name({owner.pk: owner.get_full_name() or owner.get_username() for owner in owners})


def _milestones(rows: WeekRows) -> dict[Key, str]:
    return {milestone.pk: milestone.name for milestone in rows.milestones}


def _by_name(names: Mapping[int, str]) -> dict[Key, str]:
    return dict(sorted(names.items(), key=lambda each: (each[1].casefold(), each[0])))


NAMES: dict[str, Callable[[WeekRows], dict[Key, str]]] = {
    "channels": _channels,
    "audiences": _audiences,
    "owners": _owners,
    "milestones": _milestones,
}
