"""The buttons of a finding: leave it with a reason, open it again, or change this campaign so that it goes away; and
what takes such a change back."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core import signing
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.dateparse import parse_datetime

from audiences.clock import read_now
from calendar_project.moving.views import moved_notice
from calendar_project.pages import button_on
from campaigns.models import Campaign, Finding
from campaigns.refusals import StaleChange
from campaigns.rights import can_see
from campaigns.services import settling
from campaigns.services.overlaps import acknowledge, reopen
from campaigns.services.settling import Looked
from campaigns.veils import seen_findings

from .access import campaign_or_404, person
from .views import answered, back

#: What these leave would tell of the other campaign whom it is for.
TELLING = ("move", "exclude", "merge")
Do = Callable[[HttpRequest, Campaign, Finding, User, datetime], str]


@button_on("calendar:campaign", "campaign_id")
def settle_finding(request: HttpRequest, campaign_id: int, finding_id: int, name: str) -> HttpResponse:
    """One of `FIXES`. What is settled by now, in whichever way, is not settled twice: a second click is no mistake."""
    campaign = campaign_or_404(request, campaign_id)
    # One that would tell too much of a private campaign is as little there as on the page.
    of_campaign = seen_findings(request.user, Finding.objects.filter(Q(first=campaign) | Q(second=campaign)))
    finding = get_object_or_404(of_campaign.select_related("first", "second"), pk=finding_id)
    if name not in FIXES or (name in TELLING and not _sees_both(person(request), finding)):
        raise Http404(f"“{name}” is nothing that can be done about a finding.")
    if _is_done(name, finding, person(request)):
        messages.success(request, "It is settled.")
        return back(campaign, "findings")
    user, now = person(request), read_now()
    return answered(request, campaign, lambda: FIXES[name](request, campaign, finding, user, now), "findings")


def _sees_both(user: User, finding: Finding) -> bool:
    return can_see(user, finding.first) and can_see(user, finding.second)


def _is_done(name: str, finding: Finding, user: User) -> bool:
    if name == "reopen":
        return finding.state == Finding.State.OPEN
    if name == "acknowledge":
        return finding.state == Finding.State.ACKNOWLEDGED and finding.acknowledged_by_id == user.pk
    return name in TELLING and finding.state == Finding.State.RESOLVED


def _acknowledge(request: HttpRequest, campaign: Campaign, finding: Finding, user: User, now: datetime) -> str:
    acknowledge(finding.pk, user, _text(request, "note"), now)
    return "Left as it is, until one of the two changes. “Open again” takes that back."


def _reopen(request: HttpRequest, campaign: Campaign, finding: Finding, user: User, now: datetime) -> str:
    at = _moment(request, "at")
    if at is None or at.tzinfo is None:
        raise StaleChange("Somebody has settled this finding otherwise since: look again.")
    reopen(finding.pk, at, user)
    return "Open again."


def _move(request: HttpRequest, campaign: Campaign, finding: Finding, user: User, now: datetime) -> str:
    to = _moment(request, "to")
    if to is None or to.tzinfo is not None:
        raise StaleChange("That moment cannot be read: look at the finding again.")
    before = campaign.sends.select_related("campaign").defer("audience").filter(pk=_number(request, "send")).first()
    if before is None:
        raise StaleChange("That send is not on the calendar any more: look at the finding again.")
    looked = _looked(request, campaign, finding)
    moved = settling.move_away(looked, before.pk, to, _number(request, "sequence"), user, now)
    return moved_notice(request, before, moved, back=reverse("calendar:campaign", args=[campaign.pk]))


def _exclude(request: HttpRequest, campaign: Campaign, finding: Finding, user: User, now: datetime) -> str:
    mended = settling.leave_out(_looked(request, campaign, finding), user, now)
    left = f"{mended.before:,} people before, {mended.after:,} now."
    context = {
        "said": f"It leaves out the other’s audience: {left}{_voided(campaign)}",
        "address": reverse("calendar:settle-finding", args=[campaign.pk, finding.pk, "let-in"]),
        # What was added to which version is for nobody to choose.
        "undo": signing.dumps([mended.added, mended.version], salt=_salt(campaign)),
    }
    return render_to_string("calendar_project/fix_done.html", context, request)


def _let_in(request: HttpRequest, campaign: Campaign, finding: Finding, user: User, now: datetime) -> str:
    try:
        added, version = signing.loads(request.POST.get("undo", ""), salt=_salt(campaign))
    except signing.BadSignature as bad:
        raise StaleChange("That cannot be taken back: change its audience on its own page.") from bad
    settling.let_back_in(campaign.pk, added, version, user, now)
    return f"The other’s people are let in again.{_voided(campaign)}"


def _voided(campaign: Campaign) -> str:
    """Of a campaign as it was before: what nobody has approved yet, or was asked to, is not approved again."""
    was_asked = campaign.status != Campaign.Status.DRAFT or campaign.section_approvals.exists()
    return " What it changed has to be approved again." if was_asked else ""


def _salt(campaign: Campaign) -> str:
    return f"campaigns.let-in.{campaign.pk}"


def _merge(request: HttpRequest, campaign: Campaign, finding: Finding, user: User, now: datetime) -> str:
    mended = settling.take_in(_looked(request, campaign, finding), user, now, _text(request, "note"))
    now_for = f"It takes in the other’s people: {mended.before:,} before, {mended.after:,} now."
    return f"{now_for} The other one is cancelled.{_voided(campaign)}"


FIXES: dict[str, Do] = {
    "acknowledge": _acknowledge,
    "reopen": _reopen,
    "move": _move,
    "exclude": _exclude,
    "let-in": _let_in,
    "merge": _merge,
}


def _looked(request: HttpRequest, campaign: Campaign, finding: Finding) -> Looked:
    other_id = finding.second_id if finding.first_id == campaign.pk else finding.first_id
    seen = {campaign.pk: _number(request, "own"), other_id: _number(request, "other")}
    return Looked(finding.pk, campaign.pk, seen)


def _text(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\0", "").strip()[:300]


def _number(request: HttpRequest, name: str) -> int:
    given = request.POST.get(name, "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 16 else 0


def _moment(request: HttpRequest, name: str) -> Any:
    try:
        moment = parse_datetime(request.POST.get(name, "")[:40])
    except ValueError:
        return None
    # The first and the last years there are cannot be told in every zone.
    return moment if moment and 2000 <= moment.year <= 2999 else None
