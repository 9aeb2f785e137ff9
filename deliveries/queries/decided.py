"""Who of a send's audience has been decided on already."""

from pyroaring import BitMap

from audiences.bitmaps import load
from audiences.queries.ids import id_set
from deliveries.models import Delivery, Withheld


def decided(send_id: int, shard: int, ids: range) -> BitMap:
    """Customers of a dated send's shard who have an outcome: a row of the ledger, or a place in a withheld set.

    All channels of a customer are decided in one transaction, so any outcome means all of them. Two statements.
    """
    rows = Delivery.objects.filter(send=send_id, customer__gte=ids.start, customer__lt=ids.stop)
    sets = Withheld.objects.filter(send=send_id, shard=shard).values_list("members", flat=True)
    return BitMap.union(id_set(rows, "customer_id"), *map(load, sets))
