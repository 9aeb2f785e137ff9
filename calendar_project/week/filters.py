"""Which sends of a week are shown. The choice lives in the address, so that a view can be shared and kept."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.auth.models import User
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from audiences.models import Segment, Topic
from campaigns.models import Campaign, Send, Team
from campaigns.rights import Person, seen_by
from deliveries.channels.registry import channel_names, label

from .cards import Card, status_words

STATUSES = {
    "draft": "Draft",
    "review": "In review",
    "approved": "Approved",
    "sending": "Sending",
    "paused": "Paused",
    "done": "Sent",
    "over": "Cancelled or missed",
}
#: What the figures at the top count, each a filter.
ONLY = {
    "unapproved": "not approved",
    "findings": "with open findings",
    "capped": "with people at cap",
    "experiments": "whose experiment ends",
}
#: What the rows of the board may be; the first unless another is chosen.
ROWS = {
    "teams": "Teams",
    "channels": "Channels",
    "audiences": "Audiences",
    "owners": "Owners",
    "milestones": "Milestones",
}
#: By campaign id: the segments that it includes, name by id.
Audiences = dict[int, dict[int, str]]


@dataclass(frozen=True)
class Choice:
    """One of several addresses of the same page."""

    words: str
    address: str
    is_chosen: bool


class PlainSelect(forms.Select):
    """Options written in one go: Django's own renders a template for each, which with 300 segments takes 20 ms."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen = str(value or "")
        pairs = ((str(key), words) for key, words in self.choices)
        options = ((key, SafeString(" selected") if key == chosen else "", words) for key, words in pairs)
        joined = format_html_join("", '<option value="{}"{}>{}</option>', options)
        return format_html("<select{}>{}</select>", flatatt({**(attrs or {}), "name": name}), joined)


class OwnerField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic at run time
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.get_full_name() or obj.get_username())


def _one_of(queryset: Any, empty: str, field: Any = forms.ModelChoiceField) -> Any:
    words = {"invalid_choice": "There is no such one."}
    return field(queryset, required=False, empty_label=empty, error_messages=words, widget=PlainSelect)


class WeekFilter(forms.Form):
    """Read from the address. What it does not understand is told and not heeded; the rest counts."""

    text = forms.CharField(
        required=False, max_length=80, label="Name", widget=forms.TextInput(attrs={"type": "search"})
    )
    team = _one_of(Team.objects.all(), "All teams")
    owner = _one_of(User.objects.none(), "Everybody’s", OwnerField)
    channel = forms.ChoiceField(required=False, widget=PlainSelect)
    topic = _one_of(Topic.objects.all(), "All topics")
    segment = _one_of(Segment.objects.only("name").order_by("name"), "All segments")
    status = forms.ChoiceField(required=False, choices=[("", "Any status"), *STATUSES.items()], widget=PlainSelect)
    only = forms.ChoiceField(required=False, choices=[("", ""), *ONLY.items()], widget=forms.HiddenInput)
    rows = forms.ChoiceField(required=False, choices=[("", ""), *ROWS.items()], widget=forms.HiddenInput)

    def __init__(self, data: Any, user: Person) -> None:
        super().__init__(data, use_required_attribute=False, auto_id="filter-%s", label_suffix="")
        self._offer_owners(user)
        names = [(name, label(name)) for name in channel_names()]
        channel = self.fields["channel"]
        assert isinstance(channel, forms.ChoiceField)  # noqa: S101 - declared above
        channel.choices = [("", "All channels"), *names]
        self.full_clean()

    def _offer_owners(self, user: Person) -> None:
        """Those who own a campaign that may be seen: that somebody has a private one is nobody else's business."""
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ModelChoiceField)  # noqa: S101 - declared above
        owners = Campaign.objects.filter(seen_by(user)).values("owner")
        owner.queryset = User.objects.filter(pk__in=owners).order_by("first_name", "username")

    @cached_property
    def chosen(self) -> dict[str, Any]:
        """What is set and understood, but for the rows, which leave nothing out."""
        return {name: value for name, value in self.cleaned_data.items() if value not in ("", None) and name != "rows"}

    @property
    def not_heeded(self) -> list[str]:
        """What is asked for and not understood, or is gone: by the names of the fields."""
        return [str(self.fields[name].label or name).lower() for name in self.errors]

    @property
    def figure(self) -> str:
        """The one that is chosen, by its name in `ONLY`; empty: none."""
        return str(self.chosen.get("only", ""))

    @property
    def kind(self) -> str:
        """What the rows are, by its name in `ROWS`."""
        return self.cleaned_data.get("rows") or next(iter(ROWS))

    @property
    def is_set(self) -> bool:
        return bool(self.chosen)

    @property
    def query(self) -> str:
        """For the address of another page in the same view: empty, or with its question mark."""
        return self._query().removesuffix("?")

    @property
    def everything(self) -> str:
        """The same rows with no filter."""
        return _address({"rows": self._rows(self.kind)})

    @property
    def toggles(self) -> dict[str, str]:
        """By figure: the address that shows what it counts, or, where that is shown, everything again."""
        return {name: self._query(only="" if name == self.figure else name) for name in ONLY}

    @property
    def row_choices(self) -> list[Choice]:
        return [Choice(words, self._query(rows=self._rows(name)), name == self.kind) for name, words in ROWS.items()]

    def keeps(self, send: Send, audiences: Audiences) -> bool:
        """By everything but the figures, which count what this keeps."""
        status = self.chosen.get("status")
        return self.keeps_campaign(send.campaign, audiences) and (not status or status_words(send)[0] == status)

    def keeps_campaign(self, campaign: Campaign, audiences: Audiences) -> bool:
        chosen = self.chosen
        return (
            _is("team", chosen, campaign.team_id)
            and _is("owner", chosen, campaign.owner_id)
            and _is("topic", chosen, campaign.topic_id)
            and ("channel" not in chosen or chosen["channel"] in campaign.channels)
            and ("segment" not in chosen or chosen["segment"].pk in audiences.get(campaign.pk, {}))
            and chosen.get("text", "").casefold() in campaign.name.casefold()
        )

    def shown(self, cards: Iterable[Card], ending: set[int]) -> list[Card]:
        """Those that the chosen figure counts. `ending`: the campaigns whose experiment ends."""
        tests: dict[str, Callable[[Card], object]] = {
            "unapproved": lambda card: card.is_to_approve,
            "findings": lambda card: card.findings,
            "capped": lambda card: card.capped,
            "experiments": lambda card: card.campaign.pk in ending,
        }
        test = tests.get(self.figure)
        return list(filter(test, cards)) if test else list(cards)

    def _query(self, **changed: str) -> str:
        values = {name: getattr(value, "pk", value) for name, value in self.chosen.items()}
        return _address({**values, "only": self.figure, "rows": self._rows(self.kind), **changed})

    @staticmethod
    def _rows(kind: str) -> str:
        """As it stands in an address, where what is shown unless another is chosen need not."""
        return "" if kind == next(iter(ROWS)) else kind


def _address(values: Mapping[str, Any]) -> str:
    text = urlencode({name: value for name, value in values.items() if value != ""})
    return f"?{text}" if text else "?"


def _is(name: str, chosen: dict[str, Any], value: int | None) -> bool:
    return name not in chosen or chosen[name].pk == value
