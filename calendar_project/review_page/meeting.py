"""What the page of a review shows: before it is opened, while it is held, and as minutes when it is closed."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.urls import reverse

from calendar_project.week.weeks import Week
from campaigns.models import AgendaItem, Review
from campaigns.queries.agenda import agenda, undecided_again
from campaigns.queries.campaigns import workspace_zone
from campaigns.queries.reviews import items_of
from campaigns.rights import leads_reviews, teams_planned_by
from campaigns.services.reviews import is_openable, since
from deliveries.queries.went_out import went_out

from .forms import DecisionForm
from .low_ones import with_low_ones
from .rows import Row, Viewer, row, sections
from .stretch import stretch_of
from .veils import is_shown


def preview(week: Week, user: User, now: datetime) -> dict[str, Any]:
    """What would be frozen now. Of a week that is over there is nothing to settle."""
    zone = workspace_zone()
    stretch = stretch_of(week, zone)
    is_ahead = is_openable(stretch, now)
    news = since(now)
    items = agenda(stretch, news, went_out(news, now)) if is_ahead else []
    rows = _rows(items, Viewer(user), zone, set(), is_open=False)
    return {
        **_shared(week, user, zone),
        "is_ahead": is_ahead,
        "still_open": Review.objects.filter(state=Review.State.OPEN).first(),
        "sections": sections(rows),
        "count": len(rows),
    }


def meeting(week: Week, review: Review, user: User, form: DecisionForm | None) -> dict[str, Any]:
    zone = workspace_zone()
    waiting = set(undecided_again(review).values_list("pk", flat=True))
    rows = _rows(items_of(review), Viewer(user, frozenset(teams_planned_by(user))), zone, waiting, is_open=True)
    opened = form.item.pk if form else None
    rows = [replace(each, is_opened=True) if each.item.pk == opened else each for each in rows]
    return {
        **_shared(week, user, zone),
        "review": review,
        "sections": [with_low_ones(each) for each in sections(rows, opened)],
        "count": len(rows),
        "decided": sum(1 for each in rows if each.decision),
        "waiting": sum(1 for each in rows if each.waits),
        "form": form,
    }


def minutes(review: Review, user: User) -> dict[str, Any]:
    """As `user` may read them: what was decided, what carries over, and what was looked at."""
    zone = workspace_zone()
    week = Week.parse(review.week)
    rows = _rows(items_of(review), Viewer(user), zone, set(), is_open=False)
    return {
        **_shared(week, user, zone),
        "review": review,
        "decided": [each for each in rows if each.decision],
        "left": [each for each in rows if each.item.carries_over],
        "seen": sections(each for each in rows if not (each.decision or each.item.carries_over)),
        "count": len(rows),
    }


def _rows(
    items: Iterable[AgendaItem], viewer: Viewer, zone: ZoneInfo, waiting: set[int], *, is_open: bool
) -> list[Row]:
    seen = (item for item in items if is_shown(item, viewer.user))
    return [row(item, number, viewer, zone, waiting, is_open=is_open) for number, item in enumerate(seen, 1)]


def _shared(week: Week, user: User, zone: ZoneInfo) -> dict[str, Any]:
    # Of its own: refusals show the page at the addresses of its buttons, which are for POST alone.
    address = reverse("review:week", args=[week.address])
    return {"place": "review", "week": week, "page_address": address, "zone": str(zone), "leads": leads_reviews(user)}
