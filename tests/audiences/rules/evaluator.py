"""What a rule means, said once more in plain Python over one customer's data: the SQL is tested against it."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from audiences.rules.grammar import (
    AllOf,
    AnyOf,
    Compare,
    Did,
    EdgeEvent,
    HasNot,
    InSegment,
    Not,
    Occurrences,
    Operator,
    Rule,
    SubscribedTo,
    Total,
)


@dataclass(frozen=True)
class Happened:
    name: str
    occurred_at: datetime
    value: Decimal | None = None
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Person:
    created_at: datetime
    core: dict[str, str]
    attributes: dict[str, Any]
    events: list[Happened]
    listed: bool
    said: dict[tuple[str, str], bool]


def takes(rule: Rule, person: Person, now: datetime) -> bool:  # noqa: C901 - one case for each kind of rule
    match rule:
        case AllOf(rules):
            return all(takes(each, person, now) for each in rules)
        case AnyOf(rules):
            return any(takes(each, person, now) for each in rules)
        case Not(inner):
            return not takes(inner, person, now)
        case Compare("created_at", operator, value):
            return on_time(person.created_at, operator, value, now)
        case Compare(subject) if subject in person.core:
            return compares(rule, person.core[subject] or None)
        case Compare(subject):
            return compares(rule, person.attributes.get(subject))
        case InSegment(rule=inner):
            return takes(inner, person, now) if inner else person.listed
        case SubscribedTo(slug, opt_in=opt_in, channel=channel):
            return person.said.get((slug, channel), not opt_in)
        case Did(events, times):
            return len(occurred(events, person, now)) >= times
        case HasNot(events):
            return not occurred(events, person, now)
        case Total(events, operator, amount):
            total = sum((each.value or Decimal() for each in occurred(events, person, now)), Decimal())
            return ordered(total, operator, Decimal(repr(amount)))
        case EdgeEvent(edge, event, operator, value):
            moments = [each.occurred_at for each in occurred(Occurrences(event), person, now)]
            return bool(moments) and on_time(min(moments) if edge == "first" else max(moments), operator, value, now)


def occurred(events: Occurrences, person: Person, now: datetime) -> list[Happened]:
    since = now - timedelta(days=events.within_days) if events.within_days else datetime(1, 1, 1, tzinfo=UTC)
    return [
        each
        for each in person.events
        if each.name == events.event
        and since <= each.occurred_at <= now
        and all(
            compares(compare, float(each.value) if each.value is not None else None)
            if compare.subject == "value"
            else compares(compare, each.properties.get(compare.subject))
            for compare in events.where
        )
    ]


def compares(rule: Compare, found: Any) -> bool:
    value: Any = rule.value
    match rule.operator:
        case Operator.EXISTS:
            return bool((found is not None) == value)
        case Operator.IS:
            return same(found, value)
        case Operator.IS_NOT:
            return not same(found, value)
        case Operator.IN:
            return any(same(found, each) for each in value)
        case Operator.NOT_IN:
            return not any(same(found, each) for each in value)
        case Operator.CONTAINS:
            return isinstance(found, str) and value in found
        case Operator.STARTS_WITH:
            return isinstance(found, str) and found.startswith(value)
    return kind(found) == kind(value) and kind(found) in ("text", "number") and ordered(found, rule.operator, value)


def same(found: Any, value: Any) -> bool:
    return kind(found) == kind(value) and bool(found == value)


def kind(value: Any) -> str:
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else "other"


def ordered(found: Any, operator: Operator, value: Any) -> bool:
    return bool(
        {
            Operator.LESS_THAN: lambda: found < value,
            Operator.AT_MOST: lambda: found <= value,
            Operator.MORE_THAN: lambda: found > value,
            Operator.AT_LEAST: lambda: found >= value,
        }[operator]()
    )


def on_time(moment: datetime, operator: str, value: Any, now: datetime) -> bool:
    if operator == "within_days":
        return moment >= now - timedelta(days=value)
    if operator == "more_than_days_ago":
        return moment < now - timedelta(days=value)
    start, end = bounds(value)
    return {
        "less_than": moment < start,
        "before": moment < start,
        "at_most": moment < end,
        "more_than": moment >= end,
        "after": moment >= end,
        "at_least": moment >= start,
    }[str(operator)]


def bounds(value: date | datetime) -> tuple[datetime, datetime]:
    """A date is a whole day in UTC, the zone of the workspace in these tests; a moment is itself."""
    if isinstance(value, datetime):
        return value, value + timedelta(microseconds=1)
    start = datetime.combine(value, time(), UTC)
    return start, start + timedelta(days=1)
