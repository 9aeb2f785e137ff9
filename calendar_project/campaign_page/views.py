"""The campaign page: one page that a planner can work from and an approver can judge."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from audiences.admin.person import signed_in
from audiences.clock import read_now
from calendar_project.customer_page.queries import find_customers
from calendar_project.live.views import live_campaign
from calendar_project.pages import button_on, render_in_zone, typed
from calendar_project.week.loads import percent_words
from calendar_project.week.review import WORST_FIRST, axes_in_words
from campaigns.models import Campaign, Finding, Send
from campaigns.queries.campaigns import workspace_zone
from campaigns.refusals import NotAllowed, PreflightFailed, Refusal, StaleChange
from campaigns.rights import Person, can_plan
from campaigns.services.approvals import spoken
from campaigns.services.preflight import problems
from campaigns.tasks import check_overlaps_soon
from campaigns.veils import seen_findings, veil_finding
from deliveries.queries.forecast import forecast

from .access import campaign_or_404
from .around import around
from .findings import add_fixes
from .forecasts import forecast_moment
from .funnel import Funnel, funnels
from .handoffs import handoff_of
from .moves import MOVES, Answer, is_done_already, moves_for, waits_for_others
from .previews import customer_for, previews
from .results import shown_results
from .sections import SectionRow, section_rows
from .self_pause import stopped_by_itself
from .sends import ahead, begun, with_outcomes
from .words import segment_lines

PAGE = 12


@require_safe
@login_required
def campaign_page(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Everything about one campaign. `?customer=` shows its messages as that customer; `?page=` older sends."""
    return _page(request, campaign_or_404(request, campaign_id))


@button_on("calendar:campaign", "campaign_id")
def move_campaign(request: HttpRequest, campaign_id: int, name: str) -> HttpResponse:
    """Ask, approve, decline, pause, resume, cancel. The services check the rights and the state once more."""
    campaign = campaign_or_404(request, campaign_id)
    if name not in MOVES:
        raise Http404(f"“{name}” is nothing that can be done to a campaign.")
    move = MOVES[name]
    note = request.POST.get("note", "").replace("\0", "")[:500]
    learnt = request.POST.get("learnt", "").replace("\0", "")[:1000]
    answer = Answer(posted_version(request), note, learnt)

    def do() -> str:
        if not is_done_already(move, campaign):
            move.run(campaign, request.user, answer, read_now())
        return move.done

    return answered(request, campaign, do)


def answered(request: HttpRequest, campaign: Campaign, do: Callable[[], str], place: str = "") -> HttpResponse:
    """Do it, and say what was done; or why not, on the page as it is now, with what was written."""
    try:
        messages.success(request, do())
        check_overlaps_soon(campaign.pk)
    except Refusal as refusal:
        for sentence in refusal.sentences if isinstance(refusal, PreflightFailed) else [str(refusal)]:
            messages.error(request, sentence)
        status = 409 if isinstance(refusal, StaleChange) else 403 if isinstance(refusal, NotAllowed) else 400
        return _page(request, campaign_or_404(request, campaign.pk), status, **typed(request))
    return back(campaign, place)


def back(campaign: Campaign, place: str = "", query: str = "") -> HttpResponse:
    """To the page; `place` is the id of one of its headings."""
    address = reverse("calendar:campaign", args=[campaign.pk])
    return redirect(f"{address}{f'?{query}' if query else ''}{f'#{place}' if place else ''}")


def posted_version(request: HttpRequest) -> int:
    """The version that the page showed; 0, which none has, for anything that is no number."""
    version = request.POST.get("version", "")
    return int(version) if version.isdecimal() and len(version) < 10 else 0


def asked_customer(values: Any) -> str:
    return str(values.get("customer", "")).replace("\0", "").strip()[:320]


def _page(request: HttpRequest, campaign: Campaign, status: int = 200, **more: Any) -> HttpResponse:
    context = {**_context(request, campaign, read_now()), **more}
    return render_in_zone(request, "calendar_project/campaign.html", context, status)


def _context(request: HttpRequest, campaign: Campaign, now: datetime) -> dict[str, Any]:
    live = live_campaign(request, campaign.pk)
    zone = workspace_zone()
    asked = asked_customer(request.GET)
    customer = customer_for(campaign, asked)
    page = Paginator(begun(campaign), PAGE).get_page(request.GET.get("page"))
    upcoming = ahead(campaign, zone)
    history = list(campaign.history.select_related("by", "version").order_by("-id")[:50])
    versions = list(campaign.versions.select_related("created_by").order_by("-number")[:1])
    version = versions[0] if versions else None
    found = problems(campaign, now) if campaign.status in ("draft", "in_review") else []
    sections = section_rows(campaign, version, found, request.user)
    return {
        "campaign": campaign,
        "version": version,
        "zone": str(zone),
        "moves": moves_for(request.user, campaign),
        "waits_for_others": waits_for_others(request.user, campaign),
        "may_plan": can_plan(request.user, campaign.team),
        "sections": sections,
        "asks_for": _asks_for(sections),
        "included": segment_lines(list(campaign.include.all())),
        "excluded": segment_lines(list(campaign.exclude.all())),
        "problems": found,
        "findings": add_fixes(_findings(campaign, request.user), campaign, request.user, now),
        **_forecast(campaign, [row.send for row in upcoming], now, request.user),
        "previews": previews(campaign, customer, now),
        "customer": customer,
        "asked": asked,
        "customers": find_customers(asked) if asked and not customer else [],
        "ahead": upcoming,
        "around": around(upcoming),
        "page": page,
        "begun": with_outcomes(page, zone),
        "results": shown_results(campaign, now) if page.paginator.count else None,
        "history": history,
        **stopped_by_itself(campaign, history),
        **live,
        **handoff_of(campaign, signed_in(request)),
    }


def _asks_for(sections: list[SectionRow]) -> str:
    """The sections that are asked for, where others stand approved."""
    opened = [row.section.label.lower() for row in sections if row.is_open]
    return spoken(opened) if len(opened) < len(sections) else ""


def _findings(campaign: Campaign, user: Person) -> list[dict[str, Any]]:
    """Open ones first, the worst of them first; each with the other campaign and the share of this one's audience."""
    found = Finding.objects.filter(Q(first=campaign) | Q(second=campaign)).exclude(state=Finding.State.RESOLVED)
    related = ("first__team", "second__team", "acknowledged_by")
    rows = seen_findings(user, found).select_related(*related).order_by("-shared", "id")
    known = [veil_finding(user, each) for each in rows]
    worst_first = sorted(known, key=lambda each: (each.state != Finding.State.OPEN, WORST_FIRST[each.severity]))
    return [_finding(finding, campaign) for finding in worst_first]


def _finding(finding: Finding, campaign: Campaign) -> dict[str, Any]:
    is_first = finding.first_id == campaign.pk
    return {
        "finding": finding,
        "other": finding.second if is_first else finding.first,
        "percent": percent_words(finding.percent_of_first if is_first else finding.percent_of_second),
        "shares": axes_in_words(finding.axes),
    }


def _forecast(campaign: Campaign, upcoming: list[Send], now: datetime, user: Person) -> dict[str, Any]:
    """For the next send; for one of a continuous campaign, as if everybody it is for fired now."""
    at = forecast_moment(campaign, upcoming[0] if upcoming else None, now)
    if at is None:
        return {"funnels": [], "forecast_send": None}
    shown: list[Funnel] = funnels(forecast(campaign, at, now), user)
    return {"funnels": shown, "forecast_send": None if campaign.is_continuous else upcoming[0]}
