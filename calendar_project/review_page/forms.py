"""The form of a decision: which ones are offered to this person, and what each of them asks for."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib.auth.models import User

from calendar_project.week.cards import wall_clock
from campaigns.models import AgendaItem, Decision, Review, Send
from campaigns.offers import Offers
from campaigns.queries.campaigns import workspace_zone
from campaigns.queries.reviews import planners_of
from campaigns.queries.standing import standing
from campaigns.rights import can_see, teams_planned_by
from campaigns.services.decisions import Answer, offers_of, sides_of
from campaigns.services.handoffs import may_hand_over

from .shown import shown
from .veils import is_shown

Kind = Decision.Kind
RELATED = ("campaign__team", "other__team", "send__campaign", "other_send__campaign", "finding")
#: The key of each decision on the keyboard, and what it means where there are one and two campaigns.
KEYS = {Kind.KEEP: "e", Kind.MOVE: "m", Kind.EXCLUDE: "x", Kind.MERGE: "g", Kind.STOP: "s", Kind.HAND_OVER: "h"}
ONE = {
    Kind.KEEP: "It stays as it is.",
    Kind.MOVE: "It goes out at another moment.",
    Kind.STOP: "It is cancelled for good.",
    Kind.HAND_OVER: "Somebody else is asked to own it.",
}
TWO = {
    Kind.KEEP: "Both stay as they are.",
    Kind.MOVE: "One goes out at another moment.",
    Kind.EXCLUDE: "One leaves out the other’s audience.",
    Kind.MERGE: "One takes in the other’s people; the other is stopped.",
    Kind.STOP: "One is cancelled for good.",
    Kind.HAND_OVER: "Somebody else is asked to own one.",
}


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic at run time
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.get_full_name() or obj.get_username())


class DecisionForm(forms.Form):
    """`kinds` are the decisions with their keys and meanings, for the template."""

    decision = forms.ChoiceField(error_messages={"required": "Choose what is decided."})
    campaign = forms.TypedChoiceField(
        coerce=int,
        empty_value=None,
        required=False,
        label="Which one",
        error_messages={"invalid_choice": "Nothing of this can be done to that one, or not by you: choose again."},
    )
    day = forms.DateField(required=False, label="Day", widget=forms.DateInput(attrs={"type": "date"}))
    hour = forms.TimeField(required=False, label="Hour", widget=forms.TimeInput(attrs={"type": "time"}))
    to = PersonField(User.objects.none(), required=False, label="To", empty_label="Choose somebody")
    learnt = forms.CharField(required=False, max_length=1000, label="What was learnt?")
    reason = forms.CharField(
        max_length=500, label="Why", error_messages={"required": "Say why: the others read it in the minutes."}
    )
    seen = forms.CharField(required=False)

    def __init__(self, item: AgendaItem, user: User, teams: frozenset[int], data: Any = None, chosen: str = "") -> None:
        self.item = item
        # Of this moment, whatever was posted: the page that comes of it shows the plan as it is now.
        self.standing = standing(item)
        offered = _offered_to(user, teams, item)
        super().__init__(
            data,
            initial={"decision": chosen if chosen in offered else "", **_moment(item)},
            use_required_attribute=False,
            auto_id="decide-%s",
            label_suffix="",
        )
        means = TWO if item.other else ONE
        self.kinds = [(Kind(kind), KEYS[Kind(kind)], means[Kind(kind)]) for kind in offered]
        self.two_sides = item.other is not None and any(offered.values())
        self._choices("decision", [(kind, Kind(kind).label) for kind in offered])
        held = {pk for ids in offered.values() for pk in ids}
        self._choices("campaign", [(pk, name) for pk, name in _campaigns(item, user) if pk in held])
        if len(held) == 1:
            (self.initial["campaign"],) = held
        people = self.fields["to"]
        assert isinstance(people, PersonField)  # noqa: S101 - declared above
        people.queryset = planners_of(teams & {campaign.team_id for campaign, _ in sides_of(item)})

    @property
    def may_decide(self) -> bool:
        return bool(self.kinds)

    def _choices(self, name: str, choices: list[tuple[Any, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = choices

    def answer(self) -> Answer:
        values = self.cleaned_data
        day, hour = values.get("day"), values.get("hour")
        return Answer(
            kind=values["decision"],
            reason=values["reason"],
            seen=values["seen"],
            campaign_id=values.get("campaign"),
            moment=datetime.combine(day, hour) if day and hour else None,
            to_id=values["to"].pk if values.get("to") else None,
            learnt=values["learnt"],
        )


def _campaigns(item: AgendaItem, user: User) -> list[tuple[Any, str]]:
    """Each with the moment that it stands at now."""
    names, zone = (item.name, item.other_name), workspace_zone()
    return [
        (campaign.pk, f"{shown(user, campaign, name).name}{_at(send, zone)}")
        for (campaign, send), name in zip(sides_of(item), names, strict=False)
    ]


def _at(send: Send | None, zone: ZoneInfo) -> str:
    return f", {wall_clock(send, zone):%a %H:%M}" if send and not send.campaign.is_continuous else ""


def _moment(item: AgendaItem) -> dict[str, Any]:
    """Where a send is to be moved from, filled in where there is one alone."""
    send = item.send if item.other is None else None
    if send is None:
        return {}
    wall = wall_clock(send, workspace_zone())
    return {"day": f"{wall:%Y-%m-%d}", "hour": f"{wall:%H:%M}"}


def _offered_to(user: User, teams: frozenset[int], item: AgendaItem) -> Offers:
    """What can be decided, less what this person has no right to."""
    campaigns = {campaign.pk: campaign for campaign, _ in sides_of(item)}
    mine = {pk for pk, campaign in campaigns.items() if campaign.team_id in teams}
    if not mine:
        return {}
    offered = {kind: tuple(pk for pk in ids if pk in mine) for kind, ids in offers_of(item).items()}
    if not all(can_see(user, each) for each in campaigns.values()):
        offered = {kind: ids for kind, ids in offered.items() if kind not in (Kind.EXCLUDE, Kind.MERGE)}
    if Kind.MERGE in offered and mine != set(campaigns):
        del offered[Kind.MERGE]
    if Kind.HAND_OVER in offered:
        offered[Kind.HAND_OVER] = tuple(pk for pk in offered[Kind.HAND_OVER] if may_hand_over(user, campaigns[pk]))
    return {kind: ids for kind, ids in offered.items() if ids or kind == Kind.KEEP}


def form_for(review: Review, item_id: str, user: User, *, data: Any = None, chosen: str = "") -> DecisionForm | None:
    """None where there is no such item, or nothing that this person could decide about it (any more)."""
    if not (item_id.isdecimal() and len(item_id) < 18 and review.is_open):
        return None
    item = review.items.select_related(*RELATED).filter(pk=item_id).first()
    if item is None or not is_shown(item, user) or item.decisions.filter(taken_back_at=None).exists():
        return None
    form = DecisionForm(item, user, frozenset(teams_planned_by(user)), data, chosen)
    return form if form.may_decide else None
