"""What is allowed in a rule and still looks like a slip: an event that nobody has ever done."""

from collections.abc import Iterator

from .grammar import AllOf, AnyOf, Did, EdgeEvent, HasNot, InSegment, Not, Rule, Total
from .vocabulary import Vocabulary, suggestion


def hints(rule: Rule, vocabulary: Vocabulary) -> list[str]:
    """One sentence for each event name in the rule that has not been seen so far."""
    unseen = dict.fromkeys(name for name in _event_names(rule) if name not in vocabulary.events)
    return [f"Nobody has done “{name}” so far.{suggestion(name, vocabulary.events)}" for name in unseen]


def _event_names(rule: Rule) -> Iterator[str]:
    match rule:
        case AllOf(rules) | AnyOf(rules):
            for each in rules:
                yield from _event_names(each)
        case Not(inner):
            yield from _event_names(inner)
        case InSegment(rule=inner) if inner is not None:
            yield from _event_names(inner)
        case Did(events) | HasNot(events) | Total(events):
            yield events.event
        case EdgeEvent(event=event):
            yield event
