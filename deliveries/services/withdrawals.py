"""Consent that changes after admission: what was admitted and has not left is withdrawn in the same transaction.

The shard's lock orders the change against admission (which either saw it or left rows that are withdrawn here), the
rows' locks order it against the mark. After the commit nothing of theirs is marked; what was marked before may leave.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from audiences.models import Customer, Subscription, Suppression
from audiences.services import consent
from audiences.services.consent import SubscriptionRow
from audiences.services.locks import lock_shards, shard_of_customer
from deliveries.models import Delivery
from deliveries.services import ledger

OPEN = (Delivery.State.PLANNED, Delivery.State.CLAIMED)


def opt_out(
    customer_id: int,
    topic_id: int,
    channel: str,
    now: datetime,
    source: str = Subscription.Source.CUSTOMER,
) -> bool:
    """Unsubscribe from one topic on one channel. Whether that changed anything; doing it twice is fine."""
    return set_preferences(customer_id, {(topic_id, channel): False}, now, source) == 1


def set_preferences(
    customer_id: int,
    wanted: dict[tuple[int, str], bool],
    now: datetime,
    source: str = Subscription.Source.CUSTOMER,
) -> int:
    """Set what a customer wants, by topic id and channel. How many answers changed."""
    rows = [SubscriptionRow(customer_id, topic_id, channel, is_on) for (topic_id, channel), is_on in wanted.items()]
    refused = [Q(topic=topic_id, channel=channel) for (topic_id, channel), is_on in wanted.items() if not is_on]
    with transaction.atomic():
        lock_shards([shard_of_customer(customer_id)])
        changed = consent.set_subscriptions(rows, source, now)
        if refused:
            mine = Delivery.objects.filter(_any(refused), customer=customer_id)
            withdraw_open(mine, "unsubscribed", now, spares_transactional=True)
    return changed


def suppress(customer_id: int, channel: str, reason: str, note: str, now: datetime) -> bool:
    """Stop every message to the customer on `channel` (empty: on all). Whether that is new.

    A bounce or a complaint is of the address: open deliveries of everybody who shares it are withdrawn too.
    """
    with transaction.atomic():
        customer = Customer.objects.get(pk=customer_id)
        sharing = _sharing(customer)
        # All the locks in one ascending go, before `consent` takes its own again.
        lock_shards(shard_of_customer(pk) for pk in sharing)
        is_new = consent.suppress(customer, channel, reason, note, now)
        rows = Delivery.objects.filter(customer__in=sharing, **({"channel": channel} if channel else {}))
        is_bounce = reason == Suppression.Reason.BOUNCE
        withdraw_open(_still_reached(rows, customer, reason), "suppressed", now, spares_transactional=not is_bounce)
    return is_new


def suppress_bounced(channel: str, bounced: Mapping[int, int], now: datetime) -> None:
    """Suppress those of whom the channel said that they do not exist: customer ids by delivery id.

    One transaction each: they are few.
    """
    for delivery_id, customer_id in bounced.items():
        suppress(customer_id, channel, Suppression.Reason.BOUNCE, f"delivery {delivery_id}", now)


def withdraw_open(rows: QuerySet[Delivery], reason: str, now: datetime, *, spares_transactional: bool) -> int:
    """Withhold what is planned or claimed of these rows. The caller holds the shard's lock. How many."""
    found = rows.filter(state__in=OPEN).values_list("pk", "version__plan__transactional")
    ids = [pk for pk, is_transactional in found if not (spares_transactional and is_transactional)]
    return ledger.withdraw(ids, reason, now) if ids else 0


def _sharing(customer: Customer) -> list[int]:
    if not customer.address_hash:
        return [customer.pk]
    return list(Customer.objects.filter(address_hash=customer.address_hash).values_list("pk", flat=True))


def _still_reached(rows: QuerySet[Delivery], customer: Customer, reason: str) -> QuerySet[Delivery]:
    """What a person says holds for the person: those who share the address are left alone."""
    return rows.filter(customer=customer) if reason == Suppression.Reason.MANUAL else rows


def _any(conditions: Sequence[Q]) -> Q:
    joined = Q()
    for condition in conditions:
        joined |= condition
    return joined
