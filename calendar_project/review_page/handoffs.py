"""Handoffs on the campaign page: offered, accepted, declined, withdrawn, taken. By POST alone."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from audiences.admin.person import signed_in
from audiences.clock import read_now
from campaigns.models import Campaign, Handoff
from campaigns.queries.reviews import planners_of
from campaigns.refusals import Refusal, StaleChange
from campaigns.rights import can_plan, seen_by
from campaigns.services import handoffs

Step = Callable[[Campaign, User, HttpRequest, datetime], str]


@require_POST
@login_required
def hand_over_page(request: HttpRequest, campaign_id: int, step: str) -> HttpResponse:
    """The services look at rights and at what has become of the offer meanwhile."""
    campaign = get_object_or_404(Campaign.objects.filter(seen_by(request.user), is_template=False), pk=campaign_id)
    if step not in STEPS:
        raise Http404(f"“{step}” is no step of a handoff.")
    try:
        messages.success(request, STEPS[step](campaign, signed_in(request), request, read_now()))
    except Refusal as refused:
        messages.error(request, str(refused))
    return redirect("calendar:campaign", campaign_id)


def handoff_of(campaign: Campaign, user: User) -> dict[str, Any]:
    """What the campaign page shows of it: the open offer, and what this person can do."""
    is_over = campaign.status in (Campaign.Status.DONE, Campaign.Status.CANCELLED) or campaign.is_template
    offer = campaign.handoffs.filter(state=Handoff.State.OFFERED).select_related("to", "offered_by").first()
    may_offer = not is_over and handoffs.may_hand_over(user, campaign)
    return {
        "handoff": offer,
        "answers": offer is not None and offer.to_id == user.pk,
        "may_withdraw": offer is not None and (may_offer or offer.offered_by_id == user.pk),
        "may_take": not is_over and campaign.owner_id is None and can_plan(user, campaign.team),
        "hand_to": planners_of([campaign.team_id]).exclude(pk=campaign.owner_id or 0) if may_offer else [],
    }


def _note(request: HttpRequest) -> str:
    return request.POST.get("note", "").replace("\0", "")[:500]


def _offer(campaign: Campaign, user: User, request: HttpRequest, now: datetime) -> str:
    to = request.POST.get("to", "")
    to_id = int(to) if to.isdecimal() and len(to) < 18 else None
    offer = handoffs.offer(campaign.pk, to_id, user, now, note=_note(request))
    return f"Offered to {offer.to.get_full_name() or offer.to.get_username()}. It is theirs when they accept."


def _accept(campaign: Campaign, user: User, request: HttpRequest, now: datetime) -> str:
    handoffs.accept(_open(campaign, request), user, now)
    return "It is yours now."


def _decline(campaign: Campaign, user: User, request: HttpRequest, now: datetime) -> str:
    handoffs.decline(_open(campaign, request), user, now, note=_note(request))
    return "Declined: it stays where it was."


def _withdraw(campaign: Campaign, user: User, request: HttpRequest, now: datetime) -> str:
    handoffs.withdraw(_open(campaign, request), user, now)
    return "Withdrawn: it stays where it was."


def _take(campaign: Campaign, user: User, request: HttpRequest, now: datetime) -> str:
    handoffs.take(campaign.pk, user, now)
    return "It is yours now."


def _open(campaign: Campaign, request: HttpRequest) -> int:
    """The open offer, if it is the one that the page showed; the answer to one that is over is told so."""
    pk = campaign.handoffs.filter(state=Handoff.State.OFFERED).values_list("pk", flat=True).first()
    if pk is None or request.POST.get("handoff", str(pk)) != str(pk):
        raise StaleChange("This offer is over: somebody has answered it, or taken it back.")
    return pk


STEPS: dict[str, Step] = {
    "offer": _offer,
    "accept": _accept,
    "decline": _decline,
    "withdraw": _withdraw,
    "take": _take,
}
