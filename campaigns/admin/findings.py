"""Findings: read, and settled with a reason. They are found by the overlap checker, never written by hand."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RadioFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from audiences.admin.pages import link
from audiences.admin.person import signed_in
from audiences.admin.read_only import ReadOnlyAdmin
from audiences.clock import read_now
from campaigns.models import Campaign, Finding
from campaigns.refusals import Refusal
from campaigns.rights import seen_by
from campaigns.services.overlaps import acknowledge
from campaigns.veils import seen_findings, veil_finding

from .statuses import FINDING, SEVERITY

SIDES = ("first", "second")


class AcknowledgeForm(forms.Form):
    reason = forms.CharField(
        max_length=300,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        label="Why is it left as it is?",
        help_text="Kept with the finding, with your name. It opens again when one of the campaigns changes.",
    )


class ShownFilter(RadioFilter):
    """By what is shown of a finding, which beside a private campaign is not all that is written down."""

    choices_shown: type[models.TextChoices]

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return list(self.choices_shown.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Finding]) -> QuerySet[Finding]:
        return queryset.filter(**{f"shown_{self.parameter_name}": self.value()}) if self.value() else queryset


class SeverityFilter(ShownFilter):
    title = "severity"
    parameter_name = "severity"
    choices_shown = Finding.Severity


class KindFilter(ShownFilter):
    title = "kind"
    parameter_name = "kind"
    choices_shown = Finding.Kind


class StateFilter(RadioFilter):
    """What is to be settled comes first: the open ones, unless somebody asks for others."""

    title = "state"
    parameter_name = "state"
    all_option = None

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("open", "To be settled"), ("acknowledged", "Left with a reason"), ("resolved", "No longer so"),
                ("all", "All")]  # fmt: skip

    def value(self) -> str:
        return super().value() or "open"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Finding]) -> QuerySet[Finding]:
        return queryset if self.value() not in Finding.State.values else queryset.filter(state=self.value())


class FindingList(ChangeList):
    """Each row says no more than its reader may know."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = [veil_finding(request.user, finding) for finding in self.result_list]


@admin.register(Finding)
class FindingAdmin(ReadOnlyAdmin):
    list_display = [
        "severity_shown",
        "kind_shown",
        "between",
        "shared_shown",
        "percents",
        "also",
        "state_shown",
        "checked_at",
    ]
    list_display_links = ["between"]
    list_select_related = ["first__team", "second__team"]
    list_filter = [StateFilter, SeverityFilter, KindFilter]
    list_filter_submit = True
    search_fields = ["first__name", "second__name"]
    search_help_text = "The name of either campaign"
    fields = [
        "severity_shown", "kind", "first_campaign", "second_campaign", "shared_shown", "percents", "also",
        "sends_total", "state_shown", "acknowledged_by", "acknowledged_reason", "acknowledged_at",
        "found_at", "checked_at",
    ]  # fmt: skip
    change_form_outer_before_template = "admin/campaigns/finding/settle.html"

    # --- What may be seen -------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> QuerySet[Finding]:
        # Told apart by what is shown: the order alone would say which of the private ones is the graver.
        return seen_findings(request.user, Finding.objects.all()).order_by(*self.get_ordering(request))

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return "state", "shown_severity", "-shared"

    def get_changelist(self, request: HttpRequest, **kwargs: object) -> type[ChangeList]:
        return FindingList

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Finding | None:
        finding: Finding | None = super().get_object(request, object_id, from_field)
        return veil_finding(request.user, finding) if finding else None

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Finding], search_term: str
    ) -> tuple[QuerySet[Finding], bool]:
        """By names that may be seen: a private campaign is not found by its own."""
        for word in search_term.split():
            found = [Q(seen_by(request.user, side), **{f"{side}__name__icontains": word}) for side in SIDES]
            queryset = queryset.filter(found[0] | found[1])
        return queryset, False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        # Django would let `?axes__contains=goal` through, and with it guesses at what is not shown.
        return lookup in ("state", SeverityFilter.parameter_name, KindFilter.parameter_name)

    # --- The list ---------------------------------------------------------------------------------------------
    @display(description="Severity", ordering="shown_severity", label=SEVERITY)
    def severity_shown(self, finding: Finding) -> str:
        return finding.get_severity_display()

    @display(description="Kind", ordering="shown_kind")
    def kind_shown(self, finding: Finding) -> str:
        return finding.kind

    @display(description="Between")
    def between(self, finding: Finding) -> str:
        return f"{finding.first} × {finding.second}"

    @display(description="Shared", ordering="shared")
    def shared_shown(self, finding: Finding) -> str:
        return f"about {finding.shared:,}" if finding.is_estimated else f"{finding.shared:,}"

    @display(description="Of each")
    def percents(self, finding: Finding) -> str:
        return f"{finding.percent_of_first:.0f}% and {finding.percent_of_second:.0f}%"

    @display(description="Also shared")
    def also(self, finding: Finding) -> str:
        return ", ".join(str(axis).replace(":", ": ", 1) for axis in finding.axes) or "nothing else"

    @display(description="State", ordering="state", label=FINDING)
    def state_shown(self, finding: Finding) -> str:
        return finding.state

    @display(description="First campaign")
    def first_campaign(self, finding: Finding) -> SafeString:
        return _campaign_link(finding.first)

    @display(description="Second campaign")
    def second_campaign(self, finding: Finding) -> SafeString:
        return _campaign_link(finding.second)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.acknowledge_view)
        return [path("<int:pk>/acknowledge/", view, name="campaigns_finding_acknowledge"), *super().get_urls()]

    def acknowledge_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        finding = self.get_object(request, str(pk))
        if finding is None:
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        form = AcknowledgeForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            return self._acknowledge(request, finding, form.cleaned_data["reason"])
        page = {**self.admin_site.each_context(request), "title": "Leave it as it is?", "opts": self.opts}
        context = {**page, "original": finding, "finding": finding, "form": form}
        return TemplateResponse(request, "admin/campaigns/finding/acknowledge.html", context)

    def _acknowledge(self, request: HttpRequest, finding: Finding, reason: str) -> HttpResponse:
        try:
            acknowledge(finding.pk, signed_in(request), reason, read_now())
        except Refusal as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, "Settled: it stays so until one of the campaigns changes.")
        return redirect("admin:campaigns_finding_change", finding.pk)


def _campaign_link(campaign: Campaign) -> SafeString:
    if campaign.is_veiled:
        return format_html("{}", campaign)
    return link(campaign, reverse("admin:campaigns_campaign_change", args=[campaign.pk]))
