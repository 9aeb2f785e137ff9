"""Sends: the calendar as a list, to look at. They follow from their campaigns."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from audiences.admin.pages import link
from audiences.admin.read_only import ReadOnlyAdmin
from campaigns.models import Send
from campaigns.rights import seen_by

from .statuses import SEND


@admin.register(Send)
class SendAdmin(ReadOnlyAdmin):
    list_display = ["due_at", "campaign", "team", "state_shown", "expected", "reason"]
    list_select_related = ["campaign__team"]
    list_filter = [("state", ChoicesDropdownFilter), ("campaign__team", RelatedDropdownFilter)]
    list_filter_submit = True
    search_fields = ["campaign__name"]
    search_help_text = "The name of the campaign"
    date_hierarchy = "due_at"
    fields = [
        "campaign_page", "due_at", "slot", "state_shown", "reason", "moved_by_hand", "version", "expected_volume",
        "audience_size", "frozen_at", "finished_at",
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Send]:
        # A frozen audience may be megabytes; no page of the admin shows one.
        sends: QuerySet[Send] = super().get_queryset(request)
        return sends.filter(seen_by(request.user, "campaign")).defer("audience")

    @display(description="Team", ordering="campaign__team__name")
    def team(self, send: Send) -> str:
        return str(send.campaign.team)

    @display(description="State", ordering="state", label=SEND)
    def state_shown(self, send: Send) -> str:
        return send.state

    @display(description="Audience")
    def expected(self, send: Send) -> str:
        return f"{send.audience_size:,}" if send.frozen_at else f"about {send.expected_volume:,}"

    @display(description="Campaign")
    def campaign_page(self, send: Send) -> SafeString:
        return link(send.campaign, reverse("admin:campaigns_campaign_change", args=[send.campaign_id]))
