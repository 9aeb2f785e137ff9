"""Moving one send: a GET says what it would do, a POST does it; as a page, or its part for a dialog."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from audiences.clock import read_now
from calendar_project.pages import render_in_zone
from calendar_project.week.cards import wall_clock
from campaigns.models import Campaign, Send
from campaigns.queries.campaigns import workspace_zone
from campaigns.refusals import NotAllowed, Refusal
from campaigns.rights import Person, seen_by
from campaigns.services import sends
from campaigns.services.moving import MOVED, check_may_move, check_moment, check_movable, slot_at, stands_at
from campaigns.tasks import check_overlaps_soon

from .addresses import card_address
from .dry_run import dry_run
from .forms import MoveForm

STANDS_THERE = "It stands there already: choose another day or hour."


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("X-Requested-With")
@login_required
def move_send(request: HttpRequest, send_id: int) -> HttpResponse:
    """`?date=&time=` shows what a move there does; without, the form. Refused: 403 without the right, 409 otherwise."""
    send = _send(request, send_id)
    try:
        check_may_move(send.campaign, request.user)
    except NotAllowed as refused:
        return _answer(request, send, {"refusal": str(refused)}, 403)
    if request.method == "POST":
        return _move(request, send)
    asked = MoveForm(request.GET) if "date" in request.GET else None
    return _answer(request, send, _looked_at(send, asked, request.user, read_now()), 200)


def _send(request: HttpRequest, send_id: int) -> Send:
    related = ("campaign__team", "campaign__approved_version")
    seen = Send.objects.filter(seen_by(request.user, "campaign"))
    return get_object_or_404(seen.select_related(*related).defer("audience"), pk=send_id)


def _looked_at(send: Send, form: MoveForm | None, user: Person, now: datetime) -> dict[str, Any]:
    """The dry run where there is a moment that can be moved to; otherwise what stands in the way."""
    try:
        check_movable(send.campaign, send, now)
    except Refusal as refused:
        return {"refusal": str(refused)}
    if form is None or not form.is_valid():
        return {"form": form or MoveForm(), "may_choose": True}
    try:
        slot = slot_at(send.campaign, form.to_local)
        check_moment(slot, now)
    except Refusal as refused:
        return {"form": form, "may_choose": True, "refusal": str(refused)}
    if stands_at(send, slot):
        return {"form": form, "may_choose": True, "refusal": STANDS_THERE}
    run = dry_run(send, form.to_local, slot, workspace_zone(), user, now)
    return {"form": form, "may_choose": True, "run": run}


def _move(request: HttpRequest, send: Send) -> HttpResponse:
    form, now, user = MoveForm(request.POST), read_now(), request.user
    assert isinstance(user, User)  # noqa: S101 - login_required has seen to it
    if not form.is_valid():
        return _answer(request, send, _looked_at(send, form, user, now), 400)
    asked = form.cleaned_data
    try:
        # Whoever does not say what they have seen cannot have seen what stands there now.
        sequence = -1 if asked["sequence"] is None else asked["sequence"]
        moved = sends.move(send.pk, form.to_local, user, now, sequence, asked["why"] or _undone(asked["undo"]))
    except Refusal as refused:
        fresh = _send(request, send.pk)
        looked = {
            **_looked_at(fresh, form, user, now),
            "refusal": str(refused),
            "last_move": _last_move(fresh.campaign),
        }
        return _answer(request, fresh, looked, 409)
    check_overlaps_soon(moved.campaign_id)
    _tell(request, send, moved, asked)
    return _go(request, card_address(moved.pk, _wall(moved).date(), asked["back"]))


def _undone(undo: str) -> str:
    return "moved back" if undo else ""


def _last_move(campaign: Campaign) -> Any:
    return campaign.history.filter(action=MOVED).select_related("by").last()


def _tell(request: HttpRequest, before: Send, moved: Send, asked: dict[str, Any]) -> None:
    """A notice with an Undo in it, which the next page shows once."""
    messages.success(request, moved_notice(request, before, moved, **asked))


def moved_notice(request: HttpRequest, before: Send, moved: Send, **asked: Any) -> SafeString:
    """`asked`: `back`, the page to return to from an Undo, and `undo`, what a move back is of."""
    context = {
        "send": moved,
        "campaign": before.campaign,
        "was": _wall(before),
        "stands": _wall(moved),
        "changed": moved.sequence != before.sequence,
        "voided": before.campaign.is_approved,
        **asked,
    }
    return render_to_string("calendar_project/move_done.html", context, request)


def _go(request: HttpRequest, address: str) -> HttpResponse:
    """A script cannot see where a redirect leads, so it is told."""
    if _is_script(request):
        return HttpResponse(status=204, headers={"Location": address})
    return redirect(address)


def _answer(request: HttpRequest, send: Send, looked: dict[str, Any], status: int) -> HttpResponse:
    wall = _wall(send)
    form = looked.get("form")
    context = {
        "place": "calendar",
        "send": send,
        "campaign": send.campaign,
        "stands": wall,
        "leave": card_address(send.pk, wall.date(), _back(request)),
        "back": _back(request),
        "day": (form and form["date"].value()) or f"{wall:%Y-%m-%d}",
        "hour": (form and form["time"].value()) or f"{wall:%H:%M}",
        **looked,
    }
    part = "move_panel" if _is_script(request) else "move_page"
    response = render_in_zone(request, f"calendar_project/{part}.html", context)
    response.status_code = status
    return response


def _wall(send: Send) -> datetime:
    """Naive, so that no template shows it by another clock."""
    return wall_clock(send, workspace_zone()).replace(tzinfo=None)


def _back(request: HttpRequest) -> str:
    values = request.POST if request.method == "POST" else request.GET
    return values.get("back", "")[:1000]


def _is_script(request: HttpRequest) -> bool:
    return request.headers.get("X-Requested-With") == "fetch"
