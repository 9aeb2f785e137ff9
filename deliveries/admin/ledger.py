"""The ledger to look at: deliveries, the withheld, and the inbox. Nothing here is written by hand."""

import json

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RadioFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from audiences.admin.exact_filter import ExactFilter
from audiences.admin.pages import link
from audiences.admin.read_only import ReadOnlyAdmin
from campaigns.admin.lists import channel_choices
from campaigns.rights import seen_by
from deliveries.models import Delivery, InboxItem, Withheld

STATES = {
    Delivery.State.SENT.value: "success",
    Delivery.State.FAILED.value: "danger",
    Delivery.State.UNCERTAIN.value: "warning",
    Delivery.State.CLAIMED.value: "info",
    Delivery.State.SENDING.value: "info",
}


class ChannelFilter(RadioFilter):
    title = "channel"
    parameter_name = "channel"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return channel_choices()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        return queryset.filter(channel=self.value()) if self.value() else queryset


class SendNumber(ExactFilter):
    title = "number of the send"
    parameter_name = "send_id"


class LedgerAdmin(ReadOnlyAdmin):
    """Tables that grow by the million: pages go on without counting, and only indexed columns are searched."""

    paginator = InfinitePaginator
    list_filter_submit = True
    ordering = ["-id"]


@admin.register(Delivery)
class DeliveryAdmin(LedgerAdmin):
    list_display = ["customer", "campaign", "channel", "state_shown", "reason", "due_at", "attempts"]
    list_select_related = ["customer", "send__campaign"]
    list_filter = [("state", ChoicesDropdownFilter), ChannelFilter, SendNumber]
    search_fields = ["=customer__external_id"]
    search_help_text = "The customer's external id, in full"
    fields = [
        "customer_page", "send_page", "channel", "state_shown", "reason", "due_at", "closes_at", "expires_at",
        "variant", "version", "topic", "team", "obeys_caps", "counts_toward_caps", "attempts", "message_id",
        "evidence_shown", "admitted_at", "finished_at",
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        deliveries: QuerySet[Delivery] = super().get_queryset(request)
        deliveries = deliveries.filter(seen_by(request.user, "send__campaign"))
        return deliveries.select_related("customer", "send__campaign").defer("send__audience")

    @display(description="Campaign")
    def campaign(self, delivery: Delivery) -> str:
        return str(delivery.send.campaign)

    @display(description="State", label=STATES)
    def state_shown(self, delivery: Delivery) -> str:
        return delivery.state

    @display(description="Customer")
    def customer_page(self, delivery: Delivery) -> SafeString:
        return link(delivery.customer, reverse("admin:audiences_customer_change", args=[delivery.customer_id]))

    @display(description="Send")
    def send_page(self, delivery: Delivery) -> SafeString:
        return link(delivery.send, reverse("admin:campaigns_send_change", args=[delivery.send_id]))

    @display(description="Evidence")
    def evidence_shown(self, delivery: Delivery) -> SafeString | str:
        if not delivery.evidence:
            return "none"
        return format_html('<pre class="almanac-code">{}</pre>', json.dumps(delivery.evidence, indent=2))


@admin.register(Withheld)
class WithheldAdmin(LedgerAdmin):
    list_display = ["campaign", "send_slot", "channel", "reason", "bound_by", "size", "shard"]
    list_filter = [("reason", ChoicesDropdownFilter), ChannelFilter, SendNumber]
    fields = ["send", "channel", "shard", "reason", "bound_by", "size"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Withheld]:
        # The sets themselves are not shown: who is in one is asked by customer and send.
        withheld: QuerySet[Withheld] = super().get_queryset(request)
        withheld = withheld.filter(seen_by(request.user, "send__campaign"))
        return withheld.select_related("send__campaign").defer("members", "send__audience")

    @display(description="Campaign")
    def campaign(self, withheld: Withheld) -> str:
        return str(withheld.send.campaign)

    @display(description="Send")
    def send_slot(self, withheld: Withheld) -> str:
        return withheld.send.slot


@admin.register(InboxItem)
class InboxItemAdmin(LedgerAdmin):
    list_display = ["title", "customer", "created_at", "seen_at", "read_at", "dismissed_at"]
    list_select_related = ["customer"]
    search_fields = ["=customer__external_id"]
    search_help_text = "The customer's external id, in full"
    fields = ["customer", "title", "body", "link", "created_at", "seen_at", "read_at", "dismissed_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[InboxItem]:
        items: QuerySet[InboxItem] = super().get_queryset(request)
        return items.filter(seen_by(request.user, "delivery__send__campaign"))
