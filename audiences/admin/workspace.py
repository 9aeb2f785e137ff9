"""The workspace: one row, so its list is its page."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelect2MultipleWidget

from audiences.models import Workspace
from audiences.public_holidays import places


class WorkspaceForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """Countries by name; what is kept is their codes."""

    holiday_countries = forms.MultipleChoiceField(
        required=False,
        label="Holidays of",
        choices=lambda: [(code, f"{name} ({code})") for code, name in places().items()],
        widget=UnfoldAdminSelect2MultipleWidget,
        help_text=Workspace._meta.get_field("holiday_countries").help_text,
    )


@admin.register(Workspace)
class WorkspaceAdmin(ModelAdmin):
    form = WorkspaceForm
    fields = ["name", "timezone", "global_holdout_percent", "four_eyes", "holiday_countries"]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return redirect("admin:audiences_workspace_change", Workspace.current().pk)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
