"""Events from outside: written once each, by their idempotency key, whatever is sent again or at the same time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from audiences.incoming import CustomerRow, EventRow, Problem, Refused, event_problems
from audiences.models import Customer, Event, EventName
from audiences.services.customers import upsert_customers
from audiences.tombstones import tombstone_of

__all__ = ["EventRow", "Recorded", "record_events"]

UNKNOWN = Problem("customer", "there is no customer with this external id.")
ERASED = Problem("customer", "this customer was erased.")


@dataclass(frozen=True)
class Recorded:
    """How many events are new, how many were there already (or twice in the batch), and which were refused."""

    created: int
    repeated: int
    refused: tuple[Refused, ...] = ()


def record_events(
    rows: Sequence[EventRow], now: datetime, imported: bool = False, create_customers: bool = False
) -> Recorded:
    """Write what is new, in a constant number of queries. Imported history never fires a trigger.

    `create_customers`: an unknown external id makes a bare customer; otherwise the event is refused.
    """
    refused = {index: tuple(problems) for index, row in enumerate(rows) if (problems := event_problems(row))}
    with transaction.atomic():
        customers = _locked_customers(
            {row.customer for index, row in enumerate(rows) if index not in refused}, now, create_customers
        )
        for index, row in enumerate(rows):
            if index not in refused and (problem := _customer_problem(row.customer, customers)):
                refused[index] = (problem,)
        taken = [row for index, row in enumerate(rows) if index not in refused]
        created = _write(taken, customers, now, imported)
    return Recorded(created, len(taken) - created, tuple(Refused(*each) for each in sorted(refused.items())))


def _locked_customers(external_ids: set[str], now: datetime, create: bool) -> dict[str, int]:
    """External id -> primary key, tombstones included, locked in the order of their ids.

    The lock orders two batches with the same events, so that each counts right what is new, and it orders events
    against an erasure.
    """
    found = _lock(external_ids)
    missing = [each for each in sorted(external_ids) if each not in found and tombstone_of(each) not in found]
    if create and missing:
        upsert_customers([CustomerRow(each) for each in missing], now)
        found |= _lock(set(missing))
    return found


def _lock(external_ids: set[str]) -> dict[str, int]:
    wanted = [*external_ids, *map(tombstone_of, external_ids)]
    rows = Customer.objects.select_for_update(no_key=True).filter(external_id__in=wanted).order_by("pk")
    return dict(rows.values_list("external_id", "pk"))


def _customer_problem(external_id: str, customers: Mapping[str, int]) -> Problem | None:
    if external_id in customers:
        return None
    return ERASED if tombstone_of(external_id) in customers else UNKNOWN


def _write(rows: Sequence[EventRow], customers: Mapping[str, int], now: datetime, imported: bool) -> int:
    keys = {row.idempotency_key for row in rows}
    there = set(Event.objects.filter(idempotency_key__in=keys).values_list("idempotency_key", flat=True))
    new = {row.idempotency_key: row for row in reversed(rows) if row.idempotency_key not in there}
    # In the order given, so that ids follow it; a key that another customer's batch writes right now is passed over.
    Event.objects.bulk_create(
        (_event(row, customers, now, imported) for row in reversed(new.values())), ignore_conflicts=True
    )
    _learn_names(row.name for row in new.values())
    return len(new)


def _event(row: EventRow, customers: Mapping[str, int], now: datetime, imported: bool) -> Event:
    return Event(
        customer_id=customers[row.customer],
        name=row.name,
        occurred_at=row.occurred_at,
        received_at=now,
        properties=dict(row.properties),
        value=row.value,
        idempotency_key=row.idempotency_key,
        imported=imported,
    )


def _learn_names(names: Iterable[str]) -> None:
    """Remember event names, so that a rule can hint at one that was never seen."""
    seen = set(names)
    if not seen:
        return
    new = seen - set(EventName.objects.filter(name__in=seen).values_list("name", flat=True))
    if new:
        EventName.objects.bulk_create((EventName(name=name) for name in sorted(new)), ignore_conflicts=True)
