"""Processes that race for the same slots: `python -m tests.faults.admitters COUNT SEED MOMENT`.

Each goes through all that is to be admitted at that moment, in an order of its own; all start at once. The
status is the number of those that failed.
"""

import os
import random
import sys
import traceback
from datetime import datetime


def main(count: int, seed: str, now: datetime) -> int:
    import django

    django.setup()
    ready, start = os.pipe()
    children = [os.fork() or _child(ready, start, f"{seed} {number}", now) for number in range(count)]
    os.close(start)
    return sum(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0 for pid in children)


def _child(ready: int, start: int, seed: str, now: datetime) -> int:
    """Never returns."""
    try:
        os.close(start)
        # The other end closes when everybody is there.
        os.read(ready, 1)
        admit_in_any_order(random.Random(seed), now)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def admit_in_any_order(chance: random.Random, now: datetime) -> None:
    from deliveries.services.admitting import admit_shard, shards_to_admit

    # Shard by shard, so that all of them want the same customers at the same time, each for another send.
    work = sorted(shards_to_admit(now), key=lambda each: (each.shard, chance.random()))
    for each in work:
        admit_shard(each.send_id, each.shard, each.due_at, now)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "calendar_project.settings")
    sys.exit(main(int(sys.argv[1]), sys.argv[2], datetime.fromisoformat(sys.argv[3])))
