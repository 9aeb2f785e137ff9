"""Transactions that can be done again when the answer to their COMMIT was lost."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection, transaction

logger = logging.getLogger(__name__)
T = TypeVar("T")
WAITS = (0.1, 0.2, 0.5, 1, 2, 4)  # seconds; together longer than a PostgreSQL takes to start again


def repeatably(work: Callable[[], T]) -> T:
    """Do the work in a transaction; on a lost connection or a deadlock, again on a new one, a few times.

    Only for work that is guarded by state and token, so that doing it twice is doing it once.
    """

    def in_transaction() -> T:
        with transaction.atomic():
            return work()

    return work() if connection.in_atomic_block else patiently(in_transaction)


def patiently(work: Callable[[], T]) -> T:
    """The same for what needs no transaction, or makes its own: a look, or a change that may be made twice."""
    if connection.in_atomic_block:
        return work()
    for wait in WAITS:
        try:
            return work()
        except (OperationalError, InterfaceError) as problem:
            logger.warning("the database is asked again: %s", type(problem).__name__)
            connection.close()
            time.sleep(wait)
    return work()
