"""The form of a campaign: what can be told wrong at once is told beside its field; the rest is preflight's."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from campaigns.models import Campaign, CampaignVersion
from campaigns.recurrence import RecurrenceError, occurrences

from .durations import DurationInWords
from .lists import CommaList, OrderedChannels

RRULE_HELP = (
    "Every Tuesday: FREQ=WEEKLY;BYDAY=TU. Every weekday: FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR. "
    "First of the month: FREQ=MONTHLY;BYMONTHDAY=1. Every second Friday: FREQ=WEEKLY;INTERVAL=2;BYDAY=FR. "
    "At most one per day; the hour is given below."
)


class CampaignForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """`version_seen` is the version that the page showed: whoever saves over a newer one is told, not obeyed."""

    version_seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    channels = OrderedChannels(
        required=False, help_text="In their order: it matters where only the first that reaches is used."
    )
    guardrails = CommaList(required=False, help_text="Events that it must not bring about, with commas between.")
    delay = DurationInWords(required=False, help_text="How long after; empty: at once.")
    expires_after = DurationInWords(required=False, help_text="Too late to be of use after this.")
    goal_within = DurationInWords(required=False, label="Within")

    class Meta:
        model = Campaign
        fields = "__all__"  # noqa: DJ007 - the admin's fieldsets say which

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version_seen"].initial = current_version(self.instance.pk)

    def clean_rrule(self) -> str:
        return " ".join(str(self.cleaned_data["rrule"]).split()).removeprefix("RRULE:")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        self._refuse_stale()
        self._read_rrule(values)
        shared = set(values.get("include") or []) & set(values.get("exclude") or [])
        if shared:
            names = ", ".join(sorted(segment.name for segment in shared))
            self.add_error("exclude", f"Both included and excluded, so it would be left out: {names}.")
        return values

    def _refuse_stale(self) -> None:
        """Under the row's lock (the admin saves in a transaction), so that of two who save at once one is told."""
        if not self.instance.pk:
            return
        Campaign.objects.select_for_update().get(pk=self.instance.pk)
        seen, current = self.cleaned_data.get("version_seen") or 0, current_version(self.instance.pk)
        if seen != current:
            raise ValidationError(
                f"Somebody saved version {current} of this campaign while you were editing version {seen}. Nothing of "
                "yours was saved. Copy what you want to keep, open the campaign again and put it in there."
            )

    def _read_rrule(self, values: dict[str, Any]) -> None:
        if values.get("trigger") != Campaign.Trigger.RECURRING or not values.get("rrule"):
            return
        first = datetime.combine(
            values.get("start_date") or datetime.now(UTC).date(), values.get("local_time") or time(9)
        )
        try:
            occurrences(values["rrule"], first, first, first + timedelta(days=90))
        except RecurrenceError as problem:
            self.add_error("rrule", str(problem))


def current_version(campaign_id: int | None) -> int:
    """The number of the newest version; 0 for a campaign that has none."""
    numbers = CampaignVersion.objects.filter(campaign=campaign_id).order_by("-number").values_list("number", flat=True)
    return numbers.first() or 0
