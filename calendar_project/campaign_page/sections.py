"""The sections of a campaign's plan, each with what it says, who approved it and what can be done about it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from campaigns import lifecycle as life
from campaigns.models import Campaign, CampaignVersion, SectionApproval
from campaigns.queries.approvals import section_digests
from campaigns.queries.authors import barred_sections
from campaigns.rights import can_approve
from campaigns.services.preflight import Problem

from .changes import Change, changes
from .words import Line, plan_lines

Section = SectionApproval.Section


@dataclass(frozen=True)
class SectionRow:
    """One section. `approval` stands; `before` is the last one that does not any more, with what changed since."""

    section: Section
    digest: str
    lines: tuple[Line, ...]
    problems: tuple[Problem, ...]
    is_asked: bool
    approval: SectionApproval | None
    before: SectionApproval | None
    changes: tuple[Change, ...]
    may_approve: bool
    is_own: bool

    @property
    def is_open(self) -> bool:
        return self.approval is None


def section_rows(
    campaign: Campaign, version: CampaignVersion | None, problems: Iterable[Problem], user: Any
) -> list[SectionRow]:
    """A fixed number of queries. Nothing is open in what was approved before there were sections."""
    digests = section_digests(version) if version else {}
    given: dict[str, list[SectionApproval]] = defaultdict(list)
    for row in campaign.section_approvals.select_related("by", "version").order_by("id"):
        given[row.section].append(row)
    lines, found = plan_lines(campaign), list(problems)
    in_review = life.may("approve", campaign.status)
    asked, barred = in_review and can_approve(user, campaign.team), barred_sections(user, campaign)
    rows = []
    for section in Section:
        last = given[section][-1] if given[section] else None
        standing = last if last and not last.voided_at and last.digest == digests.get(section) else None
        before = last if last and not standing else None
        rows.append(
            SectionRow(
                section=section,
                digest=digests.get(section, ""),
                lines=tuple(line for line in lines if line.section == section),
                problems=tuple(each for each in found if each.section == section),
                is_asked=in_review and not standing,
                approval=standing,
                before=before,
                changes=tuple(changes(section, before.version, version)) if before and version else (),
                may_approve=asked and not standing and section not in barred,
                is_own=asked and not standing and section in barred,
            )
        )
    return rows
