from typing import Any

import pytest

from audiences.addresses import address_hash
from audiences.models import AttributeName, Customer
from audiences.services.customers import CustomerRow, Upserted, upsert_customers
from audiences.tombstones import tombstone_of
from tests.builders import NOW, make_customer

pytestmark = pytest.mark.django_db


def problems(result: Upserted) -> list[tuple[int, str, str]]:
    return [(each.index, problem.field, problem.message) for each in result.refused for problem in each.problems]


def test_new_customers_are_made_and_known_ones_changed() -> None:
    known = make_customer(external_id="a", name="Ann", email="ann@example.com", attributes={"plan": "free", "seats": 2})
    same = make_customer(external_id="b", name="Bob")
    result = upsert_customers(
        [
            CustomerRow("a", attributes={"plan": "pro", "seats": None}),
            CustomerRow("b", name="Bob"),
            CustomerRow("c", email="c@example.com", timezone="Europe/Berlin"),
        ],
        NOW,
    )
    assert result == Upserted(created=1, changed=1, unchanged=1)
    known.refresh_from_db()
    assert (known.name, known.email, known.attributes) == ("Ann", "ann@example.com", {"plan": "pro"})
    assert known.updated_at == NOW
    made = Customer.objects.get(external_id="c")
    assert (made.timezone, made.address_hash, made.created_at) == ("Europe/Berlin", address_hash("c@example.com"), NOW)
    assert made.pk > same.pk


def test_a_new_address_has_a_new_hash() -> None:
    make_customer(external_id="a", email="old@example.com")
    upsert_customers([CustomerRow("a", email="new@example.com")], NOW)
    assert Customer.objects.get(external_id="a").address_hash == address_hash("new@example.com")


def test_true_and_one_are_different_attributes() -> None:
    make_customer(external_id="a", attributes={"vip": 1})
    assert upsert_customers([CustomerRow("a", attributes={"vip": True})], NOW).changed == 1


def test_two_rows_of_one_customer_are_taken_together() -> None:
    rows = [
        CustomerRow("a", name="First", attributes={"x": 1, "y": 1}),
        CustomerRow("a", email="a@example.com", attributes={"y": 2}),
    ]
    assert upsert_customers(rows, NOW) == Upserted(created=1, changed=0, unchanged=0)
    made = Customer.objects.get()
    assert (made.name, made.email, made.attributes) == ("First", "a@example.com", {"x": 1, "y": 2})


def test_the_erased_cannot_come_back() -> None:
    make_customer(external_id=tombstone_of("a"), erased_at=NOW)
    result = upsert_customers([CustomerRow("a"), CustomerRow(tombstone_of("a")), CustomerRow("b")], NOW)
    assert result.created == 1
    assert [(index, field) for index, field, _ in problems(result)] == [(0, "external_id"), (1, "external_id")]


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (CustomerRow(""), "external_id"),
        (CustomerRow(" a"), "external_id"),
        (CustomerRow("a" * 201), "external_id"),
        (CustomerRow("a\x00"), "external_id"),
        (CustomerRow("a", email="nobody"), "email"),
        (CustomerRow("a", email="a@b@c"), "email"),
        (CustomerRow("a", email="a@b.com\r\nBcc: x@y.com"), "email"),
        (CustomerRow("a", email="Ann <a@b.com>"), "email"),
        (CustomerRow("a", timezone="Mars/Base"), "timezone"),
        (CustomerRow("a", name="a\ud800"), "name"),
        (CustomerRow("a", attributes={'a"b': 1}), 'attributes.a"b'),
        (CustomerRow("a", attributes={"n": 2**53 + 1}), "attributes.n"),
        (CustomerRow("a", attributes={"n": float("nan")}), "attributes.n"),
        (CustomerRow("a", attributes={"n": {"deep": ["a\x00"]}}), "attributes.n"),
    ],
)
def test_a_row_that_cannot_be_kept_is_refused_with_its_field(row: CustomerRow, field: str) -> None:
    result = upsert_customers([row, CustomerRow("good")], NOW)
    assert result.created == 1
    assert {(index, where) for index, where, _ in problems(result)} == {(0, field)}


def test_attribute_names_are_learnt() -> None:
    upsert_customers([CustomerRow("a", attributes={"plan": "pro", "gone": None})], NOW)
    assert set(AttributeName.objects.values_list("name", flat=True)) == {"plan"}


@pytest.mark.parametrize("count", [1, 3])
def test_an_upsert_costs_the_same_statements_for_one_and_for_three(count: int, django_assert_num_queries: Any) -> None:
    for number in range(count):
        make_customer(external_id=f"known{number}")
    rows = [CustomerRow(f"{kind}{number}", name="x") for number in range(count) for kind in ("known", "new")]
    with django_assert_num_queries(6):  # BEGIN or SAVEPOINT, lock, insert, lock again, change, and the end
        upsert_customers(rows, NOW)
