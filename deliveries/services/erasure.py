"""Erasure on this floor: what was still to leave is withdrawn, what was kept of the messages goes, the counts stay."""

from datetime import datetime

from django.db import transaction

from audiences.services.erasure import erase_personal_data
from audiences.services.locks import lock_shards, shard_of_customer
from deliveries.channels import registry
from deliveries.models import Delivery, InboxItem
from deliveries.services import ledger
from deliveries.services.withdrawals import withdraw_open


def erase_customer(customer_id: int, now: datetime) -> None:
    """Erase a customer everywhere. Raises `Customer.DoesNotExist`. Safe to repeat, also after a stop in the middle."""
    with transaction.atomic():
        lock_shards([shard_of_customer(customer_id)])
        mine = Delivery.objects.filter(customer=customer_id)
        # All of them, in the order of their ids: a worker may be writing down what became of some.
        ledger.lock(mine.values_list("pk", flat=True))
        withdraw_open(mine, "erased", now, spares_transactional=False)
        # What a server answered may repeat an address; the state and the reason say what happened.
        mine.exclude(evidence={}).update(evidence={})
        InboxItem.objects.filter(customer=customer_id).update(title="", body="", link="", dismissed_at=now)
        erase_personal_data(customer_id, now)
    # After the commit: files know no rollback, and a repeat finds what a stop left behind.
    _forget_messages(customer_id)


def _forget_messages(customer_id: int) -> None:
    sent = Delivery.objects.filter(customer=customer_id).exclude(message_id="")
    for name in registry.channel_names():
        message_ids = list(sent.filter(channel=name).values_list("message_id", flat=True))
        channel = registry.channel(name)
        channel.forget(message_ids)
        channel.close()
