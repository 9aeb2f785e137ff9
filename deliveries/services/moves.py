"""The statements behind `ledger` that are run many times a second, for many rows each."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from deliveries.queries.due import message_suffix
from deliveries.verdicts import Move

# The moves come as one JSON value, so that the statement is the same for one row and for a thousand. It says of each
# only what is not as for most, who are sent at the first try: it is written and read for every message there is.
_ROWS = {
    "postgresql": """jsonb_to_recordset(%s::jsonb) AS v(
        id bigint, state text, reason text, attempts smallint, due_at timestamptz,
        closes_at timestamptz, evidence jsonb, repeats smallint)""",
    "sqlite": """(SELECT value ->> 'id' AS id, value ->> 'state' AS state, value ->> 'reason' AS reason,
        value ->> 'attempts' AS attempts, value ->> 'due_at' AS due_at, value ->> 'closes_at' AS closes_at,
        value -> 'evidence' AS evidence, value ->> 'repeats' AS repeats
        FROM json_each(%s)) AS v""",
}
#: How the reason begins of a row that was to be sent again because it may have left, and was not.
NOT_REPEATED = "it may have left, and was not sent again: "
# A row that goes back to planned is not finished; one that says nothing of its due moment or of what was seen keeps it.
# One that may have left before does not end as if it never had: nobody could know, and its slot is taken.
_UPDATE = """
UPDATE deliveries_delivery AS d
SET state = CASE WHEN {in_doubt} THEN 'uncertain' ELSE COALESCE(v.state, 'sent') END,
    reason = CASE WHEN {in_doubt} THEN SUBSTR('{not_repeated}' || COALESCE(v.reason, ''), 1, 200)
             ELSE COALESCE(v.reason, '') END,
    attempts = COALESCE(v.attempts, 1), evidence = COALESCE(v.evidence, d.evidence), claims = 0,
    repeats = d.repeats + CASE WHEN v.state = 'planned' THEN COALESCE(v.repeats, 0) ELSE 0 END,
    due_at = COALESCE(v.due_at, d.due_at), closes_at = COALESCE(v.closes_at, d.closes_at),
    lease_token = '', lease_until = NULL,
    finished_at = CASE WHEN v.state = 'planned' THEN NULL ELSE %s END
FROM {rows}
WHERE d.id = v.id AND d.lease_token = %s AND d.state IN ({states})
"""
_IN_DOUBT = "d.repeats + COALESCE(v.repeats, 0) > 0 AND v.state NOT IN ('planned', 'sent', 'uncertain')"
_TAKE = """
UPDATE deliveries_delivery
SET state = %s, lease_token = %s, lease_until = %s, claims = claims + 1,
    message_id = CASE WHEN message_id = '' THEN id || %s ELSE message_id END
WHERE id {among} AND state = 'planned'
"""
_LOCK = "SELECT id FROM deliveries_delivery WHERE id {among} ORDER BY id FOR UPDATE"
# A set of ids as one value, so that a statement is the same for one and for a thousand.
_AMONG = {"postgresql": "= ANY (%s::bigint[])", "sqlite": "IN (SELECT value FROM json_each(%s))"}


def take_planned(ids: Collection[int], state: str, token: str, until: datetime) -> int:
    """planned → `state`, under a lease; the Message-ID is given with the first one. How many."""
    values = [str(state), token, _moment(until), message_suffix(token), _id_set(ids)]
    with connection.cursor() as cursor:
        cursor.execute(_TAKE.format(among=_AMONG[connection.vendor]), values)
        return int(cursor.rowcount)


def lock_rows(ids: Collection[int]) -> None:
    """Hold these rows until the transaction ends, taken in the order of their ids."""
    if ids and connection.features.has_select_for_update:
        with connection.cursor() as cursor:
            cursor.execute(_LOCK.format(among=_AMONG[connection.vendor]), [_id_set(ids)])


def _id_set(ids: Collection[int]) -> str:
    joined = ",".join(map(str, ids))
    return f"{{{joined}}}" if connection.vendor == "postgresql" else f"[{joined}]"


def update_from_moves(moves: Sequence[Move], token: str, expected: Sequence[str], now: datetime) -> int:
    """Move the rows that are in one of the expected states under this token; how many moved."""
    if not moves:
        return 0
    states = ", ".join(["%s"] * len(expected))
    # Only placeholders and our own text are put together here.
    named = {"rows": _ROWS[connection.vendor], "in_doubt": _IN_DOUBT, "not_repeated": NOT_REPEATED}
    sql = _UPDATE.format(states=states, **named)
    values = json.dumps([_value(move) for move in moves])
    with connection.cursor() as cursor:
        cursor.execute(sql, [_moment(now), values, token, *map(str, expected)])
        return int(cursor.rowcount)


def _value(move: Move) -> dict[str, Any]:
    value: dict[str, Any] = {"id": move.delivery_id}
    if move.evidence is not None:
        value["evidence"] = {key: storable(seen) for key, seen in move.evidence.items()}
    if move.state != "sent":
        value["state"] = str(move.state)
    if move.attempts != 1:
        value["attempts"] = move.attempts
    if move.reason:
        value["reason"] = storable(move.reason)
    if move.due_at:
        value["due_at"] = str(_moment(move.due_at))
    if move.closes_at:
        value["closes_at"] = str(_moment(move.closes_at))
    if move.is_repeat:
        value["repeats"] = 1
    return value


def storable(value: Any) -> Any:
    """Text that any database takes: no NUL, no lone surrogate."""
    if isinstance(value, str) and not (value.isascii() and value.isprintable()):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    return value


def _moment(moment: datetime) -> Any:
    """As the database writes moments down."""
    return connection.ops.adapt_datetimefield_value(moment)  # type: ignore[attr-defined, unused-ignore]
