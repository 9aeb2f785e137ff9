"""The SQL of a rule takes exactly the customers that the rule takes when read in plain Python."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from audiences.models import AttributeName, Customer, Event, ListMember, Segment, Subscription
from audiences.queries.segments import matching, matching_ids
from audiences.queries.vocabulary import vocabulary
from audiences.rules import parse
from tests.audiences.rules.evaluator import Happened, Person, takes
from tests.audiences.rules.strategies import EVENTS, RULES, SCALARS, VOCABULARY
from tests.builders import NOW, make_customer, make_topic

pytestmark = pytest.mark.django_db

AGES = st.sampled_from([timedelta(days=days, hours=hours) for days in (-1, 0, 1, 2, 4, 29, 40) for hours in (0, 9)])
HAPPENED = st.builds(
    Happened,
    EVENTS,
    AGES.map(lambda age: NOW - age),
    st.sampled_from([None, *map(Decimal, ("0.10", "0.20", "9.75", "10.00", "-1.00"))]),
    st.fixed_dictionaries({}, optional={"cds": SCALARS | st.none(), "category": SCALARS}),
)
PEOPLE = st.builds(
    Person,
    AGES.map(lambda age: NOW - age),
    st.fixed_dictionaries(
        {
            "email": st.sampled_from(["", "a@de", "A@at"]),
            "name": st.sampled_from(["", "pro", "äa-b"]),
            "locale": st.sampled_from(["", "DE", "de"]),
            "timezone": st.just(""),
        }
    ),
    st.fixed_dictionaries({}, optional=dict.fromkeys(sorted(VOCABULARY.attributes), SCALARS)),
    st.lists(HAPPENED, max_size=4),
    st.booleans(),
    st.dictionaries(st.tuples(st.sampled_from(["tips", "offers"]), st.just("email")), st.booleans()),
)


def store(people: list[Person]) -> dict[int, Person]:
    topics = {"tips": make_topic("tips"), "offers": make_topic("offers", opt_in=True)}
    AttributeName.objects.bulk_create(
        (AttributeName(name=name) for name in VOCABULARY.attributes), ignore_conflicts=True
    )
    listed, _ = Segment.objects.get_or_create(slug="listed", name="Listed", kind="list")
    Segment.objects.get_or_create(slug="ruled", defaults={"rule": {"attribute": "plan", "is": "pro"}})
    stored = {}
    for person in people:
        customer = make_customer(**person.core, attributes=person.attributes, created_at=person.created_at)
        stored[customer.pk] = person
        Event.objects.bulk_create(
            Event(
                customer=customer,
                name=each.name,
                occurred_at=each.occurred_at,
                value=each.value,
                properties=each.properties,
                idempotency_key=f"{customer.pk}-{index}",
            )
            for index, each in enumerate(person.events)
        )
        if person.listed:
            ListMember.objects.create(segment=listed, customer=customer)
        Subscription.objects.bulk_create(
            Subscription(customer=customer, topic=topics[slug], channel=channel, subscribed=yes, changed_at=NOW)
            for (slug, channel), yes in person.said.items()
        )
    return stored


@given(people=st.lists(PEOPLE, min_size=1, max_size=5), rules=st.lists(RULES, min_size=1, max_size=4))
@hypothesis_settings(max_examples=80)
def test_the_sql_of_a_rule_takes_whom_plain_python_takes(people: list[Person], rules: list[dict[str, Any]]) -> None:
    Customer.objects.all().delete()
    stored = store(people)
    known = vocabulary()
    for rule in rules:
        expected = {pk for pk, person in stored.items() if takes(parse(rule, known), person, NOW)}
        assert set(matching_ids(rule, NOW)) == expected, rule


@pytest.mark.parametrize(
    ("comparison", "days"),
    [
        ({"less_than": "2026-11-20"}, [18, 19]),
        ({"at_most": "2026-11-20"}, [18, 19, 20]),
        ({"more_than": "2026-11-20"}, [21, 22]),
        ({"at_least": "2026-11-20"}, [20, 21, 22]),
        ({"within_days": 2}, [21, 22]),
        ({"more_than_days_ago": 2}, [18, 19, 20]),
    ],
)
def test_a_date_is_a_whole_day(comparison: dict[str, Any], days: list[int]) -> None:
    for day in (18, 19, 20, 21, 22):
        make_customer(created_at=NOW.replace(day=day))
    found = matching({"attribute": "created_at", **comparison}, NOW)
    assert sorted(each.created_at.day for each in found) == days


def test_before_and_after_a_date_leave_that_day_out() -> None:
    for day in (19, 20, 21):
        customer = make_customer(name=str(day))
        at = NOW.replace(day=day)
        Event.objects.create(customer=customer, name="ordered", occurred_at=at, idempotency_key=str(day))
    for operator, name in (("before", "19"), ("after", "21")):
        assert [each.name for each in matching({"first": "ordered", operator: "2026-11-20"}, NOW)] == [name]


def test_the_erased_are_in_no_rule() -> None:
    make_customer(external_id="erased-1", erased_at=NOW)
    assert not matching({"attribute": "created_at", "more_than": "2020-01-01"}, NOW).exists()


def test_a_date_is_meant_where_the_workspace_is() -> None:
    from audiences.models import Workspace

    Workspace.objects.create(timezone="Asia/Tokyo")
    made = make_customer(created_at=NOW.replace(day=22, hour=16))  # the 23rd in Tokyo
    assert list(matching({"attribute": "created_at", "at_least": "2026-11-23"}, NOW)) == [made]
