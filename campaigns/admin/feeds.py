"""iCalendar feeds: made here, shown once, and revoked. Everyone has their own; a superuser sees all."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin
from unfold.decorators import display

from audiences.admin.pages import page_url
from audiences.admin.person import signed_in
from audiences.clock import read_now
from campaigns.models import Feed
from campaigns.services.feeds import create_feed, revoke


@admin.register(Feed)
class FeedAdmin(ModelAdmin):
    fields = ["name", "team"]
    list_display = ["name", "owner", "team", "state", "created_at", "last_read_at"]
    list_select_related = ["owner", "team"]
    search_fields = ["name", "owner__username"]
    change_form_outer_before_template = "admin/campaigns/feed/revoke.html"
    actions = None

    @display(description="State", label={"in use": "success", "revoked": "danger"})
    def state(self, feed: Feed) -> str:
        return "revoked" if feed.revoked_at else "in use"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Feed]:
        feeds: QuerySet[Feed] = super().get_queryset(request)
        return feeds if request.user.is_superuser else feeds.filter(owner_id=request.user.pk)

    def has_change_permission(self, request: HttpRequest, obj: Feed | None = None) -> bool:
        # What a feed shows is settled when it is made; afterwards it can be revoked.
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Feed | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Feed, form: Any, change: bool) -> None:
        made, token = create_feed(signed_in(request), obj.team, obj.name)
        obj.pk, obj.owner = made.pk, made.owner
        address = settings.BASE_URL + (page_url("feed", token) or f"/feeds/{token}.ics")
        messages.warning(request, f"Copy this address into your calendar now, it is not shown again: {address}")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.revoke_view))
        return [path("<int:pk>/revoke/", view, name="campaigns_feed_revoke"), *super().get_urls()]

    def revoke_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        mine = self.get_queryset(request).filter(pk=pk).exists()
        if mine and revoke(pk, read_now()):
            messages.success(request, "Revoked: its address shows nothing from now on.")
        return redirect("admin:campaigns_feed_changelist")
