"""All the low findings of a section, kept with one reason and taken back with one click. By POST alone."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from audiences.admin.person import signed_in
from audiences.clock import read_now
from campaigns.models import Decision, Review
from campaigns.refusals import NotAllowed, StaleChange
from campaigns.services.keeping import keep_low, take_back_together

from .pages import refused_page, stale_page


@require_POST
@login_required
def keep_low_page(request: HttpRequest, address: str) -> HttpResponse:
    review, user = get_object_or_404(Review, week=address), signed_in(request)
    reason, carried = request.POST.get("reason", "").replace("\0", ""), request.POST.get("carried") == "1"
    if not reason.strip():
        return refused_page(request, review, "Say why: the others read it in the minutes.", 400)
    try:
        kept = keep_low(review.pk, request.POST.get("seen", ""), reason, user, read_now(), carried=carried)
        messages.success(request, f"Kept: {kept} low findings. “Take all of them back” undoes it.")
    except NotAllowed as refused:
        return refused_page(request, review, str(refused))
    except StaleChange as stale:
        if not _kept_so(review, user, reason.strip(), carried):
            return stale_page(request, review, str(stale))
    return redirect("review:week", address)


@require_POST
@login_required
def take_back_low_page(request: HttpRequest, address: str) -> HttpResponse:
    review, user, key = get_object_or_404(Review, week=address), signed_in(request), _number(request)
    standing = Decision.objects.filter(item__review=review, undo__together=key)
    try:
        taken = take_back_together(review.pk, key, user, read_now())
        if not taken and standing.filter(taken_back_at=None).exists():
            return stale_page(request, review, "They have been settled otherwise since: look at them again.")
        messages.success(request, f"Taken back: {taken} low findings wait again." if taken else "It is taken back.")
    except NotAllowed as refused:
        return refused_page(request, review, str(refused))
    except StaleChange as stale:
        return stale_page(request, review, str(stale))
    return redirect("review:week", address)


def _kept_so(review: Review, user: User, reason: str, carried: bool) -> bool:
    """Whether it was they who kept them with these words: a second click is no mistake."""
    decisions = Decision.objects.filter(item__review=review, taken_back_at=None).select_related("item")
    latest = decisions.order_by("-id").first()
    if latest is None or "together" not in latest.undo:
        return False
    return (latest.by_id, latest.reason, latest.item.carried > 0) == (user.pk, reason[:500], carried)


def _number(request: HttpRequest) -> int:
    given = request.POST.get("together", "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 16 else 0
