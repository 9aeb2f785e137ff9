"""Form fields over JSON lists: channels in their order, and names with commas between."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from unfold.widgets import SELECT_CLASSES, UnfoldAdminTextInputWidget

ORDINALS = ("First", "then", "then", "then", "then", "then")


def channel_choices() -> list[tuple[str, str]]:
    return [(name, channel_title(name)) for name in settings.CHANNELS]


def channel_title(name: str) -> str:
    return {"email": "E-mail", "in_app": "In-app"}.get(name, name.replace("_", " ").capitalize())


class OrderedChannelsWidget(forms.MultiWidget):
    """One drop-down per place in the order. Each keeps its own value: the form's shared binding is dropped."""

    template_name = "admin/campaigns/widgets/ordered_channels.html"

    def __init__(self) -> None:
        choices = [("", "–"), *channel_choices()]
        attrs = {"class": " ".join([*SELECT_CLASSES, "max-w-40"])}
        super().__init__([forms.Select(attrs=attrs, choices=choices) for _ in settings.CHANNELS])

    def decompress(self, value: Any) -> list[str]:
        chosen = list(value or [])
        return chosen + [""] * (len(self.widgets) - len(chosen))

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        # unfold binds every widget of a form with conditional fields to one variable; three drop-downs are not one.
        self.attrs.pop("x-model.fill", None)
        context = super().get_context(name, value, attrs)
        for ordinal, subwidget in zip(ORDINALS, context["widget"]["subwidgets"], strict=False):
            subwidget["attrs"]["aria-label"] = f"{ordinal} channel"
            subwidget["ordinal"] = ordinal
        return context


class OrderedChannels(forms.Field):
    """The names of channels, each once, in their order."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=OrderedChannelsWidget(), **kwargs)

    def to_python(self, value: Any) -> list[str]:
        chosen = [name for name in value or [] if name]
        for name in chosen:
            if name not in settings.CHANNELS:
                raise ValidationError(f"There is no channel “{name}” in this workspace.")
        twice = next((name for name in chosen if chosen.count(name) > 1), None)
        if twice:
            raise ValidationError(f"{channel_title(twice)} is chosen twice: once is enough.")
        return chosen

    def has_changed(self, initial: Any, data: Any) -> bool:
        return list(initial or []) != [name for name in data or [] if name]


class CommaList(forms.Field):
    """Names with commas between, each once, in the order in which they were written."""

    def __init__(self, *, longest: int = 100, **kwargs: Any) -> None:
        self.longest = longest
        super().__init__(widget=UnfoldAdminTextInputWidget(), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        if isinstance(value, list):
            return value
        names = list(dict.fromkeys(name.strip() for name in str(value or "").split(",") if name.strip()))
        too_long = next((name for name in names if len(name) > self.longest), None)
        if too_long:
            raise ValidationError(f"“{too_long[:30]}…” is longer than {self.longest} characters.")
        return names

    def has_changed(self, initial: Any, data: Any) -> bool:
        return list(initial or []) != self.to_python(data)
