"""The Celery application, and what beat asks for and how often."""

import gc
import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_process_init

from calendar_project.lost_broker import Amqp, survive_its_loss

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "calendar_project.settings")

app = Celery("almanac", amqp=Amqp)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
survive_its_loss()


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Whoever listens here is taken to have set logging up: Django has, from the settings."""


@worker_process_init.connect
def collect_garbage_seldom(**_: Any) -> None:
    """A dispatch makes and drops thousands of small things a second, hardly any of them in a circle: looking for
    circles at the usual pace cost a twelfth of its time."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _every(seconds: float, task: str, then: str = "") -> dict[str, object]:
    """`then`: a task of any floor that is to follow at once; no floor can call one above it, so it is said here."""
    # A tick that nobody took before the next one is worthless: it expires instead of piling up.
    expires = max(seconds * 2, 5)
    link = {"link": [app.signature(then, immutable=True, options={"expires": expires})]} if then else {}
    return {"task": task, "schedule": seconds, "options": {"expires": expires, **link}}


app.conf.beat_schedule = {
    "segments": _every(300, "audiences.tasks.refresh_segments"),
    "imports": _every(5, "audiences.tasks.continue_imports"),
    "plans": _every(30, "campaigns.tasks.plan_all"),
    "overlaps": _every(60, "campaigns.tasks.check_overlaps"),
    "triggers": _every(1, "campaigns.tasks.fire_triggers", then="deliveries.tasks.admit_firings"),
    "admission": _every(1, "deliveries.tasks.admit_due"),
    "dispatch": _every(1, "deliveries.tasks.dispatch_due"),
    "reaper": _every(5, "deliveries.tasks.reap"),
    "tallies": _every(120, "deliveries.tasks.tally_finished"),
    "notices": _every(300, "calendar_project.tasks.tell_owners"),
    "mails": _every(30, "calendar_project.tasks.send_mails"),
}
