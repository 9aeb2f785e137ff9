"""One comparison of a rule as a condition that is true or false, never NULL: so `NOT` of it is its exact opposite."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import BooleanField, Case, F, Q, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Left, StrIndex
from django.db.models.lookups import Exact, GreaterThan, GreaterThanOrEqual, IsNull, LessThan, LessThanOrEqual

from audiences.queries.json_values import ByCodePoint, JsonKind, JsonNumber, JsonText, JsonTruth, RuleNumber
from audiences.rules.grammar import Compare, Operator, Scalar
from audiences.rules.vocabulary import CORE_TEXT, EVENT_VALUE

LOOKUPS: dict[Operator, Callable[[Any, Any], Any]] = {
    Operator.LESS_THAN: LessThan,
    Operator.AT_MOST: LessThanOrEqual,
    Operator.MORE_THAN: GreaterThan,
    Operator.AT_LEAST: GreaterThanOrEqual,
}


@dataclass(frozen=True)
class Subject:
    """What is compared, once for each type that it can have; None where it never has that type."""

    present: Q
    text: Combinable | None = None
    number: Combinable | None = None
    truth: Combinable | None = None


def of_customer(compare: Compare) -> Q:
    """A comparison with a core text field or a JSON attribute, on `Customer`."""
    if compare.subject in CORE_TEXT:
        return _condition(Subject(~Q(**{compare.subject: ""}), text=ByCodePoint(F(compare.subject))), compare)
    return _condition(_json("attributes", compare.subject), compare)


def of_event(compare: Compare) -> Q:
    """A comparison with the money value or a JSON property, on `Event`."""
    if compare.subject == EVENT_VALUE:
        return _condition(Subject(Q(value__isnull=False), number=F("value")), compare)
    return _condition(_json("properties", compare.subject), compare)


def _json(column: str, key: str) -> Subject:
    kind = JsonKind(column, key)
    return Subject(
        present=Q(IsNull(kind, False)) & ~_true(Exact(kind, Value("null"))),
        text=JsonText(column, key),
        number=JsonNumber(column, key),
        truth=JsonTruth(column, key),
    )


def _condition(subject: Subject, compare: Compare) -> Q:
    value: Any = compare.value
    match compare.operator:
        case Operator.EXISTS:
            return subject.present if value else ~subject.present
        case Operator.IS | Operator.IS_NOT:
            found = _is_one_of(subject, [value])
        case Operator.IN | Operator.NOT_IN:
            found = _is_one_of(subject, value)
        case Operator.CONTAINS:
            found = _text(subject, lambda text: GreaterThan(StrIndex(text, Value(value)), 0))
        case Operator.STARTS_WITH:
            found = _text(subject, lambda text: Exact(Left(text, len(value)), Value(value)))
        case _:
            found = _ordered(subject, compare.operator, value)
    return ~found if compare.operator in (Operator.IS_NOT, Operator.NOT_IN) else found


def _is_one_of(subject: Subject, values: Sequence[Scalar]) -> Q:
    return reduce(or_, (_true(_equal(subject, value)) for value in values))


def _equal(subject: Subject, value: Scalar) -> Any:
    if isinstance(value, bool):
        return subject.truth and Exact(subject.truth, Value(value))
    if isinstance(value, str):
        return subject.text and Exact(subject.text, Value(value))
    return subject.number and Exact(subject.number, RuleNumber(value))


def _ordered(subject: Subject, operator: Operator, value: str | int | float) -> Q:
    lookup = LOOKUPS[operator]
    if isinstance(value, str):
        return _text(subject, lambda text: lookup(text, Value(value)))
    return _true(subject.number and lookup(subject.number, RuleNumber(value)))


def _text(subject: Subject, lookup: Callable[[Any], Any]) -> Q:
    return _true(subject.text and lookup(subject.text))


def _true(condition: Any) -> Q:
    """NULL counts as false. None, a type that the subject never has, is false too."""
    if condition is None:
        return Q(pk__in=[])
    return Q(Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField()))
