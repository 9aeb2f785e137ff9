"""The calendar's pages, read only: a week as a board or as a list, a month, a day."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from audiences.clock import read_now
from audiences.models import Workspace
from audiences.zones import zone_or
from calendar_project.live.views import live_days
from calendar_project.moving.handles import Movable, movable_by
from campaigns.queries.day_notes import day_notes
from campaigns.rights import Person

from .board import build_board
from .filters import Choice, WeekFilter
from .months import Month, OneDay
from .periods import NoSuchPeriod, Period
from .queries import read_week
from .review import decisions, goals_served, without_goal
from .saved_views import views_context
from .weeks import Week


@dataclass(frozen=True)
class View:
    """One way to look at a period. `most`: whole cards in a cell at most; None: as many as there are."""

    name: str
    template: str
    kind: type[Period]
    has_rows: bool = False
    most: int | None = 6

    def address(self, period: Period, query: str) -> str:
        return reverse(f"calendar:{self.name}", args=[period.address]) + query


WEEK = View("week-of", "calendar_project/week.html", Week, has_rows=True)
LIST = View("list", "calendar_project/list.html", Week)
MONTH = View("month", "calendar_project/month.html", Month)
DAY = View("day", "calendar_project/day.html", OneDay, has_rows=True, most=None)
SWITCH = {"Week": WEEK, "Month": MONTH, "List": LIST}


@require_safe
@login_required
def week_page(request: HttpRequest, address: str = "") -> HttpResponse:
    """`/calendar/` is the present week in the workspace's zone; `/calendar/2026-W48/` any other."""
    return _page(request, WEEK, address)


@require_safe
@login_required
def list_page(request: HttpRequest, address: str) -> HttpResponse:
    """`/calendar/2026-W48/list/`: everything of a week, by day and time, to be printed."""
    return _page(request, LIST, address)


@require_safe
@login_required
def month_page(request: HttpRequest, address: str) -> HttpResponse:
    """`/calendar/2026-11/`: the weeks of a month, with counts for each day."""
    return _page(request, MONTH, address)


@require_safe
@login_required
def day_page(request: HttpRequest, address: str) -> HttpResponse:
    """`/calendar/2026-11-24/`: everything of a day."""
    return _page(request, DAY, address)


def _page(request: HttpRequest, view: View, address: str) -> HttpResponse:
    zone = zone_or(Workspace.current().timezone, "UTC")
    now = read_now()
    today = now.astimezone(zone).date()
    try:
        period = view.kind.parse(address) if address else view.kind.of(today)
    except NoSuchPeriod as problem:
        raise Http404(str(problem)) from problem
    chosen = WeekFilter(request.GET, request.user)
    # Before anything is read, so that what changes meanwhile is noticed.
    live = live_days(request, period.days[0], len(period.days))
    context = period_context(view, period, zone, today, chosen, movable_by(request.user, now), request.user)
    return render(request, view.template, {**context, **views_context(request, chosen), **live})


def period_context(
    view: View, period: Period, zone: ZoneInfo, today: date, chosen: WeekFilter, movable: Movable, user: Person
) -> dict[str, Any]:
    """Everything that the template shows."""
    rows = read_week(period, zone, chosen, user)
    board = build_board(period, rows, zone, today, chosen, movable, view.most)
    return {
        "place": "calendar",
        "period": period,
        "has_rows": view.has_rows,
        "steps": steps(view, period, today, chosen.query),
        "views": views_of(view, period, today, chosen.query),
        "board": board,
        "movable": movable,
        "filters": chosen,
        "decisions": decisions(rows, zone),
        "goals": goals_served(board),
        "without_goal": without_goal(board),
        "experiments": rows.experiments,
        "people_at_cap": rows.people_at_cap,
        "has_teams": bool(rows.teams),
        "zone": str(zone),
        "day_notes": day_notes(period.days),
    }


def steps(view: View, period: Period, today: date, query: str) -> dict[str, Choice]:
    """To the period before, the present one, and the next."""
    to = {"previous": period.previous, "present": view.kind.of(today), "next": period.next}
    return {name: Choice(each.label, view.address(each, query), each == period) for name, each in to.items()}


def views_of(view: View, period: Period, today: date, query: str) -> list[Choice]:
    """The same time in the other views: around today, where that is part of it."""
    day = today if today in period.days else period.anchor
    return [Choice(words, to.address(to.kind.of(day), query), to is view) for words, to in SWITCH.items()]
