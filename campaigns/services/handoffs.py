"""Handoffs: a campaign is offered to somebody, who accepts or declines; one that is nobody's can be taken."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from campaigns.models import Campaign, Handoff, HandoffMail
from campaigns.refusals import NotAllowed, StaleChange
from campaigns.rights import can_approve, can_plan
from campaigns.services.states import write_history
from campaigns.services.versions import lock_campaign

State = Handoff.State
OVER = (Campaign.Status.DONE, Campaign.Status.CANCELLED)


def offer(campaign_id: int, to_id: int | None, by: User | None, now: datetime, note: str = "") -> Handoff:
    """Offer it to somebody who plans for its team. One to somebody else that waits for an answer is withdrawn."""
    with transaction.atomic():
        campaign = _lock(campaign_id)
        if not may_hand_over(by, campaign):
            raise NotAllowed(f"Only its owner and approvers of {campaign.team} can hand it over.")
        to = User.objects.filter(pk=to_id or 0, is_active=True).first()
        if to is None:
            raise NotAllowed("Say to whom it is handed over.")
        if not can_plan(to, campaign.team):
            raise NotAllowed(f"{_name(to)} does not plan for {campaign.team}: it can be handed to those who do.")
        if to.pk == campaign.owner_id:
            raise NotAllowed(f"It is {_name(to)}’s already.")
        same = Handoff.objects.filter(campaign=campaign, to=to, state=State.OFFERED).first()
        if same is not None:
            return same
        _answer(campaign_id, State.WITHDRAWN, now)
        write_history(campaign_id, "hand over", by, now, note=_told(f"To {_name(to)}", note))
        handoff = Handoff.objects.create(
            campaign=campaign, owner=campaign.owner, to=to, offered_by=by, offered_at=now, note=note.strip()[:500]
        )
        if to.email and to != by:
            HandoffMail.objects.create(handoff=handoff)
        return handoff


def accept(handoff_id: int, by: User, now: datetime) -> None:
    """It is theirs from now on."""
    with transaction.atomic():
        campaign, handoff = _lock_offered(handoff_id)
        _require_addressee(handoff, by)
        if not can_plan(by, campaign.team):
            raise NotAllowed(f"You do not plan for {campaign.team} any more: ask for the role, or decline.")
        if campaign.owner_id != handoff.owner_id:
            raise StaleChange("It has got another owner since it was offered to you.")
        _answer(campaign.pk, State.ACCEPTED, now)
        _own(campaign.pk, by, now)
        write_history(campaign.pk, "accept handoff", by, now)


def decline(handoff_id: int, by: User, now: datetime, note: str = "") -> None:
    with transaction.atomic():
        campaign, handoff = _lock_offered(handoff_id)
        _require_addressee(handoff, by)
        _answer(campaign.pk, State.DECLINED, now)
        write_history(campaign.pk, "decline handoff", by, now, note=note.strip())


def withdraw(handoff_id: int, by: User | None, now: datetime) -> None:
    """By whoever offered it, and by those who could offer it."""
    with transaction.atomic():
        campaign, handoff = _lock_offered(handoff_id)
        if not (may_hand_over(by, campaign) or (by is not None and handoff.offered_by_id == by.pk)):
            raise NotAllowed(f"Only its owner, who offered it, and approvers of {campaign.team} can withdraw it.")
        _answer(campaign.pk, State.WITHDRAWN, now)
        write_history(campaign.pk, "withdraw handoff", by, now)


def take(campaign_id: int, by: User, now: datetime) -> None:
    """A campaign that is nobody's becomes theirs; an offer of it that waits for an answer is over with that."""
    with transaction.atomic():
        campaign = _lock(campaign_id)
        if not can_plan(by, campaign.team):
            raise NotAllowed(f"Only planners and approvers of {campaign.team} can take it.")
        if campaign.owner_id is not None:
            raise StaleChange(f"It is {_name(campaign.owner)}’s by now.")
        _answer(campaign_id, State.WITHDRAWN, now)
        _own(campaign_id, by, now)
        write_history(campaign_id, "take", by, now)


def may_hand_over(user: User | None, campaign: Campaign) -> bool:
    """Its owner, and approvers of its team."""
    return (user is not None and user.is_active and campaign.owner_id == user.pk) or can_approve(user, campaign.team)


def _lock(campaign_id: int) -> Campaign:
    campaign = lock_campaign(campaign_id)
    if campaign.status in OVER:
        raise StaleChange("It is over: there is nothing left to hand over.")
    return campaign


def _lock_offered(handoff_id: int) -> tuple[Campaign, Handoff]:
    """The campaign before its handoff, as everybody locks them."""
    campaign_id = Handoff.objects.values_list("campaign_id", flat=True).get(pk=handoff_id)
    campaign = _lock(campaign_id)
    handoff = Handoff.objects.get(pk=handoff_id)
    if handoff.state != State.OFFERED:
        raise StaleChange(f"This offer is over: {_what_became(handoff)}.")
    return campaign, handoff


def _what_became(handoff: Handoff) -> str:
    if handoff.state == State.WITHDRAWN:
        return "it was taken back, or offered to somebody else"
    return f"{_name(handoff.to)} has {handoff.state} it"


def _answer(campaign_id: int, state: Handoff.State, now: datetime) -> int:
    open_one = Handoff.objects.filter(campaign=campaign_id, state=State.OFFERED)
    return open_one.update(state=state, answered_at=now)


def _own(campaign_id: int, owner: User, now: datetime) -> None:
    """No part of the plan: an approval stays."""
    Campaign.objects.filter(pk=campaign_id).update(owner=owner, updated_at=now)


def _require_addressee(handoff: Handoff, by: User) -> None:
    if handoff.to_id != by.pk:
        raise NotAllowed(f"It was offered to {_name(handoff.to)}: only they can answer.")


def _name(user: User | None) -> str:
    return (user.get_full_name() or user.get_username()) if user else "nobody"


def _told(what: str, note: str) -> str:
    return f"{what}: {note.strip()}" if note.strip() else f"{what}."
