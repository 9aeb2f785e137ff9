"""Has this page changed? A cheap answer to a question that every open page asks every few seconds."""

from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import condition, require_safe

from campaigns.models import Campaign
from campaigns.rights import seen_by

from .versions import PageVersion, campaign_version, days_version

MOST_DAYS = 62


@require_safe
@login_required
def days_changes(request: HttpRequest, first: str, days: int) -> HttpResponse:
    """Of so many days from the first on; 304 while nothing of them changed."""
    try:
        begin = date.fromisoformat(first)
    except ValueError as error:
        raise Http404(f"“{first[:20]}” is not a day such as 2026-11-23.") from error
    if not (1 <= days <= MOST_DAYS and 2000 <= begin.year <= 2999):
        raise Http404(f"From 1 to {MOST_DAYS} days of the years 2000 to 2999.")
    return _answer(request, days_version(begin, days, request.user))


@require_safe
@login_required
def campaign_changes(request: HttpRequest, campaign_id: int) -> HttpResponse:
    get_object_or_404(Campaign.objects.filter(seen_by(request.user)).only("pk"), pk=campaign_id)
    return _answer(request, campaign_version(campaign_id, request.user))


def live_days(request: HttpRequest, first: date, days: int) -> dict[str, Any]:
    """For the template of a page of the calendar. Call it before the rows are read: what comes in between shows."""
    address = reverse("calendar:changes", args=[first.isoformat(), days])
    return _live(request, address, days_version(first, days, request.user))


def live_campaign(request: HttpRequest, campaign_id: int) -> dict[str, Any]:
    address = reverse("calendar:campaign-changes", args=[campaign_id])
    return _live(request, address, campaign_version(campaign_id, request.user))


def _live(request: HttpRequest, address: str, version: PageVersion) -> dict[str, Any]:
    # A page that brings itself up to date must not use up what its person is to be told next.
    quietly = {"messages": ()} if "X-Live" in request.headers else {}
    return {"live": {"address": address, "tag": version.tag}, **quietly}


def _answer(request: HttpRequest, version: PageVersion) -> HttpResponse:
    @condition(etag_func=lambda *_: f'"{version.tag}"')
    def respond(request: HttpRequest) -> HttpResponse:
        return HttpResponse(version.tag, content_type="text/plain; charset=utf-8")

    response: HttpResponse = respond(request)
    response["Cache-Control"] = "private, no-cache"
    return response
