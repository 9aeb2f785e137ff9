"""What is due on a channel, read and locked in one statement with all that decides whether it may leave."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

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


# Written out, because it is asked many times a second: to put it together from expressions takes longer than to run it.
# Message-ID: given with the first claim and kept ever after; a repeat is recognised by it.
# Suppressed: the customer or the address, here or on all channels. Subscribed: what they said, or the topic's default.
_READ = """
SELECT d.id, d.send_id, d.customer_id, d.channel, d.firing_id, d.version_id, d.variant, d.topic_id, d.team_id,
       d.obeys_caps, d.counts_toward_caps, d.attempts, d.claims, d.repeats,
       CASE WHEN d.message_id = '' THEN d.id || %s ELSE d.message_id END,
       d.closes_at <= %s,
       c.external_id, c.name, c.email, c.locale, c.timezone, CAST(c.attributes AS text), c.erased_at IS NOT NULL,
       COALESCE((
           SELECT MAX(CASE WHEN s.reason = 'bounce' THEN 2 ELSE 1 END) FROM audiences_suppression s
           WHERE (s.customer_id = d.customer_id OR s.address_hash <> '' AND s.address_hash = c.address_hash)
             AND s.channel IN ('', d.channel)), 0),
       COALESCE((
           SELECT s.subscribed FROM audiences_subscription s
           WHERE s.customer_id = d.customer_id AND s.topic_id = d.topic_id AND s.channel = d.channel), NOT t.opt_in)
FROM deliveries_delivery d
JOIN audiences_customer c ON c.id = d.customer_id
JOIN audiences_topic t ON t.id = d.topic_id
"""
# Nothing leaves unless its send is under way and its campaign neither paused nor cancelled. Asked first, as a list: a
# paused campaign may have a million rows due before all others, and none of them is worth a look at its customer.
_ON = """SELECT g.id FROM campaigns_send g JOIN campaigns_campaign p ON p.id = g.campaign_id
    WHERE g.state IN ('admitting', 'sending') AND p.status NOT IN ('paused', 'cancelled')"""
_AMONG = {"postgresql": f"= ANY (ARRAY({_ON}))", "sqlite": f"IN ({_ON})"}
_DUE = f"""{_READ}
WHERE d.state = 'planned' AND d.channel = %s AND d.urgent = %s AND d.due_at <= %s AND d.expires_at > %s
  AND d.send_id {_AMONG[connection.vendor]}
ORDER BY d.due_at, d.id
LIMIT %s
"""


def due_rows(channel: str, token: str, now: datetime, limit: int, *, urgent: bool) -> list[DueRow]:
    """Up to `limit` planned rows that are due, the longest due first, locked until the transaction ends.

    Rows that another worker is taking at this moment are passed over, not waited for. An opt-out that withdraws rows
    locks them first: either its commit is seen here, or it waits for ours.
    """
    locking = "FOR UPDATE OF d SKIP LOCKED" if connection.features.has_select_for_update else ""
    at = connection.ops.adapt_datetimefield_value(now)
    return _read(_DUE + locking, [message_suffix(token), at, channel, urgent, at, at, limit])


def rows_of(ids: Collection[int], now: datetime) -> list[DueRow]:
    """These deliveries in whatever state, not locked, the longest admitted first."""
    if not ids:
        return []
    among = f"WHERE d.id IN ({', '.join(['%s'] * len(ids))}) ORDER BY d.id"
    return _read(_READ + among, ["", connection.ops.adapt_datetimefield_value(now), *ids])


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


def _read(sql: str, values: Sequence[str | int | None]) -> list[DueRow]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(map(DueRow._make, cursor.fetchall()))
