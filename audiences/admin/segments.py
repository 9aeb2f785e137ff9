"""Segments: a rule with its words and its size, or a list."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from audiences.clock import read_now
from audiences.models import Segment
from audiences.services.segments import add_to_list, refresh_segment, remove_from_list

from .discretion import Discreet
from .segment_form import SegmentForm
from .segment_panel import segment_panel
from .segment_uses import segment_uses
from .staying import StaysAfterSave

BASICS = ["name", "slug", "description", "kind"]
RULE = ["rule"]
LIST = ["add_ids", "add_file", "remove_ids"]
UNKNOWN_SHOWN = 20
UNKNOWN_KEPT = 5_000


@admin.register(Segment)
class SegmentAdmin(StaysAfterSave, Discreet):
    """What a segment is called in rules (its slug) and which kind it is stay as they were made."""

    form = SegmentForm
    list_display = ["name", "slug", "kind_shown", "size", "refreshed_at", "state"]
    list_filter = [("kind", ChoicesDropdownFilter)]
    search_fields = ["name", "slug"]
    change_form_outer_before_template = "admin/audiences/segment/panel.html"
    conditional_fields = {
        **dict.fromkeys(RULE, "typeof kind == 'undefined' || kind == 'rule'"),
        **dict.fromkeys(LIST, "typeof kind == 'undefined' || kind == 'list'"),
    }
    show_full_result_count = False
    # One by one: a segment in use has to say where.
    actions = None

    @display(description="Kind", ordering="kind", label={"rule": "info", "list": "primary"})
    def kind_shown(self, segment: Segment) -> str:
        return segment.kind

    @display(description="State", label={"fresh": "success", "cannot be refreshed": "danger"})
    def state(self, segment: Segment) -> str:
        if segment.refresh_error:
            return "cannot be refreshed"
        return "fresh" if segment.refreshed_at else "not yet counted"

    def get_fieldsets(self, request: HttpRequest, obj: Segment | None = None) -> Any:
        kinds: dict[str, list[str]] = {Segment.Kind.RULE: RULE, Segment.Kind.LIST: LIST}
        return [(None, {"fields": BASICS}), ("Members", {"fields": kinds[obj.kind] if obj else RULE + LIST})]

    def get_readonly_fields(self, request: HttpRequest, obj: Segment | None = None) -> list[str]:
        return ["slug", "kind"] if obj else []

    def get_prepopulated_fields(self, request: HttpRequest, obj: Segment | None = None) -> dict[str, Any]:
        return {} if obj else {"slug": ["name"]}

    # --- The page ---------------------------------------------------------------------------------------------
    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """`checked`: what “Check” found out, above the form that it was asked of."""
        segment, form = kwargs.get("obj"), context["adminform"].form
        panel = None
        if segment and segment.pk:
            panel = segment_panel(Segment.objects.get(pk=segment.pk))
            # The ids that nobody had stand in the box again, to be mended.
            form.initial["add_ids"] = request.session.pop(_unknown_key(segment.pk), "")
        more = {"panel": panel, "checked": getattr(form, "checked", None)}
        return super().render_change_form(request, {**context, **more}, *args, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        segment, now = form.instance, read_now()
        if segment.kind == Segment.Kind.RULE:
            refresh_segment(segment.pk, now)
            return
        self._change_list(request, segment, form.cleaned_data)

    def _change_list(self, request: HttpRequest, segment: Segment, values: dict[str, Any]) -> None:
        now = read_now()
        removed = remove_from_list(segment.pk, values["remove_ids"], now)
        change = add_to_list(segment.pk, [*values["add_ids"], *values["add_file"]], now)
        if removed or change.added:
            messages.info(request, f"{change.added:,} put on the list, {removed:,} taken off.")
        if change.unknown:
            request.session[_unknown_key(segment.pk)] = "\n".join(change.unknown[:UNKNOWN_KEPT])
            messages.warning(request, _unknown_sentence(change.unknown))

    # --- Refreshing and deleting ------------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.refresh_view))
        return [path("<int:pk>/refresh/", view, name="audiences_segment_refresh"), *super().get_urls()]

    def refresh_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        segment = self.get_object(request, str(pk))
        if segment is None:
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        if not self.has_change_permission(request, segment):
            raise PermissionDenied
        refresh_segment(segment.pk, read_now())
        segment.refresh_from_db()
        if segment.refresh_error:
            messages.error(request, segment.refresh_error)
        else:
            messages.success(request, f"Counted again: {segment.size:,} customers.")
        return redirect("admin:audiences_segment_change", pk)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        segment = self.get_object(request, object_id)
        uses = segment_uses(segment, request.user) if segment else []
        if uses:
            messages.error(request, f"“{segment}” cannot be deleted, because it is used by {', '.join(uses)}.")
            return redirect("admin:audiences_segment_change", object_id)
        response: HttpResponse = super().delete_view(request, object_id, extra_context)
        return response


def _unknown_key(segment_id: int) -> str:
    return f"unknown_ids_of_segment_{segment_id}"


def _unknown_sentence(unknown: tuple[str, ...]) -> str:
    shown = ", ".join(unknown[:UNKNOWN_SHOWN]) + (" …" if len(unknown) > UNKNOWN_SHOWN else "")
    return f"{len(unknown):,} of the ids belong to no customer and stand in the box again: {shown}"
