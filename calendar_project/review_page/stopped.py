"""What was stopped, why, and what was learnt: the page that somebody reads before they plan the same again."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from calendar_project.pages import render_in_zone
from campaigns.models import Campaign, HistoryEntry
from campaigns.rights import Person, seen_by

PAGE = 40


@require_safe
@login_required
def stopped_page(request: HttpRequest) -> HttpResponse:
    page = Paginator(stopped_campaigns(request.user), PAGE).get_page(request.GET.get("page"))
    return render_in_zone(request, "calendar_project/review_stopped.html", {"place": "review", "page": page})


def stopped_campaigns(user: Person) -> QuerySet[Campaign]:
    """Every cancelled one that they may see, the latest first; those that were retired say what was learnt."""
    cancelled = HistoryEntry.objects.filter(campaign=OuterRef("pk"), action="cancel").order_by("-id")
    return (
        Campaign.objects.filter(seen_by(user), status=Campaign.Status.CANCELLED, is_template=False)
        .select_related("team", "owner", "retirement__by")
        .annotate(stopped_at=Subquery(cancelled.values("at")[:1]), why=Subquery(cancelled.values("note")[:1]))
        .order_by("-stopped_at", "-id")
    )
