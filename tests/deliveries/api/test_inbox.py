from typing import Any

import pytest
from django.test import Client
from knox.models import AuthToken

from audiences.models import Customer, Event
from audiences.services.api_keys import create_api_key
from deliveries import tokens
from deliveries.models import InboxItem
from deliveries.services.erasure import erase_customer
from tests.builders import NOW, make_customer, make_delivery, make_user
from tests.deliveries.dispatches import make_memory_send

pytestmark = pytest.mark.django_db


def make_items(customer: Customer, count: int) -> list[InboxItem]:
    items = []
    for number in range(count):
        send = make_memory_send(0, channel="in_app")
        delivery = make_delivery(send, customer, "in_app", state="sent")
        items.append(
            InboxItem.objects.create(
                delivery=delivery, customer=customer, title=f"Item {number}", body="Body", link="/", created_at=NOW
            )
        )
    return items


def reader(customer: Customer) -> Client:
    return Client(headers={"Authorization": f"Inbox {tokens.inbox_token(customer.pk)}"})


def titles(response: Any) -> list[str]:
    return [item["title"] for item in response.json()["results"]]


def test_a_customer_reads_their_own_inbox_newest_first() -> None:
    customer, other = make_customer(), make_customer()
    items = make_items(customer, 3)
    make_items(other, 1)
    response = reader(customer).get("/api/v1/inbox/")
    assert titles(response) == ["Item 2", "Item 1", "Item 0"]
    assert response.json()["results"][2] == {
        "id": items[0].pk,
        "title": "Item 0",
        "body": "Body",
        "link": "/",
        "created_at": "2026-11-23T09:00:00Z",
        "seen_at": None,
        "read_at": None,
    }


def test_a_long_inbox_comes_in_pages() -> None:
    customer = make_customer()
    make_items(customer, 25)
    client = reader(customer)
    first = client.get("/api/v1/inbox")
    second = client.get(first.json()["next"].removeprefix("http://testserver"))
    assert len(titles(first)) == 20
    assert titles(first) + titles(second) == [f"Item {number}" for number in reversed(range(25))]


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_the_same_queries(count: int, django_assert_num_queries: Any) -> None:
    customer = make_customer()
    make_items(customer, count)
    with django_assert_num_queries(2):
        reader(customer).get("/api/v1/inbox/")


def test_reading_counts_down_what_is_unread() -> None:
    customer = make_customer()
    items = make_items(customer, 3)
    client = reader(customer)
    assert client.get("/api/v1/inbox/unread/").json() == {"unread": 3}
    client.post(f"/api/v1/inbox/{items[0].pk}/read/")
    client.post(f"/api/v1/inbox/{items[1].pk}/seen/")
    client.post(f"/api/v1/inbox/{items[2].pk}/dismiss/")
    assert client.get("/api/v1/inbox/unread/").json() == {"unread": 1}
    assert titles(client.get("/api/v1/inbox/")) == ["Item 1", "Item 0"]


def test_what_they_do_becomes_events_once() -> None:
    customer = make_customer()
    [item] = make_items(customer, 1)
    for action in ("seen", "read", "read", "dismiss", "dismiss", "seen"):
        assert reader(customer).post(f"/api/v1/inbox/{item.pk}/{action}/").status_code == 200
    events = Event.objects.filter(customer=customer).order_by("pk")
    assert [event.name for event in events] == ["message.seen", "message.read", "message.dismissed"]
    assert events[0].properties == {
        "campaign": item.delivery.send.campaign_id,
        "send": item.delivery.send_id,
        "channel": "in_app",
        "variant": "A",
    }


def test_the_first_time_counts() -> None:
    customer = make_customer()
    [item] = make_items(customer, 1)
    client = reader(customer)
    first = client.post(f"/api/v1/inbox/{item.pk}/read/").json()
    assert first["seen_at"] == first["read_at"]
    assert client.post(f"/api/v1/inbox/{item.pk}/read/").json() == first


@pytest.mark.parametrize("action", ["seen", "read", "dismiss"])
def test_somebody_elses_item_is_not_found(action: str) -> None:
    [item] = make_items(make_customer(), 1)
    assert reader(make_customer()).post(f"/api/v1/inbox/{item.pk}/{action}/").status_code == 404


@pytest.mark.parametrize("path", ["", "unread/"])
@pytest.mark.parametrize("authorization", ["", "Inbox", "Inbox nonsense", "Inbox a b", "Token x", "Inbox \xe9"])
def test_without_a_good_token_there_is_nothing_to_see(path: str, authorization: str) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    assert Client(headers=headers).get(f"/api/v1/inbox/{path}").status_code == 401


def test_a_token_of_another_purpose_opens_nothing() -> None:
    customer = make_customer()
    client = Client(headers={"Authorization": f"Inbox {tokens.preferences_token(customer.pk)}"})
    assert client.get("/api/v1/inbox/").status_code == 401


def test_the_token_of_an_erased_customer_is_dead() -> None:
    customer = make_customer()
    client = reader(customer)
    erase_customer(customer.pk, NOW)
    assert client.get("/api/v1/inbox/").status_code == 401


def test_reading_is_not_done_by_get() -> None:
    customer = make_customer()
    [item] = make_items(customer, 1)
    assert reader(customer).get(f"/api/v1/inbox/{item.pk}/read/").status_code == 405


def product() -> Client:
    return Client(headers={"Authorization": f"Token {create_api_key('shop')}"})


def test_the_product_asks_for_a_token_with_its_key() -> None:
    customer = make_customer(external_id="ada")
    response = product().post("/api/v1/inbox/tokens/", {"external_id": "ada"}, content_type="application/json")
    assert response.status_code == 201
    assert tokens.read_inbox(response.json()["token"]) == customer.pk


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"external_id": "nobody"}, 404),
        ({}, 400),
        ({"external_id": "a\x00"}, 400),
        ({"external_id": "\ud800"}, 400),
        ([], 400),
        (b"[" * 100_000, 400),
        (b" " * 1_048_577, 400),
    ],
)
def test_a_bad_request_for_a_token_is_refused(body: Any, status: int) -> None:
    response = product().post("/api/v1/inbox/tokens/", body, content_type="application/json")
    assert response.status_code == status


def test_a_key_without_the_right_to_customers_gets_no_token() -> None:
    make_customer(external_id="ada")
    _, key = AuthToken.objects.create(make_user())
    client = Client(headers={"Authorization": f"Token {key}"})
    response = client.post("/api/v1/inbox/tokens/", {"external_id": "ada"}, content_type="application/json")
    assert response.status_code == 403


# A position that is no id; one that no database can look for; no cursor at all.
@pytest.mark.parametrize("cursor", ["cD0lMDA=", "cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk5OQ==", "x"])
def test_a_cursor_that_is_none_of_ours_is_not_found(cursor: str) -> None:
    assert reader(make_customer()).get(f"/api/v1/inbox/?cursor={cursor}").status_code == 404


def test_nobody_gets_a_token_without_a_key() -> None:
    make_customer(external_id="ada")
    response = Client().post("/api/v1/inbox/tokens/", {"external_id": "ada"}, content_type="application/json")
    assert response.status_code == 401
