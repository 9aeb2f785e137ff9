"""How outcomes come into the ledger: rows for the admitted, sets for the withheld."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, repeat
from typing import Any

from django.db import connection
from pyroaring import BitMap

from audiences.bitmaps import dump, load
from deliveries.models import Withheld

COLUMNS = """
    send_id, channel, version_id, topic_id, team_id, urgent, obeys_caps, counts_toward_caps, admitted_at,
    state, reason, lease_token, attempts, claims, repeats, message_id, evidence,
    customer_id, firing_id, variant, due_at, closes_at, expires_at
"""
FRESH = "'planned', '', '', 0, 0, 0, '', '{}'"

# The rows of a send and channel differ in customer and firing, and in groups in their variant and moments. So the ids
# travel as arrays with the number of their group, and the database makes the rows: no line of text is written for
# each of them, as COPY would want. An array of ids is one word of text, which Python joins ten times as fast as the
# driver looks at each number.
INSERT_FROM_ARRAYS = f"""
INSERT INTO deliveries_delivery ({COLUMNS})
SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s, {FRESH},
       ids.customer, ids.firing, moments.variant, moments.due_at, moments.closes_at, moments.expires_at
FROM unnest(%s::bigint[], %s::bigint[], %s::int[]) AS ids (customer, firing, place)
JOIN unnest(%s::text[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[])
     WITH ORDINALITY AS moments (variant, due_at, closes_at, expires_at, place) USING (place)
"""  # noqa: S608 names of columns alone
INSERT_ONE_BY_ONE = f"""
INSERT INTO deliveries_delivery ({COLUMNS})
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, {FRESH}, %s, %s, %s, %s, %s, %s)
"""  # noqa: S608 names of columns alone


@dataclass(frozen=True)
class PlannedGroup:
    """Customers with the same variant and moments."""

    variant: str
    due_at: datetime
    closes_at: datetime
    expires_at: datetime
    members: BitMap


@dataclass(frozen=True)
class PlannedRows:
    """All rows of one send, shard and channel. `firings`: by customer; empty for a dated send."""

    send_id: int
    channel: str
    version_id: int
    topic_id: int
    team_id: int
    urgent: bool
    obeys_caps: bool
    counts_toward_caps: bool
    groups: Sequence[PlannedGroup]
    firings: Mapping[int, int]


def insert_planned(rows: PlannedRows, now: datetime) -> int:
    """Write one `planned` row per member; how many. One statement."""
    shared = [
        rows.send_id,
        rows.channel,
        rows.version_id,
        rows.topic_id,
        rows.team_id,
        rows.urgent,
        rows.obeys_caps,
        rows.counts_toward_caps,
        _stored(now),
    ]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(INSERT_FROM_ARRAYS, [*shared, *_arrays(rows)])
        else:
            cursor.executemany(INSERT_ONE_BY_ONE, [[*shared, *each] for each in _each(rows)])
    return sum(len(group.members) for group in rows.groups)


def _arrays(rows: PlannedRows) -> list[Any]:
    """Three arrays with an entry for every row, four with an entry for every group."""
    customers = [customer for group in rows.groups for customer in group.members]
    firings = map(rows.firings.__getitem__, customers) if rows.firings else repeat(0, len(customers))
    places = chain.from_iterable(repeat(place, len(group.members)) for place, group in enumerate(rows.groups, start=1))
    moments = [(group.variant, group.due_at, group.closes_at, group.expires_at) for group in rows.groups]
    by_group = list(map(list, zip(*moments, strict=True))) or [[]] * 4
    return [*map(_array, (customers, firings, places)), *by_group]


def _array(numbers: Iterable[int]) -> str:
    return f"{{{','.join(map(str, numbers))}}}"


def _each(rows: PlannedRows) -> Iterator[list[Any]]:
    for group in rows.groups:
        moments = [group.variant, *map(_stored, (group.due_at, group.closes_at, group.expires_at))]
        for customer in group.members:
            yield [customer, rows.firings.get(customer, 0), *moments]


def _stored(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)


def insert_withheld(send_id: int, channel: str, shard: int, sets: Mapping[tuple[str, str], BitMap]) -> None:
    """Add members to the sets of (reason, bound_by), making those that are missing. Two statements.

    The caller holds the shard's lock: nobody else writes the sets of this shard.
    """
    rows = Withheld.objects.filter(send=send_id, channel=channel, shard=shard)
    stored = {(row.reason, row.bound_by): load(row.members) for row in rows}
    merged = {key: members | stored.get(key, BitMap()) for key, members in sets.items()}
    Withheld.objects.bulk_create(
        [
            Withheld(
                send_id=send_id,
                channel=channel,
                shard=shard,
                reason=reason,
                bound_by=bound_by,
                members=dump(members),
                size=len(members),
            )
            for (reason, bound_by), members in merged.items()
        ],
        update_conflicts=True,
        unique_fields=["send", "channel", "shard", "reason", "bound_by"],
        update_fields=["members", "size"],
    )
