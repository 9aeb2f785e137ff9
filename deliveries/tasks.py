"""What beat wakes on this floor: each task reads the clock and calls one service."""

from datetime import datetime

from celery import shared_task
from django.conf import settings

from audiences.clock import read_now
from audiences.turns import turn
from deliveries.models import Heartbeat
from deliveries.queries.dispatch import channels_due
from deliveries.services import admitting, admitting_firings, dispatching, finishing, heartbeats, reaping, self_pausing

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
        counts = dispatching.dispatch(name, read_now, urgent=urgent) if mine else {}
        if any(counts.get(moved) for moved in ("accepted", "late", "ended")):
            # There may be more, and the next tick is up to a second away.
            dispatch_due.apply_async(expires=5)


@shared_task
def reap() -> None:
    now = read_now()
    reaping.reap(now)
    self_pausing.pause_failing_campaigns(now)
    heartbeats.beat(Part.REAPER, now)


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
        dispatch_due.apply_async(expires=5)


def _queue(urgent: bool) -> str:
    return str(settings.CELERY_TASK_DEFAULT_QUEUE if urgent else settings.BULK_QUEUE)
