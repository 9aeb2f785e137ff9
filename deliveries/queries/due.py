"""What is due on a channel, read and locked in one statement with all that decides whether it may leave."""

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import connection

from deliveries.models import Delivery


class DueRow(NamedTuple):
    """One delivery with its customer, as plain values in the order in which they are read: no model is made of it.

    Neither are moments: making one takes longer than all the rest of a row, and few are asked for theirs (`expiries`).
    """

    id: int
    send_id: int
    customer_id: int
    channel: str
    firing_id: int
    version_id: int
    variant: str
    topic_id: int
    team_id: int
    obeys_caps: bool
    counts_toward_caps: bool
    attempts: int
    claims: int
    repeats: int
    due_at: str  # as the database writes it
    message_id: str
    is_closed: bool  # quiet hours have begun, or it is not yet their end
    external_id: str
    name: str
    email: str
    locale: str
    timezone: str
    attributes: str  # JSON, read where a template asks for it
    is_erased: bool
    suppressed: int  # 0 no, 1 for whatever reason, 2 because the address does not exist
    is_subscribed: bool
    is_on_hold: bool


# Written out, because it is asked many times a second: to put it together from expressions takes longer than to run it.
# Message-ID: given with the first claim and kept ever after; a repeat is recognised by it.
# On hold: what was leaving when the hold was put, and comes back to be tried again, must not leave after all.
# Suppressed: the customer or the address, here or on all channels. Subscribed: what they said, or the topic's default.
_READ = """
SELECT d.id, d.send_id, d.customer_id, d.channel, d.firing_id, d.version_id, d.variant, d.topic_id, d.team_id,
       d.obeys_caps, d.counts_toward_caps, d.attempts, d.claims, d.repeats,
       CAST(d.due_at AS text),
       CASE WHEN d.message_id = '' THEN d.id || %(suffix)s ELSE d.message_id END,
       d.closes_at <= %(now)s,
       c.external_id, c.name, c.email, c.locale, c.timezone, CAST(c.attributes AS text), c.erased_at IS NOT NULL,
       COALESCE((
           SELECT MAX(CASE WHEN s.reason = 'bounce' THEN 2 ELSE 1 END) FROM audiences_suppression s
           WHERE (s.customer_id = d.customer_id OR s.address_hash <> '' AND s.address_hash = c.address_hash)
             AND s.channel IN ('', d.channel)), 0),
       COALESCE((
           SELECT s.subscribed FROM audiences_subscription s
           WHERE s.customer_id = d.customer_id AND s.topic_id = d.topic_id AND s.channel = d.channel), NOT t.opt_in),
       EXISTS (
           SELECT 1 FROM audiences_hold h WHERE h.customer_id = d.customer_id AND h.lifted_at IS NULL
             AND (h.until IS NULL OR h.until > %(now)s))
FROM {rows} d
JOIN audiences_customer c ON c.id = d.customer_id
JOIN audiences_topic t ON t.id = d.topic_id
"""
# Nothing leaves unless its send is under way and its campaign neither paused nor cancelled. Those sends are few, and
# each is asked for what it has waiting (`delivery_claimable`): a paused campaign may have a million rows due before all
# others, and none of them is looked at.
# `past`: how far a dispatch has come in each send. What it took stays in the index for as long as anybody's snapshot is
# older, and would be walked over again by each claim.
_ON = """SELECT g.id, COALESCE(past.due_at, {never}) AS past_due_at, COALESCE(past.id, 0) AS past_id
    FROM campaigns_send g JOIN campaigns_campaign p ON p.id = g.campaign_id LEFT JOIN {past} ON past.send_id = g.id
    WHERE g.state IN ('admitting', 'sending') AND p.status NOT IN ('paused', 'cancelled')"""
_WAITS = """d.send_id = g.id AND d.state = 'planned' AND d.channel = %(channel)s AND d.urgent = %(urgent)s
    AND d.due_at <= %(now)s AND d.expires_at > %(now)s AND (d.due_at, d.id) > (g.past_due_at, g.past_id)"""
_FIRST = "SELECT d.{column} FROM deliveries_delivery d WHERE {waits} ORDER BY d.due_at, d.id LIMIT {limit}"
# The send whose row waits longest comes first, and gives what it has before the next is asked.
_HEADS = f"""SELECT g.*, ({_FIRST.format(column="due_at", waits=_WAITS, limit=1)}) AS head FROM ({_ON}) g
    ORDER BY head, g.id"""  # noqa: S608 - here and below: our own text alone
_ROWS = {
    "postgresql": f"""(SELECT d.* FROM ({_HEADS}) g
        CROSS JOIN LATERAL ({_FIRST.format(column="*", waits=_WAITS, limit="%(limit)s")} FOR UPDATE SKIP LOCKED) d
        LIMIT %(limit)s)""",  # noqa: S608
    # CROSS JOIN keeps the order of the tables, LIMIT -1 the order of the sends.
    "sqlite": f"""(SELECT d.* FROM ({_HEADS} LIMIT -1) g CROSS JOIN deliveries_delivery d INDEXED BY delivery_claimable
        WHERE g.head IS NOT NULL AND {_WAITS} LIMIT %(limit)s)""",  # noqa: S608
}
_PAST = {
    "postgresql": {
        "never": "'-infinity'",
        "past": "jsonb_to_recordset(%(past)s::jsonb) AS past(send_id bigint, due_at timestamptz, id bigint)",
    },
    "sqlite": {
        "never": "''",
        "past": """(SELECT value ->> 'send_id' AS send_id, value ->> 'due_at' AS due_at, value ->> 'id' AS id
            FROM json_each(%(past)s)) AS past""",
    },
}
_DUE = _READ.format(rows=_ROWS[connection.vendor].format(**_PAST[connection.vendor]))
_SOME = _READ.format(rows="deliveries_delivery") + "WHERE d.id IN ({among}) ORDER BY d.id"
#: By send: the moment, as the database writes it, and the id of the last row that was taken.
Past = dict[int, tuple[str, int]]


def due_rows(
    channel: str, token: str, now: datetime, limit: int, *, urgent: bool, past: Past | None = None
) -> list[DueRow]:
    """Up to `limit` planned rows that are due, the longest due first, locked until the transaction ends.

    Of the sends in `past` only what comes behind it. Rows that another worker is taking at this moment are passed over,
    not waited for. An opt-out that withdraws rows locks them first: either its commit is seen here, or it waits for
    ours.
    """
    places = [{"send_id": send, "due_at": due_at, "id": pk} for send, (due_at, pk) in (past or {}).items()]
    lane = {"channel": channel, "urgent": urgent}
    rows = _read(_DUE, message_suffix(token), now, lane | {"limit": limit, "past": json.dumps(places)})
    # The database took them in this order, and would sort them with all their columns to be sure of it.
    return sorted(rows, key=attrgetter("due_at", "id"))


def rows_of(ids: Collection[int], now: datetime) -> list[DueRow]:
    """These deliveries in whatever state, not locked, in the order of their ids."""
    if not ids:
        return []
    names = {f"id_{place}": pk for place, pk in enumerate(ids)}
    among = ", ".join(f"%({name})s" for name in names)
    return _read(_SOME.format(among=among), "", now, names)


def row_of(delivery_id: int, now: datetime) -> DueRow:
    """One of them: to read its message again. Raises `Delivery.DoesNotExist`."""
    found = rows_of([delivery_id], now)
    if not found:
        raise Delivery.DoesNotExist(delivery_id)
    return found[0]


def message_suffix(token: str) -> str:
    """What makes a Message-ID of a row's id."""
    return f".{token[:16]}"


def expiries(ids: Iterable[int]) -> dict[int, datetime]:
    """When each of these rows is too late to be of use."""
    wanted = list(ids)
    return {} if not wanted else dict(Delivery.objects.filter(pk__in=wanted).values_list("pk", "expires_at"))


def _read(sql: str, suffix: str, now: datetime, values: dict[str, Any]) -> list[DueRow]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {**values, "suffix": suffix, "now": connection.ops.adapt_datetimefield_value(now)})
        return list(map(DueRow._make, cursor.fetchall()))
