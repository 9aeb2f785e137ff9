"""Imported calendars: a name and a file, which may come again; and what they hold, to look at and to take out."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminFileFieldWidget

from audiences.admin.pages import link
from audiences.admin.person import signed_in
from audiences.admin.read_only import ReadOnlyAdmin
from audiences.admin.staying import StaysAfterSave
from audiences.clock import read_now
from campaigns.calendar_reading import BadCalendar, ReadCalendar, read_calendar
from campaigns.calendar_reading.lines import LARGEST
from campaigns.models import CalendarEntry, ImportedCalendar
from campaigns.queries.campaigns import workspace_zone
from campaigns.services.calendars import Imported, import_into


class CalendarForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """`read` is what the service takes; a file that cannot be used is told beside the file, and changes nothing."""

    read: ReadCalendar | None = None
    file = forms.FileField(
        required=False,
        label="Calendar file",
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".ics,text/calendar"}),
        help_text="An .ics file, at most 2 MB and 2,000 events. Its events replace those of the same UID; the others "
        "stay. What repeats is followed from a year ago to three years ahead: import it again once in a while.",
    )

    class Meta:
        model = ImportedCalendar
        fields = ("name",)

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if not file and self.instance.pk is None:
            raise ValidationError("Choose the .ics file to begin with.")
        if file:
            try:
                # One byte more than is taken, so that a file that is too large is told and not kept in memory.
                self.read = read_calendar(file.read(LARGEST + 1), workspace_zone(), read_now())
            except BadCalendar as problem:
                raise ValidationError(str(problem)) from problem
        return file


@admin.register(ImportedCalendar)
class ImportedCalendarAdmin(StaysAfterSave, ModelAdmin):
    form = CalendarForm
    fields = ["name", "file"]
    list_display = ["name", "entries_shown", "filename", "imported_by", "imported_at"]
    list_select_related = ["imported_by"]
    search_fields = ["name"]
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportedCalendar]:
        calendars: QuerySet[ImportedCalendar] = super().get_queryset(request)
        return calendars.annotate(size=Count("entries"))

    def get_fields(self, request: HttpRequest, obj: ImportedCalendar | None = None) -> list[str]:
        if obj is None:
            return ["name", "file"]
        told = ["entries_shown", "filename", "imported_by", "imported_at"]
        return ["name", *(["file"] if self.has_change_permission(request, obj) else []), *told]

    def get_readonly_fields(self, request: HttpRequest, obj: ImportedCalendar | None = None) -> list[str]:
        return ["entries_shown", "filename", "imported_by", "imported_at"]

    @display(description="Entries", ordering="size")
    def entries_shown(self, calendar: ImportedCalendar) -> SafeString:
        address = reverse("admin:campaigns_calendarentry_changelist")
        return link(f"{getattr(calendar, 'size', 0):,}", f"{address}?calendar__id__exact={calendar.pk}")

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Its entries by their number: there may be thousands, and nothing else hangs on them."""
        told = [f"{calendar} with {calendar.entries.count():,} entries" for calendar in objs]
        return told, {"imported calendars": len(told)}, set(), []

    def save_model(self, request: HttpRequest, obj: ImportedCalendar, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if form.read is not None:
            name = form.cleaned_data["file"].name
            done = import_into(obj.pk, form.read, name, signed_in(request), read_now())
            messages.info(request, _told(name, done))
            for sentence in _left_out(form.read):
                messages.warning(request, sentence)


@admin.register(CalendarEntry)
class CalendarEntryAdmin(ReadOnlyAdmin):
    list_display = ["name", "calendar", "first_day", "last_day", "starts_at"]
    list_select_related = ["calendar"]
    list_filter = [("calendar", RelatedDropdownFilter)]
    list_filter_submit = True
    search_fields = ["name"]
    date_hierarchy = "first_day"
    fields = ["calendar", "name", "first_day", "last_day", "starts_at", "ends_at", "uid"]


def _told(name: str, done: Imported) -> str:
    kept = f" {done.kept:,} other entries of this calendar stay." if done.kept else ""
    return f"{name}: {done.new:,} events new, {done.replaced:,} replaced, {done.entries:,} entries in all.{kept}"


def _left_out(read: ReadCalendar) -> list[str]:
    more = read.left_out_number - len(read.left_out)
    return [
        *(f"Left out: {sentence}" for sentence in read.left_out),
        *([f"{more:,} more were left out."] if more else []),
    ]
