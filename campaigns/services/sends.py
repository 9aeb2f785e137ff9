"""The only writer of a send's state: every move is one conditional update."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import F

from campaigns.models import Send


def move_state(send_id: int, expected: Iterable[str], to: str, now: datetime, **fields: Any) -> bool:
    """Move one send from any of the expected states to another; False if it was in none of them.

    The iCalendar sequence goes up with it, so that calendar clients see the change.
    """
    moved = Send.objects.filter(pk=send_id, state__in=list(expected)).update(
        state=to, sequence=F("sequence") + 1, changed_at=now, **fields
    )
    return moved == 1
