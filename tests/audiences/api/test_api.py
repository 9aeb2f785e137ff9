import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from audiences.models import Customer, Event
from audiences.services.api_keys import create_api_key
from audiences.tombstones import tombstone_of
from tests.builders import NOW, make_customer, make_user

pytestmark = pytest.mark.django_db
Post = Callable[[str, Any], Any]
# The key, its rights and the transaction included; PostgreSQL is asked what time it is too.
EVENTS_QUERIES = 17 + (connection.vendor == "postgresql")
CUSTOMERS_QUERIES = 11 + (connection.vendor == "postgresql")


@pytest.fixture
def post() -> Post:
    client = Client(headers={"authorization": f"Token {create_api_key('shop')}"})

    def send(path: str, body: Any) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body)
        return client.post(f"/api/v1/{path}", data=data, content_type="application/json")

    return send


def told(response: Any) -> list[tuple[str | None, str]]:
    return [(error["attr"], error["detail"]) for error in json.loads(response.content)["errors"]]


def test_a_customer_is_made_and_then_changed(post: Post) -> None:
    made = post("customers/", {"external_id": "42", "email": "a@example.com", "attributes": {"plan": "free"}})
    assert made.status_code == 201
    changed = post("customers", {"external_id": "42", "name": "Ann", "attributes": {"plan": None, "seats": 3}})
    assert changed.status_code == 200
    answer = json.loads(changed.content)
    assert {name: answer[name] for name in ("external_id", "email", "name", "timezone", "locale", "attributes")} == {
        "external_id": "42",
        "email": "a@example.com",
        "name": "Ann",
        "timezone": "",
        "locale": "",
        "attributes": {"seats": 3},
    }


def test_an_event_is_recorded_once_by_its_key(post: Post) -> None:
    event = {
        "customer": "42",
        "name": "ordered",
        "occurred_at": "2026-11-20T09:00:00+01:00",
        "value": 9.75,
        "properties": {"cds": 2},
        "idempotency_key": "order-1",
    }
    first, again = post("events/", event), post("events", event)
    assert (first.status_code, json.loads(first.content)) == (201, {"created": 1, "repeated": 0})
    assert (again.status_code, json.loads(again.content)) == (200, {"created": 0, "repeated": 1})
    written = Event.objects.get()
    assert (written.customer.external_id, written.value, written.imported) == ("42", Decimal("9.75"), False)


def test_without_a_key_a_repeated_request_is_a_second_event(post: Post) -> None:
    for _ in range(2):
        post("events/", {"customer": "42", "name": "ordered"})
    assert Event.objects.count() == 2


@pytest.mark.parametrize("wrap", [lambda events: {"events": events}, lambda events: events])
def test_a_batch_is_taken_whole(post: Post, wrap: Callable[[Any], Any]) -> None:
    events = [{"customer": "42", "name": "ordered", "idempotency_key": f"k{number}"} for number in range(500)]
    response = post("events/", wrap(events))
    assert (response.status_code, json.loads(response.content)) == (201, {"created": 500, "repeated": 0})


def test_a_batch_with_one_bad_event_is_refused_whole_and_says_which(post: Post) -> None:
    response = post("events/", [{"customer": "42", "name": "ordered"}, {"customer": "42", "name": ""}])
    assert response.status_code == 400
    assert [attr for attr, _ in told(response)] == ["events.1.name"]
    assert not Event.objects.exists()


def test_more_than_500_events_are_refused(post: Post) -> None:
    response = post("events/", [{"customer": "42", "name": "ordered"}] * 501)
    assert response.status_code == 400
    assert not Event.objects.exists()


def test_an_erased_customer_is_refused(post: Post) -> None:
    make_customer(external_id=tombstone_of("42"), erased_at=NOW)
    assert told(post("customers/", {"external_id": "42"}))[0][0] == "external_id"
    assert told(post("events/", {"customer": "42", "name": "ordered"})) == [("customer", "this customer was erased.")]


BAD: list[tuple[str, Any, str]] = [
    ("customers/", {"external_id": ""}, "external_id"),
    ("customers/", {"external_id": 42}, "external_id"),
    ("customers/", {"external_id": None}, "external_id"),
    ("customers/", {"email": "a@example.com"}, "external_id"),
    ("customers/", {"external_id": "42", "timezone": "Mars/Base"}, "timezone"),
    ("customers/", {"external_id": "42", "email": "a@b.com\nBcc: x@y.com"}, "email"),
    ("customers/", {"external_id": "42", "attributes": []}, "attributes"),
    ("customers/", {"external_id": "42", "attributes": {'a"b': 1}}, "attributes"),
    ("customers/", {"external_id": "42", "plan": "pro"}, "plan"),
    ("events/", {"customer": "42"}, "name"),
    ("events/", {"customer": "42", "name": "x", "occurred_at": "2026-01-01T09:00:00"}, "occurred_at"),
    ("events/", {"customer": "42", "name": "x", "occurred_at": "0000-01-01T09:00:00Z"}, "occurred_at"),
    ("events/", {"customer": "42", "name": "x", "occurred_at": "0001-01-01T00:00:00+23:59"}, "occurred_at"),
    ("events/", {"customer": "42", "name": "x", "occurred_at": "9999-12-31T23:59:59-23:59"}, "occurred_at"),
    ("events/", {"customer": "42", "name": "x", "occurred_at": "10000-01-01T00:00:00Z"}, "occurred_at"),
    ("events/", {"customer": "42", "name": "x", "occurred_at": "2026-01-01T09:00:00+99:00"}, "occurred_at"),
    ("events/", {"customer": "42", "name": "x", "occurred_at": 5}, "occurred_at"),
    ("events/", {"customer": "42", "name": "x", "occurred_at": {"a": 1}}, "occurred_at"),
    ("events/", {"customer": "42", "name": "x", "value": 1.005}, "value"),
    ("events/", {"customer": "42", "name": "x", "value": True}, "value"),
    ("events/", {"customer": "42", "name": "x", "value": "NaN"}, "value"),
    ("events/", {"customer": "42", "name": "x", "value": 10**15}, "value"),
    ("events/", {"customer": "42", "name": "x", "idempotency_key": "k" * 201}, "idempotency_key"),
    ("events/", [], "events"),
    ("events/", {"events": {}}, "events.non_field_errors"),
    ("events/", {"events": [1]}, "events.0.non_field_errors"),
]


@pytest.mark.parametrize(("path", "body", "attr"), BAD)
def test_what_is_wrong_is_told_with_its_field(post: Post, path: str, body: Any, attr: str) -> None:
    response = post(path, body)
    assert response.status_code == 400
    assert attr.split(".non_field")[0] in {str(each).split(".non_field")[0] for each, _ in told(response)}


BOMBS = [
    b"",
    b"{",
    b"null",
    b"1",
    b'"text"',
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"[" * 11 + b"]" * 11,
    b'{"external_id": "a\\u0000"}',
    b'{"external_id": "\\ud800"}',
    b'{"\\udfff": 1}',
    b'{"external_id": "a", "external_id": "b"}',
    b'{"external_id": "a", "attributes": {"n": NaN}}',
    b'{"external_id": "a", "attributes": {"n": -Infinity}}',
    b'{"external_id": "a", "attributes": {"n": 1e400}}',
    b'{"external_id": "a", "attributes": {"n": ' + b"9" * 100_000 + b"}}",
    b'{"external_id": "a", "attributes": {"n": -9007199254740993}}',
    b'{"external_id": "\xff"}',
    b"\xef\xbb\xbf{}",
    b" " * 1_048_577,
    b'{"external_id": "' + b"a" * 1_048_577 + b'"}',
]


@pytest.mark.parametrize("path", ["customers/", "events/"])
@pytest.mark.parametrize("body", BOMBS, ids=range(len(BOMBS)))
def test_a_bomb_is_a_bad_request(post: Post, path: str, body: bytes) -> None:
    assert post(path, body).status_code in (400, 413)
    assert not Customer.objects.exists()


def test_a_stranger_is_asked_for_a_key() -> None:
    assert Client().post("/api/v1/customers/").status_code == 401
    for key in ("nonsense", "\xff\xfe", "", "two words"):
        assert Client(headers={"authorization": f"Token {key}"}).post("/api/v1/events/").status_code == 401


def test_somebody_without_the_right_is_refused() -> None:
    client = Client()
    client.force_login(make_user())
    assert client.post("/api/v1/customers/", {}, content_type="application/json").status_code == 403


def test_nothing_is_told_by_get(post: Post) -> None:
    client = Client(headers={"authorization": f"Token {create_api_key('other')}"})
    assert [client.get(f"/api/v1/{path}/").status_code for path in ("customers", "events")] == [405, 405]


@pytest.mark.parametrize("count", [1, 3])
def test_events_cost_the_same_statements_for_one_and_for_three(
    post: Post, count: int, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(EVENTS_QUERIES):
        post("events/", [{"customer": f"c{number}", "name": "ordered"} for number in range(count)])


@pytest.mark.parametrize("others", [1, 3])
def test_customers_cost_the_same_statements_however_many_there_are(
    post: Post, others: int, django_assert_num_queries: Any
) -> None:
    for number in range(others):
        make_customer(external_id=f"c{number}", attributes={f"plan{number}": "pro"})
    attributes = {f"plan{number}": "free" for number in range(others)}
    with django_assert_num_queries(CUSTOMERS_QUERIES):
        assert post("customers/", {"external_id": "c0", "attributes": attributes}).status_code == 200


def test_the_schema_is_whole(tmp_path: Any) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml"))


def test_the_documentation_comes_from_here(client: Client) -> None:
    page = client.get("/api/docs/")
    assert page.status_code == 200
    assert b"https://" not in page.content
