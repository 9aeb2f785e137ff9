"""Who does the work of the demo: this process, or Celery processes of their own as in a deployment."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import product
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from audiences.clock import read_now
from campaigns.models import Campaign, Firing, Send, TriggerCursor
from campaigns.services.firings import fire_all
from deliveries.channels.registry import channel_names
from deliveries.models import Delivery
from deliveries.services.admitting import admit_shard, begin_due_sends, shards_to_admit
from deliveries.services.admitting_firings import admit_firings
from deliveries.services.dispatching import dispatch
from deliveries.services.finishing import finish_sends

PATIENCE = timedelta(minutes=30)
QUEUE = "almanac-demo"


class NotSettled(Exception):
    """The work did not come to an end; the text says what is left."""


def work_here(seconds: dict[str, float]) -> None:
    """Fire, admit and dispatch until nothing is left; adds the seconds that each took."""
    _timed("fire", seconds, lambda: fire_all(read_now()))
    _timed("admit", seconds, _admit)
    _timed("dispatch", seconds, _dispatch)
    finish_sends(read_now())


def wait_for_workers(began: datetime, seconds: dict[str, float]) -> None:
    """Wait until the Celery processes have fired, admitted and dispatched all that was due at `began`."""
    _timed("fire, admit and dispatch", seconds, lambda: _wait(began))


@contextmanager
def celery_processes(email_url: str, processes: int) -> Iterator[None]:
    """A worker and a beat on the demo's database, with a queue of their own; ended when the block ends."""
    environment = {
        **os.environ,
        "DATABASE_URL": _database_url(),
        "EMAIL_URL": email_url,
        "CELERY_QUEUE": QUEUE,
    }
    celery = [sys.executable, "-m", "celery", "-A", "calendar_project"]
    commands = [
        [*celery, "worker", f"--concurrency={processes}", "--loglevel=WARNING", "--hostname=demo@%h"],
        [*celery, "beat", "--loglevel=WARNING", f"--schedule={settings.ENVIRONMENT.data_dir / 'demo-beat'}"],
    ]
    with (settings.ENVIRONMENT.data_dir / "demo-workers.log").open("w") as log:
        started = [
            subprocess.Popen(command, env=environment, stdout=log, stderr=log)  # noqa: S603 - our own command line
            for command in commands
        ]
        try:
            yield
        finally:
            for process in started:
                process.terminate()
            for process in started:
                process.wait(timeout=60)


def _timed(name: str, seconds: dict[str, float], work: Callable[[], object]) -> None:
    began = time.perf_counter()
    work()
    seconds[name] = round(seconds.get(name, 0.0) + time.perf_counter() - began, 2)


def _admit() -> None:
    begin_due_sends(read_now())
    for each in shards_to_admit(read_now()):
        admit_shard(each.send_id, each.shard, each.due_at, read_now())
    admit_firings(read_now())


def _dispatch() -> None:
    for name, urgent in product(channel_names(), (True, False)):
        while dispatch(name, read_now, urgent=urgent)["claimed"]:
            pass


def _wait(began: datetime) -> None:
    deadline = read_now() + PATIENCE
    while left := _left(began):
        if read_now() > deadline:
            raise NotSettled(f"after {PATIENCE} there was still work to do: {left}")
        time.sleep(0.2)


def _left(began: datetime) -> str:
    """What is still to be done of what was due at `began`; empty when it is all over."""
    continuous = [Campaign.Trigger.EVENT, Campaign.Trigger.ENTERS, Campaign.Trigger.SILENCE]
    questions = {
        "triggers to read": TriggerCursor.objects.filter(read_until__lt=began),
        "firings to decide on": Firing.objects.filter(state=Firing.State.WAITING, due_at__lte=began),
        "sends to admit": Send.objects.filter(
            state__in=[Send.State.SCHEDULED, Send.State.ADMITTING], due_at__lte=began
        ).exclude(campaign__trigger__in=continuous),
        "messages to send": Delivery.objects.filter(state__in=Delivery.OPEN),
    }
    return ", ".join(words for words, rows in questions.items() if rows.exists())


def _database_url() -> str:
    """The operator's `DATABASE_URL` with the name of the database that this process is on."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    return parts._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
