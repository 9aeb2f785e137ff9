"""The lock on a shard of customers: what admission, opt-outs, suppressions and erasures queue on."""

from collections.abc import Iterable

from django.conf import settings
from django.db import connection

# Any constant will do, so long as no other advisory lock of this database uses it.
SHARD_LOCKS = 0x416C6D


def shard_of_customer(customer_id: int) -> int:
    return customer_id // int(settings.SHARD_SIZE)


def shard_ids(shard: int) -> range:
    """The customer ids that a shard holds."""
    size = int(settings.SHARD_SIZE)
    return range(shard * size, (shard + 1) * size)


def lock_shards(shards: Iterable[int]) -> None:
    """Hold the locks until the transaction ends; ascending, so that two callers never wait for each other.

    On SQLite every transaction begins IMMEDIATE and is itself the lock.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("lock_shards needs an open transaction: the lock ends with it")
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for shard in sorted(set(shards)):
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [SHARD_LOCKS, shard])
