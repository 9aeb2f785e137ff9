"""The admin shows every moment by the clock of the workspace, not of the server."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from audiences.models import Workspace
from audiences.zones import zone_or

GetResponse = Callable[[HttpRequest], HttpResponse]


def workspace_time(get_response: GetResponse) -> GetResponse:
    """Middleware. Pages outside the admin say for themselves in which zone they are."""

    def respond(request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/admin/"):
            return get_response(request)
        with timezone.override(workspace_zone()):
            return get_response(request)

    return respond


def workspace_zone() -> ZoneInfo:
    name = Workspace.objects.values_list("timezone", flat=True).first()
    return zone_or(name or "", "UTC")
