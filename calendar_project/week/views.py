"""The week page: teams by days, read only."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audiences.clock import read_now
from audiences.models import Workspace
from audiences.zones import zone_or
from calendar_project.moving.handles import movable_by

from .board import build_board
from .filters import WeekFilter
from .queries import read_week
from .review import decisions, goals_served, without_goal
from .weeks import NoSuchWeek, Week


@require_safe
@login_required
def week_page(request: HttpRequest, address: str = "") -> HttpResponse:
    """`/calendar/` is the present week in the workspace's zone; `/calendar/2026-W48/` any other."""
    zone = zone_or(Workspace.current().timezone, "UTC")
    now = read_now()
    today = now.astimezone(zone).date()
    try:
        week = Week.parse(address) if address else Week.of(today)
    except NoSuchWeek as problem:
        raise Http404(str(problem)) from problem
    context = week_context(week, zone, today, WeekFilter(request.GET))
    return render(request, "calendar_project/week.html", {**context, "movable": movable_by(request.user, now)})


def week_context(week: Week, zone: ZoneInfo, today: date, chosen: WeekFilter) -> dict[str, Any]:
    """Everything that the template shows."""
    rows = read_week(week, zone, chosen)
    board = build_board(week, rows, zone, today, chosen)
    return {
        "place": "calendar",
        "week": week,
        "this_week": Week.of(today),
        "board": board,
        "filters": chosen,
        "decisions": decisions(rows, zone),
        "goals": goals_served(board),
        "without_goal": without_goal(board),
        "experiments": rows.experiments,
        "people_at_cap": rows.people_at_cap,
        "has_teams": bool(rows.teams),
        "zone": str(zone),
    }
