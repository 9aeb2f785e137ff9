"""Imports: a file with its columns named, how far it came, and what was refused."""

from typing import Any

from django.contrib import admin, messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from audiences.clock import read_now
from audiences.models import ImportRun
from audiences.services.import_cancelling import cancel_import
from audiences.services.importing import start_import
from audiences.tasks import continue_imports

from .import_form import ONLY, ImportForm
from .person import signed_in
from .staying import StaysAfterSave

STATES = {ImportRun.State.RUNNING.value: "info", ImportRun.State.DONE.value: "success", "failed": "danger"}


@admin.register(ImportRun)
class ImportRunAdmin(StaysAfterSave, ModelAdmin):
    """A run is started here and read by the worker; whatever stops it, it goes on by itself."""

    form = ImportForm
    list_display = ["filename", "kind", "state_shown", "progress", "rows_refused", "started_by", "started_at"]
    list_select_related = ["started_by"]
    list_filter = [("state", ChoicesDropdownFilter), ("kind", ChoicesDropdownFilter)]
    search_fields = ["filename"]
    conditional_fields = {
        **dict.fromkeys([*ONLY["customers"], "update_consent"], "kind == 'customers'"),
        **dict.fromkeys([*ONLY["events"], "event_name", "create_customers"], "kind == 'events'"),
    }
    add_fieldsets = [
        (None, {"fields": ["kind", "file"]}),
        (
            "Columns, where the file calls them by another name",
            {"fields": ["column_external_id", *ONLY["customers"], *ONLY["events"], "event_name", "properties"]},
        ),
        (
            "How it is written",
            {"fields": ["date_format", "delimiter", "header", "text_columns", "update_consent", "create_customers"]},
        ),
    ]
    fields = ["filename", "kind", "started_by", "started_at", "finished_at"]
    change_form_outer_before_template = "admin/audiences/importrun/progress.html"
    actions = None

    @display(description="State", label=STATES)
    def state_shown(self, run: ImportRun) -> str:
        return run.state

    @display(description="Read")
    def progress(self, run: ImportRun) -> str:
        return f"{run.rows_read:,} of {max(run.rows_total, run.rows_read):,} ({percent(run)}%)"

    def has_change_permission(self, request: HttpRequest, obj: ImportRun | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ImportRun | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: ImportRun, form: Any, change: bool) -> None:
        upload = form.cleaned_data["file"]
        run = start_import(upload.file, upload.name, obj.kind, form.options, signed_in(request), read_now())
        obj.__dict__.update(run.__dict__)
        continue_imports.delay_on_commit()

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        run = kwargs.get("obj")
        more = {"percent": percent(run), "is_running": run.state == ImportRun.State.RUNNING} if run else {}
        more |= {"may_write": self.has_add_permission(request)}
        return super().render_change_form(request, {**context, **more}, *args, **kwargs)

    # --- Going on, stopping, and what was refused ---------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/go-on/", wrap(require_POST(self.go_on_view)), name="audiences_importrun_go_on"),
            path("<int:pk>/cancel/", wrap(require_POST(self.cancel_view)), name="audiences_importrun_cancel"),
            path("<int:pk>/errors/", wrap(self.errors_view), name="audiences_importrun_errors"),
            *super().get_urls(),
        ]

    def go_on_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if self.has_add_permission(request):
            continue_imports.delay_on_commit()
            messages.info(request, "A worker was asked to go on.")
        return redirect("admin:audiences_importrun_change", pk)

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = self._run(request, pk)
        if self.has_add_permission(request) and cancel_import(run.pk, request.user.get_username(), read_now()):
            messages.success(request, "Stopped. What had been read stays.")
        return redirect("admin:audiences_importrun_change", pk)

    def errors_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        run = self._run(request, pk)
        if not run.error_file or not run.error_file.storage.exists(run.error_file.name or ""):
            messages.info(request, "There is no error file: nothing was refused so far.")
            return redirect("admin:audiences_importrun_change", pk)
        return FileResponse(run.error_file.open("rb"), as_attachment=True, filename=f"{run.filename}.errors.csv")

    def _run(self, request: HttpRequest, pk: int) -> ImportRun:
        run: ImportRun | None = self.get_object(request, str(pk))
        if run is None or not self.has_view_permission(request, run):
            raise Http404("There is no such import.")
        return run


def percent(run: ImportRun) -> int:
    """Whole percent of the rows that were read; an empty file is read."""
    if run.state == ImportRun.State.DONE:
        return 100
    return min(100 * run.rows_read // run.rows_total, 100) if run.rows_total else 0
