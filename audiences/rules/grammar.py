"""A segment rule as a tree of frozen values: what `parse` makes, and what `words` and `segment_sql` read.

Every leaf is either true or false of a customer, never unknown: a comparison with an attribute that is not there
is false, and its opposites (`is_not`, `not_in`) are true.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal, TypeAlias

Scalar: TypeAlias = str | int | float | bool
Moment: TypeAlias = date | datetime  # a date means midnight where the workspace is; a datetime is aware


class RuleError(ValueError):
    """A rule that cannot be used. `path` says where (“all[1].did”), `message` what to do about it."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path or 'rule'}: {message}")
        self.path = path
        self.message = message


class Operator(StrEnum):
    """How a comparison compares; the same words for attributes, properties and sums."""

    IS = "is"
    IS_NOT = "is_not"
    IN = "in"
    NOT_IN = "not_in"
    LESS_THAN = "less_than"
    AT_MOST = "at_most"
    MORE_THAN = "more_than"
    AT_LEAST = "at_least"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    EXISTS = "exists"
    WITHIN_DAYS = "within_days"
    MORE_THAN_DAYS_AGO = "more_than_days_ago"


ORDER = (Operator.LESS_THAN, Operator.AT_MOST, Operator.MORE_THAN, Operator.AT_LEAST)
AGES = (Operator.WITHIN_DAYS, Operator.MORE_THAN_DAYS_AGO)
COMPARISONS = tuple(operator for operator in Operator if operator not in AGES)


@dataclass(frozen=True)
class Compare:
    """One comparison with an attribute or core field of the customer, or with a property of an event."""

    subject: str
    operator: Operator
    value: Scalar | Moment | tuple[Scalar, ...]


@dataclass(frozen=True)
class Occurrences:
    """The events that a leaf looks at: of one name, perhaps of the last days, perhaps with certain properties."""

    event: str
    within_days: int | None = None
    where: tuple[Compare, ...] = ()


@dataclass(frozen=True)
class Did:
    events: Occurrences
    at_least: int = 1


@dataclass(frozen=True)
class HasNot:
    events: Occurrences


@dataclass(frozen=True)
class EdgeEvent:
    """The moment of a customer's first or last event of a name; false for who has none."""

    edge: Literal["first", "last"]
    event: str
    operator: Literal["before", "after", "within_days", "more_than_days_ago"]
    value: Moment | int


@dataclass(frozen=True)
class Total:
    """The sum of the money values of events; nothing bought is a sum of 0."""

    events: Occurrences
    operator: Operator
    amount: int | float


@dataclass(frozen=True)
class InSegment:
    """`rule` is the other segment's own tree, inlined; None where it is a segment by list."""

    slug: str
    segment_id: int
    rule: "Rule | None"


@dataclass(frozen=True)
class SubscribedTo:
    slug: str
    topic_id: int
    opt_in: bool
    channel: str


@dataclass(frozen=True)
class AllOf:
    rules: "tuple[Rule, ...]"


@dataclass(frozen=True)
class AnyOf:
    rules: "tuple[Rule, ...]"


@dataclass(frozen=True)
class Not:
    rule: "Rule"


Rule: TypeAlias = AllOf | AnyOf | Not | Compare | Did | HasNot | EdgeEvent | Total | InSegment | SubscribedTo
