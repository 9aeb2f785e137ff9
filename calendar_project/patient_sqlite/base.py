"""SQLite where several write at once: whoever waits asks again every few milliseconds, so that nobody waits for long.

SQLite itself asks ever more rarely, down to ten times a second. Beside others who write without a pause, the one who
has waited longest then has the least chance of all, and is told at last that the database is locked.
"""

import sqlite3
import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.db.backends.sqlite3 import base

T = TypeVar("T")
# Seconds until somebody is told after all.
PATIENCE = 30
# Milliseconds that SQLite waits by itself: its first few looks come quickly one after the other.
TURN = 25


class PatientCursor(base.SQLiteCursorWrapper):
    """Repeats a statement that found the database locked. Outside a transaction alone: there it has done nothing yet.

    A transaction has the right to write from its BEGIN IMMEDIATE on, and waits for nobody.
    """

    def execute(self, query: Any, params: Any = None) -> Any:
        return self._patiently(lambda: super(PatientCursor, self).execute(query, params))

    def executemany(self, query: Any, param_list: Any) -> Any:
        # It may be an iterator, which a first try uses up.
        rows = list(param_list)
        return self._patiently(lambda: super(PatientCursor, self).executemany(query, rows))

    def _patiently(self, work: Callable[[], T]) -> T:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return work()
            except sqlite3.OperationalError as problem:
                is_locked = problem.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not is_locked or self.connection.in_transaction or time.monotonic() > deadline:
                    raise


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connecting waits as SQLite does; it is seldom, and its PRAGMAs come before there is a cursor."""
        connection = super().get_new_connection(conn_params)
        connection.execute(f"PRAGMA busy_timeout = {TURN}")
        return connection

    def create_cursor(self, name: str | None = None) -> Any:
        return self.connection.cursor(factory=PatientCursor)
