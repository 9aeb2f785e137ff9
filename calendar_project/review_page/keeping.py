"""All the low findings of a section, kept with one reason and taken back with one click. By POST alone."""

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from audiences.admin.person import signed_in
from audiences.clock import read_now
from calendar_project.pages import button_on
from campaigns.models import Decision, Review
from campaigns.refusals import NotAllowed, StaleChange
from campaigns.services.keeping import keep_low, take_back_together

from .pages import refused_page, stale_page


@button_on("review:week", "address")
def keep_low_page(request: HttpRequest, address: str) -> HttpResponse:
    review, user = get_object_or_404(Review, week=address), signed_in(request)
    reason, seen, carried = _text(request, "reason"), _text(request, "seen"), request.POST.get("carried") == "1"
    if not reason:
        return refused_page(request, review, "Say why: the others read it in the minutes.", 400)
    try:
        kept = keep_low(review.pk, seen, reason, user, read_now(), carried=carried)
        messages.success(request, f"Kept: {kept} low findings. “Take all of them back” undoes it.")
    except NotAllowed as refused:
        return refused_page(request, review, str(refused))
    except StaleChange as stale:
        if not _kept_so(review, user, reason, seen):
            return stale_page(request, review, str(stale))
    return redirect("review:week", address)


@button_on("review:week", "address")
def take_back_low_page(request: HttpRequest, address: str) -> HttpResponse:
    review, user, key = get_object_or_404(Review, week=address), signed_in(request), _text(request, "together")
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


def _kept_so(review: Review, user: User, reason: str, seen: str) -> bool:
    """Whether it was they who kept these, with these words: a second click is no mistake."""
    standing = Decision.objects.filter(item__review=review, taken_back_at=None, by=user)
    return standing.filter(undo__seen=seen, reason=reason[:500]).exists()


def _text(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\0", "").strip()
