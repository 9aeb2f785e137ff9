from typing import Any

import pytest

from audiences.models import Customer, Subscription, Suppression
from audiences.queries.consent import hard_bounced, suppressed
from audiences.services.consent import (
    SubscriptionRow,
    set_subscription,
    set_subscriptions,
    suppress,
)
from tests.builders import NOW, make_customer, make_customers, make_topic

pytestmark = pytest.mark.django_db
EVERYONE = range(1_000_000)


def test_a_subscription_is_changed_once() -> None:
    customer, topic = make_customer(), make_topic()
    assert set_subscription(customer.pk, topic.pk, "email", False, Subscription.Source.CUSTOMER, NOW)
    assert not set_subscription(customer.pk, topic.pk, "email", False, Subscription.Source.TEAM, NOW)
    kept = Subscription.objects.get()
    assert (kept.subscribed, kept.source, kept.changed_at) == (False, "customer", NOW)
    assert set_subscription(customer.pk, topic.pk, "email", True, Subscription.Source.TEAM, NOW)


def test_the_erased_have_no_say_left() -> None:
    customer = make_customer(erased_at=NOW)
    assert not set_subscription(customer.pk, make_topic().pk, "email", True, Subscription.Source.API, NOW)
    assert not Subscription.objects.exists()


def test_a_bounce_is_of_the_address_and_a_new_address_is_free_of_it() -> None:
    customer, sharing = make_customers(2, email="both@example.com")
    assert suppress(customer, "email", Suppression.Reason.BOUNCE, "550", NOW)
    assert not suppress(sharing, "email", Suppression.Reason.BOUNCE, "550", NOW)
    assert set(hard_bounced("email", EVERYONE)) == {customer.pk, sharing.pk}
    customer.email = "new@example.com"
    customer.save()
    assert set(suppressed("email", EVERYONE)) == {sharing.pk}


def test_a_complaint_follows_the_person_and_stays_with_the_address() -> None:
    customer, sharing = make_customers(2, email="both@example.com")
    suppress(customer, "email", Suppression.Reason.COMPLAINT, "", NOW)
    customer.email = "new@example.com"
    customer.save()
    assert set(suppressed("email", EVERYONE)) == {customer.pk, sharing.pk}


def test_a_manual_stop_is_of_one_customer_on_every_channel() -> None:
    customer, _ = make_customers(2, email="both@example.com")
    suppress(customer, "", Suppression.Reason.MANUAL, "asked by phone", NOW)
    assert set(suppressed("email", EVERYONE)) == set(suppressed("in_app", EVERYONE)) == {customer.pk}


def test_somebody_without_an_address_is_suppressed_by_who_they_are() -> None:
    customer = Customer.objects.create(external_id="no-address")
    suppress(customer, "email", Suppression.Reason.BOUNCE, "", NOW)
    assert set(suppressed("email", EVERYONE)) == {customer.pk}


@pytest.mark.parametrize("count", [1, 3])
def test_subscriptions_cost_the_same_statements_for_one_and_for_three(
    count: int, django_assert_num_queries: Any
) -> None:
    topic = make_topic()
    rows = [SubscriptionRow(each.pk, topic.pk, "email", False) for each in make_customers(count)]
    from django.db import connection

    shards = len({row.customer_id // 256 for row in rows}) if connection.vendor == "postgresql" else 0
    with django_assert_num_queries(5 + shards):
        assert set_subscriptions(rows, Subscription.Source.TEAM, NOW) == count
