"""Sets of customers by what stands on the customer: living, reachable on a channel, in a zone."""

from collections import defaultdict

from django.db.models import Q, QuerySet
from pyroaring import BitMap

from audiences.models import Customer, Workspace
from audiences.queries.ids import id_set, id_sets_by
from audiences.zones import is_zone, zone_names


def living(ids: range | None = None) -> QuerySet[Customer]:
    """Every customer who is not erased, perhaps of one id range."""
    return Customer.objects.filter(_within(ids), erased_at__isnull=True)


def _within(ids: range | None) -> Q:
    return Q() if ids is None else Q(pk__gte=ids.start, pk__lt=ids.stop)


def alive(ids: range | None = None) -> BitMap:
    return id_set(living(ids))


def reachable(field: str, ids: range) -> BitMap:
    """Who has what a channel needs. `field` is "email" for an address, "" where being a customer is enough."""
    if field == "email":
        # Addresses were checked on their way in; this only passes over the empty and the plainly broken.
        return id_set(living(ids).filter(email__contains="@"))
    if field == "":
        return alive(ids)
    raise ValueError(f"Customers have no contact field “{field}”: use “email” or the empty string.")


def by_zone(members: BitMap, ids: range | None = None) -> dict[str, BitMap]:
    """`members` by the zone that holds for them: their own, or the workspace's where it is missing or unknown."""
    fallback = Workspace.current().timezone
    zones: defaultdict[str, BitMap] = defaultdict(BitMap)
    for name, customers in id_sets_by(living(ids), "timezone").items():
        zones[name if is_zone(name) else fallback] |= customers & members
    return {name: customers for name, customers in zones.items() if customers}


def in_unknown_zone() -> QuerySet[Customer]:
    """The living whose own zone is set and unknown, to be reported: they are served in the workspace's."""
    return living().exclude(timezone="").exclude(timezone__in=zone_names())
