"""Planners and beats that race: `python -m tests.faults.planners COUNT BEGAN SPEED`, killed from outside.

The parent keeps COUNT children alive, and does nothing else. Each is a beat and a worker of its own: it plans, freezes,
admits and finishes whatever is due, without a pause. Their clock begins with the moment BEGAN and runs SPEED times as
fast as ours, because campaigns are planned by the minute.
"""

import os
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def fast_clock(began: datetime, speed: float) -> Clock:
    return lambda: began + (datetime.now(UTC) - began) * speed


def main(count: int, clock: Clock) -> None:
    import django

    django.setup()
    alive: set[int] = set()
    while True:
        while len(alive) < count:
            alive.add(os.fork() or _child(clock))
        gone, _ = os.wait()
        alive.discard(gone)


def _child(clock: Clock) -> int:
    """Never returns. Whatever goes wrong is in the log, and counts against the scenario."""
    try:
        while True:
            work(clock)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def work(clock: Clock) -> None:
    from campaigns.services.planning import plan_all
    from deliveries.services.admitting import admit_shard, begin_due_sends, shards_to_admit
    from deliveries.services.finishing import finish_sends

    plan_all(clock())
    begin_due_sends(clock())
    for each in shards_to_admit(clock()):
        admit_shard(each.send_id, each.shard, each.due_at, clock())
    finish_sends(clock())


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "calendar_project.settings")
    main(int(sys.argv[1]), fast_clock(datetime.fromisoformat(sys.argv[2]), float(sys.argv[3])))
