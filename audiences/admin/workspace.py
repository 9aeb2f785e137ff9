"""The workspace: one row, so its list is its page."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.admin import ModelAdmin

from audiences.models import Workspace


@admin.register(Workspace)
class WorkspaceAdmin(ModelAdmin):
    fields = ["name", "timezone", "global_holdout_percent", "four_eyes"]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return redirect("admin:audiences_workspace_change", Workspace.current().pk)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
