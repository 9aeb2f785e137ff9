"""Saved views in the filter bar: listed, saved, renamed, shared and deleted."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from audiences.admin.person import signed_in
from calendar_project.pages import button_on
from campaigns.models import SavedView
from campaigns.refusals import Refusal
from campaigns.services.saved_views import change_view, delete_view, save_view

from .filters import WeekFilter

LONGEST_QUERY = 1000


@dataclass(frozen=True)
class ShownView:
    """A view as the bar shows it to one person. `owner`: empty where it is their own."""

    view: SavedView
    is_own: bool
    is_open: bool
    owner: str


def views_context(request: HttpRequest, filters: WeekFilter) -> dict[str, Any]:
    """For the template of the filter bar."""
    views = shown_views(request, filters)
    return {"saved_views": views, "open_view": next((each.view for each in views if each.is_open), None)}


def shown_views(request: HttpRequest, filters: WeekFilter) -> list[ShownView]:
    """One's own and those that are shared, by name; one query. Open is the one whose choice is the page's."""
    user = signed_in(request)
    visible = SavedView.objects.filter(Q(owner=user.pk) | Q(is_shared=True)).select_related("owner")
    asked = {request.META.get("QUERY_STRING", ""), filters.query.removeprefix("?")}
    return [_shown(view, user, asked) for view in visible]


@button_on("calendar:week")
def save_view_page(request: HttpRequest) -> HttpResponse:
    """What the filters are is kept as they understand it: what they do not is not saved."""
    query = WeekFilter(QueryDict(request.POST.get("query", "")[:LONGEST_QUERY]), request.user).query.removeprefix("?")
    name, is_shared = request.POST.get("name", ""), "shared" in request.POST

    def save() -> str:
        view = save_view(signed_in(request), name, query, is_shared=is_shared)
        return f"Saved as “{view}”."

    return _do(request, save)


@button_on("calendar:week")
def change_view_page(request: HttpRequest, view_id: int) -> HttpResponse:
    view = _own(request, view_id)

    def change() -> str:
        change_view(view.pk, signed_in(request), request.POST.get("name", ""), is_shared="shared" in request.POST)
        return "Changed."

    return _do(request, change)


@button_on("calendar:week")
def delete_view_page(request: HttpRequest, view_id: int) -> HttpResponse:
    view = _own(request, view_id)

    def delete() -> str:
        delete_view(view.pk, signed_in(request))
        return f"The view “{view}” is deleted. What it showed is still there without it."

    return _do(request, delete)


def _shown(view: SavedView, user: User, asked: set[str]) -> ShownView:
    is_own = view.owner_id == user.pk
    owner = "" if is_own else view.owner.first_name or view.owner.get_username()
    return ShownView(view, is_own, view.query in asked and bool(view.query), owner)


def _own(request: HttpRequest, view_id: int) -> SavedView:
    """Somebody else's is a 404, shared or not."""
    return get_object_or_404(SavedView, pk=view_id, owner=request.user.pk)


def _do(request: HttpRequest, work: Callable[[], str]) -> HttpResponse:
    try:
        messages.success(request, work())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    """The page of the calendar from which it was asked, and no other place."""
    asked: Any = request.POST.get("back", "")
    calendar = reverse("calendar:week")
    is_ours = url_has_allowed_host_and_scheme(asked, allowed_hosts=None, require_https=request.is_secure())
    return asked if is_ours and asked.startswith(calendar) else calendar
