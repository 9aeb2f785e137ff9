"""Writers beside a send, on SQLite: `python -m tests.faults.writers COUNT TRANSACTIONS SEED` prints what became of it.

Every writer is a process of its own, and so is the one that sends. The database is that of the embedded workspace in
ALMANAC_DATA, with the options that people run it with.
"""

import json
import multiprocessing
import os
import random
import sys
from collections import Counter
from typing import Any


def main(count: int, transactions: int, seed: str) -> None:
    import django

    django.setup()
    from django.db import connections

    from tests.faults import writing

    writing.stage(count)
    # No connection is taken along into another process.
    connections.close_all()
    print(json.dumps({**_run(count, transactions, seed), **writing.account()}))  # noqa: T201 what we are started for


def _run(count: int, transactions: int, seed: str) -> dict[str, Any]:
    from tests.faults import writing

    context = multiprocessing.get_context("fork")
    finished, written, sent = context.Event(), context.SimpleQueue(), context.SimpleQueue()

    def write(number: int) -> None:
        written.put(writing.write(number, transactions, random.Random(f"{seed} {number}")))

    def send() -> None:
        sent.put(writing.send_out(finished.is_set))

    sender = context.Process(target=send)
    writers = [context.Process(target=write, args=(number,)) for number in range(count)]
    for process in (sender, *writers):
        process.start()
    written_all = [written.get() for _ in writers]
    finished.set()
    total: Any = sent.get()
    for process in (sender, *writers):
        process.join()
    done: Counter[str] = sum((each for each, _ in written_all), Counter())
    return {"done": done, "longest": round(max(longest for _, longest in written_all), 2), "sent": total}


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "calendar_project.settings")
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
