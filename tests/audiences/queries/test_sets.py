"""The sets that admission is made of: the same few statements for one customer and for three."""

from collections.abc import Callable
from typing import Any

import pytest
from pyroaring import BitMap

from audiences.addresses import address_hash
from audiences.models import Customer, Subscription, Suppression, Workspace
from audiences.queries import consent, customers, segments
from audiences.queries.ids import id_set
from tests.builders import NOW, make_customer, make_customers, make_segment, make_topic

pytestmark = pytest.mark.django_db
EVERYONE = range(1_000_000)


def ids(*who: Customer) -> BitMap:
    return BitMap([each.pk for each in who])


def say(customer: Customer, topic: Any, subscribed: bool, channel: str = "email") -> None:
    Subscription.objects.create(
        customer=customer, topic=topic, channel=channel, subscribed=subscribed, source="team", changed_at=NOW
    )


def erase(customer: Customer) -> None:
    Customer.objects.filter(pk=customer.pk).update(erased_at=NOW)


def test_an_opt_out_topic_has_everyone_who_did_not_say_no() -> None:
    silent, yes, no, elsewhere, gone = make_customers(5)
    topic = make_topic()
    say(yes, topic, True)
    say(no, topic, False)
    say(elsewhere, topic, False, "in_app")
    erase(gone)
    assert consent.subscribed(topic.pk, "email", EVERYONE) == ids(silent, yes, elsewhere)


def test_an_opt_in_topic_has_those_alone_who_said_yes() -> None:
    _, yes, no = make_customers(3)
    topic = make_topic("offers", opt_in=True)
    say(yes, topic, True)
    say(no, topic, False)
    assert consent.subscribed(topic.pk, "email", EVERYONE) == ids(yes)


def test_a_suppression_holds_by_customer_and_by_address_on_its_channel_or_on_all() -> None:
    by_self, by_address, everywhere, elsewhere, _ = make_customers(5)
    Suppression.objects.create(customer=by_self, channel="email", reason="manual")
    Suppression.objects.create(address_hash=address_hash(by_address.email), channel="email", reason="bounce")
    Suppression.objects.create(customer=everywhere, reason="complaint")
    Suppression.objects.create(customer=elsewhere, channel="in_app", reason="manual")
    assert consent.suppressed("email", EVERYONE) == ids(by_self, by_address, everywhere)
    assert consent.hard_bounced("email", EVERYONE) == ids(by_address)


def test_who_shares_a_suppressed_address_is_suppressed_with_it() -> None:
    first, second = make_customers(2, email="Both@example.com")
    Suppression.objects.create(address_hash=address_hash("both@EXAMPLE.com "), channel="email", reason="bounce")
    assert consent.suppressed("email", EVERYONE) == ids(first, second)


def test_no_address_shares_nothing() -> None:
    nobody = make_customer(email="")
    Suppression.objects.create(customer=nobody, channel="email", reason="manual")
    make_customer(email="")
    assert consent.suppressed("email", EVERYONE) == ids(nobody)


def test_reachable_by_email_needs_an_address_and_life() -> None:
    reachable, without, broken, gone = (
        make_customer(),
        make_customer(email=""),
        make_customer(email="x"),
        make_customer(),
    )
    erase(gone)
    assert customers.reachable("email", EVERYONE) == ids(reachable)
    assert customers.reachable("", EVERYONE) == ids(reachable, without, broken)
    with pytest.raises(ValueError, match="no contact field “phone”"):
        customers.reachable("phone", EVERYONE)


def test_a_missing_or_unknown_zone_is_the_workspaces() -> None:
    Workspace.objects.create(timezone="Europe/Berlin")
    berlin, tokyo = make_customer(timezone="Europe/Berlin"), make_customer(timezone="Asia/Tokyo")
    missing, unknown = make_customer(), make_customer(timezone="Mars/Base")
    members = ids(berlin, tokyo, missing, unknown)
    assert customers.by_zone(members) == {"Europe/Berlin": ids(berlin, missing, unknown), "Asia/Tokyo": ids(tokyo)}
    assert customers.by_zone(members, range(tokyo.pk, missing.pk)) == {"Asia/Tokyo": ids(tokyo)}
    assert list(customers.in_unknown_zone()) == [unknown]


def test_a_range_takes_its_start_and_not_its_end() -> None:
    first, second, third = make_customers(3)
    assert customers.alive(range(first.pk, third.pk)) == ids(first, second)


def test_the_members_of_a_segment_are_those_of_its_newest_refresh_without_the_erased() -> None:
    first, second, third, gone = make_customers(4)
    one, two = make_segment([first, gone]), make_segment([second, gone])
    erase(gone)
    assert segments.members(one.pk) == ids(first)
    assert segments.union([one.pk, two.pk]) == ids(first, second)
    assert segments.members_of_each([one.pk, two.pk, 0]) == {one.pk: ids(first), two.pk: ids(second), 0: BitMap()}
    assert segments.union([]) == BitMap()
    assert third.pk not in segments.union([one.pk, two.pk])


def test_a_set_of_nobody_is_empty() -> None:
    assert id_set(Customer.objects.none()) == BitMap()
    assert id_set(Customer.objects.filter(pk__in=[])) == BitMap()


QUERIES: list[tuple[int, Callable[[int], Any]]] = [
    (3, lambda topic: consent.subscribed(topic, "email", EVERYONE)),
    (2, lambda _: consent.suppressed("email", EVERYONE)),
    (2, lambda _: consent.hard_bounced("email", EVERYONE)),
    (1, lambda _: customers.alive()),
    (1, lambda _: customers.reachable("email", EVERYONE)),
    (2, lambda _: customers.by_zone(BitMap([1, 2, 3]))),
    (2, lambda _: segments.union([1, 2, 3])),
    (2, lambda _: segments.members_of_each([1, 2, 3])),
]


@pytest.mark.parametrize("customer_count", [1, 3])
@pytest.mark.parametrize(("expected", "query"), QUERIES)
def test_a_set_costs_the_same_statements_for_one_and_for_three(
    expected: int, query: Callable[[int], Any], customer_count: int, django_assert_num_queries: Any
) -> None:
    Workspace.current()
    make_segment(make_customers(customer_count, timezone="Asia/Tokyo"))
    topic = make_topic()
    with django_assert_num_queries(expected):
        query(topic.pk)
