"""An agenda as a page shows it: sections of rows, the same before the opening, in the meeting and in the minutes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User

from campaigns.models import AgendaItem, Decision

from .shown import Shown, shown
from .veils import veil_decision, veil_item
from .words import sentence, when_words

CARRIED = "Carried over"
# So many rows of a section are shown; the others open on request.
OPEN_ROWS = 12


@dataclass(frozen=True)
class Row:
    """One item. `number`: among those that whoever looks is shown; `may_decide`: by them; `waits`: it has to be decided
    and is not; `is_moot`: it had to be, and has settled itself meanwhile."""

    item: AgendaItem
    number: int
    campaign: Shown
    other: Shown | None
    when: str
    other_when: str
    sentence: str
    decision: Decision | None
    decided_on: Shown | None
    may_decide: bool
    waits: bool
    is_moot: bool
    is_opened: bool = False  # its form stands in the page

    @property
    def severity(self) -> str:
        """Of a finding; empty for anything else."""
        return str(self.item.facts.get("severity", ""))

    @property
    def offers_form(self) -> bool:
        return self.may_decide and self.decision is None and not self.is_opened


@dataclass(frozen=True)
class LowOnes:
    """The low findings of a section that wait for whoever looks: how many, and how all of them stand."""

    count: int
    seen: str
    carried: bool


@dataclass(frozen=True)
class Together:
    """Those of a section that somebody kept in one go, as far as it still stands. `key`: of that act."""

    key: str
    count: int
    reason: str
    by: User | None
    at: datetime
    may_decide: bool


@dataclass(frozen=True)
class Section:
    heading: str
    slug: str
    is_to_decide: bool
    rows: tuple[Row, ...]
    shown: tuple[Row, ...]
    low: LowOnes | None = None
    together: tuple[Together, ...] = ()

    @property
    def is_carried(self) -> bool:
        return self.heading == CARRIED

    @property
    def folded(self) -> tuple[Row, ...]:
        return self.rows[len(self.shown) :]


@dataclass(frozen=True)
class Viewer:
    """Whose page it is, and the teams that they plan for; empty for those who read."""

    user: User
    teams: frozenset[int] = frozenset()


def row(item: AgendaItem, number: int, viewer: Viewer, zone: ZoneInfo, waiting: set[int], *, is_open: bool) -> Row:
    """`waiting`: the ids of the items that carry over if nobody decides them."""
    decision = _decision(item)
    whens = [when_words(when, zone) for when in item.facts.get("whens", [])]
    campaign = shown(viewer.user, item.campaign, item.name)
    other = shown(viewer.user, item.other, item.other_name) if item.other else None
    if campaign.is_veiled or (other and other.is_veiled):
        item, decision = veil_item(item), veil_decision(decision)
    is_moot = is_open and item.is_to_decide and decision is None and item.pk not in waiting
    return Row(
        item=item,
        number=number,
        campaign=campaign,
        other=other,
        when=whens[0] if whens else "",
        other_when=whens[1] if whens else "",
        sentence=sentence(item, zone),
        decision=decision,
        decided_on=_decided_on(decision, item, campaign, other),
        may_decide=is_open and not is_moot and bool(viewer.teams & _teams(item)),
        waits=is_open and item.pk in waiting,
        is_moot=is_moot,
    )


def sections(rows: Iterable[Row], opened: int | None = None) -> list[Section]:
    """In the order of the agenda. The row that is opened is never folded away."""
    found: dict[str, list[Row]] = {}
    for each in rows:
        found.setdefault(CARRIED if each.item.carried else each.item.about, []).append(each)
    return [_section(name, its, opened) for name, its in found.items()]


def _section(name: str, rows: list[Row], opened: int | None) -> Section:
    heading = name if name == CARRIED else str(AgendaItem.About(name).label)
    is_to_decide = name == CARRIED or name in AgendaItem.TO_DECIDE
    # A button that reveals a single row takes as much room as the row.
    count = len(rows) if len(rows) <= OPEN_ROWS + 1 else OPEN_ROWS
    at = next((number for number, each in enumerate(rows, 1) if opened and each.item.pk == opened), 0)
    count = max(count, at)
    return Section(heading, name.lower().replace(" ", "-"), is_to_decide, tuple(rows), tuple(rows[:count]))


def _decision(item: AgendaItem) -> Decision | None:
    return next(iter(getattr(item, "standing", [])), None)


def _decided_on(decision: Decision | None, item: AgendaItem, campaign: Shown, other: Shown | None) -> Shown | None:
    """Said where there are two."""
    if decision is None or decision.campaign_id is None or other is None:
        return None
    return other if decision.campaign_id == item.other_id else campaign


def _teams(item: AgendaItem) -> set[int]:
    return {each.team_id for each in (item.campaign, item.other) if each is not None}
