"""Lengths of time as people write them: “30 minutes”, “2 days”, “1 day 6 hours”."""

import re
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextInputWidget

UNITS = {"week": 604_800, "day": 86_400, "hour": 3_600, "minute": 60}
SHORT = {"w": "week", "d": "day", "h": "hour", "m": "minute", "min": "minute"}
PART = re.compile(r"(\d{1,12})\s*([a-z]+)")
LONGEST = timedelta(days=3650)


class UnreadableDuration(ValueError):
    """The text says what would be right."""


def in_words(length: timedelta) -> str:
    """The length in its largest whole units: 90 minutes are “1 hour 30 minutes”; two weeks are “14 days”."""
    left, words = int(length.total_seconds()), []
    for unit in ("day", "hour", "minute"):
        count, left = divmod(left, UNITS[unit])
        if count:
            words.append(f"{count} {unit}" + ("s" if count > 1 else ""))
    return " ".join(words) or "0 minutes"


def read(text: str) -> timedelta:
    """The length that the words say; raises `UnreadableDuration`."""
    tidy = text.strip().lower().replace(",", " ").replace(" and ", " ")
    parts = PART.findall(tidy)
    if not parts or PART.sub("", tidy).strip():
        raise UnreadableDuration(f"“{text}” is not a length of time. Write 30 minutes, 6 hours, 2 days or 1 week.")
    seconds = sum(int(number) * _seconds(unit) for number, unit in parts)
    if seconds > LONGEST.total_seconds():
        raise UnreadableDuration("Ten years is the longest that can be kept.")
    return timedelta(seconds=seconds)


def _seconds(word: str) -> int:
    unit = SHORT.get(word, word.removesuffix("s"))
    if unit not in UNITS:
        raise UnreadableDuration(f"“{word}” is not a unit. Use minutes, hours, days or weeks.")
    return UNITS[unit]


class DurationInWords(forms.Field):
    """A form field over a `DurationField`, empty for none."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", UnfoldAdminTextInputWidget(attrs={"placeholder": "for example 2 days"}))
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        return in_words(value) if isinstance(value, timedelta) else value

    def to_python(self, value: Any) -> timedelta | None:
        if value in self.empty_values or isinstance(value, timedelta):
            return value or None
        try:
            return read(str(value))
        except UnreadableDuration as problem:
            raise ValidationError(str(problem)) from problem

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(super().has_changed(self.prepare_value(initial), data))
