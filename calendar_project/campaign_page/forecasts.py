"""The page behind a number of the forecast: some of those customers, each with why they get it or do not."""

import re
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from audiences.clock import read_now
from audiences.models import Customer
from calendar_project.pages import render_in_zone
from campaigns.models import Campaign, Send
from deliveries.models import Withheld
from deliveries.queries.forecast import Part
from deliveries.queries.forecast_samples import ADMITTED, Found, Wanted, sample
from deliveries.queries.foretelling import foretell

from .access import campaign_or_404
from .funnel import hidden_of, names_of, words

PAGE = 25
# `cap:3`, `channel:in_app`, `global`, or nothing.
BOUND = re.compile(r"([a-z]+(:(\d{1,15}|[a-z][\w-]{0,40}))?)?", re.ASCII)
ENDED = (Campaign.Status.DONE, Campaign.Status.CANCELLED)


def forecast_moment(campaign: Campaign, upcoming: Send | None, now: datetime) -> datetime | None:
    """What is forecast: the next send, or for a continuous campaign, as if everybody it is for set it off now."""
    if campaign.status in ENDED:
        return None
    if campaign.is_continuous:
        return now
    return upcoming.due_at if upcoming else None


@require_safe
@login_required
def forecast_page(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """`?channel=&reason=&bound=` is a part of the forecast; without a reason, who will get it. `?beyond=` an id."""
    campaign, now = campaign_or_404(request, campaign_id), read_now()
    wanted = _wanted(request, campaign)
    if hidden_of([wanted.bound_by], request.user):
        # For whom a private campaign keeps a slot is whom it is for.
        raise Http404("There is no such campaign.")
    upcoming = campaign.sends.filter(state=Send.State.SCHEDULED).defer("audience").order_by("due_at", "id").first()
    at = forecast_moment(campaign, upcoming, now)
    found = sample(campaign, at, now, wanted, _beyond(request), PAGE + 1) if at and wanted.channel else []
    context = {
        "place": "calendar",
        "campaign": campaign,
        "wanted": wanted,
        "at": at,
        "send": None if campaign.is_continuous else upcoming,
        **_told(request, campaign, wanted, found[:PAGE], at or now),
        "next": _next(wanted, found),
        "is_first": not _beyond(request),
        "first": _query(wanted),
    }
    return render_in_zone(request, "calendar_project/forecast.html", context)


def _wanted(request: HttpRequest, campaign: Campaign) -> Wanted:
    reason, bound = request.GET.get("reason", ADMITTED), request.GET.get("bound", "")
    channel = request.GET.get("channel") or (campaign.channels[0] if campaign.channels else "")
    if (reason and reason not in Withheld.Reason.values) or not BOUND.fullmatch(bound):
        raise Http404("There is no such reason.")
    if channel and channel not in campaign.channels:
        raise Http404("The campaign does not use this channel.")
    return Wanted(channel, reason, bound)


def _beyond(request: HttpRequest) -> int:
    given = request.GET.get("beyond", "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 16 else 0


def _told(request: HttpRequest, campaign: Campaign, wanted: Wanted, found: list[Found], at: datetime) -> dict[str, Any]:
    names = names_of([wanted.bound_by], request.user)
    people = list(Customer.objects.filter(pk__in=[each.customer_id for each in found]).order_by("pk"))
    dues = {each.customer_id: each.due_at for each in found}
    sentences = foretell(campaign, people, wanted, at, names)
    heading = words(Part(wanted.reason, wanted.bound_by, 0), names) if wanted.reason else "they get it"
    return {"heading": heading, "rows": [(each, sentences[each.pk], dues[each.pk]) for each in people]}


def _query(wanted: Wanted) -> str:
    return urlencode({"channel": wanted.channel, "reason": wanted.reason, "bound": wanted.bound_by})


def _next(wanted: Wanted, found: list[Found]) -> str:
    return f"{_query(wanted)}&beyond={found[PAGE - 1].customer_id}" if len(found) > PAGE else ""
