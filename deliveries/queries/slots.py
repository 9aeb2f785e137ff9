"""The slots that customers hold in the ledger, read for one shard in one statement."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Count, F, Q, Window
from pyroaring import BitMap

from deliveries.caps import CALENDAR, CapRule, Reach, Slot
from deliveries.models import Delivery
from deliveries.slots import Holding

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
        .values_list("customer_id", "due_at", "channel", "topic_id", "team_id")
    )
    return _by_pattern(rows)


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


def _by_pattern(rows: Iterable[tuple[int, datetime, str, int, int]]) -> list[Holding]:
    """Customers with the same slots are decided together: those who got the same sends are one set."""
    slots: defaultdict[int, list[tuple[datetime, str, int, int]]] = defaultdict(list)
    for customer_id, at, channel, topic_id, team_id in rows:
        slots[customer_id].append((at, channel, topic_id, team_id))
    patterns: defaultdict[tuple[tuple[datetime, str, int, int], ...], list[int]] = defaultdict(list)
    for customer_id, taken in slots.items():
        patterns[tuple(sorted(taken))].append(customer_id)
    return [
        Holding(tuple(Slot(at, Reach(channel, topic, team)) for at, channel, topic, team in pattern), BitMap(members))
        for pattern, members in patterns.items()
    ]
