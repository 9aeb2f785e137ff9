"""Why somebody got a message, or why not: one answer for each channel of a send, in a sentence for a marketer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from audiences.bitmaps import load
from audiences.models import Customer
from audiences.until import until_words
from campaigns.models import Firing, Send
from campaigns.plan import Plan
from campaigns.rights import Person
from deliveries.caps import CapRule, Reach, share_a_window
from deliveries.channels.registry import label
from deliveries.models import Delivery, Withheld
from deliveries.queries.explanation_facts import Facts
from deliveries.queries.rules import cap_rule

ADMITTED, WITHHELD = "admitted", "withheld"
UNDECIDED, NOT_IN_AUDIENCE = "not decided yet", "not in the audience"


@dataclass(frozen=True)
class Explanation:
    """One channel of one send (and one firing) for one customer."""

    channel: str  # empty where the answer is about every channel
    outcome: str  # one of the four above
    sentence: str
    reason: str = ""
    bound_by: str = ""
    firing_id: int = 0
    delivery_id: int | None = None


def explain(customer_id: int, send_id: int, to: Person = None) -> list[Explanation]:
    """At least one answer, for the eyes of `to`. Raises `DoesNotExist` for a customer or a send that is not there."""
    answers = explain_all(Customer.objects.get(pk=customer_id), [send_id], to)
    if not answers:
        raise Send.DoesNotExist(f"There is no send {send_id}.")
    return answers[send_id]


def explain_all(customer: Customer, send_ids: Sequence[int], to: Person) -> dict[int, list[Explanation]]:
    """By send, at least one answer each; a fixed number of queries. A send that is not there has none, nor has one of
    a private campaign that `to` may not see. Nobody (`None`) is the system itself."""
    facts = Facts(customer, send_ids, to)
    return {send.pk: _Case(send, facts).answers() for send in facts.sends}


class _Case:
    """The answers about one customer and one send."""

    def __init__(self, send: Send, facts: Facts) -> None:
        self.send, self.facts, self.customer, self.zone = send, facts, facts.customer, facts.zone
        # A send that is frozen has the plan that it went out with, whatever its campaign says now.
        self.plan = Plan.from_json(send.version.plan) if send.version else None
        self.deliveries, self.sets = facts.deliveries[send.pk], facts.sets[send.pk]

    def answers(self) -> list[Explanation]:
        if (self.plan or self.send.campaign).is_continuous:
            return self._of_firings()
        if self.send.frozen_at is None or self.plan is None:
            return [Explanation("", UNDECIDED, self._not_yet())]
        if self.customer.pk not in load(self.send.audience):
            return [Explanation("", NOT_IN_AUDIENCE, "Not in the audience when it was frozen.")]
        return [self._on(channel, self.customer.pk, None) for channel in self.plan.channels]

    def _not_yet(self) -> str:
        if self.send.state in (Send.State.MISSED, Send.State.CANCELLED):
            why = f": {self.send.reason}" if self.send.reason else ""
            return f"Nobody was decided on: the send was {self.send.state}{why}."
        return f"Not decided yet: the send is on the calendar for {self._when(self.send.due_at)}."

    def _of_firings(self) -> list[Explanation]:
        firings = self.facts.firings[self.send.pk]
        if not firings:
            return [Explanation("", NOT_IN_AUDIENCE, "Nothing that this customer did set it off on this day.")]
        return [answer for firing in firings for answer in self._of_firing(firing)]

    def _of_firing(self, firing: Firing) -> Iterator[Explanation]:
        if firing.state == Firing.State.DROPPED:
            why = firing.reason or firing.get_state_display()
            yield Explanation("", NOT_IN_AUDIENCE, f"It was set off, then dropped: {why}.", firing_id=firing.pk)
        elif firing.state == Firing.State.WAITING:
            sentence = f"Not decided yet: it was set off and is due {self._when(firing.due_at)}."
            yield Explanation("", UNDECIDED, sentence, firing_id=firing.pk)
        else:
            yield from (self._on(channel, firing.pk, firing) for channel in self._channels_of(firing))

    def _channels_of(self, firing: Firing) -> list[str]:
        """Where it was decided on: the version of a continuous campaign may have changed within its day."""
        rows = [row.channel for row in self.deliveries if row.firing_id == firing.pk]
        return [*rows, *(row.channel for row, members in self.sets if firing.pk in members)]

    def _on(self, channel: str, member: int, firing: Firing | None) -> Explanation:
        firing_id = firing.pk if firing else 0
        for row in self.deliveries:
            if (row.channel, row.firing_id) == (channel, firing_id):
                return self._admitted(row)
        for withheld, members in self.sets:
            if withheld.channel == channel and member in members:
                at = firing.due_at if firing else self.send.due_at
                sentence = f"Withheld: {self._why(withheld, channel, at)}."
                return Explanation(channel, WITHHELD, sentence, withheld.reason, withheld.bound_by, firing_id)
        return Explanation(channel, UNDECIDED, "Not decided yet: their hour has not come.", firing_id=firing_id)

    def _admitted(self, row: Delivery) -> Explanation:
        state = Delivery.State(row.state)
        parts = [
            f"Admitted for {self._when(row.due_at)} in variant {row.variant}. State: {state.value} ({state.label})"
        ]
        if row.reason:
            parts.append(row.reason)
        if row.message_id:
            parts.append(f"message {row.message_id}")
        return Explanation(
            row.channel, ADMITTED, "; ".join(parts) + ".", row.reason, firing_id=row.firing_id, delivery_id=row.pk
        )

    def _why(self, withheld: Withheld, channel: str, at: datetime) -> str:
        kind, _, key = withheld.bound_by.partition(":")
        match withheld.reason:
            case "capped":
                return self._capped(int(key), at)
            case "yielded":
                return f"their slot is kept for {self._campaign(int(key))}, which goes first"
            case "unsubscribed":
                return f"not subscribed to {self._topic(int(key))} on {label(channel)}"
            case "other_channel":
                return f"reached by {label(key)} already, and the first channel that reaches them is enough"
            case "held_out":
                whole = kind == "global"
                return (
                    f"held out of {'every campaign' if whole else 'this campaign'}, so that its effect can be measured"
                )
            case "expired" if kind == "cap":
                return f"{self._cap_name(int(key))} would have kept it until it was too late"
        return self._about_them(withheld.reason, channel, at)

    def _about_them(self, reason: str, channel: str, at: datetime) -> str:
        """What nothing is named for: it is about the customer, or says it all."""
        if reason == Withheld.Reason.UNREACHABLE:
            return f"{label(channel)} cannot reach them"
        return self._on_hold(at) if reason == Withheld.Reason.ON_HOLD else Withheld.Reason(reason).label

    def _capped(self, cap_id: int, at: datetime) -> str:
        cap = self.facts.caps.get(cap_id)
        if cap is None:
            return "capped by a frequency cap that has been deleted since"
        if cap.limit == 0:
            return f"capped by “{cap.name}”, which lets nobody have anything"
        when = self._days(cap_rule(cap), at)
        return f"capped by “{cap.name}”" + (f": messages on {when}" if when else "")

    def _on_hold(self, at: datetime) -> str:
        """The newest that held at the moment, or the first after it where the send was late."""
        lasting = [hold for hold in self.facts.holds if hold.reached(at)]
        if not lasting:
            return Withheld.Reason.ON_HOLD.label
        held = next((hold for hold in lasting if hold.since <= at), lasting[-1])
        return f"on hold {until_words(held.until, self.zone)}" + (f": {held.reason}" if held.reason else "")

    def _days(self, cap: CapRule, at: datetime) -> str:
        """The days of the messages that filled the cap, as far as they still stand in the ledger: 20, 22 and 23 Nov."""
        span = cap.length + timedelta(days=2)
        covered = [
            row.due_at
            for row in self.facts.counted
            if abs(row.due_at - at) < span
            and cap.covers(Reach(row.channel, row.topic_id, row.team_id))
            and share_a_window(row.due_at, at, cap, self.zone)
        ]
        return spoken_days([moment.astimezone(self.zone) for moment in covered])

    def _when(self, at: datetime) -> str:
        return f"{at.astimezone(self.zone):%A %d %B %Y, %H:%M} ({self.zone.key})"

    def _campaign(self, campaign_id: int) -> str:
        return self.facts.winners.get(campaign_id, "a campaign that has been deleted since")

    def _topic(self, topic_id: int) -> str:
        name = self.facts.topics.get(topic_id)
        return f"“{name}”" if name else "its topic"

    def _cap_name(self, cap_id: int) -> str:
        cap = self.facts.caps.get(cap_id)
        return f"“{cap.name}”" if cap else "a frequency cap"


def spoken_days(moments: list[datetime]) -> str:
    """Local moments as people say them: “20, 22 and 23 Nov”; the month stands once for each run of days in it."""
    words: list[str] = []
    for place, moment in enumerate(moments):
        following = moments[place + 1] if place + 1 < len(moments) else None
        same_month = following is not None and (following.year, following.month) == (moment.year, moment.month)
        words.append(str(moment.day) if same_month else f"{moment.day} {moment:%b}")
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)
