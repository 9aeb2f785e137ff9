"""What every page shares: sign-in, the stylesheet of the teams' colours, and the way to the calendar."""

import hashlib
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from campaigns.models import Team
from campaigns.queries.campaigns import workspace_zone

View = Callable[..., HttpResponse]
#: The fields of all forms in which people write sentences.
TEXTS = ("reason", "note", "notes", "why", "learnt")


class SignIn(LoginView):
    """Everybody in the workspace signs in here, those who never see the admin too."""

    template_name = "calendar_project/sign_in.html"
    redirect_authenticated_user = True
    next_page = "calendar:week"


class SignOut(LogoutView):
    next_page = "sign-in"


def render_in_zone(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """The page with every moment on it in the workspace's zone."""
    with timezone.override(workspace_zone()):
        return render(request, template, context, status=status)


def typed(request: HttpRequest) -> dict[str, Any]:
    """What somebody wrote into a form that came too late, for the page that says so: it is not lost."""
    texts = (request.POST.get(name, "").replace("\0", "").strip()[:4000] for name in TEXTS)
    return {"unsaved": [text for text in texts if text]}


def button_on(page: str, *names: str) -> Callable[[View], View]:
    """For what is done by POST, by somebody signed in, from a page whose address has `names` of this one's arguments.

    Whoever comes by GET, back from signing in or by a reload, is sent to that page; nothing is done.
    """

    def decorate(view: View) -> View:
        @require_http_methods(["GET", "HEAD", "POST"])
        @login_required
        @wraps(view)
        def respond(request: HttpRequest, **arguments: Any) -> HttpResponse:
            if request.method != "POST":
                return redirect(page, *(arguments[name] for name in names))
            return view(request, **arguments)

        return respond

    return decorate


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Where browsers ask by themselves, on pages that name no icon."""
    return redirect(static("calendar_project/favicon.svg"))


@require_safe
@login_required
@cache_control(max_age=31_536_000, private=True)
def team_styles(request: HttpRequest, version: str) -> HttpResponse:
    """The teams' colours as a stylesheet: the policy forbids inline styles.

    Kept by browsers for good, because the address changes with the colours.
    """
    return HttpResponse(styles_of(list(Team.objects.all())), content_type="text/css; charset=utf-8")


def styles_of(teams: Sequence[Team]) -> str:
    return "\n".join(f".team-{team.pk}{{--team:{team.color}}}" for team in teams)


def styles_version(teams: Sequence[Team]) -> str:
    """A short digest: other colours, other address."""
    return hashlib.sha256(styles_of(teams).encode()).hexdigest()[:12]
