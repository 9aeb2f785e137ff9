"""Customers from outside: made where they are new, changed where something differs, in a constant number of queries."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from audiences.addresses import address_hash
from audiences.incoming import CustomerRow, Problem, Refused, customer_problems
from audiences.models import AttributeName, Customer
from audiences.tombstones import tombstone_of

__all__ = ["CustomerRow", "Upserted", "upsert_customers"]

WRITTEN = ["email", "address_hash", "name", "timezone", "locale", "attributes", "created_at", "updated_at"]
COMPARED = ["email", "address_hash", "name", "timezone", "locale", "created_at"]
ERASED = Problem("external_id", "belongs to a customer who was erased, and cannot be used again.")


@dataclass(frozen=True)
class Upserted:
    """How many rows did what. Rows of one customer in one batch are taken together, the later over the earlier."""

    created: int
    changed: int
    unchanged: int
    refused: tuple[Refused, ...] = ()


def upsert_customers(rows: Sequence[CustomerRow], now: datetime) -> Upserted:
    """Only given fields change; attributes are merged. The erased are refused."""
    refused = {index: tuple(problems) for index, row in enumerate(rows) if (problems := customer_problems(row))}
    with transaction.atomic():
        known = _locked(row.external_id for index, row in enumerate(rows) if index not in refused)
        refused |= {index: (ERASED,) for index, row in enumerate(rows) if _is_erased(row.external_id, known)}
        wanted = _taken_together(row for index, row in enumerate(rows) if index not in refused)
        created = _create([row for key, row in wanted.items() if key not in known], now)
        changed = _change([(known[key], row) for key, row in wanted.items() if key in known], now)
        learn_attributes(wanted.values())
    return Upserted(
        created, changed, len(wanted) - created - changed, tuple(Refused(*each) for each in sorted(refused.items()))
    )


def _locked(external_ids: Iterable[str]) -> dict[str, Customer]:
    """The customers there are, tombstones included, locked in the order of their ids."""
    ids = set(external_ids)
    wanted = [*ids, *map(tombstone_of, ids)]
    rows = Customer.objects.select_for_update(no_key=True).filter(external_id__in=wanted).order_by("pk")
    return {row.external_id: row for row in rows}


def _is_erased(external_id: str, known: Mapping[str, Customer]) -> bool:
    return tombstone_of(external_id) in known


def _taken_together(rows: Iterable[CustomerRow]) -> dict[str, CustomerRow]:
    together: dict[str, CustomerRow] = {}
    for row in rows:
        earlier = together.get(row.external_id)
        together[row.external_id] = _over(earlier, row) if earlier else row
    return together


def _over(earlier: CustomerRow, later: CustomerRow) -> CustomerRow:
    given = {name: value for name, value in vars(later).items() if value is not None}
    merged = {**(earlier.attributes or {}), **(later.attributes or {})}
    return replace(earlier, **{**given, "attributes": merged})


def _create(rows: Sequence[CustomerRow], now: datetime) -> int:
    """How many were made. One that another writer made in the same moment is changed instead."""
    if not rows:
        return 0
    # In one order for everybody, so that two who make the same customers never wait for each other in a ring.
    rows = sorted(rows, key=lambda row: row.external_id)
    made = [Customer(external_id=row.external_id, created_at=now) for row in rows]
    for customer, row in zip(made, rows, strict=True):
        _apply(customer, row, now)
    Customer.objects.bulk_create(made, ignore_conflicts=True)
    there = _locked(row.external_id for row in rows)
    return len(rows) - _change([(there[row.external_id], row) for row in rows if row.external_id in there], now)


def _change(pairs: Iterable[tuple[Customer, CustomerRow]], now: datetime) -> int:
    changed = [customer for customer, row in pairs if _apply(customer, row, now)]
    if changed:
        # With their ids given no id is drawn: the id space, which the bitmaps are made of, stays dense.
        Customer.objects.bulk_create(changed, update_conflicts=True, unique_fields=["id"], update_fields=WRITTEN)
    return len(changed)


def _apply(customer: Customer, row: CustomerRow, now: datetime) -> bool:
    """Whether anything differs now."""
    before = _content(customer)
    for name in ("email", "name", "timezone", "locale", "created_at"):
        if (value := getattr(row, name)) is not None:
            setattr(customer, name, value)
    customer.attributes = _merged(customer.attributes, row.attributes or {})
    customer.address_hash = address_hash(customer.email)
    if _content(customer) == before and customer.pk:
        return False
    customer.updated_at = now
    return True


def _content(customer: Customer) -> tuple[Any, ...]:
    # As JSON, because 1, 1.0 and True are equal in Python and not the same attribute.
    attributes = json.dumps(customer.attributes, sort_keys=True)
    return (attributes, *(getattr(customer, name) for name in COMPARED))


def _merged(before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**before, **given}.items() if value is not None}


def learn_attributes(rows: Iterable[CustomerRow]) -> None:
    """Remember the names of attributes, so that a rule can use them."""
    names = {name for row in rows for name, value in (row.attributes or {}).items() if value is not None}
    if not names:
        return
    new = names - set(AttributeName.objects.filter(name__in=names).values_list("name", flat=True))
    if new:
        AttributeName.objects.bulk_create((AttributeName(name=name) for name in sorted(new)), ignore_conflicts=True)
