"""Erasure: every personal datum goes, the counts stay, and a tombstone keeps the id from being used again."""

from datetime import datetime

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import CharField, F, Q, Value
from django.db.models.functions import Cast, Concat

from audiences.models import Customer, Event, Hold, ListMember, Subscription, Suppression
from audiences.services.locks import lock_shards, shard_of_customer
from audiences.tombstones import PREFIX, tombstone_of

# A name shorter than this stands in too much text by chance to be looked for.
SHORTEST_TRACE = 3


def erase_personal_data(customer_id: int, now: datetime) -> None:
    """Erase what this floor holds, in one transaction under the shard's lock. Doing it twice changes nothing."""
    with transaction.atomic():
        # 1. The shard's lock before the row's: admission holds it while it reads who is alive.
        lock_shards([shard_of_customer(customer_id)])
        customer = Customer.objects.select_for_update(no_key=True).get(pk=customer_id)
        if customer.is_erased:
            return
        _keep_address_suppressed(customer)
        _forget_traces(customer)
        for model in (Subscription, ListMember):
            model.objects.filter(customer=customer).delete()
        # What was said of them goes, that they were on hold stays.
        Hold.objects.filter(customer=customer).update(reason="")
        _empty_events(customer)
        _leave_tombstone(customer, now)


def _keep_address_suppressed(customer: Customer) -> None:
    """Whoever was suppressed stays so by the keyed hash of the address, should it come back under another id."""
    own = list(Suppression.objects.filter(customer=customer))
    if customer.address_hash:
        Suppression.objects.bulk_create(
            (
                Suppression(
                    address_hash=customer.address_hash,
                    channel=row.channel,
                    reason=row.reason,
                    created_at=row.created_at,
                )
                for row in own
            ),
            ignore_conflicts=True,
        )
        # A note may name the person.
        Suppression.objects.filter(address_hash=customer.address_hash).update(note="")
    Suppression.objects.filter(customer=customer).delete()


def _empty_events(customer: Customer) -> None:
    """Name, moment and value stay, so that counts and sums do. Keys go: a product makes them from what it likes."""
    own = Event.objects.filter(customer=customer)
    own.update(properties={}, idempotency_key=Concat(Value(PREFIX), Cast(F("pk"), CharField())))


def _forget_traces(customer: Customer) -> None:
    """The admin's log repeats names in what it says about a change."""
    of_customer = Q(content_type=ContentType.objects.get_for_model(Customer), object_id=str(customer.pk))
    told = (customer.external_id, customer.email, customer.name)
    for trace in {each for each in told if len(each) >= SHORTEST_TRACE}:
        of_customer |= Q(object_repr__contains=trace) | Q(change_message__contains=trace)
    LogEntry.objects.filter(of_customer).update(object_repr="an erased customer", change_message="")


def _leave_tombstone(customer: Customer, now: datetime) -> None:
    Customer.objects.filter(pk=customer.pk).update(
        external_id=tombstone_of(customer.external_id),
        email="",
        address_hash="",
        name="",
        timezone="",
        locale="",
        attributes={},
        updated_at=now,
        erased_at=now,
    )
