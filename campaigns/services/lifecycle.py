"""A campaign's life: asked for, approved, started, paused, finished; each step with its rights and its record."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from campaigns.lifecycle import PAUSED_ITSELF
from campaigns.models import CampaignVersion, Firing, Handoff, Send
from campaigns.plan import SECTIONS
from campaigns.queries.approvals import open_sections, section_digests
from campaigns.refusals import NotAllowed, PreflightFailed, Refusal, StaleChange
from campaigns.services.approvals import Seen, approve, approve_section, decline, decline_section
from campaigns.services.cursors import start_reading
from campaigns.services.preflight import problems
from campaigns.services.states import move_sends_of, move_status
from campaigns.services.steps import move, require_campaign, require_planner
from campaigns.services.versions import lock_campaign, record_version

__all__ = [
    "NotAllowed",
    "PreflightFailed",
    "Refusal",
    "Seen",
    "StaleChange",
    "approve",
    "approve_section",
    "ask_for_approval",
    "cancel",
    "decline",
    "decline_section",
    "finish",
    "pause",
    "pause_itself",
    "resume",
    "start",
]

UNFINISHED = (Send.State.SCHEDULED, Send.State.ADMITTING, Send.State.SENDING, Send.State.PAUSED)


def ask_for_approval(campaign_id: int, by: User | None, now: datetime) -> CampaignVersion:
    """Send it to review, if preflight finds nothing that stands in the way (`PreflightFailed` otherwise).

    What stands approved is not asked for again: the history names what is.
    """
    with transaction.atomic():
        campaign = lock_campaign(campaign_id)
        require_planner(campaign, by)
        require_campaign(campaign)
        version = record_version(campaign_id, by, now)
        blocking = [problem.sentence for problem in problems(campaign, now) if problem.is_blocking]
        if blocking:
            raise PreflightFailed(blocking)
        opened = open_sections(campaign_id, section_digests(version))
        move(campaign, "ask", by, now, note="" if len(opened) == len(SECTIONS) else ", ".join(opened))
        return version


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
        require_planner(campaign, by)
        move(campaign, "pause", by, now)
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
        require_planner(campaign, by)
        if not campaign.is_approved:
            raise NotAllowed(f"{campaign} is not approved: nothing of it may leave.")
        move(campaign, "resume", by, now, started_at=campaign.started_at or now)
        if campaign.is_continuous and campaign.started_at is None:
            start_reading(campaign, now)
        move_sends_of(campaign_id, [Send.State.PAUSED], Send.State.SENDING, now)


def cancel(campaign_id: int, by: User | None, now: datetime, note: str = "") -> None:
    """Stop it for good, with every send that is not over and every firing that waits."""
    with transaction.atomic():
        campaign = lock_campaign(campaign_id)
        require_planner(campaign, by)
        move(campaign, "cancel", by, now, note=note)
        move_sends_of(
            campaign_id, UNFINISHED, Send.State.CANCELLED, now, reason="the campaign was cancelled", finished_at=now
        )
        Firing.objects.filter(campaign_id=campaign_id, state=Firing.State.WAITING).update(
            state=Firing.State.DROPPED, reason="the campaign was cancelled"
        )
        _withdraw_offer(campaign_id, now)


def finish(campaign_id: int, now: datetime) -> bool:
    """Its last send is over. False if it is not running."""
    with transaction.atomic():
        finished = move_status(campaign_id, "finish", None, now)
        if finished:
            _withdraw_offer(campaign_id, now)
        return finished


def _withdraw_offer(campaign_id: int, now: datetime) -> None:
    """There is nothing left to hand over to anybody."""
    offered = Handoff.objects.filter(campaign_id=campaign_id, state=Handoff.State.OFFERED)
    offered.update(state=Handoff.State.WITHDRAWN, answered_at=now)
