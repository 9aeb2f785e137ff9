"""The names that a rule may use, as a plain value, and the nearest known one to a name that it may not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

CORE_TEXT = frozenset({"email", "name", "timezone", "locale"})
CORE_DATES = frozenset({"created_at"})
CORE_FIELDS = CORE_TEXT | CORE_DATES
# In a "where", this is the money value of the event itself and not one of its properties.
EVENT_VALUE = "value"


@dataclass(frozen=True)
class KnownSegment:
    """`rule` is the stored JSON of a segment by rule; None for one by list."""

    id: int
    rule: object | None = None


@dataclass(frozen=True)
class KnownTopic:
    id: int
    opt_in: bool = False


@dataclass(frozen=True)
class Vocabulary:
    """`attributes` without the core fields; `segments` and `topics` by slug."""

    attributes: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    segments: Mapping[str, KnownSegment] = field(default_factory=dict)
    topics: Mapping[str, KnownTopic] = field(default_factory=dict)
    channels: frozenset[str] = frozenset()

    def knows_attribute(self, name: str) -> bool:
        return name in CORE_FIELDS or name in self.attributes


def suggestion(name: str, known: Iterable[str]) -> str:
    """“ Did you mean “x”?”, or the names there are when they are few, or nothing."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f" Did you mean “{near[0]}”?"
    if 0 < len(names) <= 12:
        return " There is " + ", ".join(f"“{each}”" for each in names) + "."
    return ""
