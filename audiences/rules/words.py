"""A rule said in words: “pro customers in DE or AT who ordered twice in the last 90 days”.

What stands before “customers” are adjectives (a plan), what stands after it are clauses, each of which reads on its
own after “customers” and is joined to the others by “and” or “or”. “Twice” means at least twice.
"""

from collections.abc import Sequence
from datetime import datetime

from .grammar import (
    AllOf,
    AnyOf,
    Compare,
    Did,
    EdgeEvent,
    HasNot,
    InSegment,
    Moment,
    Not,
    Occurrences,
    Operator,
    Rule,
    Scalar,
    SubscribedTo,
    Total,
)

ADJECTIVES = frozenset({"plan", "tier", "status"})
PLACES = frozenset({"country", "city", "region", "state"})
COMPARED = {
    Operator.LESS_THAN: "less than",
    Operator.AT_MOST: "at most",
    Operator.MORE_THAN: "more than",
    Operator.AT_LEAST: "at least",
}
DATED = {
    Operator.LESS_THAN: "before",
    Operator.AT_MOST: "on or before",
    Operator.MORE_THAN: "after",
    Operator.AT_LEAST: "on or after",
}


def explain(rule: Rule) -> str:
    """The customers that the rule takes, as a phrase without a full stop."""
    rules = rule.rules if isinstance(rule, AllOf) else (rule,)
    adjectives = [word for each in rules if (word := _adjective(each))]
    clauses = [_clause(each) for each in rules if not _adjective(each)]
    return " ".join([*adjectives, "customers", *([_joined(clauses)] if clauses else [])])


def _joined(clauses: Sequence[str]) -> str:
    """“in DE who ordered”: a place needs no “and” before what follows it."""
    places = [clause for clause in clauses if not clause.startswith(("who ", "whose ", "("))]
    others = [clause for clause in clauses if clause not in places]
    return " ".join(filter(None, [" and ".join(places), " and ".join(others)]))


def _adjective(rule: Rule) -> str:
    match rule:
        case Compare(subject, Operator.IS, str(value)) if subject in ADJECTIVES and value.isalnum():
            return value
        case Compare(subject, Operator.IN, tuple(many)) if subject in ADJECTIVES and all(map(_is_word, many)):
            return _either([str(each) for each in many])
    return ""


def _is_word(value: Scalar) -> bool:
    return isinstance(value, str) and value.isalnum()


def _clause(rule: Rule) -> str:
    match rule:
        case AllOf(rules):
            return "(" + " and ".join(_clause(each) for each in rules) + ")" if len(rules) > 1 else _clause(rules[0])
        case AnyOf(rules):
            return "(" + " or ".join(_clause(each) for each in rules) + ")" if len(rules) > 1 else _clause(rules[0])
        case Not(inner):
            return _opposite(inner)
        case Compare():
            return _comparison(rule)
        case InSegment(slug):
            return f"who are in “{slug}”"
        case SubscribedTo(slug, channel=channel):
            return f"who are subscribed to {slug} on {channel}"
        case _:
            return _event_clause(rule)


def _opposite(rule: Rule) -> str:
    match rule:
        case Not(inner):
            return _clause(inner)
        case InSegment(slug):
            return f"who are not in “{slug}”"
        case SubscribedTo(slug, channel=channel):
            return f"who are not subscribed to {slug} on {channel}"
        case Did(events, 1):
            return _clause(HasNot(events))
        case HasNot(events):
            return _clause(Did(events))
    return (
        f"who are not those {_clause(rule).removeprefix('(').removesuffix(')')}"
        if _plain(rule)
        else (f"who are none of those {_clause(rule)}")
    )


def _plain(rule: Rule) -> bool:
    return not isinstance(rule, AllOf | AnyOf)


def _comparison(rule: Compare) -> str:
    match rule:
        case Compare("created_at", operator, value):
            return f"who were added {_when(operator, value)}"
        case Compare(subject, Operator.IS, value) if subject in PLACES:
            return f"in {_value(value)}"
        case Compare(subject, Operator.IN, tuple(many)) if subject in PLACES:
            return f"in {_either([_value(each) for each in many])}"
        case Compare(subject, Operator.EXISTS, value):
            return f"who have {'a' if value else 'no'} {_attribute(subject)}"
    return f"whose {_attribute(rule.subject)} {_predicate(rule)}"


def _attribute(name: str) -> str:
    return {"email": "e-mail address", "timezone": "time zone"}.get(name, name.replace("_", " "))


def _predicate(rule: Compare) -> str:
    match rule:
        case Compare(_, Operator.IS, value):
            return f"is {_value(value)}"
        case Compare(_, Operator.IS_NOT, value):
            return f"is not {_value(value)}"
        case Compare(_, Operator.IN, tuple(many)):
            return f"is {_either([_value(each) for each in many])}"
        case Compare(_, Operator.NOT_IN, tuple(many)):
            return f"is not {_either([_value(each) for each in many])}"
        case Compare(_, Operator.CONTAINS, value):
            return f"contains {_value(value)}"
        case Compare(_, Operator.STARTS_WITH, value):
            return f"starts with {_value(value)}"
        case Compare(_, Operator.EXISTS, value):
            return "is given" if value else "is not given"
    return f"is {COMPARED[rule.operator]} {_value(rule.value)}"


def _event_clause(rule: Did | HasNot | EdgeEvent | Total) -> str:
    match rule:
        case Did(events, times):
            return f"who {_done(events.event)}{_times(times)}{_circumstances(events)}"
        case HasNot(events):
            return f"who have not {_done(events.event, perfect=True)}{_circumstances(events)}"
        case Total(events, operator, amount):
            return f"whose “{events.event}” adds up to {COMPARED[operator]} {_value(amount)}{_circumstances(events)}"
        case EdgeEvent(edge, event, operator, value):
            return f"who {edge} {_done(event)} {_when(operator, value)}"


def _done(event: str, *, perfect: bool = False) -> str:
    """An event named by a past tense is a verb already; any other is something done."""
    if event.isalpha() and event.endswith("ed"):
        return event
    return f"{'done' if perfect else 'did'} “{event}”"


def _times(times: int) -> str:
    return {1: "", 2: " twice"}.get(times, f" {times} times")


def _circumstances(events: Occurrences) -> str:
    where = [f"{_attribute(each.subject)} {_predicate(each)}" for each in events.where]
    within = f" {_within(events.within_days)}" if events.within_days else ""
    return (f" (where {' and '.join(where)})" if where else "") + within


def _when(operator: str, value: object) -> str:
    if operator == Operator.WITHIN_DAYS:
        return _within(value)
    if operator == Operator.MORE_THAN_DAYS_AGO:
        return f"more than {_days(value)} ago"
    word = DATED[Operator(operator)] if operator in set(DATED) else operator
    return f"{word} {_moment(value)}"


def _within(days: object) -> str:
    return "in the last day" if days == 1 else f"in the last {days} days"


def _days(days: object) -> str:
    return "1 day" if days == 1 else f"{days} days"


def _moment(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%-d %B %Y, %H:%M %Z}"
    return f"{value:%-d %B %Y}"


def _either(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"{', '.join(values[:-1])} or {values[-1]}"


def _value(value: Scalar | Moment | tuple[Scalar, ...]) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and not value.isalnum():
        return f"“{value}”"
    return f"{value}"
