"""Admission of everybody under four caps by the services that the worker runs, against the bare COPY of its rows.

Customers, consent and an earlier week of messages are laid out once, in a database that every round begins as a copy
of. A round is one admission in one copy, and, in another copy, the COPY of exactly the rows that were admitted: all
columns, into the same table with the same history, indexes and constraints, by one connection in one transaction. The
text that COPY reads is in memory and not timed. Both are on one process and the same server.

`measure()` does it in a process of its own, because Django reads its settings once; `python -m bench.admission` is that
process, and prints the same as JSON.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, cast

import psycopg

from bench.processes import ROOT
from bench.servers import PostgreSQL, postgresql
from bench.staging import environment, lay_out

CUSTOMERS = 1_000_000
ROUNDS = 3


@dataclass(frozen=True)
class Admission:
    """One round of ours."""

    seconds: float
    decided: int
    admitted: int
    shards: int
    longest_lock: float
    withheld: dict[str, int]


def measure(customers: int = CUSTOMERS, rounds: int = ROUNDS) -> dict[str, Any]:
    """`customers`, `admitted`, `withheld` by reason, `decisions_per_second`, `seconds`, `copy_seconds`, `ratio`,
    `longest_lock_s`, `shards`; medians of the rounds."""
    command = [sys.executable, "-m", "bench.admission", str(customers), str(rounds)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)  # noqa: S603 - our own
    return cast(dict[str, Any], json.loads(done.stdout))


def admit() -> Admission:
    """What the ticks do about a send whose hour has come, one shard after the other."""
    from audiences.clock import read_now
    from audiences.services.locks import lock_shards
    from deliveries.queries.outcomes import outcomes_of
    from deliveries.services import admitting

    locked_at: list[float] = []
    setattr(admitting, "lock_shards", noting(lock_shards, locked_at))  # noqa: B010 - it is no name of the module's own
    began, held = time.perf_counter(), []
    (send_id,) = admitting.begin_due_sends(read_now())
    shards = admitting.shards_to_admit(read_now())
    for each in shards:
        admitting.admit_shard(each.send_id, each.shard, each.due_at, read_now())
        held.append(time.perf_counter() - locked_at[-1])
    seconds = time.perf_counter() - began
    outcome = outcomes_of([send_id])[send_id, "email"]
    return Admission(seconds, outcome.decided, outcome.admitted, len(shards), max(held), dict(outcome.withheld))


def noting(lock: Callable[[Iterable[int]], None], moments: list[float]) -> Callable[[Iterable[int]], None]:
    """The lock itself, and when it was had. It ends with the commit, which is over when the shard is."""

    def lock_and_note(shards: Iterable[int]) -> None:
        lock(shards)
        moments.append(time.perf_counter())

    return lock_and_note


def admitted_rows(url: str) -> bytes:
    """The rows that this database has and its template has not, as COPY writes and reads them."""
    sends = "SELECT id FROM campaigns_send WHERE state = 'admitting'"
    question = f"COPY (SELECT * FROM deliveries_delivery WHERE send_id IN ({sends}) ORDER BY id) TO STDOUT"  # noqa: S608
    with psycopg.connect(url) as connection, connection.cursor() as cursor, cursor.copy(question.encode()) as copy:
        return b"".join(copy)


def copy_seconds(url: str, rows: bytes) -> float:
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        began = time.perf_counter()
        with cursor.copy("COPY deliveries_delivery FROM STDIN") as copy:
            for piece in pieces(rows):
                copy.write(piece)
        connection.commit()
        return time.perf_counter() - began


def pieces(rows: bytes, size: int = 1 << 20) -> Iterator[memoryview]:
    view = memoryview(rows)
    return (view[begin : begin + size] for begin in range(0, len(view), size))


def round_of(server: PostgreSQL) -> tuple[Admission, float]:
    """Ours in a fresh copy of what was laid out, then COPY in another."""
    from django.db import connection

    url = server.fresh("admission", template="staged")
    connection.settings_dict["NAME"] = "admission"
    server.come_to_rest(url)
    with closing(connection):
        ours = admit()
    rows = admitted_rows(url)
    url = server.fresh("admission", template="staged")
    server.come_to_rest(url)
    return ours, copy_seconds(url, rows)


def main(customers: int, rounds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="almanac-admission-") as name, postgresql(Path(name)) as server:
        os.environ.update(environment(server.fresh("staged"), Path(name)))
        lay_out(customers)
        return told(customers, [round_of(server) for _ in range(rounds)])


def told(customers: int, rounds: list[tuple[Admission, float]]) -> dict[str, Any]:
    seconds, copied = median(ours.seconds for ours, _ in rounds), median(copied for _, copied in rounds)
    first = rounds[0][0]
    return {
        "customers": customers,
        "admitted": first.admitted,
        "withheld": first.withheld,
        "decisions_per_second": round(first.decided / seconds),
        "seconds": round(seconds, 2),
        "copy_seconds": round(copied, 2),
        "ratio": round(seconds / copied, 2),
        "longest_lock_s": round(max(ours.longest_lock for ours, _ in rounds), 3),
        "shards": first.shards,
    }


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    json.dump(main(*(given + [CUSTOMERS, ROUNDS][len(given) :])), sys.stdout)
    sys.stdout.write("\n")
