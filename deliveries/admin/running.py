"""How the engine is doing: channels whose breaker waits, to be tried now, and when each part last ran."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST
from unfold.decorators import display

from audiences.admin.read_only import ReadOnlyAdmin
from audiences.clock import read_now
from deliveries.channels.registry import label
from deliveries.models import Breaker, Heartbeat
from deliveries.services.breakers import close

STANDINGS = {
    Breaker.Standing.CLOSED.value: "success",
    Breaker.Standing.WAITING.value: "danger",
    Breaker.Standing.HALF_OPEN.value: "warning",
}


@admin.register(Breaker)
class BreakerAdmin(ReadOnlyAdmin):
    """A channel is here once its other side has asked for patience."""

    list_display = ["name", "standing_shown", "failures", "waits_until", "problem", "changed_at"]
    fields = ["name", "standing_shown", "failures", "waits_until", "problem", "changed_at"]
    ordering = ["channel"]
    change_form_outer_before_template = "admin/deliveries/breaker/try_now.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Breaker]:
        breakers: QuerySet[Breaker] = super().get_queryset(request)
        # Where a breaker stands depends on the moment; the database's, for all rows at once.
        return breakers.annotate(asked_at=Now())

    @display(description="Channel", ordering="channel")
    def name(self, breaker: Breaker) -> str:
        return label(breaker.channel)

    @display(description="Stands", label=STANDINGS)
    def standing_shown(self, breaker: Breaker) -> str:
        return _standing(breaker).value

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        breaker = kwargs.get("obj")
        is_open = breaker is not None and _standing(breaker) is not Breaker.Standing.CLOSED
        more = {"may_try_now": is_open and _may_close(request)}
        return super().render_change_form(request, {**context, **more}, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.try_now_view))
        return [path("<str:channel>/try-now/", view, name="deliveries_breaker_try_now"), *super().get_urls()]

    def try_now_view(self, request: HttpRequest, channel: str) -> HttpResponse:
        breaker = Breaker.objects.filter(channel=channel).first()
        if not _may_close(request):
            messages.error(request, "Only superusers, and those who may change breakers, can do this.")
        elif breaker is not None and close(channel, read_now()):
            self.log_change(request, breaker, "Had it tried now.")
            messages.success(request, f"{label(channel)} is tried again within a second.")
        else:
            messages.info(request, "It is closed already: messages leave.")
        return redirect("admin:deliveries_breaker_changelist")


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = ["part", "what", "at"]
    fields = ["part", "what", "at"]
    ordering = ["part"]

    @display(description="What it does")
    def what(self, heartbeat: Heartbeat) -> str:
        return heartbeat.get_part_display()


def _standing(breaker: Any) -> Breaker.Standing:
    """Of a row as `get_queryset` reads it."""
    standing: Breaker.Standing = breaker.standing(breaker.asked_at)
    return standing


def _may_close(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("deliveries.change_breaker"))
