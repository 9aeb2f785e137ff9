"""Ids from SQL into bitmaps: one round trip, and on PostgreSQL one value of four bytes an id."""

from array import array
from collections import defaultdict
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from pyroaring import BitMap


def id_set(rows: QuerySet[Any], field: str = "pk") -> BitMap:
    """The customer ids that `rows` has in `field`, in one statement."""
    ids = rows.order_by().values_list(field, flat=True)
    if connection.vendor != "postgresql":
        return BitMap(list(ids))
    try:
        sql, params = ids.query.sql_with_params()
    except EmptyResultSet:
        return BitMap()
    with connection.cursor() as cursor:
        # The statement is the ORM's own, with its parameters apart.
        cursor.execute(f"SELECT string_agg(int4send(id::int4), ''::bytea) FROM ({sql}) AS ids(id)", params)  # noqa: S608
        return unpacked(cursor.fetchone()[0])


def id_sets_by(rows: QuerySet[Any], key: str, field: str = "pk") -> dict[Any, BitMap]:
    """The customer ids that `rows` has in `field` for each value of the column `key`, in one statement."""
    pairs = rows.order_by().values_list(key, field)
    if connection.vendor != "postgresql":
        return _grouped(pairs)
    try:
        sql, params = pairs.query.sql_with_params()
    except EmptyResultSet:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT key, string_agg(int4send(id::int4), ''::bytea) FROM ({sql}) AS ids(key, id) GROUP BY key",  # noqa: S608
            params,
        )
        return {each: unpacked(packed) for each, packed in cursor.fetchall()}


def _grouped(pairs: QuerySet[Any, Any]) -> dict[Any, BitMap]:
    groups: defaultdict[Any, list[int]] = defaultdict(list)
    for key, customer_id in pairs.iterator():
        groups[key].append(customer_id)
    return {key: BitMap(ids) for key, ids in groups.items()}


def unpacked(packed: bytes | None) -> BitMap:
    """Big-endian 32-bit integers, end to end, as `int4send` writes them."""
    ids = array("I", packed or b"")
    ids.byteswap()
    return BitMap(ids)
