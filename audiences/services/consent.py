"""Consent: subscriptions and suppressions, written under the lock of the customer's shard.

The lock orders a change against admission, which reads these sets under it. Whoever also has to take back what was
already admitted calls these from inside a transaction that withdraws it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from audiences.addresses import address_hash
from audiences.models import Customer, Subscription, Suppression
from audiences.services.locks import lock_shards, shard_of_customer

# What a provider says about an address holds for the address; what a person says holds for the person.
ABOUT_THE_ADDRESS = {Suppression.Reason.BOUNCE, Suppression.Reason.COMPLAINT}
ABOUT_THE_PERSON = {Suppression.Reason.COMPLAINT, Suppression.Reason.MANUAL}


@dataclass(frozen=True)
class SubscriptionRow:
    customer_id: int
    topic_id: int
    channel: str
    subscribed: bool

    @property
    def key(self) -> tuple[int, int, str]:
        return self.customer_id, self.topic_id, self.channel


def set_subscription(
    customer_id: int, topic_id: int, channel: str, subscribed: bool, source: str, now: datetime
) -> bool:
    """Whether anything changed. `source` is a `Subscription.Source`. An erased customer has no say left: False."""
    return set_subscriptions([SubscriptionRow(customer_id, topic_id, channel, subscribed)], source, now) == 1


def set_subscriptions(rows: Sequence[SubscriptionRow], source: str, now: datetime) -> int:
    """How many changed, in a constant number of queries. Of two rows about the same thing the later holds."""
    with transaction.atomic():
        lock_shards(shard_of_customer(row.customer_id) for row in rows)
        return write_subscriptions(rows, source, now)


def write_subscriptions(rows: Sequence[SubscriptionRow], source: str, now: datetime) -> int:
    """The same, for a caller that holds the locks of the shards already."""
    living = _living(row.customer_id for row in rows)
    said = _said(living)
    new = {row.key: row for row in rows if row.customer_id in living}
    changed = [row for key, row in sorted(new.items()) if said.get(key) is not row.subscribed]
    Subscription.objects.bulk_create(
        (_subscription(row, source, now) for row in changed),
        update_conflicts=True,
        unique_fields=["customer", "topic", "channel"],
        update_fields=["subscribed", "source", "changed_at"],
    )
    return len(changed)


def _living(customer_ids: Iterable[int]) -> set[int]:
    rows = Customer.objects.filter(pk__in=set(customer_ids), erased_at__isnull=True)
    return set(rows.values_list("pk", flat=True))


def _said(customer_ids: set[int]) -> dict[tuple[int, int, str], bool]:
    rows = Subscription.objects.filter(customer__in=customer_ids)
    return {(row.customer_id, row.topic_id, row.channel): row.subscribed for row in rows}


def _subscription(row: SubscriptionRow, source: str, now: datetime) -> Subscription:
    return Subscription(
        customer_id=row.customer_id,
        topic_id=row.topic_id,
        channel=row.channel,
        subscribed=row.subscribed,
        source=source,
        changed_at=now,
    )


def suppress(customer: Customer, channel: str, reason: str, note: str, now: datetime) -> bool:
    """Stop every message to the customer on `channel` (empty: on all). Whether that is new.

    A bounce or a complaint by e-mail is kept by the address too, and so holds for whoever shares it and after an
    erasure. A bounce is of the address alone: with a new address the customer can be reached again.
    """
    with transaction.atomic():
        lock_shards([shard_of_customer(customer.pk)])
        before = _suppressions_of(customer, channel, reason).count()
        Suppression.objects.bulk_create(
            (
                Suppression(channel=channel, reason=reason, note=note[:200], created_at=now, **whom)
                for whom in _whom(customer, channel, reason)
            ),
            ignore_conflicts=True,
        )
        return _suppressions_of(customer, channel, reason).count() > before


def _whom(customer: Customer, channel: str, reason: str) -> list[dict[str, object]]:
    """The rows to write: by the customer, by the address, or both; by the customer where there is no address."""
    address = address_hash(customer.email) if channel in ("", "email") else ""
    rows: list[dict[str, object]] = []
    if address and reason in ABOUT_THE_ADDRESS:
        rows.append({"address_hash": address})
    if reason in ABOUT_THE_PERSON or not rows:
        rows.append({"customer": customer})
    return rows


def _suppressions_of(customer: Customer, channel: str, reason: str) -> QuerySet[Suppression]:
    """Rows of the customer, and rows of the address they have now."""
    of_customer = Q(customer=customer)
    of_address = Q(address_hash=address_hash(customer.email)) & ~Q(address_hash="")
    return Suppression.objects.filter(of_customer | of_address, channel=channel, reason=reason)
