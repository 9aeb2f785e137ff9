"""The only writer of a send's state and of a campaign's status: every move is one conditional update."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F

from campaigns.lifecycle import MOVES, target
from campaigns.models import Campaign, HistoryEntry, Send


def move_state(send_id: int, expected: Iterable[str], to: str, now: datetime, **fields: Any) -> bool:
    """Move one send from any of the expected states to another; False if it was in none of them.

    The iCalendar sequence goes up with it, so that calendar clients see the change.
    """
    return move_states([send_id], expected, to, now, **fields) == 1


def move_states(send_ids: Iterable[int], expected: Iterable[str], to: str, now: datetime, **fields: Any) -> int:
    """The same for many sends in one statement; how many moved."""
    return Send.objects.filter(pk__in=list(send_ids), state__in=list(expected)).update(
        state=to, sequence=F("sequence") + 1, changed_at=now, **fields
    )


def move_sends_of(campaign_id: int, expected: Iterable[str], to: str, now: datetime, **fields: Any) -> int:
    """The same for every send of a campaign."""
    return Send.objects.filter(campaign_id=campaign_id, state__in=list(expected)).update(
        state=to, sequence=F("sequence") + 1, changed_at=now, **fields
    )


def move_status(
    campaign_id: int, action: str, by: User | None, now: datetime, *, note: str = "", **fields: Any
) -> bool:
    """Move one campaign as `lifecycle.MOVES` allows and write it into its history; False if it may not move so."""
    with transaction.atomic(savepoint=False):
        moved = Campaign.objects.filter(pk=campaign_id, status__in=MOVES[action][0]).update(
            status=target(action), updated_at=now, **fields
        )
        if moved:
            write_history(campaign_id, action, by, now, note=note)
    return moved == 1


def write_history(campaign_id: int, action: str, by: User | None, now: datetime, *, note: str = "") -> None:
    """One line of who did what, with the version that was current then."""
    version = Campaign.objects.get(pk=campaign_id).versions.order_by("-number").first()
    HistoryEntry.objects.create(campaign_id=campaign_id, version=version, at=now, by=by, action=action, note=note[:500])
