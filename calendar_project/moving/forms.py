"""Where to and why: the form of the page and of the dialog, the same."""

from datetime import datetime

from django import forms


class MoveForm(forms.Form):
    """`sequence` is that of the send as it was shown; `back`: the page to return to; `undo`: what a move back is of."""

    date = forms.DateField(label="Day", widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    time = forms.TimeField(label="Hour", widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}))
    why = forms.CharField(label="Why (if you like)", required=False, max_length=300)
    sequence = forms.IntegerField(required=False, min_value=0)
    back = forms.CharField(required=False, max_length=1000)
    undo = forms.ChoiceField(required=False, choices=[("", ""), ("move", "move"), ("approval", "approval")])

    @property
    def to_local(self) -> datetime:
        """The wall-clock moment, naive, to the minute."""
        return datetime.combine(self.cleaned_data["date"], self.cleaned_data["time"].replace(second=0, microsecond=0))
