"""Approval, section by section or all at once: each of exactly what was read; the last one approves the campaign."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from campaigns.lifecycle import may
from campaigns.models import Campaign, CampaignVersion
from campaigns.plan import SECTIONS
from campaigns.queries.approvals import latest_version, open_sections, section_digests
from campaigns.queries.authors import barred_sections
from campaigns.queries.campaigns import read_plan
from campaigns.refusals import NotAllowed, StaleChange
from campaigns.services import section_approvals
from campaigns.services.states import write_history
from campaigns.services.steps import move, refused, require_approver
from campaigns.services.versions import lock_campaign

FOUR_EYES = "Four eyes: somebody else has"


@dataclass(frozen=True)
class Seen:
    """The section that somebody read: its name, its digest, and the version that the page showed."""

    section: str
    digest: str
    version: int


def approve(campaign_id: int, version_number: int, by: User | None, now: datetime) -> None:
    """Approve every section that is open, of exactly the version that was read.

    `StaleChange` where there is a newer one, or rows that differ; `NotAllowed` where four eyes keep this person from
    one of the sections.
    """
    with transaction.atomic():
        campaign = lock_campaign(campaign_id)
        require_approver(campaign, by)
        version = _read(campaign, version_number)
        digests = section_digests(version)
        opened = open_sections(campaign_id, digests)
        if not may("approve", campaign.status):
            raise refused(campaign, "approve")
        _require_other_eyes(campaign, opened, by)
        section_approvals.give(version, {section: digests[section] for section in opened}, by, now)
        note = "" if len(opened) == len(SECTIONS) else ", ".join(opened)
        move(campaign, "approve", by, now, approved_version=version, note=note)


def approve_section(campaign_id: int, seen: Seen, by: User | None, now: datetime) -> bool:
    """Approve one section as it was read; the last one that was open approves the campaign. False: it was approved.

    `StaleChange` where it says something else by now, or is not in review.
    """
    with transaction.atomic():
        campaign = lock_campaign(campaign_id)
        require_approver(campaign, by)
        version = _read_section(campaign, seen)
        digests = section_digests(version)
        opened = open_sections(campaign_id, digests)
        if seen.section not in opened:
            return False
        if not may("approve", campaign.status):
            raise refused(campaign, "approve")
        _require_other_eyes(campaign, [seen.section], by)
        section_approvals.give(version, {seen.section: seen.digest}, by, now)
        write_history(campaign_id, "approve section", by, now, note=seen.section)
        if opened == [seen.section]:
            move(campaign, "approve", by, now, approved_version=version, note=seen.section)
        return True


def decline(campaign_id: int, by: User | None, now: datetime, note: str = "") -> None:
    """It is a draft again. Sections that somebody has approved stay approved until they are edited."""
    with transaction.atomic():
        campaign = lock_campaign(campaign_id)
        require_approver(campaign, by)
        move(campaign, "decline", by, now, note=note)


def decline_section(campaign_id: int, seen: Seen, by: User | None, now: datetime, note: str) -> None:
    """Decline one section with a word of what should change: the campaign is a draft again, and that section open."""
    with transaction.atomic():
        campaign = lock_campaign(campaign_id)
        require_approver(campaign, by)
        if not note.strip():
            raise NotAllowed(f"Say what should change about the {seen.section}: whoever wrote it reads that.")
        _read_section(campaign, seen)
        move(campaign, "decline", by, now, note=f"{seen.section.capitalize()}: {note.strip()}")
        write_history(campaign_id, "decline section", by, now, note=seen.section)
        section_approvals.void(campaign_id, [seen.section], now)


def _read(campaign: Campaign, number: int) -> CampaignVersion:
    """The version that was on the page, if it is the newest, and what is written is what it says."""
    version = latest_version(campaign)
    if version is None or version.number != number:
        raise StaleChange(f"{campaign} has changed since version {number}: read it again, then approve.")
    if version.digest != read_plan(campaign).digest():
        raise StaleChange(f"{campaign} is being edited: what it says now is not what version {version.number} says.")
    return version


def _read_section(campaign: Campaign, seen: Seen) -> CampaignVersion:
    if seen.section not in SECTIONS:
        raise NotAllowed(f"A campaign has no section “{seen.section}”.")
    version = _read(campaign, seen.version)
    if section_digests(version)[seen.section] != seen.digest:
        raise StaleChange(f"The {seen.section} of {campaign} has changed: read it again, then approve.")
    return version


def _require_other_eyes(campaign: Campaign, sections: list[str], by: User | None) -> None:
    barred = barred_sections(by, campaign)
    own = [section for section in sections if section in barred]
    if own:
        what = str(campaign) if len(own) == len(SECTIONS) else f"the {spoken(own)} of {campaign}"
        raise NotAllowed(f"{FOUR_EYES} to approve {what}: you wrote it or asked for its approval.")


def spoken(names: list[str]) -> str:
    """`audience, content and goal`"""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
