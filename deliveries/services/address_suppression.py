"""An address that must not be written to, whether or not a customer has it: kept as a keyed hash, never as itself."""

from datetime import datetime

from django.db import transaction

from audiences.addresses import address_hash
from audiences.models import Customer, Suppression
from audiences.services.locks import lock_shards, shard_of_customer
from deliveries.models import Delivery
from deliveries.services.withdrawals import withdraw_open


def suppress_address(email: str, channel: str, note: str, now: datetime) -> bool:
    """Stop every message to the address on `channel` (empty: on all), those already admitted too. Whether it is new."""
    stored = address_hash(email)
    with transaction.atomic():
        having = list(Customer.objects.filter(address_hash=stored).values_list("pk", flat=True))
        lock_shards(shard_of_customer(pk) for pk in having)
        _, is_new = Suppression.objects.get_or_create(
            address_hash=stored,
            channel=channel,
            reason=Suppression.Reason.MANUAL,
            defaults={"note": note[:200], "created_at": now},
        )
        rows = Delivery.objects.filter(customer__in=having, **({"channel": channel} if channel else {}))
        withdraw_open(rows, "suppressed", now, spares_transactional=True)
    return is_new
