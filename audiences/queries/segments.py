"""Segments as sets: the members of the newest refresh, and who a rule takes now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F, OuterRef, QuerySet, Subquery
from pyroaring import BitMap

from audiences.bitmaps import load
from audiences.models import Customer, ListMember, Segment, SegmentRefresh, Workspace
from audiences.queries.customers import living
from audiences.queries.ids import id_set
from audiences.queries.segment_sql import AsOf, condition
from audiences.queries.vocabulary import vocabulary
from audiences.rules import explain, hints, parse
from audiences.zones import zone_or


def members(segment_id: int) -> BitMap:
    """The members of the newest refresh, without those erased since; empty before the first refresh."""
    return union([segment_id])


def union(segment_ids: Iterable[int]) -> BitMap:
    """Everyone in any of the segments, in two statements however many there are."""
    stored = _newest(segment_ids).values_list("members", flat=True)
    return BitMap.union(BitMap(), *map(load, stored)) - erased()


def members_of_each(segment_ids: Iterable[int]) -> dict[int, BitMap]:
    """The members of each of the segments, by segment id, in two statements."""
    ids = list(segment_ids)
    gone = erased()
    found = {key: load(stored) - gone for key, stored in _newest(ids).values_list("segment_id", "members")}
    return {key: found.get(key, BitMap()) for key in ids}


def _newest(segment_ids: Iterable[int]) -> QuerySet[SegmentRefresh]:
    newest = SegmentRefresh.objects.filter(segment=OuterRef("segment")).order_by("-id").values("pk")[:1]
    return SegmentRefresh.objects.filter(segment__in=list(segment_ids), pk=Subquery(newest)).order_by()


def erased() -> BitMap:
    """Every tombstone, by the partial index that holds nothing else."""
    return id_set(Customer.objects.filter(erased_at__isnull=False))


def matching(rule_json: object, now: datetime, slug: str = "") -> QuerySet[Customer]:
    """Who the rule takes at `now`, as one statement. Raises `RuleError`. `slug`: the segment that the rule is of."""
    tree = parse(rule_json, vocabulary(), slug)
    return living().filter(condition(tree, AsOf(now, zone_or(Workspace.current().timezone, "UTC"))))


def matching_ids(rule_json: object, now: datetime, slug: str = "") -> BitMap:
    rows = matching(rule_json, now, slug)
    with transaction.atomic():
        _give_memory()
        return id_set(rows)


def _give_memory() -> None:
    """PostgreSQL hashes a subquery under NOT or OR only where it fits in memory; else it walks it per customer.

    One process: of several that share the customers, each would work out every subquery for itself.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SET LOCAL work_mem = '128MB'; SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0"
            )


def listed(segment_id: int) -> BitMap:
    """The living customers on the list of a segment by list."""
    rows = ListMember.objects.filter(segment=segment_id, customer__erased_at__isnull=True)
    return id_set(rows, "customer_id")


@dataclass(frozen=True)
class CheckedRule:
    """A rule that can be used: its words, and what looks like a slip in it all the same."""

    words: str
    hints: tuple[str, ...]


def check_rule(rule_json: object, slug: str = "") -> CheckedRule:
    """Raises `RuleError` for a rule that cannot be used. `slug`: the segment that it is of, to refuse a circle."""
    known = vocabulary()
    tree = parse(rule_json, known, slug)
    return CheckedRule(explain(tree), tuple(hints(tree, known)))


def stale_first() -> QuerySet[Segment]:
    """Every segment, the one longest without a refresh first."""
    return Segment.objects.order_by(F("refreshed_at").asc(nulls_first=True), "pk")
