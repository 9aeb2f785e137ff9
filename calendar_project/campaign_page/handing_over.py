"""The buttons of a handoff: offer, accept, decline, withdraw, take. By POST alone."""

from collections.abc import Callable
from datetime import datetime

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from audiences.admin.person import signed_in
from audiences.clock import read_now
from calendar_project.pages import button_on
from campaigns.models import Campaign, Handoff
from campaigns.refusals import StaleChange
from campaigns.rights import seen_by
from campaigns.services import handoffs

from .views import answered

Step = Callable[[Campaign, User, HttpRequest, datetime], None]
State = Handoff.State


@button_on("calendar:campaign", "campaign_id")
def hand_over_page(request: HttpRequest, campaign_id: int, step: str) -> HttpResponse:
    """The services look at rights and at what has become of the offer meanwhile. A second click is no mistake."""
    campaign = get_object_or_404(Campaign.objects.filter(seen_by(request.user), is_template=False), pk=campaign_id)
    if step not in STEPS:
        raise Http404(f"“{step}” is no step of a handoff.")
    do, done = STEPS[step]

    def take_it() -> str:
        user = signed_in(request)
        if not _is_done(step, campaign, user, request):
            do(campaign, user, request, read_now())
        return done

    return answered(request, campaign, take_it)


def _offer(campaign: Campaign, user: User, request: HttpRequest, now: datetime) -> None:
    handoffs.offer(campaign.pk, _number(request, "to"), user, now, note=_note(request))


def _accept(campaign: Campaign, user: User, request: HttpRequest, now: datetime) -> None:
    handoffs.accept(_open(campaign, request), user, now)


def _decline(campaign: Campaign, user: User, request: HttpRequest, now: datetime) -> None:
    handoffs.decline(_open(campaign, request), user, now, note=_note(request))


def _withdraw(campaign: Campaign, user: User, request: HttpRequest, now: datetime) -> None:
    handoffs.withdraw(_open(campaign, request), user, now)


def _take(campaign: Campaign, user: User, request: HttpRequest, now: datetime) -> None:
    handoffs.take(campaign.pk, user, now)


#: With each, what is said afterwards.
STEPS: dict[str, tuple[Step, str]] = {
    "offer": (_offer, "Offered: it is theirs when they accept."),
    "accept": (_accept, "It is yours now."),
    "decline": (_decline, "Declined: it stays where it was."),
    "withdraw": (_withdraw, "Withdrawn: it stays where it was."),
    "take": (_take, "It is yours now."),
}


def _is_done(step: str, campaign: Campaign, user: User, request: HttpRequest) -> bool:
    """Whether this very answer of theirs was given before."""
    if step == "take":
        return campaign.owner_id == user.pk
    shown = campaign.handoffs.filter(pk=_number(request, "handoff") or 0).first()
    if shown is None:
        return False
    return {
        "accept": (shown.state, shown.to_id, campaign.owner_id) == (State.ACCEPTED, user.pk, user.pk),
        "decline": (shown.state, shown.to_id) == (State.DECLINED, user.pk),
        "withdraw": shown.state == State.WITHDRAWN and not campaign.handoffs.filter(state=State.OFFERED).exists(),
    }.get(step, False)


def _open(campaign: Campaign, request: HttpRequest) -> int:
    """The offer that the page showed, else the open one; of one that is over the service says what became of it."""
    shown = _number(request, "handoff")
    offers = campaign.handoffs.filter(pk=shown) if shown else campaign.handoffs.filter(state=State.OFFERED)
    pk = offers.values_list("pk", flat=True).first()
    if pk is None:
        raise StaleChange("This offer is over: somebody has answered it, or taken it back.")
    return pk


def _number(request: HttpRequest, name: str) -> int | None:
    given = request.POST.get(name, "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 18 else None


def _note(request: HttpRequest) -> str:
    return request.POST.get("note", "").replace("\0", "")[:500]
