"""Customers: found by id, e-mail or name, and looked at. What is done to one is done on their own page."""

import json

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RadioFilter
from unfold.decorators import display

from audiences.models import Customer
from audiences.queries.customers import in_unknown_zone

from .pages import page_link
from .read_only import ReadOnlyAdmin


class Living(RadioFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("living", "Living"), ("erased", "Erased")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Customer]) -> QuerySet[Customer]:
        if self.value() not in ("living", "erased"):
            return queryset
        return queryset.filter(erased_at__isnull=self.value() == "living")


class UnknownZone(RadioFilter):
    """Their local hours cannot be kept: whoever looks after the data finds them here."""

    title = "time zone"
    parameter_name = "zone"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("unknown", "Unknown: the workspace's is used")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Customer]) -> QuerySet[Customer]:
        return queryset.filter(pk__in=in_unknown_zone()) if self.value() == "unknown" else queryset


@admin.register(Customer)
class CustomerAdmin(ReadOnlyAdmin):
    """Erasing, opting out and suppressing withdraw open deliveries: they are on the customer's page, floors above."""

    list_display = ["external_id", "name", "email", "timezone", "state", "customer_page"]
    list_filter = [Living, UnknownZone]
    search_fields = ["external_id", "email", "name"]
    search_help_text = "External id, e-mail or name"
    ordering = ["-id"]
    fields = [
        "external_id", "customer_page", "state", "name", "email", "timezone", "locale", "attributes_shown",
        "created_at", "updated_at",
    ]  # fmt: skip

    @display(description="State", label={"living": "success", "erased": "danger"})
    def state(self, customer: Customer) -> str:
        return "erased" if customer.is_erased else "living"

    @display(description="Their page")
    def customer_page(self, customer: Customer) -> SafeString | str:
        return page_link("Timeline, consent, erase", "calendar:customer", customer.pk)

    @display(description="Attributes")
    def attributes_shown(self, customer: Customer) -> SafeString:
        text = json.dumps(customer.attributes, indent=2, ensure_ascii=False, sort_keys=True)
        return format_html('<pre class="almanac-code">{}</pre>', text)
