"""What is due: found without a look at what is not, and taken in the order of waiting."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from campaigns.models import Campaign, Send
from deliveries.models import Delivery
from deliveries.queries.dispatch import channels_due
from deliveries.queries.due import DueRow, Past, due_rows
from deliveries.queries.figures import figures
from tests.builders import NOW
from tests.deliveries.dispatches import make_memory_send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("memory")]
EARLIER = NOW - timedelta(hours=1)


def taken(limit: int = 500, past: Past | None = None) -> list[DueRow]:
    with transaction.atomic():
        return due_rows("memory", "token", NOW, limit, urgent=False, past=past)


def places(send: Send) -> list[int]:
    return list(Delivery.objects.filter(send=send).order_by("pk").values_list("pk", flat=True))


def add_backlog(send: Send, count: int) -> None:
    """So many more rows of a send, due for an hour, the database being told how many they are."""
    first = Delivery.objects.filter(send=send).order_by("pk")[0]
    Delivery.objects.filter(pk=first.pk).update(due_at=EARLIER)
    have = Delivery.objects.filter(send=send).count()
    rows = [Delivery(**_values(first), firing_id=number) for number in range(have, have + count)]
    Delivery.objects.bulk_create(rows, batch_size=1_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _values(row: Delivery) -> dict[str, Any]:
    names = [field.attname for field in Delivery._meta.concrete_fields if field.attname not in ("id", "firing_id")]
    return {name: getattr(row, name) for name in names} | {"due_at": EARLIER}


def work(ask: Callable[[], object]) -> int:
    """What the database does for it: pages that PostgreSQL looks at, steps of SQLite's machine in thousands."""
    ask()  # what is done once in a process
    done = 0
    if connection.vendor == "sqlite":

        def count() -> None:
            nonlocal done
            done += 1

        connection.connection.set_progress_handler(count, 1_000)
        ask()
        connection.connection.set_progress_handler(None, 0)
        return done

    def explained(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal done
        if not many and sql.lstrip().startswith("SELECT"):
            execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params, many, context)
            (told,) = context["cursor"].fetchone()
            plan = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
            done += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explained):
        ask()
    return done


@pytest.mark.parametrize("ask", [lambda: taken(10), lambda: channels_due(NOW)], ids=["a claim", "the tick"])
def test_what_a_paused_campaign_has_waiting_costs_nobody_anything(ask: Callable[[], object]) -> None:
    paused, other = make_memory_send(1), make_memory_send(3)
    Campaign.objects.filter(pk=paused.campaign_id).update(status=Campaign.Status.PAUSED)
    add_backlog(paused, 5)
    before = work(ask)
    add_backlog(paused, 5_000)
    assert work(ask) <= before + 40
    assert [row.send_id for row in taken()] == [other.pk] * 3


def test_a_paused_campaign_is_not_due_and_has_not_waited() -> None:
    paused = make_memory_send(1)
    add_backlog(paused, 3)
    assert (channels_due(NOW), figures(NOW).oldest_due) == (
        [("memory", False)],
        {("memory", False): timedelta(hours=1)},
    )
    Campaign.objects.filter(pk=paused.campaign_id).update(status=Campaign.Status.PAUSED)
    assert (channels_due(NOW), figures(NOW).oldest_due, taken()) == ([], {}, [])


def test_the_send_that_waits_longest_comes_first_and_then_the_next() -> None:
    first, second, third = (make_memory_send(2) for _ in range(3))
    Delivery.objects.filter(send=second).update(due_at=EARLIER)
    assert [row.send_id for row in taken(3)] == [second.pk, second.pk, first.pk]
    assert [row.id for row in taken()] == [*places(second), *places(first), *places(third)]


def test_only_what_is_behind_the_last_row_of_each_send_is_looked_at() -> None:
    first, second = make_memory_send(3), make_memory_send(2)
    Delivery.objects.filter(send=first).update(due_at=EARLIER)
    rows = taken(2)
    past = {row.send_id: (row.due_at, row.id) for row in rows}
    assert [row.id for row in rows] == places(first)[:2]
    assert [row.id for row in taken(past=past)] == [places(first)[2], *places(second)]
