"""Who had a hand in what is to be approved: with four eyes, somebody else approves it."""

from typing import Any

from django.db.models import Subquery
from django.db.models.functions import Coalesce

from audiences.models import Workspace
from campaigns.models import Campaign, HistoryEntry

WRITING = ("created", "edited", "ask")


def is_barred(user: Any, campaign: Campaign) -> bool:
    """Whether four eyes keep this person from approving: they wrote or asked for what nobody has approved yet.

    What was approved before is nobody's any more; nobody (`None`) is the system itself.
    """
    if user is None or not Workspace.current().four_eyes:
        return False
    history = HistoryEntry.objects.filter(campaign=campaign)
    approved = history.filter(action="approve").order_by("-id").values("id")[:1]
    since = history.filter(id__gt=Coalesce(Subquery(approved), 0), action__in=WRITING)
    return since.filter(by_id=user.pk).exists()
