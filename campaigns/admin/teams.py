"""Teams with their members, and milestones."""

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminColorInputWidget

from audiences.admin.discretion import Discreet
from campaigns.models import Membership, Milestone, Team


class MembershipInline(TabularInline):
    model = Membership
    fields = ["user", "role"]
    extra = 0
    verbose_name_plural = "Members: who may sign in to the admin is set on the user"


@admin.register(Team)
class TeamAdmin(Discreet):
    list_display = ["name", "slug", "swatch", "size"]
    search_fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}
    fields = ["name", "slug", "color"]
    inlines = [MembershipInline]
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        teams: QuerySet[Team] = super().get_queryset(request)
        return teams.annotate(size=Count("memberships"))

    @display(description="Colour")
    def swatch(self, team: Team) -> SafeString:
        return format_html('<span aria-hidden="true" style="color:{}">■</span> {}', team.color, team.color)

    @display(description="Members", ordering="size")
    def size(self, team: Team) -> int:
        return int(getattr(team, "size", 0))

    def formfield_for_dbfield(self, db_field, request, **kwargs):  # type: ignore[no-untyped-def] # Django's own
        if db_field.name == "color":
            kwargs["widget"] = UnfoldAdminColorInputWidget
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(Milestone)
class MilestoneAdmin(Discreet):
    list_display = ["name", "event", "order", "expected_days"]
    search_fields = ["name", "event"]
    fields = ["name", "event", "order", "expected_days"]
    actions = None
