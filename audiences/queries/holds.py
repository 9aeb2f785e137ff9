"""Who is on hold, as sets, and the holds of one customer."""

from collections import defaultdict
from datetime import datetime

from django.db.models import Q, QuerySet
from pyroaring import BitMap

from audiences.models import Hold


def holding(now: datetime) -> QuerySet[Hold]:
    return Hold.objects.filter(Q(until__isnull=True) | Q(until__gt=now), lifted_at__isnull=True)


def on_hold(ids: range, now: datetime) -> dict[datetime | None, BitMap]:
    """Customers of one id range who are on hold at `now`, by when it ends; None: open-ended. One statement."""
    ends: defaultdict[datetime | None, list[int]] = defaultdict(list)
    rows = holding(now).filter(customer__gte=ids.start, customer__lt=ids.stop).order_by()
    for until, customer_id in rows.values_list("until", "customer_id"):
        ends[until].append(customer_id)
    return {until: BitMap(customers) for until, customers in ends.items()}


def holds_of(customer_id: int, now: datetime) -> QuerySet[Hold]:
    """Those that hold, the newest first."""
    return holding(now).filter(customer=customer_id).select_related("placed_by").order_by("-id")
