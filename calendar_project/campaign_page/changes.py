"""What an edit changed in a section since it was last approved, field by field, as an approver reads it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from campaigns.admin.durations import in_words
from campaigns.models import CampaignVersion
from campaigns.plan import SECTIONS, Plan

LONGEST = 80
# Ids say nothing to anybody: what they stand for is in the section itself.
UNNAMED = {"team_id", "topic_id", "milestone_id", "trigger_segment_id", "include", "exclude"}
NAMES = {
    "include": "who is included",
    "exclude": "who is excluded",
    "rrule": "recurrence",
    "moves": "sends moved by hand",
    "reach": "channels reached",
    "goal_event": "goal",
    "goal_within_seconds": "goal within",
    "delay_seconds": "delay",
    "expires_after_seconds": "expires after",
    "local_time": "hour",
    "start_date": "day",
}


@dataclass(frozen=True)
class Change:
    """A field in words; what it said and says, where that can be read out."""

    name: str
    before: str = ""
    after: str = ""


def changes(section: str, before: CampaignVersion, after: CampaignVersion) -> Iterator[Change]:
    old, new = Plan.from_json(before.plan), Plan.from_json(after.plan)
    for name in SECTIONS[section]:
        was, is_now = getattr(old, name), getattr(new, name)
        if was == is_now:
            continue
        if name == "messages":
            yield from _messages(old, new)
        elif name in UNNAMED or name == "moves":
            yield Change(_name(name))
        else:
            yield Change(_name(name), _said(name, was), _said(name, is_now))


def _messages(old: Plan, new: Plan) -> Iterator[Change]:
    was = {(message.channel, message.variant): message for message in old.messages}
    is_now = {(message.channel, message.variant): message for message in new.messages}
    for key in sorted(was.keys() | is_now.keys()):
        if was.get(key) != is_now.get(key):
            how = "is new" if key not in was else "is gone" if key not in is_now else "is written anew"
            yield Change(f"{key[0].replace('_', '-')} message {key[1]} {how}")


def _name(name: str) -> str:
    return NAMES.get(name, name.removesuffix("_id").replace("_", " "))


def _said(name: str, value: Any) -> str:
    if value is None or value in ("", ()):
        return "nothing"
    if name.endswith("_seconds"):
        return in_words(timedelta(seconds=value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"
