"""Frequency caps and quiet hours: the rules that hold for every campaign."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from campaigns.admin.lists import channel_choices
from deliveries.models import Cap, QuietHours


def any_channel() -> list[tuple[str, str]]:
    return [("", "–"), *channel_choices()]


class CapForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    channel = forms.ChoiceField(choices=any_channel, required=False, widget=UnfoldAdminSelectWidget)

    class Meta:
        model = Cap
        fields = ("name", "limit", "days", "kind", "scope", "channel", "topic", "team", "is_active")


@admin.register(Cap)
class CapAdmin(ModelAdmin):
    form = CapForm
    conditional_fields = {
        scope: f"typeof scope == 'undefined' || scope == '{scope}'" for scope in ("channel", "topic", "team")
    }
    fields = ["name", "limit", "days", "kind", "scope", "channel", "topic", "team", "is_active"]
    list_display = ["name", "in_words", "over", "is_active"]
    list_select_related = ["topic", "team"]
    search_fields = ["name"]
    actions = None

    @display(description="Allows")
    def in_words(self, cap: Cap) -> str:
        if cap.limit == 0:
            return "nobody gets anything"
        length = f"{cap.days} days" if cap.days != 1 else "day"
        return f"{cap.limit} in {'any' if cap.kind == Cap.Kind.ROLLING else 'each calendar'} {length}"

    @display(description="Counted over")
    def over(self, cap: Cap) -> str:
        named = {"channel": cap.channel, "topic": cap.topic, "team": cap.team}.get(cap.scope)
        return f"{cap.get_scope_display()}: {named}" if named else cap.get_scope_display()

    def save_model(self, request: HttpRequest, obj: Cap, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if obj.limit == 0 and obj.is_active:
            messages.warning(
                request,
                f"The cap “{obj.name}” has a limit of 0, which means that nobody gets anything it counts. "
                "Switch it off if that is not what you want.",
            )


class QuietHoursForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    channel = forms.ChoiceField(choices=channel_choices, widget=UnfoldAdminSelectWidget)

    class Meta:
        model = QuietHours
        fields = ("channel", "start", "end")


@admin.register(QuietHours)
class QuietHoursAdmin(ModelAdmin):
    """In each customer's own zone; what is due inside waits for the end."""

    form = QuietHoursForm
    list_display = ["channel", "start", "end"]
    fields = ["channel", "start", "end"]
    actions = None
