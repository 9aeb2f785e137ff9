"""Settling a finding by changing one of its campaigns, as long as both are what they were when somebody looked."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max

from campaigns.models import Campaign, Finding, Send
from campaigns.refusals import StaleChange
from campaigns.services import fixes, sends
from campaigns.services.fixes import Mended
from campaigns.services.overlaps import check_overlaps
from campaigns.services.versions import lock_campaign


@dataclass(frozen=True)
class Looked:
    """What the page showed: the finding, the campaign that is to change, and the newest versions of both."""

    finding_id: int
    campaign_id: int
    versions: dict[int, int]


def move_away(looked: Looked, send_id: int, to_local: datetime, sequence: int, by: User | None, now: datetime) -> Send:
    """Move a send of the campaign to another wall-clock moment; the send as it stands then."""
    with transaction.atomic():
        _lock(looked)
        if not Send.objects.filter(pk=send_id, campaign=looked.campaign_id).exists():
            raise StaleChange("That send is not on the calendar any more.")
        moved = sends.move(send_id, to_local, by, now, sequence)
        check_overlaps(now, looked.campaign_id)
        return moved


def leave_out(looked: Looked, by: User | None, now: datetime) -> Mended:
    """The campaign leaves out the other's audience."""
    with transaction.atomic():
        other_id = _lock(looked)
        mended = fixes.leave_out(looked.campaign_id, other_id, by, now)
        check_overlaps(now, looked.campaign_id)
        return mended


def let_back_in(campaign_id: int, added: list[int], version: int, by: User | None, now: datetime) -> None:
    """Take back what `leave_out` did, as long as nobody has edited the campaign since.

    A second time is no mistake: whom it leaves out no more it need not let in.
    """
    with transaction.atomic():
        campaign = lock_campaign(campaign_id)
        fixes.require_planner(campaign, by)
        if campaign.exclude.filter(pk__in=added).exists():
            fixes.let_back_in(campaign_id, added, version, by, now)
            check_overlaps(now, campaign_id)


def take_in(looked: Looked, by: User | None, now: datetime, note: str) -> Mended:
    """The campaign takes in the other's people, and the other is stopped for good."""
    with transaction.atomic():
        other_id = _lock(looked)
        mended = fixes.take_in(looked.campaign_id, other_id, by, now, note)
        check_overlaps(now, looked.campaign_id)
        return mended


def _lock(looked: Looked) -> int:
    """Both campaigns, in the order of their ids; the other one's. Refused where anything is not as it was seen."""
    finding = Finding.objects.get(pk=looked.finding_id)
    ids = sorted((finding.first_id, finding.second_id))
    for campaign_id in ids:
        lock_campaign(campaign_id)
    finding.refresh_from_db(fields=["state"])
    if finding.state != Finding.State.OPEN or latest_versions(ids) != looked.versions:
        raise StaleChange("The finding, or one of its campaigns, has changed since you looked: look again.")
    return ids[0] if looked.campaign_id == ids[1] else ids[1]


def latest_versions(campaign_ids: list[int]) -> dict[int, int]:
    rows = Campaign.objects.filter(pk__in=campaign_ids).annotate(newest=Max("versions__number"))
    return {campaign_id: newest or 0 for campaign_id, newest in rows.values_list("pk", "newest")}
