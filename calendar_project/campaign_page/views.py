"""The campaign page: one page that a planner can work from and an approver can judge."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from audiences.admin.person import signed_in
from audiences.clock import read_now
from calendar_project.live.views import live_campaign
from calendar_project.pages import render_in_zone
from calendar_project.review_page.handoffs import handoff_of
from calendar_project.week.loads import percent_words
from calendar_project.week.review import WORST_FIRST, axes_in_words
from campaigns.models import Campaign, Finding, Message, Send
from campaigns.queries.campaigns import workspace_zone
from campaigns.refusals import PreflightFailed, Refusal
from campaigns.rendering import TemplateProblem
from campaigns.rights import can_plan
from campaigns.services.preflight import problems
from campaigns.tasks import check_overlaps_soon
from deliveries.queries.forecast import forecast

from .around import around
from .funnel import Funnel, funnels
from .moves import MOVES, Answer, is_done_already, moves_for, waits_for_others
from .previews import customer_for, previews
from .self_pause import stopped_by_itself
from .sends import ahead, begun, with_outcomes
from .trial_mail import NoTest, send_test
from .words import plan_lines, segment_lines

PAGE = 12


@require_safe
@login_required
def campaign_page(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Everything about one campaign. `?customer=` shows its messages as that customer; `?page=` older sends."""
    campaign, now = _campaign(campaign_id), read_now()
    return render_in_zone(request, "calendar_project/campaign.html", _context(request, campaign, now))


@require_POST
@login_required
def move_campaign(request: HttpRequest, campaign_id: int, name: str) -> HttpResponse:
    """Ask, approve, decline, pause, resume, cancel. The services check the rights and the state once more."""
    campaign = _campaign(campaign_id)
    if name not in MOVES:
        raise Http404(f"“{name}” is nothing that can be done to a campaign.")
    version = request.POST.get("version", "")
    note = request.POST.get("note", "").replace("\0", "")[:500]
    learnt = request.POST.get("learnt", "").replace("\0", "")[:1000]
    answer = Answer(int(version) if version.isdecimal() and len(version) < 10 else 0, note, learnt)
    _move(request, campaign, name, answer)
    return redirect("calendar:campaign", campaign_id)


@require_POST
@login_required
def test_to_me(request: HttpRequest, campaign_id: int, message_id: int) -> HttpResponse:
    """Mail one message to whoever asks, rendered for the customer that the page showed."""
    campaign = _campaign(campaign_id)
    message = get_object_or_404(Message, pk=message_id, campaign=campaign)
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required has seen to it
    if not can_plan(user, campaign.team):
        messages.error(request, f"Only planners and approvers of {campaign.team} send tests of {campaign}.")
        return redirect("calendar:campaign", campaign_id)
    try:
        address = send_test(campaign, message, customer_for(campaign, _asked(request.POST)), user, read_now())
        messages.success(request, f"Sent to {address}.")
    except (NoTest, TemplateProblem) as problem:
        messages.error(request, str(problem))
    return redirect("calendar:campaign", campaign_id)


def _campaign(campaign_id: int) -> Campaign:
    related = ("team", "owner", "topic", "milestone", "trigger_segment", "approved_version")
    return get_object_or_404(Campaign.objects.select_related(*related), pk=campaign_id)


def _asked(values: Any) -> str:
    return str(values.get("customer", "")).replace("\0", "").strip()[:320]


def _move(request: HttpRequest, campaign: Campaign, name: str, answer: Answer) -> None:
    move = MOVES[name]
    if is_done_already(move, campaign):
        messages.success(request, move.done)
        return
    try:
        move.run(campaign, request.user, answer, read_now())
        check_overlaps_soon(campaign.pk)
        messages.success(request, move.done)
    except PreflightFailed as failed:
        for sentence in failed.sentences:
            messages.error(request, sentence)
    except Refusal as refusal:
        messages.error(request, str(refusal))


def _context(request: HttpRequest, campaign: Campaign, now: datetime) -> dict[str, Any]:
    live = live_campaign(request, campaign.pk)
    zone = workspace_zone()
    asked = _asked(request.GET)
    customer = customer_for(campaign, asked)
    page = Paginator(begun(campaign), PAGE).get_page(request.GET.get("page"))
    upcoming = ahead(campaign, zone)
    history = list(campaign.history.select_related("by", "version").order_by("-id")[:50])
    versions = list(campaign.versions.select_related("created_by").order_by("-number")[:1])
    return {
        "campaign": campaign,
        "version": versions[0] if versions else None,
        "zone": str(zone),
        "moves": moves_for(request.user, campaign),
        "waits_for_others": waits_for_others(request.user, campaign),
        "may_plan": can_plan(request.user, campaign.team),
        "lines": plan_lines(campaign),
        "included": segment_lines(list(campaign.include.all())),
        "excluded": segment_lines(list(campaign.exclude.all())),
        "problems": problems(campaign, now) if campaign.status in ("draft", "in_review") else [],
        "findings": _findings(campaign),
        **_forecast(campaign, [row.send for row in upcoming], now),
        "previews": previews(campaign, customer, now),
        "customer": customer,
        "asked": asked,
        "ahead": upcoming,
        "around": around(upcoming),
        "page": page,
        "begun": with_outcomes(page, zone),
        "history": history,
        **stopped_by_itself(campaign, history),
        **live,
        **handoff_of(campaign, signed_in(request)),
    }


def _findings(campaign: Campaign) -> list[dict[str, Any]]:
    """Open ones first, the worst of them first; each with the other campaign and the share of this one's audience."""
    found = Finding.objects.filter(Q(first=campaign) | Q(second=campaign)).exclude(state=Finding.State.RESOLVED)
    rows = found.select_related("first__team", "second__team", "acknowledged_by").order_by("-shared", "id")
    worst_first = sorted(rows, key=lambda each: (each.state != Finding.State.OPEN, WORST_FIRST[each.severity]))
    return [_finding(finding, campaign) for finding in worst_first]


def _finding(finding: Finding, campaign: Campaign) -> dict[str, Any]:
    is_first = finding.first_id == campaign.pk
    return {
        "finding": finding,
        "other": finding.second if is_first else finding.first,
        "percent": percent_words(finding.percent_of_first if is_first else finding.percent_of_second),
        "shares": axes_in_words(finding.axes),
    }


def _forecast(campaign: Campaign, upcoming: list[Send], now: datetime) -> dict[str, Any]:
    """For the next send; for one of a continuous campaign, as if everybody it is for fired now."""
    if campaign.status in ("done", "cancelled") or not (upcoming or campaign.is_continuous):
        return {"funnels": [], "forecast_send": None}
    at = now if campaign.is_continuous else upcoming[0].due_at
    shown: list[Funnel] = funnels(forecast(campaign, at, now))
    return {"funnels": shown, "forecast_send": None if campaign.is_continuous else upcoming[0]}
