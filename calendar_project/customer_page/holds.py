"""What the customer's page says of holds, and the forms that put one and give one another end."""

from datetime import datetime
from typing import Any

from django import forms

from audiences.models import Customer
from audiences.queries.holds import holds_of
from audiences.until import LAST_YEAR, end_of, until_words
from campaigns.queries.campaigns import workspace_zone
from campaigns.recurrence import instant
from deliveries.services.holds import LONGEST_REASON


class EndForm(forms.Form):
    """A day is meant to its end; with a time it is that moment. Neither: until somebody lifts it."""

    day = forms.DateField(required=False, label="Until", widget=forms.DateInput(attrs={"type": "date"}))
    time = forms.TimeField(
        required=False, label="Time (empty: to the end of that day)", widget=forms.TimeInput(attrs={"type": "time"})
    )

    def __init__(self, data: Any = None, prefix: str = "hold") -> None:
        super().__init__(data, auto_id=f"{prefix}-%s", label_suffix="", use_required_attribute=True)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        day, at = values.get("day"), values.get("time")
        if at and not day and "day" not in self.errors:
            self.add_error("day", "Say the day too.")
        if day and day.year > LAST_YEAR:
            self.add_error("day", "That is too far away: leave it empty for as long as nobody lifts it.")
        else:
            values["until"] = _until(day, at) if day else None
        return values


class HoldForm(EndForm):
    reason = forms.CharField(
        max_length=LONGEST_REASON,
        label="Why",
        widget=forms.TextInput(attrs={"placeholder": "in escalation with support"}),
        error_messages={"required": "Say why: whoever asks why they get nothing is told."},
    )
    field_order = ["reason", "day", "time"]


def _until(day: Any, at: Any) -> datetime:
    zone = workspace_zone()
    return instant(datetime.combine(day, at), zone) if at else end_of(day, zone)


def holds_context(customer: Customer, now: datetime) -> dict[str, Any]:
    """Every hold with until when it lasts in words, and the form that ends it otherwise."""
    zone = workspace_zone()
    held = [
        (hold, until_words(hold.until, zone), EndForm(prefix=f"end-{hold.pk}")) for hold in holds_of(customer.pk, now)
    ]
    return {"holds": held, "hold_zone": str(zone), "hold_form": HoldForm()}
