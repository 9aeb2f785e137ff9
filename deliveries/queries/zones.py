"""The zone that holds for each customer, where a decision depends on it."""

from zoneinfo import ZoneInfo

from pyroaring import BitMap

from audiences.queries.customers import by_zone


def zones_of(members: BitMap, ids: range, fallback: ZoneInfo) -> dict[ZoneInfo, BitMap]:
    """Disjoint, and everyone of `members` is in one: whoever was erased meanwhile stands in the workspace's zone."""
    zones = {ZoneInfo(name): customers for name, customers in by_zone(members, ids).items()}
    if rest := members - BitMap.union(BitMap(), *zones.values()):
        zones[fallback] = zones.get(fallback, BitMap()) | rest
    return zones
