"""Why a campaign paused itself and what to do about it, for whoever opens its page next."""

from collections.abc import Sequence
from typing import Any

from campaigns.lifecycle import PAUSED_ITSELF
from campaigns.models import Campaign, HistoryEntry
from deliveries.failing import what_to_do


def stopped_by_itself(campaign: Campaign, history: Sequence[HistoryEntry]) -> dict[str, Any]:
    """`history` newest first. Nothing where it is going out, or where a person paused it."""
    pauses = (entry for entry in history if entry.action in ("pause", PAUSED_ITSELF))
    last = next(pauses, None) if campaign.status == Campaign.Status.PAUSED else None
    if last is None or last.action != PAUSED_ITSELF:
        return {"paused_itself": None}
    return {"paused_itself": last, "what_to_do": what_to_do(last.note)}
