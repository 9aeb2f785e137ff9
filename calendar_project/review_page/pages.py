"""The page of a review as an answer: as it is now, with what was refused or came too late."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from audiences.admin.person import signed_in
from audiences.clock import read_now
from calendar_project.pages import render_in_zone, typed
from calendar_project.week.weeks import Week
from campaigns.models import Review

from .forms import DecisionForm
from .meeting import meeting, minutes, preview


def before_page(request: HttpRequest, week: Week, status: int = 200) -> HttpResponse:
    context = preview(week, signed_in(request), read_now())
    return render_in_zone(request, "calendar_project/review.html", context, status)


def meeting_page(request: HttpRequest, review: Review, form: DecisionForm | None, status: int = 200) -> HttpResponse:
    context = meeting(Week.parse(review.week), review, signed_in(request), form)
    return render_in_zone(request, "calendar_project/review.html", context, status)


def stale_page(request: HttpRequest, review: Review, said: str) -> HttpResponse:
    """What happened meanwhile, on the page as it is now, with what was written."""
    messages.error(request, said)
    review, user = Review.objects.select_related("opened_by", "closed_by").get(pk=review.pk), signed_in(request)
    if review.is_open:
        page, context = "review", meeting(Week.parse(review.week), review, user, None)
    else:
        page, context = "minutes", minutes(review, user)
    return render_in_zone(request, f"calendar_project/{page}.html", {**context, **typed(request)}, 409)


def refused_page(request: HttpRequest, review: Review, said: str, status: int = 403) -> HttpResponse:
    messages.error(request, said)
    return meeting_page(request, review, None, status)
