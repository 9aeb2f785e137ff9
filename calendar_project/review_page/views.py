"""The weekly review: opened, held item by item, closed; and read afterwards."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from audiences.admin.person import signed_in
from audiences.clock import read_now
from calendar_project.figures import person_name
from calendar_project.pages import button_on, render_in_zone
from calendar_project.week.periods import NoSuchPeriod
from calendar_project.week.weeks import Week
from campaigns.models import AgendaItem, Review
from campaigns.queries.agenda import undecided_again
from campaigns.queries.campaigns import workspace_zone
from campaigns.queries.reviews import handoffs_to, items_seen_by, with_counts
from campaigns.refusals import Refusal, StaleChange
from campaigns.services.decisions import decide, offers_of, take_back
from campaigns.services.reviews import close_review, open_review, since
from campaigns.tasks import check_overlaps
from deliveries.queries.went_out import went_out

from .forms import form_for
from .meeting import minutes
from .pages import CLOSED, before_page, meeting_page, refused_page, stale_page
from .stretch import stretch_of, week_to_settle
from .veils import is_shown

PAGE = 26


@require_safe
@login_required
def index_page(request: HttpRequest) -> HttpResponse:
    """The review that is to be held, what waits for an answer of the one who looks, and the reviews of the past."""
    user, week = signed_in(request), week_to_settle(read_now(), workspace_zone())
    present = Review.objects.filter(week=week.address).first()
    page = Paginator(with_counts(user), PAGE).get_page(request.GET.get("page"))
    context = {"place": "review", "week": week, "present": present, "page": page}
    context["offered"] = list(handoffs_to(user))
    return render_in_zone(request, "calendar_project/review_index.html", context)


@require_safe
@login_required
def review_page(request: HttpRequest, address: str) -> HttpResponse:
    """`?item=` opens the form of one item, `&decision=` with that chosen. A closed review is its minutes."""
    week, user = _week(address), signed_in(request)
    review = _review(address)
    if review is None:
        return before_page(request, week)
    if not review.is_open:
        return redirect("review:minutes", address)
    form = form_for(review, request.GET.get("item", ""), user, chosen=request.GET.get("decision", ""))
    return meeting_page(request, review, form)


@require_safe
@login_required
def minutes_page(request: HttpRequest, address: str) -> HttpResponse:
    """At this address for good, once the review is closed."""
    review = _review(address)
    if review is None or review.is_open:
        raise Http404("There are no minutes of that week (yet).")
    return render_in_zone(request, "calendar_project/minutes.html", minutes(review, signed_in(request)))


@button_on("review:week", "address")
def open_page(request: HttpRequest, address: str) -> HttpResponse:
    """Freeze the agenda. Whoever comes second finds the review that is open."""
    week, now = _week(address), read_now()
    try:
        open_review(stretch_of(week, workspace_zone()), signed_in(request), now, went_out(since(now), now))
    except StaleChange as stale:
        messages.error(request, str(stale))
        return before_page(request, week, 409)
    except Refusal as refused:
        messages.error(request, str(refused))
    return redirect("review:week", address)


@button_on("review:week", "address")
def decide_page(request: HttpRequest, address: str, item_id: int) -> HttpResponse:
    """Decide one item, then on to the next that waits. What is refused is said beside what was filled in."""
    item = _item(request, address, item_id)
    form = form_for(item.review, str(item_id), signed_in(request), data=request.POST)
    if form is None:
        return _too_late(request, item)
    status = 400
    if form.is_valid():
        try:
            decision = decide(item.pk, form.answer(), signed_in(request), read_now())
        except Refusal as refused:
            form.add_error(None, str(refused))
            status = 409 if isinstance(refused, StaleChange) else 400
        else:
            _look_for_overlaps(item)
            messages.success(request, f"{decision.get_kind_display()}: {decision.did}")
            return redirect(_next(item, signed_in(request)))
    return meeting_page(request, item.review, form, status)


@button_on("review:week", "address")
def take_back_page(request: HttpRequest, address: str, item_id: int) -> HttpResponse:
    item = _item(request, address, item_id)
    try:
        seen = request.POST.get("decision", "")
        # Whoever does not say what they have seen cannot have seen what stands there now.
        decision_id = int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 18 else 0
        if take_back(item.pk, signed_in(request), read_now(), decision_id):
            _look_for_overlaps(item)
        messages.success(request, "Taken back: the item is undecided again.")
    except StaleChange as stale:
        return stale_page(request, item.review, str(stale))
    except Refusal as refused:
        messages.error(request, str(refused))
    return redirect(_at(item))


@button_on("review:week", "address")
def close_page(request: HttpRequest, address: str) -> HttpResponse:
    review, user = get_object_or_404(Review, week=address), signed_in(request)
    notes = request.POST.get("notes", "").replace("\0", "")[:4000]
    try:
        if close_review(review.pk, user, read_now(), notes):
            messages.success(request, "Closed. These are the minutes; everybody in the teams gets them by mail.")
        elif not _closed_so(review, user, notes):
            return stale_page(request, review, "It was closed meanwhile: these are the minutes, without your notes.")
    except Refusal as refused:
        return refused_page(request, review, str(refused))
    return redirect("review:week", address)


def _week(address: str) -> Week:
    try:
        return Week.parse(address)
    except NoSuchPeriod as problem:
        raise Http404(str(problem)) from problem


def _review(address: str) -> Review | None:
    return Review.objects.filter(week=address).select_related("opened_by", "closed_by").first()


def _item(request: HttpRequest, address: str, item_id: int) -> AgendaItem:
    """One about private campaigns that this person may not see is as little there as one that never was."""
    items = AgendaItem.objects.select_related("review", "campaign", "other")
    item = get_object_or_404(items, pk=item_id, review__week=address)
    if not is_shown(item, signed_in(request)):
        raise Http404
    return item


def _too_late(request: HttpRequest, item: AgendaItem) -> HttpResponse:
    """Decided or closed meanwhile, or not for this person to decide. A second click of the same is no mistake."""
    decision = item.decisions.filter(taken_back_at=None).select_related("by").first()
    if decision and (decision.by_id, decision.kind) == (request.user.pk, request.POST.get("decision")):
        return redirect(_at(item))
    if not item.review.is_open:
        return stale_page(request, item.review, CLOSED)
    if decision:
        who = person_name(decision.by)
        said = f"Somebody was quicker: {decision.get_kind_display().lower()}, says {who}. Look at it again."
        return stale_page(request, item.review, said)
    if not offers_of(item):
        return stale_page(request, item.review, "It has settled itself meanwhile: there is nothing left to decide.")
    return refused_page(request, item.review, "Only those who plan for the campaign’s team can decide this.")


def _closed_so(review: Review, user: User, notes: str) -> bool:
    """Whether it was they who closed it, with these words: a second click is no mistake."""
    review.refresh_from_db()
    return (review.closed_by_id, review.notes) == (user.pk, notes.strip())


def _look_for_overlaps(item: AgendaItem) -> None:
    for campaign_id in filter(None, (item.campaign_id, item.other_id)):
        check_overlaps.delay_on_commit(campaign_id)  # type: ignore[attr-defined]  # by Celery for Django


def _next(item: AgendaItem, user: User) -> str:
    """The next item on this person's page that waits, else this one."""
    later = undecided_again(item.review).filter(items_seen_by(user), place__gt=item.place)
    return _at(later.first() or item)


def _at(item: AgendaItem) -> str:
    return f"{reverse('review:week', args=[item.review.week])}#item-{item.pk}"
