"""Holds: who is on hold, why and until when; they are put and lifted on the customer's page."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RadioFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from audiences.clock import read_now
from audiences.models import Hold
from audiences.queries.holds import holding

from .pages import page_link
from .read_only import ReadOnlyAdmin


class Standing(RadioFilter):
    """Open-ended ones are easily forgotten: they are looked for by themselves."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("holding", "On hold now"), ("open", "On hold until somebody lifts it"), ("over", "Over")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Hold]) -> QuerySet[Hold]:
        if self.value() not in ("holding", "open", "over"):
            return queryset
        held = holding(read_now()).values("pk")
        if self.value() == "over":
            return queryset.exclude(pk__in=held)
        return queryset.filter(pk__in=held, **({"until__isnull": True} if self.value() == "open" else {}))


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    list_display = ["customer", "reason", "placed_by", "since", "until", "lifted_at", "customer_page"]
    list_select_related = ["customer", "placed_by"]
    list_filter = [Standing]
    search_fields = ["=customer__external_id"]
    search_help_text = "The customer's external id, in full"
    ordering = ["-id"]
    paginator = InfinitePaginator
    fields = ["customer_page", "reason", "placed_by", "since", "until", "lifted_at", "lifted_by"]

    @display(description="Their page")
    def customer_page(self, hold: Hold) -> SafeString | str:
        return page_link("Prolong or lift it", "calendar:customer", hold.customer_id)
