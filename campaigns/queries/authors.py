"""Who had a hand in what is to be approved: with four eyes, somebody else approves it, section by section."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Subquery
from django.db.models.functions import Coalesce

from audiences.models import Workspace
from campaigns.models import Campaign, HistoryEntry
from campaigns.plan import SECTIONS
from campaigns.queries.approvals import latest_version, open_sections, section_digests

WRITING = ("created", "edited", "ask")
NOBODY: frozenset[str] = frozenset()


def is_barred(user: Any, campaign: Campaign) -> bool:
    """Whether four eyes keep this person from approving the whole: something that is open is theirs."""
    barred = barred_sections(user, campaign)
    version = latest_version(campaign) if barred else None
    return version is not None and not barred.isdisjoint(open_sections(campaign.pk, section_digests(version)))


def barred_sections(user: Any, campaign: Campaign) -> frozenset[str]:
    """The sections that this person wrote or asked for, since somebody last approved them.

    What was approved before is nobody's any more; nobody (`None`) is the system itself.
    """
    if user is None or not Workspace.current().four_eyes:
        return NOBODY
    barred: set[str] = set()
    for action, by_id, note in _since_approval(campaign):
        if action == "approve section":
            barred -= sections_named(note)
        elif by_id == user.pk:
            barred |= sections_named(note)
    return frozenset(barred)


def sections_named(note: str) -> set[str]:
    """What an entry of the history is about: the sections that its note names, or all of them."""
    named = set(note.split(", "))
    return named if named <= SECTIONS.keys() else set(SECTIONS)


def _since_approval(campaign: Campaign) -> Iterable[tuple[str, int | None, str]]:
    """What was written, asked for and approved since the whole was last approved, in its order."""
    history = HistoryEntry.objects.filter(campaign=campaign)
    approved = history.filter(action="approve").order_by("-id").values("id")[:1]
    since = history.filter(id__gt=Coalesce(Subquery(approved), 0), action__in=(*WRITING, "approve section"))
    return since.order_by("id").values_list("action", "by_id", "note")
