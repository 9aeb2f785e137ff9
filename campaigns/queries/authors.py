"""Who had a hand in what is to be approved: with four eyes, somebody else approves it, section by section."""

from collections.abc import Iterable
from typing import Any

from audiences.models import Workspace
from campaigns.models import Campaign, HistoryEntry
from campaigns.plan import SECTIONS
from campaigns.queries.approvals import latest_version, open_sections, section_digests

CHANGING = ("created", "edited")
WRITING = (*CHANGING, "ask")
APPROVING = ("approve", "approve section")
DECLINING = "decline section"
NOBODY: frozenset[str] = frozenset()


def is_barred(user: Any, campaign: Campaign) -> bool:
    """Whether four eyes keep this person from approving the whole: something that is open is theirs."""
    barred = barred_sections(user, campaign)
    version = latest_version(campaign) if barred else None
    return version is not None and not barred.isdisjoint(open_sections(campaign.pk, section_digests(version)))


def barred_sections(user: Any, campaign: Campaign) -> frozenset[str]:
    """The sections that this person wrote or asked for, since somebody last approved them.

    What was approved is nobody's any more, unless that very text is declined after all; nobody (`None`) is the system
    itself.
    """
    if user is None or not Workspace.current().four_eyes:
        return NOBODY
    barred: set[str] = set()
    approved: set[str] = set()  # theirs, and somebody has approved them as they stand
    for action, by_id, note in _history(campaign):
        named = sections_named(note)
        if action in APPROVING:
            barred, approved = barred - named, approved | (barred & named)
            continue
        if action == DECLINING:
            barred |= approved & named
        elif by_id == user.pk:
            barred |= named
        if action in CHANGING:
            approved -= named
    return frozenset(barred)


def sections_named(note: str) -> set[str]:
    """What an entry of the history is about: the sections that its note names, or all of them."""
    named = set(note.split(", "))
    return named if named <= SECTIONS.keys() else set(SECTIONS)


def _history(campaign: Campaign) -> Iterable[tuple[str, int | None, str]]:
    """What was written, asked for, approved and declined, in its order."""
    told = HistoryEntry.objects.filter(campaign=campaign, action__in=(*WRITING, *APPROVING, DECLINING))
    return told.order_by("id").values_list("action", "by_id", "note")
