"""Cursors: from where a continuous campaign reads events and refreshes."""

from datetime import datetime

from django.db.models import Max

from audiences.models import Event, SegmentRefresh
from campaigns.models import Campaign, TriggerCursor


def start_reading(campaign: Campaign, now: datetime) -> TriggerCursor:
    """Read from here on: whatever happened before the campaign started never fires.

    Also after an edit: what happened while it was not approved is not made up for.
    """
    cursor, _ = TriggerCursor.objects.update_or_create(
        campaign=campaign, defaults={"position": _last_position(campaign), "read_until": now}
    )
    return cursor


def _last_position(campaign: Campaign) -> int:
    """The highest id that there is. A row below it that is not visible yet is one from before the start."""
    if campaign.trigger == Campaign.Trigger.ENTERS:
        return SegmentRefresh.objects.aggregate(last=Max("id"))["last"] or 0
    return Event.objects.aggregate(last=Max("id"))["last"] or 0
