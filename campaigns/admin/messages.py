"""Messages, inside their campaign's page."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from unfold.admin import StackedInline
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from campaigns.models import Campaign, Message
from campaigns.rendering import TemplateProblem, compile_template

from .lists import channel_choices

TEXTS = {"subject": False, "html": True, "text": False, "title": False, "body": False, "link": False}


def channels_or_none() -> list[tuple[str, str]]:
    return [("", "Choose a channel"), *channel_choices()]


class MessageForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A template that cannot be read is told beside its field; unknown names are preflight's to tell."""

    # Empty first: an extra form that nobody touched is no message.
    channel = forms.ChoiceField(choices=channels_or_none, widget=UnfoldAdminSelectWidget)

    class Meta:
        model = Message
        fields = ("channel", "variant", "weight", *TEXTS)
        widgets = {
            "html": UnfoldAdminTextareaWidget(attrs={"rows": 8, "spellcheck": "false"}),
            "text": UnfoldAdminTextareaWidget(attrs={"rows": 6}),
            "body": UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        }
        help_texts = {
            "variant": "A, B, … Customers are split by weight, and always see the same one.",
            "subject": "E-mail. For example: {{ customer.name | default: “Hello” }}, your order is on its way",
            "html": "E-mail. Values are escaped. Links: {{ links.unsubscribe }}, {{ links.preferences }}, "
            "{{ links.view }}.",
            "text": "E-mail, for readers without HTML.",
            "title": "In-app.",
            "body": "In-app.",
            "link": "In-app: where a click leads.",
        }

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        for name, html in TEXTS.items():
            try:
                compile_template(values.get(name) or "", html=html)
            except TemplateProblem as problem:
                self.add_error(name, ValidationError(str(problem)))
        return values


class MessageInline(StackedInline):
    model = Message
    form = MessageForm
    fields = ["channel", ("variant", "weight"), "subject", "html", "text", "title", "body", "link"]

    def get_extra(self, request: HttpRequest, obj: Campaign | None = None, **kwargs: Any) -> int:
        return 0 if obj else 1
