"""A second thread with a database connection of its own, for the ledger's transactions while messages leave."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, Self, TypeVar

from django.db import connection

P = ParamSpec("P")
T = TypeVar("T")


class Beside:
    """Open as long as its block. `is_apart` is False where a second connection would wait for the first: on SQLite,
    which takes one writer, and inside a transaction, whose rows nobody else sees."""

    def __init__(self) -> None:
        self.is_apart = connection.vendor == "postgresql" and not connection.in_atomic_block
        self._thread: ThreadPoolExecutor | None = None

    def submit(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        # Started with the first work: most dispatches are of a message or two and need none.
        self._thread = self._thread or ThreadPoolExecutor(1, "ledger")
        return self._thread.submit(work, *args, **kwargs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        if self._thread is not None:
            self._thread.submit(_close)
            self._thread.shutdown()


def _close() -> None:
    # Looked up on the thread that runs this: every thread has a connection of its own by this name.
    connection.close()
