"""A campaign's plan as one immutable value: what a version stores, an approval is of, and a send goes out with."""

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

# What an approver judges section by section; every field of a plan is in exactly one of them.
SECTIONS: dict[str, tuple[str, ...]] = {
    "audience": ("include", "exclude", "holdout_percent", "topic_id", "team_id"),
    "content": ("name", "channels", "reach", "messages"),
    "schedule": (
        "trigger",
        "zone",
        "start_date",
        "local_time",
        "rrule",
        "event",
        "delay_seconds",
        "unless_event",
        "trigger_segment_id",
        "silence_days",
        "reentry_days",
        "expires_after_seconds",
        "priority",
        "obeys_caps",
        "counts_toward_caps",
        "on_breach",
        "obeys_quiet_hours",
        "transactional",
        "at_least_once",
        "moves",
    ),
    "goal": ("milestone_id", "goal_event", "goal_within_seconds", "guardrails", "hypothesis", "experiment_ends"),
}
CONTINUOUS = frozenset({"event", "enters", "silence"})
# Fields that came after versions had been stored. At their default they are not written, so that a campaign that was
# approved before has the digest that it was approved with, and does not look edited.
CAME_LATER = frozenset({"at_least_once"})


@dataclass(frozen=True)
class MessagePlan:
    """One message: a channel, a variant with its weight, and its Liquid texts."""

    channel: str
    variant: str = "A"
    weight: int = 1
    subject: str = ""
    html: str = ""
    text: str = ""
    title: str = ""
    body: str = ""
    link: str = ""


@dataclass(frozen=True)
class Plan:
    """Everything that decides who gets what, when and why. Ids are primary keys; times are wall-clock text."""

    name: str
    team_id: int
    topic_id: int
    include: tuple[int, ...]
    exclude: tuple[int, ...]
    channels: tuple[str, ...]
    messages: tuple[MessagePlan, ...]
    trigger: str
    milestone_id: int | None = None
    holdout_percent: float = 0
    reach: str = "all"
    zone: str = "workspace"
    start_date: str = ""
    local_time: str = ""
    rrule: str = ""
    event: str = ""
    delay_seconds: int = 0
    unless_event: str = ""
    trigger_segment_id: int | None = None
    silence_days: int | None = None
    reentry_days: int | None = None
    expires_after_seconds: int | None = None
    priority: int = 50
    obeys_caps: bool = True
    counts_toward_caps: bool = True
    on_breach: str = "skip"
    obeys_quiet_hours: bool = True
    transactional: bool = False
    at_least_once: bool = False
    # Sends that were moved by hand: (send id, where to).
    moves: tuple[tuple[int, str], ...] = ()
    goal_event: str = ""
    goal_within_seconds: int | None = None
    guardrails: tuple[str, ...] = ()
    hypothesis: str = ""
    experiment_ends: str = ""

    @property
    def is_continuous(self) -> bool:
        return self.trigger in CONTINUOUS

    @property
    def caps_apply(self) -> bool:
        return self.obeys_caps and not self.transactional

    @property
    def counts(self) -> bool:
        """Whether its deliveries take a slot under the caps."""
        return self.counts_toward_caps and not self.transactional

    @property
    def quiet_hours_apply(self) -> bool:
        return self.obeys_quiet_hours and not self.transactional

    @property
    def may_repeat(self) -> bool:
        """Whether a message whose answer was lost goes again: rather twice than not at all."""
        return self.at_least_once and self.transactional

    def messages_on(self, channel: str) -> tuple[MessagePlan, ...]:
        return tuple(message for message in self.messages if message.channel == channel)

    def as_json(self) -> dict[str, Any]:
        """Equal plans, equal values, whichever release stored them."""
        defaults = {each.name: each.default for each in fields(self) if each.name in CAME_LATER}
        return {name: value for name, value in asdict(self).items() if name not in defaults or value != defaults[name]}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """The plan of a stored version. A field that came later takes its default."""
        tuples = {name: tuple(stored[name]) for name in ("include", "exclude", "channels", "guardrails")}
        messages = tuple(MessagePlan(**message) for message in stored["messages"])
        moves = tuple((int(send_id), str(moment)) for send_id, moment in stored.get("moves", ()))
        return cls(**{**stored, **tuples, "messages": messages, "moves": moves})

    def digest(self) -> str:
        """SHA-256 of the whole plan: equal digests, equal plans."""
        return _digest(self.as_json())

    def section_digests(self) -> dict[str, str]:
        values = self.as_json()
        return {
            section: _digest({name: values[name] for name in names if name in values})
            for section, names in SECTIONS.items()
        }


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
