"""The lists that no test of their own page counts: the same queries with one row and with three, as a literal."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from audiences.models import Event, Suppression
from deliveries import tokens
from deliveries.models import InboxItem
from tests.builders import NOW, make_campaign, make_customer, make_delivery, make_running_send, make_topic, make_user

pytestmark = pytest.mark.django_db
# PostgreSQL is asked for the time as well.
CUSTOMER_QUERIES = 24 + (connection.vendor == "postgresql")


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_of_a_customer_costs_the_same_whatever_they_did_and_got(
    client: Client, count: int, django_assert_num_queries: Any
) -> None:
    customer = make_customer(attributes={f"a{number}": number for number in range(count)})
    for number in range(count):
        make_topic(f"topic-{number}")
        Event.objects.create(customer=customer, name="ordered", occurred_at=NOW, idempotency_key=str(number))
        Suppression.objects.create(customer=customer, channel=["", "email", "in_app"][number], reason="manual")
        make_delivery(make_running_send(make_campaign(topic=make_topic("topic-0"))), customer, state="sent")
    client.force_login(make_user())
    with django_assert_num_queries(CUSTOMER_QUERIES):
        assert client.get(f"/calendar/customers/{customer.pk}/").status_code == 200


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(("path", "queries"), [("", 2), ("unread/", 2)])
def test_an_inbox_costs_the_same_however_long_it_is(
    path: str, queries: int, count: int, django_assert_num_queries: Any
) -> None:
    customer = make_customer()
    for _ in range(count):
        delivery = make_delivery(make_running_send(make_campaign(channels=["in_app"])), customer, "in_app")
        InboxItem.objects.create(delivery=delivery, customer=customer, title="Hello", created_at=NOW)
    reader = Client(headers={"authorization": f"Inbox {tokens.inbox_token(customer.pk)}"})
    with django_assert_num_queries(queries):
        assert reader.get(f"/api/v1/inbox/{path}").status_code == 200
