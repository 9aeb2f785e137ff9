"""Events: what customers did, newest first, never added or changed by hand."""

from django.contrib import admin
from unfold.contrib.filters.admin import BooleanRadioFilter
from unfold.paginator import InfinitePaginator

from audiences.models import Event

from .exact_filter import ExactFilter
from .read_only import ReadOnlyAdmin


class EventName(ExactFilter):
    title = "name, in full"
    parameter_name = "name"


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ["name", "customer", "occurred_at", "value", "imported"]
    list_select_related = ["customer"]
    list_filter = [EventName, ("imported", BooleanRadioFilter)]
    list_filter_submit = True
    search_fields = ["=customer__external_id", "=idempotency_key"]
    search_help_text = "The customer's external id, or the idempotency key, in full"
    ordering = ["-id"]
    # Millions of rows: pages go on without counting them.
    paginator = InfinitePaginator
    fields = ["name", "customer", "occurred_at", "received_at", "value", "properties", "idempotency_key", "imported"]
