"""One send: frozen at its hour, moved or cancelled by hand. Its state is written by `states.move_state` alone."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F

from audiences.bitmaps import dump
from campaigns.models import Campaign, Send
from campaigns.plan import Plan
from campaigns.queries.audiences import audience
from campaigns.queries.sends import OPEN
from campaigns.recurrence import last_instant
from campaigns.refusals import NotAllowed, StaleChange
from campaigns.rights import can_plan
from campaigns.services import states
from campaigns.services.lifecycle import start
from campaigns.services.moving import (
    MOVED,
    check_may_move,
    check_moment,
    check_movable,
    move_note,
    slot_at,
    stands_at,
)
from campaigns.services.versions import lock_campaign, record_version

GOES_OUT = (Campaign.Status.APPROVED, Campaign.Status.RUNNING)


def move_state(send_id: int, expected: Iterable[str], to: str, now: datetime, **fields: Any) -> bool:
    """Move one send from any of the expected states to another; False if it was in none of them."""
    return states.move_state(send_id, expected, to, now, **fields)


def freeze(send_id: int, now: datetime) -> Send | None:
    """Fix who a due send is for and with which version, and let admission begin. None: not now, or never.

    Only the approved version of a campaign that is approved or running. What is not approved by the end of the
    grace, or still paused when it would be too late, is missed, and says why.
    """
    with transaction.atomic():
        campaign, send = _lock(send_id)
        if send.state != Send.State.SCHEDULED or send.due_at > now or campaign.is_continuous:
            return None
        if campaign.status not in GOES_OUT or campaign.approved_version is None or campaign.is_template:
            _miss_if_late(send, campaign, now)
            return None
        if now > _latest(send) + _lateness(campaign):
            _miss(send, "its hour was over before it could go out", now)
            return None
        start(campaign.pk, now)
        return _freeze(send, campaign, now)


def move(
    send_id: int, to_local: datetime, by: User | None, now: datetime, sequence: int | None = None, why: str = ""
) -> Send:
    """Move one send to another wall-clock moment, naive, in the campaign's own sense of zone.

    An edit of the schedule: it voids the approval. `sequence` is that of the send as the caller saw it; `why` goes into
    the history. Where it stands there already nothing changes: a second click is no mistake. Raises `NotAllowed` (see
    `moving.check_move`), or `StaleChange` where it has begun or somebody else was quicker.
    """
    with transaction.atomic():
        campaign, send = _lock(send_id)
        check_may_move(campaign, by)
        slot = slot_at(campaign, to_local)
        if stands_at(send, slot):
            return send
        check_movable(campaign, send, now)
        if sequence is not None and send.sequence != sequence:
            raise StaleChange("Somebody has moved this send meanwhile: look at it again.")
        check_moment(slot, now)
        Send.objects.filter(pk=send_id, state=Send.State.SCHEDULED).update(
            due_at=slot.due_at,
            local_due=slot.local_due,
            # Back in the place that the trigger gives it, it follows the trigger again.
            moved_by_hand=slot.name != send.slot,
            sequence=F("sequence") + 1,
            changed_at=now,
        )
        record_version(campaign.pk, by, now)
        states.write_history(campaign.pk, MOVED, by, now, note=move_note(send, slot, why))
        return Send.objects.defer("audience").get(pk=send_id)


def cancel(send_id: int, by: User | None, now: datetime) -> None:
    """Take one send off the calendar for good; the rest of the campaign goes on. Approvals stay: it only gets less."""
    with transaction.atomic():
        campaign, _ = _lock(send_id)
        if not can_plan(by, campaign.team):
            raise NotAllowed(f"Only planners and approvers of {campaign.team} can cancel sends of {campaign}.")
        cancelled = move_state(send_id, OPEN, Send.State.CANCELLED, now, reason="cancelled by hand", finished_at=now)
        if not cancelled:
            raise StaleChange("This send is over: there is nothing left to cancel.")
        states.write_history(campaign.pk, "cancel send", by, now)


def _lock(send_id: int) -> tuple[Campaign, Send]:
    """The campaign before its send, as everybody locks them."""
    campaign = lock_campaign(Send.objects.values_list("campaign_id", flat=True).get(pk=send_id))
    return campaign, Send.objects.select_for_update(no_key=True).defer("audience").get(pk=send_id)


def _freeze(send: Send, campaign: Campaign, now: datetime) -> Send | None:
    version = campaign.approved_version
    assert version is not None  # noqa: S101 the caller looked
    plan = Plan.from_json(version.plan)
    members = audience(plan.include, plan.exclude)
    moved = move_state(
        send.pk,
        [Send.State.SCHEDULED],
        Send.State.ADMITTING,
        now,
        version=version,
        audience=dump(members),
        audience_size=len(members),
        frozen_at=now,
    )
    return Send.objects.select_related("campaign", "version").get(pk=send.pk) if moved else None


def _latest(send: Send) -> datetime:
    """When the last of its customers is due: the last zone on earth, where it goes at everyone's own hour."""
    return last_instant(datetime.fromisoformat(send.local_due)) if send.local_due else send.due_at


def _lateness(campaign: Campaign) -> timedelta:
    """By how much it may be late: until it expires, or the workspace's grace."""
    return campaign.expires_after or timedelta(minutes=settings.GRACE_MINUTES)


def _miss_if_late(send: Send, campaign: Campaign, now: datetime) -> None:
    if campaign.status == Campaign.Status.PAUSED:
        if now > _latest(send) + _lateness(campaign):
            _miss(send, "paused", now)
    elif now > _latest(send) + timedelta(minutes=settings.GRACE_MINUTES):
        _miss(send, "not approved", now)


def _miss(send: Send, reason: str, now: datetime) -> None:
    move_state(send.pk, [Send.State.SCHEDULED], Send.State.MISSED, now, reason=reason, finished_at=now)
