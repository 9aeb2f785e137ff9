"""One at a time within this process: where a worker is threads of one process, as in the embedded workspace.

A worker of processes does one task in each, so there it lets everybody through.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_guard = threading.Lock()
_under_way: set[str] = set()


@contextmanager
def turn(work: str) -> Iterator[bool]:
    """Whether it is the caller's turn at this work. If not, somebody is at it: leave, and let the next tick ask."""
    with _guard:
        mine = work not in _under_way
        _under_way.add(work)
    try:
        yield mine
    finally:
        if mine:
            with _guard:
                _under_way.discard(work)
