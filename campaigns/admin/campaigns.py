"""Campaigns: the list, and the page on which one is written."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.forms import Field
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import (
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    MultipleChoicesDropdownFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import display

from audiences.admin.person import signed_in
from audiences.admin.staying import StaysAfterSave
from audiences.clock import read_now
from campaigns.models import Campaign, Finding, Send, Team
from campaigns.queries.sends import going_out
from campaigns.rights import can_plan, seen_by
from campaigns.services.states import write_history
from campaigns.services.versions import record_version
from campaigns.tasks import check_overlaps_soon
from campaigns.veils import seen_findings

from .campaign_fields import HELP, SECTIONS, SHOWN_WHEN
from .campaign_form import CampaignForm
from .messages import MessageInline
from .move_page import move_page
from .panel import AHEAD, panel
from .permissions import plans_somewhere, teams_planned_by
from .statuses import CAMPAIGN
from .trigger_words import trigger_in_words

GOES_ON = "What is going out at this moment goes on as it was approved. To stop it, cancel the campaign."
ENDED = (Campaign.Status.DONE, Campaign.Status.CANCELLED)


@admin.register(Campaign)
class CampaignAdmin(StaysAfterSave, ModelAdmin):
    """Whoever may sign in sees every campaign but other teams' private ones; writing is for planners of its team, and
    not once it has ended."""

    form = CampaignForm
    fieldsets = SECTIONS
    conditional_fields = SHOWN_WHEN
    inlines = [MessageInline]
    autocomplete_fields = ["include", "exclude", "trigger_segment"]
    change_form_outer_before_template = "admin/campaigns/campaign/panel.html"
    warn_unsaved_form = True
    list_display = ["name", "state", "team", "owner", "trigger_words", "next_send", "audience", "findings"]
    list_filter = [
        ("status", MultipleChoicesDropdownFilter),
        ("team", RelatedDropdownFilter),
        ("owner", RelatedDropdownFilter),
        ("topic", RelatedDropdownFilter),
        ("trigger", ChoicesDropdownFilter),
        ("is_template", BooleanRadioFilter),
        ("is_private", BooleanRadioFilter),
    ]
    list_filter_submit = True
    search_fields = ["name", "messages__subject", "messages__title"]
    search_help_text = "Name, subject or title"
    show_full_result_count = False
    actions = None

    # --- The list ---------------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        ahead = Send.objects.filter(campaign=OuterRef("pk"), state__in=AHEAD).order_by("due_at")
        found = seen_findings(
            request.user,
            Finding.objects.filter(Q(first=OuterRef("pk")) | Q(second=OuterRef("pk")), state=Finding.State.OPEN),
        )
        counted = found.order_by().annotate(one=F("state")).values("one").annotate(number=Count("pk")).values("number")
        campaigns: QuerySet[Campaign] = super().get_queryset(request).filter(seen_by(request.user))
        return campaigns.select_related("team", "owner", "trigger_segment", "approved_version").annotate(
            next_due=Subquery(ahead.values("due_at")[:1]),
            next_volume=Subquery(ahead.values("expected_volume")[:1]),
            open_findings=Coalesce(Subquery(counted), 0),
        )

    @display(description="Status", ordering="status", label=CAMPAIGN)
    def state(self, campaign: Campaign) -> str:
        return "Template" if campaign.is_template else campaign.get_status_display()

    @display(description="Goes out")
    def trigger_words(self, campaign: Campaign) -> str:
        return trigger_in_words(campaign)

    @display(description="Next send", ordering="next_due")
    def next_send(self, campaign: Campaign) -> Any:
        return getattr(campaign, "next_due", None)

    @display(description="Audience", ordering="next_volume")
    def audience(self, campaign: Campaign) -> Any:
        return getattr(campaign, "next_volume", None)

    @display(description="Findings", ordering="open_findings")
    def findings(self, campaign: Campaign) -> Any:
        return getattr(campaign, "open_findings", 0) or None

    # --- Rights -----------------------------------------------------------------------------------------------
    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser or plans_somewhere(request.user))

    def has_change_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        if obj is None:
            return self.has_add_permission(request)
        return obj.status not in ENDED and can_plan(request.user, obj.team)

    def has_delete_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        # A campaign is cancelled, never deleted: its sends and what came of them stay.
        return False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "team" and not request.user.is_superuser:
            kwargs["queryset"] = Team.objects.filter(pk__in=teams_planned_by(request.user))
        if db_field.name == "owner":
            kwargs["queryset"] = User.objects.filter(is_active=True).order_by("username")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Field | None:
        if db_field.name in HELP:
            kwargs["help_text"] = HELP[db_field.name]
        field: Field | None = super().formfield_for_dbfield(db_field, request, **kwargs)
        return field

    # --- The page ---------------------------------------------------------------------------------------------
    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        teams = teams_planned_by(request.user)
        given = {"owner": request.user.pk, "channels": ["email"], "team": teams[0] if len(teams) == 1 else None}
        return {**given, **super().get_changeform_initial_data(request)}

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        campaign = self.get_object(request, object_id)
        extra = {"panel": panel(campaign, request.user, read_now())} if campaign and request.method == "GET" else {}
        kwargs["extra_context"] = {**(kwargs.get("extra_context") or {}), **extra}
        response: HttpResponse = super().change_view(request, object_id, *args, **kwargs)
        return response

    def save_model(self, request: HttpRequest, obj: Campaign, form: Any, change: bool) -> None:
        obj.updated_at = read_now()
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The version is taken when every row of the campaign is written, messages and segments too."""
        super().save_related(request, form, formsets, change)
        before = form.instance.status
        if change and "is_private" in form.changed_data:
            action = "made private" if form.instance.is_private else "made open"
            write_history(form.instance.pk, action, signed_in(request), read_now())
        record_version(form.instance.pk, signed_in(request), read_now())
        form.instance.refresh_from_db(fields=["status"])
        if before not in (form.instance.status, Campaign.Status.DRAFT):
            messages.warning(request, "Your change needs a new approval: the campaign is a draft again.")
            if going_out(form.instance.pk):
                messages.warning(request, GOES_ON)
        check_overlaps_soon(form.instance.pk)

    # --- Buttons ----------------------------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.move_view)
        return [path("<int:pk>/move/<slug:name>/", view, name="campaigns_campaign_move"), *super().get_urls()]

    def move_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        campaign = self.get_object(request, str(pk))
        if campaign is None:
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        context = {**self.admin_site.each_context(request), "opts": self.opts}
        return move_page(request, campaign, name, context)
