"""The slots that customers hold in the ledger, read for one shard in one statement."""

import sys
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, F, Q, QuerySet, Window
from pyroaring import BitMap

from deliveries.caps import CALENDAR, CapRule, Reach, Slot
from deliveries.models import Delivery
from deliveries.slots import Holding

SLOT = ("due_at", "channel", "topic_id", "team_id")
_DAY = timedelta(days=1)


def held_slots(
    ids: range, caps: Sequence[CapRule], needed: Mapping[int, int], earliest: datetime, latest: datetime
) -> list[Holding]:
    """Customers of the id range whom a cap might stop between `earliest` and `latest`, by the slots that they hold.

    `needed`: for each cap id, how many slots someone must hold before it can. Nearly everybody holds fewer; they are
    left out by the database, so a shard brings back few rows. Disjoint, in no order.
    """
    counts = {f"cap_{cap.id}": _count(cap, earliest, latest) for cap in caps}
    might_stop = Q()
    for cap in caps:
        might_stop |= Q(**{f"cap_{cap.id}__gte": needed[cap.id]})
    rows = (
        Delivery.objects.filter(
            _span(caps, earliest, latest),
            customer__gte=ids.start,
            customer__lt=ids.stop,
            counts_toward_caps=True,
            state__in=Delivery.HOLDING,
        )
        .annotate(**counts)
        .filter(might_stop)
        .values_list("customer_id", *SLOT)
    )
    return _by_pattern(_by_slot(rows))


def _count(cap: CapRule, earliest: datetime, latest: datetime) -> Window:
    return Window(Count("pk", filter=_in_reach(cap, earliest, latest)), partition_by=[F("customer_id")])


def _in_reach(cap: CapRule, earliest: datetime, latest: datetime) -> Q:
    """Slots that share a window with some moment in between, generously: the leaf looks to the second."""
    begins, ends = _bounds(cap, earliest, latest)
    scope = {"channel": cap.channel or None, "topic": cap.topic_id, "team": cap.team_id}
    return Q(due_at__gt=begins, due_at__lt=ends, **{name: value for name, value in scope.items() if value is not None})


def _bounds(cap: CapRule, earliest: datetime, latest: datetime) -> tuple[datetime, datetime]:
    # A calendar week with a clock change in it is longer than seven days by the clock.
    length = cap.length + _DAY if cap.kind == CALENDAR else cap.length
    return earliest - length, latest + length


def _span(caps: Iterable[CapRule], earliest: datetime, latest: datetime) -> Q:
    bounds = [_bounds(cap, earliest, latest) for cap in caps]
    return Q(due_at__gt=min(low for low, _ in bounds), due_at__lt=max(high for _, high in bounds))


def _by_slot(rows: QuerySet[Delivery, tuple[Any, ...]]) -> dict[Slot, Sequence[int]]:
    """The holders of each slot; someone with two that are alike stands there twice.

    On PostgreSQL one row a slot, its holders packed into four bytes each: a send to everybody is one row of it.
    """
    if connection.vendor != "postgresql":
        holders: defaultdict[tuple[Any, ...], list[int]] = defaultdict(list)
        for customer_id, *slot in rows:
            holders[tuple(slot)].append(customer_id)
        return {_slot(*slot): ids for slot, ids in holders.items()}
    sql, params = rows.query.sql_with_params()
    columns = ", ".join(SLOT)
    with connection.cursor() as cursor:
        # The statement is the ORM's own, with its parameters apart.
        cursor.execute(
            f"SELECT {columns}, string_agg(int4send(customer_id::int4), ''::bytea)"  # noqa: S608
            f" FROM ({sql}) AS slots (customer_id, {columns}) GROUP BY {columns}",
            params,
        )
        return {_slot(*slot): _unpacked(packed) for *slot, packed in cursor.fetchall()}


def _slot(at: datetime, channel: str, topic_id: int, team_id: int) -> Slot:
    return Slot(at, Reach(channel, topic_id, team_id))


def _unpacked(packed: bytes) -> Sequence[int]:
    """Big-endian, as `int4send` writes them."""
    ids = array("I", packed)
    if sys.byteorder == "little":
        ids.byteswap()
    return ids


def _by_pattern(holders: Mapping[Slot, Sequence[int]]) -> list[Holding]:
    """Customers with the same slots are decided together: those who got the same sends are one set."""
    slots = sorted(holders, key=lambda slot: slot.at)
    places: defaultdict[int, list[int]] = defaultdict(list)
    for place, slot in enumerate(slots):
        for customer_id in holders[slot]:
            places[customer_id].append(place)
    patterns: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
    for customer_id, taken in places.items():
        patterns[tuple(taken)].append(customer_id)
    return [Holding(tuple(slots[place] for place in taken), BitMap(ids)) for taken, ids in patterns.items()]
