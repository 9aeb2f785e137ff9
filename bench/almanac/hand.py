"""The one who plans and presses the button: told by `processes.Hand`, takes no part in the sending.

Almanac is driven through what is stable alone: services, models, and tasks by their names.
"""

import django

django.setup()

from collections import Counter  # noqa: E402 - Django is set up first
from time import monotonic, sleep  # noqa: E402

from django.core.management import call_command  # noqa: E402

from audiences.clock import read_now  # noqa: E402
from bench.almanac import campaigns  # noqa: E402
from bench.almanac.people import write_people  # noqa: E402
from bench.peers.obeying import obey  # noqa: E402
from calendar_project.celery import app  # noqa: E402
from campaigns.models import Campaign  # noqa: E402
from campaigns.services import lifecycle  # noqa: E402
from deliveries.models import Delivery  # noqa: E402

GROUPS = ("warm-up", "letter")
LOOK_EVERY = 0.05  # seconds
PATIENCE = 60  # seconds after the last mail came


def fill(first: int, count: int, group: int) -> None:
    write_people(GROUPS[group], first, count, read_now())


def begin(group: int, wakes: int) -> None:
    """Let it go, and wake dispatch in the same moment: the clock may be a second away."""
    lifecycle.resume(Campaign.objects.get(name=GROUPS[group]).pk, None, read_now())
    for _ in range(wakes):
        app.send_task("deliveries.tasks.dispatch_due")


def settle(group: int, count: int) -> None:
    """Wait until the ledger knows of every mail; each of them must be `sent`."""
    rows = Delivery.objects.filter(send__campaign__name=GROUPS[group])
    deadline = monotonic() + PATIENCE
    while rows.filter(state__in=Delivery.OPEN).exists() and monotonic() < deadline:
        sleep(LOOK_EVERY)
    states = Counter(rows.values_list("state", flat=True))
    if states != {"sent": count}:
        raise RuntimeError(f"the ledger of {count} mails says {dict(states)}")


if __name__ == "__main__":
    obey(
        {
            "migrate": lambda: call_command("migrate", verbosity=0),
            "fill": fill,
            "plan": lambda: campaigns.plan(GROUPS, read_now()),
            "admit": campaigns.admit_and_hold,
            "begin": begin,
            "settle": settle,
        }
    )
