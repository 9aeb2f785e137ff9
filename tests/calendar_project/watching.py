"""Whether anything was done: a row written, a mail sent, work asked for."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.test import Client

from deliveries.channels.memory import MemoryChannel

# The first to hear of a request, and no part of the workspace: who is signed in, and when they were.
UNCOUNTED = {"sessions.Session": None, "auth.User": "last_login"}
# Statements that write nothing. Any other might.
READING = re.compile(r"\s*(SELECT|SAVEPOINT|RELEASE|ROLLBACK|EXPLAIN|PRAGMA|SET)\b", re.IGNORECASE)


def everything() -> dict[str, list[Any]]:
    """Every row of every table, by the name of its model."""
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values_list(*_counted(model)))
        for model in apps.get_models(include_auto_created=True)
        if UNCOUNTED.get(model._meta.label, "") is not None
    }


def _counted(model: Any) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields if field.name != UNCOUNTED.get(model._meta.label)]


class Watch:
    """`before`: every row as it was before the first statement that might write; None where there was none."""

    before: dict[str, list[Any]] | None = None

    def has_seen_a_change(self) -> bool:
        return self.before is not None and everything() != self.before


@contextmanager
def watched() -> Iterator[Watch]:
    """Most requests write nothing, and a picture of all tables is dear: it is taken when there is reason to."""
    watch = Watch()

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if watch.before is None and not READING.match(sql):
            watch.before = everything()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        yield watch


def posted(client: Client, path: str, body: dict[str, Any], **how: Any) -> tuple[int, bool]:
    """The status, and whether anything was done; all of it is undone, and the same person is signed in again."""
    asked, mails, cookies = len(connection.run_on_commit), len(MemoryChannel.sent), copy(client.cookies)
    with transaction.atomic():
        with watched() as watch:
            status = client.post(path, body, **how).status_code
        done = watch.has_seen_a_change()
        done = done or len(MemoryChannel.sent) != mails or len(connection.run_on_commit) != asked
        transaction.set_rollback(True)
    client.cookies = cookies
    return status, done
