"""One step of a campaign's life: who may make it, and the move itself, or the sentence that refuses it."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from campaigns.models import Campaign
from campaigns.refusals import NotAllowed, StaleChange
from campaigns.rights import can_approve, can_plan
from campaigns.services.states import move_status

# How each step reads in “... cannot be ...”.
DONE_TO = {
    "ask": "sent to review",
    "decline": "declined",
    "approve": "approved",
    "pause": "paused",
    "resume": "resumed",
    "cancel": "cancelled",
}


def require_planner(campaign: Campaign, by: User | None) -> None:
    if not can_plan(by, campaign.team):
        raise NotAllowed(f"Only planners and approvers of {campaign.team} can do this to {campaign}.")


def require_approver(campaign: Campaign, by: User | None) -> None:
    if not can_approve(by, campaign.team):
        raise NotAllowed(f"Only approvers of {campaign.team} can do this to {campaign}.")


def require_campaign(campaign: Campaign) -> None:
    if campaign.is_template:
        raise NotAllowed(f"{campaign} is a template: start a campaign from it, that can go out.")


def move(campaign: Campaign, action: str, by: User | None, now: datetime, **fields: Any) -> None:
    if not move_status(campaign.pk, action, by, now, **fields):
        raise refused(campaign, action)


def refused(campaign: Campaign, action: str) -> StaleChange:
    # Asked again: `record_version` may have moved it since it was read.
    status = Campaign.objects.get(pk=campaign.pk).get_status_display().lower()
    return StaleChange(f"{campaign} is {status}: it cannot be {DONE_TO[action]}.")
