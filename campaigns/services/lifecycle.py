"""A campaign's life: asked for, approved, started, paused, finished; each step with its rights and its record."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from campaigns.lifecycle import PAUSED_ITSELF
from campaigns.models import Campaign, CampaignVersion, Firing, Send
from campaigns.queries.authors import is_barred
from campaigns.queries.campaigns import read_plan
from campaigns.refusals import NotAllowed, PreflightFailed, Refusal, StaleChange
from campaigns.rights import can_approve, can_plan
from campaigns.services.cursors import start_reading
from campaigns.services.preflight import problems
from campaigns.services.states import move_sends_of, move_status
from campaigns.services.versions import lock_campaign, record_version

__all__ = [
    "NotAllowed",
    "PreflightFailed",
    "Refusal",
    "StaleChange",
    "approve",
    "ask_for_approval",
    "cancel",
    "decline",
    "finish",
    "pause",
    "pause_itself",
    "resume",
    "start",
]

# How each step reads in “... cannot be ...”.
DONE_TO = {
    "ask": "sent to review",
    "decline": "declined",
    "approve": "approved",
    "pause": "paused",
    "resume": "resumed",
    "cancel": "cancelled",
}
FOUR_EYES = "Four eyes: somebody else has"
UNFINISHED = (Send.State.SCHEDULED, Send.State.ADMITTING, Send.State.SENDING, Send.State.PAUSED)


def ask_for_approval(campaign_id: int, by: User | None, now: datetime) -> CampaignVersion:
    """Send it to review, if preflight finds nothing that stands in the way (`PreflightFailed` otherwise)."""
    with transaction.atomic():
        campaign = lock_campaign(campaign_id)
        _require_planner(campaign, by)
        _require_campaign(campaign)
        version = record_version(campaign_id, by, now)
        blocking = [problem.sentence for problem in problems(campaign, now) if problem.is_blocking]
        if blocking:
            raise PreflightFailed(blocking)
        _move(campaign, "ask", by, now)
        return version


def decline(campaign_id: int, by: User | None, now: datetime, note: str = "") -> None:
    with transaction.atomic():
        campaign = lock_campaign(campaign_id)
        _require_approver(campaign, by)
        _move(campaign, "decline", by, now, note=note)


def approve(campaign_id: int, version_number: int, by: User | None, now: datetime) -> None:
    """Approve exactly the version that was read. `StaleChange` where there is a newer one, or rows that differ."""
    with transaction.atomic():
        campaign = lock_campaign(campaign_id)
        _require_approver(campaign, by)
        if is_barred(by, campaign):
            raise NotAllowed(f"{FOUR_EYES} to approve {campaign}: you wrote it or asked for its approval.")
        version = campaign.versions.order_by("-number").first()
        if version is None or version.number != version_number:
            raise StaleChange(f"{campaign} has changed since version {version_number}: read it again, then approve.")
        if version.digest != read_plan(campaign).digest():
            raise StaleChange(
                f"{campaign} is being edited: what it says now is not what version {version.number} says."
            )
        _move(campaign, "approve", by, now, approved_version=version)


def start(campaign_id: int, now: datetime) -> bool:
    """Approved to running, at its first send or, if it is continuous, from now on. False if it is not approved."""
    with transaction.atomic():
        campaign = lock_campaign(campaign_id)
        if not campaign.is_approved or not move_status(campaign_id, "start", None, now, started_at=now):
            return False
        if campaign.is_continuous:
            start_reading(campaign, now)
        return True


def pause(campaign_id: int, by: User | None, now: datetime) -> None:
    """Stop it for now. What is being decided on stays so; nothing leaves while the campaign is paused."""
    with transaction.atomic():
        campaign = lock_campaign(campaign_id)
        _require_planner(campaign, by)
        _move(campaign, "pause", by, now)
        move_sends_of(campaign_id, [Send.State.SENDING], Send.State.PAUSED, now)


def pause_itself(campaign_id: int, why: str, now: datetime) -> bool:
    """Too many of its messages fail. False if it is not going out; the owner is told from the history."""
    with transaction.atomic():
        lock_campaign(campaign_id)
        if not move_status(campaign_id, PAUSED_ITSELF, None, now, note=why):
            return False
        move_sends_of(campaign_id, [Send.State.SENDING], Send.State.PAUSED, now)
        return True


def resume(campaign_id: int, by: User | None, now: datetime) -> None:
    with transaction.atomic():
        campaign = lock_campaign(campaign_id)
        _require_planner(campaign, by)
        if not campaign.is_approved:
            raise NotAllowed(f"{campaign} is not approved: nothing of it may leave.")
        _move(campaign, "resume", by, now, started_at=campaign.started_at or now)
        if campaign.is_continuous and campaign.started_at is None:
            start_reading(campaign, now)
        move_sends_of(campaign_id, [Send.State.PAUSED], Send.State.SENDING, now)


def cancel(campaign_id: int, by: User | None, now: datetime, note: str = "") -> None:
    """Stop it for good, with every send that is not over and every firing that waits."""
    with transaction.atomic():
        campaign = lock_campaign(campaign_id)
        _require_planner(campaign, by)
        _move(campaign, "cancel", by, now, note=note)
        move_sends_of(
            campaign_id, UNFINISHED, Send.State.CANCELLED, now, reason="the campaign was cancelled", finished_at=now
        )
        Firing.objects.filter(campaign_id=campaign_id, state=Firing.State.WAITING).update(
            state=Firing.State.DROPPED, reason="the campaign was cancelled"
        )


def finish(campaign_id: int, now: datetime) -> bool:
    """Its last send is over. False if it is not running."""
    with transaction.atomic():
        return move_status(campaign_id, "finish", None, now)


def _require_planner(campaign: Campaign, by: User | None) -> None:
    if not can_plan(by, campaign.team):
        raise NotAllowed(f"Only planners and approvers of {campaign.team} can do this to {campaign}.")


def _require_approver(campaign: Campaign, by: User | None) -> None:
    if not can_approve(by, campaign.team):
        raise NotAllowed(f"Only approvers of {campaign.team} can do this to {campaign}.")


def _require_campaign(campaign: Campaign) -> None:
    if campaign.is_template:
        raise NotAllowed(f"{campaign} is a template: start a campaign from it, that can go out.")


def _move(campaign: Campaign, action: str, by: User | None, now: datetime, **fields: Any) -> None:
    if not move_status(campaign.pk, action, by, now, **fields):
        # Asked again: `record_version` may have moved it since it was read.
        status = Campaign.objects.get(pk=campaign.pk).get_status_display().lower()
        raise StaleChange(f"{campaign} is {status}: it cannot be {DONE_TO[action]}.")
