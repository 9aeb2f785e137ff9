"""What beat wakes on this floor: each task reads the clock and calls one service."""

import threading
from contextlib import suppress
from datetime import datetime

from celery import shared_task
from django.conf import settings
from kombu.exceptions import OperationalError

from audiences.clock import read_now
from audiences.turns import turn
from deliveries.models import Heartbeat
from deliveries.queries.dispatch import channels_due
from deliveries.services import (
    admitting,
    admitting_firings,
    dispatching,
    finishing,
    heartbeats,
    reaping,
    self_pausing,
    tallying,
)

Part = Heartbeat.Part


@shared_task
def dispatch_due() -> None:
    """Wake a dispatch for every channel and lane on which something is due. One that nobody takes soon is asked for
    again."""
    now = read_now()
    for name, urgent in channels_due(now):
        dispatch_channel.apply_async(args=(name, urgent), queue=_queue(urgent), expires=5)
    heartbeats.beat(Part.DISPATCHER, now)


@shared_task
def dispatch_channel(name: str, urgent: bool) -> None:
    with turn(f"dispatch {name} {urgent}") as mine:
        counts = dispatching.dispatch(name, read_now, urgent=urgent, on_plenty=_ask_aside) if mine else {}
        if any(counts.get(moved) for moved in ("accepted", "late", "ended")):
            _ask_again()


@shared_task
def reap() -> None:
    now = read_now()
    reaping.reap(now)
    self_pausing.pause_failing_campaigns(now)
    heartbeats.beat(Part.REAPER, now)


@shared_task
def tally_finished() -> None:
    tallying.tally_finished(read_now())


@shared_task
def admit_due() -> None:
    """Freeze what is due, wake an admission for every shard that is missing one, and move finished sends on."""
    now = read_now()
    admitting.begin_due_sends(now)
    for each in admitting.shards_to_admit(now):
        # One that nobody takes soon is found again by the next tick; one that is done twice does nothing.
        arguments = each.send_id, each.shard, each.due_at.isoformat()
        admit_shard.apply_async(args=arguments, queue=_queue(each.urgent), expires=5)
    finishing.finish_sends(now)
    heartbeats.beat(Part.TICK, now)


@shared_task
def admit_shard(send_id: int, shard: int, due_at: str) -> None:
    with turn("admission") as mine:
        if mine:
            admitting.admit_shard(send_id, shard, datetime.fromisoformat(due_at), read_now())


@shared_task
def admit_firings() -> None:
    """Follows every look at the triggers. What it admits is due at once, so it does not wait for the next tick."""
    if admitting_firings.admit_firings(read_now()):
        _ask_again()


def _ask_again() -> None:
    """There may be more, for this worker or for one that is idle, and the next tick is up to a second away.

    Where the broker cannot be asked, that tick will do: what is under way does not wait for it.
    """
    with suppress(OperationalError):
        dispatch_due.apply_async(expires=5, retry=False)


def _ask_aside() -> None:
    """The same on a thread of its own: a broker that does not answer must not hold up what is about to leave."""
    threading.Thread(target=_ask_again, daemon=True).start()


def _queue(urgent: bool) -> str:
    return str(settings.CELERY_TASK_DEFAULT_QUEUE if urgent else settings.BULK_QUEUE)
