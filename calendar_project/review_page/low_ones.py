"""The many low findings of a section: those that wait and can be kept with one reason, and those that were."""

from collections.abc import Iterable
from dataclasses import replace

from campaigns.models import AgendaItem, Finding
from campaigns.queries.standing import standing_of_all

from .rows import LowOnes, Row, Section, Together


def with_low_ones(section: Section) -> Section:
    """One alone has a form of its own."""
    low = [row.item for row in section.rows if _is_low(row)]
    kept = tuple(_together(section.rows))
    if len(low) < 2:
        return replace(section, together=kept)
    ones = LowOnes(len(low), standing_of_all(low), section.is_carried)
    return replace(section, low=ones, together=kept)


def _is_low(row: Row) -> bool:
    """As `campaigns.services.keeping` has it: of a pair that this person sees both of."""
    item = row.item
    if item.about != AgendaItem.About.FINDING or item.finding is None or _is_veiled(row):
        return False
    low = Finding.Severity.LOW
    return row.waits and row.may_decide and item.facts["severity"] == item.finding.severity == low


def _together(rows: Iterable[Row]) -> Iterable[Together]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        if row.decision and "together" in row.decision.undo and not _is_veiled(row):
            found.setdefault(row.decision.undo["together"], []).append(row)
    for key, its in found.items():
        decision = its[0].decision
        if decision and len(its) > 1:
            may_decide = any(row.may_decide for row in its)
            yield Together(key, len(its), decision.reason, decision.by, decision.at, may_decide)


def _is_veiled(row: Row) -> bool:
    return row.campaign.is_veiled or (row.other is not None and row.other.is_veiled)
