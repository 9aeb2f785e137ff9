"""A rule's tree as one condition on `Customer`, and so as one SQL statement.

Each leaf about events is `id IN (one grouped subquery)`: it plans well wherever it stands, under `not` and `any` too,
where a correlated `EXISTS` would be run for each customer. Moments are as of `now`: what lies ahead has not happened.
"""

import math
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from functools import reduce
from operator import and_, or_
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField, Count, F, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import Cast, Coalesce, Round

from audiences.models import Event, ListMember, Subscription
from audiences.queries import comparisons
from audiences.rules.grammar import (
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
    SubscribedTo,
    Total,
)
from audiences.rules.vocabulary import CORE_DATES

# Sums are compared in whole cents: floats, which SQLite adds up with, would miss by a hair.
CENTS = Coalesce(Sum(Cast(Round(F("value") * 100), BigIntegerField())), 0)


@dataclass(frozen=True)
class AsOf:
    """The moment that a rule is read at, and the zone in which its dates are meant."""

    now: datetime
    zone: ZoneInfo

    def start_of(self, moment: Moment) -> datetime:
        return moment if isinstance(moment, datetime) else datetime.combine(moment, time(), self.zone)

    def end_of(self, moment: Moment) -> datetime:
        """The first instant after it: for a date, the next midnight."""
        if isinstance(moment, datetime):
            return moment + timedelta(microseconds=1)
        return self.start_of(moment + timedelta(days=1))

    def days_ago(self, days: Any) -> datetime:
        return self.now - timedelta(days=days)


def condition(rule: Rule, as_of: AsOf) -> Q:
    match rule:
        case AllOf(rules):
            return reduce(and_, (condition(each, as_of) for each in rules))
        case AnyOf(rules):
            return reduce(or_, (condition(each, as_of) for each in rules))
        case Not(inner):
            return ~condition(inner, as_of)
        case Compare(subject) if subject in CORE_DATES:
            return _time(subject, rule.operator, rule.value, as_of)
        case Compare():
            return comparisons.of_customer(rule)
        case InSegment(segment_id=segment_id, rule=inner):
            return condition(inner, as_of) if inner else _on_list(segment_id)
        case SubscribedTo():
            return _subscribed(rule)
        case _:
            return _events(rule, as_of)


def _on_list(segment_id: int) -> Q:
    return Q(pk__in=ListMember.objects.filter(segment=segment_id).values("customer_id"))


def _subscribed(rule: SubscribedTo) -> Q:
    said = Subscription.objects.filter(topic=rule.topic_id, channel=rule.channel, subscribed=rule.opt_in)
    found = Q(pk__in=said.values("customer_id"))
    return found if rule.opt_in else ~found


def _events(rule: Did | HasNot | EdgeEvent | Total, as_of: AsOf) -> Q:
    match rule:
        case HasNot(events):
            return ~_in(_occurred(events, as_of).distinct())
        case Did(events, 1):
            return _in(_occurred(events, as_of).distinct())
        case Did(events, times):
            return _in(_grouped(events, as_of).annotate(times=Count("*")).filter(times__gte=times))
        case EdgeEvent():
            return _edge(rule, as_of)
        case Total():
            return _total(rule, as_of)


def _in(events: QuerySet[Any, Any]) -> Q:
    return Q(pk__in=events.values("customer_id"))


def _occurred(events: Occurrences, as_of: AsOf) -> QuerySet[Event]:
    found = Event.objects.filter(name=events.event, occurred_at__lte=as_of.now)
    if events.within_days:
        found = found.filter(occurred_at__gte=as_of.days_ago(events.within_days))
    for each in events.where:
        found = found.filter(comparisons.of_event(each))
    return found


def _grouped(events: Occurrences, as_of: AsOf) -> QuerySet[Any, Any]:
    return _occurred(events, as_of).values("customer_id")


def _edge(rule: EdgeEvent, as_of: AsOf) -> Q:
    moment = Min("occurred_at") if rule.edge == "first" else Max("occurred_at")
    grouped = _grouped(Occurrences(rule.event), as_of).annotate(moment=moment)
    return _in(grouped.filter(_time("moment", _EDGE_OPERATORS[rule.operator], rule.value, as_of)))


_EDGE_OPERATORS = {
    "before": Operator.LESS_THAN,
    "after": Operator.MORE_THAN,
    "within_days": Operator.WITHIN_DAYS,
    "more_than_days_ago": Operator.MORE_THAN_DAYS_AGO,
}


def _time(column: str, operator: Operator, value: Any, as_of: AsOf) -> Q:
    match operator:
        case Operator.LESS_THAN:
            return Q(**{f"{column}__lt": as_of.start_of(value)})
        case Operator.AT_MOST:
            return Q(**{f"{column}__lt": as_of.end_of(value)})
        case Operator.MORE_THAN:
            return Q(**{f"{column}__gte": as_of.end_of(value)})
        case Operator.AT_LEAST:
            return Q(**{f"{column}__gte": as_of.start_of(value)})
        case Operator.WITHIN_DAYS:
            return Q(**{f"{column}__gte": as_of.days_ago(value)})
        case _:
            return Q(**{f"{column}__lt": as_of.days_ago(value)})


def _total(rule: Total, as_of: AsOf) -> Q:
    """Customers without such events have a sum of 0 and stand in no group: where 0 will do, take out who fails."""
    cents = Decimal(repr(rule.amount)) * 100
    grouped = _grouped(rule.events, as_of).annotate(cents=CENTS)
    passes = _cents(rule.operator, cents)
    return ~_in(grouped.filter(~passes)) if _zero_passes(rule.operator, cents) else _in(grouped.filter(passes))


def _cents(operator: Operator, cents: Decimal) -> Q:
    """Whole cents on both sides, so that neither database compares an integer with a fraction."""
    match operator:
        case Operator.LESS_THAN:
            return Q(cents__lt=math.ceil(cents))
        case Operator.AT_MOST:
            return Q(cents__lte=math.floor(cents))
        case Operator.MORE_THAN:
            return Q(cents__gt=math.floor(cents))
        case _:
            return Q(cents__gte=math.ceil(cents))


def _zero_passes(operator: Operator, cents: Decimal) -> bool:
    return {
        Operator.LESS_THAN: cents > 0,
        Operator.AT_MOST: cents >= 0,
        Operator.MORE_THAN: cents < 0,
    }.get(operator, cents <= 0)
