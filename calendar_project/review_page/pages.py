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

CLOSED = "This review is closed: its minutes do not change any more."


def before_page(request: HttpRequest, week: Week, status: int = 200) -> HttpResponse:
    context = preview(week, signed_in(request), read_now())
    return render_in_zone(request, "calendar_project/review.html", context, status)


def meeting_page(request: HttpRequest, review: Review, form: DecisionForm | None, status: int = 200) -> HttpResponse:
    context = meeting(Week.parse(review.week), review, signed_in(request), form)
    return render_in_zone(request, "calendar_project/review.html", context, status)


def stale_page(request: HttpRequest, review: Review, said: str) -> HttpResponse:
    """What happened meanwhile, on the page as it is now."""
    return refused_page(request, review, said, 409)


def refused_page(request: HttpRequest, review: Review, said: str, status: int = 403) -> HttpResponse:
    """With what was written: it is not lost. Of a review that is closed there is nothing but its minutes."""
    review, user = Review.objects.select_related("opened_by", "closed_by").get(pk=review.pk), signed_in(request)
    if review.is_open:
        page, context = "review", meeting(Week.parse(review.week), review, user, None)
    else:
        page, context = "minutes", minutes(review, user)
        said, status = (said if status == 409 else CLOSED), 409
    messages.error(request, said)
    return render_in_zone(request, f"calendar_project/{page}.html", {**context, **typed(request)}, status)
