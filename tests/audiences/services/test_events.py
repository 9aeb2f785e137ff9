import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from audiences.models import Customer, Event, EventName
from audiences.services.events import EventRow, Recorded, record_events
from audiences.tombstones import tombstone_of
from tests.builders import NOW, make_customer


def row(customer: str = "a", key: str = "k1", **fields: Any) -> EventRow:
    return EventRow(**{"customer": customer, "name": "ordered", "occurred_at": NOW, "idempotency_key": key, **fields})


@pytest.mark.django_db
def test_an_event_is_written_with_all_that_it_says() -> None:
    customer = make_customer(external_id="a")
    given = row(value=Decimal("9.75"), properties={"cds": 2}, occurred_at=NOW - timedelta(days=1))
    assert record_events([given], NOW, imported=True) == Recorded(created=1, repeated=0)
    written = Event.objects.get()
    assert (written.customer, written.value, written.properties) == (customer, Decimal("9.75"), {"cds": 2})
    assert (written.occurred_at, written.received_at, written.imported) == (NOW - timedelta(days=1), NOW, True)
    assert EventName.objects.get().name == "ordered"


@pytest.mark.django_db
def test_the_same_key_is_the_same_event_in_a_batch_and_later() -> None:
    make_customer(external_id="a")
    assert record_events([row(value=Decimal(1)), row(value=Decimal(2))], NOW) == Recorded(created=1, repeated=1)
    assert record_events([row(), row(key="k2")], NOW) == Recorded(created=1, repeated=1)
    assert Event.objects.get(idempotency_key="k1").value == Decimal(1)


@pytest.mark.django_db
def test_events_keep_the_order_given() -> None:
    make_customer(external_id="a")
    record_events([row(key=key) for key in "cab"], NOW)
    assert list(Event.objects.order_by("id").values_list("idempotency_key", flat=True)) == ["c", "a", "b"]


@pytest.mark.django_db
def test_an_unknown_customer_is_refused_unless_customers_may_be_made() -> None:
    refused = record_events([row("nobody")], NOW)
    assert (refused.created, refused.refused[0].problems[0].field) == (0, "customer")
    assert record_events([row("nobody")], NOW, create_customers=True).created == 1
    assert Customer.objects.get().external_id == "nobody"


@pytest.mark.django_db
def test_the_erased_have_no_more_events() -> None:
    make_customer(external_id=tombstone_of("a"), erased_at=NOW)
    result = record_events([row("a")], NOW, create_customers=True)
    assert (result.created, result.refused[0].problems[0].message) == (0, "this customer was erased.")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"key": ""}, "idempotency_key"),
        ({"key": "x" * 201}, "idempotency_key"),
        ({"occurred_at": datetime(2026, 1, 1)}, "occurred_at"),  # noqa: DTZ001 - naive on purpose
        ({"occurred_at": datetime(1, 1, 1, tzinfo=UTC)}, "occurred_at"),
        ({"value": Decimal("1.005")}, "value"),
        ({"value": Decimal("NaN")}, "value"),
        ({"value": Decimal(10) ** 12}, "value"),
        ({"properties": {"a": float("inf")}}, "properties.a"),
    ],
)
def test_an_event_that_cannot_be_kept_is_refused_with_its_field(fields: dict[str, Any], field: str) -> None:
    make_customer(external_id="a")
    result = record_events([row(**fields), row(key="good")], NOW)
    assert result.created == 1
    assert [problem.field for each in result.refused for problem in each.problems] == [field]


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3])
def test_a_batch_costs_the_same_statements_for_one_and_for_three(count: int, django_assert_num_queries: Any) -> None:
    for number in range(count):
        make_customer(external_id=f"c{number}x")
    with django_assert_num_queries(7):  # begin, lock, keys there, insert, names there, new names, end
        record_events([row(f"c{number}x", key=f"k{number}") for number in range(count)], NOW)


@pytest.mark.django_db(transaction=True)
def test_two_same_batches_at_once_write_each_event_once_and_count_it_once() -> None:
    for number in range(20):
        make_customer(external_id=f"t{number}")
    rows = [row(f"t{number}", key=f"t{number}") for number in range(20)]
    results: list[Recorded] = []
    at_once = threading.Barrier(2)

    def record(batch: list[EventRow]) -> None:
        at_once.wait()
        results.append(record_events(batch, NOW, create_customers=True))
        connection.close()

    threads = [threading.Thread(target=record, args=[batch]) for batch in (rows, rows[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted((each.created, each.repeated) for each in results) == [(0, 20), (20, 0)]
    assert Event.objects.count() == 20
